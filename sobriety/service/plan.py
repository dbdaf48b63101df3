"""Steps that install or remove a service, which can be shown before they are run."""

from __future__ import annotations

import difflib
import hashlib
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sobriety.core.errors import ConfigError, NotPermitted, SobrietyError

_STAMP = re.compile(r"\A# Written by sobriety, (?P<digest>[0-9a-f]{16})\..*\n")
TIMEOUT_S = 120
DATA = ("spool.sqlite3*", "lake", "pseudonym.key", "pushed.json")


class Write(NamedTuple):
    """A file made, or put in the place of the one that we wrote before. With `is_stamped` it begins
    with a comment that tells whether it was edited since."""

    path: Path
    text: str
    is_stamped: bool = True

    @property
    def whole(self) -> str:
        return stamped(self.text) if self.is_stamped else self.text

    def __str__(self) -> str:
        return f"write {self.path}"

    def do(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_name(f".{self.path.name}.part")
        part.write_text(self.whole, encoding="utf-8")
        part.chmod(0o644)
        part.replace(self.path)


class Remove(NamedTuple):
    """A file taken away, if it is there."""

    path: Path

    def __str__(self) -> str:
        return f"remove {self.path}"

    def do(self) -> None:
        self.path.unlink(missing_ok=True)


class RemoveData(NamedTuple):
    """What sobriety wrote into a folder. With `is_whole` the folder, which is ours alone, and where
    systemd keeps it for a user that exists at times only."""

    folder: Path
    is_whole: bool = False

    def __str__(self) -> str:
        return f"remove what was recorded in {self.folder}"

    def do(self) -> None:
        if self.is_whole and self.folder.exists():
            shutil.rmtree(self.folder.resolve())
        if self.folder.is_symlink():
            self.folder.unlink()
        for name in DATA:
            for path in self.folder.glob(name):
                shutil.rmtree(path) if path.is_dir() else path.unlink()


class RunCommand(NamedTuple):
    """A command. One that `may_fail` is about something that may be gone already."""

    words: tuple[str, ...]
    may_fail: bool = False

    def __str__(self) -> str:
        return "run " + " ".join(self.words)

    def do(self) -> None:
        done = run(*self.words)
        if done.returncode and not self.may_fail:
            said = done.stderr.strip().splitlines() or [f"it gave exit code {done.returncode}"]
            raise SobrietyError(
                f"{' '.join(self.words)}: {said[-1]}", hint="read more with: journalctl -u sobriety"
            )


ServiceStep = Write | Remove | RemoveData | RunCommand


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """Steps in their order, each done only when the one before it went well."""

    steps: tuple[ServiceStep, ...]

    def __iter__(self) -> Iterator[ServiceStep]:
        return iter(self.steps)

    def edits(self) -> list[str]:
        """How files that somebody changed since we wrote them differ from what we would write."""
        return [line for s in self.steps if isinstance(s, Write) for line in _edits(s)]

    def do(self, tell: Callable[[str], None] | None = None) -> None:
        """Raises NotPermitted, SobrietyError."""
        for step in self.steps:
            if tell:
                tell(str(step))
            try:
                step.do()
            except PermissionError as error:
                raise NotPermitted(
                    f"{error.filename} is not this user's to write",
                    hint="be root: sudo, or choose --user",
                ) from None
            except OSError as error:
                raise SobrietyError(f"cannot {step}: {error.strerror}") from None


def stamped(text: str) -> str:
    """With a first line that tells whether the rest was edited since."""
    head = f"# Written by sobriety, {_digest(text)}. Changes belong into files of your own."
    return f"{head}\n{text}"


def _edits(step: Write) -> list[str]:
    try:
        there = step.path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{step.path} cannot be read: {error}") from None
    stamp = _STAMP.match(there)
    # Without a stamp, what somebody wrote by hand after our documents.
    if there in (step.text, step.whole) or (
        stamp and stamp["digest"] == _digest(there[stamp.end() :])
    ):
        return []
    old, new = there.splitlines(), step.whole.splitlines()
    return list(
        difflib.unified_diff(old, new, str(step.path), "what would be written", lineterm="")
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """A short command of the system's. Raises SobrietyError when it is not there or hangs."""
    try:
        return subprocess.run(words, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    except FileNotFoundError:
        raise SobrietyError(f"{words[0]} is not on this machine") from None
    except subprocess.TimeoutExpired:
        raise SobrietyError(
            f"{' '.join(words)} gave no answer in {TIMEOUT_S} s", hint="run it by hand to see why"
        ) from None


def joined(*groups: Sequence[ServiceStep]) -> ServicePlan:
    """One plan of several parts."""
    return ServicePlan(tuple(step for group in groups for step in group))
