"""The gateway as an ASGI application: what agents ask, what operators ask, and who is refused."""

from __future__ import annotations

import asyncio
import sqlite3
import time
import zlib
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from sobriety.core.errors import SobrietyError
from sobriety.publishing.settings import K_ANONYMITY
from sobriety.push.limits import PACKED_B, UNPACKED_B

from . import metrics as gateway_metrics
from . import openapi
from .answers import json, one_line, refusal
from .intake import wire
from .intake.batches import Intake, Waiting, last_id
from .intake.memory import InHand
from .intake.rates import Rates
from .intake.state import explained, open_state
from .intake.tokens import Kind, Token, find
from .intake.wire import Refusal, Refused

BODY_S = 30.0
"""In which a body must have arrived."""
_CHUNK_B = 256 * 1024
_AT_ONCE_B = 32 * 1024
"""Judged in less time than a thread takes to begin; longer ones are milliseconds in which others
would wait."""


@dataclass
class Gateway:
    """What the requests of one process share."""

    lake: Path
    say: Callable[[str], None]
    intake: Intake
    db: sqlite3.Connection
    rates: Rates = field(default_factory=Rates)
    in_hand: InHand = field(default_factory=InHand)
    answered: Counter[int] = field(default_factory=Counter[int])
    request_s: float = 0.0
    drained_s: float | None = None
    drain_failures: int = 0
    drain_error: str | None = None
    summary_failures: int = 0
    summary_error: str | None = None
    is_copied: bool = False
    copied_s: float | None = None
    copy_failures: int = 0
    copy_error: str | None = None
    figures_late_s: float = 3600.0
    k_anonymity: int = K_ANONYMITY

    @property
    def trouble(self) -> str | None:
        """Why it is not well; None when it is."""
        return self.intake.broken or self.drain_error

    def close(self) -> None:
        self.intake.close()
        self.db.close()


def opened(lake: Path, say: Callable[[str], None]) -> Gateway:
    """Raises SobrietyError."""
    return Gateway(lake, say, Intake(lake, say), open_state(lake))


Answer = Callable[[Gateway, Request], Awaitable[Response]]
Beside = Callable[[Gateway], Coroutine[Any, Any, None]]


def application(gateway: Gateway, while_serving: Beside | None = None) -> Starlette:
    """`while_serving` is run beside the requests, and cancelled at the end."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        beside = asyncio.create_task(while_serving(gateway)) if while_serving else None
        try:
            yield
        finally:
            if beside:
                beside.cancel()
                await asyncio.gather(beside, return_exceptions=True)

    def route(path: str, answer: Answer, *methods: str) -> Route:
        async def endpoint(request: Request) -> Response:
            return await _answered(gateway, request, answer)

        return Route(path, endpoint, methods=list(methods) or ["GET"])

    from .dashboard.pages import ROUTES

    async def missed(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        names = {404: "there is no such page", 405: f"{request.method} cannot be asked of it"}
        refused = Refused(error.status_code, names.get(error.status_code, error.detail))
        return await refusal(gateway, request, refused, headers=dict(error.headers or {}))

    return Starlette(
        routes=[
            route("/v1/usage", _post_usage, "POST"),
            route("/v1/usage/{spool}", _get_usage),
            route("/healthz", _healthz),
            route("/metrics", _metrics),
            route("/openapi.json", _openapi),
            *(route(path, answer) for path, answer in ROUTES),
        ],
        exception_handlers={HTTPException: missed},
        lifespan=lifespan,
    )


async def _answered(gateway: Gateway, request: Request, answer: Answer) -> Response:
    began_s = time.monotonic()
    try:
        response = await answer(gateway, request)
        gateway.answered[response.status_code] += 1
    except Refused as refused:
        response = await refusal(gateway, request, refused)
    except ClientDisconnect:
        gateway.answered[499] += 1
        response = Response(status_code=400)  # nobody reads it
    except SobrietyError as error:
        gateway.say(one_line(f"{request.method} {request.url.path[:80]}: {error.message}"))
        response = await refusal(gateway, request, Refused(503, "not now", retry_s=60))
    gateway.request_s += time.monotonic() - began_s
    return response


def allowed(gateway: Gateway, request: Request, kind: Kind) -> Token:
    """The token that the request shows, by Bearer, or as the password of a browser. Raises Refused
    (401, 403, 429)."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        text = _password(text)
    elif scheme.lower() != "bearer":
        raise Refused(401, "a token is needed", "send: Authorization: Bearer sob_…")
    with explained(gateway.lake):
        token = find(gateway.db, text.strip())
    if token is None:
        raise Refused(401, "the token is unknown or revoked", "ask who runs the gateway for one")
    request.scope["sobriety.token"] = token.id
    if token.kind != kind:
        raise Refused(403, f"this is a {token.kind} token, and a {kind} token is needed")
    wait_s = gateway.rates.wait_s(token.id)
    if wait_s:
        raise Refused(429, "too many requests with this token", "send less often", retry_s=wait_s)
    return token


