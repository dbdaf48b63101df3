"""The report as one HTML file: no script, nothing to load, for any browser and for paper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sobriety import __version__
from sobriety.core.errors import MissingExtra
from sobriety.core.estimate import Estimate

from . import changes, opening, organisation, wording
from .charts import HEIGHT, WIDTH, power_chart
from .language import NBSP, Language
from .methods import method
from .model import Missing, Report
from .quantities import POWER, Shown, amount, fitting, show, show_bounds
from .settings import Tongue
from .tables import breakdown_tables, work_table
from .warnings import duration

_MOST_ROWS = 20
_A_FEW_MINUTES_S = 600


def as_html(report: Report, language: Tongue | None = None) -> str:
    """The whole page, in the report's language or another. Raises MissingExtra without jinja2."""
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError:
        raise MissingExtra("jinja2", "report") from None
    environment = Environment(
        loader=PackageLoader("sobriety.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("report.html").render(
        **_context(report, Language(language or report.language))
    )
    # What is indented for a template's reader costs its page's reader a fifth of the bytes.
    return "\n".join(line for line in map(str.strip, page.split("\n")) if line) + "\n"


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
        "power_chart": _power(report, language),
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
        wording.action, wording.outcome, wording.narrowing, wording.gap,
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
            "own_words": figure.method,
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


def _power(report: Report, language: Language) -> dict[str, Any] | None:
    """The chart, its labels and the table that says the same."""
    chart = power_chart(report.series)
    if chart is None:
        return None
    unit = fitting(POWER, chart.watts[-1].value)
    places = max(0, -_exponent(chart.watts[1].value / unit.factor))
    days = report.period.duration_s > 2 * 86_400

    def moment(at_ns: float) -> str:
        at = datetime.fromtimestamp(at_ns / 1e9, tz=report.period.start.tzinfo)
        if report.period.duration_s < _A_FEW_MINUTES_S:
            return f"{(at_ns - report.series[0].start_ns) / 1e9:.0f}{NBSP}s"
        return language.in_calendar(at.date(), "d MMM") if days else language.clock(at)

    def full(at_ns: int) -> str:
        at = datetime.fromtimestamp(at_ns / 1e9, tz=report.period.start.tzinfo)
        return f"{language.in_calendar(at.date(), 'yyyy-MM-dd')} {at:%H:%M:%S}"

    def watts(value: float, low: float, high: float) -> Shown:
        return show_bounds(language, unit, value, low, high)

    return {
        "chart": chart,
        "width": WIDTH,
        "height": HEIGHT,
        "unit": unit.symbol,
        "ticks": [(t.share, language.number(t.value / unit.factor, places)) for t in chart.watts],
        "moments": [moment(t.value) for t in chart.moments_ns],
        "rows": [(full(p.start_ns), watts(p.value_w, p.low_w, p.high_w)) for p in report.series],
        "smallest": watts(*[min(p.value_w for p in report.series)] * 3),
        "largest": watts(*[max(p.value_w for p in report.series)] * 3),
    }


def _exponent(value: float) -> int:
    """Of the last digit needed to write a round step: 0.25 → -2, 20 → 0."""
    return next((-n for n in range(4) if abs(round(value, n) - value) < 1e-9), -4)
