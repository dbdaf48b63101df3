"""Renders a report in a format that is named: `html`, `pdf`, `xlsx`, `csv`, `json` or `md`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from ..model.report import Report
from .csv import as_csv
from .html import as_html
from .json import as_json
from .markdown import as_markdown
from .pdf import as_pdf
from .xlsx import as_xlsx

FORMATS = {
    "html": (".html", ".htm"), "pdf": (".pdf",), "xlsx": (".xlsx",), "csv": (".csv",),
    "json": (".json",), "md": (".md", ".markdown"),
}  # fmt: skip
"""Formats, and the endings of files that ask for them."""
_LARGE_PARTS = 2000
"""Parts of a report whose JSON nobody reads by eye."""


def render(report: Report, form: str) -> str | bytes:
    """Render the report in a format, in its own language. Raises MissingExtra, KeyError."""
    return _RENDERERS[form](report)


def format_of(output: str | None) -> str:
    """The format that a file's ending asks for; `html` for any other."""
    ending = Path(output or "").suffix.lower()
    return next((form for form, endings in FORMATS.items() if ending in endings), "html")


def _json(report: Report) -> str:
    content = as_json(report, report.language)
    large = sum(map(len, report.breakdown.values())) > _LARGE_PARTS
    # Python indents what C could write ten times as fast.
    return json.dumps(content, indent=None if large else 2, ensure_ascii=False) + "\n"


_RENDERERS: dict[str, Callable[[Report], str | bytes]] = {
    "html": as_html, "pdf": as_pdf, "xlsx": as_xlsx, "csv": as_csv, "json": _json,
    "md": as_markdown,
}  # fmt: skip
