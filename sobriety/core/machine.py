"""Facts of a machine that do not change from sample to sample."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf


@dataclass(frozen=True, slots=True)
class Machine:
    """The facts an estimator needs. None is unknown: estimators then widen their interval.

    category       server, notebook, desktop, …; the words of `estimators/data/categories.csv`
    cpu_model      as the machine spells it
    chips, cores, threads   of the whole machine; threads are what the system can schedule on
    virtual        a virtual machine: a share of a host that cannot be seen
    idle_w, max_w  read off a real meter at the plug, when somebody did
    readings       more of them, at other loads: `50=88 75=104`, percent of load = watts
    meter_ratio    how far off that meter may be: 0.02 of what it shows
    lifetime_years, embodied_kg   the owner's and the maker's statement, when there is one
    """

    host: str = ""
    category: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    cpu_model: str | None = None
    chips: int | None = None
    cores: int | None = None
    threads: int | None = None
    tdp_w: float | None = None
    memory_b: float | None = None
    disks: int | None = None
    gpus: int | None = None
    screen_in: float | None = None
    hw_year: int | None = None
    virtual: bool | None = None
    system: str | None = None
    idle_w: float | None = None
    max_w: float | None = None
    lifetime_years: float | None = None
    embodied_kg: float | None = None
    readings: str | None = None
    meter_ratio: float | None = None

    def points(self) -> tuple[tuple[float, float], ...]:
        """Every reading at the plug as load from 0 to 1 and watts, by load.

        Raises ValueError for readings that cannot be read.
        """
        points = dict(readings_of(self.readings or ""))
        ends = ((0.0, self.idle_w), (1.0, self.max_w))
        points |= {load: watts for load, watts in ends if watts is not None}
        return tuple(sorted(points.items()))


def readings_of(text: str) -> tuple[tuple[float, float], ...]:
    """`50=88 75=104` as loads from 0 to 1 and watts. A text, since facts are kept as JSON.

    Raises ValueError.
    """
    points: dict[float, float] = {}
    for part in text.replace(",", " ").split():
        at, equals, watts = part.partition("=")
        try:
            load, power_w = float(at.removesuffix("%")) / 100, float(watts)
        except ValueError:
            equals = ""
            load = power_w = 0.0
        if not equals or not 0 <= load <= 1 or not 0 < power_w < inf:
            raise ValueError(f"{part!r} is no load in percent = watts, as in 50=88")
        if load in points:
            raise ValueError(f"{part!r} is a second reading at the same load")
        points[load] = power_w
    return tuple(sorted(points.items()))
