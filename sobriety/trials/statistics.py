"""Statistics of repeated runs: median, spread, and the interval of a ratio.

Runs of one round are a pair: what slows a machine for a minute slows both, and their ratio keeps
nothing of it. Pure Python: a few tens of figures are less work than importing an array library.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

SIGMA_PER_MAD = 1.4826
"""What makes the median absolute deviation of Gaussian noise its standard deviation."""

TRIMMED_SHARE = 0.2
"""Of the rounds, left out at each end: a tail that one run in ten has moves nothing."""

FEWEST_ROUNDS = 6
"""Five rounds that all fall on one side do so by chance once in sixteen times."""

RESAMPLES = 2000

POWER_SHARE = 0.8
"""How often a difference shows that runs are said to be enough for."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times the first command's figure the other's is, and the interval of that.

    The interval is of the spread between rounds only: what all runs have in common, as a model's
    error, is not in it.
    """

    value: float
    low: float
    high: float
    rounds: int

    @property
    def half_width_share(self) -> float:
        """Half of the interval, on the logarithmic scale on which it was found."""
        return math.log(self.high / self.low) / 2

    @property
    def is_shown(self) -> bool:
        """Whether the interval leaves out that both are the same."""
        return self.low > 1 or self.high < 1

    def more_rounds(self, share: float) -> int:
        """How many more rounds would show that one needs so much less, four times in five.

        0 where these rounds were enough for it. An interval narrows with the root of its rounds.
        """
        wanted_width = -math.log(1 - share) / _BEYOND
        return max(
            0, math.ceil(self.rounds * (self.half_width_share / wanted_width) ** 2 - self.rounds)
        )


def median(values: Sequence[float]) -> float:
    """The middle one, or the mean of the two middle ones. Raises ValueError without any."""
    if not values:
        raise ValueError("no values, so no median")
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def mad(values: Sequence[float]) -> float:
    """Median absolute deviation from the median."""
    middle = median(values)
    return median([abs(v - middle) for v in values])


def modified_z_scores(values: Sequence[float]) -> list[float]:
    """How many robust standard deviations each lies above the median.

    The deviation is never taken for less than a thousandth of the median: figures that agree by
    chance make no outlier of their neighbour.
    Source: Iglewicz and Hoaglin (1993), How to detect and handle outliers
    """
    middle = median(values)
    sigma = max(SIGMA_PER_MAD * mad(values), abs(middle) / 1000)
    return [(v - middle) / sigma if sigma else 0.0 for v in values]


def spread_ratio(values: Sequence[float]) -> float:
    """A standard deviation that tails do not move, relative to the median. 0 for a median of 0."""
    middle = median(values)
    return SIGMA_PER_MAD * mad(values) / middle if middle else 0.0


def trimmed_mean(values: Sequence[float]) -> float:
    """The mean of what is left when the lowest and the highest fifth are put aside."""
    ordered = sorted(values)
    cut = int(len(ordered) * TRIMMED_SHARE)
    kept = ordered[cut : len(ordered) - cut]
    return sum(kept) / len(kept)


def paired_ratio(
    first: Sequence[float],
    other: Sequence[float],
    *,
    comparisons: int = 1,
    confidence_share: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Ratio | None:
    """The ratio of two commands, round by round, with a bootstrap interval over rounds.

    Several comparisons share the risk of a false alarm. None where a figure is 0: it was too small
    to be measured. Raises ValueError where the rounds do not match or are too few.
    """
    if len(first) != len(other):
        raise ValueError(f"{len(first)} and {len(other)} rounds cannot be paired")
    if len(first) < FEWEST_ROUNDS:
        raise ValueError(f"{len(first)} rounds are too few for an interval")
    if min(first) <= 0 or min(other) <= 0:
        return None
    logs = [math.log(b / a) for a, b in zip(first, other, strict=True)]
    tail_share = _widened((1 - confidence_share) / 2 / comparisons, len(logs))
    low, high = _bootstrap(logs, tail_share, resamples, seed)
    value = trimmed_mean(logs)
    return Ratio(math.exp(value), math.exp(min(low, value)), math.exp(max(high, value)), len(logs))


def unpaired_ratio(
    first: Sequence[float],
    other: Sequence[float],
    *,
    confidence_share: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Ratio | None:
    """The ratio of two sets of runs that have no rounds in common, as of another day.

    What slowed the machine on one day only is in the ratio and not in its interval. None where a
    figure is 0. Raises ValueError for runs too few.
    """
    count = min(len(first), len(other))
    if count < FEWEST_ROUNDS:
        raise ValueError(f"{count} runs are too few for an interval")
    if min(first) <= 0 or min(other) <= 0:
        return None
    before, now = [math.log(v) for v in first], [math.log(v) for v in other]
    tail_share = _widened((1 - confidence_share) / 2, count)
    draw = Random(seed)
    apart = sorted(
        trimmed_mean(draw.choices(now, k=len(now)))
        - trimmed_mean(draw.choices(before, k=len(before)))
        for _ in range(resamples)
    )
    at = int(tail_share * resamples)
    value = trimmed_mean(now) - trimmed_mean(before)
    low, high = min(apart[at], value), max(apart[-1 - at], value)
    return Ratio(math.exp(value), math.exp(low), math.exp(high), count)


def _bootstrap(
    logs: list[float], tail_share: float, resamples: int, seed: int
) -> tuple[float, float]:
    """Percentiles of the trimmed mean over rounds that are drawn again and again."""
    choices, count = Random(seed).choices, len(logs)
    cut = int(count * TRIMMED_SHARE)
    ordered = sorted(logs)
    # Drawing ranks' values from a sorted list changes nothing and makes sorting cheaper.
    means = sorted(
        sum(sorted(choices(ordered, k=count))[cut : count - cut]) for _ in range(resamples)
    )
    at = int(tail_share * resamples)
    kept = count - 2 * cut
    return means[at] / kept, means[-1 - at] / kept


def _widened(tail_share: float, count: int) -> float:
    """The tail to read so that few rounds keep what many promise: a bootstrap knows nothing of
    Student's tails. That it is too narrow by √(n/(n-1)) is not made good: trimming widens it more.

    Source: Hesterberg (2015), https://doi.org/10.1080/00031305.2015.1089789 (section 3.2)
    """
    z, free = -normal_quantile(tail_share), count - 1
    # Cornish and Fisher's expansion of Student's quantile; the fourth term is below 1 % here.
    t = (
        z
        + (z**3 + z) / (4 * free)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * free**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * free**3)
    )
    return _normal_share(-t)


def normal_quantile(share: float) -> float:
    """Below how many standard deviations a share of Gaussian noise lies. 0 < share < 1."""
    low, high = -12.0, 12.0
    while high - low > 1e-12:
        middle = (low + high) / 2
        low, high = (middle, high) if _normal_share(middle) < share else (low, middle)
    return (low + high) / 2


def _normal_share(z: float) -> float:
    return math.erfc(-z / math.sqrt(2)) / 2


_BEYOND = 1 + normal_quantile(POWER_SHARE) / normal_quantile(0.975)
"""How many half-widths a difference must have to show so often. One shows every other time."""
