"""Sealed reports: folders with what was published, its inputs and its signatures.

    figures.json       the report for machines: what the seal is about
    report.html, .pdf  the same for people; made again when somebody signs
    settings.toml      all settings that were in force
    inputs/            copies of what was declared: inventory, sites, services, goals
    seal.json          version, moment, period, SHA-256 of the above and of the lake's files
    signatures.jsonl   preparer, reviewer and approver, with the moment: a line each, chained

A record never changes. A period that is reported again gets a new folder, which names the record
that it restates and the cause.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from sobriety.core.errors import ConfigError
from sobriety.files.durable import make_folder, write_whole
from sobriety.reports.model.settings import Role, Signature

SIGNIFICANT_RATIO = 0.05
"""A restated total that moves by more needs a cause: the GHG Protocol's usual threshold for a base
year."""

ROLES: tuple[Role, ...] = ("preparer", "reviewer", "approver")
_FOLDER = re.compile(r"(.+)\.(\d+)")
TOTAL = "totals.total_co2e_kg"


@dataclass(frozen=True, slots=True)
class Record:
    """A record's folder, read. `seal` is seal.json as it was written."""

    folder: Path
    seal: Mapping[str, Any]
    figures: Mapping[str, Any]
    signatures: tuple[Signature, ...]

    @property
    def label(self) -> str:
        return str(self.seal["period"]["label"])

    @property
    def made_at(self) -> datetime:
        return datetime.fromisoformat(self.seal["made_at"])

    @property
    def total_kg(self) -> float | None:
        return value_of(self.figures["totals"]["total_co2e_kg"])


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def write_record(
    records: Path,
    figures: Mapping[str, Any],
    renderings: Mapping[str, str | bytes],
    settings: str,
    words: Mapping[str, object],
    declared: Mapping[str, Path],
    lake_files: Iterable[tuple[str, Path]],
    cause: str | None,
) -> Record:
    """Write the folder of a report, and what it restates. `settings` is TOML.

    Raises ConfigError where a significant restatement has no cause."""
    label = str(figures["period"]["label"])
    earlier = [r for r in read_records(records) if r.label == label]
    restates = _restatement(earlier[-1], figures, cause) if earlier else None
    folder = records / f"{_safe(label)}.{len(earlier) + 1}"
    part = records / f".{folder.name}.part"
    make_folder(part / "inputs")
    write_whole(part / "figures.json", _json(figures))
    for name, data in renderings.items():
        write_whole(part / name, data)
    copies = {kind: f"inputs/{kind}{path.suffix}" for kind, path in declared.items()}
    for kind, name in copies.items():
        (part / name).write_bytes(declared[kind].read_bytes())
    write_whole(part / "settings.toml", settings)
    names = ["figures.json", "settings.toml", *renderings, *copies.values()]
    write_whole(part / "seal.json", _json({
        "version": figures["tool"]["version"],
        "made_at": figures["made_at"],
        "period": figures["period"],
        "words": dict(words),
        "declared": copies,
        "files": {name: sha256_of(part / name) for name in names},
        "lake": {name: sha256_of(path) for name, path in lake_files},
        "restates": restates,
    }))  # fmt: skip
    part.rename(folder)
    return read_record(folder)


def _restatement(
    earlier: Record, figures: Mapping[str, Any], cause: str | None
) -> dict[str, object]:
    old, new = earlier.total_kg, value_of(figures["totals"]["total_co2e_kg"])
    moved = None if not old or new is None else new / old - 1
    significant = moved is None or abs(moved) > SIGNIFICANT_RATIO
    if significant and not cause:
        by = "" if moved is None else f" by {100 * moved:+.1f} %"
        raise ConfigError(
            f"this restates {earlier.folder.name}{by}: beyond {100 * SIGNIFICANT_RATIO:g} % a"
            " restatement needs a cause",
            hint='state it with --because "…"',
        )
    return {
        "record": earlier.folder.name,
        "seal_sha256": sha256_of(earlier.folder / "seal.json"),
        "old_kg": old,
        "new_kg": new,
        "cause": cause,
        "significant": significant,
        "threshold_ratio": SIGNIFICANT_RATIO,
    }


def read_records(records: Path) -> list[Record]:
    """Read every record of a folder, oldest first."""
    all_records = [read_record(f) for f in record_folders(records)]
    return sorted(all_records, key=lambda r: (r.made_at, r.folder.name))


def record_folders(records: Path) -> list[Path]:
    """List the folders of records; links are not followed."""
    return [
        f for f in records.glob("[!.]*")
        if _FOLDER.fullmatch(f.name) and f.is_dir() and not f.is_symlink()
    ]  # fmt: skip


