"""Hourly factors: every format as people download it, and every wrong cell told at once."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sobriety.core.errors import ConfigError
from sobriety.estimators import generation_intensity, technology
from sobriety.factors.hour_formats import NoSuchKind
from sobriety.factors.hours import read_files, read_hours

Write = Callable[..., Path]


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 10**9


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(text: str, name: str = "hours.csv") -> Path:
        path = tmp_path / name
        data = text.encode()
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return make


OWN = """hour_utc,zone,kind,value_g_per_kwh,low,high
2026-01-01T00:00Z,CA-QC,direct,2.5,2,3
2026-01-01T01:00,Québec,direct,1.5,1,4
2026-01-01T01:00Z,CA-QC,life-cycle,30,20,40
2026-01-01T02:00Z,FR,direct,50,40,60
2025-12-31T23:00-04:00,QC,direct,9,8,10
"""
MAPS = """Datetime (UTC),Country,Zone Name,Zone Id,Carbon Intensity gCO₂eq/kWh (direct),\
Carbon Intensity gCO₂eq/kWh (LCA),Low Carbon Percentage,Renewable Percentage,Data Source
2023-01-01 00:00:00,France,France,FR,30.5,52.09,93.1,31.2,opendata.reseaux-energies.fr
2023-01-01 01:00:00,France,France,FR,28.75,50.57,93.6,31.9,opendata.reseaux-energies.fr
2023-01-01 02:00:00,France,France,FR,,,,,
2023-01-01 03:00:00,France,France,FR,24.11,46.2,94.4,32.8,opendata.reseaux-energies.fr
"""
EIA = """Balancing Authority,Data Date,Hour Number,UTC Time at End of Hour,Demand (MW),\
Net Generation (MW) from Coal,Net Generation (MW) from Natural Gas,\
Net Generation (MW) from Nuclear,Net Generation (MW) from Hydropower and Pumped Storage,\
Net Generation (MW) from Other Fuel Sources,\
Net Generation (MW) from Natural Gas (Adjusted)
NYIS,01/01/2022,1,01/01/2022 6:00:00 AM,"15,000",0,1,"3,000",-20,0,"1,000"
NYIS,01/01/2022,13,01/01/2022 6:00:00 PM,"15,000",0,1,"3,000",0,0,"3,000"
CISO,01/01/2022,13,01/01/2022 6:00:00 PM,"15,000",0,1,1,0,0,1
"""
TYPES = (
    "Area,MTU,Biomass  - Actual Aggregated [MW],Fossil Gas  - Actual Aggregated [MW],"
    "Fossil Peat  - Actual Aggregated [MW],Hydro Pumped Storage  - Actual Aggregated [MW],"
    "Hydro Pumped Storage  - Actual Consumption [MW],Nuclear  - Actual Aggregated [MW]\n"
)


def test_our_own_table_in_any_clock_that_says_its_offset(write: Write) -> None:
    hours = read_hours(write(OWN), "Quebec", "direct")
    assert {h: tuple(g) for h, g in hours.by_hour.items()} == {
        at("2026-01-01 00:00"): (2.5, 2, 3),
        at("2026-01-01 01:00"): (1.5, 1, 4),
        at("2026-01-01 03:00"): (9, 8, 10),
    }
    assert (hours.zone, hours.kind, hours.missing) == ("CA-QC", "direct", 1)
    assert len(read_hours(write(OWN), "QC", "life-cycle").by_hour) == 1
    with pytest.raises(NoSuchKind, match="no life-cycle emissions of FR"):
        read_hours(write(OWN), "FR", "life-cycle")


@pytest.mark.parametrize("cycle", ["(LCA)", "(Life cycle)"])
def test_electricity_maps_has_both_kinds_and_an_hour_that_is_not_known(
    write: Write, cycle: str
) -> None:
    path = write(MAPS.replace("(LCA)", cycle), "FR_2023_hourly.csv.gz")
    direct, whole = read_hours(path, "FR", "direct"), read_hours(path, "FR", "life-cycle")
    assert [g.value for g in direct.by_hour.values()] == [30.5, 28.75, 24.11]
    assert [g.value for g in whole.by_hour.values()] == [52.09, 50.57, 46.2]
    assert direct.missing == whole.missing == 1
    first = direct.by_hour[at("2023-01-01 00:00")]
    assert (first.low, first.high) == pytest.approx((0.8 * 30.5, 1.2 * 30.5))
    assert "FR_2023_hourly.csv.gz, Electricity Maps, direct" in direct.sources[0]
    assert [h.kind for h in read_files([path], "FR", "direct")] == ["direct", "life-cycle"]


def test_eia_tells_generation_at_the_end_of_the_hour_in_american(write: Write) -> None:
    path = write(EIA)
    hours = read_hours(path, "NYIS", "life-cycle")
    assert {h: g.value for h, g in hours.by_hour.items()} == {
        at("2022-01-01 05:00"): pytest.approx((490 * 1000 + 12 * 3000) / 4000),
        at("2022-01-01 17:00"): pytest.approx((490 * 3000 + 12 * 3000) / 6000),
    }
    assert hours.missing == 11
    assert read_hours(path, "NYIS", "direct").by_hour[at("2022-01-01 05:00")].value == 92.5
    with pytest.raises(ConfigError, match="no row of ERCO, but of CISO, NYIS"):
        read_hours(path, "ERCO", "direct")
    with pytest.raises(ConfigError, match=r"row 3, UTC Time at End of Hour: .*not a time"):
        read_hours(
            write(EIA.replace("01/01/2022 6:00:00 PM", "01/01/2022 18:00")), "NYIS", "direct"
        )


@pytest.mark.parametrize("minutes", [15, 30, 60])
@pytest.mark.parametrize("area", ["FR", "France (FR)", "BZN|FR"])
def test_entsoe_generation_in_steps(write: Write, minutes: int, area: str) -> None:
    start = datetime(2023, 1, 1)
    rows = TYPES
    for i in range(120 // minutes):
        begins = start + timedelta(minutes=i * minutes)
        ends = begins + timedelta(minutes=minutes)
        gas = 1000 if begins.hour == 0 else 3000
        span = f"{begins:%d.%m.%Y %H:%M} - {ends:%d.%m.%Y %H:%M} (UTC)"
        rows += f"{area},{span},0,{gas},n/e,500,20,3000\n"
    hours = read_hours(write(rows), "FR", "life-cycle")
    assert [g.value for g in hours.by_hour.values()] == pytest.approx(
        [(490 * 1000 + 12 * 3000) / 4000, (490 * 3000 + 12 * 3000) / 6000]
    )
    direct = read_hours(write(rows), "FR", "direct")
    assert direct.by_hour[at("2023-01-01 00:00")] == pytest.approx((92.5, 87.5, 122.5))
    assert any("IPCC AR5" in source for source in direct.sources)
    assert hours.missing == 0


def test_where_the_clock_goes_back_the_hour_comes_twice_and_where_it_leaps_not_at_all(
    write: Write,
) -> None:
    autumn = "".join(
        f"FR,29.10.2023 0{h}:00 - 29.10.2023 0{h + 1}:00,0,{gas},n/e,0,0,1000\n"
        for h, gas in ((1, 10), (2, 20), (2, 30), (3, 40))
    )
    spring = "".join(
        f"FR,26.03.2023 0{h}:00 - 26.03.2023 0{h + 1}:00,{cells}\n"
        for h, cells in ((1, "0,1,n/e,0,0,9"), (2, "-,-,n/e,-,-,-"), (3, "0,1,n/e,0,0,9"))
    )
    header = TYPES.replace("MTU", "MTU (CET/CEST)")
    hours = read_hours(write(header + autumn), "FR", "direct")
    assert list(hours.by_hour) == [at(f"2023-10-{d}") for d in ("28 23:00", "29 00:00",
                                                              "29 01:00", "29 02:00")]  # fmt: skip
    assert hours.missing == 0
    leapt = read_hours(write(header + spring), "FR", "direct")
    assert list(leapt.by_hour) == [at("2023-03-26 00:00"), at("2023-03-26 01:00")]
    with pytest.raises(ConfigError, match=r"row 2, MTU: .*a time of no clock"):
        read_hours(write(TYPES + autumn), "FR", "direct")


def test_an_hour_of_which_a_step_is_unknown_is_a_gap(write: Write) -> None:
    rows = TYPES
    for minute, gas in ((0, "1000"), (15, "1000"), (30, "N/A"), (45, "1000")):
        ends = f"01.01.2023 0{(minute + 15) // 60}:{(minute + 15) % 60:02d}"
        rows += f"FR,01.01.2023 00:{minute:02d} - {ends} (UTC),0,{gas},,0,0,3000\n"
    rows += "FR,01.01.2023 01:00 - 01.01.2023 01:15 (UTC),0,1,,0,0,1\n"
    hours = read_hours(write(rows), "FR", "direct")
    assert hours.by_hour == {} and hours.missing == 2


WRONG = """hour_utc,zone,kind,value_g_per_kwh
2026-01-01T00:00Z,CA-QC,direct,-1
2026-01-01T01:00Z,CA-QC,direct,nan
yesterday,CA-QC,direct,2
2026-01-01T03:30Z,CA-QC,direct,2
2026-01-01T04:00Z,CA-QC,direct,2
2026-01-01T04:00Z,CA-QC,direct,2
2026-01-01T05:00Z,CA-QC,market,two
2026-01-01T06:00Z
"""


def test_every_wrong_cell_is_told_at_once_with_its_place(write: Write) -> None:
    path = write(WRONG)
    with pytest.raises(ConfigError) as raised:
        read_hours(path, "CA-QC", "direct")
    for part in (
        str(path),
        "row 2, value_g_per_kwh: '-1'; negative",
        "row 3, value_g_per_kwh: 'nan'; not a number",
        "row 4, hour_utc: 'yesterday'; not a time",
        "row 5, hour_utc: '2026-01-01T03:30Z'; not the start of an hour",
        "row 7, hour_utc: '2026-01-01T04:00Z'; an hour told before",
        "row 8, value_g_per_kwh: 'two'; not a number",
        "row 8, kind: 'market'; neither",
        "1 cells, where the header has 4",
    ):
        assert part in raised.value.message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is no table of hourly intensity"),
        ("a,b\n1,2\n", "its columns are a, b"),
        (OWN.replace(",low,high", ",low,top"), "one of the columns low and high"),
        (OWN.replace("2.5,2,3", "2.5,3,4"), "not within 3 to 4"),
        (EIA, "no row of CA-QC, but of CISO, NYIS"),
        (TYPES.replace("Peat", "Moss"), "no type of generation that we know"),
        ("Area,MTU (UTC)\n", "no column of generation"),
        (OWN.replace("2.5", '"2.5'), "unexpected end of data"),
    ],
)
def test_what_is_not_such_a_file_is_refused(write: Write, text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        read_hours(write(text), "CA-QC", "direct")


def test_a_file_that_cannot_be_read_is_refused(write: Write, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.csv", write(OWN).rename(tmp_path / "x.csv.gz")):
        with pytest.raises(ConfigError, match=r"is a folder|cannot be read"):
            read_hours(path, "CA-QC", "direct")
    latin = tmp_path / "latin.csv"
    latin.write_bytes(OWN.encode("latin-1"))
    with pytest.raises(ConfigError, match="is not UTF-8"):
        read_hours(latin, "CA-QC", "direct")


def test_two_files_may_not_tell_the_same_hour(write: Write) -> None:
    one, two = write(OWN, "one.csv"), write(OWN, "two.csv")
    with pytest.raises(ConfigError, match=r"one\.csv and .*two\.csv both tell the hour 2026-01-01"):
        read_files([one, two], "CA-QC", "direct")


# The formula


power = st.floats(0, 1e5)


@given(st.dictionaries(st.sampled_from(["gas", "nuclear", "coal", "other"]), power, min_size=1))
def test_a_mix_lies_between_what_it_is_made_of(mix: dict[str, float]) -> None:
    grams = generation_intensity(mix, "life-cycle")
    if not any(p for t, p in mix.items() if t != "other"):
        assert grams is None
        return
    assert grams is not None
    alone = [generation_intensity({t: 1.0}, "life-cycle") for t, p in mix.items() if p]
    values = [g.value for g in alone if g]
    assert min(values) * (1 - 1e-9) <= grams.value <= max(values) * (1 + 1e-9)
    assert grams.low <= grams.value * (1 + 1e-9) and grams.value <= grams.high * (1 + 1e-9)


def test_what_has_no_factor_widens_the_interval_and_storage_is_left_out() -> None:
    sure = generation_intensity({"gas": 100.0}, "direct")
    doubtful = generation_intensity({"gas": 100.0, "other": 100.0}, "direct")
    assert sure and doubtful
    assert doubtful.value == sure.value
    assert doubtful.low == sure.low / 2 and doubtful.high > 2 * sure.high
    assert technology("Hydro Pumped Storage") == technology("Energy storage") == ""
    assert technology("Moonshine") is None
