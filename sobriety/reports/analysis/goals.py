"""Which goals an indicator serves."""

from __future__ import annotations

from collections.abc import Sequence

from sobriety.declared.goals import Goal


def serving(goals: Sequence[Goal], indicator: str) -> tuple[str, ...]:
    """Ids of the goals that an indicator serves, and of those that they serve in turn."""
    found = [g for g in goals if g.indicator == indicator]
    names = [g.id for g in found]
    for goal in found:
        names += [name for name in goal.serves if name not in names]
    return tuple(names)
