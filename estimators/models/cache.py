"""Caches estimates by machine facts.

Ten thousand hosts are of a few hundred models, and a regression takes a millisecond.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import fields, replace
from functools import wraps
from operator import attrgetter
from typing import Concatenate, ParamSpec, TypeVar

from sobriety.core.machine import Machine

P = ParamSpec("P")
R = TypeVar("R", bound=Hashable | None)

_MODELS = 4096
_facts = attrgetter(*(f.name for f in fields(Machine) if f.name != "host"))


def by_facts(
    function: Callable[Concatenate[Machine, P], R],
) -> Callable[Concatenate[Machine, P], R]:
    """Cache the results of a pure function of a machine's facts, whatever its name.

    Results are shared, so they cannot be changed. Errors are not cached.
    """
    answers: dict[tuple[object, ...], R] = {}

    @wraps(function)
    def of_any_name(machine: Machine, /, *rest: P.args, **named: P.kwargs) -> R:
        asked = (_facts(machine), rest, *named.items())
        if asked in answers:
            return answers[asked]
        answer = function(replace(machine, host=""), *rest, **named)
        if len(answers) == _MODELS:
            answers.clear()
        answers[asked] = answer
        return answer

    return of_any_name
