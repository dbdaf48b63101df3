"""`sobriety top`: show live watts of the machine and of its workloads."""

from __future__ import annotations

import json
import shutil
import signal
import sys
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from sobriety.agent.live import LiveSample, Load, moments
from sobriety.agent.meters import configured
from sobriety.agent.session import Session
from sobriety.collectors import Processes, choose
from sobriety.core.display import memory, rounded
from sobriety.core.host import LocalHost
from sobriety.core.units import NS_PER_S
from sobriety.settings import config as settings
from sobriety.settings.machine import describe

from .parts.options import Duration, config_option, json_option, root_option, tell_failures

if TYPE_CHECKING:
    from rich.table import Table

NEVER_S = 1e9
HEAD_LINES = 6
MARKS = {"measured": "●", "mixed": "◐", "modelled": "○", "archetype": "○", "declared": "○"}
KINDS = {"process": "program"}


class Line(NamedTuple):
    """A row of the table, as text."""

    watts: str
    share: str
    cpu: str
    memory: str
    kind: str
    name: str


@click.command()
@click.option(
    "--interval",
    "interval_s",
    type=Duration(),
    default=2.0,
    metavar="DURATION",
    help="Sampling interval.  [default: 2s]",
)
@click.option("--count", type=click.IntRange(1), metavar="N", help="Stop after N looks.")
@click.option(
    "--by",
    type=click.Choice(["service", "program"]),
    default="service",
    show_default=True,
    help="Services and containers as one each, or every program by its executable.",
)
@click.option("--lines", type=click.IntRange(1), metavar="N", help="[default: what fits, or 15]")
@json_option
@root_option
@config_option
def top(
    interval_s: float,
    count: int | None,
    by: str,
    lines: int | None,
    as_json: bool,
    root: str,
    config_file: Path | None,
) -> None:
    """Show what the machine draws now and who makes it, the most first. Ctrl-C ends it.

    Watts of a workload are above idle, which has its own line. ● is measured, ◐ in part, ○
    modelled. In a pipe it prints a table a look, or with --json a line.

    \b
    sobriety top
    sobriety top --by program --interval 5s
    sobriety top --count 1 --json | jq .loads[0]
    """
    config = settings.load({}, file=config_file)
    host = LocalHost(root)
    machine = describe(host, config)
    makers = [c for c in choose(host.system, config.names("collectors")) if c is not Processes]
    session = Session(
        host,
        [*configured(config, counters=False), *makers, lambda: Processes(by_group=by == "service")],
        name=machine.host,
        row_s=NEVER_S,
        work_s=NEVER_S,
        tell=tell_failures,
    )
    with session, _ending(session):
        looks = _first(moments(session, machine, interval_s), count)
        if as_json:
            for found in looks:
                click.echo(json.dumps(as_dict(found, machine.host), ensure_ascii=False))
        elif sys.stdout.isatty() and _has_rich():
            _show_live(looks, machine.host, lines)
        else:
            for found in looks:
                click.echo("\n".join(page(found, machine.host, lines or 15)) + "\n")


def _first(looks: Iterable[LiveSample], count: int | None) -> Generator[LiveSample]:
    for number, found in enumerate(looks, start=1):
        yield found
        if number == count:
            return


@contextmanager
def _ending(session: Session) -> Generator[None]:
    """Ctrl-C and SIGTERM end the wait, and nothing is left half drawn."""
    ends = (signal.SIGINT, signal.SIGTERM)

    def wake(_number: int, _frame: object) -> None:
        session.host.wake()

    before = [signal.signal(number, wake) for number in ends]
    try:
        yield
    finally:
        for number, handler in zip(ends, before, strict=True):
            signal.signal(number, handler)


def as_dict(found: LiveSample, host: str) -> dict[str, object]:
    """As `docs/schema/top.json` describes it."""
    return {
        "schema_version": 1,
        "host": host,
        "start_ns": found.start_ns,
        "duration_s": found.duration_s,
        "power_w": found.power.as_dict(),
        "idle_w": found.idle_w,
        "unattributed_w": found.unattributed_w,
        "busy_ratio": found.busy_ratio,
        "own_cpu_s": found.own_cpu_s,
        "loads": [
            {
                "kind": load.kind,
                "name": load.name,
                "power_w": load.power.as_dict(),
                "cpu_s": load.cpu_s,
                "memory_b": load.memory_b,
            }
            for load in found.loads
        ],
    }


