"""A release has the figures of the one before: to a relative 1e-12, in both languages.

Where this fails after a change that was not meant to change figures, the change is wrong. When it
is right to record again, and how, stands in `record.py`.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .figures import REPORTS, Figures, compare, compute, prepare, read_recorded

SCHEMA = Path(__file__).parent.parent.parent / "docs" / "schema" / "report.json"
NO_FIGURES = frozenset(("schema_version", "tool", "made_at", "language", "status", "zone",
                        "factor_kind", "signatures"))  # fmt: skip


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the fixed lake, and all that its organisation declares."""
    folder = tmp_path_factory.mktemp("release")
    prepare(folder)
    return folder


@pytest.fixture(scope="module")
def recorded() -> dict[str, Figures]:
    return read_recorded()


def test_every_figure_is_as_recorded(place: Path, recorded: dict[str, Figures]) -> None:
    _hold(recorded, compute(place))


def test_every_figure_is_the_same_in_french(place: Path, recorded: dict[str, Figures]) -> None:
    names = [name for name in REPORTS if name != "bare"]  # it has nothing that the others lack
    _hold({name: recorded[name] for name in names}, compute(place, "fr", names))


def _hold(recorded: dict[str, Figures], computed: dict[str, Figures]) -> None:
    changed = compare(recorded, computed)
    assert not changed, "\n".join((f"{len(changed)} figures:", *changed))


def test_a_billionth_of_one_input_is_named(place: Path, recorded: dict[str, Figures]) -> None:
    inventory = (place / "inventory.csv").read_text(encoding="utf-8")
    planted = inventory.replace(",410,", ",410.00000041,")
    assert planted != inventory
    (place / "planted.csv").write_text(planted, encoding="utf-8")
    computed = compute(place, "en", ["quarter"], "--inventory", "planted.csv")
    changed = compare({"quarter": recorded["quarter"]}, computed)
    subjects = {line.partition(" is ")[0] for line in changed}
    assert "quarter: totals.energy_j.value" in subjects
    assert "quarter: breakdown.host[commutateurs].energy_j.value" in subjects
    assert not any("host[web-1]" in subject for subject in subjects)


def test_every_figure_that_is_scaled_by_a_billionth_is_named(recorded: dict[str, Figures]) -> None:
    planted = {
        name: {path: value and value * (1 + 1e-9) for path, value in figures.items()}
        for name, figures in recorded.items()
    }
    scaled = sum(bool(value) for figures in recorded.values() for value in figures.values())
    assert len(compare(recorded, planted)) == scaled > 3000


@pytest.mark.parametrize(
    ("old", "new", "sentences"),
    [
        ({"a": 5.0}, {"a": 5.0 * (1 + 9e-13)}, []),
        ({"a": 5.0}, {"a": 5.0 * (1 - 2e-12)}, ["r: a is 4.99999999999; recorded is 5.0"]),
        ({"a": -5.0}, {"a": 5.0}, ["r: a is 5.0; recorded is -5.0"]),
        ({"a": 0.0}, {"a": 1e-300}, ["r: a is 1e-300; recorded is 0.0"]),
        ({"a": 0.0}, {"a": None}, ["r: a is None; recorded is 0.0"]),
        ({"a": None}, {"a": 0.0}, ["r: a is 0.0; recorded is None"]),
        ({"a": None}, {"a": None}, []),
        ({"a": 1}, {"b": 1}, ["r: a is missing; recorded is 1", "r: b is new: 1"]),
    ],
)
def test_what_differs_is_named(old: Figures, new: Figures, sentences: list[str]) -> None:
    assert compare({"r": old}, {"r": new}) == sentences


def test_a_whole_report_that_is_missing_is_named(recorded: dict[str, Figures]) -> None:
    computed = {name: figures for name, figures in recorded.items() if name != "bare"}
    assert len(compare(recorded, computed)) == len(recorded["bare"]) > 0


def test_the_record_has_every_section_of_a_report(recorded: dict[str, Figures]) -> None:
    """A section that the fixed lake left empty would be held against nothing."""
    sections = set(json.loads(SCHEMA.read_text(encoding="utf-8"))["required"]) - NO_FIGURES
    numbers = {p for figures in recorded.values() for p, v in figures.items() if v is not None}
    held = {path.partition("[")[0].partition(".")[0] for path in numbers}
    assert sections - held == {"organisation"}  # a name
