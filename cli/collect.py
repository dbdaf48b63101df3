"""`sobriety collect`: watch this machine."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import click

from sobriety.agent.cadence import Cadence
from sobriety.agent.daemon import Daemon
from sobriety.agent.meters import configured, controller
from sobriety.agent.recorder import Recorder
from sobriety.agent.session import Session
from sobriety.collectors import Logind, Presence, Processes, choose
from sobriety.core.errors import SobrietyError
from sobriety.core.host import Host, LocalHost
from sobriety.core.machine import Machine
from sobriety.core.ports import Collector
from sobriety.core.units import S_PER_DAY
from sobriety.core.usage import Usage
from sobriety.service.notify import Notify
from sobriety.settings import config as settings
from sobriety.settings.machine import declared, describe
from sobriety.settings.pseudonym import pseudonymised
from sobriety.spool import Spool
from sobriety.spool.retention import Keep

from .parts.daemon_services import begin_to_push, open_metrics, sent_to_gateway
from .parts.options import (
    Duration,
    config_option,
    interactive,
    json_option,
    root_option,
    tell,
    tell_failures,
)
from .parts.reload import Again

ONE_ROW_S = 1e9
"""So long that no boundary cuts the row of `--once`."""


@click.command()
@click.option(
    "--interval",
    "interval_s",
    type=Duration(),
    metavar="DURATION",
    help="Between samples. [default: 5s]",
)
@click.option("--for", "for_s", type=Duration(), metavar="DURATION", help="Stop after this long.")
@click.option("--once", is_flag=True, help="One interval, one row, then stop.")
@click.option(
    "--daemon",
    is_flag=True,
    help="For a service manager: plain lines, systemd's notices, and the time since the last run"
    " written down as a gap.",
)
@click.option(
    "--pseudonymise/--no-pseudonymise",
    default=None,
    help="A made-up name in place of the machine's.  [default: not on a server]",
)
@click.option(
    "--metrics",
    metavar="ADDRESS",
    is_flag=False,
    flag_value="127.0.0.1:9845",
    help="Answer Prometheus at /metrics, on 127.0.0.1:9845 if no address is given.",
)
@click.option(
    "--push",
    metavar="URL",
    help="Send rows to this gateway, every five minutes.  [default: setting push]",
)
@click.option(
    "--redfish",
    "redfish_url",
    metavar="URL",
    help="Another server instead, of which only the power is known: ask its controller.",
)
@click.option("--redfish-user", metavar="NAME", help="Whom that controller lets read.")
@json_option
@root_option
@config_option
def collect(
    interval_s: float | None,
    for_s: float | None,
    once: bool,
    daemon: bool,
    pseudonymise: bool | None,
    metrics: str | None,
    push: str | None,
    redfish_url: str | None,
    redfish_user: str | None,
    as_json: bool,
    root: str,
    config_file: Path | None,
) -> None:
    """Watch this machine in the foreground and keep what was seen, a row a minute.

    Runs until it is stopped (Ctrl-C, SIGTERM), which loses nothing. Rows go to the spool in the
    data folder. Nothing leaves the machine, unless a gateway is named.

    \b
    sobriety collect                      until stopped
    sobriety collect --for 30s            half a minute
    sobriety collect --once --json        one row, for a script
    sobriety collect --root /host         in a container, the machine below it
    sobriety collect --daemon             under systemd
    sobriety collect --push https://gateway:9846
    sobriety collect --redfish https://bmc-3 --redfish-user monitor
    """
    named = None if pseudonymise is None else "on" if pseudonymise else "off"
    given = {
        "interval_s": interval_s,
        "pseudonymise": named,
        "metrics": metrics,
        "push": push,
        "redfish_user": redfish_user,
    }
    config = settings.load(given, file=config_file)
    host = LocalHost(root)
    machine, collectors = _watched(host, config, redfish_url)
    if once:  # one row says what the host did, and not who
        for_s, collectors = config.must_number("interval_s"), _without_work(collectors)
    machine = pseudonymised(machine, config, settings.data_folder())
    keep = Keep(
        config.must_number("retention_days") * S_PER_DAY, config.must_number("spool_max_mb") * 1e6
    )
    spool = Spool.open(settings.data_folder() / "spool.sqlite3", keep, sent_to_gateway(config))
    with ExitStack() as stack:
        stack.callback(spool.close)
        spool.record_machine(machine, host.now().wall_ns)
        row_s = ONE_ROW_S if once else config.must_number("row_s")
        session = stack.enter_context(
            Session(
                host,
                collectors,
                name=machine.host,
                row_s=row_s,
                is_elsewhere=redfish_url is not None,
                tell=tell_failures,
            )
        )
        if not set(session.opened) - {"agent"}:
            raise SobrietyError(
                "nothing of this machine can be read", hint="see why with: sobriety doctor"
            )
        recorder = Recorder(spool, session, machine.host, say=partial(click.echo, err=True))
        if as_json:
            recorder.listeners.append(_print)
        open_metrics(stack, config, machine, session, recorder, spool.path)
        if not once:
            begin_to_push(stack, config)
        moved = stack.enter_context(_progress(None if daemon else for_s))
        manager = Notify(os.environ if daemon else {})
        runner = Daemon(
            session,
            recorder,
            cadence=_cadence(config, daemon=daemon),
            tell=_tell_disk,
            on_sample=moved,
            alive=lambda: manager.send("WATCHDOG=1"),
            alive_s=manager.watchdog_s,
        )
        again = Again(runner.stop, given, config_file) if daemon else None
        stack.enter_context(_stopping(runner.stop, again))
        if daemon:
            recorder.append_gap()
            _tell_ready(manager, machine, session, config)
        runner.run(for_s)
        manager.send("RELOADING=1" if again and again.wanted else "STOPPING=1")
        recorder.remember()
    _tell_written(runner, spool.path)
    if again and again.wanted:
        again.start()


def _without_work(makers: Sequence[Callable[[], Collector]]) -> list[Callable[[], Collector]]:
    return [make for make in makers if make is not Processes]


def _cadence(config: settings.Config, *, daemon: bool) -> Cadence:
    """As set; only a daemon slows down by itself."""
    return Cadence(
        config.must_number("interval_s"),
        config.must_number("work_s"),
        adaptive=daemon and config.text("adaptive") == "on",
    )


def _tell_ready(
    manager: Notify, machine: Machine, session: Session, config: settings.Config
) -> None:
    watching = f"every {config.must_number('interval_s'):g} s: {', '.join(session.opened)}"
    click.echo(f"watching {machine.host} {watching}", err=True)
    manager.send("READY=1", f"STATUS=watching {watching}")


def _tell_written(runner: Daemon, spool: Path) -> None:
    """How many rows; raises SobrietyError for those that no disk took."""
    if runner.rows_unwritten or runner.rows_dropped:
        raise SobrietyError(
            f"{runner.rows_unwritten + runner.rows_dropped} rows could not be written",
            hint="make room in the data folder, or choose another with SOBRIETY_HOME",
        )
    rows = runner.rows_written
    click.echo(f"{rows} row{'s' if rows != 1 else ''} added to {spool}", err=True)


def _watched(
    host: Host, config: settings.Config, redfish_url: str | None
) -> tuple[Machine, list[Callable[[], Collector]]]:
    """What is watched and by what: this machine, or the server of a controller."""
    if redfish_url is not None:
        server, made = controller(redfish_url, config)
        return declared(server.machine(), config), [made]
    collectors = choose(host.system, config.names("collectors"))
    if config.text("presence") == "off":
        collectors = [c for c in collectors if c not in (Logind, Presence)]
    return describe(host, config), [*configured(config), *collectors]


def _print(rows: Sequence[Usage]) -> None:
    """As `docs/schema/usage.json` describes them, a line each."""
    for row in rows:
        keys = {
            "host": row.host,
            "kind": row.kind,
            "name": row.name,
            "state": row.state,
            "observed": list(row.observed),
            "start_ns": row.start_ns,
            "duration_s": row.duration_s,
            "covered_s": row.covered_s,
        }
        click.echo(json.dumps(keys | row.measures))


def _tell_disk(error: SobrietyError) -> None:
    tell("spool", error)


@contextmanager
def _stopping(
    stop: Callable[..., None], again: Callable[..., None] | None = None
) -> Generator[None]:
    """SIGINT, SIGTERM and SIGHUP end the run after the sample in hand; a daemon begins `again`
    on SIGHUP."""
    ends: dict[signal.Signals, Callable[..., None]] = {signal.SIGINT: stop, signal.SIGTERM: stop}
    if hasattr(signal, "SIGHUP"):  # the terminal went away; Windows has none
        ends[signal.SIGHUP] = again or stop
    before = [signal.signal(number, handler) for number, handler in ends.items()]
    try:
        yield
    finally:
        for number, handler in zip(ends, before, strict=True):
            signal.signal(number, handler)


@contextmanager
def _progress(for_s: float | None) -> Generator[Callable[[float], None] | None]:
    """A bar on a terminal, when the end is known."""
    if for_s is None or not interactive():
        yield None
        return
    with click.progressbar(length=int(for_s), label="watching", file=sys.stderr) as bar:
        yield lambda elapsed_s: bar.update(min(int(elapsed_s), int(for_s)) - bar.pos)
