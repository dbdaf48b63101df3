"""Budgets of `profile` for continuous integration: checks, annotations, JUnit, SCI."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sobriety.core.display import energy, mass
from sobriety.core.estimate import Estimate

if TYPE_CHECKING:
    from sobriety.profiling.budget import Budget, Check, FunctionalUnits, Judged

F = TypeVar("F", bound=Callable[..., Any])

BROKEN = 3
"""The exit code of a command that went well and cost too much."""

SHOWN = {"energy_j": energy, "co2e_kg": mass}


@dataclass(frozen=True, slots=True)
class RunCost:
    """What one run, or the middle of several, cost."""

    name: str
    wall_s: float
    energy: Estimate
    co2e: Estimate | None
    making: Estimate


@dataclass(frozen=True, slots=True)
class Limits:
    """The options, as given."""

    budgets: tuple[Budget, ...]
    unit: FunctionalUnits | None
    junit_file: Path | None

    @property
    def any(self) -> bool:
        return bool(self.budgets or self.unit or self.junit_file)

    def lines(self, cost: RunCost) -> list[str]:
        """For the summary."""
        if not self.any:
            return []
        found = [judged.said for judged in self.judged(cost)]
        piece = self.piece(cost)
        if self.unit and piece:
            name = self.unit.name.removesuffix("s")
            found.insert(0, f"SCI              {mass(piece)} for each {name}")
        elif self.unit:
            found.insert(0, "SCI              unknown without a grid zone")
        return found

    def judged(self, cost: RunCost) -> tuple[Judged, ...]:
        from sobriety.profiling.budget import NAMES, Judged, checks

        return tuple(
            Judged(NAMES[check.budget.metric], _said(check), check.is_broken)
            for check in checks(self.budgets, cost.energy, cost.co2e)
        )

    def piece(self, cost: RunCost) -> Estimate | None:
        if not self.unit:
            return None
        from sobriety.profiling.budget import sci

        return sci(cost.co2e, cost.making, self.unit)

    def close(self, cost: RunCost, exit_code: int, more: Sequence[Judged] = ()) -> int:
        """Tell those who wait for it. Gives the exit code: the command's own comes first."""
        in_github = os.environ.get("GITHUB_ACTIONS") == "true"
        if not self.any and not in_github and not more:
            return exit_code
        judged = (*self.judged(cost), *more)
        if self.junit_file:
            _write_junit(self.junit_file, cost, judged)
        if in_github:
            _tell_github(cost, judged)
        return exit_code or (BROKEN if any(each.is_broken for each in judged) else 0)


def limit_options(function: F) -> F:
    """The function gets them as `limits`."""
    options = (
        click.option("--max-energy", metavar="AMOUNT",
                     help="Exit with 3 when it used more: 50J, 0.2Wh."),
        click.option("--max-co2e", metavar="AMOUNT",
                     help="Exit with 3 when use emitted more: 2mg, 1g."),
        click.option("--functional-unit", metavar="NAME=COUNT",
                     help="Say the carbon of each by ISO/IEC 21031 (SCI): requests=1000."),
        click.option("--junit", "junit_file", type=click.Path(path_type=Path),
                     help="Write the budgets as JUnit XML, for GitLab and others."),
    )  # fmt: skip

    @functools.wraps(function)
    def gathered(*args: Any, **given: Any) -> Any:
        asked = (("energy_j", given.pop("max_energy")), ("co2e_kg", given.pop("max_co2e")))
        unit, junit_file = given.pop("functional_unit"), given.pop("junit_file")
        if unit is None and not any(text for _, text in asked):
            return function(*args, limits=Limits((), None, junit_file), **given)
        from sobriety.profiling.budget import budget, functional_unit

        limits = Limits(
            tuple(budget(metric, text) for metric, text in asked if text is not None),
            functional_unit(unit) if unit is not None else None,
            junit_file,
        )
        return function(*args, limits=limits, **given)

    result: Any = gathered
    for option in reversed(options):
        result = option(result)
    decorated: F = result
    return decorated


def _said(check: Check) -> str:
    from sobriety.profiling.budget import NAMES

    name = NAMES[check.budget.metric]
    if check.seen is None:
        return f"over budget      {name} is unknown, and was to be {check.budget.text} at most"
    shown = SHOWN[check.budget.metric](check.seen)
    if check.is_broken:
        return f"over budget      {name} {shown}, {check.budget.text} at most"
    return f"within budget    {name} {shown}, {check.budget.text} at most"


def _tell_github(cost: RunCost, judged: Sequence[Judged]) -> None:
    """An annotation for each that is broken, and a row in the step's summary."""
    for each in judged:
        if each.is_broken:
            said = " ".join(each.said.split())
            sys.stderr.write(f"::error title=sobriety::{_escaped(f'{cost.name}: {said}')}\n")
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if path:
        carbon = mass(cost.co2e) if cost.co2e else "unknown"
        verdict = "; ".join(" ".join(each.said.split()) for each in judged) or "no budget"
        name = cost.name.replace("|", "\\|").replace("`", "'")
        head = "\n| command | energy | carbon of use | budget |\n|---|---|---|---|\n"
        row = f"| `{name}` | {energy(cost.energy)} | {carbon} | {verdict} |\n"
        try:
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(head + row)
        except OSError as error:  # a page that nobody sees does not break a build
            reason = error.strerror or type(error).__name__
            sys.stderr.write(f"note: the step's summary was not written: {path}: {reason}\n")


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _write_junit(path: Path, cost: RunCost, judged: Sequence[Judged]) -> None:
    from xml.etree import ElementTree

    from sobriety.files.durable import write_whole
    from sobriety.profiling.budget import Judged

    cases = judged or (Judged("cost", "", False),)
    took = f"{cost.wall_s:.3f}"
    suite = ElementTree.Element(
        "testsuite",
        name="sobriety",
        tests=str(len(cases)),
        failures=str(sum(each.is_broken for each in cases)),
        time=took,
    )
    for each in cases:
        case = ElementTree.SubElement(
            suite, "testcase", classname=_plain(cost.name), name=each.name, time=took
        )
        if each.is_broken:
            ElementTree.SubElement(case, "failure", message=_plain(each.said))
        out = ElementTree.SubElement(case, "system-out")
        out.text = f"energy {energy(cost.energy)}" + (
            f", carbon of use {mass(cost.co2e)}" if cost.co2e else ""
        )
    write_whole(path, ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n")


def _plain(text: str) -> str:
    """Without what XML cannot hold."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())
