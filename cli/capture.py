"""`sobriety capture`: this machine, written down."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sobriety.core import __version__

from .parts.options import Duration, root_option, tell_failures


@click.command()
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write here; stdout when not given."
)
@click.option("--moments", default=3, show_default=True, type=click.IntRange(1, 1000))
@click.option(
    "--interval",
    "interval_s",
    default="1s",
    show_default=True,
    type=Duration(),
    help="Interval between moments.",
)
@click.option(
    "--keep-name", is_flag=True, help="Keep the machine's name, which is left out otherwise."
)
@root_option
def capture(
    output: Path | None, moments: int, interval_s: float, keep_name: bool, root: str
) -> None:
    """Write down what every collector reads of this machine, as a text file that tests can replay.

    A bug report is such a file. It holds counters and the names of devices: no command lines, no
    user names, no serial numbers, and no host name unless you ask. Read it before you send it.

    \b
    sobriety capture -o my-laptop.txt
    sudo sobriety capture --moments 5 --interval 10s -o with-rapl.txt
    """
    from sobriety.agent.capture import capture as take
    from sobriety.core.host import LocalHost
    from sobriety.files.durable import write_whole

    page = take(
        LocalHost(root),
        moments=moments,
        interval_s=interval_s,
        keep_name=keep_name,
        tell=tell_failures,
    )
    text = page.dump(f"captured by sobriety {__version__}")
    if output is None:
        sys.stdout.write(text)
        return
    write_whole(output, text)
    click.echo(
        f"{output}: {moments} moments, {len(text.encode(errors='replace')):,} bytes", err=True
    )
