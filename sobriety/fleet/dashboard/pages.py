"""The dashboard: pages that the gateway renders for a read token. No script, no cookie.

What costs time is computed elsewhere (`summary`); a page fills a template.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from sobriety.core import __version__
from sobriety.core.period import from_ns, zone_of
from sobriety.core.units import NS_PER_S
from sobriety.publishing.settings import records_folder

from ..intake.state import explained, open_state
from ..intake.wire import Refused

if TYPE_CHECKING:
    from sobriety.core.text import Tongue
    from sobriety.reports.language.language import Language

    from ..intake.gateway import Gateway

_MOST_RECORDS = 80
_MOST_CHARACTERS = 60
_MOST_STALE = 5
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
Context = dict[str, Any]


async def _overview(gateway: Gateway, request: Request) -> Response:
    return await _page(gateway, request, "overview.html", _overview_of)


async def _hosts(gateway: Gateway, request: Request) -> Response:
    return await _page(gateway, request, "hosts.html", _hosts_of)


async def _reports(gateway: Gateway, request: Request) -> Response:
    return await _page(gateway, request, "reports.html", _reports_of)


async def _report(gateway: Gateway, request: Request) -> Response:
    from ..intake.gateway import allowed
    from .sealed_reports import KINDS, document

    allowed(gateway, request, "read")
    name, file = str(request.path_params["record"]), str(request.path_params["file"])
    with explained(records_folder()):
        data = await asyncio.to_thread(document, records_folder(), name, file)
    # A report has style attributes, and was sealed with them. Sandboxed it could do nothing else.
    policy = f"{_POLICY}; style-src 'unsafe-inline'; sandbox"
    headers = _HEADERS | {"Content-Security-Policy": policy}
    if file.endswith(".pdf"):
        headers["Content-Disposition"] = f'attachment; filename="{_ascii(name)}.pdf"'
    return Response(data, headers=headers, media_type=KINDS[file])


ROUTES: tuple[tuple[str, Callable[[Any, Request], Awaitable[Response]]], ...] = (
    ("/", _overview),
    ("/hosts", _hosts),
    ("/reports", _reports),
    ("/reports/{record}/{file}", _report),
)


async def _page(
    gateway: Gateway,
    request: Request,
    template: str,
    context_of: Callable[[Gateway, Request, Language], Context],
) -> Response:
    from ..intake.gateway import allowed

    allowed(gateway, request, "read")
    tongue = _tongue(request)

    def work() -> str:
        from sobriety.reports.formats.html import rendered
        from sobriety.reports.language.language import Language

        words = Language(tongue, "sobriety.fleet.dashboard")
        with explained(gateway.lake):
            context = context_of(gateway, request, words)
        common = _common(words, request.url.path, _asked(request))
        return rendered(template, "sobriety.fleet.dashboard", **common, **context)

    # In a thread: what others send is taken in meanwhile.
    page = await asyncio.to_thread(work)
    return Response(page, headers=_headers(page, tongue), media_type="text/html; charset=utf-8")


async def refused(request: Request, status: int) -> Response:
    """For a browser, what became of its request. Headers are the caller's."""
    tongue = _tongue(request)
    page = await asyncio.to_thread(_refused, status, tongue, _asked(request))
    return Response(page, status, _headers(page, tongue), "text/html; charset=utf-8")


@lru_cache(maxsize=64)
def _refused(status: int, tongue: Tongue, asked: str) -> str:
    from sobriety.reports.formats.html import rendered
    from sobriety.reports.language.language import Language

    common = _common(Language(tongue, "sobriety.fleet.dashboard"), "", asked)
    return rendered("refused.html", "sobriety.fleet.dashboard", status=status, **common)


def _headers(page: str, tongue: Tongue) -> dict[str, str]:
    return _HEADERS | {
        "Content-Security-Policy": f"{_POLICY}; style-src {_style_of(page)}",
        "Content-Language": tongue,
        "Vary": "Accept-Language, Authorization",
    }


