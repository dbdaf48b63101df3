"""The page of functions: whole, safe, small, and accessible in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sobriety.core.estimate import Estimate
from sobriety.core.method import STATED
from sobriety.profiling.flame import page
from sobriety.profiling.functions import Frame, Stack

ENERGY = Estimate("energy_j", 412.0, 230.0, 560.0, "modelled", STATED(text="a test"), ("nobody",))


def frame(name: str) -> Frame:
    return Frame(name, f"{name[:1] or 'x'}.py", 3)


def shares(*stacks: tuple[str, float]) -> dict[Stack, float]:
    return {tuple(frame(n) for n in names.split()): share for names, share in stacks}


SOME = shares(("main load", 0.2), ("main fit step", 0.5), ("main fit", 0.1), ("main", 0.1),
              ("other", 0.1))  # fmt: skip


class Boxes(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.titles: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.titles += [value or "" for name, value in attrs if name == "title"]


def test_every_box_says_its_function_place_and_joules() -> None:
    boxes = Boxes()
    boxes.feed(page("python train.py", SOME, ENERGY))
    assert len(boxes.titles) == 6
    assert any(re.fullmatch(r"fit \(f\.py:3\): 250 J \(.*\), 60\.0 %", t) for t in boxes.titles)


def test_boxes_fill_the_one_above() -> None:
    text = page("x", SOME, ENERGY)
    widths = [float(w) for w in re.findall(r"flex-grow:([\d.]+)", text)]
    assert max(widths) == 1.0 and all(0 < w <= 1 for w in widths)


@given(st.text(min_size=1), st.text())
def test_names_are_never_markup(name: str, title: str) -> None:
    plain = page("x", {(Frame("f", "g.py", 1),): 1.0}, ENERGY)
    text = page(title, {(Frame(name, name, 1),): 1.0}, ENERGY)
    before, after = Boxes(), Boxes()
    before.feed(plain)
    after.feed(text)
    assert before.tags == after.tags


def test_a_large_program_makes_a_small_page() -> None:
    many = {
        tuple(frame(f"function_{i}_{depth}") for depth in range(i % 90 + 1)): 1 / 5000
        for i in range(5000)
    }
    assert len(page("x", many, ENERGY)) < 300_000


def test_a_deep_recursion_ends() -> None:
    deep: dict[Stack, float] = {(frame("again"),) * 5000: 1.0}
    assert len(page("x", deep, ENERGY)) < 60_000


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible(
    tmp_path: Path,
    scheme: str,
    look: Callable[..., Any],
    violations: Callable[[Any], list[Any]],
) -> None:
    path = tmp_path / "flame.html"
    path.write_text(page("python train.py", SOME, ENERGY), encoding="utf-8")
    assert violations(look(path, dark=scheme == "dark")) == []
