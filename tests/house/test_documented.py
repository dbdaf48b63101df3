"""Every command, option, collector and setting is documented, in words that say something."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from sobriety.cli import command as group
from sobriety.collectors import BUILTIN
from sobriety.settings.keys import SETTINGS
from tools.schemas import SCHEMAS

ROOT = Path(__file__).parent.parent.parent


def commands(parent: click.Group, name: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(parent)
    for word in parent.list_commands(context):
        command = parent.get_command(context, word)
        assert command is not None
        yield f"{name} {word}".strip(), command
        if isinstance(command, click.Group):
            yield from commands(command, f"{name} {word}".strip())


VERBS = group().list_commands(click.Context(group()))
ALL = list(commands(group()))


def test_every_verb_is_a_file_of_its_name() -> None:
    words = {"import": "imports"}  # Python's own word is no name of a module
    for verb in VERBS:
        assert (ROOT / "cli" / f"{words.get(verb, verb)}.py").exists()


@pytest.mark.parametrize(("name", "command"), ALL, ids=[n for n, _ in ALL])
def test_every_command_has_help_with_an_example(name: str, command: click.Command) -> None:
    assert command.help and f"sobriety {name}" in command.help, name


@pytest.mark.parametrize(("name", "command"), ALL, ids=[n for n, _ in ALL])
def test_every_option_has_help(name: str, command: click.Command) -> None:
    for option in command.params:
        if isinstance(option, click.Option) and option.name not in ("help", "moments"):
            assert option.help, f"{name} {option.opts}"


@pytest.mark.parametrize("name", [n for n, _ in ALL])
def test_every_command_is_in_the_reference(name: str) -> None:
    assert f"## sobriety {name}" in (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("readme", ["README.md", "README.fr.md"])
def test_every_verb_is_in_the_readme(verb: str, readme: str) -> None:
    assert f"sobriety {verb}" in (ROOT / readme).read_text(encoding="utf-8")


@pytest.mark.parametrize("collector", BUILTIN, ids=lambda c: c.name)
def test_every_collector_is_documented(collector: type) -> None:
    from inspect import getmodule

    text = (ROOT / "docs" / "collectors.md").read_text(encoding="utf-8")
    assert f"## {collector.name}" in text, collector  # type: ignore[attr-defined]
    module = getmodule(collector)
    assert module and module.__doc__
    for heading in ("Source:", "Reads:", "Gives:", "Doubt:"):
        assert heading in module.__doc__, (collector, heading)


def test_every_setting_says_what_it_is_for() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    for setting in SETTINGS:
        assert setting.meaning
        assert f"`[{setting.table}]`" in text and f"| `{setting.key}` |" in text


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_follows_from_its_declaration(name: str) -> None:
    schema = json.loads((ROOT / "docs" / "schema" / name).read_text(encoding="utf-8"))
    assert schema == SCHEMAS[name](), "make docs"


def test_the_doors_keep_their_promise() -> None:
    import sobriety as package
    import sobriety.collectors
    import sobriety.estimators

    for door in (package, sobriety.collectors, sobriety.estimators):
        for name in door.__all__:
            assert getattr(door, name) is not None
    assert len(package.__all__) <= 20


def test_changelog_and_version_agree() -> None:
    from sobriety import __version__

    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
