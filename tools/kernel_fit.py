"""Fits what `estimators/kernel.py` evaluates: a linear and a smooth part on numbers, and words.

Ridge regression in weight space with the penalties of a Gaussian process. The smooth part stands
on centres (k-means), not on the data's own points.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tools.reference import write

Array = npt.NDArray[np.float64]
Fold = npt.NDArray[np.int64]
Row = tuple[dict[str, float], list[str]]

IMPUTATIONS = 8
JITTER = 1e-3


@dataclass
class Kernel:
    """What is chosen and not fitted: lengths in spreads, sizes in logarithms.

    words   the size of a word's effect; or by the word's first part, `brand` of `brand dell`
    """

    lengths: dict[str, float]
    linear: float = 0.1
    smooth: float = 0.3
    words: float | Mapping[str, float] = 0.1
    noise: float = 0.2
    centres: int = 150
    least_rows_of_word: int = 2
    robust: bool = False

    def size_of(self, word: str) -> float:
        return self.words if isinstance(self.words, float) else self.words[word.split()[0]]


@dataclass
class Fit:
    """A fitted regression."""

    kernel: Kernel
    mean: Array = field(default_factory=lambda: np.zeros(0))
    spread: Array = field(default_factory=lambda: np.zeros(0))
    correlation: Array = field(default_factory=lambda: np.zeros((0, 0)))
    centres: Array = field(default_factory=lambda: np.zeros((0, 0)))
    vocabulary: dict[str, int] = field(default_factory=dict)
    bias: Array = field(default_factory=lambda: np.zeros(0))
    weights: Array = field(default_factory=lambda: np.zeros((0, 0)))

    @property
    def names(self) -> list[str]:
        return list(self.kernel.lengths)

    def learn(self, rows: Sequence[Row], y: Array) -> Fit:
        x = self._fill(rows)
        count = Counter(w for _, words in rows for w in set(words))
        enough = [w for w, n in count.items() if n >= self.kernel.least_rows_of_word]
        self.vocabulary = {w: i for i, w in enumerate(sorted(enough))}
        lengths = np.array(list(self.kernel.lengths.values()))
        self.centres = k_means(x / lengths, self.kernel.centres)
        features = self._features(rows, x)
        penalty = self._penalty(features.shape[1], len(self.names))
        weight = np.ones(len(y))
        for _ in range(4 if self.kernel.robust else 1):
            self.bias = np.asarray(np.average(y, axis=0, weights=weight), np.float64)
            left = (features * weight[:, None]).T
            solved = np.linalg.solve(left @ features + penalty, left @ (y - self.bias))
            self.weights = np.asarray(solved, np.float64)
            off: Array = np.abs(features @ self.weights + self.bias - y).mean(axis=1)
            weight = np.asarray(
                1 / np.maximum(off, 0.08), dtype=np.float64
            )  # towards the median, once the first mean is known
            weight = weight / weight.mean()
        return self

    def predict(self, rows: Sequence[Row]) -> Array:
        found: Array = self._features(rows, self._standard(rows)) @ self.weights + self.bias
        return found

    def _penalty(self, size: int, numbers: int) -> Array:
        k, centres = self.kernel, len(self.centres)
        penalty = np.zeros((size, size))
        sizes = [k.size_of(word) for word in self.vocabulary]
        diagonal = np.concatenate([np.full(numbers, k.linear), np.ones(centres), sizes])
        np.fill_diagonal(penalty, k.noise**2 / diagonal**2)
        block = slice(numbers, numbers + centres)
        among = bumps(self.centres, self.centres) + 1e-6 * np.eye(centres)
        penalty[block, block] = k.noise**2 / k.smooth**2 * among
        return penalty

    def _features(self, rows: Sequence[Row], x: Array) -> Array:
        words = np.zeros((len(rows), len(self.vocabulary)))
        for i, (_, said) in enumerate(rows):
            for word in said:
                if word in self.vocabulary:
                    words[i, self.vocabulary[word]] += 1
        lengths = np.array(list(self.kernel.lengths.values()))
        return np.hstack([x, bumps(x / lengths, self.centres), words])

    def _raw(self, rows: Sequence[Row]) -> Array:
        return np.array([[numbers.get(n, np.nan) for n in self.names] for numbers, _ in rows])

    def _fill(self, rows: Sequence[Row]) -> Array:
        """Standardised numbers; what is missing as expected from the rest, repeated."""
        raw = self._raw(rows)
        self.mean, self.spread = np.nanmean(raw, axis=0), np.nanstd(raw, axis=0) + 1e-9
        for _ in range(IMPUTATIONS if np.isnan(raw).any() else 1):
            x = np.nan_to_num((raw - self.mean) / self.spread) if not self.correlation.size else (
                self._standard(rows))  # fmt: skip
            self.correlation = np.atleast_2d(x.T @ x / len(x)) + JITTER * np.eye(x.shape[1])
        return self._standard(rows)

    def _standard(self, rows: Sequence[Row]) -> Array:
        x: Array = (self._raw(rows) - self.mean) / self.spread
        for pattern in np.unique(np.isnan(x), axis=0):
            if not pattern.any():
                continue
            like = (np.isnan(x) == pattern).all(axis=1)
            among = self.correlation[np.ix_(~pattern, ~pattern)]
            gain = np.linalg.solve(among, self.correlation[np.ix_(~pattern, pattern)])
            x[np.ix_(like, pattern)] = x[np.ix_(like, ~pattern)] @ gain
        return x

    def rows(self) -> list[list[str]]:
        """The regression as `estimators/kernel.py` reads it."""
        count, centres = len(self.names), len(self.centres)
        slopes, near = self.weights[:count], self.weights[count : count + centres]
        words = self.weights[count + centres :]
        scale = zip(self.mean, self.spread, self.kernel.lengths.values(), strict=True)
        return [
            ["bias", "bias", text(self.bias)],
            *(["number", n, text([*s, *w])]
              for n, s, w in zip(self.names, scale, slopes, strict=True)),
            *(["correlation", n, text(c)]
              for n, c in zip(self.names, self.correlation, strict=True)),
            *(["centre", str(i), text([*c, *w])]
              for i, (c, w) in enumerate(zip(self.centres, near, strict=True))),
            *(["word", w, text(words[i])] for w, i in self.vocabulary.items()),
        ]  # fmt: skip

    def write(self, name: str) -> None:
        write(name, ["part", "name", "values"], self.rows())


def text(values: Sequence[float] | Array) -> str:
    return " ".join(f"{v:.5g}" for v in values)


def bumps(a: Array, b: Array) -> Array:
    """exp(-½ distance²) of every row of one with every row of the other."""
    if not len(b):
        return np.zeros((len(a), 0))
    square: Array = ((a[:, None, :] - b[None]) ** 2).sum(axis=2)
    return np.exp(-0.5 * square)


def k_means(x: Array, count: int, rounds: int = 12) -> Array:
    """Centres of clusters; the same at every run."""
    if not count:
        return np.zeros((0, x.shape[1]))
    unique = np.unique(x, axis=0)
    pick = np.random.default_rng(0).choice(len(unique), min(count, len(unique)), replace=False)
    centres = unique[pick].copy()
    for _ in range(rounds):
        nearest = ((x[:, None] - centres[None]) ** 2).sum(axis=2).argmin(axis=1)
        for k in range(len(centres)):
            if (nearest == k).any():
                centres[k] = x[nearest == k].mean(axis=0)
    return centres


def folds(groups: Sequence[str], count: int = 10, seed: int = 0) -> Fold:
    """A fold for each row, whole groups together; the same at every run."""
    names = sorted(set(groups))
    order = np.random.default_rng(seed).permutation(len(names))
    fold_of = {name: int(order[i]) % count for i, name in enumerate(names)}
    return np.array([fold_of[g] for g in groups])


def held_out(
    kernel: Kernel, rows: Sequence[Row], y: Array, fold: Fold,
    asked: Sequence[Row] | None = None,
) -> Array:  # fmt: skip
    """Predictions by fits that did not see the row's group; `asked`: rows with facts hidden."""
    out = np.zeros_like(y)
    for k in np.unique(fold):
        test = np.flatnonzero(fold == k)
        rest = np.flatnonzero(fold != k)
        fitted = Fit(kernel).learn([rows[int(i)] for i in rest], y[rest])
        out[test] = fitted.predict([(asked or rows)[int(i)] for i in test])
    return out


def spread_by_group(
    log_ratio: Array, groups: Sequence[str], share: float = 0.9
) -> tuple[float, float]:
    """Bounds of this share of measured over modelled, as ratios; each group counts once."""
    count = Counter(groups)
    weight = np.array([1 / count[g] for g in groups])
    order = np.argsort(log_ratio)
    below = (np.cumsum(weight[order]) - 0.5 * weight[order]) / weight.sum()
    tail = (1 - share) / 2
    low, high = np.interp([tail, 1 - tail], below, log_ratio[order])
    return float(np.exp(low)), float(np.exp(high))
