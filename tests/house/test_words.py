"""Plain words, as far as a test can hold them: first lines of docstrings, and help texts."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from sobriety.cli import command as group

from .plan import House

ROOT = Path(__file__).parents[2]
HOUSE = House(ROOT)

RIDDLES = re.compile(
    r"(who|whom|whose|of|what|where|how|when|why|whether|between)\b", re.IGNORECASE
)
"""A line that begins so asks its reader to guess what it is about: verb first, or the noun."""
DIALECT = re.compile(
    r"\b(tells?|told|telling|caution|looked at|is asked|are asked)\b", re.IGNORECASE
)
"""Programs return, log, list, detect and report; a warning is a warning."""
BRITISH = re.compile(
    r"\b(organisations?|behaviours?|colours?|normalis\w+|summaris\w+|recognis\w+|licence)\b",
    re.IGNORECASE,
)


def faults_of_line(line: str) -> list[str]:
    """What is wrong with the first line of a docstring."""
    faults: list[str] = []
    text = re.sub(r"`[^`]*`:?", "", line).strip()
    if RIDDLES.match(text):
        faults.append(f"begins with a riddle: {line!r}")
    if match := DIALECT.search(text):
        faults.append(f"says {match[0]!r}: {line!r}")
    if match := BRITISH.search(text):
        faults.append(f"is not American, {match[0]!r}: {line!r}")
    return faults


def faults_of_help(text: str) -> list[str]:
    """What is wrong with a help text: its first line, and the words of all of it but examples."""
    prose = text.split("\b")[0].strip()
    if not prose:
        return []
    words = re.sub(r"`[^`]*`", "", prose)
    faults = faults_of_line(prose.splitlines()[0])
    return faults + [f"says {m[0]!r}: {prose!r}" for m in DIALECT.finditer(words)]


def commands(parent: click.Group, name: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(parent)
    for word in parent.list_commands(context):
        command = parent.get_command(context, word)
        assert command is not None
        yield f"{name} {word}".strip(), command
        if isinstance(command, click.Group):
            yield from commands(command, f"{name} {word}".strip())


ALL = list(commands(group()))


@pytest.mark.parametrize("name", sorted(HOUSE.files))
def test_a_module_says_plainly_what_it_is(name: str) -> None:
    docstring = ast.get_docstring(HOUSE.trees[name])
    assert docstring, name
    assert not faults_of_line(docstring.splitlines()[0])


@pytest.mark.parametrize(("name", "command"), ALL, ids=[n for n, _ in ALL])
def test_help_is_in_plain_words(name: str, command: click.Command) -> None:
    faults = faults_of_help(command.help or "")
    for option in command.params:
        if isinstance(option, click.Option):
            faults += faults_of_help(option.help or "")
    assert not faults


@pytest.mark.parametrize(
    "line",
    [
        "Who may write to the gateway.",
        "Of who signs.",
        "What runs beside a collector.",
        "Runs a collector, and is told of failures.",
        "Lists the cautions and the caution of a report.",
        "Devices that an organisation has.",
    ],
)
def test_dialect_is_seen(line: str) -> None:
    assert faults_of_line(line) and faults_of_help(line)


@pytest.mark.parametrize(
    "line",
    [
        "Runs one collector: opens it, reads it, retries with back-off.",
        "`sobriety token`: manage the gateway's access tokens.",
        "Sampling interval.",
    ],
)
def test_plain_words_pass(line: str) -> None:
    assert not faults_of_line(line) and not faults_of_help(line)
