"""Reports: figures of a period, gathered once, printed for people and for machines."""

from __future__ import annotations

from .analysis.gather import STAGES, NothingRecorded, gather
from .formats.csv import as_csv
from .formats.frame import parts_frame
from .formats.html import as_html
from .formats.json import as_json
from .formats.markdown import as_markdown
from .formats.pdf import as_pdf
from .formats.terminal import as_text
from .formats.xlsx import as_xlsx
from .model.report import Report
from .model.settings import ReportSettings
from .report_on import report_on

__all__ = [
    "STAGES",
    "NothingRecorded",
    "Report",
    "ReportSettings",
    "as_csv",
    "as_html",
    "as_json",
    "as_markdown",
    "as_pdf",
    "as_text",
    "as_xlsx",
    "gather",
    "parts_frame",
    "report_on",
]
