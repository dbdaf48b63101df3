"""Writes a session's rows to the spool first, then passes them to listeners."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from sobriety.core.errors import SobrietyError
from sobriety.core.units import NS_PER_S
from sobriety.core.usage import Usage
from sobriety.spool import Spool
from sobriety.spool.gaps import gap, seen_until

from .session import Session

_REMEMBER_NS = 3600 * NS_PER_S


class Recorder:
    """Writes rows of `host`, and what a later run needs: up to when it was seen, and the least draw
    of each sensor.

    `listeners` are told of rows that are on the disk; `say` gets what the spool has to say.
    """

    def __init__(
        self, spool: Spool, session: Session, host: str, *, say: Callable[[str], None]
    ) -> None:
        self.listeners: list[Callable[[Sequence[Usage]], None]] = []
        self._spool, self._session, self._name, self._say = spool, session, host, say
        self._least_w = session.attribution.least_w
        self._least_w.update(spool.recall(self._least_key) or {})
        self._remembered_ns = session.host.now().monotonic_ns
        self._tell_notes()

    def append(self, rows: Sequence[Usage]) -> None:
        """Raises SobrietyError when the disk refuses; then nothing was written."""
        now = self._session.host.now()
        last = next((row for row in reversed(rows) if row.kind == "host"), None)
        self._spool.append(rows, seen_until(last, now) if last else None)
        self._tell_notes()
        for listen in self.listeners:
            listen(rows)
        if now.monotonic_ns - self._remembered_ns > _REMEMBER_NS:
            self.remember()

    def append_gap(self) -> None:
        """Write down the time since the last row of this host."""
        last = self._spool.seen(self._name)
        if last is None:
            return
        rows = gap(last, self._session.host.now())
        for row in rows if self._session.is_elsewhere else ():
            row.state = "unobserved"  # it was the one that looks who slept
        self.append(rows)

    def remember(self) -> None:
        """The least draw seen of each sensor: what idle is, for the next run. Rows are written by
        now, so that a disk that is full again only costs this."""
        self._remembered_ns = self._session.host.now().monotonic_ns
        if self._least_w:
            with suppress(SobrietyError):
                self._spool.remember(self._least_key, self._least_w)

    @property
    def _least_key(self) -> str:
        return f"least_w {self._name}"

    def _tell_notes(self) -> None:
        for note in self._spool.notes:
            self._say(note)
        self._spool.notes.clear()
