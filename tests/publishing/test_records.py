"""Sealed reports: what was published can be computed again, or it is said why not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result

from sobriety.cli import command
from sobriety.core.machine import Machine
from sobriety.core.period import to_ns
from sobriety.core.usage import Usage
from sobriety.lake import Lake
from sobriety.publishing.earlier import published_totals

ROOT = Path(__file__).parents[2]
SITES, GOALS, SERVICES = (
    ROOT / "docs" / f"{n}.example.toml" for n in ("sites", "goals", "services")
)
Run = Callable[..., Result]


@pytest.fixture
def run(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """The command over a lake of one server in 2026-Q3, and the example's inventory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOBRIETY_TIMEZONE", "America/Montreal")
    shutil.copy(ROOT / "docs" / "devices.example.csv", tmp_path / "devices.csv")
    start_ns = to_ns(datetime(2026, 7, 6, tzinfo=ZoneInfo("America/Montreal")))
    with Lake(home / "lake") as lake:
        lake.record_machine(
            Machine("biblio-web-1", "server", "Dell Inc.", "PowerEdge R650",
                    "Intel(R) Xeon(R) Gold 5318Y CPU @ 2.10GHz", chips=2, cores=48, threads=96,
                    memory_b=128e9, disks=2, virtual=False, system="linux"), start_ns,
        )  # fmt: skip
        lake.append([row(start_ns + i * 3_600_000_000_000, 0.2) for i in range(24 * 9)])
        lake.roll_up()

    def invoke(*words: str) -> Result:
        return CliRunner().invoke(command(), list(words), catch_exceptions=False)

    yield invoke


def row(start_ns: int, use: float) -> Usage:
    measures = {
        "cpu_busy_s": 96 * 3600 * use, "cpu_capacity_s": 96 * 3600.0, "util_s": 3600 * use,
        "util_sqrt_s": 3600 * use**0.5, "util_cubed_s": 3600 * use**3,
    }  # fmt: skip
    return Usage("biblio-web-1", start_ns, 3600.0, 3600.0, measures, ("cpu",))


def options(inventory: str = "devices.csv") -> list[str]:
    return ["--quarter", "2026-Q3", "--zone", "CA-QC", "--inventory", inventory,
            "--sites", str(SITES), "--goals", str(GOALS), "--services", str(SERVICES)]  # fmt: skip


def sealed(run: Run, *words: str, inventory: str = "devices.csv") -> Path:
    done = run("report", *options(inventory), "--seal", *words)
    assert done.exit_code == 0, done.output
    return Path(done.output.splitlines()[-1])


def test_a_sealed_report_is_computed_again(run: Run, home: Path) -> None:
    folder = sealed(run)
    assert folder == home / "records" / "2026-Q3.1"
    assert {f.name for f in folder.iterdir()} == {
        "figures.json", "report.html", "report.pdf", "seal.json", "settings.toml", "inputs"
    }  # fmt: skip
    done = run("verify", str(folder))
    assert done.exit_code == 0, done.output
    assert "identical: every figure of 2026-Q3" in done.output


def test_it_does_not_need_the_files_that_it_was_made_from(run: Run, tmp_path: Path) -> None:
    folder = sealed(run)
    (tmp_path / "devices.csv").unlink()
    assert run("verify", str(folder)).exit_code == 0


def test_a_touched_figure_is_told(run: Run) -> None:
    folder = sealed(run)
    path = folder / "figures.json"
    figures = json.loads(path.read_text(encoding="utf-8"))
    figures["totals"]["energy_j"]["value"] *= 0.9
    path.write_text(json.dumps(figures), encoding="utf-8")
    done = run("verify", str(folder))
    assert done.exit_code == 1
    assert "figures.json is not what was sealed" in done.output
    assert "differs: totals.energy_j:" in done.output


def test_rows_that_came_later_are_told(run: Run, home: Path) -> None:
    folder = sealed(run)
    later_ns = to_ns(datetime(2026, 8, 3, tzinfo=ZoneInfo("America/Montreal")))
    with Lake(home / "lake") as lake:
        lake.append([row(later_ns, 0.5)])
    done = run("verify", str(folder))
    assert done.exit_code == 1
    assert "of the lake is new" in done.output
    assert "differs: totals.total_co2e_kg" in done.output


def test_a_changed_copy_of_an_input_is_told(run: Run) -> None:
    folder = sealed(run)
    copy = folder / "inputs" / "inventory.csv"
    copy.write_text(copy.read_text(encoding="utf-8").replace(",3100,", ",31000,"), encoding="utf-8")
    done = run("verify", str(folder))
    assert done.exit_code == 1 and "inputs/inventory.csv is not what was sealed" in done.output


