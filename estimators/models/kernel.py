"""Evaluates a fitted regression in plain Python, without a numerical library.

y = bias + Σ words + Σ slope · x + Σ weight · exp(-½ |(x - centre) / length|²), on standardised
numbers x. It is a Gaussian process with a linear and a smooth part, reduced to centres
(`tools/kernel_fit.py` fits and writes it). Numbers that are not known take their expectation given
those that are.

Source: Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, sections 2.7 and 8.3
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from math import exp

from ..tables import table

CoefficientRows = Sequence[Mapping[str, str]]
"""part (bias, number, correlation, centre, word), name, and values with spaces between:
number: mean, spread, length, then a slope for each output; correlation: with each number;
centre: coordinates in lengths, then a weight for each output; bias and word: for each output."""


class Regression:
    """A fitted regression with one or several outputs."""

    def __init__(self, rows: CoefficientRows) -> None:
        def part(wanted: str) -> dict[str, tuple[float, ...]]:
            return {
                row["name"]: tuple(map(float, row["values"].split()))
                for row in rows
                if row["part"] == wanted
            }

        self._bias = part("bias")["bias"]
        numbers = part("number")
        self.numbers = tuple(numbers)
        self._scales = {name: values[:3] for name, values in numbers.items()}
        self._slopes = [values[3:] for values in numbers.values()]
        self._correlations = part("correlation")
        count = len(numbers)
        centres = part("centre").values()
        self._centres = [c[:count] for c in centres]
        self._weights = list(zip(*(c[count:] for c in centres), strict=True)) or [()] * len(
            self._bias
        )
        self._words = part("word")
        self._gains: dict[tuple[str, ...], list[tuple[float, ...]]] = {}

    def predict(self, numbers: Mapping[str, float], words: Iterable[str]) -> tuple[float, ...]:
        """The outputs. `numbers` holds what is known; unknown words say nothing."""
        x = self._standardised(numbers)
        lengths = [scale[2] for scale in self._scales.values()]
        scaled = [v / length for v, length in zip(x, lengths, strict=True)]
        near = [
            exp(-0.5 * sum([(a - b) * (a - b) for a, b in zip(scaled, centre, strict=True)]))
            for centre in self._centres
        ]
        outputs = [
            bias + sum([w * k for w, k in zip(weights, near, strict=True)])
            for bias, weights in zip(self._bias, self._weights, strict=True)
        ]
        for value, slopes in zip(x, self._slopes, strict=True):
            for k, slope in enumerate(slopes):
                outputs[k] += slope * value
        for word in words:
            for k, effect in enumerate(self._words.get(word, ())):
                outputs[k] += effect
        return tuple(outputs)

    def knows(self, word: str) -> bool:
        return word in self._words

    def _standardised(self, numbers: Mapping[str, float]) -> list[float]:
        known = {
            name: (numbers[name] - mean) / spread
            for name, (mean, spread, _) in self._scales.items()
            if name in numbers
        }
        if len(known) == len(self.numbers):
            return [known[name] for name in self.numbers]
        expected = self._expected(known)
        return [known[n] if n in known else expected[n] for n in self.numbers]

    def _expected(self, known: Mapping[str, float]) -> dict[str, float]:
        """The numbers that are not known, given the others, as if jointly normal."""
        given = tuple(known)
        missing = [n for n in self.numbers if n not in known]
        if given not in self._gains:
            at = {n: i for i, n in enumerate(self.numbers)}
            among = [[self._correlations[a][at[b]] for b in given] for a in given]
            self._gains[given] = [
                solve(among, [self._correlations[n][at[b]] for b in given]) for n in missing
            ]
        return {
            n: sum(g * v for g, v in zip(gain, known.values(), strict=True))
            for n, gain in zip(missing, self._gains[given], strict=True)
        }


def solve(matrix: Sequence[Sequence[float]], right: Sequence[float]) -> tuple[float, ...]:
    """x of matrix · x = right, for a small positive definite matrix."""
    size = len(right)
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for i in range(size):
        for j in range(i + 1, size):
            factor = rows[j][i] / rows[i][i]
            rows[j] = [b - factor * a for a, b in zip(rows[i], rows[j], strict=True)]
    x = [0.0] * size
    for i in reversed(range(size)):
        x[i] = (rows[i][size] - sum(rows[i][j] * x[j] for j in range(i + 1, size))) / rows[i][i]
    return tuple(x)


@cache
def regression(name: str) -> Regression:
    """The regression in `data/<name>.csv`."""
    return Regression(table(name))
