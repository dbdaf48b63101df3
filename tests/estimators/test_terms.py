"""Terms from others: in order, with their source, and nothing beyond their bounds."""

from __future__ import annotations

import pytest

from sobriety.core.units import J_PER_KWH
from sobriety.estimators import network_energy, room_pue, rooms


def test_rooms_from_the_closet_to_the_largest() -> None:
    assert rooms() == ("closet", "server room", "data centre", "hyperscale")
    found = [room_pue(room) for room in rooms()]
    assert [p.value for p in found] == sorted((p.value for p in found), reverse=True)
    assert all(1 < p.low < p.value < p.high <= 2.5 and p.sources[0] for p in found)
    with pytest.raises(KeyError):
        room_pue("igloo")


def test_a_gigabyte_costs_what_its_sources_say() -> None:
    one = network_energy(1e9)
    assert (one.low, one.high) == pytest.approx((0.0065 * J_PER_KWH, 0.06 * J_PER_KWH))
    assert network_energy(3e9).value == pytest.approx(3 * one.value)
    assert "Aslan" in one.sources[0] and one.basis == "archetype"
