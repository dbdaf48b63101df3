"""Figures as people read them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from babel.numbers import parse_decimal
from hypothesis import given
from hypothesis import strategies as st

from sobriety.core.estimate import Estimate, total
from sobriety.core.method import STATED
from sobriety.reports.language.language import Language
from sobriety.reports.language.quantities import column, share_texts, show

EN, FR = Language("en"), Language("fr")


def figure(metric: str, value: float, low: float, high: float) -> Estimate:
    return Estimate(metric, value, low, high, "modelled", STATED(text="a method"), ("a source",))


@pytest.mark.parametrize(
    ("estimate", "english", "french"),
    [
        (figure("power_w", 27.3, 12.1, 50.2), "27 W between 12 and 50", "27 W entre 12 et 50"),
        (
            figure("energy_j", 1234.5 * 3.6e6, 1234.4 * 3.6e6, 1234.6 * 3.6e6),
            "1,234.5 kWh between 1,234.4 and 1,234.6",
            "1 234,5 kWh entre 1 234,4 et 1 234,6",
        ),
        (
            figure("energy_j", 5040.0, 3000.0, 9000.0),
            "1.4 Wh between 0.8 and 2.5",
            "1,4 Wh entre 0,8 et 2,5",
        ),
        (
            figure("co2e_kg", 3.1e-6, 2e-6, 7e-6),
            "3.1 mg CO₂e between 2.0 and 7.0",
            "3,1 mg éq. CO₂ entre 2,0 et 7,0",
        ),
        (
            figure("share_ratio", 0.9934, 0.987, 0.996),
            "99.3% between 98.7% and 99.6%",
            "99,3 % entre 98,7 % et 99,6 %",
        ),
        (
            figure("co2e_kg", 1.9, 1.9, 1.9),
            "1.90 kg CO₂e exactly known",
            "1,90 kg éq. CO₂ valeur exacte",
        ),
    ],
)
def test_a_figure_alone(estimate: Estimate, english: str, french: str) -> None:
    for language, expected in ((EN, english), (FR, french)):
        shown = show(language, estimate)
        text = f"{shown.text} {shown.between(language)}"
        assert text.replace("\u00a0", " ").replace("\u202f", " ") == expected


def test_what_is_there_is_never_printed_as_nothing() -> None:
    parts = [figure("co2e_kg", 300.0, 150.0, 600.0), figure("co2e_kg", 1e-6, 1e-7, 1e-5)]
    printed = column(EN, total("co2e_kg", parts, shared_error=False), parts)
    assert printed.parts[1].value == "<\u00a00.1"
    assert share_texts(EN, [300.0, 1e-6]) == (">\u00a099%", "<\u00a01%")


def test_almost_everything_is_not_all() -> None:
    shown = show(EN, figure("share_ratio", 0.99999, 0.9, 1.0))
    assert shown.value == ">\u00a099%"


kilograms = st.floats(1e-9, 1e6)


@given(st.lists(kilograms, min_size=1, max_size=30), st.sampled_from([EN, FR]))
def test_a_printed_column_adds_up(values: list[float], language: Language) -> None:
    parts = [figure("co2e_kg", v, v / 2, v * 2) for v in values]
    printed = column(language, total("co2e_kg", parts, shared_error=True), parts)
    shown = [_number(p.value, language) for p in printed.parts]
    assert sum(shown) == _number(printed.total.value, language)


def _number(text: str, language: Language) -> Decimal:
    return Decimal(0) if text.startswith("<") else parse_decimal(text, locale=language.locale)
