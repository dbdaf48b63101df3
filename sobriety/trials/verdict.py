"""States a comparison's verdict in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .runs import Trial
from .statistics import FEWEST_ROUNDS, Ratio, paired_ratio

QUANTITIES = {"energy_j": "energy", "wall_s": "time", "cpu_s": "processor time"}

_TAKES = {"energy_j": "uses", "wall_s": "takes", "cpu_s": "takes"}

WORTH_SHARE = 0.05
"""The difference that runs should be enough to show."""

_MOST_MORE_ROUNDS = 1000


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one figure of two commands. `ratio` is the other's over the first's; None is unknown."""

    metric: str
    first: str
    other: str
    ratio: Ratio | None
    sentence: str


def verdicts(trials: Sequence[Trial]) -> tuple[Verdict, ...]:
    """Every other command against the first, in energy, time and processor time."""
    first, *others = trials
    return tuple(
        _verdict(metric, first, other, len(others)) for other in others for metric in QUANTITIES
    )


def _verdict(metric: str, first: Trial, other: Trial, comparisons: int) -> Verdict:
    ratio, why_not = None, _unknown(metric, first, other)
    if why_not is None:
        ratio = paired_ratio(first.values(metric), other.values(metric), comparisons=comparisons)
        why_not = None if ratio else "a figure of 0 has no ratio"
    if ratio is None:
        said = f"nothing can be said of {QUANTITIES[metric]}: {why_not}"
    else:
        said = said_of(metric, other.label, ratio)
    return Verdict(metric, first.label, other.label, ratio, said)


def said_of(metric: str, label: str, ratio: Ratio) -> str:
    """`B uses 23 % less energy (18 to 28 %)`, or that no difference is shown."""
    if ratio.is_shown:
        return f"{label} {_TAKES[metric]} {_more_or_less(ratio, QUANTITIES[metric])}"
    return _not_shown(ratio, QUANTITIES[metric])


def _unknown(metric: str, first: Trial, other: Trial) -> str | None:
    if len(first.runs) < FEWEST_ROUNDS:
        return f"give --runs {FEWEST_ROUNDS} or more"
    if metric == "energy_j" and len({p.is_metered for t in (first, other) for p in t.runs}) > 1:
        return "a sensor covered some runs and not others"
    return None


def _more_or_less(ratio: Ratio, what: str) -> str:
    """`23 % less energy (18 to 28 %)`; from twice on, `2.5 times the energy (2.3 to 2.7)`."""
    if ratio.low >= 2:
        low, value, high = (f"{v:.2g}" for v in (ratio.low, ratio.value, ratio.high))
        return f"{value} times the {what} ({low} to {high})"
    word = "less" if ratio.value < 1 else "more"
    shares = sorted(abs(v - 1) for v in (ratio.low, ratio.value, ratio.high))
    places = 0 if shares[1] >= 0.02 else 1
    low, value, high = (f"{100 * s:.{places}f}" for s in shares)
    return f"{value} % {word} {what} ({low} to {high} %)"


def _not_shown(ratio: Ratio, what: str) -> str:
    more = ratio.more_rounds(WORTH_SHARE)
    if not more:
        plan = f"these runs would have shown {WORTH_SHARE:.0%}"
    elif more > _MOST_MORE_ROUNDS:
        plan = f"the machine is too noisy to show {WORTH_SHARE:.0%}"
    else:
        runs = "run" if more == 1 else "runs"
        plan = f"{more} more {runs} of each would show {WORTH_SHARE:.0%}"
    between = f"{_signed(ratio.low)} to {_signed(ratio.high)}"
    return f"no difference shown in {what} ({between}); {plan.replace('%', ' %')}"


def _signed(ratio: float) -> str:
    share = abs(ratio - 1)
    return f"{100 * share:.{0 if share >= 0.02 else 1}f} % {'less' if ratio < 1 else 'more'}"


def common_error(trials: Sequence[Trial]) -> str:
    """What the ratio of energies keeps of the model's error, and what not."""
    if any(p.is_metered for t in trials for p in t.runs):
        return (
            "a sensor's error of scale is the same for all and cancels in the ratio; what is taken"
            " off for idle is a model, and its error does not quite"
        )
    return (
        "energy is modelled from processor time by one curve: its error is the same for all and"
        " cancels in the ratio, so the ratio of energies is that of processor times"
    )
