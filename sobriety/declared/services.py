"""Reads digital services: their machines, workloads and functional units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sobriety.core.period import Period
from sobriety.core.text import Text
from sobriety.files.faults import Unexpected
from sobriety.files.toml_form import Entry, read_form

from . import values
from .access_log import BOTS, LogFilter, Requests, count_requests
from .periods import Months, months_within
from .units import (
    FunctionalUnit,
    Units,
    Unknown,
    check_sums,
    sum_of,
    unit_of_entry,
    units_file_of,
    units_of,
)

WORKLOADS = ("service", "container", "pod", "process")


@dataclass(frozen=True, slots=True)
class AccessLog:
    """Where its requests are written, and which count."""

    pattern: str
    wanted: LogFilter


@dataclass(frozen=True, slots=True)
class Service:
    """A service of an organisation.

    hosts       names or patterns of machines
    workloads   `kind:name` patterns on them; empty is the whole machine
    share       the part of them that is this service's, where others use them too; None is all
    units       counts of the functional unit by month, quarter or year
    """

    id: str
    name: Text
    hosts: tuple[str, ...]
    workloads: tuple[str, ...] = ()
    share: float | None = None
    unit: FunctionalUnit | None = None
    units: Mapping[str, int] = field(default_factory=dict[str, int])
    access_log: AccessLog | None = None


def read_services(path: Path) -> dict[str, Service]:
    """The services of a TOML file by id. Raises ConfigError with every fault.

    Files that it names are looked for beside it.
    """
    form = read_form(path)
    top = form.top()
    found: dict[str, Service] = {}
    for entry in top.tables("service"):
        service = _service(entry)
        if service.id in found and "id" in entry.data:
            entry.wrong(
                "id",
                Text(
                    en=f"{service.id!r} is another service's too; every one has its own",
                    fr=f"{service.id!r} est aussi celui d’un autre service\xa0; chacun a le sien",
                ),
            )
        found[service.id] = service
    top.close()
    if "service" not in form.data:
        top.wrong(
            "",
            Text(
                en="has no [[service]]",
                fr="n’a pas de [[service]]",
            ),
        )
    form.refuse()
    return found


def units_in(service: Service, period: Period | str) -> Units | Unknown:
    """How many functional units a service gave in a period; Unknown where a part is not told.

    Declared counts come first: a year's is taken as it is, else its quarters' and months' add up.
    Raises ValueError for a name that is no month, quarter or year, and ConfigError for an access
    log that is not there.
    """
    if service.unit is None:
        return Unknown("no functional unit is declared")
    months = months_within(period)
    if months is None:
        return Unknown("counts are of whole months, and the period is not")
    declared = sum_of(service.units, months)
    if isinstance(declared, int):
        return Units(declared, "declared")
    if service.access_log is None:
        return Unknown(f"no count for {declared}")
    return requests_in(
        count_requests(service.access_log.pattern, service.access_log.wanted), months
    )


def requests_in(requests: Requests, months: Months) -> Units | Unknown:
    """The requests of months that a log holds whole."""
    for month in months:
        why = requests.why_not_whole(month)
        if why:
            return Unknown(why)
    return Units(sum(requests.by_month[month] for month in months), "counted in the access log")


def _service(entry: Entry) -> Service:
    called = entry.must("id", values.identifier, "?")
    unit, units = entry.table("unit"), entry.table("units")
    declared = {} if units is None else units_of(units)
    for label, count in (units_file_of(entry) or {}).items():
        if declared.setdefault(label, count) != count:
            entry.wrong(
                "units_file",
                Text(
                    en=f"has {count} for {label}, and units {declared[label]}",
                    fr=f"a {count} pour {label}, et units {declared[label]}",
                ),
            )
    check_sums(entry, declared)
    service = Service(
        called,
        entry.take("name", values.in_both) or Text(called, called),
        entry.must("hosts", values.several(values.text), ()),
        entry.take("workloads", values.several(_workload)) or (),
        entry.take("share", values.number(0, 1)),
        None if unit is None else unit_of_entry(unit),
        declared,
        _access_log(entry),
    )
    if unit is None and (declared or service.access_log):
        entry.wrong(
            "unit",
            Text(
                en="is not declared, but it is counted; say what one of it is",
                fr="n’est pas déclarée, mais comptée\xa0; dites ce qu’elle est",
            ),
        )
    entry.close()
    return service


def _workload(raw: object) -> str:
    kind, colon, name = values.text(raw).partition(":")
    if kind not in WORKLOADS or not colon or not name:
        kinds = ", ".join(WORKLOADS)
        raise Unexpected(
            en=f"expected kind:name, as in service:nginx.service; kinds are {kinds}",
            fr=f"attendu\xa0: genre:nom, comme service:nginx.service\xa0; les genres sont {kinds}",
        )
    return f"{kind}:{name}"


def _access_log(entry: Entry) -> AccessLog | None:
    if isinstance(entry.data.get("access_log"), str):
        pattern = entry.take("access_log", values.text)
        return AccessLog(_beside(entry, pattern), LogFilter()) if pattern else None
    below = entry.table("access_log")
    if below is None:
        return None
    statuses = below.take("statuses", values.several(values.count(1, 5)))
    bots = below.take("exclude_agents", _agents)
    wanted = LogFilter(
        below.take("path_prefix", values.text) or "",
        statuses or (2, 3),
        BOTS if bots is None else bots,
    )
    pattern = below.must("path", values.text, "?")
    below.close()
    return AccessLog(_beside(entry, pattern), wanted)


def _agents(raw: object) -> tuple[str, ...]:
    return () if raw == [] else values.several(values.text)(raw)


def _beside(entry: Entry, pattern: str) -> str:
    return str(entry.form.path.parent / pattern)
