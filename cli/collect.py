"""`sobriety collect`: watch this machine."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sobriety import config as settings
from sobriety.cadence import Cadence
from sobriety.collectors import Processes, choose
from sobriety.core.errors import SobrietyError
from sobriety.core.host import Host, LocalHost
from sobriety.core.machine import Machine
from sobriety.core.ports import Collector
from sobriety.core.units import NS_PER_S, S_PER_DAY
from sobriety.core.usage import Usage
from sobriety.daemon import Daemon
from sobriety.gaps import gap, seen_until
from sobriety.meters import configured, controller
from sobriety.notify import Notify
from sobriety.pseudonym import pseudonymised
from sobriety.retention import Keep
from sobriety.session import Session
from sobriety.spool import Spool
from sobriety.this_machine import declared, describe

from .again import Again
from .options import (
    Duration,
    config_option,
    interactive,
    json_option,
    root_option,
    tell,
    tell_failures,
)

if TYPE_CHECKING:
    from sobriety.metrics import Metrics

REMEMBER_NS = 3600 * NS_PER_S
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
    redfish_url: str | None,
    redfish_user: str | None,
    as_json: bool,
    root: str,
    config_file: Path | None,
) -> None:
    """Watch this machine in the foreground and keep what was seen, a row a minute.

    Runs until it is stopped (Ctrl-C, SIGTERM), which loses nothing. Rows go to the spool in the
    data folder. Nothing leaves the machine.

    \b
    sobriety collect                      until stopped
    sobriety collect --for 30s            half a minute
    sobriety collect --once --json        one row, for a script
    sobriety collect --root /host         in a container, the machine below it
    sobriety collect --daemon             under systemd
    sobriety collect --redfish https://bmc-3 --redfish-user monitor
    """
    named = None if pseudonymise is None else "on" if pseudonymise else "off"
    given = {
        "interval_s": interval_s,
        "pseudonymise": named,
        "metrics": metrics,
        "redfish_user": redfish_user,
    }
    config = settings.load(given, file=config_file)
    interval_s = config.must_number("interval_s")
    row_s = config.must_number("row_s")
    if once:
        for_s, row_s = interval_s, ONE_ROW_S
    host = LocalHost(root)
    machine, collectors = _watched(host, config, redfish_url)
    if once:  # one row says what the host did, and not who
        collectors = [c for c in collectors if c is not Processes]
    machine = pseudonymised(machine, config, settings.data_folder())
    keep = Keep(
        config.must_number("retention_days") * S_PER_DAY, config.must_number("spool_max_mb") * 1e6
    )
    spool = Spool.open(settings.data_folder() / "spool.sqlite3", keep)
    try:
        spool.record_machine(machine, host.now().wall_ns)
        with (
            ExitStack() as stack,
            Session(
                host, collectors, name=machine.host, row_s=row_s, tell=tell_failures
            ) as session,
        ):
            if not set(session.opened) - {"agent"}:
                raise SobrietyError(
                    "nothing of this machine can be read", hint="see why with: sobriety doctor"
                )
            sink = _Kept(spool, host, session, machine.host, as_json=as_json)
            listen = config.text("metrics")
            if listen is not None:
                from sobriety.metrics import Metrics  # estimators, which others need not load

                sink.metrics = stack.enter_context(
                    Metrics(listen, machine, config, session, spool.path)
                )
            manager = Notify(os.environ if daemon else {})
            with _progress(None if daemon else for_s) as moved:
                runner = Daemon(
                    session,
                    sink,
                    cadence=Cadence(
                        interval_s,
                        config.must_number("work_s"),
                        adaptive=daemon and config.text("adaptive") == "on",
                    ),
                    tell=_tell_disk,
                    on_sample=moved,
                    alive=lambda: manager.send("WATCHDOG=1"),
                    alive_s=manager.watchdog_s,
                )
                again = Again(runner.stop, given, config_file) if daemon else None
                with _stopping(runner.stop, again):
                    if daemon:
                        sink.append_gap(machine.host)
                        watching = f"every {interval_s:g} s: {', '.join(session.opened)}"
                        click.echo(f"watching {machine.host} {watching}", err=True)
                        manager.send("READY=1", f"STATUS=watching {watching}")
                    runner.run(for_s)
                    manager.send("RELOADING=1" if again and again.wanted else "STOPPING=1")
                with suppress(SobrietyError):  # a full disk is told below, with what it costs
                    sink.remember()
    finally:
        spool.close()
    if runner.rows_unwritten or runner.rows_dropped:
        raise SobrietyError(
            f"{runner.rows_unwritten + runner.rows_dropped} rows could not be written",
            hint="make room in the data folder, or choose another with SOBRIETY_HOME",
        )
    rows = runner.rows_written
    click.echo(f"{rows} row{'s' if rows != 1 else ''} added to {spool.path}", err=True)
    if again and again.wanted:
        again.start()


def _watched(
    host: Host, config: settings.Config, redfish_url: str | None
) -> tuple[Machine, list[Callable[[], Collector]]]:
    """What is watched and by what: this machine, or the server of a controller."""
    if redfish_url is not None:
        server, made = controller(redfish_url, config)
        return declared(server.machine(), config), [made]
    collectors = choose(host.system, config.names("collectors"))
    return describe(host, config), [*configured(config), *collectors]


class _Kept:
    """Writes rows to the spool, says what the spool has to say, and prints rows as JSON lines."""

    def __init__(
        self, spool: Spool, host: Host, session: Session, name: str, *, as_json: bool
    ) -> None:
        self._spool, self._host, self._as_json = spool, host, as_json
        self._least_w, self._least_key = session.attribution.least_w, f"least_w {name}"
        self._least_w.update(spool.recall(self._least_key) or {})
        self._remembered_ns = host.now().monotonic_ns
        self.metrics: Metrics | None = None
        self._tell_notes()

    def append(self, rows: Sequence[Usage]) -> None:
        last = next((row for row in reversed(rows) if row.kind == "host"), None)
        self._spool.append(rows, seen_until(last, self._host.now()) if last else None)
        self._tell_notes()
        if self._host.now().monotonic_ns - self._remembered_ns > REMEMBER_NS:
            self.remember()
        if self.metrics is not None:
            self.metrics.add(rows)
        for row in rows if self._as_json else ():
            click.echo(
                json.dumps(
                    {
                        "host": row.host,
                        "kind": row.kind,
                        "name": row.name,
                        "state": row.state,
                        "observed": list(row.observed),
                        "start_ns": row.start_ns,
                        "duration_s": row.duration_s,
                        "covered_s": row.covered_s,
                        **row.measures,
                    }
                )
            )

    def remember(self) -> None:
        """The least draw seen of each sensor: what idle is, for the next run."""
        if self._least_w:
            self._spool.remember(self._least_key, self._least_w)
        self._remembered_ns = self._host.now().monotonic_ns

    def append_gap(self, name: str) -> None:
        """Write down the time since the last row of this host."""
        last = self._spool.seen(name)
        if last is not None:
            self.append(gap(last, self._host.now()))

    def _tell_notes(self) -> None:
        for note in self._spool.notes:
            click.echo(note, err=True)
        self._spool.notes.clear()


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
