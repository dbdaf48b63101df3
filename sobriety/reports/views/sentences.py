"""A report's facts in sentences, the same in every renderer."""

from __future__ import annotations

from datetime import timedelta

from sobriety.core.estimate import Basis, Estimate
from sobriety.core.machine import Machine
from sobriety.core.period import Period
from sobriety.estimators import FactorKind

from ..language.language import Language
from ..language.quantities import duration, show
from ..model.figures import FOLDED, CoverageGap
from ..model.findings import Action, IndicatorFigure, Narrowing, Outcome
from ..model.report import Report, ReportStatus


def of_one_machine(report: Report) -> bool:
    """It speaks of a machine by name; with an inventory that is one device among others."""
    return len(report.machines) == 1 and not report.devices


def title(language: Language, report: Report) -> str:
    if of_one_machine(report):
        return language.say("The footprint of {name}", name=report.machines[0].host)
    if report.organisation:
        return language.say("The digital footprint of {name}", name=report.organisation)
    if report.devices:
        pieces = report.devices + len(report.machines)
        return language.say_n("The footprint of {n} device", "The footprint of {n} devices", pieces)
    return language.say_n(
        "The footprint of {n} machine", "The footprint of {n} machines", len(report.machines)
    )


def period(language: Language, span: Period) -> str:
    """`4th quarter 2026`, `November 2026`, or from when to when."""
    if span.kind == "quarter":
        return language.in_calendar(span.start.date(), "QQQQ y")
    if span.kind == "month":
        return language.in_calendar(span.start.date(), "LLLL y")
    if span.kind == "year":
        return language.in_calendar(span.start.date(), "y")
    first, last = span.start, span.end - timedelta(microseconds=1)
    if span.duration_s < 300:
        return language.moment(first)
    if first.date() != last.date():
        if span.kind == "recorded":
            return language.say(
                "{start} to {end}", start=language.moment(first), end=language.moment(last)
            )
        start = language.day(first.date(), year=first.year != last.year)
        return language.say("{start} to {end}", start=start, end=language.day(last.date()))
    return language.say(
        "{day}, from {start} to {end}",
        day=language.day(first.date()),
        start=language.clock(first),
        end=language.clock(last),
    )


def observed(language: Language, report: Report) -> str:
    """How long was seen, and of how many of the devices."""
    seen = duration(language, report.coverage.observed_s)
    if report.devices:
        watched = len(report.machines)
        every = language.say_n("{n} device", "{n} devices", report.devices + watched)
        if not watched:
            return language.say("{devices}, none of them watched", devices=every)
        return language.say_n(
            "{devices}, {n} of them watched for {time}",
            "{devices}, {n} of them watched for {time} in all",
            watched, devices=every, time=seen,
        )  # fmt: skip
    if len(report.machines) > 1:
        return language.say("{time} observed in all", time=seen)
    return language.say("{time} observed", time=seen)


def status(language: Language, how: ReportStatus) -> str:
    words = {
        "draft": language.say("Draft"),
        "reviewed": language.say("Reviewed"),
        "approved": language.say("Approved"),
    }
    return words[how]


def basis(language: Language, how: Basis) -> str:
    words = {
        "measured": language.say("measured"),
        "modelled": language.say("modelled"),
        "declared": language.say("declared"),
        "archetype": language.say("typical of its category"),
        "mixed": language.say("several ways"),
    }
    return words[how]


def factor_kind(language: Language, kind: FactorKind) -> str:
    if kind == "direct":
        return language.say("at the power stations")
    return language.say("over the whole life cycle")


def machine(language: Language, facts: Machine) -> str:
    """What it is made of, as far as it is known."""
    parts: list[str] = []
    named = " ".join(x for x in (facts.manufacturer, facts.model) if x)
    parts.extend(x for x in (named, facts.cpu_model) if x)
    if facts.chips and facts.chips > 1:
        parts.append(language.say_n("{n} processor", "{n} processors", facts.chips))
    if facts.threads:
        parts.append(language.say_n("{n} thread", "{n} threads", facts.threads))
    if facts.memory_b:
        parts.append(language.say("{size} GB of memory", size=_gb(language, facts.memory_b)))
    if facts.gpus:
        parts.append(
            language.say_n("{n} graphics accelerator", "{n} graphics accelerators", facts.gpus)
        )
    if facts.virtual:
        parts.append(language.say("virtual machine"))
    return " · ".join(parts) or language.say("Nothing is known of its parts.")


def indicator(language: Language, item: IndicatorFigure) -> tuple[str, str]:
    """Its name and what it tells."""
    if item.id == "embodied_ratio":
        return (
            language.say("Making’s share of the carbon"),
            language.say("Materials, manufacture, transport and end of life, of making and use."),
        )
    if item.id == "idle_ratio":
        return (
            language.say("Energy spent idle"),
            language.say("What it would have drawn doing nothing, of what it drew."),
        )
    if item.id == "unattended_ratio":
        return (
            language.say("Energy spent while nobody was logged in"),
            language.say("Of the machines and the time of which this is known."),
        )
    if item.id == "closed_ratio":
        return (
            language.say("Energy spent while closed"),
            language.say("Out of the opening hours of the sites that declare them."),
        )
    if item.id == "refurbished_ratio":
        return (
            language.say("Devices bought refurbished"),
            language.say("Of the computers, tablets and phones in the inventory."),
        )
    return (
        language.say("Energy spent in quiet hours"),
        language.say("Hours in which the processor was less than 5% busy."),
    )


