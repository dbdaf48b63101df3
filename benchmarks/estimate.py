"""An inventory of 10,000 devices, no two alike, against reading and writing the same CSV."""

from __future__ import annotations

import csv
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from sobriety.inventory import estimate_file

DEVICES, RUNS = 10_000, 5
HEADER = ("id", "category", "manufacturer", "name", "cpu_model", "chips", "cores_total",
          "threads_total", "memory_gb", "disks", "hw_year", "screen_in", "weight")  # fmt: skip
CPUS = (
    "AMD EPYC 7742 64-Core Processor",
    "Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz",
    "Intel Xeon Processor (Skylake)",
    "",
)


def device(n: int) -> tuple[object, ...]:
    """The n-th: a third are servers, the others what people sit at."""
    year = 2008 + n % 16
    if n % 3 == 0:
        cores = 2 * (n % 62 + 2)
        return (n, "server", "Dell", f"PowerEdge R{n}", CPUS[n % 4], 2, cores, 2 * cores,
                16 + n % 1000, n % 24, year, "", "")  # fmt: skip
    kind, maker = (("laptop", "desktop", "écran")[n // 3 % 3], ("HP", "Dell", "Lenovo")[n // 9 % 3])
    return (n, kind, maker, f"Model {n}", "Core i5-8250U", "", 4 + n % 8, "", 8 + n % 64, 1, year,
            13 + n % 20, round(1 + n % 97 / 10, 1))  # fmt: skip


def copied_s(source: Path, out: Path) -> float:
    begun = time.process_time()
    with source.open(encoding="utf-8", newline="") as rows, out.open("w", newline="") as copy:
        csv.writer(copy).writerows(csv.reader(rows))
    return time.process_time() - begun


def estimated_s(source: Path, out: Path) -> float:
    begun = time.process_time()
    estimate_file(source, out, tuple(range(0, 101, 10)))
    return time.process_time() - begun


def main() -> None:
    with TemporaryDirectory() as folder:
        source, out = Path(folder) / "in.csv", Path(folder) / "out.csv"
        with source.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([HEADER, *(device(n) for n in range(DEVICES))])
        first_s = estimated_s(source, out)  # reads the tables, and fills what it remembers
        again = [(estimated_s(source, out), copied_s(source, out)) for _ in range(RUNS)]
    print(f"estimated  {first_s:.2f} s of CPU, {DEVICES / first_s:,.0f} devices a second, at first")
    print(f"           {median(a for a, _ in again):.2f} s when asked again")
    print(f"copied     {median(b for _, b in again):.3f} s: the same CSV, read and written")
    print(f"ratio      {first_s / median(b for _, b in again):.0f}")


if __name__ == "__main__":
    main()
