"""Applies the energy formulas to frames of any size, on DuckDB or a cluster, by Narwhals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sobriety.core.errors import MissingExtra

from .energy import Coefficients, EnergyPlan, energy_j

if TYPE_CHECKING:
    import narwhals as nw

PLAN_KEYS = ("host", "observed", "state")
BOUNDS = (("value", "energy_j"), ("low", "energy_low_j"), ("high", "energy_high_j"))


def plan_table(
    plans: Mapping[tuple[Any, ...], EnergyPlan], keys: Sequence[str] = PLAN_KEYS
) -> dict[str, list[Any]]:
    """Plans as plain columns: their keys, and for each bound its multipliers.

    `plans` is by the values of `keys`: host, observed groups as the row spells them, and state,
    unless others are named. Measures that no plan asks for have no columns, but for the first:
    reading them costs more than all the rest.
    """
    columns: dict[str, list[Any]] = {key: [k[i] for k in plans] for i, key in enumerate(keys)}
    for i, name in enumerate(Coefficients._fields):
        by_bound = {b: [getattr(p, b)[i] for p in plans.values()] for b, _ in BOUNDS}
        if i == 0 or any(map(any, by_bound.values())):
            columns |= {f"{bound}_{name}": values for bound, values in by_bound.items()}
    return columns


def numbered_plans(
    plans: Mapping[tuple[Any, ...], EnergyPlan],
) -> tuple[dict[tuple[Any, ...], int], dict[tuple[Any, ...], EnergyPlan]]:
    """A number for each key, the same where the multipliers are; and a plan for each number. A
    fleet has many hosts and few plans: rows are summed by plan before they are multiplied."""
    numbers: dict[object, int] = {}
    by_number: dict[tuple[Any, ...], EnergyPlan] = {}
    by_key: dict[tuple[Any, ...], int] = {}
    for key, plan in plans.items():
        number = numbers.setdefault((plan.value, plan.low, plan.high), len(numbers))
        by_number.setdefault((number,), plan)
        by_key[key] = number
    return by_key, by_number


def plan_measures(plans: Iterable[str]) -> list[str]:
    """The measures that a table of plans has multipliers for; `plans` are its columns."""
    there = set(plans)
    return [n for n in Coefficients._fields if f"value_{n}" in there]


def with_energy(
    usage: nw.LazyFrame[Any], plans: nw.LazyFrame[Any], keys: Sequence[str] = PLAN_KEYS
) -> nw.LazyFrame[Any]:
    """Usage with energy_j, energy_low_j and energy_high_j; null where there is no plan.

    `plans` has the columns of `plan_table` with these keys.
    """
    try:
        import narwhals as nw
    except ImportError:
        raise MissingExtra("narwhals", "report") from None
    joined = usage.join(plans, on=list(keys), how="left")
    names = plan_measures(plans.collect_schema().names())
    # What was not observed is null, and its multiplier is 0: it must not make null of all.
    measures = [nw.col(name).fill_null(0.0) for name in names]
    helpers = [f"{bound}_{name}" for bound, _ in BOUNDS for name in names]
    return joined.with_columns(
        energy_j([nw.col(f"{bound}_{n}") for n in names], measures).alias(column)
        for bound, column in BOUNDS
    ).drop(helpers)
