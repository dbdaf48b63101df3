"""The gateway as a process: Uvicorn with deadlines, TLS, and the drain now and then beside it."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import ipaddress
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sobriety.core.errors import ConfigError
from sobriety.publishing.settings import K_ANONYMITY

from .app import application
from .intake.gateway import Gateway, opened
from .intake.state import explained
from .intake.tokens import all_tokens
from .jobs.copy_schedule import Copies
from .jobs.drain_schedule import Drains
from .jobs.summary_schedule import Summaries

if TYPE_CHECKING:
    from asyncio import TimerHandle, Transport

HEADER_S = 10.0
"""In which a request's headers must have arrived, from the first byte; and the first byte."""
IDLE_S = 75
MOST_CONNECTIONS = 4_000
BACKLOG = 4_096
HANDSHAKE_S = 10.0
MOST_HEAD_B = 64 * 1024
"""Of a request's headers, beyond the first piece of them that arrives."""
GARBAGE = 20_000
"""Objects between two looks for cycles: a batch makes many, and none has any."""


@dataclass(frozen=True, slots=True)
class Listen:
    """Where the gateway listens.

    behind_proxy   a proxy in front terminates TLS: an address that others reach may do without
    """

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None
    behind_proxy: bool = False

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach it."""
        with contextlib.suppress(ValueError):
            return ipaddress.ip_address(self.host).is_loopback
        return self.host == "localhost"


def serve(
    lake: Path,
    listen: Listen,
    drain_s: float,
    say: Callable[[str], None],
    *,
    keep_s: float | None = None,
    config: Path | None = None,
    k_anonymity: int = K_ANONYMITY,
    copy_to: str | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; then finish what is in hand and drain into the lake.

    Of days older than `keep_s` the sums by hour are kept alone; None keeps everything.
    `copy_to` is the address of an object store where the lake is copied after each drain.
    `config` is the file of the dashboard's settings, in place of the system's and the user's.
    Raises SobrietyError.
    """
    _allow_many_files()
    gateway = opened(lake, say)
    gc.set_threshold(GARBAGE, 50, 50)
    gateway.k_anonymity = k_anonymity
    gateway.is_copied = copy_to is not None
    gateway.figures_late_s = max(gateway.figures_late_s, 3 * drain_s)
    try:
        _check(gateway, listen)
        copies = Copies(lake, copy_to, say) if copy_to else None
        drains = Drains(lake, drain_s, keep_s, say, Summaries(lake, config, say), copies)
        server = _Server(_config(application(gateway, drains.run), listen))
        say(f"listening on {_url(listen)}, lake {lake}")
        server.run()
        asyncio.run(drains.once(gateway, "--wait"))
    finally:
        gateway.close()


def _allow_many_files() -> None:
    """As many as the system lets this user have: each connection is one, and many shells and
    services begin with 1024."""
    if sys.platform != "win32":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        with contextlib.suppress(ValueError, OSError):  # macOS says infinite, and refuses it
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _url(listen: Listen) -> str:
    scheme = "https" if listen.certificate else "http"
    host = f"[{listen.host}]" if ":" in listen.host else listen.host
    return f"{scheme}://{host}:{listen.port}"


def _check(gateway: Gateway, listen: Listen) -> None:
    if listen.is_local:
        return
    if listen.certificate is None and not listen.behind_proxy:
        raise ConfigError(
            f"{listen.host} can be reached by others, and there is no certificate",
            hint="give --tls-cert and --tls-key, or --behind-proxy where a proxy has them",
        )
    with explained(gateway.lake):
        tokens = [t for t in all_tokens(gateway.db) if t.revoked_ns is None]
    if not tokens:
        raise ConfigError(
            f"{listen.host} can be reached by others, and there is no token",
            hint="make one with: sobriety token create",
        )


def _config(app: Any, listen: Listen) -> uvicorn.Config:
    config = uvicorn.Config(
        app,
        host=listen.host,
        port=listen.port,
        http=_Patient,
        loop="asyncio",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=30,
        limit_concurrency=MOST_CONNECTIONS,
        backlog=BACKLOG,
    )
    if listen.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.num_tickets = 0  # a fifth of a handshake, and no agent comes back with one
        try:
            context.load_cert_chain(listen.certificate, listen.key)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                f"{listen.certificate} and {listen.key or 'its key'} cannot be used: {error}",
                hint="give a certificate and its key as PEM files that this user may read",
            ) from None
        config.load()
        config.ssl = context
    return config


class _Server(uvicorn.Server):
    """Uvicorn's, which would end by the signal that stopped it: what is left to do comes first."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if self.config.ssl:  # of which Uvicorn has no setting, and which is a minute otherwise
            loop = asyncio.get_running_loop()
            patient = functools.partial(loop.create_server, ssl_handshake_timeout=HANDSHAKE_S)
            loop.create_server = patient  # type: ignore[method-assign]
        await super().startup(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        before = {n: signal.signal(n, self.handle_exit) for n in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class _Patient(HttpToolsProtocol):
    """Uvicorn's protocol with a deadline for headers, and a limit: who sends them byte by byte
    would be held for ever, and who never stops would fill the memory."""

    _deadline: TimerHandle | None = None
    _in_head = False
    _head_b = 0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._deadline is None and self._is_between:
            self._begin()
        was_in_head = self._in_head
        super().data_received(data)
        if was_in_head and self._in_head:
            self._head_b += len(data)
            if self._head_b > MOST_HEAD_B and not self.transport.is_closing():
                self.logger.warning("431 headers of more than %d bytes", MOST_HEAD_B)
                self.transport.abort()

    def on_message_begin(self) -> None:
        self._in_head, self._head_b = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._end()
        super().on_headers_complete()

    @property
    def _is_between(self) -> bool:
        return self.cycle is None or self.cycle.response_complete  # pyright: ignore[reportUnnecessaryComparison]

    def _begin(self) -> None:
        self._deadline = self.loop.call_later(HEADER_S, self._late)

    def _end(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _late(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.abort()
