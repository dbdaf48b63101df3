"""Figures of reports on the fixed lake, each under the path that it has in the report's JSON.

A path names entries of lists by what identifies them, so that an order is no figure:
`breakdown.host[web-1].energy_j.value`. What depends on the clock, the version or the language is
left out, and so is what only describes an estimate: of it, value, low and high are figures.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

from .fixed_files import write_files
from .fixed_lake import build

Figures = dict[str, float | None]

RECORDED = Path(__file__).parent / "figures.json"
TOLERANCE_RATIO = 1e-12

DECLARED = (
    "--config", "settings.toml", "--inventory", "inventory.csv", "--sites", "sites.toml",
    "--services", "services.toml", "--goals", "goals.toml", "--zone", "CA-QC",
    "--factors-as-of", "2026-11",
)  # fmt: skip
REPORTS: Mapping[str, tuple[str, ...]] = {
    "quarter": (*DECLARED, "--quarter", "2025-Q4"),
    "month, life-cycle, by the hour": (
        *DECLARED, "--month", "2025-11", "--factor-kind", "life-cycle",
        "--grid-hours", "grid_hours.csv", "--idle", "reserve",
    ),
    "bare": ("--config", "bare.toml", "--zone", "CA-QC", "--k-anonymity", "1"),
}  # fmt: skip
"""Options of each report. The bare one has no declared file and no factor of its user's."""

_LEFT_OUT = frozenset(("schema_version", "tool", "made_at"))
_OF_AN_ESTIMATE = ("value", "low", "high")
_IDENTITY: Mapping[str, tuple[str, ...]] = {
    "actions": ("id", "site", "job.name"),
    "category": ("name",),
    "comparisons": ("kind",),
    "costs": ("currency",),
    "costs_per_year": ("currency",),
    "department": ("name",),
    "factors": ("zone", "year", "kind", "basis", "own"),
    "gaps": ("host", "kind"),
    "host": ("name",),
    "indicators": ("id",),
    "machines": ("host",),
    "narrowings": ("id", "of"),
    "other_factors": ("zone", "year", "kind", "basis", "own"),
    "outcomes": ("id", "period"),
    "power_series": ("start",),
    "service": ("name",),
    "services": ("id",),
    "site": ("name",),
    "standings": ("goal",),
    "warnings": ("code", "facts.zone", "facts.year"),
    "workloads": ("kind", "name"),
}
"""What identifies an entry, by the name of its list; in any other list it is the position."""


class CommandFailed(Exception):
    """The command line failed; the message is what it printed."""


def prepare(folder: Path) -> None:
    """Write the lake and the files, seal the quarter before, and keep footprints of products
    afterwards, so that what was published is not what is computed today."""
    build(folder / "lake")
    write_files(folder)
    for words in (
        ("factors", "import", "campus.csv"),
        ("report", *_with_lake(*DECLARED, "--quarter", "2025-Q3", "--seal")),
        ("factors", "import", "products.csv"),
    ):
        _run(folder, "home", *words)


def compute(
    folder: Path, language: str = "en", names: Sequence[str] = tuple(REPORTS), *more: str
) -> dict[str, Figures]:
    """Compute the named reports side by side, each in a process of its own. `more` options
    override the report's."""

    def run(name: str) -> Figures:
        text = _run(
            folder, "bare" if name == "bare" else "home",
            "report", *_with_lake(*REPORTS[name], *more),
            "--lang", language, "--format", "json", "--output", "-",
        )  # fmt: skip
        return flatten(json.loads(text))

    with ThreadPoolExecutor() as pool:
        return dict(zip(names, pool.map(run, names), strict=True))


def _with_lake(*options: str) -> tuple[str, ...]:
    return ("--lake", "lake", *options)


def _run(folder: Path, home: str, *words: str) -> str:
    """Run the command line as a user who has no settings, and return what it printed."""
    environment = {n: v for n, v in os.environ.items() if not n.startswith("SOBRIETY_")} | {
        "SOBRIETY_HOME": str(folder / home),
        "PYTHONUTF8": "1",
        "TZ": "UTC",
    }
    done = subprocess.run(
        [sys.executable, "-m", "sobriety", *words], cwd=folder, env=environment,
        capture_output=True, check=False, encoding="utf-8",
    )  # fmt: skip
    if done.returncode:
        raise CommandFailed(f"sobriety {' '.join(words)}: {done.stderr or done.stdout}")
    return done.stdout


def flatten(report: Mapping[str, Any]) -> Figures:
    """Return every number and null of a report by its path, without the factors that another
    installed package brings: those that stand beside the used ones and have no edition."""
    kept = {name: value for name, value in report.items() if name not in _LEFT_OUT}
    kept["other_factors"] = [f for f in kept["other_factors"] if f["retrieved"] is not None]
    return dict(_walk("", "", kept))


def _walk(path: str, name: str, value: object) -> Iterator[tuple[str, float | None]]:
    if isinstance(value, dict):
        fields = cast("dict[str, object]", value)
        estimate = all(part in fields for part in _OF_AN_ESTIMATE)
        for key in _OF_AN_ESTIMATE if estimate else fields:
            yield from _walk(f"{path}.{key}" if path else key, key, fields[key])
    elif isinstance(value, list):
        times: Counter[str] = Counter()
        for number, entry in enumerate(cast("list[object]", value)):
            identity = _identify(name, entry, number)
            times[identity] += 1
            again = f" #{times[identity]}" if times[identity] > 1 else ""
            yield from _walk(f"{path}[{identity}{again}]", "", entry)
    elif value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        yield path, value


def _identify(name: str, entry: object, number: int) -> str:
    fields = _IDENTITY.get(name)
    if fields is None or not isinstance(entry, dict):
        return str(number)
    parts: list[str] = []
    for field in fields:
        part: Any = cast("object", entry)
        for key in field.split("."):
            part = part.get(key) if part is not None else None
        if part is not None:
            parts.append(str(part))
    return " ".join(parts)


def compare(recorded: Mapping[str, Figures], computed: Mapping[str, Figures]) -> list[str]:
    """Return a sentence for each figure that differs, is missing or is new; none where all are the
    same to a relative 1e-12."""
    sentences: list[str] = []
    for name in dict.fromkeys((*recorded, *computed)):
        old, new = recorded.get(name, {}), computed.get(name, {})
        for path in dict.fromkeys((*old, *new)):
            where = f"{name}: {path}"
            if path not in new:
                sentences.append(f"{where} is missing; recorded is {old[path]}")
            elif path not in old:
                sentences.append(f"{where} is new: {new[path]}")
            elif not _is_same(old[path], new[path]):
                sentences.append(f"{where} is {new[path]!r}; recorded is {old[path]!r}")
    return sentences


def _is_same(old: float | None, new: float | None) -> bool:
    if old is None or new is None:
        return old is new
    return abs(new - old) <= TOLERANCE_RATIO * abs(old)


def read_recorded() -> dict[str, Figures]:
    """Read the recorded figures, by report."""
    recorded: dict[str, Figures] = json.loads(RECORDED.read_text(encoding="utf-8"))
    return recorded


def write_recorded(figures: Mapping[str, Figures]) -> None:
    """Record figures, one on each line, in the order of their paths."""
    ordered = {name: dict(sorted(of_report.items())) for name, of_report in figures.items()}
    text = json.dumps(ordered, indent=0, ensure_ascii=False)
    RECORDED.write_text(text + "\n", encoding="utf-8", newline="\n")
