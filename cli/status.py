"""`sobriety status`: show what was recorded, and the state of the collector."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime

import click

from sobriety.agent.status import AgentStatus, PushStatus
from sobriety.agent.status import status as look
from sobriety.core.display import duration, energy
from sobriety.core.host import LocalHost
from sobriety.core.units import NS_PER_S
from sobriety.settings import config as settings
from sobriety.settings.machine import own_calibration

from .parts.options import json_option

_WHY = {
    "age": "too old (retention_days)",
    "size": "too many (spool_max_mb)",
    "unsent": "too many (spool_max_mb), before the gateway had them",
}


@click.command()
@json_option
def status(as_json: bool) -> None:
    """Say what was recorded here, what was missed, and whether a collector is running now.

    \b
    sobriety status
    sobriety status --json
    """
    folder = settings.data_folder()
    config = settings.load()
    readings = own_calibration(LocalHost(), config, folder)
    found = look(folder / "spool.sqlite3", readings, config.text("push"))
    click.echo(json.dumps(as_dict(found), indent=2, ensure_ascii=False) if as_json else page(found))


def as_dict(found: AgentStatus) -> dict[str, object]:
    """As `docs/schema/status.json` describes it."""
    return {
        "schema_version": 1,
        "path": str(found.path),
        "running": found.running,
        "rows": found.rows,
        "workload_rows": found.workload_rows,
        "size_b": found.size_b,
        "first_ns": found.first_ns,
        "last_ns": found.last_ns,
        "observed": list(found.observed),
        "by_state_s": found.by_state_s,
        "energy_j": found.energy.as_dict() if found.energy else None,
        "agent_share_ratio": found.agent_share_ratio,
        "gaps": [gap._asdict() for gap in found.gaps],
        "dropped": {
            "by_reason": {
                reason: {"rows": d.rows, "first_ns": d.first_ns, "last_ns": d.last_ns}
                for reason, d in found.dropped.by_reason.items()
            },
            "files": found.dropped.files,
            "files_b": found.dropped.files_b,
        },
        "push": asdict(found.push) if found.push else None,
    }


def page(found: AgentStatus) -> str:
    """For somebody at a terminal."""
    running = {True: "running", False: "not running", None: "unknown: its lock is another user's"}
    lines = [f"{'collector':<10} {running[found.running]}"]
    lines.append(f"{'spool':<10} {found.path}, {found.size_b / 1e6:.1f} MB")
    if found.first_ns is None or found.last_ns is None:
        lines.append("nothing is recorded yet; begin with: sobriety collect")
        if (service := settings.closed_service_data()) is not None:
            lines[-1] = f"the service records in {service}; look there with: sudo sobriety status"
        return "\n".join(lines)
    lines.append(f"{'rows':<10} {found.rows}, {_when(found.first_ns)} to {_when(found.last_ns)}")
    lines.append(f"{'who worked':<10} {found.workload_rows} rows")
    for state, time_s in found.by_state_s.items():
        lines.append(f"{state:<10} {duration(time_s)}")
    for gap in found.gaps:
        lines.append(f"{'gap':<10} {_when(gap.start_ns)}, {duration(gap.duration_s)} {gap.state}")
    for reason, gone in found.dropped.by_reason.items():
        why = _WHY[reason]
        lines.append(f"{'dropped':<10} {gone.rows} rows up to {_when(gone.last_ns)}, {why}")
    if found.dropped.files:
        lines.append(f"{'deleted':<10} {found.dropped.files} files that had been set aside")
    if found.energy is not None:
        lines.append(f"{'energy':<10} {energy(found.energy)}, {found.energy.basis}")
    lines.append(f"{'seen last':<10} {', '.join(found.observed) or 'nothing'}")
    if found.agent_share_ratio is not None:
        lines.append(f"{'own cost':<10} {found.agent_share_ratio:.3%} of one core")
    return "\n".join([*lines, *_push_lines(found.push)])


def _push_lines(push: PushStatus | None) -> list[str]:
    if push is None:
        return []
    last = f"last on {_when(push.last_ns)}" if push.last_ns else "nothing yet"
    waiting = "1 row waits" if push.waiting_rows == 1 else f"{push.waiting_rows} rows wait"
    lines = [f"{'pushed':<10} to {push.url}, {last}, {waiting}"]
    if push.left_out_rows:
        lines.append(f"{'left out':<10} {push.left_out_rows} rows that the gateway never takes")
    if push.error:
        lines.append(f"{'push error':<10} {push.error}")
    return lines


def _when(at_ns: int) -> str:
    return f"{datetime.fromtimestamp(at_ns / NS_PER_S, UTC):%Y-%m-%d %H:%M:%S} UTC"
