"""Checks this machine's sources: those that answer, are forbidden, or are absent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sobriety.collectors import choose
from sobriety.core.errors import FactorNotFound, NotPermitted
from sobriety.core.estimate import Estimate
from sobriety.core.host import Host
from sobriety.core.machine import Machine
from sobriety.core.usage import COLUMNS
from sobriety.estimators import TrackRecord, intensity, power_model, power_w, track_record
from sobriety.factors.store import book
from sobriety.settings.config import Config, data_folder
from sobriety.settings.machine import describe

from .meters import configured
from .session import Session

SourceState = Literal["answers", "forbidden", "absent", "failing"]

EXTRAS = {
    "report": ("duckdb", "narwhals", "pandas", "matplotlib", "jinja2", "babel"),
    "codecarbon": ("codecarbon",),
    "gpu": ("pynvml",),
    "top": ("rich",),
    "presence": ("jeepney",),
    "otlp": ("opentelemetry",),
    "meters": ("snmp",),
}


@dataclass(frozen=True, slots=True)
class SourceReport:
    """A collector on this machine, and why it gives nothing if it does not."""

    name: str
    state: SourceState
    message: str
    hint: str | None


@dataclass(frozen=True, slots=True)
class Checkup:
    """Everything that decides how good a figure can be here.

    idle, busy   watts at the plug, modelled from the machine's parts, with their doubt
    tested       how such models fared on machines that their fit had not seen
    metered      groups whose joules a sensor gives
    too_slow_s   samples further apart than this miss that a counter wrapped, and interval_s is;
                 None where it is not
    zone         the grid's factor this year; None with `zone_problem` saying why
    """

    machine: Machine
    sources: tuple[SourceReport, ...]
    metered: tuple[str, ...]
    idle: Estimate
    busy: Estimate
    tested: TrackRecord
    zone: str | None
    factor: Estimate | None
    zone_problem: str | None
    missing_extras: tuple[str, ...]
    too_slow_s: float | None


def examine(host: Host, config: Config, *, year: int) -> Checkup:
    """Open every collector of this system, read it twice, and say what came."""
    machine = describe(host, config)
    meters, others = configured(config), choose(host.system, config.names("collectors"))
    with Session(host, [*meters, *others]) as session:
        session.sample()
        host.sleep_until(host.now().monotonic_ns + 200_000_000)
        session.sample()
        observed = session.last_step.observed if session.last_step else ()
        sources = _sources(session)
        longest_s = session.longest_step_s
    too_slow = longest_s is not None and config.must_number("interval_s") >= longest_s
    model = power_model(machine)
    zone = config.text("zone")
    factor, problem = None, None
    if zone is not None:
        try:
            kind = config.text("factor_kind") or "direct"
            factor = intensity(
                zone, year, kind, book(data_folder(), config.text("factors_as_of"))
            ).estimate
        except FactorNotFound as error:
            problem = f"{error.message}; {error.hint}" if error.hint else error.message

    def watts(u: float) -> Estimate:
        value, low, high = (power_w(c, u) for c in (model.curve, model.low, model.high))
        return Estimate("power_w", value, low, high, model.basis, model.method, model.sources)

    return Checkup(
        machine,
        sources,
        tuple(name for name in observed if any(c.group == name and c.unit == "J" for c in COLUMNS)),
        watts(0.0),
        watts(1.0),
        track_record(machine),
        zone,
        factor,
        problem,
        _missing_extras(),
        longest_s if too_slow else None,
    )


def _sources(session: Session) -> tuple[SourceReport, ...]:
    found: list[SourceReport] = []
    for name in session.opened:
        failure = session.failing.get(name)
        if failure:
            found.append(SourceReport(name, "failing", failure.message, failure.hint))
        else:
            found.append(SourceReport(name, "answers", "", None))
    for name, refusal in session.refusals.items():
        state: SourceState = "forbidden" if isinstance(refusal, NotPermitted) else "absent"
        found.append(SourceReport(name, state, refusal.message, refusal.hint))
    return tuple(found)


def _missing_extras() -> tuple[str, ...]:
    from importlib.util import find_spec

    return tuple(
        extra for extra, packages in EXTRAS.items() if any(find_spec(p) is None for p in packages)
    )
