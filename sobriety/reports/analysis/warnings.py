"""Chooses the warnings that a report's figures call for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sobriety.core.period import Period, to_ns
from sobriety.core.text import Text
from sobriety.lake import Lake

from ..accounts.assets import Holdings
from ..accounts.carbon import measured_ratio
from ..accounts.grid import Grid
from ..accounts.hosts import HostUse
from ..accounts.query import overlapping_hosts
from ..model.figures import Coverage, Footprint, Missing, Pace
from ..model.grid_warnings import NoOverhead, OlderEdition, PreliminaryFactor, StaleFactor
from ..model.inventory_warnings import Dark, Undated, Unlisted, UntoldServices
from ..model.machine_warnings import NoSensor, UnknownMachine, VirtualMachine
from ..model.warnings import Caution, ClockJump, LowCoverage, Unfinished, WideInterval

_COVERED_ENOUGH = 0.9
_WIDE = 4
_MEASURED_ENOUGH = 0.5


def of_carbon(grid: Grid, as_of: str | None) -> list[Caution]:
    found: list[Caution] = [*grid.missing, *grid.untold]
    for year, factor in grid.yearly:
        if factor.year != year:
            found.append(StaleFactor(factor.zone, year, factor.year))
        elif factor.status == "preliminary":
            found.append(PreliminaryFactor(factor.zone, factor.year))
    if grid.used and as_of is not None:
        found.append(OlderEdition(as_of))
    return found


def of_time(
    lake: Lake, period: Period, coverage: Coverage, pace: Pace | Missing, now: datetime
) -> list[Caution]:
    found: list[Caution] = []
    if isinstance(pace, Missing):
        found.append(pace.because)
    if period.kind != "recorded" and period.end_ns > to_ns(now):
        found.append(Unfinished())
    if coverage.span_s and coverage.ratio < _COVERED_ENOUGH:
        found.append(LowCoverage(coverage.ratio))
    overlapping = overlapping_hosts(lake, period)
    if overlapping:
        found.append(ClockJump(overlapping))
    return found


def of_machines(
    hosts: Sequence[HostUse],
    unknown: tuple[str, ...],
    totals: Footprint,
    holdings: Holdings,
) -> list[Caution]:
    found: list[Caution] = []
    measured = measured_ratio(hosts)
    if measured < _MEASURED_ENOUGH and any(h.has_agent for h in hosts):
        found.append(NoSensor(measured, not all(h.machine.virtual for h in hosts if h.has_agent)))
    if holdings.dark:
        found.append(Dark(tuple(sorted(holdings.dark.items()))))
    if holdings.unlisted:
        found.append(Unlisted(holdings.unlisted))
    if holdings.undated:
        found.append(Undated(holdings.undated))
    roomless = [h.name for h in hosts if h.in_room and h.site.pue is None]
    if roomless:
        found.append(NoOverhead(tuple(dict.fromkeys(roomless))))
    virtual = tuple(h.name for h in hosts if h.machine.virtual)
    if virtual:
        found.append(VirtualMachine(virtual))
    if unknown:
        found.append(UnknownMachine(unknown))
    energy_j = totals.energy_j
    if energy_j.low > 0 and energy_j.high / energy_j.low >= _WIDE:
        found.append(WideInterval(round(energy_j.high / energy_j.low)))
    return found


def of_services(untold: Sequence[Text]) -> list[Caution]:
    return [UntoldServices(tuple(untold))] if untold else []