def test_signatures_come_in_order_and_from_two_people(run: Run) -> None:
    folder = str(sealed(run))

    def sign(role: str, name: str) -> Result:
        return run("sign", folder, "--as", role, "--name", name)

    assert "has no preparer yet" in sign("reviewer", "Luc Roy").output
    assert sign("preparer", "Aïcha Benali").exit_code == 0
    assert "cannot review it" in sign("reviewer", "Aïcha Benali").output
    assert sign("reviewer", "Luc Roy").exit_code == 0
    assert "already has a reviewer: Luc Roy" in sign("reviewer", "Ana").output
    assert sign("approver", "Ana Ruiz").exit_code == 0
    page = (Path(folder) / "report.html").read_text(encoding="utf-8")
    assert "Approved by Ana Ruiz" in page and "Draft" not in page
    done = run("verify", folder)
    assert done.exit_code == 0 and "approver Ana Ruiz" in done.output


def test_a_forged_signature_is_told(run: Run) -> None:
    folder = sealed(run)
    run("sign", str(folder), "--as", "preparer", "--name", "Aïcha Benali")
    run("sign", str(folder), "--as", "reviewer", "--name", "Luc Roy")
    path = folder / "signatures.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace("Aïcha", "Alice"), encoding="utf-8")
    done = run("verify", str(folder))
    assert done.exit_code != 0 and "does not follow" in done.output


def test_a_restatement_keeps_the_old_one_and_needs_a_cause(
    run: Run, home: Path, tmp_path: Path
) -> None:
    first = sealed(run)
    before = published_totals(home / "records")["2026-Q3"]
    text = (tmp_path / "devices.csv").read_text(encoding="utf-8")
    (tmp_path / "more.csv").write_text(text.replace("Dell,P2422H,25", "Dell,P2422H,90"), "utf-8")
    done = run("report", *options("more.csv"), "--seal")
    assert done.exit_code != 0 and "needs a cause" in done.output
    second = sealed(run, "--because", "65 screens were missing", inventory="more.csv")
    assert (first / "seal.json").exists() and second.name == "2026-Q3.2"
    restates = json.loads((second / "seal.json").read_text(encoding="utf-8"))["restates"]
    assert restates["record"] == "2026-Q3.1" and restates["cause"] == "65 screens were missing"
    assert restates["old_kg"] == before < restates["new_kg"]
    assert run("verify", str(first)).exit_code == 0
    assert run("verify", str(second)).exit_code == 0


def test_the_next_bridge_begins_at_what_was_published(run: Run, home: Path) -> None:
    sealed(run)
    published = published_totals(home / "records")["2026-Q3"]
    words = [w if w != "2026-Q3" else "2026-Q4" for w in options()]
    told = json.loads(run("report", *words, "--format", "json", "-o", "-").output)
    before = told["comparisons"][0]
    if before["period"]["label"] == "2026-Q3":
        assert before["published_kg"] == published
        assert before["change"]["before_ug"] == round(published * 1e9)
    else:  # the quarter is not over: a part is compared with a part
        assert before["published_kg"] is None


def test_what_is_no_record(run: Run, tmp_path: Path) -> None:
    done = run("verify", str(tmp_path))
    assert done.exit_code != 0 and "is no sealed report" in done.output
    done = run("report", "--zone", "CA-QC", "--seal")
    assert done.exit_code != 0 and "is of a period" in done.output


def test_a_figure_is_explained_to_its_factors_and_days(run: Run) -> None:
    name = "breakdown.site.centre-donnees.total_co2e_kg"
    done = run("explain", name, *options())
    assert done.exit_code == 0, done.output
    for part in (
        "formula:",
        "factor: 2.6 g/kWh",
        "biblio-web-1:",
        "acquired 2023-05-02",
        "files of",
    ):
        assert part in done.output, part
    told = json.loads(run("explain", name, *options(), "--json").output)
    assert told["figure"] == name and told["unit"] == "kg"
    wrong = run("explain", "totals.energy", *options())
    assert wrong.exit_code != 0 and "did you mean totals.energy_j" in wrong.output


