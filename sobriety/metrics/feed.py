"""Feeds finished rows into energy totals, and the totals to scrapers.

A row of the host is taken in when it is known who worked in it, and with their shares: so what is
idle, which is the rest, never goes back.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from sobriety.agent.session import Session
from sobriety.agent.status import push_of
from sobriety.core.errors import SobrietyError
from sobriety.core.estimate import Estimate
from sobriety.core.machine import Machine
from sobriety.core.units import NS_PER_S
from sobriety.core.usage import Usage
from sobriety.factors.store import book, overhead
from sobriety.settings.config import Config, data_folder

from .endpoint import Endpoint
from .exposition import Pushing, Self, text
from .otlp import OtlpPush
from .totals import EnergyTotals

_ROUNDING_S = 0.01


class Metrics:
    """Told of rows when they are on the disk: it never says what a crash could take back."""

    def __init__(
        self,
        machine: Machine,
        config: Config,
        session: Session,
        spool: Path,
        *,
        say: Callable[[str], None],
    ) -> None:
        self.ledger = EnergyTotals(
            machine,
            zone=config.text("zone"),
            factor_kind=config.text("factor_kind") or "direct",
            factors=book(data_folder(), config.text("factors_as_of")),
            pue=_pue(machine, config),
        )
        listen, otlp = config.text("metrics"), config.text("otlp_endpoint")
        self.endpoint = None if listen is None else Endpoint(listen)
        self.push = None
        if otlp is not None:
            self.push = OtlpPush(otlp, config.must_number("otlp_interval_s"), say)
        self._session, self._spool = session, spool
        self._gateway = config.text("push")
        self._hosts: list[Usage] = []
        self._shares: list[Usage] = []
        self._rows = 0
        self._last_s = 0.0

    def __enter__(self) -> Metrics:
        """Raises SobrietyError for an address that cannot be had, MissingExtra."""
        if self.endpoint is not None:
            self.endpoint.open()
        if self.push is not None:
            self.push.open()
        self._session.attribution.on_share = self._shares.append
        self.add([])
        return self

    def __exit__(self, *_: object) -> None:
        self._session.attribution.on_share = None
        if self.endpoint is not None:
            self.endpoint.close()
        if self.push is not None:
            self.push.close()

    def add(self, rows: Sequence[Usage]) -> None:
        """Rows that were written."""
        self._rows += len(rows)
        self._hosts += [row for row in rows if row.kind == "host"]
        self._last_s = max(map(_end_s, self._hosts), default=self._last_s)
        self._take_in(self._last_s)
        if self.push is not None:
            self.push.show(self.ledger)
        if self.endpoint is not None:
            self.endpoint.show(*self._texts())

    def _texts(self) -> tuple[str, str]:
        failing = self._session.failing
        own = Self(
            self._rows,
            self._last_s,
            {name: name not in failing for name in self._session.opened},
            _resident_b(),
            self._spool.stat().st_size if self._spool.exists() else None,
            _pushing(self._spool, self._gateway) if self._gateway else None,
        )
        return text(self.ledger, own), text(self.ledger, own, open_metrics=True)

    def _take_in(self, until_s: float) -> None:
        """What happened up to then, and not beyond the last look at who works."""
        if self._session.looked is not None:
            until_s = min(until_s, self._session.looked.wall_ns / NS_PER_S)
        for waiting in (self._hosts, self._shares):
            self.ledger.add(row for row in waiting if _end_s(row) <= until_s + _ROUNDING_S)
            waiting[:] = [row for row in waiting if _end_s(row) > until_s + _ROUNDING_S]


def _end_s(row: Usage) -> float:
    return row.start_ns / NS_PER_S + row.duration_s


def _pushing(spool: Path, url: str) -> Pushing | None:
    with suppress(SobrietyError):  # the spool's own trouble is told by who writes it
        found = push_of(spool, url)
        if found is not None:
            last_s = None if found.last_ns is None else found.last_ns / NS_PER_S
            return Pushing(found.waiting_rows, found.left_out_rows, last_s)
    return None


def _resident_b() -> int | None:
    """Of this process; None where the system does not say."""
    if sys.platform != "linux":
        return None
    import os

    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123  # pathlib costs 1 MB
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _pue(machine: Machine, config: Config) -> float:
    """Of the room that a server stands in; its range is for reports."""
    room = (
        overhead(config.text("pue"), config.number("pue")) if machine.category == "server" else None
    )
    return room.value if isinstance(room, Estimate) else room or 1.0
