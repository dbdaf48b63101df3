"""Facts that a datasheet or an inventory adds to those of the machine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Details:
    """Facts beyond `core.machine.Machine`. None is unknown.

    base_ghz     clock without boost
    nodes        servers in one enclosure; the machine's counts are then of all of them together
    subcategory  the maker's or the owner's word: `blade`, `tower`, `2-in-1`
    graphics     ENERGY STAR's class, G1 to G7, or a card's name
    """

    base_ghz: float | None = None
    nodes: int | None = None
    subcategory: str | None = None
    graphics: str | None = None
    storage_gb: float | None = None
    weight_kg: float | None = None


NONE = Details()
