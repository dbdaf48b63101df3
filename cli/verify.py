"""`sobriety verify`: compute a sealed report again and compare."""

from __future__ import annotations

from pathlib import Path

import click

_MOST_TOLD = 20


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
def verify(folder: Path) -> None:
    """Compute a sealed report again: identical, or which figure differs and why. Exit 1 then.

    \b
    sobriety verify records/2026-Q3.1
    """
    from sobriety.core import __version__
    from sobriety.publishing.differences import differences
    from sobriety.publishing.records import read_record, tampered
    from sobriety.publishing.sealing import recomputed
    from sobriety.reports import as_json

    record = read_record(folder)
    wrong = tampered(record)
    found, inputs = recomputed(record)
    moved = differences(record.figures, as_json(found))
    for line in wrong:
        click.echo(f"not as sealed: {line}")
    for line in inputs:
        click.echo(f"input: {line}")
    if record.seal["version"] != __version__:
        click.echo(f"tool: sealed by sobriety {record.seal['version']}, this is {__version__}")
    for difference in moved[:_MOST_TOLD]:
        click.echo(
            f"differs: {difference.figure}: {difference.sealed} sealed, {difference.now} now"
        )
    if len(moved) > _MOST_TOLD:
        click.echo(f"and {len(moved) - _MOST_TOLD} more figures")
    if moved and not inputs and record.seal["version"] == __version__:
        click.echo("cause: neither the rows nor the tool changed, so factors or settings did")
    if wrong or moved:
        raise SystemExit(1)
    signed = ", ".join(f"{s.role} {s.name} ({s.at[:10]})" for s in record.signatures)
    click.echo(f"identical: every figure of {record.label}" + (f"; {signed}" if signed else ""))
