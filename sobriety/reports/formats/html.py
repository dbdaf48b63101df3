"""The report as one HTML file: no script, nothing to load, for any browser and for paper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from sobriety.core import __version__
from sobriety.core.errors import MissingExtra
from sobriety.core.estimate import Estimate
from sobriety.core.text import Tongue

from ..language.language import Language
from ..language.methods import method
from ..language.quantities import amount, duration, show
from ..model.report import Missing, Report
from ..views import changes, opening, organisation
from ..views import sentences as wording
from ..views.actions import action_rows
from ..views.power import power_view
from ..views.tables import breakdown_tables, work_table

if TYPE_CHECKING:
    from jinja2 import Environment

_MOST_ROWS = 20


def as_html(report: Report, language: Tongue | None = None) -> str:
    """The whole page, in the report's language or another. Raises MissingExtra without jinja2."""
    return rendered("report.html", **_context(report, Language(language or report.language)))


def rendered(template: str, *packages: str, **context: object) -> str:
    """A template of these packages, which may include those of reports. Raises MissingExtra."""
    page = _environment(*packages).get_template(template).render(**context)
    # What is indented for a template's reader costs its page's reader a fifth of the bytes.
    return "\n".join(line for line in map(str.strip, page.split("\n")) if line) + "\n"


@cache
def _environment(*packages: str) -> Environment:
    try:
        from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
    except ImportError:
        raise MissingExtra("jinja2", "report") from None
    return Environment(
        loader=ChoiceLoader(
            [PackageLoader(name) for name in (*packages, "sobriety.reports.formats")]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _context(report: Report, language: Language) -> dict[str, Any]:
    sources = _Numbered()
    return {
        "report": report,
        "language": language,
        "say": language.say,
        "say_n": language.say_n,
        "show": partial(show, language),
        "show_bytes": partial(amount, language),
        "duration": partial(duration, language),
        "weights": partial(opening.weights, language),
        "lead": opening.lead(language, report),
        "goal_texts": {s.goal.id: s.goal.text.of(language.tongue) for s in report.standings},
        "comparisons": changes.comparison_views(language, report),
        "standings": changes.standing_rows(language, report),
        "signatures": organisation.signature_lines(language, report),
        "costs": organisation.cost_rows(language, report),
        "ledger": organisation.ledger_rows(language, report),
        "services": organisation.service_rows(language, report),
        "services_hint": organisation.services_hint(language, report),
        "heat": organisation.heat_view(language, report.heat),
        "say_dimension": partial(organisation.dimension_words, language),
        "known": _known,
        "power_chart": power_view(language, report),
        "actions": action_rows(language, report),
        "factor_rows": _factors(report, language),
        "coverage_share": language.share_seen(report.coverage.ratio),
        "of_one_machine": wording.of_one_machine(report),
        "tables": breakdown_tables(language, report, most=_MOST_ROWS),
        "work": work_table(language, report.work, most=_MOST_ROWS) if report.work else None,
        "figures": _figures(report, language, sources),
        "sources": sources.names,
        "version": __version__,
        **_worded(language),
    }


def _worded(language: Language) -> dict[str, Callable[..., Any]]:
    functions = (
        wording.title, wording.period, wording.observed, wording.status, wording.basis,
        wording.factor_kind, wording.machine, wording.category, wording.indicator,
        wording.outcome, wording.narrowing, wording.gap,
    )  # fmt: skip
    return {f"say_{f.__name__}": partial(f, language) for f in functions}


def _known(figure: object) -> bool:
    return not isinstance(figure, Missing)


class _Numbered:
    """Sources in the order in which figures name them."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def numbers(self, sources: Sequence[str]) -> list[int]:
        self.names.extend(s for s in sources if s not in self.names)
        return sorted(self.names.index(s) + 1 for s in sources)


def _figures(report: Report, language: Language, sources: _Numbered) -> list[dict[str, Any]]:
    """Every figure of the opening with where it comes from."""
    totals = report.totals
    named: list[tuple[str, object]] = [
        (language.say("Energy"), totals.energy_j),
        (language.say("Carbon of use"), totals.use_co2e_kg),
        (language.say("Carbon of making, this period’s share"), totals.embodied_share_kg),
        (language.say("Making’s share"), totals.embodied_ratio),
    ]
    named += [
        (language.say("Idle share"), i.figure) for i in report.indicators if i.id == "idle_ratio"
    ]
    if report.market:
        named.append((language.say("Carbon of use, by contract"), report.market.use_co2e_kg))
    if report.own:
        named.append((language.say("Energy of measuring"), report.own.energy_j))
    return [
        {
            "name": name,
            "shown": show(language, figure),
            "basis": wording.basis(language, figure.basis),
            "method": method(language, figure.method),
            "sources": sources.numbers(figure.sources),
        }
        for name, figure in named
        if isinstance(figure, Estimate)
    ]


def _factors(report: Report, language: Language) -> list[dict[str, Any]]:
    """What every source says of the zone, those used first."""
    used = list(report.factors)
    others = [f for f in report.other_factors if f.estimate not in [u.estimate for u in used]]
    return [
        {
            "year": str(f.year),
            "kind": f.kind,
            "shown": show(language, f.estimate),
            "used": f in report.factors,
            "source": "; ".join((*f.estimate.sources, f.licence)),
        }
        for f in (*used, *others)
    ]
