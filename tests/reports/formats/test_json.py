"""The JSON: by its schema, and nothing rounded."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import jsonschema
import pytest
from referencing import Registry, Resource

from sobriety.core.text import Tongue
from sobriety.reports import Report, as_json

Errors = Callable[[object], dict[str, str]]
"""Where what was written breaks the schema, and how."""

SCHEMAS = Path(__file__).parents[3] / "docs" / "schema"


def schema(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def errors() -> Errors:
    jsonschema.Draft202012Validator.check_schema(schema("report.json"))
    figure: Resource[Any] = Resource.from_contents(schema("figure.json"))
    registry: Registry[Any] = Registry[Any]().with_resource("figure.json", figure)
    validator: Any = jsonschema.Draft202012Validator(
        schema("report.json"),
        registry=registry,
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    )
    return lambda written: {e.json_path: e.message for e in validator.iter_errors(written)}


def test_it_keeps_its_schema(report: Report, errors: Errors) -> None:
    tongues: tuple[Tongue, ...] = ("en", "fr")
    for tongue in tongues:
        written = json.loads(json.dumps(as_json(report, tongue), allow_nan=False))
        assert errors(written) == {}


def test_the_schema_refuses_what_is_wrong(reports: dict[str, Report], errors: Errors) -> None:
    written = as_json(reports["laptop"])
    del written["totals"]["energy_j"]["sources"]
    written["coverage_ratio"] = 1.2
    assert errors(written).keys() == {"$.totals.energy_j", "$.coverage_ratio"}


def test_figures_are_not_rounded(reports: dict[str, Report]) -> None:
    written, report = as_json(reports["laptop"]), reports["laptop"]
    assert written["totals"]["energy_j"]["value"] == report.totals.energy_j.value
    assert written["period"]["label"] == "recorded"


def without_methods(told: object) -> Any:
    """The same without the sentences of methods, which are everywhere."""
    if isinstance(told, dict):
        named = cast("dict[str, object]", told)
        return {k: without_methods(v) for k, v in named.items() if k != "method"}
    if isinstance(told, list):
        return [without_methods(v) for v in cast("list[object]", told)]
    return told


def test_only_sentences_change_with_the_language(report: Report) -> None:
    english, french = (without_methods(as_json(report, tongue)) for tongue in ("en", "fr"))
    changed = {k for k in english if english[k] != french[k]}
    assert changed <= {"language", "warnings", "actions", "totals", "other_factor_kind",
                       "year_at_this_pace", "breakdown", "indicators", "standings",
                       "services", "comparisons"}  # fmt: skip
    assert [w["code"] for w in english["warnings"]] == [w["code"] for w in french["warnings"]]


def test_what_is_unknown_says_why(reports: dict[str, Report]) -> None:
    use = as_json(reports["no zone"])["totals"]["use_co2e_kg"]
    assert use["missing"] == "no_zone" and "value" not in use
    assert "sobriety config set grid.zone" in use["hint"]
