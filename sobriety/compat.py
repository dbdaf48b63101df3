"""CodeCarbon's names for programs that were written for it: change the import and nothing else.

    from sobriety.compat import EmissionsTracker, OfflineEmissionsTracker, track_emissions

The figures are ours, and the file is theirs. Nothing is asked of the network: a zone comes from the
settings or from `country_iso_code`. What goes wrong with a figure or a file is a warning, since a
program that worked for a week must not end by it.
"""

from __future__ import annotations

import platform
import threading
import time
import uuid
import warnings
from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ParamSpec, TypeVar, overload

from sobriety.core import __version__
from sobriety.core.errors import ConfigError, FactorNotFound
from sobriety.core.estimate import Estimate
from sobriety.core.units import J_PER_KWH
from sobriety.estimators import co2e, country_of, intensity, resolve_zone
from sobriety.factors.store import book
from sobriety.settings.config import data_folder
from sobriety.tracking.emissions_csv import COLUMNS, Cell, append
from sobriety.tracking.samples import LEDGER
from sobriety.tracking.section import Section
from sobriety.tracking.tracker import begin, end

P = ParamSpec("P")
R = TypeVar("R")

Given = float | None
"""A number under CodeCarbon's name for it, which does not end in a unit as ours do."""

_B_PER_GIB = 2**30

_MODES = ("machine", "process")
_HARMLESS = frozenset({"log_level", "logger_preamble", "allow_multiple_runs", "on_csv_write"})
"""What they say of CodeCarbon's own output, or is so already."""


class EmissionsTracker:
    """`start` and `stop`, or a `with` block. `stop` gives kg of CO2e, None where they are unknown.

    tracking_mode   machine: the whole of it, idle included; process: what this program added
    """

    def __init__(
        self,
        project_name: str | None = None,
        measure_power_secs: Given = None,
        *,
        output_dir: str | None = None,
        output_file: str | None = None,
        save_to_file: bool | None = None,
        tracking_mode: str | None = None,
        experiment_id: str | None = None,
        country_iso_code: str | None = None,
        region: str | None = None,
        pue: Given = None,
        wue: Given = None,
        **unknown: object,
    ) -> None:
        self._known: dict[str, Cell] = {
            "project_name": project_name or "codecarbon",
            "run_id": str(uuid.uuid4()),
            "experiment_id": experiment_id,
            "region": region,
            "pue": pue,
            "wue": wue,
        }
        self.run_id = self._known["run_id"]
        self._every_s = 15.0 if measure_power_secs is None else float(measure_power_secs)
        self._path = Path(output_dir or ".") / (output_file or "emissions.csv")
        self._saves = save_to_file is not False
        self._mode = tracking_mode or "machine"
        self._pue, self._wue = pue or 1.0, wue
        self._section: Section | None = None
        self._ended = threading.Event()
        self.final_emissions: float | None = None
        self.final_emissions_data: SimpleNamespace | None = None
        if self._mode not in _MODES:
            _warn(f"tracking_mode is {tracking_mode!r}, not machine or process; machine is taken")
            self._mode = "machine"
        for name, value in unknown.items():
            if name not in _HARMLESS and value not in (None, False):
                _warn(f"{name} is not known to sobriety and is ignored")
        self._country = country_iso_code
        self._zone = _zone_of(country_iso_code, region) if country_iso_code else None

    def start(self) -> None:
        """Begin, and look at the counters every `measure_power_secs`."""
        if self._section is not None:
            _warn("the tracker has started already")
            return
        self._ended = threading.Event()
        section = begin(str(self._known["project_name"]), self._zone, whole=True)
        self._section = section
        threading.Thread(
            target=_keep_up, args=(section, self._every_s, self._ended), daemon=True
        ).start()

    def stop(self) -> float | None:
        """End, and write the row."""
        if self._section is None:
            _warn("the tracker was stopped already, or never started")
            return self.final_emissions
        section, self._section = self._section, None
        self._ended.set()
        end(section)
        row = self._row(section)
        if self._saves:
            try:
                kept = append(self._path, row)
            except ConfigError as error:
                _warn(error.message)
            else:
                if kept:
                    _warn(f"{self._path} had other columns; it is kept as {kept}")
        self.final_emissions_data = SimpleNamespace(**row)
        emissions = row["emissions"]
        self.final_emissions = emissions if isinstance(emissions, float) else None
        return self.final_emissions

    def __enter__(self) -> EmissionsTracker:
        self.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self.stop()

    def _row(self, section: Section) -> dict[str, Cell]:
        """Every column; None where it is not known."""
        energy = section.machine_energy if self._mode == "machine" else section.result
        if energy is None:
            _warn("too short for the kernel's clock: the whole machine's energy is unknown")
        else:
            energy = energy.scaled(self._pue)
        machine, wall_s = section.looks.machine, section.wall_s
        kwh = energy.value / J_PER_KWH if energy else None
        row = dict.fromkeys(COLUMNS) | self._known | self._carbon(section, energy)
        row |= {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S"),
            "duration": wall_s,
            "energy_consumed": kwh,
            "water_consumed": None if self._wue is None or kwh is None else self._wue * kwh,
            "os": platform.platform(),
            "python_version": platform.python_version(),
            "codecarbon_version": f"sobriety {__version__}",
            "cpu_count": machine.threads,
            "cpu_model": machine.cpu_model,
            "gpu_count": machine.gpus,
            "ram_total_size": machine.memory_b / _B_PER_GIB if machine.memory_b else None,
            "tracking_mode": self._mode,
        }
        if self._mode == "machine":
            for part, column in (("cpu", "package_j"), ("ram", "dram_j")):
                part_j = _sum(section, column)
                if part_j is not None:
                    row[f"{part}_energy"] = part_j * self._pue / J_PER_KWH
                    row[f"{part}_power"] = part_j * self._pue / wall_s
        busy_s, could_s = _sum(section, "cpu_busy_s"), _sum(section, "cpu_capacity_s")
        if busy_s is not None and could_s:
            row["cpu_utilization_percent"] = 100 * min(1.0, busy_s / could_s)
        return row

    def _carbon(self, section: Section, energy: Estimate | None) -> dict[str, Cell]:
        zone, kind = section.grid
        if self._country is not None:
            zone = self._zone
            if zone is not None and "-" not in zone:
                kind = "life-cycle"  # as CodeCarbon's mixes of countries are
        if zone is None:
            if self._country is None:
                _warn("no grid zone is set, so there are no emissions; give country_iso_code")
            return {}
        try:
            known: dict[str, Cell] = {"country_iso_code": country_of(zone)}
            if energy is not None:
                year = time.localtime().tm_year
                factor = intensity(
                    zone,
                    year,
                    kind,
                    book(data_folder(), section.looks.config.text("factors_as_of")),
                )
                emitted = co2e(energy, factor.estimate).value
                known |= {"emissions": emitted, "emissions_rate": emitted / section.wall_s}
        except FactorNotFound as lost:
            _warn(f"{lost.message}, so there are no emissions")
            return {}
        return known


