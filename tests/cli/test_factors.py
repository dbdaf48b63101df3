"""`sobriety factors`, run as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SCHEMAS = Path(__file__).parent.parent.parent / "docs" / "schema"
OWN = """zone,year,kind,basis,value_g_per_kwh,source,licence,retrieved
QC,2025,direct,consumption,3.1,Campus study,internal,2026-05
"""
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def sobriety(tmp_path: Path) -> Run:
    def run(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "sobriety", *words],
            cwd=tmp_path,
            env={**os.environ, "SOBRIETY_HOME": str(tmp_path / "home"), **environ},
            capture_output=True,
            text=True,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


def validate(instance: object) -> None:
    import jsonschema
    from referencing import Registry, Resource

    schemas = {p.name: json.loads(p.read_text(encoding="utf-8")) for p in SCHEMAS.glob("*.json")}
    registry: Any = Registry  # its own types are unknown to pyright
    known = registry().with_resources((k, Resource.from_contents(s)) for k, s in schemas.items())
    validator: Any = jsonschema.Draft202012Validator(schemas["factors.json"], registry=known)
    validator.validate(instance)


def test_show_prints_sources_side_by_side_and_never_one_kind_for_the_other(sobriety: Run) -> None:
    shown = sobriety("factors", "show", "Québec", "--year", "2026").stdout
    direct, cycle = shown.split("\nlife-cycle: ")
    assert "\ndirect: 2024 is the newest year held" in direct
    assert "* 2024" in direct and "preliminary" in direct and "! stale" in direct
    assert "Open Government Licence" in direct and "34.5" not in direct
    assert "* 2022" in cycle and "CIRAIG" in cycle


def test_a_users_own_from_import_to_removal(sobriety: Run, tmp_path: Path) -> None:
    (tmp_path / "campus.csv").write_text(OWN, encoding="utf-8")
    assert sobriety("factors", "import", "campus.csv").returncode == 0
    listed = json.loads(sobriety("factors", "list", "--json").stdout)
    validate(listed)
    assert [f["name"] for f in listed["own"]] == ["campus"]
    shown = json.loads(
        sobriety("factors", "show", "QC", "--year", "2026", "--json",
                 SOBRIETY_MARKET_G_PER_KWH="0.5", SOBRIETY_MARKET_SOURCE="a supplier").stdout
    )  # fmt: skip
    validate(shown)
    assert [f["own"] for f in shown["kinds"][0]["factors"] if f["used"]] == ["campus"]
    assert shown["market_g_per_kwh"]["sources"] == ["a supplier"]
    assert "campus" in sobriety("factors", "list").stdout
    assert sobriety("factors", "remove", "campus").returncode == 0
    after = json.loads(sobriety("factors", "show", "QC", "--year", "2026", "--json").stdout)
    assert [f["year"] for f in after["kinds"][0]["factors"] if f["used"]] == [2024]


def test_a_wrong_file_is_exit_2_with_its_cells(sobriety: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text(OWN.replace("3.1", "much"), encoding="utf-8")
    done = sobriety("factors", "import", "bad.csv")
    assert done.returncode == 2
    assert "bad.csv, row 2, value_g_per_kwh: 'much'" in done.stderr
    assert json.loads(sobriety("factors", "list", "--json").stdout)["own"] == []


def test_wrong_words_are_one_line_and_at_most_a_hint(sobriety: Run) -> None:
    for words, said in (
        (("show", "Quebek"), "unknown grid zone 'Quebek'"),
        (("show", "QC", "--factors-as-of", "last year"), 'expected a month, as in "2026-06"'),
        (("remove", "nothing"), "no factors are kept as 'nothing'"),
        (("import", "none.csv"), "none.csv"),
    ):
        done = sobriety("factors", *words)
        assert done.returncode in (1, 2) and said in done.stderr, (words, done.stderr)
        assert len(done.stderr.splitlines()) <= 2, done.stderr


def test_a_report_uses_what_was_imported_and_an_edition_asked_for(
    sobriety: Run, tmp_path: Path
) -> None:
    (tmp_path / "campus.csv").write_text(
        OWN + OWN.splitlines()[1].replace("2026-05", "2024-05"),
        encoding="utf-8",
    )
    assert sobriety("factors", "import", "campus.csv").returncode == 0
    assert sobriety("collect", "--once", "--interval", "500ms").returncode == 0

    def report(*words: str) -> Any:
        contract = {"SOBRIETY_MARKET_G_PER_KWH": "0", "SOBRIETY_MARKET_SOURCE": "a supplier"}
        done = sobriety("report", "--zone", "QC", "--format", "json", "-o", "-", *words, **contract)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    newest, older = report(), report("--factors-as-of", "2024-06")
    assert [f["own"] for f in newest["factors"]] == ["campus"]
    assert [f["year"] for f in newest["factors"]] == [2025]
    assert [f["retrieved"] for f in older["factors"]] == ["2024-05"]
    assert "older_edition" in [w["code"] for w in older["warnings"]]
    assert newest["market"]["use_co2e_kg"]["value"] == 0.0, "a contract may state 0"
    assert newest["totals"]["use_co2e_kg"]["value"] > 0
