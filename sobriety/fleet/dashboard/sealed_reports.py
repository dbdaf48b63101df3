"""Sealed reports, as the dashboard lists and gives them: read, never written.

A name that somebody asks for is looked up among those that there are, so that no path is ever made
of it; and what is given is what was sealed or signed last, to the byte.
"""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from sobriety.core.errors import SobrietyError
from sobriety.core.period import Period
from sobriety.publishing.records import as_sealed, record_folders, signatures_of
from sobriety.reports.analysis.gather import status_of
from sobriety.reports.model.report import ReportStatus

from ..intake.wire import Refused

KINDS = {"report.html": "text/html; charset=utf-8", "report.pdf": "application/pdf"}


class Sealed(NamedTuple):
    """A record. `restates` is the name of the one that it stands in place of."""

    name: str
    period: Period
    made_at: datetime
    status: ReportStatus
    restates: str | None
    files: tuple[str, ...]


def shelf(records: Path) -> list[Sealed]:
    """The latest period first, and of a period the latest record. One that cannot be read is left
    out: `sobriety verify` says what is wrong with it."""
    found = [s for folder in record_folders(records) if (s := _sealed_in(folder)) is not None]
    return sorted(found, key=lambda s: (s.period.end, s.made_at), reverse=True)


def document(records: Path, name: str, file: str) -> bytes:
    """A file of a record. Raises Refused where there is none, or another than was sealed."""
    folders = {folder.name: folder for folder in record_folders(records)}
    if name not in folders or file not in KINDS:
        raise Refused(404, "there is no such report")
    try:
        return as_sealed(folders[name], file)
    except FileNotFoundError:
        raise Refused(404, "there is no such report") from None
    except SobrietyError as error:
        raise Refused(409, error.message, error.hint) from None
    except (ValueError, LookupError):
        raise Refused(
            409, f"the seal of {name} is damaged", f"see: sobriety verify {folders[name]}"
        ) from None


def _sealed_in(folder: Path) -> Sealed | None:
    try:
        seal_ns = (folder / "seal.json").stat().st_mtime_ns
        signed = folder / "signatures.jsonl"
        return _sealed(folder, seal_ns, signed.stat().st_mtime_ns if signed.exists() else 0)
    except (OSError, ValueError, LookupError, SobrietyError):
        return None


@lru_cache(maxsize=1000)  # a seal names every file of the lake: megabytes
def _sealed(folder: Path, _seal_ns: int, _signed_ns: int) -> Sealed:
    seal = json.loads((folder / "seal.json").read_text(encoding="utf-8"))
    start, end = (datetime.fromisoformat(seal["period"][name]) for name in ("start", "end"))
    return Sealed(
        folder.name,
        Period(start, end, seal["period"]["label"], seal["period"]["kind"]),
        datetime.fromisoformat(seal["made_at"]),
        status_of(signatures_of(folder)),
        seal["restates"]["record"] if seal["restates"] else None,
        tuple(name for name in KINDS if name in seal["files"]),
    )