class OfflineEmissionsTracker(EmissionsTracker):
    """The same: ours is never online."""


@overload
def track_emissions(fn: Callable[P, R], /) -> Callable[P, R]: ...


@overload
def track_emissions(
    fn: None = None,
    project_name: str | None = None,
    measure_power_secs: Given = None,
    *,
    offline: bool = False,
    **options: Any,
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def track_emissions(
    fn: Callable[..., Any] | None = None,
    project_name: str | None = None,
    measure_power_secs: Given = None,
    *,
    offline: bool = False,
    **options: Any,
) -> Any:
    """A decorator of functions and coroutines: a tracker around each call."""
    kind = OfflineEmissionsTracker if offline else EmissionsTracker

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def follow(*args: Any, **kwargs: Any) -> Any:
            with kind(project_name, measure_power_secs, **options):
                return function(*args, **kwargs)

        @wraps(function)
        async def follow_steps(*args: Any, **kwargs: Any) -> Any:
            with kind(project_name, measure_power_secs, **options):
                return await function(*args, **kwargs)

        return follow_steps if iscoroutinefunction(function) else follow

    return decorate if fn is None else decorate(fn)


def _zone_of(country: str, region: str | None) -> str | None:
    """The zone of a country, or of its region where that is one; None with a warning."""
    try:
        zone = resolve_zone(country)
    except FactorNotFound as lost:
        _warn(f"country_iso_code: {lost.message}, so there are no emissions")
        return None
    if region:
        try:
            part = resolve_zone(region)
        except FactorNotFound:
            part = ""
        if part.startswith(f"{zone}-"):
            return part
        _warn(f"region is {region!r}, for which no zone of {zone} is held; the country is taken")
    return zone


def _sum(section: Section, column: str) -> float | None:
    """A column over the whole section; None where a part of it was not seen."""
    found = [row.measures.get(column) for row in section.rows]
    known = [x for x in found if x is not None]
    return sum(known) if known and len(known) == len(found) else None


def _keep_up(section: Section, every_s: float, ended: threading.Event) -> None:
    while not ended.wait(every_s):
        with LEDGER.lock:
            section.looks.keep_up(every_s)


def _warn(message: str) -> None:
    warnings.warn(message, UserWarning, stacklevel=3)
