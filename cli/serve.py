"""`sobriety serve`: take in what many machines send."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sobriety.core.errors import ConfigError, MissingExtra
from sobriety.settings import config as settings

from .parts.options import Duration, config_option, k_anonymity_option, tell

if TYPE_CHECKING:
    from sobriety.fleet.serve import Listen

PORT = 9846


@click.command()
@click.option("--lake", type=click.Path(path_type=Path, file_okay=False),
              help="Where rows go.  [default: lake in the data folder]")  # fmt: skip
@click.option("--listen", default=f"127.0.0.1:{PORT}", show_default=True, metavar="ADDRESS",
              help="Where agents come in.")  # fmt: skip
@click.option("--tls-cert", type=click.Path(path_type=Path, dir_okay=False),
              help="A certificate and those that signed it, PEM.")  # fmt: skip
@click.option("--tls-key", type=click.Path(path_type=Path, dir_okay=False),
              help="Its key, PEM.")  # fmt: skip
@click.option("--behind-proxy", is_flag=True,
              help="A proxy in front of it has TLS: any address may do without.")  # fmt: skip
@click.option("--drain", "drain_s", type=Duration(), default="5m", show_default=True,
              metavar="DURATION", help="Between two times that the lake is written.")  # fmt: skip
@click.option("--keep-minutes", "keep_s", type=Duration(), metavar="DURATION",
              help="Of days that are older keep the sums by hour alone, as in 90d."
              "  [default: keep all]")  # fmt: skip
@click.option("--copy-to", metavar="URL",
              help="Keep a copy of the lake there, as in s3://bucket/prefix.")  # fmt: skip
@click.option("--unit", is_flag=True,
              help="Write a unit of systemd to stdout that serves so, and do nothing.")  # fmt: skip
@k_anonymity_option
@config_option
def serve(
    lake: Path | None,
    listen: str,
    tls_cert: Path | None,
    tls_key: Path | None,
    behind_proxy: bool,
    drain_s: float,
    keep_s: float | None,
    copy_to: str | None,
    unit: bool,
    k_anonymity: int,
    config_file: Path | None,
) -> None:
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
    if tls_key and not tls_cert:
        raise ConfigError("--tls-key is given without --tls-cert", hint="give both")
    if copy_to is not None:
        _check_store(copy_to)
    host, port = address(listen)
    where = Listen(host, port, tls_cert, tls_key)
    if unit:
        words = _words(where, drain_s, keep_s, copy_to, plain=behind_proxy)
        click.echo(_unit(where, lake, words, alone=copy_to is None), nl=False)
        return
    place = lake or settings.data_folder() / "lake"
    say = partial(click.echo, err=True)
    run(
        place, where, drain_s, say,
        plain=behind_proxy, keep_s=keep_s, config=config_file, k_anonymity=k_anonymity,
        copy_to=copy_to,
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


def _words(
    listen: Listen, drain_s: float, keep_s: float | None, copy_to: str | None, *, plain: bool
) -> list[str]:
    """The same words again, for a service; lake and certificate are the service's own."""
    from sobriety.service.unit import argument

    host = f"[{listen.host}]" if ":" in listen.host else listen.host
    words = ["--listen", argument(f"{host}:{listen.port}"), "--drain", f"{drain_s:g}s"]
    words += [] if keep_s is None else ["--keep-minutes", f"{keep_s:.0f}s"]
    words += [] if copy_to is None else ["--copy-to", argument(copy_to)]
    return [*words, "--behind-proxy"] if plain else words


def _unit(listen: Listen, lake: Path | None, words: list[str], *, alone: bool) -> str:
    """`alone`: it asks nobody. Raises ConfigError."""
    from sobriety.service.gateway_unit import FOLDER, gateway_unit
    from sobriety.service.program import refuse_unseen, this_program

    if lake is not None:
        raise ConfigError(
            f"a service cannot write to {lake}",
            hint=f"leave --lake out: its lake is /var/lib/{FOLDER}/lake",
        )
    program = this_program()
    try:
        refuse_unseen(program)
    except ConfigError as error:  # it may be meant for another machine
        tell("note", error)
    is_local = alone and listen.is_local
    return gateway_unit(program, words, listen.certificate, listen.key, local=is_local)


def address(text: str) -> tuple[str, int]:
    """`127.0.0.1:9846`, `[::1]:9846`. Raises ConfigError."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isdigit() or not 0 < int(port) < 65_536:
        raise ConfigError(f"{text!r} is no address and port", hint=f"write it as 127.0.0.1:{PORT}")
    return host, int(port)
