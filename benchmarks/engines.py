"""Rows a second on DuckDB and on Spark, for lakes that grow: what `docs/scale.md` is computed from.

The work is the report's own: energy with both of its bounds, by host, from minute rows that are
not rolled up. Rows are the synthetic ones of `benchmarks.lake` (1,000 hosts), written into a
temporary folder outside the clock. Each figure is of a fresh process; the work is done twice and
the second time counts, since a cluster's Java is warm. Numbers choose how many million rows, as in
`python -m benchmarks.engines 30 100`: 3, 10 and 30 where none is given. With `--cluster`, Spark
with executors in processes of their own (local-cluster) beside the others.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import lake as rows
from sobriety.estimators import plan_table, with_energy
from sobriety.lake import Lake
from sobriety.lake.engines import Engine, collect, opened
from sobriety.lake.parquet import connect

ROWS_A_DAY = rows.HOSTS * rows.MINUTES
DAYS = {"3": 2, "10": 7, "30": 21, "100": 70}
"""Of the lake, by million rows."""
USUAL = ("3", "10", "30")
ENGINES = ("duckdb 1", "duckdb 2", "spark local[1]", "spark local[2]")
CLUSTERS = tuple(f"spark local-cluster[{executors},1,1024]" for executors in (1, 2, 4))


def build(folder: Path, days: int) -> None:
    """Write the days that are not there yet: a lake of fewer days is the beginning of a larger."""
    db = connect()
    db.execute("SET threads = 2")
    for day in range(days):
        file = rows.file_of(folder, day, 0, ROWS_A_DAY)
        rows.write(db, rows.rows_of(rows.FIRST_DAY + day), file)
    db.close()


def energy_by_host(lake: Lake, days: int) -> list[dict[str, Any]]:
    """The report's pipeline over the first days of a lake."""
    import narwhals as nw

    first_ns = rows.FIRST_DAY * rows.DAY_NS
    frame = lake.open("raw", first_ns, first_ns + days * rows.DAY_NS)
    frame = with_energy(frame, lake.table(plan_table(rows.plans_of_hosts())))
    sums = (nw.col(name).sum() for name in ("energy_j", "energy_low_j", "energy_high_j"))
    return collect(frame.group_by("host").agg(*sums))


def measure(name: str, folder: Path, days: int) -> dict[str, float]:
    """In the fresh process: seconds to be ready, and of the work done the second time."""
    begun_s = time.perf_counter()
    kind, _, how = name.partition(" ")
    with opened("spark" if kind == "spark" else "duckdb", how if kind == "spark" else None) as one:
        return _timed(begun_s, folder, days, one, how)


def _timed(
    begun_s: float, folder: Path, days: int, engine: Engine | None, how: str
) -> dict[str, float]:
    with Lake(folder, engine) as lake:
        if engine is None:
            lake.connection.execute(f"SET threads = {how}")
        ready_s = time.perf_counter() - begun_s
        for _ in range(2):
            begun_s = time.perf_counter()
            found = energy_by_host(lake, days)
            wall_s = time.perf_counter() - begun_s
    energy_j = sum(row["energy_j"] for row in found)
    return {"ready_s": ready_s, "wall_s": wall_s, "energy_j": energy_j}


def table(found: Mapping[tuple[str, str], Mapping[str, float]], sizes: Mapping[str, int]) -> str:
    """Markdown: engines down, sizes across, in million rows a second."""
    lines = [f"| | {' | '.join(f'{size} M rows' for size in sizes)} | ready |"]
    lines.append("|---|" + "---|" * (len(sizes) + 1))
    for engine in dict.fromkeys(engine for engine, _ in found):
        cells = [
            f"{days * ROWS_A_DAY / found[engine, size]['wall_s'] / 1e6:.2f} M/s"
            f" ({found[engine, size]['wall_s']:.1f} s)"
            for size, days in sizes.items()
        ]
        ready_s = min(found[engine, size]["ready_s"] for size in sizes)
        lines.append(f"| {engine} | {' | '.join(cells)} | {ready_s:.1f} s |")
    return "\n".join(lines)


def main() -> None:
    chosen = [a for a in sys.argv[1:] if not a.startswith("-")] or USUAL
    if unknown := set(chosen) - DAYS.keys():
        sys.exit(f"million rows are {', '.join(DAYS)}, and not {', '.join(sorted(unknown))}")
    sizes = {size: DAYS[size] for size in DAYS if size in chosen}
    engines = ENGINES + (CLUSTERS if "--cluster" in sys.argv else ())
    found: dict[tuple[str, str], dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="sobriety-engines-") as folder:
        for size, days in sizes.items():
            build(Path(folder), days)
            for engine in engines:
                command = [sys.executable, "-m", "benchmarks.engines", "one", engine, folder]
                done = subprocess.run(
                    [*command, str(days)], stdout=subprocess.PIPE, text=True, check=True
                )
                found[engine, size] = json.loads(done.stdout)
            told = [found[engine, size]["energy_j"] for engine in engines]
            apart = (max(told) - min(told)) / max(told)
            print(f"{size} M: joules {apart:.0e} apart", file=sys.stderr, flush=True)
        size_b = sum(file.stat().st_size for file in Path(folder).rglob("*.parquet"))
    print(table(found, sizes))
    print(f"\n{size_b / days / ROWS_A_DAY:.0f} B a minute row, zstd")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["one", engine, folder, days]:
            print(json.dumps(measure(engine, Path(folder), int(days))))
        case _:
            main()
