"""What an organisation has: machines that were watched, and devices that are only declared.

A device of the inventory whose host reported is one with its usage. One that nobody watched has the
energy that is declared, else that of its kind, for the days on which it was held.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sobriety.catalogue import Catalogue
from sobriety.core.errors import FactorNotFound
from sobriety.core.estimate import Estimate
from sobriety.core.machine import Machine
from sobriety.core.units import J_PER_KWH, S_PER_DAY, S_PER_YEAR
from sobriety.declared.devices import Device, Inventory
from sobriety.declared.sites import Site
from sobriety.declared.values import Text
from sobriety.estimators import embodied, lifetime, typical_year
from sobriety.period import Period

from .hosts import HostUse
from .ledger import Held, held_of, part_of
from .settings import ReportSettings

DECLARED_RATIO = (0.8, 1.2)
"""How far off a declared yearly consumption may be: makers' own and meters' readings of others."""
NO_NAME = Text("", "")
NO_ENERGY = Estimate("energy_j", 0.0, 0.0, 0.0, "archetype", "nobody watched it", ("nobody",))
UNKNOWN_MAKING = Estimate(
    "embodied_kg", 0.0, 0.0, 0.0, "archetype", "not known: left out", ("nobody",)
)
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
    held: tuple[Held, ...]
    undated: int


@dataclass(frozen=True, slots=True)
class Days:
    """A period up to now, first and last day included; `whole` when it ends at midnights."""

    first: date
    last: date
    whole: bool

    @property
    def count(self) -> int:
        return (self.last - self.first).days + 1


def days_of(period: Period, today: date) -> Days:
    """Its days, those that are not yet over left out."""
    last = (period.end - timedelta(microseconds=1)).date()
    whole = not any((t.hour, t.minute, t.second, t.microsecond) != (0, 0, 0, 0)
                    for t in (period.start, period.end))  # fmt: skip
    first = period.start.date()
    return Days(first, max(first, min(last, today)), whole and period.kind != "recorded")


def holdings(
    watched: Sequence[HostUse], settings: ReportSettings, period: Period, today: date
) -> Holdings:
    """Machines and devices of the period, each where it stands."""
    inventory = settings.declared.inventory
    places = Places(settings)
    if inventory is None:
        lines = [replace(h, site=places.of(None, h.machine.host)) for h in watched]
        return Holdings(tuple(lines), {}, (), (), 0)
    days = days_of(period, today)
    joined = _Joined(inventory, days, places, settings.catalogue)
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


class _Joined:
    """An inventory beside what was watched."""

    def __init__(
        self, inventory: Inventory, days: Days, places: Places, catalogue: Catalogue | None
    ) -> None:
        self._days, self._places, self._catalogue = days, places, catalogue
        self._devices = inventory.devices
        self._by_host = {d.host_name: d for d in inventory.devices}
        self.dark: dict[str, int] = {}
        self.held: list[Held] = []
        self.undated = 0

    def watched(self, use: HostUse) -> HostUse:
        """A host with its line of the inventory."""
        device = self._by_host.get(use.machine.host)
        if device is None:
            return replace(use, site=self._places.of(None, use.machine.host))
        machine = _facts(device, use.machine)
        making = self._making(device, machine)
        whole, life = making or use.embodied, lifetime(machine)
        held_s = float(max(0, self._held_days(device)) * S_PER_DAY * device.quantity)
        return replace(
            use, machine=machine, device=device, site=self._places.of(device.site, use.name),
            embodied=whole, lifetime=life, held_s=held_s,
            charge=self._charge(device, whole, life),
        )  # fmt: skip

    def others(self, seen: set[str]) -> Iterator[HostUse]:
        """The devices that nobody watched and that were held in the period."""
        for device in self._devices:
            if device.host_name in seen:
                continue
            held = self._held_days(device)
            machine = _facts(device, Machine(host=device.id))
            making = self._making(device, machine)
            if held <= 0:
                self._past(device, machine, making)
                continue
            energy = _declared_energy(device, machine)
            if energy is None or making is None:
                self.dark[device.category] = self.dark.get(device.category, 0) + device.quantity
            if energy is None:
                continue
            held_s = float(held * S_PER_DAY)
            whole = (making or UNKNOWN_MAKING).scaled(device.quantity)
            life = _life(machine)
            yield HostUse(
                machine,
                _by_year(energy.scaled(device.quantity), self._first(device), held),
                observed_s=held_s, covered_s=0.0, measured_j=0.0, idle=NO_ENERGY, quiet=None,
                watched=None, unattended=None, agent_cpu_s=None, embodied=whole, lifetime=life,
                awake_s=held_s * device.quantity, site=self._places.of(device.site, device.id),
                quantity=device.quantity, held_s=held_s * device.quantity,
                charge=self._charge(device, whole, life), device=device, has_agent=False,
            )  # fmt: skip

    def _charge(self, device: Device, embodied: Estimate, life: Estimate) -> Estimate | None:
        """What the ledger charges for the period; without a day of acquisition it has none."""
        if device.acquired is None:
            self.undated += device.quantity
            return None
        held = held_of(device, embodied, life)
        self.held.append(held)
        return part_of(held, self._days.first, self._days.last) if self._days.whole else None

    def _past(self, device: Device, machine: Machine, making: Estimate | None) -> None:
        """Not held in the period: the ledger has it all the same."""
        if device.acquired is None or making is None:
            return
        self.held.append(held_of(device, making.scaled(device.quantity), _life(machine)))

    def _making(self, device: Device, machine: Machine) -> Estimate | None:
        """Of one piece: as declared, as its maker says, as estimated."""
        declared = None
        if self._catalogue and device.embodied_kg is None and not machine.virtual:
            declared = self._catalogue.embodied(machine.manufacturer, machine.model)
        try:
            found = declared or embodied(machine)
        except FactorNotFound:
            return None
        if device.refurbished and device.embodied_kg is None:
            return _refurbished(found)
        return found

    def _first(self, device: Device) -> date:
        return max(self._days.first, device.acquired or self._days.first)

    def _held_days(self, device: Device) -> int:
        last = min(self._days.last, device.retired or self._days.last)
        return (last - self._first(device)).days + 1


def _facts(device: Device, machine: Machine) -> Machine:
    """What the inventory states stands over what was found."""
    stated = {
        "category": None if device.category == "other" else device.category,
        "manufacturer": device.manufacturer,
        "model": device.model,
        "cpu_model": machine.cpu_model or device.cpu,
        "memory_b": machine.memory_b or (device.memory_gb * 1e9 if device.memory_gb else None),
        "screen_in": device.screen_in,
        "lifetime_years": device.lifetime_years,
        "embodied_kg": device.embodied_kg,
        "hw_year": machine.hw_year or (device.acquired.year if device.acquired else None),
    }
    told = {name: value for name, value in stated.items() if value is not None}
    return replace(machine, **told)  # type: ignore[arg-type]


def _declared_energy(device: Device, machine: Machine) -> Estimate | None:
    """Of one piece in a year; None where nothing can be said."""
    if device.yearly_kwh is not None:
        return _stated(device.yearly_kwh * J_PER_KWH, "declared use of a year")
    if device.power_w is not None:
        ratio = 1.0 if device.use_ratio is None else device.use_ratio
        return _stated(device.power_w * ratio * S_PER_YEAR, "declared watts × share of the year")
    try:
        return typical_year(machine, device.category)
    except FactorNotFound:
        return None


def _stated(joules: float, how: str) -> Estimate:
    low, high = (joules * ratio for ratio in DECLARED_RATIO)
    return Estimate("energy_j", joules, low, high, "declared", how, ("inventory",))


def _by_year(year: Estimate, first: date, held_days: int) -> dict[int, Estimate]:
    """A yearly energy over days that follow each other, by calendar year."""
    found: dict[int, Estimate] = {}
    day, left = first, held_days
    while left > 0:
        count = min(left, (date(day.year, 12, 31) - day).days + 1)
        found[day.year] = year.scaled(count * S_PER_DAY / S_PER_YEAR)
        day, left = day + timedelta(days=count), left - count
    return found


def _refurbished(new: Estimate) -> Estimate:
    """What a former owner has not charged is not known: half, or anything from refurbishing alone
    to all of it. Assumed."""
    return Estimate(
        new.metric, new.value / 2, new.low / 20, new.high, "archetype",
        f"half of {new.method}: what its former owner charged is unknown", new.sources,
    )  # fmt: skip


def _life(machine: Machine) -> Estimate:
    try:
        return lifetime(machine)
    except FactorNotFound:
        return Estimate("lifetime_years", 6.0, 4.0, 10.0, "archetype", "assumed", ("assumed",))
