"""Carbon of energy used, location-based: energy times grid intensity."""

from __future__ import annotations

from sobriety.core.estimate import Estimate, product
from sobriety.core.method import MethodKind
from sobriety.core.units import G_PER_KG, J_PER_KWH

CONTRACT = MethodKind("contract", "market-based, by contract")


def co2e(energy: Estimate, intensity: Estimate) -> Estimate:
    """Kilograms of CO2e of joules at a grid's grams a kWh. The two errors are independent."""
    return product("co2e_kg", energy, intensity, unit_factor=1 / (J_PER_KWH * G_PER_KG))


def contract_intensity(g_per_kwh: float, source: str) -> Estimate:
    """What a contract for electricity states, exactly."""
    return Estimate(
        "market_g_per_kwh", g_per_kwh, g_per_kwh, g_per_kwh, "declared", CONTRACT(), (source,)
    )
