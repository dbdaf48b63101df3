"""`sobriety inventory` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sobriety.cli import command

EXAMPLE = Path(__file__).parents[2] / "docs" / "devices.example.csv"


def run(*words: str) -> Result:
    return CliRunner().invoke(command(), ["inventory", *words], catch_exceptions=False)


def test_check_counts_pieces() -> None:
    done = run("check", str(EXAMPLE))
    assert done.exit_code == 0
    assert "131 devices in 23 lines, nothing wrong" in done.output


@pytest.mark.parametrize("by", ["category", "site", "department", "service", "model"])
def test_list_gives_all_of_them_by_anything(by: str) -> None:
    told = json.loads(run("list", str(EXAMPLE), "--by", by, "--json").output)
    assert sum(group["pieces"] for group in told["groups"]) == 131
    assert run("list", str(EXAMPLE), "--by", by).exit_code == 0


def test_import_writes_what_check_reads(tmp_path: Path) -> None:
    export, out = tmp_path / "export.csv", tmp_path / "devices.csv"
    export.write_text("Name,Types,Users\npc-1,Laptop,Jo\npc-2,Monitor,Al\n", encoding="utf-8")
    done = run("import", "glpi", str(export), "-o", str(out))
    assert done.exit_code == 0 and "left out: Users" in done.output
    assert run("check", str(out)).exit_code == 0
    assert "Jo" not in out.read_text(encoding="utf-8")


def test_nothing_is_half_written(tmp_path: Path) -> None:
    export, out = tmp_path / "export.csv", tmp_path / "devices.csv"
    export.write_text("Name,Types\npc-1,Laptop\npc-2,Gizmo\n", encoding="utf-8")
    done = run("import", "glpi", str(export), "-o", str(out))
    assert done.exit_code == 2 and "row 3, category: 'Gizmo'" in done.output
    assert not out.exists()
    done = run("import", "glpi", str(export), "-o", str(export))
    assert done.exit_code == 2 and "is the export itself" in done.output
    assert run("import", "mapped", str(export), "-o", str(out)).exit_code == 2
