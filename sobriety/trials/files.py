"""Trials as files: JSON with everything, CSV with a row per run, Markdown for people."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Sequence
from pathlib import Path

from sobriety.core.errors import ConfigError
from sobriety.core.estimate import Estimate
from sobriety.profiling.profiler import Profile

from .plan import RunPlan
from .runs import Trial
from .statistics import median, spread_ratio
from .verdict import QUANTITIES, Verdict, common_error
from .warnings import Doubt

CSV_COLUMNS = (
    *("ended_utc", "label", "command", "run", "exit_code", "wall_s", "user_s", "system_s"),
    *("cpu_s", "max_rss_b", "energy_j", "energy_j_low", "energy_j_high", "basis"),
)


def as_dict(
    trials: Sequence[Trial], plan: RunPlan, said: Sequence[Verdict], found: Sequence[Doubt]
) -> dict[str, object]:
    """As `docs/schema/trials.json` describes it."""
    return {
        "schema_version": 1,
        "runs": plan.runs,
        "warmup": plan.warmup,
        "prepare": list(plan.prepare),
        "cooldown_s": plan.cooldown_s,
        "trials": [_trial(t) for t in trials],
        "verdicts": [_verdict(v) for v in said],
        "doubts": [
            {"kind": d.kind, "label": d.label, "message": d.message, "hint": d.hint} for d in found
        ],
        "notes": [common_error(trials)] if len(trials) > 1 else [],
    }


def _trial(trial: Trial) -> dict[str, object]:
    return {
        "label": trial.label,
        "command": trial.shown,
        "words": list(trial.runs[0].run.command),
        "median": {name: median(trial.values(name)) for name in QUANTITIES},
        "spread_ratio": {name: spread_ratio(trial.values(name)) for name in QUANTITIES},
        "energy_j": trial.energy.as_dict(),
        "co2e_kg": trial.co2e.as_dict() if trial.co2e else None,
        "runs": [_run(p) for p in trial.runs],
    }


def _run(seen: Profile) -> dict[str, object]:
    run = seen.run
    return {
        "exit_code": run.exit_code,
        "wall_s": run.wall_s,
        "user_s": run.user_s,
        "system_s": run.system_s,
        "cpu_s": run.cpu_s,
        "max_rss_b": run.max_rss_b,
        "energy_j": _ends(seen.energy),
        "co2e_kg": _ends(seen.co2e) if seen.co2e else None,
    }


def _ends(estimate: Estimate) -> dict[str, object]:
    return {
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "basis": estimate.basis,
    }


def _verdict(verdict: Verdict) -> dict[str, object]:
    ratio = verdict.ratio
    return {
        "metric": verdict.metric,
        "first": verdict.first,
        "other": verdict.other,
        "ratio": {"value": ratio.value, "low": ratio.low, "high": ratio.high} if ratio else None,
        "is_shown": ratio.is_shown if ratio else None,
        "sentence": verdict.sentence,
    }


def check_csv(path: Path) -> None:
    """Before anything runs: rows are never appended to a table of other columns.

    Raises ConfigError.
    """
    if not path.parent.is_dir():
        raise ConfigError(f"there is no folder {path.parent}", hint="make it first")
    try:
        with path.open(encoding="utf-8", newline="") as file:
            head = next(csv.reader(file), None)
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"{path} cannot be read as a table", hint="name another file") from None
    if head and tuple(head) != CSV_COLUMNS:
        raise ConfigError(f"{path} has other columns: {','.join(head)}", hint="name another file")


def append_csv(path: Path, trials: Sequence[Trial]) -> None:
    """A row for every run, and the names of the columns where the file is new.

    Raises ConfigError.
    """
    ended = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for trial in trials:
        for number, seen in enumerate(trial.runs, start=1):
            run, energy = seen.run, seen.energy
            writer.writerow(
                (
                    *(ended, trial.label, trial.shown, number, run.exit_code, run.wall_s),
                    *(run.user_s, run.system_s, run.cpu_s, run.max_rss_b),
                    *(energy.value, energy.low, energy.high, energy.basis),
                )
            )
    try:
        with path.open("a", encoding="utf-8", newline="") as file:
            head = ",".join(CSV_COLUMNS) + "\n" if file.seekable() and not file.tell() else ""
            file.write(head + text.getvalue())
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from None


def markdown(trials: Sequence[Trial], said: Sequence[Verdict], found: Sequence[Doubt]) -> str:
    """A table, its verdicts and its doubts."""
    lines = [
        "| | Command | Time (s) | Processor time (s) | Energy (J) | Model (J) |",
        "|---|:---|---:|---:|---:|---:|",
    ]
    for trial in trials:
        cells = [_plus_minus(trial.values(m)) for m in ("wall_s", "cpu_s", "energy_j")]
        model = f"{trial.energy.low:.3g} to {trial.energy.high:.3g}"
        shown = trial.shown.replace("|", "\\|").replace("\n", " ")
        lines.append(f"| {trial.label} | `{shown}` | {' | '.join(cells)} | {model} |")
    lines += ["", *(f"- {v.sentence}" for v in said), *(f"- Doubt: {d}" for d in found)]
    if len(trials) > 1:
        lines.append(f"- Note: {common_error(trials)}")
    return "\n".join(lines).rstrip("\n") + "\n"


def _plus_minus(values: Sequence[float]) -> str:
    return f"{median(values):.3g} ± {spread_ratio(values) * median(values):.1g}"