def workload_kind(language: Language, kind: str) -> str:
    """What a workload is called."""
    names = {
        "service": language.say("service"),
        "container": language.say("container"),
        "pod": language.say("pod"),
        "process": language.say("program"),
    }
    return names.get(kind, kind)


def action(language: Language, item: Action) -> tuple[str, str]:
    """What to do, and what the saving assumes."""
    names = language.join(item.hosts)
    if len(item.hosts) != item.machines or not item.hosts:
        names = language.say_n("{n} machine", "{n} machines", item.machines)
    if item.id == "keep_longer":
        return (
            language.say("Keep {names} two years longer than planned", names=names),
            language.say("The carbon of making is then spread over more years."),
        )
    if item.id == "switch_off_closed" and item.site:
        return (
            language.say(
                "Switch the machines of {site} off while it is closed",
                site=item.site.name.of(language.tongue),
            ),
            language.say("At most: all energy of closed hours. Being off draws a little."),
        )
    if item.id == "drop_screens":
        return (
            language.say_n(
                "Do without {n} screen, beyond one for each computer of its site",
                "Do without {n} screens, beyond one for each computer of their site",
                item.machines,
            ),
            language.say("Their use, and their making if nothing replaces them."),
        )
    if item.id == "right_size":
        return (
            language.say("Replace {names} by a notebook each, when they are due", names=names),
            language.say("They hardly ever do more than idle. The notebook’s making is taken off."),
        )
    if item.id == "move_job" and item.job:
        then, now = (
            language.say("{hour}:00", hour=h) for h in (item.job.to_hour, item.job.from_hour)
        )
        return (
            language.say(
                "Run {job} at {then} instead of {now}", job=item.job.name, then=then, now=now
            ),
            language.say("As many kilowatt-hours, at hours when the grid is cleaner."),
        )
    if item.id == "sleep_when_quiet":
        return (
            language.say("Let {names} sleep in quiet hours", names=names),
            language.say(
                "At most: all energy of hours less than 5% busy. Sleep itself draws a little."
            ),
        )
    return (
        language.say("Move the work of {names} together, and switch off what is left", names=names),
        language.say(
            "At most: all energy of hours less than 5% busy. The work moved costs some elsewhere."
        ),
    )


def outcome(language: Language, item: Outcome) -> tuple[str, str, str]:
    """Which action, what was saved, and beside what."""
    site = item.site.of(language.tongue) if item.site else ""
    names = {
        "sleep_when_quiet": language.say("Sleep in quiet hours"),
        "consolidate_quiet": language.say("Servers with little work brought together"),
        "switch_off_closed": language.say("Off while closed: {site}", site=site),
        "drop_screens": language.say("Fewer screens"),
        "right_size": language.say("Notebooks in place of idle desktops"),
        "keep_longer": language.say("Keep longer"),
        "move_job": language.say("Jobs at another hour"),
    }
    saved = item.saved_j
    if saved.value < 0:
        more = Estimate(
            saved.metric, -saved.value, -saved.high, -saved.low, saved.basis, saved.method,
            saved.sources,
        )  # fmt: skip
        found = language.say("{amount} a year more than then", amount=show(language, more).text)
    else:
        found = language.say("{amount} a year saved", amount=show(language, saved).text)
    told = language.say(
        "Expected by the sealed report of {period}: {amount} a year.",
        period=period(language, item.period), amount=show(language, item.expected_j).text,
    )  # fmt: skip
    if item.left_j:
        left = show(language, item.left_j).text
        told += " " + language.say("Left to save: {amount} a year.", amount=left)
    return names[item.id], found, told


def narrowing(language: Language, item: Narrowing) -> str:
    share = language.share(item.narrower_ratio)
    if item.id == "meter":
        return language.say(
            "A meter at the plug would narrow the interval by up to {share}.", share=share
        )
    if item.id == "maker_footprint":
        return language.say(
            "The maker’s own figure for this model would narrow the interval by up to {share}.",
            share=share,
        )
    if item.id == "lifetime":
        return language.say(
            "Knowing how long it will be kept would narrow the interval by up to {share}.",
            share=share,
        )
    return language.say(
        "A more certain grid factor would narrow the interval by up to {share}.", share=share
    )


def gap(language: Language, item: CoverageGap) -> str:
    time = duration(language, item.duration_s)
    if item.host == FOLDED:
        return language.say("workstations together: {time} were not observed", time=time)
    if item.kind == "not_recorded":
        return language.say("{name}: {time} were not recorded", name=item.host, time=time)
    if item.kind == "unobserved":
        return language.say("{name}: nothing answered for {time}", name=item.host, time=time)
    return language.say("{name}: the processor was not seen for {time}", name=item.host, time=time)


def _gb(language: Language, size_b: float) -> str:
    return language.number(size_b / 1e9, 0 if size_b >= 9.5e9 else 1)
