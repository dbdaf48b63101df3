"""Computes the cost of digital services and of their functional units: SCI scores.

Source: ISO/IEC 21031:2024, Software Carbon Intensity: location-based, making included
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from sobriety.core.text import Text
from sobriety.declared.services import Service, units_in
from sobriety.declared.units import Units

from ..accounts.accounts import Books
from ..accounts.hosts import HostUse
from ..accounts.query import WorkloadSum
from ..model.figures import Figure, Missing
from ..model.findings import ServiceUse
from ..model.inventory_warnings import UnitsUnknown

_WORK = "cpu_busy_s"


def services_of(
    services: Mapping[str, Service], books: Books, workloads: Sequence[WorkloadSum]
) -> tuple[ServiceUse, ...]:
    """Those of which a machine was there in the period."""
    found = (_service(s, books, workloads) for s in services.values())
    return tuple(use for use in found if use)


def untold(services: Mapping[str, Service], told: Sequence[ServiceUse], books: Books) -> list[Text]:
    """Those of workloads that were not seen on the machines that are there."""
    names = {host.name for host in books.hosts}
    return [
        service.name
        for service in services.values()
        if service.workloads
        and service.id not in {use.id for use in told}
        and any(fnmatchcase(name, pattern) for name in names for pattern in service.hosts)
    ]


def _service(service: Service, books: Books, workloads: Sequence[WorkloadSum]) -> ServiceUse | None:
    parts = list(_parts(service, books.hosts, workloads))
    if not parts:
        return None
    footprint = books.accounts.footprint(parts)
    told = units_in(service, books.period)
    units = told.count if isinstance(told, Units) else None
    whole = footprint.total_co2e_kg
    if isinstance(whole, Missing):
        each: Figure = whole
    else:
        each = whole.scaled(1 / units, "sci_kg") if units else Missing(UnitsUnknown())
    return ServiceUse(
        service.id, service.name, service.unit.text if service.unit else None,
        tuple(p.name for p in parts), footprint, units,
        told.source if isinstance(told, Units) else told.why, each,
    )  # fmt: skip


def _parts(
    service: Service, hosts: Sequence[HostUse], workloads: Sequence[WorkloadSum]
) -> Iterator[HostUse]:
    """Hosts, each by the share that is the service's."""
    for host in hosts:
        if not any(fnmatchcase(host.name, pattern) for pattern in service.hosts):
            continue
        ratio = 1.0 if service.share is None else service.share
        if service.workloads:
            ratio *= _ratio(service, [w for w in workloads if w.key[0] == host.name])
        if ratio > 0:
            yield host.part(ratio)


def _ratio(service: Service, workloads: Sequence[WorkloadSum]) -> float:
    """Of the processor time whose workload is known; idle and making are divided likewise."""
    whole = sum(w.measures.get(_WORK, 0.0) for w in workloads)
    own = sum(
        w.measures.get(_WORK, 0.0)
        for w in workloads
        if any(fnmatchcase(f"{w.kind}:{w.name}", pattern) for pattern in service.workloads)
    )
    return own / whole if whole > 0 else 0.0
