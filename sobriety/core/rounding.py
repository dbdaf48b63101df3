"""Rounds figures for display, and only there.

A figure shows the digits that its interval supports. Parts of a sum share their decimals and are
rounded so that what is printed adds up to the printed total (largest remainder).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

_DIGITS = 3
"""Most digits of a value that anybody reads; a sum may need one more for its smallest part."""


def decimals(value: float, low: float, high: float) -> int:
    """Two digits of the interval's width, and not more than three of the value unless its ends
    would look alike; negative rounds to tens, hundreds."""
    width = high - low
    size = abs(value) or abs(high)
    if size == 0:
        return 0
    of_value = _DIGITS - 1 - _magnitude(size)
    if width <= 0:
        return of_value
    return min(1 - _magnitude(width), max(of_value, -_magnitude(width)))


def decimals_of_sum(total: tuple[float, float, float], parts: Sequence[float]) -> int:
    """Decimals that a total (value, low, high) and its parts are all printed with.

    Those that the total's interval supports; at most two more for the smallest part's sake: two
    digits of it within three of the total, or one within four. Each tenfold of parts may add one.
    """
    supported = decimals(*total)
    largest = abs(total[0]) or max((abs(p) for p in parts), default=0.0)
    if largest == 0:
        return supported
    more = math.ceil(math.log10(len(parts))) if len(parts) > 3 else 0
    of_total = _DIGITS - 1 - _magnitude(largest) + more
    of_part = -_magnitude(min((abs(p) for p in parts if p), default=largest))
    wanted = max(min(of_part + 1, of_total), min(of_part, of_total + 1))
    return max(supported, min(wanted, supported + 2))


def apportioned(parts: Sequence[float], places: int) -> list[float]:
    """The parts rounded to `places` decimals so that they add to their rounded sum.

    Each is off by less than one unit of the last place: the largest remainders are rounded up.
    """
    unit = 10.0**-places
    whole = [math.floor(p / unit) for p in parts]
    short = round(math.fsum(parts) / unit) - sum(whole)
    by_remainder = sorted(range(len(parts)), key=lambda i: parts[i] / unit - whole[i], reverse=True)
    for i in by_remainder[:short]:
        whole[i] += 1
    return [_steps(n, places) for n in whole]


def rounded(value: float, places: int) -> float:
    """To `places` decimals, half to even, as a whole number of units of the last place."""
    return _steps(round(value / 10.0**-places), places)


def _steps(count: int, places: int) -> float:
    # Dividing by a power of ten gives the nearest float to the printed text; multiplying by 0.1
    # does not (3 × 0.1).
    return count / 10**places if places >= 0 else float(count * 10**-places)


def _magnitude(value: float) -> int:
    return math.floor(math.log10(abs(value)))
