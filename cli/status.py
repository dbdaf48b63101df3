"""`sobriety status`: what was recorded, and whether a collector is running."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime

import click

from sobriety import config as settings
from sobriety.core.units import NS_PER_S
from sobriety.status import Status
from sobriety.status import status as look

from .options import json_option


@click.command()
@json_option
def status(as_json: bool) -> None:
    """Say what was recorded here, what was missed, and whether a collector is running now.

    \b
    sobriety status
    sobriety status --json
    """
    found = look(settings.data_folder() / "spool.sqlite3")
    click.echo(json.dumps(as_dict(found), indent=2, ensure_ascii=False) if as_json else page(found))


def as_dict(found: Status) -> dict[str, object]:
    """As `docs/schema/status.json` describes it."""
    return {
        "schema_version": 1,
        "path": str(found.path),
        "running": found.running,
        "rows": found.rows,
        "rows_by_kind": dict(found.rows_by_kind),
        "size_b": found.size_b,
        "first_ns": found.first_ns,
        "last_ns": found.last_ns,
        "observed": list(found.observed),
        "ever_observed": list(found.ever_observed),
        "by_state_s": dict(found.by_state_s),
        "gaps": [asdict(gap) for gap in found.gaps],
        "dropped": {
            "rows": {reason: asdict(rows) for reason, rows in found.dropped.by_reason.items()},
            "set_aside_files": found.dropped.files,
            "set_aside_b": found.dropped.files_b,
        },
        "set_aside": {"files": found.set_aside_files, "size_b": found.set_aside_b},
        "agent_share_ratio": found.agent_share_ratio,
    }


def page(found: Status) -> str:
    """For somebody at a terminal."""
    running = {
        True: "running",
        False: "not running",
        None: "not known: the lock is another user's",
    }[found.running]
    lines = [_line("collector", running)]
    lines.append(_line("spool", f"{found.path}, {_mb(found.size_b)}"))
    if found.set_aside_files:
        files = _many(found.set_aside_files, "damaged or foreign file")
        lines.append(_line("set aside", f"{files}, {_mb(found.set_aside_b)}"))
    lines += _dropped(found)
    if found.first_ns is None or found.last_ns is None:
        lines.append("nothing is recorded yet; begin with: sobriety collect")
        return "\n".join(lines)
    kinds = [f"{n} of {'the host' if k == 'host' else k}" for k, n in found.rows_by_kind.items()]
    lines.append(
        _line("rows", f"{', '.join(kinds)}; {_when(found.first_ns)} to {_when(found.last_ns)}")
    )
    for state, time_s in found.by_state_s.items():
        lines.append(_line(state, f"{time_s / 3600:.2f} h"))
    for gap in found.gaps:
        length = f"{gap.duration_s / 3600:.2f} h from {_when(gap.start_ns)}"
        lines.append(_line("last gaps" if gap == found.gaps[0] else "", f"{length}, {gap.state}"))
    lines.append(_line("seen last", ", ".join(found.observed) or "nothing"))
    once = [name for name in found.ever_observed if name not in found.observed]
    if once:
        lines.append(_line("seen once", ", ".join(once)))
    if found.agent_share_ratio is not None:
        lines.append(_line("own cost", f"{found.agent_share_ratio:.3%} of one core"))
    return "\n".join(lines)


_WHY = {"age": "older than retention_days", "size": "for room, spool_max_mb"}


def _dropped(found: Status) -> list[str]:
    said = [
        f"{_many(rows.rows, 'row')}, {_when(rows.first_ns)} to {_when(rows.last_ns)}:"
        f" {_WHY.get(reason, reason)}"
        for reason, rows in found.dropped.by_reason.items()
    ]
    if found.dropped.files:
        files = _many(found.dropped.files, "file")
        said.append(f"{files} set aside, {_mb(found.dropped.files_b)}: {_WHY['size']}")
    return [_line("" if i else "dropped", text) for i, text in enumerate(said)]


def _line(name: str, text: str) -> str:
    return f"{name:<10} {text}"


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _mb(size_b: int) -> str:
    return f"{size_b / 1e6:.1f} MB"


def _when(at_ns: int) -> str:
    return f"{datetime.fromtimestamp(at_ns / NS_PER_S, UTC):%Y-%m-%d %H:%M:%S} UTC"
