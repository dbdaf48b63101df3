"""Alerts that the dashboard shows before any figure."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from sobriety.core.units import NS_PER_S
from sobriety.reports.language.language import Language
from sobriety.reports.language.quantities import duration

from .hosts import Heard
from .views import DashboardSummary

if TYPE_CHECKING:
    from ..intake.gateway import Gateway

SILENT_S = 3600
"""Agents send every few minutes: when none did for so long, it is not they."""


class Alert(NamedTuple):
    """`said` is a program's own message, in English."""

    title: str
    what: str
    said: str = ""


def alerts(
    words: Language, gateway: Gateway, summary: DashboardSummary | None, known: Heard
) -> Iterator[Alert]:
    """The worst first."""
    now_ns = time.time_ns()
    if gateway.intake.broken:
        yield Alert(
            words.say("The gateway takes nothing in"),
            words.say("Agents keep what they could not send. The gateway’s log says why."),
        )
    if gateway.drain_error:
        yield Alert(
            words.say("The lake cannot be written"),
            words.say(
                "What was received is kept and nothing is lost, but the figures do not have it yet."
                " See that the lake’s disk has room; the gateway’s log says more."
            ),
        )
    if gateway.copy_error:
        yield Alert(
            words.say("The lake’s copy is not up to date"),
            words.say("The lake itself is. What is missing is copied after the next drain."),
            gateway.copy_error,
        )
    if gateway.summary_error:
        yield Alert(
            words.say("The figures could not be computed again"),
            words.say("Those shown are the last ones that could."),
            gateway.summary_error,
        )
    if summary and (age_s := (now_ns - summary.as_of_ns) / NS_PER_S) > gateway.figures_late_s:
        yield Alert(
            words.say("These figures are {time} old", time=duration(words, age_s)),
            words.say("They are computed after each drain into the lake. See the gateway’s log."),
        )
    if known.last_ns and (silent_s := (now_ns - known.last_ns) / NS_PER_S) > SILENT_S:
        yield Alert(
            words.say("No machine was heard of for {time}", time=duration(words, silent_s)),
            words.say(
                "Where so many are silent, the way to the gateway is broken rather than each of"
                " them: see its address, its certificate and its tokens."
            ),
        )
