"""Breaks a command's joules down: by process, by function, as a flame graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sobriety.core.display import energy

if TYPE_CHECKING:
    from sobriety.profiling.functions import FunctionSampler
    from sobriety.profiling.process_tree import ProcessTree
    from sobriety.profiling.profiler import Profile, Watcher

    from .profile_options import ProfileOptions

WORTH_A_LINE_RATIO = 0.01
MOST_LINES = 15
MOST_FUNCTIONS = 200

Lines = list[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Samplers of a run, and what they saw of it."""

    tree: ProcessTree | None = None
    functions: FunctionSampler | None = None
    flame_file: Path | None = None

    @classmethod
    def of(cls, options: ProfileOptions) -> Breakdown:
        """Start the samplers that the options need. Raises NotSupported and MissingExtra."""
        tree = functions = None
        if options.shows_tree:
            from sobriety.core.host import LocalHost
            from sobriety.profiling.process_tree import ProcessTree

            tree = ProcessTree(LocalHost())
        if options.shows_functions or options.flame_file is not None:
            from sobriety.profiling.functions import FunctionSampler

            functions = FunctionSampler()
        return cls(tree, functions, options.flame_file)

    @property
    def watchers(self) -> list[Watcher]:
        return [watcher for watcher in (self.tree, self.functions) if watcher is not None]

    def lines(self, result: Profile) -> list[str]:
        """Tables for the terminal."""
        tables = [
            _processes(self.tree, result) if self.tree else [],
            _functions(self.functions, result) if self.functions else [],
        ]
        return [line for rows in tables if rows for line in ("", *_columns(rows))]

    def as_dict(self, result: Profile) -> dict[str, object]:
        """Entries of docs/schema/profile.json."""
        entries: dict[str, object] = {}
        if self.tree is not None:
            entries["processes"] = [
                {
                    "path": list(branch.path),
                    "processes": branch.processes,
                    "cpu_s": branch.cpu_s,
                    "energy_j": result.energy.scaled(_share(result, branch.cpu_s)).as_dict(),
                }
                for branch in self.tree.branches()
            ]
        if self.functions is not None:
            from sobriety.profiling.functions import by_function

            costs = by_function(self.functions.weighed(result.run.cpu_s), result.energy)
            entries["functions"] = [
                {
                    "name": cost.frame.name,
                    "file": cost.frame.file or None,
                    "line": cost.frame.line or None,
                    "own_energy_j": cost.own.as_dict(),
                    "total_energy_j": cost.total.as_dict(),
                }
                for cost in costs[:MOST_FUNCTIONS]
            ]
        return entries

    def write(self, result: Profile, name: str) -> None:
        """Write the flame graph, where one is wanted. Raises ConfigError."""
        if self.flame_file is None or self.functions is None or not self.functions.stacks:
            return
        from sobriety.files.durable import write_whole
        from sobriety.profiling.flame import page

        shares = self.functions.weighed(result.run.cpu_s)
        write_whole(self.flame_file, page(name, shares, result.energy))


def _share(result: Profile, cpu_s: float) -> float:
    whole_s = result.run.cpu_s
    return min(1.0, cpu_s / whole_s) if whole_s else 0.0


def _processes(tree: ProcessTree, result: Profile) -> Lines:
    """Each process with all below it; small ones are left out, and unseen time has a row."""
    rows: Lines = []
    branches = tree.branches()
    for branch in branches:
        times = f" ×{branch.processes}" if branch.processes > 1 else ""
        name = "  " * (len(branch.path) - 1) + branch.path[-1] + times
        _add(rows, name, _share(result, branch.whole_cpu_s), result)
    unseen_s = result.run.cpu_s - sum(branch.cpu_s for branch in branches)
    _add(rows, "after the last scan", _share(result, max(0.0, unseen_s)), result)
    return rows


def _functions(sampler: FunctionSampler, result: Profile) -> Lines:
    """Functions by their own use."""
    from sobriety.profiling.functions import by_function

    rows: Lines = []
    costs = by_function(sampler.weighed(result.run.cpu_s), result.energy)
    for cost in costs[:MOST_LINES]:
        _add(rows, str(cost.frame), cost.own_ratio, result)
    left = 1 - sum(cost.own_ratio for cost in costs[: len(rows)])
    if rows:
        _add(rows, "other functions", left, result)
    return rows


def _add(rows: Lines, name: str, ratio: float, result: Profile) -> None:
    if ratio >= WORTH_A_LINE_RATIO:
        rows.append((name, energy(result.energy.scaled(ratio)), f"{100 * ratio:.0f} %"))


def _columns(rows: Sequence[tuple[str, str, str]]) -> list[str]:
    widths = [max((len(row[i]) for row in rows), default=0) for i in range(3)]
    return [f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}" for a, b, c in rows]
