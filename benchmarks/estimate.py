"""An inventory of 10,000 devices, no two alike, against reading and writing the same CSV.

Each trial is a process of its own, so that the tables are read and nothing is remembered from the
one before; in it the same devices are then estimated once more, and their rows copied.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from sobriety.inventory.table import estimate_file

DEVICES, TRIALS = 10_000, 3
MOST_S = 10.0
HEADER = ("id", "category", "manufacturer", "name", "cpu_model", "chips", "cores_total",
          "threads_total", "memory_gb", "disks", "hw_year", "screen_in", "weight")  # fmt: skip
CPUS = (
    "AMD EPYC 7742 64-Core Processor",
    "Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz",
    "Intel Xeon Processor (Skylake)",
    "",
)
AT_A_DESK = ("laptop", "desktop", "écran", "Portables", "poste fixe", "tout-en-un", "tablette",
             "client léger", "workstation", "smartphone")  # fmt: skip
IN_A_ROOM = ("switch", "routeur", "borne Wi-Fi", "stockage", "imprimante", "onduleur", "toaster")
MAKERS = ("HP", "Dell", "Lenovo")


def device(n: int) -> tuple[object, ...]:
    """The n-th: a third are servers, of those a quarter virtual machines; half is what people sit
    at; the rest has no power, or no category that is known. One in fifty has a cell that is wrong.
    """
    year = 2999 if n % 50 == 7 else 2008 + n % 16
    if n % 3 == 0:
        cores = 2 * (n % 62 + 2)
        return (n, "server", "Dell", f"PowerEdge R{n}", CPUS[n % 4], 2, cores, 2 * cores,
                16 + n % 1000, n % 24, year, "", "")  # fmt: skip
    if n % 6 == 1:
        return (n, IN_A_ROOM[n // 6 % 7], "Cisco", f"Model {n}", *[""] * 6, year, "", "")
    return (n, AT_A_DESK[n // 3 % 10], MAKERS[n // 9 % 3], f"Model {n}", "Core i5-8250U", "",
            4 + n % 8, "", 8 + n % 64, 1, year, 13 + n % 20, round(1 + n % 97 / 10, 1))  # fmt: skip


def trial(source: Path) -> dict[str, float]:
    """In a fresh process: wall seconds."""
    out = source.with_name("out.csv")
    return {
        "first_s": _seconds(lambda: _estimate(source, out)),
        "again_s": _seconds(lambda: _estimate(source, out)),
        "copied_s": _seconds(lambda: _copy(source, out)),
    }


def _seconds(work: Callable[[], None]) -> float:
    begun_s = time.perf_counter()
    work()
    return time.perf_counter() - begun_s


def _estimate(source: Path, out: Path) -> None:
    done = estimate_file(source, out, tuple(range(0, 101, 10)))
    assert done.rows == DEVICES, done


def _copy(source: Path, out: Path) -> None:
    with (
        source.open(encoding="utf-8", newline="") as rows,
        out.open("w", encoding="utf-8", newline="") as copy,
    ):
        csv.writer(copy).writerows(csv.reader(rows))


def main() -> None:
    command = [sys.executable, "-m", "benchmarks.estimate"]
    with TemporaryDirectory() as folder:
        source = Path(folder) / "in.csv"
        with source.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([HEADER, *(device(n) for n in range(DEVICES))])
        trials: list[dict[str, float]] = [
            json.loads(
                subprocess.run([*command, str(source)], stdout=subprocess.PIPE, check=True).stdout
            )
            for _ in range(TRIALS)
        ]
    first_s, again_s, copied_s = (
        median(t[name] for t in trials) for name in ("first_s", "again_s", "copied_s")
    )
    ratio = median(t["first_s"] / t["copied_s"] for t in trials)
    print(f"estimated  {first_s:.2f} s, {DEVICES / first_s:,.0f} rows/s (at most {MOST_S:.0f} s)")
    print(f"           {again_s:.2f} s when asked again in one process")
    print(f"copied     {copied_s:.3f} s, {DEVICES / copied_s:,.0f} rows/s: the same CSV")
    print(f"ratio      {ratio:.0f}")
    verdict = "reached" if first_s <= MOST_S else "NOT reached"
    print(f"medians of {TRIALS} processes of {DEVICES:,} devices: {verdict}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case [path]:
            print(json.dumps(trial(Path(path))))
        case _:
            main()
