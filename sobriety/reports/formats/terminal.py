"""The report's opening for a terminal: aligned, in any encoding, in colour where wanted."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterable

from sobriety.core.text import Tongue

from ..language.language import NBSP, Language
from ..language.quantities import Shown, show
from ..model.report import Missing, Report
from ..views import opening
from ..views import sentences as wording

_PLAIN = str.maketrans(
    {"’": "'", "–": "-", "·": "-", "₂": "2", "µ": "u", NBSP: " ", "«": '"', "»": '"', "×": "x",
     "÷": "/", "…": "...", "√": "sqrt ", "→": "->", "œ": "oe", "—": "-"}
)  # fmt: skip
_BOLD, _DIM, _OFF = "\033[1m", "\033[2m", "\033[0m"


def as_text(
    report: Report,
    language: Tongue | None = None,
    *,
    width: int = 80,
    colour: bool = False,
    ascii_only: bool = False,
) -> str:
    """The summary, no line longer than `width` where words allow it."""
    words = Language(language or report.language)
    bold, dim, off = (_BOLD, _DIM, _OFF) if colour else ("", "", "")
    lines = [
        f"{bold}{wording.title(words, report)}{off}",
    ]
    when = f"{wording.period(words, report.period)}, {wording.observed(words, report)}"
    lines += _wrapped(when, width)
    if wording.of_one_machine(report):
        lines += _wrapped(wording.machine(words, report.machines[0]), width)
    lines += ["", *_wrapped(opening.lead(words, report), width), ""]
    rows = _rows(report, words)
    name_width = max(len(name) for name, *_ in rows)
    value_width = max(len(value) for _, value, _ in rows)
    for name, value, between in rows:
        lines.append(
            f"{name:<{name_width}}  {bold}{value:>{value_width}}{off}  {dim}{between}{off}"
        )
    lines += ["", *_cautions(report, words, width, dim, off)]
    text = "\n".join(line.rstrip() for line in lines).rstrip() + "\n"
    # A terminal breaks lines itself: a no-break space would only be copied with the text.
    text = text.replace(NBSP, " ")
    return _plain(text) if ascii_only else text


def _rows(report: Report, language: Language) -> list[tuple[str, str, str]]:
    def row(name: str, shown: Shown, more: str = "") -> tuple[str, str, str]:
        return name, shown.text, ", ".join(x for x in (shown.between(language), more) if x)

    totals = report.totals
    weights = opening.weights(language, totals)
    rows = [
        row(language.say("Power drawn, on average"), show(language, report.mean_power_w)),
        row(language.say("Energy"), show(language, totals.energy_j)),
        row(language.say("Making"), weights.making, weights.making_text),
    ]
    if weights.use and weights.both:
        rows.append(row(language.say("Use"), weights.use, weights.use_text))
        rows.append(row(language.say("Together"), weights.both))
    elif isinstance(totals.use_co2e_kg, Missing):
        why = totals.use_co2e_kg.because.title(language)
        rows.append((language.say("Use"), language.say("Unknown"), why))
    if report.market and not isinstance(report.market.use_co2e_kg, Missing):
        by_contract = show(language, report.market.use_co2e_kg)
        rows.append(row(language.say("Use, by contract"), by_contract, language.say("apart")))
    if not isinstance(report.pace, Missing):
        year = opening.weights(language, report.pace.footprint)
        both = year.both or year.making
        energy = show(language, report.pace.footprint.energy_j)
        rows.append(row(language.say("A year at this pace"), energy))
        rows.append(row("", both))
    for indicator in report.indicators:
        if not isinstance(indicator.figure, Missing) and indicator.id != "embodied_ratio":
            name, _ = wording.indicator(language, indicator)
            rows.append(row(name, show(language, indicator.figure)))
    return rows


def _cautions(report: Report, language: Language, width: int, dim: str, off: str) -> Iterable[str]:
    for caution in report.cautions:
        yield from _wrapped(f"! {caution.title(language)}. {caution.what(language)}", width, "  ")
        yield from (
            f"{dim}{line}{off}" for line in _wrapped("  " + caution.hint(language), width, "  ")
        )


def _wrapped(text: str, width: int, indent: str = "") -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent=indent, break_on_hyphens=False)


def _plain(text: str) -> str:
    """ASCII: accents dropped and signs spelled, so that no terminal fails on it."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    return decomposed.encode("ascii", "ignore").decode("ascii")
