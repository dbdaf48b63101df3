"""The ledger as Prometheus and OpenMetrics text.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/,
        https://prometheus.io/docs/specs/om/open_metrics_spec/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from sobriety.core import __version__

from .totals import EnergyTotals

Labels = Mapping[str, str]
MOST_WORKLOADS = 200
"""The others are summed as `other`: a metric system pays for every name for ever."""

SOURCE_OF_SCOPE = dict.fromkeys(("package", "core", "uncore", "dram", "psys"), "rapl") | {
    "wall": "meter",
    "battery": "battery",
    "gpu": "gpu",
}


class Family(NamedTuple):
    """One metric: its name without `_total`, and a value for every set of labels."""

    name: str
    kind: Literal["counter", "gauge", "info"]
    unit: str
    meaning: str
    samples: list[tuple[Labels, float]]


class Pushing(NamedTuple):
    """What a gateway has. None is unknown: it was never reached."""

    waiting_rows: int
    left_out_rows: int
    last_s: float | None


class Self(NamedTuple):
    """What the daemon knows of itself. None is unknown, and then not given; nor is `push` where
    nothing is pushed."""

    rows_written: int
    last_sample_s: float
    collectors: Mapping[str, bool]
    resident_b: int | None
    spool_b: int | None
    push: Pushing | None = None


def text(ledger: EnergyTotals, own: Self, *, open_metrics: bool = False) -> str:
    """Everything, in one of the two formats."""
    families = (*_energy(ledger), *_carbon(ledger), *_self(ledger, own), *_push(own.push))
    return exposed(families, open_metrics=open_metrics)


def exposed(families: Iterable[Family], *, open_metrics: bool = False) -> str:
    """Metrics that have samples, in one of the two formats."""
    lines: list[str] = []
    for family in families:
        if family.samples:
            lines += _lines(family, open_metrics)
    if open_metrics:
        lines.append("# EOF")
    return "\n".join(lines) + "\n"


def _energy(ledger: EnergyTotals) -> Iterable[Family]:
    host: list[tuple[Labels, float]] = []
    low: list[tuple[Labels, float]] = []
    high: list[tuple[Labels, float]] = []
    for basis, bounds in ledger.energy_j.items():
        labels = {"scope": "machine", "source": "estimate", "basis": basis}
        host.append((labels, bounds.value.value))
        low.append((labels, bounds.low.value))
        high.append((labels, bounds.high.value))
    for name, joules in ledger.sensor_j.items():
        scope = name.removesuffix("_j")
        labels = {"scope": scope, "source": SOURCE_OF_SCOPE[scope], "basis": "measured"}
        host.append((labels, joules.value))
    yield Family(
        "sobriety_host_energy_joules", "counter", "joules",
        "Energy: scope machine is all of it at the plug, the others are sensors' own parts of it.",
        host,
    )  # fmt: skip
    yield Family(
        "sobriety_host_energy_low_joules", "counter", "joules",
        "The lower end of the energy at the plug, which holds nine times in ten.", low,
    )  # fmt: skip
    yield Family(
        "sobriety_host_energy_high_joules", "counter", "joules",
        "The upper end of the energy at the plug, which holds nine times in ten.", high,
    )  # fmt: skip
    yield Family(
        "sobriety_workload_energy_joules", "counter", "joules",
        "Energy above idle, by processor time. With idle they add up to scope machine.",
        _workloads(ledger),
    )  # fmt: skip
    yield Family(
        "sobriety_idle_energy_joules", "counter", "joules",
        "What is left of scope machine: watts that time alone costs.", [({}, ledger.idle_j)],
    )  # fmt: skip


def _workloads(ledger: EnergyTotals) -> list[tuple[Labels, float]]:
    by_joules = sorted(
        ((joules.value, *workload) for workload, joules in ledger.workload_j.items()),
        key=lambda found: (found[1] != "unattributed", -found[0]),
    )
    found: list[tuple[Labels, float]] = [
        ({"kind": kind, "name": name}, joules) for joules, kind, name in by_joules[:MOST_WORKLOADS]
    ]
    rest = by_joules[MOST_WORKLOADS:]
    if rest:
        found.append(({"kind": "other", "name": ""}, sum(joules for joules, _, _ in rest)))
    return found


def _carbon(ledger: EnergyTotals) -> Iterable[Family]:
    samples: list[tuple[Labels, float]] = [({"phase": "embodied"}, ledger.embodied_g)]
    if ledger.use_g is not None:
        samples.append(({"phase": "use"}, ledger.use_g))
    yield Family(
        "sobriety_host_co2e_grams", "counter", "grams",
        "CO2e: of use, location-based, and of making, spread over the machine's lifetime.", samples,
    )  # fmt: skip


def _self(ledger: EnergyTotals, own: Self) -> Iterable[Family]:
    yield Family(
        "sobriety", "info", "", "The version that runs.", [({"version": __version__}, 1.0)]
    )
    yield Family(
        "sobriety_state_seconds", "counter", "seconds",
        "Time by state: on, asleep, off, unobserved.",
        [({"state": state}, each.value) for state, each in ledger.seconds.items()],
    )  # fmt: skip
    yield Family(
        "sobriety_agent_cpu_seconds", "counter", "seconds",
        "Processor time of the collector itself.", [({}, ledger.agent_cpu_s.value)],
    )  # fmt: skip
    yield Family(
        "sobriety_rows", "counter", "", "Rows written to the spool.", [({}, own.rows_written)]
    )
    yield Family(
        "sobriety_collector_up", "gauge", "", "Whether a collector answers.",
        [({"name": name}, float(up)) for name, up in own.collectors.items()],
    )  # fmt: skip
    yield Family(
        "sobriety_last_row_timestamp_seconds", "gauge", "seconds",
        "When the last row was finished.", [({}, own.last_sample_s)],
    )  # fmt: skip
    for name, size_b, meaning in (
        ("sobriety_agent_resident_memory_bytes", own.resident_b, "Memory of the collector."),
        ("sobriety_spool_size_bytes", own.spool_b, "The spool's file on this disk."),
    ):
        samples: list[tuple[Labels, float]] = [] if size_b is None else [({}, float(size_b))]
        yield Family(name, "gauge", "bytes", meaning, samples)


def _push(push: Pushing | None) -> Iterable[Family]:
    if push is None:
        return
    yield Family(
        "sobriety_push_waiting_rows", "gauge", "",
        "Rows of the spool that the gateway has not.", [({}, push.waiting_rows)],
    )  # fmt: skip
    yield Family(
        "sobriety_push_left_out_rows", "gauge", "",
        "Rows that the gateway never takes.", [({}, push.left_out_rows)],
    )  # fmt: skip
    last: list[tuple[Labels, float]] = [] if push.last_s is None else [({}, push.last_s)]
    yield Family(
        "sobriety_push_last_success_timestamp_seconds", "gauge", "seconds",
        "When the gateway last answered that it has what was sent.", last,
    )  # fmt: skip


def _lines(family: Family, open_metrics: bool) -> Iterable[str]:
    name, kind = family.name, family.kind
    sample = f"{name}{ {'counter': '_total', 'info': '_info', 'gauge': ''}[kind] }"
    if open_metrics:
        if family.unit:
            yield f"# UNIT {name} {family.unit}"
        head = name
    else:
        head, kind = sample, "gauge" if kind == "info" else kind  # that format has no info
    yield f"# HELP {head} {family.meaning}"
    yield f"# TYPE {head} {kind}"
    for labels, value in family.samples:
        shown = ",".join(f'{key}="{escaped(text)}"' for key, text in labels.items())
        yield f"{sample}{{{shown}}} {value!r}" if shown else f"{sample} {value!r}"


def escaped(value: str) -> str:
    """A label's value. A name may hold anything, and half a UTF-8 character too."""
    clean = value.encode(errors="replace").decode()
    return clean.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