def read_record(folder: Path) -> Record:
    """Read a record. Raises ConfigError for a folder that is none, or that lacks a part."""
    try:
        seal = json.loads((folder / "seal.json").read_text(encoding="utf-8"))
        figures = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"{folder} is no sealed report: {error.strerror}: {Path(str(error.filename)).name}",
            hint="name a folder that sobriety report --seal wrote",
        ) from None
    except ValueError:
        raise ConfigError(f"{folder} is damaged: its JSON cannot be read") from None
    return Record(folder, seal, figures, signatures_of(folder))


def as_sealed(folder: Path, name: str) -> bytes:
    """Read a file of a record and check it against its digest.

    Raises FileNotFoundError where the record has none of that name, ConfigError where the file was
    changed after it was sealed or last signed.
    """
    seal = json.loads((folder / "seal.json").read_text(encoding="utf-8"))
    expected = _digests(folder, seal).get(name)
    if expected is None:
        raise FileNotFoundError(name)
    data = (folder / name).read_bytes()
    if hashlib.sha256(data).hexdigest() != expected:
        raise ConfigError(
            f"{name} of {folder.name} is not what was sealed",
            hint=f"see what differs with: sobriety verify {folder}",
        )
    return data


def _digests(folder: Path, seal: Mapping[str, Any]) -> dict[str, str]:
    """SHA-256 by file; a signature replaces those of the renderings."""
    files = dict(seal["files"])
    for line in _signature_lines(folder):
        files |= line["files"]
    return files


def tampered(record: Record) -> list[str]:
    """Describe every file of the folder that differs from what was sealed."""
    wrong: list[str] = []
    files = _digests(record.folder, record.seal)
    for name, sealed in files.items():
        path = record.folder / name
        if not path.exists():
            wrong.append(f"{name} is gone")
        elif sha256_of(path) != sealed:
            wrong.append(f"{name} is not what was sealed")
    seal = sha256_of(record.folder / "seal.json")
    for line in _signature_lines(record.folder):
        if line["seal_sha256"] != seal:
            wrong.append(f"the seal is not what {line['name']} signed")
    return wrong


def changed_inputs(record: Record, lake_files: Iterable[tuple[str, Path]]) -> list[str]:
    """Describe every input of the lake that changed since the report was sealed."""
    now = dict(lake_files)
    sealed: Mapping[str, str] = record.seal["lake"]
    changes = [f"{name} of the lake is gone" for name in sealed if name not in now]
    changes += [
        f"{name} of the lake changed"
        for name, digest in sealed.items()
        if name in now and sha256_of(now[name]) != digest
    ]
    return changes + [f"{name} of the lake is new" for name in now if name not in sealed]


def value_of(figure: Mapping[str, Any]) -> float | None:
    value = figure.get("value")
    return float(value) if isinstance(value, int | float) else None


def sign(record: Record, signature: Signature, renderings: Mapping[str, str | bytes]) -> Record:
    """Add a signature, and the renderings that show it.

    Raises ConfigError for an approval without a review, and for a review by the preparer."""
    _check_order(record, signature)
    for name, data in renderings.items():
        write_whole(record.folder / name, data)
    path = record.folder / "signatures.jsonl"
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    line = {
        **signature._asdict(),
        "seal_sha256": sha256_of(record.folder / "seal.json"),
        "files": {name: sha256_of(record.folder / name) for name in renderings},
        "previous_sha256": hashlib.sha256(before.encode()).hexdigest(),
    }
    write_whole(path, before + json.dumps(line, ensure_ascii=False) + "\n")
    return read_record(record.folder)


def _check_order(record: Record, signature: Signature) -> None:
    by_role = {s.role: s.name for s in record.signatures}
    if signature.role in by_role:
        raise ConfigError(
            f"{record.folder.name} already has a {signature.role}: {by_role[signature.role]}",
            hint="seal a new report if the figures changed",
        )
    needed = ROLES[: ROLES.index(signature.role)]
    missing = [role for role in needed if role not in by_role]
    if missing:
        raise ConfigError(
            f"{record.folder.name} has no {missing[0]} yet", hint=f"sign as {missing[0]} first"
        )
    if signature.role == "reviewer" and by_role["preparer"] == signature.name:
        raise ConfigError(
            f"{signature.name} prepared this report and cannot review it",
            hint="ask somebody else to review it",
        )


def signatures_of(folder: Path) -> tuple[Signature, ...]:
    """Read the signatures, oldest first. Raises ConfigError where their chain is broken."""
    return tuple(
        Signature(cast("Role", line["role"]), line["name"], line["at"])
        for line in _signature_lines(folder)
    )


def _signature_lines(folder: Path) -> list[dict[str, Any]]:
    path = folder / "signatures.jsonl"
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    parsed: list[dict[str, Any]] = [json.loads(line) for line in lines]
    for i, line in enumerate(parsed):
        if line["previous_sha256"] != hashlib.sha256("".join(lines[:i]).encode()).hexdigest():
            raise ConfigError(f"{path} is damaged: line {i + 1} does not follow the one before it")
    return parsed


def _safe(label: str) -> str:
    return label.replace("/", "_")


def _json(data: object) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
