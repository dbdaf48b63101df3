"""Records everything that is read from a host, for `sobriety capture`."""

from __future__ import annotations

from sobriety.core.errors import NotPermitted, NotSupported, ReadError
from sobriety.core.host import Host, Instant, Watched
from sobriety.core.paper import Moment, PaperHost


class CapturingHost:
    """Another host that writes down what is read through it, moment by moment."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.system = host.system
        self.is_live = False  # what a thread reads belongs to no moment
        self.is_mounted = host.is_mounted
        self.is_here = False  # what psutil says cannot be written down
        self.moments: list[Moment] = []
        self._found: dict[str, list[str]] = {}
        self._seen: set[str] = set()

    def begin_moment(self) -> None:
        self.moments.append(Moment(self._host.now()))

    def text(self, path: str) -> str:
        with _Noting(self, path):
            content = self._host.text(path)
        self._note(path, content + "\n")
        return content

    def link(self, path: str) -> str:
        with _Noting(self, path):
            content = self._host.link(path)
        self._note(path, content + "\n")
        return content

    def watch(self, path: str, *, short: bool = False) -> Watched:
        with _Noting(self, path):
            return _CapturedFile(self, path, self._host.watch(path, short=short))

    def names(self, folder: str) -> list[str]:
        self._host.names(folder)  # raises as it would
        return [path.rpartition("/")[2] for path in self.glob(f"{folder}/*")]

    def glob(self, pattern: str) -> list[str]:
        found = self._host.glob(pattern)
        for path in set(self._found.get(pattern, ())).difference(found):
            for file in {path} | {seen for seen in self._seen if seen.startswith(f"{path}/")}:
                self.note_refusal(file, "gone")
        self._found[pattern] = found
        for path in found:
            self.moments[-1].marks.setdefault(path, "folder")
        return found

    def now(self) -> Instant:
        return self._host.now()

    def sleep_until(self, monotonic_ns: int) -> bool:
        went_on = self._host.sleep_until(monotonic_ns)
        self.begin_moment()
        return went_on

    def wake(self) -> None:
        self._host.wake()

    def page(self) -> PaperHost:
        """What was captured, as a machine that can be read back."""
        for moment in self.moments:
            for path in moment.files:
                if moment.marks.get(path) == "folder":
                    del moment.marks[path]
        return PaperHost(self.system, self.moments)

    def _note(self, path: str, content: str) -> None:
        self._seen.add(path)
        self.moments[-1].files[path] = content

    def note_watched(self, path: str, content: bytes) -> None:
        self._note(path, content.decode(errors="surrogateescape"))

    def note_refusal(self, path: str, mark: str) -> None:
        self.moments[-1].marks[path] = mark

    def was_seen(self, path: str) -> bool:
        return path in self._seen


class _Noting:
    """Writes down how a file refused, and lets the refusal go on."""

    def __init__(self, host: CapturingHost, path: str) -> None:
        self._host, self._path = host, path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        if isinstance(error, NotPermitted):
            self._host.note_refusal(self._path, "forbidden")
        elif isinstance(error, ReadError):
            self._host.note_refusal(self._path, "broken")
        elif isinstance(error, NotSupported) and self._host.was_seen(self._path):
            self._host.note_refusal(self._path, "gone")


class _CapturedFile:
    def __init__(self, host: CapturingHost, path: str, file: Watched) -> None:
        self._host, self._path, self._file = host, path, file

    def read(self) -> bytes:
        try:
            content = self._file.read()
        except ReadError:
            self._host.note_refusal(self._path, "broken")
            raise
        self._host.note_watched(self._path, content)
        return content

    def close(self) -> None:
        self._file.close()
