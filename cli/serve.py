"""`sobriety serve`: the gateway that receives what many machines push."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sobriety.core.errors import ConfigError, MissingExtra
from sobriety.settings import config as settings

from .parts.options import Duration, config_option, k_anonymity_option, log, options_as, tell

if TYPE_CHECKING:
    from sobriety.fleet.serve import Listen

PORT = 9846


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """Options of `serve`, as given."""

    lake: Path | None
    listen: str
    tls_cert: Path | None
    tls_key: Path | None
    behind_proxy: bool
    drain_s: float
    keep_s: float | None
    copy_to: str | None
    unit: bool
    k_anonymity: int
    config_file: Path | None


@click.command()
@click.option("--lake", type=click.Path(path_type=Path, file_okay=False),
              help="Lake folder of the gateway.  [default: lake in the data folder]")  # fmt: skip
@click.option("--listen", default=f"127.0.0.1:{PORT}", show_default=True, metavar="ADDRESS",
              help="Address that agents push to.")  # fmt: skip
@click.option("--tls-cert", type=click.Path(path_type=Path, dir_okay=False),
              help="Certificate chain, PEM.")  # fmt: skip
@click.option("--tls-key", type=click.Path(path_type=Path, dir_okay=False),
              help="Private key of the certificate, PEM.")  # fmt: skip
@click.option("--behind-proxy", is_flag=True,
              help="A proxy in front terminates TLS: accept any address without.")  # fmt: skip
@click.option("--drain", "drain_s", type=Duration(), default="5m", show_default=True,
              metavar="DURATION", help="Interval between writes of the lake.")  # fmt: skip
@click.option("--keep-minutes", "keep_s", type=Duration(), metavar="DURATION",
              help="Keep only sums by hour of days older than this, as in 90d."
              "  [default: keep all]")  # fmt: skip
@click.option("--copy-to", metavar="URL",
              help="Keep a copy of the lake there: s3://bucket/prefix.")  # fmt: skip
@click.option("--unit", is_flag=True,
              help="Print a systemd unit for these options; serve nothing.")  # fmt: skip
@k_anonymity_option
@config_option
@options_as(ServeOptions)
def serve(options: ServeOptions) -> None:
    """Take in the usage that agents push, and show what it comes to.

    What is answered with 200 is on the disk, once, whatever happens. An address that others can
    reach needs a certificate and a token. In a browser it shows what reports say, by the settings
    of this machine (sobriety config), to who has a read token: as the password, under any name.

    \b
    sobriety token create                              who may write
    sobriety serve                                     for this machine, to try it
    sobriety token create --read                       who may look: http://127.0.0.1:9846/
    sobriety serve --listen 0.0.0.0:9846 --tls-cert cert.pem --tls-key key.pem
    sobriety serve --listen 0.0.0.0:9846 --tls-cert cert.pem --tls-key key.pem --unit
    """
    try:
        from sobriety.fleet.serve import Listen
        from sobriety.fleet.serve import serve as run
    except ImportError as error:
        raise MissingExtra(error.name or "starlette", "fleet") from None
    if options.tls_key and not options.tls_cert:
        raise ConfigError("--tls-key is given without --tls-cert", hint="give both")
    if options.copy_to is not None:
        _check_store(options.copy_to)
    host, port = address(options.listen)
    listen = Listen(host, port, options.tls_cert, options.tls_key, options.behind_proxy)
    if options.unit:
        click.echo(_unit(listen, options), nl=False)
        return
    run(
        options.lake or settings.data_folder() / "lake", listen, options.drain_s, log,
        keep_s=options.keep_s, config=options.config_file,
        k_anonymity=options.k_anonymity, copy_to=options.copy_to,
    )  # fmt: skip


def _check_store(url: str) -> None:
    """Without the library of the store, which only a copy needs. Raises ConfigError."""
    scheme, found, path = url.partition("://")
    if not found or not scheme or not path.strip("/") or scheme == "file":
        raise ConfigError(
            f"{url!r} is no place in an object store", hint="write it as in s3://bucket/prefix"
        )
    if scheme == "s3" and find_spec("s3fs") is None:
        raise MissingExtra("s3fs", "s3")


def _words(listen: Listen, options: ServeOptions) -> list[str]:
    """The options again, for a service; lake and certificate are the service's own."""
    from sobriety.service.unit import argument

    host = f"[{listen.host}]" if ":" in listen.host else listen.host
    words = ["--listen", argument(f"{host}:{listen.port}"), "--drain", f"{options.drain_s:g}s"]
    words += [] if options.keep_s is None else ["--keep-minutes", f"{options.keep_s:.0f}s"]
    words += [] if options.copy_to is None else ["--copy-to", argument(options.copy_to)]
    return [*words, "--behind-proxy"] if options.behind_proxy else words


def _unit(listen: Listen, options: ServeOptions) -> str:
    """The text of systemd's unit. Raises ConfigError."""
    from sobriety.service.gateway_unit import FOLDER, gateway_unit
    from sobriety.service.program import refuse_unseen, this_program

    if options.lake is not None:
        raise ConfigError(
            f"a service cannot write to {options.lake}",
            hint=f"leave --lake out: its lake is /var/lib/{FOLDER}/lake",
        )
    program = this_program()
    try:
        refuse_unseen(program)
    except ConfigError as error:  # it may be meant for another machine
        tell("note", error)
    is_local = options.copy_to is None and listen.is_local  # an object store is elsewhere
    words = _words(listen, options)
    return gateway_unit(program, words, listen.certificate, listen.key, local=is_local)


def address(text: str) -> tuple[str, int]:
    """`127.0.0.1:9846`, `[::1]:9846`. Raises ConfigError."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isdigit() or not 0 < int(port) < 65_536:
        raise ConfigError(f"{text!r} is no address and port", hint=f"write it as 127.0.0.1:{PORT}")
    return host, int(port)
