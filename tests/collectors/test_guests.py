"""Collectors of other packages, installed as they would be."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from sobriety.agent.session import Session
from sobriety.collectors import BUILTIN, choose, guests
from sobriety.core.errors import ConfigError, SobrietyError
from sobriety.core.host import LocalHost

SOURCE = """
from sobriety.core.reading import Reading


class Meter:
    name = "meter"
    systems = frozenset({"linux", "darwin", "windows"})

    def open(self, host):
        self.energy_j = 0.0

    def read(self):
        self.energy_j += 25.0
        return [Reading("wall_j", self.energy_j)]

    def close(self):
        pass


class Impostor(Meter):
    name = "cpu"
"""


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package with one good guest, one that cannot be imported, and one named as ours."""
    (tmp_path / "a_meter.py").write_text(SOURCE, encoding="utf-8")
    info = tmp_path / "a_meter-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: a-meter\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[sobriety.collectors]\n"
        "meter = a_meter:Meter\nbroken = a_module_that_is_not_there:Meter\ncpu = a_meter:Impostor\n"
    )
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.delitem(sys.modules, "a_meter", raising=False)


def test_a_guest_is_opened_when_it_is_named_and_its_joules_count() -> None:
    with Session(LocalHost(), choose(LocalHost().system, ["meter"])) as session:
        session.sample()
        session.sample()
        assert session.last_step and session.last_step.measures == {"wall_j": 25}


def test_a_guest_is_never_opened_unasked() -> None:
    assert {c.name for c in choose("linux")} <= {c.name for c in BUILTIN}
    assert "a_meter" not in sys.modules


def test_a_guest_that_is_broken_takes_no_other_with_it() -> None:
    assert set(guests()) >= {"meter", "broken"}
    assert [c.name for c in choose("linux", ["meter", "memory"])] == ["meter", "memory"]
    with pytest.raises(ModuleNotFoundError, match="a_module_that_is_not_there"):
        choose("linux", ["broken"])


def test_ours_is_never_replaced_by_a_guest_of_its_name() -> None:
    (cpu, _meter) = choose("linux", ["cpu", "meter"])
    assert cpu in BUILTIN


def test_a_guests_name_is_offered_too() -> None:
    with pytest.raises(ConfigError) as error:
        choose("linux", ["metre"])
    assert error.value.hint == "did you mean 'meter'?"
    with pytest.raises(ConfigError) as error:
        choose("linux", ["xyzzy"])
    assert error.value.hint and error.value.hint.startswith("choose from ")


UNRULY = """
from sobriety.core.reading import Reading


class Unruly:
    name = "unruly"
    systems = frozenset({"linux", "darwin", "windows"})

    def open(self, host):
        self.wall_j = 0.0

    def read(self):
        self.wall_j += 25.0
        return [
            Reading("wall_j", self.wall_j),
            Reading("wal_j", 1.0),
            Reading("memory_used_b", -4096.0, kind="gauge"),
            Reading("disk_read_b", float("nan"), "sda"),
        ]

    def close(self):
        pass
"""


def test_readings_that_no_row_can_have_are_reported_once_and_left_out() -> None:
    module: dict[str, Any] = {}
    exec(UNRULY, module)
    reports: list[str] = []

    def report(name: str, error: SobrietyError) -> None:
        reports.append(f"{name}: {error.message}")

    with Session(LocalHost(), [module["Unruly"]], tell=report) as session:
        for _ in range(3):
            session.sample()
        assert session.last_step and session.last_step.measures == {"wall_j": 25.0}
        assert session.last_step.observed == ("wall",)
    assert reports == [
        "unruly: 'wal_j' is no metric of a usage row",
        "unruly: memory_used_b of unruly is -4096",
        "unruly: disk_read_b of sda is nan",
    ]
