"""Prices, the ledger of manufacturing carbon, digital services and the hours of the week."""

from __future__ import annotations

from datetime import datetime

from ..language.language import NBSP, Language
from ..language.quantities import CARBON, POWER, Shown, category, fitting, show, show_bounds, symbol
from ..model.figures import FOLDED, Figure, Ledger, Missing
from ..model.figures import HeatMap as Heat
from ..model.findings import ServiceUse
from ..model.report import Dimension, Report
from .blocks import Fact, Table, TableCell, TableColumn, WeekMap

_HOURS_A_DAY = 24
_SHADES = 6


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


def cost_facts(language: Language, report: Report) -> list[Fact]:
    """Electricity by currency."""
    rows: list[Fact] = []
    for cost in report.costs:
        money = cost.cost_money
        low, high = (language.money(bound, cost.currency) for bound in (money.low, money.high))
        note = language.say("between {low} and {high}", low=low, high=high)
        if cost.priced_ratio < 1 - 1e-9:
            note += "; " + language.say(
                "for {share} of the energy; the rest has no declared price",
                share=language.share(cost.priced_ratio),
            )
        value = language.money(money.value, cost.currency)
        bounds = (money.value, money.low, money.high)
        figure = Shown(value, low, high, cost.currency, bounds)
        rows.append(Fact(language.say("Cost of electricity"), value, note, figure))
    return rows


def ledger_table(language: Language, ledger: Ledger) -> Table:
    """From purchases to charges: the first four lines give the fifth."""
    largest = max(ledger.bought_kg, ledger.deferred_kg, ledger.carried_kg, ledger.charged_kg, 1e-9)
    tonnes = largest >= 10_000
    size, places = (1000.0, 1) if tonnes else (1.0, 1)
    unit = symbol(language, CARBON[0] if tonnes else CARBON[1])
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
        ("bought", "", language.say("Bought in the period (Scope 3, category 2)")),
        ("carried", "+", language.say("Left of earlier purchases when it began")),
        ("deferred", "−", language.say("Left for later periods")),
        ("passed_on", "−", language.say("Passed on with devices reused or donated")),
        ("charged", "", language.say("Charged to the period")),
        ("amortised", "", language.say("of which by the day")),
        ("written_off", "", language.say("of which written off at disposal")),
    )
    rows = tuple(
        (TableCell(text), TableCell(_with_sign(language, sign, steps[key], places),
                          getattr(ledger, f"{key}_kg") / size * (-1 if sign == "−" else 1)))
        for key, sign, text in names
    )  # fmt: skip
    caption = language.say("Purchases beside what the period is charged, in {unit}", unit=unit)
    columns = (TableColumn(language.say("Line")), TableColumn(unit, numeric=True))
    return Table(caption, columns, rows, id="ledger", kind="ledger")


def _with_sign(language: Language, sign: str, steps: int, places: int) -> str:
    text = language.number(steps / 10**places, places)
    return sign + NBSP + text if sign and steps else text


def services_hint(language: Language, report: Report) -> str:
    """Why some of them have no score, once for all."""
    unknown = [s.sci_kg.because for s in report.services if isinstance(s.sci_kg, Missing)]
    if not unknown:
        return ""
    return f"{unknown[0].title(language)}. {unknown[0].hint(language)}"


def service_table(language: Language, report: Report) -> Table:
    """Each digital service with its energy, carbon, units, and the carbon of a unit."""
    columns = (
        TableColumn(language.say("Service")),
        *(
            TableColumn(text, numeric=True)
            for text in (language.say("Energy"), language.say("Carbon"), language.say("Units"),
                         language.say("Each of them"))
        ),
        TableColumn(language.say("Interval")),
    )  # fmt: skip
    return Table(
        language.say(
            "Carbon of a functional unit as ISO/IEC 21031 (SCI) has it: location-based, making"
            " included."
        ),
        columns, tuple(_service(language, s) for s in report.services), id="services", kind="wide",
    )  # fmt: skip


def _service(language: Language, service: ServiceUse) -> tuple[TableCell, ...]:
    unknown = TableCell(language.say("unknown"))
    unit = NBSP + service.unit.of(language.tongue) if service.unit else ""
    units = service.units

    def cell(figure: Figure) -> TableCell:
        return unknown if isinstance(figure, Missing) else TableCell(show(language, figure).text)

    sci = service.sci_kg
    between = "" if isinstance(sci, Missing) else show(language, sci).between(language)
    return (
        TableCell(service.name.of(language.tongue)),
        cell(service.footprint.energy_j),
        cell(service.footprint.total_co2e_kg),
        unknown if units is None else TableCell(language.number(units) + unit),
        cell(sci),
        TableCell(between),
    )


def heat_map(language: Language, heat: Heat) -> WeekMap:
    """Watts by hour of the week in one unit; shades between the least and the most."""
    least, most = min(heat.hours_w), max(heat.hours_w)
    unit = fitting(POWER, most)
    width = (most - least) or 1.0

    def cell(hour_w: float) -> tuple[int, TableCell]:
        shade = min(_SHADES - 1, int((hour_w - least) / width * _SHADES))
        text = show_bounds(language, unit, hour_w, hour_w, hour_w).value
        return shade, TableCell(text, hour_w / unit.factor)

    days = tuple(
        (name, tuple(cell(w) for w in heat.hours_w[i * _HOURS_A_DAY : (i + 1) * _HOURS_A_DAY]))
        for i, name in enumerate(language.days())
    )
    symbol_, low, high = symbol(language, unit), cell(least)[1].text, cell(most)[1].text
    return WeekMap(
        "week", language.say("The hours of a week"),
        language.say(
            "Mean power by hour, in {unit}: from {least} to {most}",
            unit=symbol_, least=low, most=high,
        ),
        symbol_, language.say("Day"), days, low, high,
    )  # fmt: skip
