"""What a machine is: the facts that do not change from sample to sample."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Machine:
    """The facts an estimator needs. None is unknown: estimators then widen their interval.

    category       server, notebook, desktop, …; the words of `estimators/data/categories.csv`
    cpu_model      as the machine spells it
    chips, cores, threads   of the whole machine; threads are what the system can schedule on
    virtual        a virtual machine: a share of a host that cannot be seen
    idle_w, max_w  read off a real meter at the plug, when somebody did
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
