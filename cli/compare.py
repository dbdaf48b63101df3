"""`sobriety compare`: which of several commands costs less, and whether that is more than noise."""

from __future__ import annotations

from pathlib import Path

import click

from sobriety.core.host import LocalHost
from sobriety.files.durable import write_whole
from sobriety.settings import config as settings
from sobriety.trials.verdict import common_error, verdicts
from sobriety.trials.warnings import doubts

from .parts.options import config_option
from .parts.run_options import Repeated, measurer, repeat_options, words
from .parts.trial_output import as_json, run_all, table

SHELL_WORDS = frozenset(("|", "||", "&&", "&", ";", ">", ">>", "<", "2>", "2>&1"))

_SAMPLE_S = 1.0


@click.command()
@repeat_options(runs=10)
@click.option("--shell", is_flag=True, help="Run each by sh -c; the shell's own cost is in it.")
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path), help="Write everything, for machines."
)
@config_option
@click.argument("commands", nargs=-1, required=True)
def compare(
    repeated: Repeated,
    shell: bool,
    json_file: Path | None,
    config_file: Path | None,
    commands: tuple[str, ...],
) -> None:
    """Run commands in turns; say which needs less energy and time, and how sure that is.

    Each is one quoted word, split as a shell splits it but without a shell, unless --shell. They
    run in the order A B B A, so that what drifts meets all alike. The others are compared with
    the first. A run that fails stops it all, with that run's exit code.

    \b
    sobriety compare 'gzip -k9 a.tar' 'zstd -k a.tar' --prepare 'rm -f a.tar.gz a.tar.zst'
    sobriety compare --runs 20 --warmup 2 'python a.py' 'python b.py' --csv runs.csv
    sobriety compare --shell 'sort a | uniq' 'sort -u a'
    """
    if len(commands) < 2:
        raise click.UsageError("one command has nothing to be compared with; quote each of two")
    lines = [(line, ("sh", "-c", line) if shell else split(line)) for line in commands]
    config = settings.load({}, file=config_file)
    host = LocalHost()
    quiet = not repeated.show_output
    trials = run_all(lines, repeated, measurer(config, every_s=_SAMPLE_S, quiet=quiet))
    said, found = verdicts(trials), doubts(trials, host)
    click.echo(table(trials, said, found, [common_error(trials)]), nl=False)
    repeated.write(trials, said, found)
    if json_file:
        write_whole(json_file, as_json(trials, repeated.plan, said, found))


def split(line: str) -> tuple[str, ...]:
    """A command's words; what only a shell understands is told, since it may be meant."""
    found = words(line, "command")
    if not found:
        raise click.UsageError("an empty command")
    strange = next((word for word in found if word in SHELL_WORDS), None)
    if strange:
        click.echo(f"{line!r}: {strange!r} is passed as a word; give --shell for a shell", err=True)
    return found
