"""Reloads a daemon on SIGHUP: new settings, and after an upgrade the new program."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from sobriety.core.errors import ConfigError
from sobriety.settings import config as settings

from .options import tell


class Reload:
    """Handler of SIGHUP. Reports settings that are wrong, and goes on with the old ones."""

    def __init__(
        self, stop: Callable[[], None], options: Mapping[str, object], file: Path | None
    ) -> None:
        self._stop, self._options, self._file = stop, options, file
        self.wanted = False

    def __call__(self, *_: object) -> None:
        try:
            settings.load(self._options, file=self._file)
        except ConfigError as error:
            tell("not reloaded", error)
            return
        self.wanted = True
        self._stop()

    def start(self) -> None:
        """Execute the same command in this process, so that its manager sees none end."""
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
