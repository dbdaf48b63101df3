"""A year of devices that nobody watches."""

from __future__ import annotations

import pytest

from sobriety.core.errors import FactorNotFound
from sobriety.core.machine import Machine
from sobriety.core.units import J_PER_KWH
from sobriety.estimators import typical_year
from sobriety.inventory.devices import CATEGORIES

UNKNOWN = {"ups", "other"}


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_kind_has_a_year_or_says_that_it_has_none(category: str) -> None:
    machine = Machine(category=None if category == "other" else category)
    if category in UNKNOWN:
        with pytest.raises(FactorNotFound, match="no typical use"):
            typical_year(machine, category)
        return
    found = typical_year(machine, category)
    assert found.basis == "archetype" and 0 < found.low < found.value < found.high
    assert found.high / found.low > 2  # nobody knows how it is used
    kwh = found.value / J_PER_KWH
    assert 2 < kwh < 5000


def test_kinds_stand_in_a_believable_order() -> None:
    def kwh(category: str) -> float:
        return typical_year(Machine(category=category), category).value / J_PER_KWH

    assert kwh("smartphone") < kwh("notebook") < kwh("desktop") < kwh("workstation")
    assert kwh("workstation") < kwh("switch") < kwh("server")
