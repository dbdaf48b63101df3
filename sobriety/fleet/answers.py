"""Builds the gateway's responses: JSON, and refusals, which it also logs.

Every refusal says what is wrong and a hint, and is told on stderr in one line without secrets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from .intake.wire import Refused

if TYPE_CHECKING:
    from .intake.gateway import Gateway


def json(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A body of msgspec's, as JSON."""
    return Response(msgspec.json.encode(body), status, headers, "application/json")


async def refusal(
    gateway: Gateway, request: Request, refused: Refused, headers: dict[str, str] | None = None
) -> Response:
    """For a browser a page in its reader's language, for everything else JSON."""
    gateway.answered[refused.status] += 1
    gateway.say(_told(request, refused))
    headers = dict(headers or {})
    is_browser = request.method == "GET" and "text/html" in request.headers.get("accept", "")
    if refused.retry_s is not None:
        headers["Retry-After"] = f"{refused.retry_s:.0f}"
    if refused.status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="sobriety"' if is_browser else "Bearer"
    if request.method == "POST":
        headers["Connection"] = "close"  # what is left of the body is not read
    if not is_browser:
        return json(refused.body, refused.status, headers)
    from .dashboard import pages

    page = await pages.refused(request, refused.status)
    page.headers.update(headers)
    return page


def _told(request: Request, refused: Refused) -> str:
    client = request.client.host if request.client else "?"
    token = request.scope.get("sobriety.token", "-")
    where = f" (row {refused.row}, {refused.column})" if refused.row else ""
    return one_line(
        f"{refused.status} {request.method[:10]} {request.url.path[:80]} from {client},"
        f" token {token}: {refused.message[:200]}{where}"
    )


def one_line(text: str) -> str:
    """Whatever others wrote into it: they neither begin a line of the log nor steer a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
