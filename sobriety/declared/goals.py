"""Reads goals: what to reach, from which baseline, by when, and in which framework.

What public bodies ask for comes with the toolkit (`data/*.toml`); baselines are the organisation's
own and none is invented.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from sobriety.core.errors import ConfigError
from sobriety.core.text import NO_TEXT, Text
from sobriety.files.toml_form import Entry, Form, form_of, read_form

from . import values
from .goal import Goal, Reference, goal_of, reference_of

BUILT_INS = ("montreal-2030", "itu-l1470")


@dataclass(frozen=True, slots=True)
class Framework:
    """What goals belong to: a plan, a charter. `parts` are its orientations or principles."""

    id: str
    text: Text
    reference: Reference | None
    note: Text | None
    parts: tuple[tuple[str, Text], ...]


@dataclass(frozen=True, slots=True)
class Goals:
    """A file of goals with those that it extends."""

    goals: dict[str, Goal]
    frameworks: dict[str, Framework]


def read_goals(path: Path) -> Goals:
    """The goals of a TOML file and of the built-ins that it extends.

    A goal of a built-in can be told further: what the file writes stands over it, key by key.
    Raises ConfigError with every fault.
    """
    return _goals(read_form(path))


def built_in(name: str) -> Goals:
    """Goals that come with the toolkit. Raises ConfigError for a name that is not held."""
    if name not in BUILT_INS:
        import difflib

        near = difflib.get_close_matches(name, BUILT_INS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {' and '.join(BUILT_INS)}"
        raise ConfigError(f"no built-in goals {name!r}", hint=hint)
    return _goals(form_of(Path(f"{name}.toml"), _shipped(name)))


def _shipped(name: str) -> str:
    from importlib.resources import files

    place = files(__name__.rpartition(".")[0]).joinpath("data", f"{name}.toml")
    return place.read_text(encoding="utf-8")


def _goals(form: Form) -> Goals:
    top = form.top()
    extended = top.take("extends", values.several(values.choice(*BUILT_INS))) or ()
    under: dict[str, dict[str, Any]] = {}
    frameworks: dict[str, Framework] = {}
    goals: dict[str, Goal] = {}
    for name in extended:
        whole = built_in(name)
        frameworks |= whole.frameworks
        goals |= whole.goals
        under |= form_of(Path(f"{name}.toml"), _shipped(name)).data.get("goal", {})
    for name, entry in top.named("framework"):
        frameworks[name] = _framework(name, entry)
    for name, entry in top.named("goal"):
        entry.data = _over(under.get(name, {}), entry.data)
        goals[name] = goal_of(name, entry)
        if goals[name].framework not in {None, *frameworks}:
            known = ", ".join(frameworks) or "none is declared"
            entry.wrong(
                "framework",
                Text(
                    en=f"{goals[name].framework!r}; expected one of: {known}",
                    fr=f"{goals[name].framework!r}\xa0; attendu\xa0: un de {known}",
                ),
            )
    for name, entry in top.named("goal"):
        for other in goals[name].serves if name in goals else ():
            if other not in goals or other == name:
                entry.wrong(
                    "serves",
                    Text(
                        en=f"{other!r} is no other goal of this file",
                        fr=f"{other!r} n’est pas un autre objectif de ce fichier",
                    ),
                )
    top.close()
    if not goals:
        top.wrong(
            "",
            Text(
                en="has no [goal.NAME] and extends nothing",
                fr="n’a pas de [goal.NOM] et n’étend rien",
            ),
        )
    form.refuse()
    return Goals(goals, frameworks)


def _over(under: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """One's own over what is extended, table by table; a target of one's own replaces the other."""
    found = dict(under)
    for key, value in own.items():
        before = found.get(key)
        if isinstance(before, dict) and isinstance(value, dict) and key == "baseline":
            found[key] = {**cast("dict[str, Any]", before), **cast("dict[str, Any]", value)}
        else:
            found[key] = value
    return found


def _framework(name: str, entry: Entry) -> Framework:
    found = Framework(
        name,
        entry.must("text", values.in_both, NO_TEXT),
        reference_of(entry),
        entry.take("note", values.in_both),
        tuple(_part(part) for part in entry.tables("part")),
    )
    entry.close()
    return found


def _part(entry: Entry) -> tuple[str, Text]:
    found = entry.must("id", values.identifier, "?"), entry.must("text", values.in_both, NO_TEXT)
    entry.close()
    return found
