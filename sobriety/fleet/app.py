"""The gateway as an ASGI application: routes of agents and operators, and access."""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from sobriety.core.errors import SobrietyError
from sobriety.push.limits import PACKED_B, UNPACKED_B

from . import metrics as gateway_metrics
from . import openapi
from .answers import json, one_line, refusal
from .intake import wire
from .intake.batches import Waiting, last_id
from .intake.gateway import Gateway, allowed
from .intake.state import explained
from .intake.tokens import Token
from .intake.wire import Refusal, Refused

BODY_S = 30.0
"""In which a body must have arrived."""
_CHUNK_B = 256 * 1024
_AT_ONCE_B = 32 * 1024
"""Judged in less time than a thread takes to begin; longer ones are milliseconds in which others
would wait."""


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
