"""Reads the public data of the fits, which is not part of this project (`--data`)."""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

HERE = Path(__file__).parent.parent
OUT = HERE / "estimators" / "data"


def folder(description: str) -> Path:
    """The --data folder. Says so when it is missing."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, default=HERE.parent / "shared" / "data")
    path: Path = parser.parse_args().data
    if not path.is_dir():
        parser.error(f"there is no folder {path}; name it with --data")
    return path


def read(path: Path) -> pd.DataFrame:
    """One table of it. Exits when it is missing."""
    if not path.exists():
        raise SystemExit(f"{path} is missing: the fit needs it")
    return pd.read_csv(path)


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Its rows."""
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]


def write(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table of coefficients."""
    with (OUT / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    print(f"wrote {OUT / name}")
