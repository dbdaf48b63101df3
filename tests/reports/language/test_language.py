"""Two languages, each complete and with its own habits."""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from sobriety import reports
from sobriety.estimators import OTHER, categories, category_name
from sobriety.reports import Report, as_html
from sobriety.reports.language.language import Language
from sobriety.reports.language.methods import french
from sobriety.reports.language.quantities import duration

ROOMS = {"reports": "reports/language", "fleet": "fleet/dashboard"}
"""Packages with sentences of their own, and where their French stands. Of the gateway, the
dashboard alone speaks to people who read reports; the others write to its log."""
PACKAGE = Path(reports.__file__).parent.parent
EN, FR = Language("en"), Language("fr")
Read = Callable[[str], tuple[list[str], list[str]]]
NBSP = "\u00a0"
KEYWORDS = {"say": None, "say_n": (1, 2), "mark": None}


def sentences(room: str) -> set[str | tuple[str, ...]]:
    """Every sentence of the code and the templates."""
    found = extract_from_dir(
        PACKAGE / ("fleet/dashboard" if room == "fleet" else room),
        method_map=[("**.py", "python"), ("**/templates/**.html", "jinja2"),
                    ("templates/**.html", "jinja2")],
        keywords=KEYWORDS,
    )  # fmt: skip
    return {message for _, _, message, _, _ in found}


def entries(room: str = "reports") -> list[Message]:
    with (PACKAGE / ROOMS[room] / "locale/fr/LC_MESSAGES/sobriety.po").open("rb") as file:
        return [m for m in read_po(file, locale="fr") if m.id]


def texts(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


@pytest.mark.parametrize("room", ROOMS)
def test_no_sentence_lacks_its_french(room: str) -> None:
    translated = {
        m.id if isinstance(m.id, str) else tuple(m.id)
        for m in [*entries("reports"), *entries(room)]
        if all(texts(m))
    }
    assert len(sentences(room)) > 50
    assert sentences(room) - translated == set()


@pytest.mark.parametrize("room", ROOMS)
def test_the_catalog_holds_no_sentence_that_nobody_says(room: str) -> None:
    said = sentences(room)
    for message in entries(room):
        key = message.id if isinstance(message.id, str) else tuple(message.id)
        assert key in said or "estimator" in message.user_comments, key


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("room", ROOMS)
def test_a_translation_fills_the_same_places(room: str) -> None:
    for message in entries(room):
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        wanted = set[str]().union(*(places(i) for i in ids))
        for text in texts(message):
            assert places(text) - {"n"} == wanted - {"n"}, text


TYPOGRAPHY = {
    "no-break space before a colon": r"[^\u00a0]:(?!/)(?=\s|$)",
    "no-break space before a percent sign": r"[^\u00a0]%",
    "no-break space within « »": r"«[^\u00a0]|[^\u00a0]»",
    "no space before ; ? ! in Québec": r"\s[;?!]",
    "’ and « »": "['\"]",
    "… in one sign": r"\.\.\.",
}


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("rule", TYPOGRAPHY)
def test_french_typography(rule: str, room: str) -> None:
    every = [text for message in entries(room) for text in texts(message)]
    every += french().values()
    assert [t for t in every if re.search(TYPOGRAPHY[rule], t)] == []


def test_a_sentence_without_translation_is_an_error_and_not_english() -> None:
    with pytest.raises(LookupError, match="Bonjour"):
        FR.say("Bonjour")
    with pytest.raises(LookupError, match="one thing"):
        FR.say_n("one thing", "things", 2)


def test_numbers_dates_and_lists() -> None:
    assert EN.number(1234.5, 1) == "1,234.5"
    assert FR.number(1234.5, 1) == f"1{NBSP}234,5"
    assert EN.share(0.125, 1) == "12.5%"
    assert FR.share(0.125, 1) == f"12,5{NBSP}%"
    assert EN.day(date(2026, 11, 23)) == "November 23, 2026"
    assert FR.day(date(2026, 11, 23)) == "23 novembre 2026"
    moment = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
    assert FR.clock(moment).replace(NBSP, " ") == "14 h 05"
    assert EN.join(["a", "b", "c"]) == "a, b and c"
    assert FR.join(["a", "b", "c", "d", "e"]) == "a, b, c et 2 autres"
    assert EN.join(["a"]) == "a"


def test_zero_is_plural_in_english_and_singular_in_french() -> None:
    assert EN.say_n("{n} day", "{n} days", 0) == "0 days"
    assert FR.say_n("{n} day", "{n} days", 0) == f"0{NBSP}jour"
    assert FR.say_n("{n} day", "{n} days", 2) == f"2{NBSP}jours"


@pytest.mark.parametrize(
    ("seconds", "english"),
    [(1, "1 second"), (45, "45 seconds"), (600, "10 minutes"), (7200, "2 hours"),
     (92 * 86_400, "92 days"), (119.4, "119 seconds"), (119.5 * 60, "2 hours")],
)  # fmt: skip
def test_lengths_of_time(seconds: float, english: str) -> None:
    assert duration(EN, seconds) == english


def test_no_english_reaches_a_french_report(report: Report, read_page: Read) -> None:
    nodes, _ = read_page(as_html(report, "fr"))
    whole = "\n".join(nodes)
    for message in entries():
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        for english, translated in zip(ids, texts(message), strict=True):
            if english == translated:
                continue
            assert english not in nodes
            for fragment in re.split(r"\{\w+\}", english):
                if len(fragment) >= 12 and fragment not in translated:
                    assert fragment not in whole


def test_every_category_has_a_word() -> None:
    for name in (*categories(), OTHER):
        word = category_name(name)
        assert word.en and word.fr and word.fr != word.en
