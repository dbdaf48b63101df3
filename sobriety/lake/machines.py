"""Facts of the machines of a lake: a file for each spool or keeper, a line for each change."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from sobriety.core.errors import SobrietyError
from sobriety.core.machine import Machine
from sobriety.files.durable import make_folder, publish
from sobriety.spool import Facts, facts_of

from .files import digest_of, part_of
from .folder import Folder

_PATTERN = "machines/*.jsonl"


class Machines:
    """Facts of machines, below `machines/` of a place."""

    def __init__(self, place: Folder) -> None:
        self._place = place
        self._read: dict[Path, tuple[int, list[Facts]]] = {}

    @property
    def exist(self) -> bool:
        """Whether anything was ever taken in, without reading what."""
        return any((self._place.path / "machines").glob("*.jsonl"))

    def files(self) -> list[Path]:
        return self._place.found(_PATTERN)

    def latest(self) -> dict[str, Machine]:
        """The last known facts of every machine."""
        latest: dict[str, Facts] = {}
        for file in self.files():
            made_ns = self._place.made_ns(file)
            if self._read.get(file, (0,))[0] != made_ns:  # a report asks for every period
                self._read[file] = (made_ns, self._facts_in(file))
            for known in self._read[file][1]:
                if known.host not in latest or latest[known.host].at_ns <= known.at_ns:
                    latest[known.host] = known
        return {host: known.machine() for host, known in latest.items()}

    def record(self, machine: Machine, at_ns: int) -> None:
        """Note the facts of a machine that comes from no spool, unless they are known."""
        name, facts = digest_of([machine.host]), facts_of(machine)
        history = self._history(name)
        if not history or history[-1].facts != facts:
            self.write(name, [*history, Facts(machine.host, at_ns, facts)])

    def write(self, name: str, history: Sequence[Facts]) -> None:
        """Write the facts of a spool or a keeper, in place of those that it had."""
        if history and self._history(name) != history:
            self._replace(self._place.path / "machines" / f"{name}.jsonl", history)

    def forget(self, host: str) -> None:
        """Remove every fact of a host."""
        for file in self.files():
            known = self._facts_in(file)
            if any(facts.host == host for facts in known):
                self._replace(file, [f for f in known if f.host != host])

    def _history(self, name: str) -> list[Facts]:
        file = self._place.path / "machines" / f"{name}.jsonl"
        return self._facts_in(file) if file.exists() else []

    def _facts_in(self, file: Path) -> list[Facts]:
        known: list[Facts] = []
        for number, line in enumerate(self._place.text(file).splitlines(), start=1):
            try:
                facts = json.loads(line)
                known.append(Facts(facts.pop("host"), facts.pop("at_ns"), facts))
            except (ValueError, KeyError, AttributeError, TypeError):
                raise SobrietyError(
                    f"{file}, line {number}: not the facts of a machine",
                    hint="remove the line, and absorb its spool again",
                ) from None
        return known

    def _replace(self, file: Path, history: Sequence[Facts]) -> None:
        make_folder(file.parent)
        lines = ({"host": f.host, "at_ns": f.at_ns, **f.facts} for f in history)
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        part_of(file).write_text(text, encoding="utf-8")
        publish(part_of(file), file)
