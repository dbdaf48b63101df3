"""`sobriety inventory`: check, list and import an organization's devices."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sobriety.inventory.devices import Device

GROUPS = ("category", "site", "department", "service", "model")


@click.group()
def inventory() -> None:
    """Check, list and import devices; reports use them for what has no agent.

    \b
    sobriety inventory check devices.csv
    sobriety inventory list devices.csv --by site
    sobriety inventory import glpi export.csv -o devices.csv
    """


@inventory.command()
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Check a list of devices and report every wrong cell. docs/declared.md lists columns.

    \b
    sobriety inventory check devices.csv
    """
    from sobriety.inventory.reading import read_devices

    devices = read_devices(file).devices
    click.echo(f"{file}: {_pieces(devices)} devices in {len(devices)} lines, nothing wrong")
    for what, count in _gaps(devices):
        if count:
            click.echo(f"  {count} without {what}", err=True)


@inventory.command(name="list")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--by", type=click.Choice(GROUPS), default="category", show_default=True, help="Grouping."
)
@click.option("--json", "as_json", is_flag=True, help="Output JSON.")
def list_(file: Path, by: str, as_json: bool) -> None:
    """Count the devices, and say what is declared of them and what will be estimated.

    \b
    sobriety inventory list devices.csv --by site
    """
    from sobriety.inventory.reading import read_devices

    groups: dict[str, list[Device]] = {}
    for device in read_devices(file).devices:
        groups.setdefault(getattr(device, by) or "", []).append(device)
    rows = [_summary(name, of_group) for name, of_group in sorted(groups.items())]
    if as_json:
        click.echo(json.dumps({"by": by, "groups": rows}, indent=2, ensure_ascii=False))
        return
    width = max(len(str(row["name"] or "not declared")) for row in rows)
    click.echo(f"{'':{width}}  pieces  bought   declared use  declared making  refurbished")
    for row in rows:
        name = str(row["name"] or "not declared")
        click.echo(
            f"{name:{width}}  {row['pieces']:6}  {row['mean_year'] or '?':>6}"
            f"   {row['declared_use']:12}  {row['declared_making']:15}  {row['refurbished']:11}"
        )


@inventory.command(name="import")
@click.argument("form", type=click.Choice(["glpi", "g4it", "mapped"]))
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="The inventory to write.",
)
@click.option("--mapping", type=click.Path(path_type=Path), metavar="FILE", help="For `mapped`.")
def import_(form: str, file: Path, output: Path, mapping: Path | None) -> None:
    """Bring another tool's export into the form that reports read. Users' names are left out.

    \b
    sobriety inventory import glpi export.csv -o devices.csv
    sobriety inventory import g4it equipements.csv -o devices.csv
    sobriety inventory import mapped assets.csv --mapping map.toml -o devices.csv
    """
    from sobriety.core.errors import ConfigError
    from sobriety.files.tables import write_sheet
    from sobriety.inventory.devices import written
    from sobriety.inventory.exports import FORMS, read_export, read_mapping

    if (form == "mapped") != (mapping is not None):
        raise ConfigError(
            "--mapping goes with mapped", hint="as in: import mapped FILE --mapping M"
        )
    if output.exists() and file.exists() and output.samefile(file):
        raise ConfigError(f"{output} is the export itself", hint="name another file with -o")
    how = FORMS[form] if mapping is None else read_mapping(mapping)
    devices, left = read_export(file, how)
    write_sheet(output, ",", written(devices))
    click.echo(f"{output}: {_pieces(devices)} devices in {len(devices)} lines")
    if left:
        click.echo(f"left out: {', '.join(left)}", err=True)


def _pieces(devices: Iterable[Device]) -> int:
    return sum(d.quantity for d in devices)


def _gaps(devices: Iterable[Device]) -> list[tuple[str, int]]:
    every = list(devices)
    return [
        ("a day of acquisition: their making cannot be charged by the day",
         _pieces(d for d in every if d.acquired is None)),
        ("a site", _pieces(d for d in every if d.site is None)),
    ]  # fmt: skip


def _summary(name: str, devices: list[Device]) -> dict[str, str | int | None]:
    years = [d.acquired.year for d in devices for _ in range(d.quantity) if d.acquired]
    return {
        "name": name,
        "pieces": _pieces(devices),
        "mean_year": round(sum(years) / len(years)) if years else None,
        "declared_use": _pieces(
            d for d in devices if d.yearly_kwh is not None or d.power_w is not None
        ),
        "declared_making": _pieces(d for d in devices if d.embodied_kg is not None),
        "refurbished": _pieces(d for d in devices if d.refurbished),
    }
