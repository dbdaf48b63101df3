"""`sobriety goals`: check and list goals of an organization and of public bodies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .parts.language import lang_option, language
from .parts.options import config_option

if TYPE_CHECKING:
    from sobriety.core.text import Tongue
    from sobriety.declared.goal import Goal
    from sobriety.declared.goals import Goals

WORDS = {
    "from": "de",
    "to": "à",
    "down by": "moins",
    "baseline of {year} to be filled in": "valeur de référence de {year} à remplir",
    "no baseline set": "aucune valeur de référence",
    "no target set": "aucune cible",
    "in": "en",
}
"""French for what stands around a goal's own text."""


@click.group()
def goals() -> None:
    """Check and list goals: yours, and those that public bodies publish.

    \b
    sobriety goals list
    sobriety goals list montreal-2030 --lang fr
    sobriety goals check goals.toml
    """


@goals.command()
@click.argument("file", type=click.Path(path_type=Path))
@lang_option
@config_option
def check(file: Path, lang: str | None, config_file: Path | None) -> None:
    """Check a file of goals, with those that it extends; report every wrong entry.

    \b
    sobriety goals check goals.toml
    """
    from sobriety.declared.goals import read_goals

    found = read_goals(file)
    _show(found, language(lang, config_file), parts=False)
    click.echo(f"{file}: {len(found.goals)} goals, nothing wrong", err=True)


@goals.command("list")
@click.argument("name", required=False)
@lang_option
@config_option
def list_(name: str | None, lang: str | None, config_file: Path | None) -> None:
    """List the goals that come with the toolkit, all or those of NAME; sources beside them.

    \b
    sobriety goals list
    sobriety goals list itu-l1470
    sobriety goals list montreal-2030 --lang fr
    """
    from sobriety.declared.goals import BUILT_INS, built_in

    tongue = language(lang, config_file)
    for position, one in enumerate((name,) if name else BUILT_INS):
        found = built_in(one)
        click.echo(f"{chr(10) if position else ''}{one}")
        _show(found, tongue, parts=True)


def _show(found: Goals, tongue: Tongue, *, parts: bool) -> None:
    for goal in found.goals.values():
        click.echo(f"  {goal.id}: {goal.text.of(tongue)}\n      {_line(goal, tongue)}")
    for framework in found.frameworks.values() if parts else ():
        click.echo(f"  {framework.id}: {framework.text.of(tongue)}")
        for _, text in framework.parts:
            click.echo(f"    - {text.of(tongue)}")
        if framework.note:
            click.echo(f"    {framework.note.of(tongue)}")
        if framework.reference:
            url = f", {framework.reference.url}" if framework.reference.url else ""
            click.echo(f"    {framework.reference.document.of(tongue)}{url}")


def _line(goal: Goal, tongue: Tongue) -> str:
    """`from 86500 kg in 2024 to …`."""

    def say(words: str) -> str:
        return WORDS[words] if tongue == "fr" else words

    base, target = goal.baseline, goal.target
    if base is None:
        start = say("no baseline set")
    elif base.value is None:
        start = say("baseline of {year} to be filled in").format(year=base.period)
    else:
        start = f"{say('from')} {base.value:g} {base.unit} {say('in')} {base.period}"
    if target is None:
        return f"{start}; {say('no target set')}"
    if target.reduction_ratio is not None:
        share = f"{say('down by')} {100 * target.reduction_ratio:g} %"
        return f"{start}; {share} {say('in')} {target.year}"
    return f"{start}; {say('to')} {target.value:g} {target.unit} {say('in')} {target.year}"
