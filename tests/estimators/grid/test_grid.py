"""Factors: one zone whatever people call it, and never another zone's figure."""

from __future__ import annotations

from importlib import import_module

import pytest

from sobriety.core.errors import FactorNotFound
from sobriety.core.estimate import Estimate
from sobriety.core.method import STATED
from sobriety.estimators import (
    FactorBook,
    GridFactor,
    all_factors,
    co2e,
    country_of,
    factor_zones,
    grid_factor,
    intensity,
    resolve_zone,
)


@pytest.mark.parametrize(
    "text",
    ["QC", "qc", "Québec", "quebec", "QUÉBEC", "CA-QC", "ca_qc", "« Québec »", " Quebec ", '"QC"',
     "Que\u0301bec"],
)  # fmt: skip
def test_quebec_is_one_zone(text: str) -> None:
    assert resolve_zone(text) == "CA-QC"


@pytest.mark.parametrize(
    ("text", "code"),
    [("France", "FR"), ("FRA", "FR"), ("royaume-uni", "GB"), ("UK", "GB"), ("Monde", "WORLD"),
     ("Côte d'Ivoire", "CI"), ("Nouvelle-Écosse", "CA-NS"), ("États-Unis", "US")],
)  # fmt: skip
def test_names_in_both_languages(text: str, code: str) -> None:
    assert resolve_zone(text) == code


@pytest.mark.parametrize("text", ["Kanada", "Quebek", "CA-XX", "", "x" * 10_000, "Québec,\nCanada"])
def test_an_unknown_zone_is_refused(text: str) -> None:
    with pytest.raises(FactorNotFound) as caught:
        resolve_zone(text)
    assert caught.value.hint


def test_the_nearest_names_are_told() -> None:
    with pytest.raises(FactorNotFound) as caught:
        resolve_zone("Quebek")
    assert caught.value.hint == "did you mean CA-QC (Quebec)?"


def test_what_is_near_to_no_zone_is_not_guessed_at() -> None:
    with pytest.raises(FactorNotFound) as caught:
        resolve_zone("Atlantis")
    assert caught.value.hint == "write it as in CA-QC or FR"


@pytest.mark.parametrize(
    ("year", "value"), [(2021, 1.7), (2022, 1.7), (2023, 1.9), (2024, 2.6), (2010, 1.7)]
)
def test_quebec_by_year(year: int, value: float) -> None:
    assert intensity("QC", year).estimate.value == value


def test_quebec_says_what_its_figure_is_worth() -> None:
    assert intensity("QC", 2023).notes == ()
    assert "preliminary" in " ".join(intensity("QC", 2024).notes)
    assert "stale" not in " ".join(intensity("QC", 2025).notes)
    assert "stale" in " ".join(intensity("QC", 2026).notes)
    assert "oldest" in " ".join(intensity("QC", 2010).notes)


def test_life_cycle_is_another_question() -> None:
    held = intensity("QC", 2026, "life-cycle")
    assert (held.estimate.value, held.kind) == (34.5, "life-cycle")
    kinds = {f.kind for f in all_factors("QC")}
    assert kinds == {"direct", "life-cycle"}
    assert all(f.zone == "CA-QC" for f in all_factors("QC"))


def test_the_other_kind_is_offered_and_never_taken() -> None:
    with pytest.raises(FactorNotFound, match="no direct factor is held for FR") as caught:
        intensity("FR", 2026)
    assert "--factor-kind life-cycle" in (caught.value.hint or "")
    assert intensity("FR", 2026, "life-cycle").zone == "FR"


def test_a_province_never_gets_its_countrys_figure() -> None:
    with pytest.raises(FactorNotFound, match="CA-ON"):
        intensity("Ontario", 2024, "life-cycle")  # only a mix of its power stations is held
    assert {f.zone for f in all_factors("Ontario")} <= {"CA-ON"}
    assert not any(f.kind == "life-cycle" for f in all_factors("Nunavut"))


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(FactorNotFound, match="market"):
        intensity("QC", 2024, "market")


@pytest.mark.parametrize("zone", ["EU", "WORLD"])
def test_the_union_and_the_world_have_factors_and_no_country(zone: str) -> None:
    assert intensity(zone, 2024, "life-cycle").zone == zone
    with pytest.raises(FactorNotFound):
        country_of(zone)


def test_the_country_of_a_province() -> None:
    assert (country_of("QC"), country_of("France")) == ("CAN", "FRA")


