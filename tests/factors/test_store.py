"""A user's own factors: checked whole, kept whole, chosen by edition."""

from __future__ import annotations

from pathlib import Path

import pytest

from sobriety.core.errors import ConfigError
from sobriety.estimators import intensity
from sobriety.factors.choice import choices
from sobriety.factors.forms import FactorForm, TakenRows
from sobriety.factors.store import book, factors_folder, forms, held, market, remove, summary, take
from sobriety.files.tables import Sheet
from sobriety.settings.config import data_folder

HEADER = "zone,year,kind,basis,value_g_per_kwh,source,licence,retrieved"
MONTH = "2026-11"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOBRIETY_HOME", str(tmp_path / "home"))


def write(tmp_path: Path, *rows: str, header: str = HEADER, name: str = "campus.csv") -> Path:
    path = tmp_path / name
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


NEW = "QC,2025,direct,consumption,3.1,Campus study,internal,2026-05"
OLD = "Québec,2025,direct,consumption,2.9,Campus study,internal,2025-05-17"


def test_ones_own_factor_is_first_and_says_whose_it_is(tmp_path: Path) -> None:
    assert take(data_folder(), write(tmp_path, NEW), None, month=MONTH)[0].name == "campus"
    found = intensity("QC", 2026, "direct", book(data_folder()))
    assert (found.estimate.value, found.own, found.edition) == (3.1, "campus", "2026-05")
    assert "own factors, campus" in found.estimate.sources
    assert intensity("QC", 2026).estimate.value == 2.6, "without the book nothing changes"
    assert intensity("QC", 2026, "life-cycle", book(data_folder())).estimate.value == 34.5


def test_the_newest_edition_unless_an_older_one_is_asked(tmp_path: Path) -> None:
    take(data_folder(), write(tmp_path, OLD, NEW), None, month=MONTH)
    assert intensity("QC", 2025, "direct", book(data_folder())).estimate.value == 3.1
    then = book(data_folder(), "2026-01")
    assert intensity("QC", 2025, "direct", then).estimate.value == 2.9


def test_every_wrong_cell_is_told_at_once_and_nothing_is_kept(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        NEW,
        "Mars,25,dirct,made,abc,,internal,soon",
        "",
        "FR,2024,direct,consumption,-1,me,internal,2027-01",
    )
    with pytest.raises(ConfigError) as caught:
        take(data_folder(), path, None, month=MONTH)
    said = caught.value.message
    for cell in (
        "row 3, zone: 'Mars'", "row 3, year: '25'", "row 3, kind: 'dirct'", "row 3, basis: 'made'",
        "row 3, value_g_per_kwh: 'abc'", "row 3, source: ''", "row 3, retrieved: 'soon'",
        "row 5, value_g_per_kwh: '-1'", "row 5, retrieved: '2027-01'",
    ):  # fmt: skip
        assert f"{path}, {cell}" in said, cell
    assert "9 wrong cells" in said and "row 2" not in said
    assert held(data_folder()) == [] and not factors_folder(data_folder()).exists()


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "3001", "1e9", "", "3,1"])
def test_a_figure_that_cannot_be_is_refused(tmp_path: Path, value: str) -> None:
    row = f'QC,2025,direct,consumption,"{value}",me,internal,2026-05'
    with pytest.raises(ConfigError, match="value_g_per_kwh"):
        take(data_folder(), write(tmp_path, row), None, month=MONTH)


@pytest.mark.parametrize(("low", "high", "column"), [("4", "5", "low"), ("1", "2", "high")])
def test_the_interval_holds_the_value(tmp_path: Path, low: str, high: str, column: str) -> None:
    path = write(tmp_path, f"{NEW},{low},{high}", header=f"{HEADER},low_g_per_kwh,high_g_per_kwh")
    with pytest.raises(ConfigError, match=f"{column}_g_per_kwh.*the value, 3.1"):
        take(data_folder(), path, None, month=MONTH)


def test_the_same_factor_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="row 2 says the same factor"):
        take(data_folder(), write(tmp_path, NEW, NEW.replace("3.1", "4.1")), None, month=MONTH)


def test_a_decimal_comma_where_commas_do_not_separate(tmp_path: Path) -> None:
    row = "QC;2025;direct;consumption;3,1;moi;interne;2026-05"
    take(data_folder(), write(tmp_path, row, header=HEADER.replace(",", ";")), None, month=MONTH)
    assert intensity("QC", 2025, "direct", book(data_folder())).estimate.value == 3.1


def test_an_interval_that_nobody_gave_is_assumed_and_said(tmp_path: Path) -> None:
    take(data_folder(), write(tmp_path, NEW), None, month=MONTH)
    found = intensity("QC", 2025, "direct", book(data_folder()))
    assert (found.estimate.low, found.estimate.high) == pytest.approx((2.48, 3.72))
    assert any("assumed" in note for note in found.notes)


def test_a_zone_of_ones_own(tmp_path: Path) -> None:
    take(data_folder(), write(tmp_path, NEW.replace("QC", "CH-GE")), None, month=MONTH)
    assert intensity("ch-ge", 2025, "direct", book(data_folder())).zone == "CH-GE"


def test_a_name_is_taken_once_and_the_same_file_twice_is_no_matter(tmp_path: Path) -> None:
    path = write(tmp_path, NEW)
    take(data_folder(), path, "a", month=MONTH)
    take(data_folder(), path, "a", month=MONTH)
    other = write(tmp_path, OLD, name="other.csv")
    with pytest.raises(ConfigError, match="other factors are kept as 'a'"):
        take(data_folder(), other, "a", month=MONTH)
    assert intensity("QC", 2025, "direct", book(data_folder())).estimate.value == 3.1