def test_a_year_that_could_be(run: Run) -> None:
    scenario = str(ROOT / "docs" / "scenario.example.toml")
    told = json.loads(run("whatif", scenario, *options(), "--json").output)
    before, after = told["before"], told["after"]
    for name in ("energy_j", "use_co2e_kg", "embodied_share_kg", "total_co2e_kg"):
        assert after[name]["value"] < before[name]["value"], name
    assert told["untouched"] == 24  # desktops of which nobody knows the hours
    french = run("whatif", scenario, *options(), "--lang", "fr")
    assert (
        french.output.startswith("Garder, éteindre, alléger") and "de moins par an" in french.output
    )


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "has no [[change]]"),
        ("[[change]]\n", "changes nothing"),
        ('[[change]]\ncategories=["gizmo"]\nlifetime_years=99\n', "gizmo"),
        ("[[change]]\nquantity_ratio=-1\n", "quantity_ratio"),
    ],
)
def test_scenarios_that_are_none(run: Run, tmp_path: Path, text: str, part: str) -> None:
    (tmp_path / "s.toml").write_text(text, encoding="utf-8")
    done = run("whatif", "s.toml", *options())
    assert done.exit_code != 0 and part in done.output


def test_open_data_hold_nothing_by_machine(run: Run, tmp_path: Path) -> None:
    done = run("export", "--open-data", *options(), "-o", "out")
    assert done.exit_code == 0, done.output
    names = {f.name for f in (tmp_path / "out").iterdir()}
    assert names == {f"sobriety-2026-Q3.{e}" for e in ("csv", "schema.json", "dcat.jsonld")}
    text = (tmp_path / "out" / "sobriety-2026-Q3.csv").read_text(encoding="utf-8")
    assert "biblio-web-1" not in text and "breakdown.site.bibliotheque-nord" in text
    schema = json.loads((tmp_path / "out" / "sobriety-2026-Q3.schema.json").read_text("utf-8"))
    assert [f["name"] for f in schema["fields"]] == text.splitlines()[0].split(",")
    dcat = json.loads((tmp_path / "out" / "sobriety-2026-Q3.dcat.jsonld").read_text("utf-8"))
    assert dcat["dct:license"]["@id"].startswith("https://creativecommons.org/licenses/by/4.0")


def test_references_of_an_inventory_have_to_be_declared(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text(
        "id,category,site,service\na,server,lune,catalogue\nb,server,,rien\n", encoding="utf-8"
    )
    done = run("report", *options("bad.csv"))
    assert done.exit_code == 2
    assert "row 2, site: 'lune'" in done.output and "row 3, service: 'rien'" in done.output
    assert not (tmp_path / "report.html").exists()


@pytest.mark.parametrize("form", ["html", "pdf", "xlsx", "csv", "json", "md"])
def test_every_format_is_written_in_french(run: Run, tmp_path: Path, form: str) -> None:
    done = run("report", *options(), "--lang", "fr", "-o", f"rapport.{form}")
    assert done.exit_code == 0, done.output
    assert (tmp_path / f"rapport.{form}").stat().st_size > 3000


def test_one_breakdown_alone(run: Run) -> None:
    words = ("--format", "json", "-o", "-", "--by", "site", "--by", "category")
    told = json.loads(run("report", *options(), *words).output)
    assert set(told["breakdown"]) == {"site", "category"}


def test_the_next_report_tells_what_became_of_the_sealed_one_s_actions(
    run: Run, home: Path, tmp_path: Path
) -> None:
    def fleet(screens: int) -> str:
        name = f"fleet-{screens}.csv"
        (tmp_path / name).write_text(
            "id,category,quantity,site,acquired\n"
            f"ecrans,monitor,{screens},centre-donnees,2024-02-01\n"
            "postes,desktop,4,centre-donnees,2024-02-01\n",
            encoding="utf-8",
        )
        return name

    sealed(run, inventory=fleet(10))
    with Lake(home / "lake") as lake:
        october_ns = to_ns(datetime(2026, 10, 5, tzinfo=ZoneInfo("America/Montreal")))
        lake.append([row(october_ns + i * 3_600_000_000_000, 0.2) for i in range(24 * 9)])
    wanted = ["--quarter", "2026-Q4", *options(fleet(5))[2:]]
    done = run("report", *wanted, "--format", "json", "-o", "-")
    assert done.exit_code == 0, done.output
    outcomes = {o["id"]: o for o in json.loads(done.output)["outcomes"]}
    screens = outcomes["drop_screens"]
    assert screens["period"] == "2026-Q3"
    saved, expected = screens["saved_j_per_year"], screens["expected_j_per_year"]
    assert saved["value"] == pytest.approx(expected["value"] * 5 / 6)