def test_carbon_of_a_kilowatt_hour() -> None:
    energy = Estimate(
        "energy_j", 3.6e6, 1.8e6, 7.2e6, "modelled", STATED(text="a model"), ("a test",)
    )
    carbon = co2e(energy, intensity("QC", 2023).estimate)
    assert carbon.metric == "co2e_kg"
    assert carbon.value == pytest.approx(1.9e-3, rel=1e-12)
    assert carbon.low < 1.9e-3 / 2 and carbon.high > 1.9e-3 * 2


def own(
    value: float, year: int, edition: str, name: str = "campus", zone: str = "CA-QC"
) -> GridFactor:
    row = {
        "zone": zone, "year": f"{year}", "kind": "direct", "basis": "consumption",
        "value_g_per_kwh": f"{value}", "low_g_per_kwh": f"{value}", "high_g_per_kwh": f"{value}",
        "status": "final", "source": "a study", "licence": "internal", "retrieved": edition,
        "note": "",
    }  # fmt: skip
    return grid_factor(row, own="campus")


def test_of_one_year_a_users_own_comes_before_ours() -> None:
    book = FactorBook((own(9.0, 2023, "2020-01"),))
    assert intensity("QC", 2023, "direct", book).estimate.value == 9.0
    assert intensity("QC", 2024, "direct", book).estimate.value == 2.6, "of the year asked"
    assert intensity("QC", 2023, "life-cycle", book).estimate.value == 34.5
    assert all_factors("QC", book)[0].own == "campus"


@pytest.mark.parametrize(
    ("as_of", "value"), [(None, 3.0), ("2026-05", 3.0), ("2026-04", 2.0), ("2025-01", 1.0)]
)
def test_the_newest_edition_that_was_out(as_of: str | None, value: float) -> None:
    editions = (own(1.0, 2025, "2025-01"), own(3.0, 2025, "2026-05"), own(2.0, 2025, "2025-07"))
    assert intensity("QC", 2025, "direct", FactorBook(editions, as_of)).estimate.value == value


def test_before_any_edition_there_is_no_factor_and_the_oldest_is_named() -> None:
    with pytest.raises(FactorNotFound, match="no direct factor of CA-QC was out in 2019-01") as no:
        intensity("QC", 2025, "direct", FactorBook(as_of="2019-01"))
    assert "factors_as_of to 2026-11 or later" in (no.value.hint or "")


def test_a_zone_that_only_its_owner_knows() -> None:
    book = FactorBook((own(9.0, 2025, "2026-01", zone="CH-GE"),))
    assert intensity("ch-ge", 2025, "direct", book).estimate.value == 9.0
    with pytest.raises(FactorNotFound, match="unknown grid zone"):
        intensity("CH-GE", 2025)


def test_every_factor_of_ours_has_an_edition_a_source_and_a_licence() -> None:
    every = [
        f for zone in factor_zones() for f in all_factors(zone) if "CodeCarbon" not in f.source
    ]
    assert len(every) > 20
    for f in every:
        assert f.edition and f.source and f.licence and f.own is None, f
        assert f.estimate.low <= f.estimate.value <= f.estimate.high


@pytest.mark.parametrize("province", ["quebec", "ontario", "alberta", "nova scotia"])
def test_a_provinces_mix_is_what_codecarbon_itself_computes(province: str) -> None:
    emissions = pytest.importorskip("codecarbon.core.emissions")
    data = import_module("codecarbon.input").DataSource().get_country_energy_mix_data("can")
    theirs = emissions.Emissions._region_energy_mix_to_emissions_rate(data[province])
    (ours,) = [f for f in all_factors(province) if "CodeCarbon" in f.source]
    assert ours.estimate.value == pytest.approx(theirs.kgs_per_kWh * 1000)
    assert (ours.kind, ours.basis) == ("direct", "production")


def test_a_state_is_no_country_and_pounds_are_grams() -> None:
    (factor,) = all_factors("US-CO")
    assert factor.estimate.value == pytest.approx(1091.078 * 0.45359237)
    assert factor.year == 2023 and "eGRID" in factor.source
    assert resolve_zone("Georgia") == "GE" and resolve_zone("Géorgie (État)") == "US-GA"
    assert resolve_zone("Californie") == "US-CA" and resolve_zone("CA") == "CA"


def test_ours_comes_before_codecarbons_for_quebec() -> None:
    held = [f for f in all_factors("CA-QC") if f.kind == "direct" and f.year == 2023]
    assert len(held) == 2 and "CodeCarbon" in held[1].source
    assert intensity("CA-QC", 2023).source == held[0].source
