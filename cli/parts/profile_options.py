"""Options of `profile`, and what they exclude of each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sobriety.core.errors import ConfigError

if TYPE_CHECKING:
    from sobriety.profiling.profiler import Scope

    from .run_options import Repeated


@dataclass(frozen=True, slots=True)
class ProfileOptions:
    """The options as given, but for those of repeated runs and of budgets.

    pid, container, unit   what runs already, and is followed instead of a command; for `for_s`
    output                 the figures' file instead of stderr
    """

    zone: str | None
    factor_kind: str | None
    interval_s: float
    scope: Scope
    shows_tree: bool
    shows_functions: bool
    flame_file: Path | None
    pid: int | None
    container: str | None
    unit: str | None
    for_s: float | None
    output: Path | None
    is_live: bool | None
    baseline_file: Path | None
    max_regression: str | None
    cross_check: bool
    as_json: bool
    config_file: Path | None

    @property
    def targets(self) -> list[int | str]:
        """What runs already and is to be followed: one at the most."""
        return [t for t in (self.pid, self.container, self.unit) if t is not None]

    @property
    def has_breakdown(self) -> bool:
        return self.shows_tree or self.shows_functions or self.flame_file is not None

    def check(self, command: tuple[str, ...], repeated: Repeated) -> None:
        """Raise UsageError for options that exclude each other, ConfigError for files that cannot
        be written."""
        if bool(self.targets) == bool(command) or len(self.targets) > 1:
            raise click.UsageError("give a command, or one of --pid, --container and --unit")
        for file in (self.output, self.flame_file):
            if file and not file.parent.is_dir():
                raise ConfigError(f"{file} cannot be written: there is no folder {file.parent}")
        if self.targets:
            if repeated.is_repeated or self.has_breakdown or self.cross_check:
                raise click.UsageError("what runs already is followed once, and as a whole")
            if self.for_s is None:
                raise click.UsageError("say how long to follow it: --for 60s")
        elif self.for_s is not None:
            raise click.UsageError("--for goes with --pid, --container or --unit")
        elif repeated.is_repeated and (self.cross_check or self.has_breakdown):
            raise click.UsageError("--cross-check, --tree and --functions take one run")
