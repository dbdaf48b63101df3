"""`sobriety calibrate`: shift this machine's power model by readings of a meter at the plug."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from sobriety.calibration import readings as calibration
from sobriety.core.display import rounded
from sobriety.core.errors import ConfigError
from sobriety.core.estimate import Estimate
from sobriety.core.host import LocalHost
from sobriety.core.machine import Machine
from sobriety.settings import config as settings
from sobriety.settings.machine import CALIBRATION, describe
from sobriety.settings.writing import save_all

from .parts.options import config_option, options_as, root_option


class Error(click.ParamType[float]):
    """`2%` or `0.02`. Gives a share."""

    name = "ratio"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        text = str(value).strip()
        try:
            found = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            found = math.nan
        if not 0.001 <= found <= 0.5:
            self.fail(f"{value!r} is not an error from 0.1% to 50%; write 2% or 0.02", param, ctx)
        return found


@dataclass(frozen=True, slots=True)
class CalibrateOptions:
    """Options of `calibrate`, as given."""

    idle_w: float | None
    max_w: float | None
    at: tuple[str, ...]
    meter_ratio: float | None
    from_history: bool
    show: bool
    remove: bool
    force: bool
    root: str
    config_file: Path | None

    def readings(self) -> dict[float, float]:
        """Watts read at the plug, by load."""
        readings = dict(calibration.load_and_watts(text) for text in self.at)
        ends = ((0.0, self.idle_w), (1.0, self.max_w))
        return readings | {load: watts for load, watts in ends if watts is not None}

    @property
    def changes_nothing(self) -> bool:
        ways = (self.readings(), self.from_history, self.remove)
        return self.show or (not any(ways) and self.meter_ratio is None)


@click.command()
@click.option("--idle-w", type=float, metavar="WATTS", help="Watts read while idle.")
@click.option("--max-w", type=float, metavar="WATTS", help="Watts read while all cores are busy.")
@click.option(
    "--at", multiple=True, metavar="LOAD=WATTS",
    help="Watts read at another load, in percent: 50=88. Repeatable.",
)  # fmt: skip
@click.option(
    "--meter-error", "meter_ratio", type=Error(), metavar="RATIO",
    help="Error of the meter.  [default: 2%; with --from-history 5%]",
)  # fmt: skip
@click.option("--from-history", is_flag=True, help="Use what a meter recorded here.")
@click.option("--show", is_flag=True, help="Show the readings that are set; change nothing.")
@click.option("--remove", is_flag=True, help="Remove every reading.")
@click.option("--force", is_flag=True, help="Accept a reading ten times off the model.")
@root_option
@config_option
@options_as(CalibrateOptions)
def calibrate(options: CalibrateOptions) -> None:
    """Take readings of a real meter at the plug: this machine's watts follow them at once.

    One reading suffices. The interval narrows to what the meter and the loads that were not read
    leave open. Readings count for what was recorded before, too. A reading at another load is
    added to those that are set; one at the same load replaces them.

    \b
    sobriety calibrate --idle-w 41
    sobriety calibrate --idle-w 41 --max-w 130 --at 50=88 --meter-error 1%
    sobriety calibrate --from-history
    """
    given = options.readings()
    _one_of(
        readings=bool(given), history=options.from_history, show=options.show,
        remove=options.remove,
    )  # fmt: skip
    config = settings.load(file=options.config_file)
    before = describe(LocalHost(options.root), config)
    if options.changes_nothing:
        _show(before)
        return
    if options.remove:
        after = calibration.bare(before)
    elif options.from_history:
        after = _from_history(before, config, options.meter_ratio)
    else:
        after = calibration.merged(before, given, options.meter_ratio)
    if not options.remove:
        calibration.check(after, force=options.force)
    _print_change(before, after)
    _write(after, options.config_file)


def _one_of(**ways: bool) -> None:
    chosen = [name for name, wanted in ways.items() if wanted]
    if len(chosen) > 1:
        raise ConfigError(f"{' and '.join(chosen)} contradict each other", hint="ask for one")


def _show(machine: Machine) -> None:
    """Print the readings that are set, and the power that follows."""
    readings = [f"{100 * load:g} %: {watts:g} W" for load, watts in machine.points()]
    click.echo(f"readings  {', '.join(readings) or 'none'}")
    found = calibration.outlook(machine)
    click.echo(f"idle      {_watts(found.idle)}\nfull      {_watts(found.full)}")
    click.echo(found.idle.method)


def _from_history(machine: Machine, config: settings.Config, meter_ratio: float | None) -> Machine:
    from sobriety.calibration.history import CONTROLLER_RATIO
    from sobriety.calibration.history import from_history as fit
    from sobriety.settings.pseudonym import pseudonymised

    folder = settings.data_folder()
    spool = folder / "spool.sqlite3"
    if not spool.is_file():
        raise ConfigError(f"nothing was recorded in {folder}", hint="run: sobriety collect")
    bare = calibration.bare(machine)
    found = fit(spool, pseudonymised(bare, config, folder))
    what = "level and slope" if found.with_slope else "level; the load hardly varied"
    used = f"{found.duration_s / 3600:.1f} hours used: {what}"
    click.echo(f"{used}; either half is within {found.drift_ratio:.1%} of both")
    error_ratio = CONTROLLER_RATIO if meter_ratio is None else meter_ratio
    # The drift of what was measured is no error of the meter, and adds to it.
    return replace(
        bare, readings=found.readings, meter_ratio=math.hypot(error_ratio, found.drift_ratio)
    )


def _print_change(before: Machine, after: Machine) -> None:
    was, now = calibration.outlook(before), calibration.outlook(after)
    click.echo(f"idle  {_watts(was.idle)} → {_watts(now.idle)}")
    click.echo(f"full  {_watts(was.full)} → {_watts(now.full)}")
    click.echo(now.idle.method)


def _watts(power: Estimate) -> str:
    value, low, high = rounded(power.value, power.low, power.high)
    return f"{value} W ({low} to {high})"


def _write(machine: Machine, config_file: Path | None) -> None:
    """All four settings, those that have no value taken out."""
    path = config_file or settings.calibration_file()
    values = {name: getattr(machine, name) for name in CALIBRATION}
    save_all({n: None if v is None else str(v) for n, v in values.items()}, path)
    click.echo(f"written to {path}; a running collector takes it at its next start", err=True)
    now = settings.load(file=config_file)
    for name, value in values.items():
        if now.value(name) != value and (value is not None or now.value(name) is not None):
            click.echo(f"{name} stays {now.value(name)}: {now.origin(name)} says so", err=True)