def _style_of(page: str) -> str:
    """The digest of the page's own style: no other is allowed."""
    found = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert found
    digest = hashlib.sha256(found[1].encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _common(words: Language, path: str, asked: str) -> Context:
    return {
        "words": words,
        "language": words,
        "say": words.say,
        "say_n": words.say_n,
        "path": path,
        "asked": asked,
        "version": __version__,
    }


def _asked(request: Request) -> str:
    """What keeps a language that was chosen, on the way to the next page."""
    chosen = request.query_params.get("lang")
    return f"?lang={chosen}" if chosen in ("en", "fr") else ""


def _overview_of(gateway: Gateway, _: Request, words: Language) -> Context:
    from . import hosts, views
    from .alerts import alerts
    from .sealed_reports import shelf

    summary = views.read(gateway.lake)
    with closing(open_state(gateway.lake)) as db:
        known = hosts.heard(db, gateway.k_anonymity)
        oldest = hosts.hosts(db, 0, _MOST_STALE)
    zone = zone_of(summary.timezone) if summary else None
    return {
        "alerts": list(alerts(words, gateway, summary, known)),
        "as_of": words.moment(from_ns(summary.as_of_ns, zone)) if summary else "",
        "today": summary.today.get(words.tongue) if summary else None,
        "quarter": summary.quarter.get(words.tongue) if summary else None,
        "has_summary": summary is not None,
        "heard": known,
        "stale": [_host(words, h, zone) for h in oldest if h.is_stale],
        "records": [_record(words, s) for s in shelf(records_folder())[:3]],
    }


def _hosts_of(gateway: Gateway, request: Request, words: Language) -> Context:
    from . import hosts, views

    summary = views.read(gateway.lake)
    zone = zone_of(summary.timezone) if summary else None
    with closing(open_state(gateway.lake)) as db:
        known = hosts.heard(db, gateway.k_anonymity)
        pages = max(1, -(-known.named // hosts.PAGE))
        page = _number(request.query_params.get("page"), pages)
        found = hosts.hosts(db, (page - 1) * hosts.PAGE, hosts.PAGE)
    return {
        "heard": known,
        "hosts": [_host(words, h, zone) for h in found],
        "page": page,
        "pages": pages,
    }


def _reports_of(_: Gateway, __: Request, words: Language) -> Context:
    from .sealed_reports import shelf

    found = shelf(records_folder())
    return {
        "records": [_record(words, s) for s in found[:_MOST_RECORDS]],
        "left": max(0, len(found) - _MOST_RECORDS),
    }


def _host(words: Language, host: Any, zone: tzinfo | None) -> Context:
    from sobriety.reports.language.quantities import category, duration

    time_ago = duration(words, max(0.0, time.time() - host.heard_ns / NS_PER_S))
    return {
        "name": _cut(host.name),
        "what": _cut(" · ".join(filter(None, (category(words, host.category), host.model)))),
        "ago": words.say("Silent for {time}", time=time_ago)
        if host.is_stale else words.say("{time} ago", time=time_ago),
        "until": _short(words, host.end_ns, zone),
        "is_stale": host.is_stale,
    }  # fmt: skip


def _record(words: Language, sealed: Any) -> Context:
    from sobriety.reports.views import sentences as wording

    return {
        "name": sealed.name,
        "period": wording.period(words, sealed.period),
        "made": words.day(sealed.made_at.date()),
        "status": wording.status(words, sealed.status),
        "is_draft": sealed.status == "draft",
        "restates": sealed.restates,
        "files": sealed.files,
    }


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 1] + "…"


def _short(words: Language, at_ns: int, zone: tzinfo | None) -> str:
    at = datetime.fromtimestamp(at_ns / NS_PER_S, tz=zone).astimezone(zone)
    return f"{words.in_calendar(at.date(), 'yyyy-MM-dd')} {at:%H:%M}"


def _number(text: str | None, most: int) -> int:
    """Of a page that there is."""
    if text is None:
        return 1
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= most:
        raise Refused(404, f"there is no page {text[:20]!r}")
    return int(text)


def _tongue(request: Request) -> Tongue:
    """As the address says, else what the browser prefers of those that there are."""
    chosen = request.query_params.get("lang")
    if chosen in ("en", "fr"):
        return "fr" if chosen == "fr" else "en"
    best: tuple[float, Tongue] = (0.0, "en")
    for part in request.headers.get("accept-language", "")[:500].split(","):
        tag, _, weight = part.strip().partition(";")
        found = re.fullmatch(r"\s*q=([01](?:\.\d{1,3})?)\s*", weight) if weight else None
        share = float(found[1]) if found else 0.0 if weight else 1.0
        tongue = tag.strip().lower()[:2]
        if share > best[0] and tongue in ("en", "fr"):
            best = (share, "fr" if tongue == "fr" else "en")
    return best[1]


def _ascii(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)
