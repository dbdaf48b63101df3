"""`sobriety sign`: sign a sealed report."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sobriety.core.errors import ConfigError

if TYPE_CHECKING:
    from sobriety.reports.model.settings import Role


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--as",
    "role",
    type=click.Choice(["preparer", "reviewer", "approver"]),
    required=True,
    help="In this order; who prepared it cannot review it.",
)
@click.option("--name", required=True, help="Name of the signer.")
def sign(folder: Path, role: Role, name: str) -> None:
    """Sign a sealed report as its preparer, then reviewer, then approver. It is verified first.

    \b
    sobriety sign records/2026-Q3.1 --as preparer --name "Aïcha Benali"
    """
    from sobriety.publishing.differences import differences
    from sobriety.publishing.records import read_record, tampered
    from sobriety.publishing.records import sign as add
    from sobriety.publishing.sealing import RENDERINGS, recomputed
    from sobriety.reports import as_json
    from sobriety.reports.formats.render import render
    from sobriety.reports.model.settings import Signature

    record = read_record(folder)
    if not name.strip() or not name.isprintable():
        raise ConfigError(f"{name!r} is nobody's name", hint="write it as people read it")
    signature = Signature(role, name.strip(), datetime.now().astimezone().isoformat("T", "seconds"))
    if tampered(record):
        raise ConfigError(
            f"{folder} is not as it was sealed", hint=f"see: sobriety verify {folder}"
        )
    found, _ = recomputed(record, (*record.signatures, signature))
    if differences(record.figures, as_json(found)):
        raise ConfigError(
            f"{folder} cannot be computed again", hint=f"see: sobriety verify {folder}"
        )
    add(record, signature, {f"report.{form}": render(found, form) for form in RENDERINGS})
    click.echo(f"{folder}: {role} {signature.name}")
