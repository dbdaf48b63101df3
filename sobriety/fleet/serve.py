"""The gateway as a process: Uvicorn with deadlines, TLS, and the drain now and then beside it."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import signal
import ssl
import sys
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sobriety.core.errors import ConfigError
from sobriety.report_settings import K_ANONYMITY

from .app import Gateway, application, opened
from .state import explained
from .summaries import Summaries
from .tokens import all_tokens

if TYPE_CHECKING:
    from asyncio import TimerHandle, Transport

HEADER_S = 10.0
"""In which a request's headers must have arrived, from the first byte; and the first byte."""
IDLE_S = 75
MOST_CONNECTIONS = 4_000
BACKLOG = 4_096
HANDSHAKE_S = 10.0


@dataclass(frozen=True, slots=True)
class Listen:
    """Where, and with which certificate."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None

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
    plain: bool = False,
    config: Path | None = None,
    k_anonymity: int = K_ANONYMITY,
) -> None:
    """Until SIGTERM or SIGINT: what is in hand is finished, and what was received is in the lake.

    `plain` allows an address that others can reach without TLS, since a proxy before it has it.
    `config` is the file of the dashboard's settings, in place of the system's and the user's.
    Raises SobrietyError.
    """
    gateway = opened(lake, say)
    gateway.k_anonymity = k_anonymity
    gateway.figures_late_s = max(gateway.figures_late_s, 3 * drain_s)
    try:
        _check(gateway, listen, plain)
        drains = _Drains(lake, drain_s, say, Summaries(lake, config, say))
        server = _Server(_config(application(gateway, drains.run), listen))
        say(f"listening on {_url(listen)}, lake {lake}")
        server.run()
        asyncio.run(drains.once(gateway))
    finally:
        gateway.close()


def _url(listen: Listen) -> str:
    scheme = "https" if listen.certificate else "http"
    host = f"[{listen.host}]" if ":" in listen.host else listen.host
    return f"{scheme}://{host}:{listen.port}"


def _check(gateway: Gateway, listen: Listen, plain: bool) -> None:
    if listen.is_local:
        return
    if listen.certificate is None and not plain:
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

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        before = {n: signal.signal(n, self.handle_exit) for n in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class _Patient(HttpToolsProtocol):
    """Uvicorn's protocol with a deadline for headers: a connection that sends them byte by byte
    would be held for ever."""

    _deadline: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._deadline is None and self._is_between:
            self._begin()
        super().data_received(data)

    def on_headers_complete(self) -> None:
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


class _Drains:
    """Starts the drain as a process of its own, now and then, and then the summary."""

    def __init__(
        self, lake: Path, every_s: float, say: Callable[[str], None], summaries: Summaries
    ) -> None:
        self._lake, self._every_s, self._say = lake, every_s, say
        self._summaries = summaries
        self._rolled_up: date | None = None

    async def run(self, gateway: Gateway) -> None:
        """For ever. It waits first: a gateway that begins again and again must not only drain."""
        while True:
            await asyncio.sleep(self._every_s)
            await self.once(gateway)
            await self._summaries.once(gateway)

    async def once(self, gateway: Gateway) -> None:
        """Sums of days that are over are made when a day begins, and once after a start."""
        today = datetime.now(UTC).date()
        words = [] if self._rolled_up == today else ["roll-up"]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "sobriety.fleet.drain", str(self._lake), *words,
            stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        _, told = await process.communicate()
        if process.returncode == 0:
            gateway.drained_s, gateway.drain_error = time.time(), None
            self._rolled_up = today
        else:
            gateway.drain_failures += 1
            gateway.drain_error = told.decode(errors="replace").strip()[-500:] or "it was ended"
            self._say(f"the lake could not be written: {gateway.drain_error}")
