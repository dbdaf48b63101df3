"""Reports: what to say of a period, gathered once, then printed for people and for machines."""

from __future__ import annotations

from .figures import gather
from .html import as_html
from .json import as_json
from .model import Report
from .settings import ReportSettings
from .terminal import as_text

__all__ = [
    "Report",
    "ReportSettings",
    "as_html",
    "as_json",
    "as_text",
    "gather",
]
