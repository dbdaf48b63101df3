"""What was said of a machine is said of every machine like it: ten thousand hosts are of a few
hundred models, and a regression takes a millisecond."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from functools import lru_cache, wraps
from typing import Concatenate, ParamSpec, TypeVar

from sobriety.core.machine import Machine

P = ParamSpec("P")
R = TypeVar("R", bound=Hashable | None)

_MODELS = 4096


def by_facts(
    function: Callable[Concatenate[Machine, P], R],
) -> Callable[Concatenate[Machine, P], R]:
    """Remember the answers of a pure function of a machine's facts, whatever its name.

    Answers are shared, so they cannot be changed. Errors are not remembered.
    """
    answer = lru_cache(maxsize=_MODELS)(function)

    @wraps(function)
    def of_any_name(machine: Machine, /, *rest: P.args, **named: P.kwargs) -> R:
        nameless = replace(machine, host="") if machine.host else machine
        return answer(nameless, *rest, **named)  # type: ignore[arg-type]

    return of_any_name