def heading(found: LiveSample, host: str) -> str:
    """Host, watts, their interval and mark, how busy, what looking took."""
    value, low, high = rounded(found.power.value, found.power.low, found.power.high)
    parts = [
        f"{host}  {MARKS[found.power.basis]} {value} W",
        f"90 % within {low} to {high} W, {found.power.basis}",
    ]
    if found.busy_ratio is not None:
        parts.append(f"{found.busy_ratio:.0%} busy")
    if found.own_cpu_s is not None:
        parts.append(f"looking took {found.own_cpu_s / found.duration_s:.1%} of a core")
    return ", ".join(parts)


def table(found: LiveSample, most: int) -> list[Line]:
    """The largest loads, the others as one, then what nobody did, then idle."""
    whole_w = found.power.value
    shown, rest = found.loads[:most], found.loads[most:]
    lines = [_line(found, whole_w, load) for load in shown]
    if rest:
        lines.append(
            _sum(sum(r.power.value for r in rest), whole_w, f"{len(rest)} others", _mark(rest))
        )
    lines.append(_sum(found.unattributed_w, whole_w, "of nobody that is known", ""))
    lines.append(_sum(found.idle_w, whole_w, "idle", ""))
    return lines


def _mark(loads: Sequence[Load]) -> str:
    return MARKS[loads[0].power.basis]


def _line(found: LiveSample, whole_w: float, load: Load) -> Line:
    return Line(
        f"{MARKS[load.power.basis]} {load.power.value:.2f}",
        _share(load.power.value, whole_w),
        f"{load.cpu_s / found.duration_s:.1%}",
        "" if load.memory_b is None else memory(load.memory_b),
        KINDS.get(load.kind, load.kind),
        "".join(c if c.isprintable() else "?" for c in load.name),
    )


def _sum(watts: float, whole_w: float, name: str, mark: str) -> Line:
    return Line(f"{mark} {watts:.2f}".lstrip(), _share(watts, whole_w), "", "", "", name)


def _share(watts: float, whole_w: float) -> str:
    return f"{watts / whole_w:.0%}" if whole_w > 0 else ""


def page(found: LiveSample, host: str, most: int) -> list[str]:
    """For a pipe or a plain terminal: columns, and no colour."""
    at = datetime.fromtimestamp((found.start_ns / NS_PER_S) + found.duration_s)
    body = [Line("watts", "share", "cpu", "memory", "kind", "name"), *table(found, most)]
    widths = [max(len(line[i]) for line in body) for i in range(5)]
    lines = [f"{at:%H:%M:%S}  {heading(found, host)}"]
    for line in body:
        right = [text.rjust(width) for text, width in zip(line[:4], widths[:4], strict=True)]
        lines.append("  ".join([*right, line.kind.ljust(widths[4]), line.name]).rstrip())
    return lines


def _has_rich() -> bool:
    from importlib.util import find_spec

    return find_spec("rich") is not None


def _show_live(looks: Iterable[LiveSample], host: str, lines: int | None) -> None:
    from rich.live import Live

    with Live(screen=True, auto_refresh=False) as screen:
        screen.update(f"{host}: looking…", refresh=True)
        for found in looks:
            height = shutil.get_terminal_size().lines - HEAD_LINES - 3
            screen.update(_drawn(found, host, lines or max(1, height)), refresh=True)


def _drawn(found: LiveSample, host: str, most: int) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    drawn = Table(
        title=Text(heading(found, host), style="bold", justify="left"),
        title_justify="left", box=box.SIMPLE_HEAD, expand=True, pad_edge=False,
    )  # fmt: skip
    for name in ("watts", "share", "cpu", "memory"):
        drawn.add_column(name, justify="right", no_wrap=True)
    drawn.add_column("kind", style="dim", no_wrap=True)
    drawn.add_column("name", no_wrap=True, ratio=1, overflow="ellipsis")
    for line in table(found, most):
        named = line.kind or line.name.endswith("others")
        drawn.add_row(*(Text(text) for text in line), style="" if named else "dim")
    return drawn
