"""`sobriety estimate`: devices without an agent."""

from __future__ import annotations

from pathlib import Path

import click

from sobriety.core.errors import ConfigError
from sobriety.core.text import Text

from .parts.language import lang_option, language


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="[default: FILE.estimated.csv]"
)
@click.option(
    "--catalogue",
    "catalogues",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="Declared footprints of products, as CSV; before those kept with factors import.",
)
@click.option(
    "--at",
    default="0,10,20,30,40,50,60,70,80,90,100",
    show_default=True,
    help="Loads of a server, in percent.",
)
@lang_option
def estimate(
    file: Path, output: Path | None, catalogues: tuple[Path, ...], at: str, lang: str | None
) -> None:
    """Estimate the power and the embodied carbon of every device in an inventory (CSV).

    Only the column `category` must be there; docs/declared.md lists the others. Every row is kept,
    in order. One that cannot be estimated says why in its `warnings`. Figures are of one piece.

    \b
    sobriety estimate inventory.csv
    sobriety estimate inventory.csv -o estimated.csv --at 0,50,100
    sobriety estimate inventory.csv --catalogue boavizta-data-us.csv
    """
    from sobriety.factors.catalogue import catalogue_of
    from sobriety.factors.store import kept_products
    from sobriety.inventory.table import estimate_file
    from sobriety.settings.config import data_folder

    output = output or file.parent / f"{file.stem}.estimated.csv"
    products = catalogue_of(catalogues) if catalogues else kept_products(data_folder())
    done = estimate_file(
        file, output, loads(at), products.embodied if products else None, language(lang)
    )
    click.echo(f"{output}: {done.estimated} of {done.rows} rows estimated", err=True)
    if not done.rows:
        raise ConfigError(
            Text(
                en=f"{file} has no row below its header",
                fr=f"{file} n’a aucune ligne sous son en-tête",
            ),
            hint=Text(en="write a device a line", fr="écrivez un appareil par ligne"),
        )
    if not done.estimated:
        raise ConfigError(
            Text(
                en=f"no row of {file} could be estimated",
                fr=f"aucune ligne de {file} n’a pu être estimée",
            ),
            hint=Text(en=f"see warnings in {output}", fr=f"voyez la colonne warnings de {output}"),
        )


def loads(text: str) -> tuple[int, ...]:
    """`0,50,100` as whole percents. Raises ConfigError."""
    try:
        found = tuple(int(part) for part in text.split(","))
    except ValueError:
        found = ()
    if not found or not all(0 <= load <= 100 for load in found):
        raise ConfigError(
            f"--at {text!r} is not a list of loads", hint="write it as in --at 0,50,100"
        )
    return found
