"""Output of `profile`: a summary for people, JSON, and a live line."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sobriety.core.display import duration, energy, mass, memory
from sobriety.core.errors import SobrietyError
from sobriety.core.estimate import Estimate
from sobriety.profiling.profiler import Profile

if TYPE_CHECKING:
    from sobriety.profiling.series import Series

LIVE_AFTER_S = 3.0
FEWEST_FOR_A_SHAPE = 8
LEAST_SHOWN_B = 500_000
_BARS = "▁▂▃▄▅▆▇█"
_WIDEST = 40


def as_dict(result: Profile, piece: Estimate | None = None) -> dict[str, object]:
    """As `docs/schema/profile.json` describes it."""

    def figure(estimate: Estimate | None) -> object:
        return None if estimate is None else estimate.as_dict()

    run = result.run
    return {
        "schema_version": 1,
        "command": list(run.command),
        "exit_code": run.exit_code,
        "scope": result.scope,
        "wall_s": run.wall_s,
        "cpu_s": run.cpu_s,
        "user_s": run.user_s,
        "system_s": run.system_s,
        "unwaited_cpu_s": run.unwaited_cpu_s,
        "still_running": run.still_running,
        "max_rss_b": run.max_rss_b,
        "max_rss_below_b": run.max_rss_below_b,
        "disk_read_b": run.disk_read_b,
        "disk_written_b": run.disk_written_b,
        "energy_j": figure(result.energy),
        "gpu_energy_j": figure(result.gpu_energy),
        "machine_energy_j": figure(result.machine_energy),
        "co2e_kg": figure(result.co2e),
        "embodied_kg": figure(result.embodied),
        "sci_kg": figure(piece),
        "own_cpu_s": result.own_cpu_s,
        "series": _series(result),
        "notes": list(result.notes),
    }


def _series(result: Profile) -> list[dict[str, object]]:
    return [
        {
            "at_s": result.series.at_s(stretch),
            "duration_s": stretch.duration_s,
            "cpu_s": stretch.cpu_s,
            "machine_cpu_s": stretch.measures.get("cpu_busy_s"),
            "package_j": stretch.measures.get("package_j"),
            "gpu_j": stretch.measures.get("gpu_j"),
        }
        for stretch in result.series or ()
        if result.series
    ]


def summary(
    result: Profile,
    more: Sequence[str] = (),
    where: Sequence[str] = (),
    *,
    colour: bool,
) -> str:
    """What a person reads."""
    run = result.run

    def bold(text: str) -> str:
        return click.style(text, bold=True) if colour else text

    def dim(text: str) -> str:
        return click.style(text, dim=True) if colour else text

    is_all = result.scope == "machine"
    basis = f"{result.energy.basis}, the whole machine" if is_all else result.energy.basis
    name = " ".join(" ".join(run.command).split())
    times = f"{duration(run.wall_s)}, processor {duration(run.cpu_s)}"
    lines = [
        "",
        f"  {bold(name)}" + (f"  exit {run.exit_code}" if run.exit_code else ""),
        f"  time             {times}{_held(result)}",
        *([f"  disks            {disks}"] if (disks := _disks(result)) else []),
        *([f"  processors       {shape}"] if (shape := _shape(result)) else []),
        f"  energy           {bold(energy(result.energy))}  {dim(basis)}",
    ]
    if result.gpu_energy:
        lines.append(f"  graphics cards   {energy(result.gpu_energy)}  {dim('part of it')}")
    if result.co2e:
        lines.append(f"  use, CO2e        {bold(mass(result.co2e))}")
    share = dim("the machine's, for all of it" if is_all else "the machine's, by busy time")
    lines.append(f"  making, CO2e     {bold(mass(result.embodied))}  {share}")
    if result.machine_energy and not is_all:
        everybody = dim("idle and all others included")
        lines.append(f"  whole machine    {energy(result.machine_energy)}  {everybody}")
    lines.extend(f"  {line}" for line in more)
    lines.extend(f"  {line}".rstrip() for line in where)
    lines.extend(f"  {dim('note: ' + note)}" for note in result.notes)
    return "\n".join(lines) + "\n"


def _disks(result: Profile) -> str:
    """`read 12 MB, written 3 MB`; empty where nothing was, or nobody counts it."""
    run = result.run
    moved = (("read", run.disk_read_b), ("written", run.disk_written_b))
    return ", ".join(f"{word} {memory(b)}" for word, b in moved if b and b >= LEAST_SHOWN_B)


def _held(result: Profile) -> str:
    run = result.run
    if run.max_rss_b is not None:
        return f", memory {memory(run.max_rss_b)}"
    below_b = run.max_rss_below_b
    return "" if below_b is None else f", memory below {memory(below_b)}"


def _shape(result: Profile) -> str:
    """Processors kept busy over time, one bar a stretch."""
    stretches = list(result.series or ())
    if len(stretches) < FEWEST_FOR_A_SHAPE:
        return ""
    is_own = all(s.cpu_s is not None for s in stretches)
    used = [s.cpu_s if is_own else s.measures.get("cpu_busy_s") for s in stretches]
    width = min(_WIDEST, len(stretches))
    busy: list[float] = []
    for i in range(width):
        part = slice(i * len(stretches) // width, (i + 1) * len(stretches) // width)
        seconds = sum(s.duration_s for s in stretches[part])
        busy.append(sum(u or 0.0 for u in used[part]) / seconds if seconds else 0.0)
    most = max(busy)
    bars = "".join(_BARS[min(7, int(8 * b / most))] if most else _BARS[0] for b in busy)
    return f"{bars}  up to {most:.1f} busy" + ("" if is_own else ", with all others'")


class LiveLine:
    """How far it is, on stderr, for somebody who waits."""

    def __init__(self, begun_s: float | None = None) -> None:
        self._begun_s = time.monotonic() if begun_s is None else begun_s
        self._is_shown = False

    def begin(self, pid: int) -> None:
        self._begun_s = time.monotonic()

    def look(self, series: Series) -> None:
        passed_s = time.monotonic() - self._begun_s
        last = series.last
        if last is None or passed_s < LIVE_AFTER_S:
            return
        used_s = last.measures.get("cpu_busy_s") if last.cpu_s is None else last.cpu_s
        said = [duration(round(passed_s))]
        if used_s is not None:
            said.append(f"{used_s / last.duration_s:.1f} processors busy")
        said += [
            f"{name} {last.measures[column] / last.duration_s:.0f} W"
            for name, column in (("package", "package_j"), ("graphics", "gpu_j"))
            if column in last.measures
        ]
        # The command's next words begin where ours did.
        sys.stderr.write(f"\r\033[K  {' · '.join(said)}\r")
        sys.stderr.flush()
        self._is_shown = True

    def end(self) -> None:
        if self._is_shown:
            sys.stderr.write("\r\033[K")
            self._is_shown = False


def write_figures(text: str, output: Path | None) -> None:
    """To a file, else to stderr. Raises ConfigError."""
    if output is None:
        sys.stderr.write(text)
        return
    from sobriety.files.durable import write_whole

    try:
        write_whole(output, text)
    except SobrietyError:
        # The run cannot be had again for free: what cannot be filed is shown.
        sys.stderr.write(text)
        raise
