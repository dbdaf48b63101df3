"""`sobriety collect`: watch this machine."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
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
    log,
    log_notes,
    options_as,
    root_option,
    tell,
    tell_failures,
)
from .parts.reload import Reload

ONE_ROW_S = 1e9
"""So long that no boundary cuts the row of `--once`."""


@dataclass(frozen=True, slots=True)
class CollectOptions:
    """Options of `collect`, as given."""

    interval_s: float | None
    for_s: float | None
    once: bool
    daemon: bool
    pseudonymise: bool | None
    metrics: str | None
    push: str | None
    redfish_url: str | None
    redfish_user: str | None
    as_json: bool
    root: str
    config_file: Path | None

    def settings(self) -> dict[str, object]:
        """Those that override settings."""
        named = None if self.pseudonymise is None else "on" if self.pseudonymise else "off"
        return {
            "interval_s": self.interval_s,
            "pseudonymise": named,
            "metrics": self.metrics,
            "push": self.push,
            "redfish_user": self.redfish_user,
        }


@click.command()
@click.option(
    "--interval",
    "interval_s",
    type=Duration(),
    metavar="DURATION",
    help="Sampling interval.  [default: 5s]",
)
@click.option("--for", "for_s", type=Duration(), metavar="DURATION", help="Stop after this long.")
@click.option("--once", is_flag=True, help="Sample for one interval, write one row, stop.")
@click.option(
    "--daemon",
    is_flag=True,
    help="Run under a service manager: plain lines, systemd's notifications, and the time since"
    " the last run recorded as a gap.",
)
@click.option(
    "--pseudonymise/--no-pseudonymise",
    default=None,
    help="Record a made-up name in place of the machine's.  [default: not on a server]",
)
@click.option(
    "--metrics",
    metavar="ADDRESS",
    is_flag=False,
    flag_value="127.0.0.1:9845",
    help="Serve /metrics to Prometheus, on 127.0.0.1:9845 if no address is given.",
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
    help="Record another server's power instead, read from its management controller.",
)
@click.option("--redfish-user", metavar="NAME", help="User name at that controller.")
@json_option
@root_option
@config_option
@options_as(CollectOptions)
def collect(options: CollectOptions) -> None:
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
    config = settings.load(options.settings(), file=options.config_file)
    log_notes(config)
    host = LocalHost(options.root)
    machine, collectors = _watched(host, config, options.redfish_url)
    if options.once:  # one row says what the host did, and not which workload
        collectors = _without_work(collectors)
    machine = pseudonymised(machine, config, settings.data_folder())
    spool = _open_spool(config)
    with ExitStack() as stack:
        stack.callback(spool.close)
        spool.record_machine(machine, host.now().wall_ns)
        row_s = ONE_ROW_S if options.once else config.must_number("row_s")
        session = Session(
            host, collectors, name=machine.host, row_s=row_s,
            is_elsewhere=options.redfish_url is not None, tell=tell_failures,
        )  # fmt: skip
        stack.enter_context(session)
        if not set(session.opened) - {"agent"}:
            raise SobrietyError(
                "nothing of this machine can be read", hint="see why with: sobriety doctor"
            )
        recorder = Recorder(spool, session, machine.host, say=log)
        if options.as_json:
            recorder.listeners.append(_print)
        open_metrics(stack, config, machine, session, recorder, spool.path)
        if not options.once:
            begin_to_push(stack, config)
        runner, reload = _run(stack, options, config, machine, session, recorder)
    _report_rows(runner, spool.path)
    if reload and reload.wanted:
        reload.start()


def _open_spool(config: settings.Config) -> Spool:
    keep = Keep(
        config.must_number("retention_days") * S_PER_DAY, config.must_number("spool_max_mb") * 1e6
    )
    return Spool.open(settings.data_folder() / "spool.sqlite3", keep, sent_to_gateway(config))


def _run(
    stack: ExitStack,
    options: CollectOptions,
    config: settings.Config,
    machine: Machine,
    session: Session,
    recorder: Recorder,
) -> tuple[Daemon, Reload | None]:
    """Sample until the time is over or a signal comes; the daemon, and its reload if it has one."""
    daemon = options.daemon
    for_s = config.must_number("interval_s") if options.once else options.for_s
    manager = Notify(os.environ if daemon else {})
    runner = Daemon(
        session,
        recorder,
        cadence=_cadence(config, daemon=daemon),
        tell=_report_disk,
        on_sample=stack.enter_context(_progress(None if daemon else for_s)),
        alive=lambda: manager.send("WATCHDOG=1"),
        alive_s=manager.watchdog_s,
    )
    reload = Reload(runner.stop, options.settings(), options.config_file) if daemon else None
    with _stopping(runner.stop, reload):
        if daemon:
            recorder.append_gap()
            _report_ready(manager, machine, session, config)
        runner.run(for_s)
        manager.send("RELOADING=1" if reload and reload.wanted else "STOPPING=1")
        recorder.remember()
    return runner, reload


def _without_work(makers: Sequence[Callable[[], Collector]]) -> list[Callable[[], Collector]]:
    return [make for make in makers if make is not Processes]


def _cadence(config: settings.Config, *, daemon: bool) -> Cadence:
    """The cadence of the settings; only a daemon slows down by itself."""
    return Cadence(
        config.must_number("interval_s"),
        config.must_number("work_s"),
        adaptive=daemon and config.text("adaptive") == "on",
    )


def _report_ready(
    manager: Notify, machine: Machine, session: Session, config: settings.Config
) -> None:
    watching = f"every {config.must_number('interval_s'):g} s: {', '.join(session.opened)}"
    click.echo(f"watching {machine.host} {watching}", err=True)
    manager.send("READY=1", f"STATUS=watching {watching}")


def _report_rows(runner: Daemon, spool: Path) -> None:
    """Report how many rows were written. Raises SobrietyError for rows that were lost."""
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
    """The machine to watch and its collectors: this one, or a server behind a controller."""
    if redfish_url is not None:
        server, made = controller(redfish_url, config)
        return declared(server.machine(), config), [made]
    collectors = choose(host.system, config.names("collectors"))
    if config.text("presence") == "off":
        collectors = [c for c in collectors if c not in (Logind, Presence)]
    return describe(host, config), [*configured(config), *collectors]


def _print(rows: Sequence[Usage]) -> None:
    """Print rows as JSON, a line each: docs/schema/usage.json."""
    for row in rows:
        keys = {
            "host": row.host, "kind": row.kind, "name": row.name, "state": row.state,
            "observed": list(row.observed), "start_ns": row.start_ns,
            "duration_s": row.duration_s, "covered_s": row.covered_s,
        }  # fmt: skip
        click.echo(json.dumps(keys | row.measures))


def _report_disk(error: SobrietyError) -> None:
    tell("spool", error)


@contextmanager
def _stopping(
    stop: Callable[..., None], reload: Callable[..., None] | None = None
) -> Generator[None]:
    """End the run after the current sample on a signal; SIGHUP reloads a daemon."""
    ends: dict[signal.Signals, Callable[..., None]] = {signal.SIGINT: stop, signal.SIGTERM: stop}
    if hasattr(signal, "SIGHUP"):  # the terminal went away; Windows has none
        ends[signal.SIGHUP] = reload or stop
    before = [signal.signal(number, handler) for number, handler in ends.items()]
    try:
        yield
    finally:
        for number, handler in zip(ends, before, strict=True):
            signal.signal(number, handler)


@contextmanager
def _progress(for_s: float | None) -> Generator[Callable[[float], None] | None]:
    """Show a progress bar on a terminal, when the end is known."""
    if for_s is None or not interactive():
        yield None
        return
    with click.progressbar(length=int(for_s), label="watching", file=sys.stderr) as bar:
        yield lambda elapsed_s: bar.update(min(int(elapsed_s), int(for_s)) - bar.pos)
