"""A machine written down: one text file, several moments, as `sobriety capture` makes it.

    # anything after a hash at the head: what this machine is
    == machine system=linux
    == moment wall_ns=1764000000000000000 monotonic_ns=5000000000 boottime_ns=5000000000 boot_id=a
    -- /proc/stat
    cpu  616 0 544 54003 62 0 7 6 0 0
    -- /sys/class/powercap/intel-rapl:0/energy_uj !forbidden
    == moment wall_ns=…
    -- /proc/stat
    cpu  620 0 548 54403 62 0 7 6 0 0
    -- /sys/class/net/usb0/device !gone

A file stays as it was until a later moment writes it again. `!forbidden` is one that may not be
read, `!broken` one that answers with an input/output error, `!gone` one that is not there any
more, `!folder` a name that a glob must find, or a folder that may be empty. A line of a file that
begins with `-- ` or `== ` gets a backslash in front.

A bug report is such a file, and a test too. (Folders of real files would not do:
`intel-rapl:0` is no legal name on Windows.)
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from dataclasses import dataclass, field

from .errors import ConfigError, NotPermitted, NotSupported, ReadError
from .host import Instant, Watched

_MARKS = ("forbidden", "broken", "gone", "folder")


@dataclass(slots=True)
class Moment:
    """An instant, and what was written anew then: content, or one of the marks."""

    instant: Instant
    files: dict[str, str] = field(default_factory=dict[str, str])
    marks: dict[str, str] = field(default_factory=dict[str, str])


class PaperHost:
    """A Host that answers from the page. `sleep_until` turns to the next moment."""

    is_here = False
    is_live = False
    is_mounted = False

    def __init__(self, system: str, moments: list[Moment]) -> None:
        if not moments:
            raise ConfigError("a recorded machine needs at least one moment")
        self.system = system
        self.moments = moments
        self.page = 0
        self._files: dict[str, str] = {}
        self._marks: dict[str, str] = {}
        self._show(moments[0])

    @classmethod
    def parse(cls, text: str, *, where: str = "recorded machine") -> PaperHost:
        """Read a page. Raises ConfigError with the line that is wrong."""
        system, moments = "", list[Moment]()
        path: str | None = None
        lines: list[str] = []

        def finish() -> None:
            if path is not None and moments and path not in moments[-1].marks:
                moments[-1].files[path] = "\n".join(lines) + ("\n" if lines else "")
            lines.clear()

        for number, line in enumerate(text.split("\n"), start=1):
            if line.startswith("== "):
                finish()
                path = None
                word, _, rest = line[3:].partition(" ")
                facts = {k: v for k, _, v in (pair.partition("=") for pair in rest.split())}
                if word == "machine":
                    system = facts.get("system", "linux")
                elif word == "moment":
                    moments.append(Moment(_instant(facts, f"{where}, line {number}")))
                else:
                    raise ConfigError(
                        f"{where}, line {number}: {word!r} is neither machine nor moment"
                    )
            elif line.startswith("-- "):
                finish()
                if not moments:
                    raise ConfigError(f"{where}, line {number}: a file before the first moment")
                path, _, mark = line[3:].partition(" !")
                if mark:
                    if mark not in _MARKS:
                        raise ConfigError(
                            f"{where}, line {number}: unknown mark {mark!r}",
                            hint=f"use one of {', '.join(_MARKS)}",
                        )
                    moments[-1].marks[path] = mark
            elif path is not None:
                lines.append(line.removeprefix("\\"))
        if lines and not lines[-1]:
            lines.pop()  # what follows the last line's end is no line
        finish()
        if not system:
            raise ConfigError(
                f"{where}: no '== machine' line", hint="make one with: sobriety capture -o FILE"
            )
        return cls(system, moments)

    def dump(self, note: str = "") -> str:
        """The page as text; only what changed since the moment before is written again."""
        out = [f"# {line}".rstrip() for line in note.splitlines()]
        out.append(f"== machine system={self.system}")
        seen_files: dict[str, str] = {}
        seen_marks: dict[str, str] = {}
        for moment in self.moments:
            at = moment.instant
            boot = f" boot_id={at.boot_id}" if at.boot_id else ""
            out.append(
                f"== moment wall_ns={at.wall_ns} monotonic_ns={at.monotonic_ns}"
                f" boottime_ns={at.boottime_ns}{boot}"
            )
            for path in sorted(moment.files.keys() | moment.marks.keys()):
                mark = moment.marks.get(path)
                if mark:
                    if seen_marks.get(path) != mark:
                        out.append(f"-- {path} !{mark}")
                    seen_marks[path] = mark
                    seen_files.pop(path, None)
                    continue
                content = moment.files[path]
                if seen_files.get(path) == content:
                    continue
                seen_files[path] = content
                seen_marks.pop(path, None)
                out.append(f"-- {path}")
                for line in content.removesuffix("\n").split("\n") if content else ():
                    out.append(f"\\{line}" if line.startswith(("-- ", "== ", "\\")) else line)
        return "\n".join(out) + "\n"

    def turn(self) -> bool:
        """Go to the next moment; False at the last one."""
        if self.page + 1 >= len(self.moments):
            return False
        self.page += 1
        self._show(self.moments[self.page])
        return True

    def text(self, path: str) -> str:
        return self._content(path).strip()

    def link(self, path: str) -> str:
        return self.text(path)

    def watch(self, path: str, *, short: bool = False) -> Watched:
        self._content(path)  # what cannot be opened says so now
        return _PaperFile(self, path)

    def names(self, folder: str) -> list[str]:
        found = {
            p[len(folder) + 1 :].split("/")[0] for p in self._known() if p.startswith(f"{folder}/")
        }
        if not found and self._marks.get(folder) != "folder":
            raise NotSupported(f"{folder} is not on this machine")
        return sorted(found)

    def glob(self, pattern: str) -> list[str]:
        wanted = pattern.split("/")
        found: set[str] = set()
        for path in self._known():
            parts = path.split("/")[: len(wanted)]
            if len(parts) == len(wanted) and all(map(fnmatch.fnmatchcase, parts, wanted)):
                found.add("/".join(parts))
        return sorted(found)

    def now(self) -> Instant:
        return self.moments[self.page].instant

    def sleep_until(self, monotonic_ns: int) -> bool:
        return self.turn()

    def wake(self) -> None:
        """Nobody waits on paper."""

    def _known(self) -> Iterator[str]:
        yield from self._files
        yield from (p for p, mark in self._marks.items() if mark != "gone")

    def _show(self, moment: Moment) -> None:
        for path, content in moment.files.items():
            self._files[path] = content
            self._marks.pop(path, None)
        for path, mark in moment.marks.items():
            self._files.pop(path, None)
            self._marks[path] = mark

    def _content(self, path: str) -> str:
        mark = self._marks.get(path)
        if mark == "forbidden":
            raise NotPermitted(
                f"{path} is there and this user may not read it", hint=f"sudo chmod a+r {path}"
            )
        if mark == "broken":
            raise ReadError(f"{path} cannot be read: Input/output error")
        if path not in self._files:
            raise NotSupported(f"{path} is not on this machine")
        return self._files[path]

    def read_watched(self, path: str) -> bytes:
        """What a kept-open file answers: one that has gone fails, as its descriptor would."""
        try:
            return self._content(path).encode(errors="surrogateescape")
        except (NotSupported, NotPermitted) as error:
            raise ReadError(f"{path} does not answer any more") from error


class _PaperFile:
    def __init__(self, host: PaperHost, path: str) -> None:
        self._host, self._path = host, path

    def read(self) -> bytes:
        return self._host.read_watched(self._path)

    def close(self) -> None:
        pass


def _instant(facts: dict[str, str], where: str) -> Instant:
    try:
        return Instant(
            int(facts["wall_ns"]),
            int(facts["monotonic_ns"]),
            int(facts["boottime_ns"]),
            facts.get("boot_id", ""),
        )
    except KeyError as missing:
        raise ConfigError(f"{where}: the moment has no {missing.args[0]}") from None
    except ValueError as error:
        raise ConfigError(f"{where}: a clock is not a whole number: {error}") from None
