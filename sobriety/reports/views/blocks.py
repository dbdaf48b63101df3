"""The vocabulary of views: what every format prints, without any word about reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from ..language.quantities import Shown


@dataclass(frozen=True, slots=True)
class Subheading:
    """A title inside a section."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """`english` marks words that have no translation, for those who listen to the page."""

    text: str
    soft: bool = False
    english: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """A named figure as printed, with what to know of it. `figure` has its raw numbers."""

    name: str
    text: str
    note: str = ""
    figure: Shown | None = None
    share: str = ""


@dataclass(frozen=True, slots=True)
class FactList:
    """Named figures that are read together. `id` lets a format lay them out in its own way."""

    rows: tuple[Fact, ...]
    title: str = ""
    id: Literal["", "headline", "weights", "beside", "year"] = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A thing to read: its title, a figure or a verdict, its explanation, what to do next."""

    title: str
    text: str = ""
    value: str = ""
    between: str = ""
    notes: tuple[str, ...] = ()
    next: str = ""
    figure: Shown | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class Items:
    """`brief`: short lists side by side; `gauges`: shares between 0 and 100 %."""

    rows: tuple[Item, ...]
    id: Literal["", "brief", "gauges", "warnings", "goals"] = ""


@dataclass(frozen=True, slots=True)
class Bullets:
    """Lines; numbered where other blocks refer to them, folded where few readers need them."""

    rows: tuple[str, ...]
    numbered: bool = False
    english: bool = False
    folded: str = ""


@dataclass(frozen=True, slots=True)
class TableCell:
    """What is printed, and the raw number behind it in the column's unit."""

    text: str
    value: float | None = None
    english: bool = False


@dataclass(frozen=True, slots=True)
class TableColumn:
    """`sums`: the table's last line is the sum of those above it."""

    head: str
    numeric: bool = False
    sums: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """`total` is the last line. In a `bridge` the second column goes up and down from zero; in a
    `ledger` the fifth line is the sum of those above it."""

    caption: str
    columns: tuple[TableColumn, ...]
    rows: tuple[tuple[TableCell, ...], ...]
    total: tuple[TableCell, ...] = ()
    id: str = ""
    kind: Literal["plain", "wide", "bridge", "ledger"] = "plain"


class Tick(NamedTuple):
    """A label and its place along an axis, from 0 to 1."""

    share: float
    text: str


class ChartStep(NamedTuple):
    """A mean over a time, from 0 to 1 along the axis, with its interval."""

    start: float
    end: float
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class StepChart:
    """A stepped line with its interval, in `unit`; `runs` are parts without a gap.

    top      value at the upper end of the axis
    legend   names of the line, of the band and, where there is one, of a gap
    table    the same numbers
    """

    id: str
    title: str
    alt: str
    unit: str
    top: float
    runs: tuple[tuple[ChartStep, ...], ...]
    ticks: tuple[Tick, ...]
    moments: tuple[Tick, ...]
    legend: tuple[str, ...]
    table: Table


class Bar(NamedTuple):
    """A horizontal bar from `start` on, of one length for each series."""

    name: str
    lengths: tuple[float, ...]
    text: str
    start: float = 0.0
    role: Literal["part", "up", "down", "whole"] = "part"


@dataclass(frozen=True, slots=True)
class BarChart:
    """Bars whose numbers a table beside has too. `legend` names the series."""

    id: str
    title: str
    alt: str
    unit: str
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    bottom: float
    top: float
    legend: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LineChart:
    """A goal's line through years, and where its figure stands, with the interval.

    line   (year, value) from the baseline through milestones to the target
    now    (year, value, low, high)
    """

    id: str
    title: str
    alt: str
    unit: str
    line: tuple[tuple[float, float], ...]
    now: tuple[float, float, float, float]
    years: tuple[float, float]
    top: float
    ticks: tuple[Tick, ...]
    moments: tuple[Tick, ...]
    legend: tuple[str, str]


@dataclass(frozen=True, slots=True)
class WeekMap:
    """A number for each hour of the week, with its shade from 0 to 5."""

    id: str
    title: str
    caption: str
    unit: str
    head: str
    days: tuple[tuple[str, tuple[tuple[int, TableCell], ...]], ...]
    least: str
    most: str


Chart = StepChart | BarChart | LineChart | WeekMap
Block = Subheading | Paragraph | FactList | Items | Bullets | Table | Chart


@dataclass(frozen=True, slots=True)
class ReportSection:
    """A part of a document under a heading."""

    id: str
    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """What a format prints: an opening, sections, a footer."""

    kicker: str
    title: str
    when: str
    observed: str
    made_of: str
    status: str
    lead: str
    tag: str
    author: str
    sections: tuple[ReportSection, ...]
    footer: str
