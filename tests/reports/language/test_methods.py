"""Every method that any code can build, in both languages."""

from __future__ import annotations

import ast
import json
import pickle
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import sobriety
from sobriety.core.estimate import Estimate, product, total
from sobriety.core.machine import Machine
from sobriety.core.method import (
    STATED,
    Method,
    MethodKind,
    MethodValue,
    from_dict,
    kinds,
    noted,
    vocabularies,
)
from sobriety.estimators import (
    all_factors,
    amortised,
    categories,
    embodied,
    lifetime,
    plan,
    typical_year,
)
from sobriety.reports import Report, as_json
from sobriety.reports.language.language import Language
from sobriety.reports.language.methods import french, method

ROOT = Path(sobriety.__file__).parent.parent
ROOMS = {"sobriety": ROOT / "sobriety", "sobriety.estimators": ROOT / "estimators",
         "sobriety.collectors": ROOT / "collectors", "sobriety.cli": ROOT / "cli"}  # fmt: skip
EN, FR = Language("en"), Language("fr")
ENGLISH = frozenset(
    re.findall(
        r"\w+",
        """above add all and as at by category charged cores day declared disk each else energy
        every factor fewer filled for former from full hours idle is its kept known lamp left less
        life lifetime lit load machines makers making measured median memory methods model named not
        observed of off other out over owner own parts plug power processor products read regression
        rest runs screen server shape share short sleep taken than the then threads time to typical
        unknown used user week what where while whole with within year years""",
    )
)
"""Words of the English sentences that are no French words too."""


def declarations() -> Iterator[tuple[str, str]]:
    """Module and key of every kind declared in the source."""
    for package, folder in ROOMS.items():
        for path in sorted(folder.rglob("*.py")):
            text = path.read_text("utf-8")
            if "MethodKind(" not in text and "vocabulary(" not in text:
                continue
            parts = path.relative_to(folder).with_suffix("").parts
            module = ".".join((package, *parts))
            for node in ast.walk(ast.parse(text)):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Name)
                    and node.func.id == "MethodKind"
                ):
                    yield module, ast.literal_eval(node.args[0])


DECLARED = list(declarations())
for _module in dict.fromkeys(module for module, _ in DECLARED):
    import_module(_module)
KEYS = [key for _, key in DECLARED]


def sample(kind: MethodKind, place: str, number: float = 1234.5) -> MethodValue:
    """A value that a place takes, every word of its vocabulary among them."""
    place_type = kind.places[place]
    if place_type == "number":
        return number
    if place_type == "year":
        return 2024
    if place_type == "text":
        return "CA-QC"
    if place_type == "method":
        return kinds()["idle"]()
    if kind.vocabulary(place) is None:
        return (kinds()["declared"](), kinds()["one-chip"]())
    return categories() if place_type == "category" else tuple(vocabularies()[place_type])


def made(kind: MethodKind) -> Method:
    return kind(**{place: sample(kind, place) for place in kind.places})


def test_the_source_declares_what_is_registered() -> None:
    assert len(KEYS) > 80
    assert len(set(KEYS)) == len(KEYS)
    assert set(KEYS) == set(kinds())


@pytest.mark.parametrize("key", KEYS)
def test_every_method_is_said_in_both_languages(key: str) -> None:
    kind = kinds()[key]
    english, said = method(EN, made(kind)), method(FR, made(kind))
    for text in (english, said):
        assert text and not re.search(r"[{}]", text), text
    places = set(re.findall(r"\{(\w+)\}", french()["method", key]))
    assert places == set(kind.places)
    if any(t == "number" for t in kind.places.values()):
        assert "1,234.5" in english and "1\u00a0234,5" in said


@pytest.mark.parametrize("key", KEYS)
def test_no_english_is_left_in_french(key: str) -> None:
    words = set(re.findall(r"[^\W\d_]+", method(FR, made(kinds()[key])).lower()))
    assert words & ENGLISH == set()


def test_the_french_is_of_methods_that_there_are() -> None:
    keys = {("method", key) for key in kinds()}
    keys |= {(name, word) for name, words in vocabularies().items() for word in words}
    assert set(french()) == keys


def test_every_word_of_french_comes_from_the_table() -> None:
    """What an estimator gives is numbers, names and codes: never words."""
    for kind in (kinds()[key] for key in KEYS):
        for place, place_type in kind.places.items():
            known = place_type == "category" or place_type in vocabularies()
            assert known or kind.vocabulary(place) is None, (kind.key, place)
            if place_type == "text":
                assert place in {"text", "zone", "name"}, (kind.key, place)


