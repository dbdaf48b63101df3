"""Joins machines that were watched with devices that are only listed.

A device of the inventory whose host reported is one with its usage. One that nobody watched has the
energy that is declared, else that of its kind, for the days on which it was held.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple

from sobriety.core.estimate import Estimate
from sobriety.core.method import MethodKind
from sobriety.core.period import Period
from sobriety.core.text import Text
from sobriety.core.units import S_PER_DAY, S_PER_YEAR
from sobriety.declared.sites import Site
from sobriety.estimators import Asset, lifetime
from sobriety.inventory.devices import Device, Inventory
from sobriety.inventory.figures import DeviceFigures, machine_of

from ..model.settings import ReportSettings
from .device_facts import Stock
from .embodied import LedgerLine, asset_of, part_of
from .hosts import HostUse

NO_NAME = Text("", "")
NOT_OBSERVED = MethodKind("not-observed", "not observed")
LEFT_OUT = MethodKind("left-out", "not known: left out")
NO_ENERGY = Estimate("energy_j", 0.0, 0.0, 0.0, "archetype", NOT_OBSERVED(), ("nobody",))
UNKNOWN_USE = Estimate("energy_j", 0.0, 0.0, 0.0, "archetype", LEFT_OUT(), ("nobody",))
UNKNOWN_MAKING = Estimate("embodied_kg", 0.0, 0.0, 0.0, "archetype", LEFT_OUT(), ("nobody",))
"""Of a kind that no maker has said anything of: left out, and told."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """Everything in the period.

    lines      watched or with an energy that can be said
    dark       devices of whose use nothing can be said, by category
    unlisted   hosts that reported and are in no inventory
    held       devices with a day of acquisition: what the ledger has
    undated    devices without
    """

    lines: tuple[HostUse, ...]
    dark: Mapping[str, int]
    unlisted: tuple[str, ...]
    held: tuple[LedgerLine, ...]
    undated: int


@dataclass(frozen=True, slots=True)
class DaySpan:
    """A period up to now, first and last day included; `whole` when it ends at midnights."""

    first: date
    last: date
    whole: bool

    @property
    def count(self) -> int:
        return (self.last - self.first).days + 1


def days_of(period: Period, today: date) -> DaySpan:
    """Its days, those that are not yet over left out."""
    last = (period.end - timedelta(microseconds=1)).date()
    whole = not any((t.hour, t.minute, t.second, t.microsecond) != (0, 0, 0, 0)
                    for t in (period.start, period.end))  # fmt: skip
    first = period.start.date()
    return DaySpan(first, max(first, min(last, today)), whole and period.kind != "recorded")


def holdings(
    watched: Sequence[HostUse],
    settings: ReportSettings,
    period: Period,
    today: date,
    stock: Stock,
) -> Holdings:
    """Machines and devices of the period, each where it stands."""
    inventory = settings.declared.inventory
    places = Places(settings)
    if inventory is None:
        lines = [replace(h, site=places.of(None, h.machine.host)) for h in watched]
        return Holdings(tuple(lines), {}, (), (), 0)
    days = days_of(period, today)
    joined = _Joined(inventory, days, places, stock)
    lines = [joined.watched(h) for h in watched]
    lines += joined.others({h.machine.host for h in watched})
    return Holdings(
        tuple(lines), joined.dark,
        tuple(h.machine.host for h in lines if h.device is None),
        tuple(joined.held), joined.undated,
    )  # fmt: skip


class Places:
    """Sites with what the settings say of what they do not tell."""

    def __init__(self, settings: ReportSettings) -> None:
        self._settings = settings
        self._by_id: dict[str, Site] = {}
        self._nowhere = self._with_settings(Site("", NO_NAME))

    def of(self, site: str | None, host: str) -> Site:
        """The site of that id, or the place of which nothing is told."""
        if not site:
            return self._nowhere
        if site not in self._by_id:
            declared = self._settings.declared.sites.get(site, Site(site, Text(site, site)))
            self._by_id[site] = self._with_settings(declared)
        return self._by_id[site]

    def _with_settings(self, site: Site) -> Site:
        settings = self._settings
        return replace(
            site,
            zone=site.zone or settings.zone,
            pue=site.pue if site.pue is not None else settings.pue,
            market=site.market or settings.market,
            timezone=site.timezone or settings.timezone,
        )


class _Lot(NamedTuple):
    """Devices of a kind that came and went on the same days, a line's pieces together.

    held_s    the time of the period in which its owner had it
    charge    None where the ledger charges nothing: it has no day of acquisition
    """

    held_s: float
    embodied: Estimate
    life: Estimate
    energy_by_year: Mapping[int, Estimate] | None
    asset: Asset | None
    charge: Estimate | None


class _Joined:
    """An inventory beside what was watched."""

    def __init__(self, inventory: Inventory, days: DaySpan, places: Places, stock: Stock) -> None:
        self._days, self._places, self._stock = days, places, stock
        self._devices = inventory.devices
        self._by_host = {d.host_name: d for d in inventory.devices}
        self._lots: dict[tuple[object, ...], _Lot] = {}
        self.dark: dict[str, int] = {}
        self.held: list[LedgerLine] = []
        self.undated = 0

    def watched(self, use: HostUse) -> HostUse:
        """A host with its line of the inventory."""
        device = self._by_host.get(use.machine.host)
        if device is None:
            return replace(use, site=self._places.of(None, use.machine.host))
        machine = machine_of(device, use.machine)
        making = self._stock.making(device, machine)
        whole, life = making or use.embodied, lifetime(machine)
        held_s = float(max(0, self._held_days(device)) * S_PER_DAY * device.quantity)
        asset = asset_of(device, whole, life)
        self._enter(device, asset, whole)
        return replace(
            use, machine=machine, device=device, site=self._places.of(device.site, use.name),
            embodied=whole, lifetime=life, held_s=held_s, charge=self._charge(asset, whole),
        )  # fmt: skip

    def others(self, seen: set[str]) -> Iterator[HostUse]:
        """The devices that nobody watched and that were held in the period."""
        for device in self._devices:
            if device.host_name in seen:
                continue
            kind = self._stock.figures(device)
            lot = self._lot(device, kind)
            if lot.held_s <= 0:
                if lot.asset and kind.making:  # the ledger has it all the same
                    self.held.append(LedgerLine(device, lot.asset, lot.embodied))
                continue
            if kind.year is None or kind.making is None:
                self.dark[device.category] = self.dark.get(device.category, 0) + device.quantity
            if lot.energy_by_year is None:
                continue
            self._enter(device, lot.asset, lot.embodied)
            yield HostUse(
                kind.machine, lot.energy_by_year, observed_s=lot.held_s, covered_s=0.0,
                measured_j=0.0, idle=NO_ENERGY, quiet=None, watched=None, unattended=None,
                agent_cpu_s=None, embodied=lot.embodied, lifetime=lot.life,
                awake_s=lot.held_s * device.quantity, site=self._places.of(device.site, device.id),
                quantity=device.quantity, held_s=lot.held_s * device.quantity,
                charge=lot.charge, device=device, has_agent=False,
            )  # fmt: skip

    def _lot(self, device: Device, kind: DeviceFigures) -> _Lot:
        key = (id(kind), device.quantity, device.acquired, device.retired, device.end)
        if key not in self._lots:
            self._lots[key] = self._made(device, kind)
        return self._lots[key]

    def _made(self, device: Device, kind: DeviceFigures) -> _Lot:
        held = self._held_days(device)
        whole = (kind.making or UNKNOWN_MAKING).scaled(device.quantity)
        asset = asset_of(device, whole, kind.life)
        if held <= 0:
            return _Lot(0.0, whole, kind.life, None, asset, None)
        year = kind.year.scaled(device.quantity) if kind.year else None
        if year is None and kind.making:
            year = UNKNOWN_USE  # its making is charged all the same
        energy = _by_year(year, self._first(device), held) if year else None
        return _Lot(
            float(held * S_PER_DAY), whole, kind.life, energy, asset, self._charge(asset, whole)
        )

    def _enter(self, device: Device, asset: Asset | None, embodied: Estimate) -> None:
        """Into the ledger, which needs a day of acquisition."""
        if asset is None:
            self.undated += device.quantity
        else:
            self.held.append(LedgerLine(device, asset, embodied))

    def _charge(self, asset: Asset | None, embodied: Estimate) -> Estimate | None:
        if asset is None or not self._days.whole:
            return None
        return part_of(asset, embodied, self._days.first, self._days.last)

    def _first(self, device: Device) -> date:
        return max(self._days.first, device.acquired or self._days.first)

    def _held_days(self, device: Device) -> int:
        last = min(self._days.last, device.retired or self._days.last)
        return (last - self._first(device)).days + 1


def _by_year(year: Estimate, first: date, held_days: int) -> dict[int, Estimate]:
    """A yearly energy over days that follow each other, by calendar year."""
    found: dict[int, Estimate] = {}
    day, left = first, held_days
    while left > 0:
        count = min(left, (date(day.year, 12, 31) - day).days + 1)
        found[day.year] = year.scaled(count * S_PER_DAY / S_PER_YEAR)
        day, left = day + timedelta(days=count), left - count
    return found
