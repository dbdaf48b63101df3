"""Reports: what to say of a period, gathered once, then printed for people and for machines."""

from __future__ import annotations

from .analysis import parts_frame, report_on
from .csv import as_csv
from .figures import STAGES, NothingRecorded, gather
from .html import as_html
from .json import as_json
from .markdown import as_markdown
from .model import Report
from .pdf import as_pdf
from .settings import ReportSettings
from .terminal import as_text
from .xlsx import as_xlsx

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
