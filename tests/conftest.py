"""What every test may use."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sobriety.core.paper import PaperHost

ROOT = Path(__file__).parent.parent
MACHINES = Path(__file__).parent / "machines"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test sees or touches this user's own settings and data."""
    for name in list(os.environ):
        if name.startswith("SOBRIETY_"):
            monkeypatch.delenv(name)
    folder = tmp_path / "home"
    monkeypatch.setenv("SOBRIETY_HOME", str(folder))
    return folder


@pytest.fixture
def paper() -> Callable[[str], PaperHost]:
    """A recorded machine by its file's name."""

    def read(name: str) -> PaperHost:
        path = MACHINES / f"{name}.txt"
        return PaperHost.parse(path.read_text(encoding="utf-8"), where=path.name)

    return read


@pytest.fixture
def needs() -> Callable[[str], str]:
    """The path of a program from `make deps`. Without it a test skips; in CI that is a failure."""

    def find(program: str) -> str:
        # Debian keeps daemons where not everybody's PATH leads.
        found = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin")
        if found is None:
            message = f"{program} is not installed; run: make deps"
            if os.environ.get("CI") == "true":
                pytest.fail(message)
            pytest.skip(message)
        return found

    return find