@pytest.mark.parametrize("name", ["../../etc/passwd", "/abs", "a/b", ".hidden"])
def test_a_name_never_leaves_the_folder(tmp_path: Path, name: str) -> None:
    kept, _, _ = take(data_folder(), write(tmp_path, NEW), name, month=MONTH)
    assert kept.path.parent == factors_folder(data_folder()) and not kept.name.startswith(".")


def test_what_is_removed_is_used_no_more(tmp_path: Path) -> None:
    take(data_folder(), write(tmp_path, NEW), None, month=MONTH)
    assert summary(held(data_folder())[0])[:4] == ("campus", "grid", 1, ("CA-QC",))
    remove(data_folder(), "campus")
    assert intensity("QC", 2025, "direct", book(data_folder())).own is None
    with pytest.raises(ConfigError, match="no factors are kept as 'campus'"):
        remove(data_folder(), "campus")


def test_a_file_of_something_else_names_what_is_known(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="its columns are a, b") as caught:
        take(data_folder(), write(tmp_path, "1,2", header="a,b"), None, month=MONTH)
    assert "yearly grid factors" in (caught.value.hint or "")


def test_a_column_that_nobody_reads_and_one_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the column 'colour'"):
        take(
            data_folder(),
            write(tmp_path, f"{NEW},red", header=f"{HEADER},colour"),
            None,
            month=MONTH,
        )
    with pytest.raises(ConfigError, match="no column 'year', 'kind', 'basis', 'source'"):
        take(
            data_folder(), write(tmp_path, "QC,3", header="zone,value_g_per_kwh"), None, month=MONTH
        )


MAPS = (
    "Datetime (UTC),Country,Zone name,Zone id,Carbon intensity gCO₂eq/kWh (direct),"
    "Carbon intensity gCO₂eq/kWh (Life cycle),Data source,Data estimated"
)


def test_a_yearly_file_of_electricity_maps_gives_both_kinds(tmp_path: Path) -> None:
    path = write(
        tmp_path, "2025-01-01 00:00:00,France,France,FR,20.5,33.1,rte.fr,false", header=MAPS
    )
    _, form, taken = take(data_folder(), path, "em", month=MONTH)
    assert form.name == "Electricity Maps, yearly" and any("ODbL" in n for n in taken.notes)
    found = book(data_folder())
    for kind, value in (("direct", 20.5), ("life-cycle", 33.1)):
        factor = intensity("FR", 2025, kind, found)
        assert (factor.estimate.value, factor.basis) == (value, "consumption")
        assert factor.licence == "ODbL 1.0"


def test_an_hourly_file_is_no_yearly_factor(tmp_path: Path) -> None:
    hours = [f"2025-01-01 0{h}:00:00,France,France,FR,20,33,rte.fr,false" for h in (0, 1)]
    with pytest.raises(ConfigError, match="not the yearly edition"):
        take(data_folder(), write(tmp_path, *hours, header=MAPS), None, month=MONTH)


def test_why_each_is_used_or_not(tmp_path: Path) -> None:
    take(data_folder(), write(tmp_path, OLD, NEW), None, month=MONTH)
    direct, cycle = choices("QC", 2025, book(data_folder()))
    assert [h.factor.estimate.value for h in direct.held if h.used] == [3.1]
    whys = {h.factor.estimate.value: h.why for h in direct.held}
    assert whys[2.9] == "an older edition" and whys[2.6] == "an older year"
    assert "your" in direct.why or "a user's own, campus" in direct.why
    assert {h.factor.kind for h in cycle.held} == {"life-cycle"}
    before, _ = choices("QC", 2025, book(data_folder(), "2024-01"))
    assert not any(h.used for h in before.held) and "2025-05" in before.why


def test_another_form_has_a_place_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def recognises(sheet: Sheet) -> bool:
        return "gwp" in sheet.names

    def read(path: Path, sheet: Sheet, month: str) -> TakenRows:
        return TakenRows(("name", "gwp"), [{"name": "laptop", "gwp": "200"}])

    devices = FactorForm("a catalogue of devices", "devices", recognises, read)
    every = (*forms(), devices)
    monkeypatch.setattr("sobriety.factors.store.forms", lambda: every)
    take(
        data_folder(),
        write(tmp_path, "laptop,200", header="name,gwp", name="makers.csv"),
        None,
        month=MONTH,
    )
    assert summary(held(data_folder())[0])[:4] == ("makers", "devices", 1, ())
    assert book(data_folder()).own == ()
    with pytest.raises(ConfigError, match="other factors are kept as 'makers'"):
        take(data_folder(), write(tmp_path, NEW), "makers", month=MONTH)
    remove(data_folder(), "makers")
    assert held(data_folder()) == []


def test_a_kept_file_that_was_broken_by_hand_is_told_and_not_used(tmp_path: Path) -> None:
    kept, _, _ = take(data_folder(), write(tmp_path, NEW), None, month=MONTH)
    kept.path.write_text(kept.path.read_text().replace("3.1", "x"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"campus\.csv, row 2, value_g_per_kwh: 'x'"):
        book(data_folder())


def test_a_file_of_a_spreadsheet_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = write(tmp_path, NEW)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    take(data_folder(), path, None, month=MONTH)
    assert intensity("QC", 2025, "direct", book(data_folder())).estimate.value == 3.1


def test_a_contract_names_who_states_it(tmp_path: Path) -> None:
    assert market(None, None, "") is None
    found = market(0.5, "a supplier, 2026", "")
    assert found and (found.value, found.sources) == (0.5, ("a supplier, 2026",))
    with pytest.raises(ConfigError, match="no market_source"):
        market(0.5, None, "settings.toml")