MACHINES = [
    {"category": c, "threads": t, "cores": k, "idle_w": i, "max_w": m, "tdp_w": d, "virtual": v}
    for c in (None, *categories())
    for t, k in ((None, None), (16, None), (16, 8))
    for i, m, d in ((None, None, None), (None, 90.0, 95.0), (20.0, 90.0, None))
    for v in (False, True)
] + [
    {"category": "server", "chips": 1, "cores": 1, "tdp_w": 600.0, "memory_b": 3e12},
    {"category": "server", "chips": 2, "cores": 16, "disks": 8, "hw_year": 1999},
    {"category": "server", "readings": "50=200", "meter_ratio": 0.05},
    {"category": "server", "idle_w": 90.0, "readings": "50=200 90=300"},
]
SEEN = [("cpu",), ("cpu", "package", "dram"), ("cpu", "psys"), ("cpu", "battery"), ("cpu", "wall"),
        ("cpu", "gpu"), ("cpu", "screen"), ("told",)]  # fmt: skip


def methods_of(machine: Machine) -> Iterator[Method]:
    plans = [plan(machine, observed, "on") for observed in SEEN]
    plans += [plan(machine, (), "asleep"), plan(machine, (), "off")]
    yield from (p.method for p in plans if p is not None)
    try:
        yield amortised(embodied(machine), lifetime(machine), 3600.0).method
        yield typical_year(machine, machine.category or "").method
    except sobriety.FactorNotFound:
        return


def test_what_estimators_say_of_any_machine_is_french() -> None:
    said = {
        m
        for facts in MACHINES
        for m in methods_of(Machine("m", manufacturer="Dell", **facts))  # type: ignore[arg-type]
    }
    said |= {f.estimate.method for zone in ("CA-QC", "FR", "US-CA") for f in all_factors(zone)}
    assert len(said) > 150
    for each in said:
        words = set(re.findall(r"[^\W\d_]+", method(FR, each).lower()))
        assert words & ENGLISH == set(), method(FR, each)


def test_an_access_point_is_french_to_its_last_word() -> None:
    year = typical_year(Machine(category="access point"), "access point")
    (factor, *_) = all_factors("CA-QC")
    both = product("co2e_kg", year, factor.estimate)
    assert str(both.method).startswith("typical access point: 10 W (5 to 20) all the time × ")
    assert method(FR, both.method).startswith(
        "point d’accès typique\u00a0: 10\u00a0W (de 5 à 20) en tout temps × facteur "
    )


def test_a_report_has_no_english_method_in_french(report: Report) -> None:
    told = as_json(report, "fr")
    sentences = {f["method"] for f in figures(told)}
    assert sentences and sentences.isdisjoint(f["method"] for f in figures(as_json(report, "en")))
    for sentence in sentences:
        assert set(re.findall(r"[^\W\d_]+", sentence.lower())) & ENGLISH == set(), sentence
    for figure in figures(json.loads(json.dumps(told))):
        assert method(FR, from_dict(figure)) == figure["method"]


def figures(told: object) -> Iterator[dict[str, str]]:
    if isinstance(told, dict):
        if "method_key" in told and "sources" in told:
            yield told  # pyright: ignore[reportUnknownVariableType]
        for value in told.values():  # pyright: ignore[reportUnknownVariableType]
            yield from figures(value)  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(told, list):
        for value in told:  # pyright: ignore[reportUnknownVariableType]
            yield from figures(value)  # pyright: ignore[reportUnknownArgumentType]


def test_what_an_older_report_says_stays_as_it_was_written() -> None:
    old = from_dict({"method": "server regression on cores, tdp_w"})
    assert old == STATED(text="server regression on cores, tdp_w")
    assert str(old) == method(FR, old) == "server regression on cores, tdp_w"
    newer = from_dict({"method": "by magic", "method_key": "magic", "method_values": {}})
    assert str(newer) == "by magic"


def test_methods_survive_json_and_pickle_and_equal_each_other() -> None:
    for key in KEYS:
        each = made(kinds()[key])
        figure = {"method_key": each.key, "method_values": json.loads(json.dumps(each.as_dict()))}
        assert from_dict(figure) == each == pickle.loads(pickle.dumps(each))
        assert hash(from_dict(figure)) == hash(each)
    assert noted(made(kinds()["idle"])) == made(kinds()["idle"])


def test_a_sum_names_each_of_its_methods_once() -> None:
    def part(text: str) -> Estimate:
        return Estimate("energy_j", 1, 1, 1, "modelled", STATED(text=text), ("nobody",))

    inner = total("energy_j", [part("a"), part("b")], shared_error=True)
    assert str(total("energy_j", [inner, part("a")], shared_error=True).method) == "a + b"


def test_places_that_a_kind_does_not_have_are_refused() -> None:
    with pytest.raises(TypeError, match="parts"):
        kinds()["sum"](part=())
    with pytest.raises(TypeError, match="no Method"):
        Estimate("energy_j", 1, 1, 1, "modelled", "guessed", ("nobody",))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="two kinds"):
        MethodKind("sum", "{parts}")