def _password(text: str) -> str:
    import binascii

    try:
        return binascii.a2b_base64(text, strict_mode=True).decode().partition(":")[2]
    except ValueError:
        return ""


async def _post_usage(gateway: Gateway, request: Request) -> Response:
    token = allowed(gateway, request, "write")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused(415, f"the body is {kind or 'of no kind'!r}", "send application/json")
    with gateway.in_hand.held_by(token.id) as hold:
        try:
            async with asyncio.timeout(BODY_S):
                body = await _body(request, hold)
        except TimeoutError:
            raise Refused(408, f"the body took longer than {BODY_S:g} s") from None
        if len(body) <= _AT_ONCE_B:
            waiting = _judged(token, body)
        else:
            waiting = await asyncio.to_thread(_judged, token, body)
        del body
        # Rows wait packed, and count until they are on the disk.
        taken = await asyncio.wrap_future(gateway.intake.put(waiting))
    return json(taken)


def _judged(token: Token, body: bytearray) -> Waiting:
    batch = wire.decode(body)
    parts = wire.checked(batch, time.time_ns())
    return Waiting(token, msgspec.structs.replace(batch, rows=[]), parts)


async def _body(request: Request, hold: Callable[[int], None]) -> bytearray:
    """The body, unpacked while it comes, so that a bomb is stopped at the limit."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("gzip", "identity"):
        raise Refused(415, f"content-encoding is {encoding!r}", "send gzip")
    packed_b = 0
    unpack = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
    body = bytearray()
    async for chunk in request.stream():
        packed_b += len(chunk)
        if packed_b > (PACKED_B if unpack else UNPACKED_B):
            raise Refused(413, f"the body is longer than {PACKED_B} bytes", "send fewer rows")
        before_b = len(body)
        if unpack is None:
            body += chunk
        else:
            _unpack(unpack, chunk, body)
        hold(len(body) - before_b)
        if len(body) > UNPACKED_B:
            raise Refused(
                413, f"the body unpacks to more than {UNPACKED_B} bytes", "send fewer rows"
            )
    if unpack is not None and not unpack.eof:
        raise Refused(400, "the body is gzip that ends too early")
    return body


def _unpack(unpack: Any, chunk: bytes, body: bytearray) -> None:
    try:
        while chunk and len(body) <= UNPACKED_B:
            body += unpack.decompress(chunk, _CHUNK_B)
            chunk = unpack.unconsumed_tail
    except zlib.error:
        raise Refused(400, "the body is not gzip") from None
    if unpack.unused_data:
        raise Refused(400, "something follows the gzip body")


async def _get_usage(gateway: Gateway, request: Request) -> Response:
    token = allowed(gateway, request, "write")
    spool = str(request.path_params["spool"])
    try:
        msgspec.convert(spool, wire.SpoolId)
    except msgspec.ValidationError:
        raise Refused(400, f"{spool[:40]!r} is no spool", "send its 16 digits") from None
    with explained(gateway.lake):
        return json(wire.Taken(spool, last_id(gateway.db, token, spool)))


async def _healthz(gateway: Gateway, _: Request) -> Response:
    if gateway.trouble:
        return json(Refusal("not well; its log says why"), 503)
    return json({"status": "ok"})


async def _metrics(gateway: Gateway, request: Request) -> Response:
    allowed(gateway, request, "read")
    with explained(gateway.lake):
        text = gateway_metrics.text(gateway)
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")


async def _openapi(_: Gateway, __: Request) -> Response:
    return json(openapi.description())
