"""The gateway's own metrics, for Prometheus."""

from __future__ import annotations

import time
from collections.abc import Iterable

from sobriety.core import __version__
from sobriety.core.units import NS_PER_S
from sobriety.metrics.exposition import Family, exposed

from .intake.gateway import STALE_S, Gateway


def text(gateway: Gateway) -> str:
    """In Prometheus' text format. Raises what SQLite raises."""
    return exposed(_families(gateway))


def _families(gateway: Gateway) -> Iterable[Family]:
    intake, db = gateway.intake, gateway.db
    now_ns = time.time_ns()
    stale_ns = now_ns - STALE_S * NS_PER_S
    hosts, stale = db.execute(
        "SELECT count(*), coalesce(sum(heard_ns < ?), 0) FROM host", (stale_ns,)
    ).fetchone()
    (rows,) = db.execute("SELECT coalesce(sum(last - first + 1), 0) FROM batch").fetchone()
    yield Family(
        "sobriety", "info", "", "The version that runs.", [({"version": __version__}, 1.0)]
    )
    yield Family(
        "sobriety_gateway_requests", "counter", "", "Requests, by the status that was answered.",
        [({"code": str(code)}, float(n)) for code, n in sorted(gateway.answered.items())],
    )  # fmt: skip
    for name, kind, unit, meaning, value in (
        ("sobriety_gateway_request_seconds", "counter", "seconds",
         "Time from a request's headers to its answer, summed.", gateway.request_s),
        ("sobriety_gateway_batches", "counter", "", "Batches that were taken.", intake.batches),
        ("sobriety_gateway_rows", "counter", "", "Rows that were taken.", intake.rows),
        ("sobriety_gateway_known_rows", "counter", "",
         "Rows that were sent again and left out.", intake.known_rows),
        ("sobriety_gateway_commits", "counter", "", "Commits to the disk.", intake.commits),
        ("sobriety_gateway_waiting_batches", "gauge", "", "Batches that wait for a commit.",
         intake.waiting),
        ("sobriety_gateway_journal_rows", "gauge", "", "Rows that are not in the lake yet.", rows),
        ("sobriety_gateway_drain_failures", "counter", "", "Drains into the lake that failed.",
         gateway.drain_failures),
        ("sobriety_gateway_dashboard_failures", "counter", "",
         "Times that the dashboard's figures could not be computed.", gateway.summary_failures),
        ("sobriety_gateway_hosts", "gauge", "", "Hosts that were ever heard of.", hosts),
        ("sobriety_gateway_stale_hosts", "gauge", "", "Of them, not heard of for a day.", stale),
    ):  # fmt: skip
        yield Family(name, kind, unit, meaning, [({}, float(value))])  # type: ignore[arg-type]
    if gateway.is_copied:
        yield Family(
            "sobriety_gateway_copy_failures", "counter", "",
            "Times that the lake could not be copied.", [({}, float(gateway.copy_failures))],
        )  # fmt: skip
    if gateway.copied_s is not None:
        yield Family(
            "sobriety_gateway_last_copy_timestamp_seconds", "gauge", "seconds",
            "What the lake had then is in its copy.", [({}, gateway.copied_s)],
        )  # fmt: skip
    if gateway.drained_s is not None:
        yield Family(
            "sobriety_gateway_last_drain_timestamp_seconds", "gauge", "seconds",
            "When all that had been received was in the lake.", [({}, gateway.drained_s)],
        )  # fmt: skip
