"""What an organisation's report adds: prices, the ledger of making, services, hours of the week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..language.language import NBSP, Language
from ..language.quantities import POWER, fitting, show, show_bounds, symbol
from ..model.report import FOLDED, Dimension, HeatMap, Missing, Report, ServiceUse
from .sentences import category

_HOURS_A_DAY = 24
_SHADES = 6


@dataclass(frozen=True, slots=True)
class Pair:
    """A name, its figure, and what to know of it."""

    name: str
    value: str
    note: str


def slice_name(language: Language, report: Report, dimension: Dimension, name: str) -> str:
    """A part's name as people read it."""
    if name == FOLDED:
        return language.say("others, too few to stand alone")
    if dimension == "category":
        return category(language, name)
    if not name:
        return language.say("not declared")
    label = report.labels.get(dimension, {}).get(name)
    return label.of(language.tongue) if label else name


def dimension_words(language: Language, dimension: Dimension) -> tuple[str, str]:
    """A table's caption, and the head of its first column."""
    words = {
        "host": (language.say("By device"), language.say("Device")),
        "category": (language.say("By category"), language.say("Category")),
        "site": (language.say("By site"), language.say("Site")),
        "department": (language.say("By department"), language.say("Department")),
        "service": (language.say("By service"), language.say("Service")),
    }
    return words[dimension]


def signature_lines(language: Language, report: Report) -> list[str]:
    """Who prepared, reviewed and approved it, and when."""
    lines: list[str] = []
    for role, name, at in report.signatures:
        date = language.day(datetime.fromisoformat(at).date())
        words = {
            "preparer": language.say("Prepared by {name}, {date}", name=name, date=date),
            "reviewer": language.say("Reviewed by {name}, {date}", name=name, date=date),
            "approver": language.say("Approved by {name}, {date}", name=name, date=date),
        }
        lines.append(words[role])
    return lines


def cost_rows(language: Language, report: Report) -> list[Pair]:
    """Electricity by currency."""
    rows: list[Pair] = []
    for cost in report.costs:
        money = cost.cost_money
        note = ""
        if cost.priced_ratio < 1 - 1e-9:
            note = language.say(
                "for {share} of the energy; the rest has no declared price",
                share=language.share(cost.priced_ratio),
            )
        between = language.say(
            "between {low} and {high}",
            low=language.money(money.low, cost.currency),
            high=language.money(money.high, cost.currency),
        )
        value = language.money(money.value, cost.currency)
        rows.append(Pair(between, value, note))
    return rows


def ledger_rows(language: Language, report: Report) -> list[Pair]:
    """Purchases to charges: the first four lines give the fifth."""
    ledger = report.ledger
    if ledger is None:
        return []
    largest = max(ledger.bought_kg, ledger.deferred_kg, ledger.carried_kg, ledger.charged_kg, 1e-9)
    tonnes = largest >= 10_000
    size, unit, places = (1000.0, "t", 1) if tonnes else (1.0, "kg", 1)
    steps = {
        name: round(getattr(ledger, f"{name}_kg") / size * 10**places)
        for name in ("bought", "carried", "passed_on", "written_off")
    }
    charged = round(ledger.charged_kg / size * 10**places)
    # What is deferred is what makes the printed lines add up: at most a step from its own rounding.
    steps["deferred"] = steps["bought"] + steps["carried"] - steps["passed_on"] - charged
    steps["charged"] = charged
    steps["amortised"] = charged - steps["written_off"]
    names = (
        ("bought", "", language.say("Bought in the period (Scope 3, category 2)"), ""),
        ("carried", "+", language.say("Left of earlier purchases when it began"), ""),
        ("deferred", "−", language.say("Left for later periods"), ""),
        ("passed_on", "−", language.say("Passed on with devices reused or donated"), ""),
        ("charged", "", language.say("Charged to the period"), ""),
        ("amortised", "", language.say("of which by the day"), ""),
        ("written_off", "", language.say("of which written off at disposal"), ""),
    )
    return [
        Pair(text, _with_sign(language, sign, steps[key], places), unit)
        for key, sign, text, _ in names
    ]


def _with_sign(language: Language, sign: str, steps: int, places: int) -> str:
    text = language.number(steps / 10**places, places)
    return sign + NBSP + text if sign and steps else text


def service_rows(language: Language, report: Report) -> list[dict[str, str]]:
    return [_service(language, service) for service in report.services]


def services_hint(language: Language, report: Report) -> str:
    """Why some of them have no score, once for all."""
    unknown = [s.sci_kg.because for s in report.services if isinstance(s.sci_kg, Missing)]
    if not unknown:
        return ""
    return f"{unknown[0].title(language)}. {unknown[0].hint(language)}"


def _service(language: Language, service: ServiceUse) -> dict[str, str]:
    whole = service.footprint.total_co2e_kg
    sci = service.sci_kg
    unit = service.unit.of(language.tongue) if service.unit else ""
    return {
        "name": service.name.of(language.tongue),
        "energy": show(language, service.footprint.energy_j).text,
        "carbon": "" if isinstance(whole, Missing) else show(language, whole).text,
        "units": "" if service.units is None else language.number(service.units),
        "unit": unit if service.units is not None else "",
        "sci": "" if isinstance(sci, Missing) else show(language, sci).text,
        "between": "" if isinstance(sci, Missing) else show(language, sci).between(language),
    }


@dataclass(frozen=True, slots=True)
class Heat:
    """Rows of a day: its name, and a (shade from 0, text) for every hour."""

    unit: str
    days: tuple[tuple[str, tuple[tuple[int, str], ...]], ...]
    least: str
    most: str


def heat_view(language: Language, heat: HeatMap | None) -> Heat | None:
    """Watts by hour of the week in one unit; shades between the least and the most."""
    if heat is None:
        return None
    least, most = min(heat.hours_w), max(heat.hours_w)
    unit = fitting(POWER, most)
    width = (most - least) or 1.0

    def cell(hour_w: float) -> tuple[int, str]:
        shade = min(_SHADES - 1, int((hour_w - least) / width * _SHADES))
        return shade, show_bounds(language, unit, hour_w, hour_w, hour_w).value

    days = tuple(
        (name, tuple(cell(w) for w in heat.hours_w[i * _HOURS_A_DAY : (i + 1) * _HOURS_A_DAY]))
        for i, name in enumerate(language.days())
    )
    return Heat(symbol(language, unit), days, cell(least)[1], cell(most)[1])
