"""Checks of a device's hardware: contradictions, readings that cannot be, virtual machines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from sobriety.core.text import Text
from sobriety.estimators import is_virtual_cpu, says_virtual

from .columns import NOT_KILOWATTS, NOT_MILLIWATTS
from .devices import Hardware

READ_W = {"server": (1.0, 20_000.0)}
"""Watts of one device that can be read off a plug; of other devices:"""
READ_AT_A_DESK_W = (0.1, 2000.0)
_VIRTUAL = re.compile(r"\b(?:virtual|virtuel(?:le)?s?|vcpus?)\b", re.IGNORECASE)
"""A subcategory of servers that are none."""
_HYPERVISORS = re.compile(r"(?:qemu|xen|vmware|innotek|bochs|parallels)\b", re.IGNORECASE)
"""Makers that a virtual machine's firmware names: they make no servers."""


class Contradiction(NamedTuple):
    """A column that cannot be right beside the others, and the columns to leave out for it."""

    column: str
    expected: Text
    left_out: tuple[str, ...]


def see_hardware(hardware: Hardware, category: str) -> list[Contradiction]:
    """What contradicts itself in a device's hardware."""
    faults = list(_counts(hardware))
    if hardware.virtual:
        left_out = tuple(n for n in ("idle_w", "max_w") if getattr(hardware, n) is not None)
        no_plug = Text(
            en="a virtual machine has no plug: left out",
            fr="une machine virtuelle n’a pas de prise\xa0: laissé de côté",
        )
        faults += [Contradiction(name, no_plug, (name,)) for name in left_out]
    else:
        faults += _readings(hardware, category)
    return faults


def _counts(hardware: Hardware) -> Iterator[Contradiction]:
    chips, cores, threads = hardware.chips, hardware.cores, hardware.threads
    if chips and cores and cores < chips:
        fewer = Text(
            en=f"fewer than chips {chips}: both left out",
            fr=f"moins que les {chips} processeurs\xa0: les deux sont laissés de côté",
        )
        yield Contradiction("cores", fewer, ("chips", "cores"))
    elif cores and threads and threads < cores:
        fewer = Text(
            en=f"fewer than cores {cores}: left out",
            fr=f"moins que les {cores} cœurs\xa0: laissé de côté",
        )
        yield Contradiction("threads", fewer, ("threads",))


def _readings(hardware: Hardware, category: str) -> Iterator[Contradiction]:
    """idle_w and max_w of all nodes that a device of its kind cannot draw."""
    least, most = READ_W.get(category, READ_AT_A_DESK_W)
    nodes = hardware.nodes or 1
    kept: dict[str, float] = {}
    for name in ("idle_w", "max_w"):
        value: float | None = getattr(hardware, name)
        if value is None:
            continue
        if least <= value / nodes <= most:
            kept[name] = value
            continue
        hint = NOT_KILOWATTS if value / nodes < least else NOT_MILLIWATTS
        cannot = Text(
            en=f"cannot be a {category}'s, from {least:g} to {most:g} watts ({hint.en}): left out",
            fr=f"impossible pour la catégorie {category}, de {least:g} à {most:g} watts"
            f" ({hint.fr})\xa0: laissé de côté",
        )
        yield Contradiction(name, cannot, (name,))
    if len(kept) == 2 and kept["max_w"] < kept["idle_w"]:
        below = Text(
            en=f"below idle_w {kept['idle_w']:g}: both left out",
            fr=f"sous idle_w {kept['idle_w']:g}\xa0: les deux sont laissés de côté",
        )
        yield Contradiction("max_w", below, ("idle_w", "max_w"))


def is_virtual(
    category: str, cells: Mapping[str, object], title: Callable[[str], str]
) -> tuple[bool, Text | None]:
    """Whether a server is a virtual machine, by the words of its cells.

    A model's or maker's are less sure: a remark says so, under the column's own `title`.
    """
    narrower, cpu, model, manufacturer = (
        str(cells.get(name) or "") for name in ("subcategory", "cpu", "model", "manufacturer")
    )
    if says_virtual(category) or is_virtual_cpu(cpu or None):
        return True, None
    if says_virtual(narrower) or _VIRTUAL.search(narrower):
        return True, None
    by_name = says_virtual(model)
    if not by_name and not _HYPERVISORS.match(manufacturer):
        return False, None
    column, cell = ("model", model) if by_name else ("manufacturer", manufacturer)
    called, shown = title(column), cell[:40]
    return True, Text(
        en=f"{called} {shown!r} is taken as a virtual machine's",
        fr=f"{called} {shown!r} est pris pour celui d’une machine virtuelle",
    )
