"""The law of the house; each rule is also shown to fail on a violation that was planted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from . import plan
from .plan import House

ROOT = Path(__file__).parents[2]
HOUSE = House(ROOT)

RULES: tuple[Callable[[House], Sequence[object]], ...] = (
    plan.strangers_in_the_hall,
    plan.wrong_arrows,
    plan.climbing_imports,
    plan.circles,
    plan.silent_rooms,
    plan.crowded_rooms,
    plan.names_defined_twice,
    plan.large_functions,
    plan.unmirrored_tests,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.__name__)
def test_the_house_keeps_the_law(rule: Callable[[House], Sequence[object]]) -> None:
    assert not rule(HOUSE), "\n".join(map(str, rule(HOUSE)))


def test_the_table_names_every_room() -> None:
    rooms = {HOUSE.room_of(name) for name in HOUSE.rooms} - {"", "core", *plan.TOPS}
    assert rooms == set(plan.ARROWS)


def test_no_arrow_of_the_table_is_idle() -> None:
    """An arrow that nobody walks is permission for something nobody decided."""
    walked = {(HOUSE.room_of(i.by), HOUSE.room_of(i.of)) for i in HOUSE.imports}
    idle = [(by, of) for by, row in plan.ARROWS.items() for of in row.split()
            if (by, of) not in walked]  # fmt: skip
    assert not idle


SOUND = {
    "sobriety/__init__.py": '"""The hall."""\n',
    "sobriety/core/__init__.py": '"""The vocabulary."""\n',
    "sobriety/core/units.py": '"""Units."""\nJ_PER_KWH = 3_600_000\n',
    "sobriety/files/__init__.py": '"""Files."""\n',
    "sobriety/files/durable.py": '"""Durable files."""\nfrom sobriety.core import units\n',
    "sobriety/settings/__init__.py": '"""Settings."""\n',
    "sobriety/settings/config.py": '"""Reads them."""\nfrom sobriety.files import durable\n',
    "sobriety/reports/__init__.py": '"""Reports."""\n',
    "sobriety/reports/model/__init__.py": '"""The model."""\n',
    "sobriety/reports/model/report.py": '"""A report."""\n\n\nclass Report:\n    pass\n',
    "sobriety/reports/formats/__init__.py": '"""Formats."""\n',
    "sobriety/reports/formats/pdf.py": '"""PDF."""\nfrom ..model.report import Report\n',
    "cli/__init__.py": '"""The command line."""\n',
    "tests/settings/test_config.py": '"""Tests."""\n',
}

PLANTED: tuple[tuple[Callable[[House], Sequence[object]], dict[str, str]], ...] = (
    (plan.strangers_in_the_hall, {"sobriety/loose.py": '"""Loose."""\n'}),
    (plan.wrong_arrows, {"sobriety/files/bad.py": "from sobriety.settings import config\n"}),
    (
        plan.wrong_arrows,
        {"sobriety/files/late.py": "def f():\n    import sobriety.settings\n"},
    ),
    (
        plan.wrong_arrows,
        {
            "sobriety/files/typed.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"
            "    from sobriety.settings.config import Config\n"
        },
    ),
    (plan.wrong_arrows, {"sobriety/core/up.py": "from sobriety.files.durable import lock\n"}),
    (plan.wrong_arrows, {"sobriety/settings/up.py": "from sobriety.cli import main\n"}),
    (plan.climbing_imports, {"sobriety/reports/model/up.py": "from ..formats.pdf import as_pdf\n"}),
    (
        plan.circles,
        {
            "sobriety/files/a.py": "from .b import B\n",
            "sobriety/files/b.py": "def late():\n    from .c import C\n",
            "sobriety/files/c.py": "from . import a\n",
        },
    ),
    (plan.silent_rooms, {"sobriety/spool/__init__.py": ""}),
    (plan.silent_rooms, {"sobriety/spool/__init__.py": '"""rows, and much that\nis more"""\n'}),
    (
        plan.crowded_rooms,
        {f"sobriety/files/m{n}.py": f'"""Number {n}."""\n' for n in range(plan.MOST_FILES + 1)},
    ),
    (plan.names_defined_twice, {"sobriety/files/report.py": "class Report:\n    pass\n"}),
    (plan.names_defined_twice, {"sobriety/files/units.py": "J_PER_KWH = 3_600_000\n"}),
    (
        plan.names_defined_twice,
        {
            "sobriety/files/a.py": 'Tongue = Literal["en", "fr"]\n',
            "sobriety/files/b.py": 'Tongue = Literal["en", "fr"]\n',
        },
    ),
    (plan.large_functions, {"sobriety/files/long.py": "def f():\n" + "    x = 1\n" * 60}),
    (
        plan.large_functions,
        {"cli/wide.py": "def f(a, b, c, d, e, f, *, g, h, i): ...\n"},
    ),
    (plan.unmirrored_tests, {"tests/nowhere/test_it.py": ""}),
    (plan.unmirrored_tests, {"tests/test_loose.py": ""}),
)


def build(root: Path, sources: dict[str, str]) -> House:
    for name, text in sources.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return House(root)


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.__name__)
def test_a_sound_house_breaks_no_rule(
    rule: Callable[[House], Sequence[object]], tmp_path: Path
) -> None:
    assert not rule(build(tmp_path, SOUND))


@pytest.mark.parametrize(
    ("rule", "violation"), PLANTED, ids=[f"{r.__name__}-{next(iter(v))}" for r, v in PLANTED]
)
def test_a_planted_violation_is_seen(
    rule: Callable[[House], Sequence[object]], violation: dict[str, str], tmp_path: Path
) -> None:
    assert rule(build(tmp_path, SOUND | violation))


def test_every_rule_is_planted() -> None:
    assert {rule for rule, _ in PLANTED} == set(RULES)
