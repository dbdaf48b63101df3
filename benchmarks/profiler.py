"""What profiling a command costs, and whether its figures hold, with CodeCarbon in the same run.

python -m benchmarks profiler            about twelve minutes
python -m benchmarks.profiler --short    a tenth of the durations
"""

from __future__ import annotations

import csv
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.bare import cost, environment
from sobriety.trials.statistics import paired_ratio

BURN = "import sys, time\nend = float(sys.argv[1])\nwhile time.process_time() < end: pass\n"
FORKS = "for i in $(seq 1500); do /bin/true; done"
SHORT = "for i in $(seq 40); do {python} -S {burn} {each}; done"
PAIRS = 7
OVERHEAD_ROUNDS = 6


class Bench:
    """Ours and theirs, asked the same."""

    def __init__(self, folder: Path, share: float) -> None:
        self.folder, self.share = folder, share
        self.bin = environment()
        self.python = str(self.bin / "python")
        self.burn = folder / "burn.py"
        self.burn.write_text(BURN)
        self.codecarbon = Path(sys.executable).parent / "codecarbon"

    def ours(self, *command: str) -> list[str]:
        out = str(self.folder / "ours.json")
        return [str(self.bin / "sobriety"), "profile", "--json", "-o", out, "--", *command]

    def theirs(self, *command: str) -> list[str]:
        flags = ["monitor", "--offline", "--country-iso-code", "CAN", "--measure-power-secs", "1"]
        return [str(self.codecarbon), *flags, "--", *command]

    def joules(self, *command: str) -> tuple[float, float]:
        """Of ours and of CodeCarbon, each in a run of its own."""
        cost(self.ours(*command))
        found = json.loads((self.folder / "ours.json").read_text(encoding="utf-8"))
        return found["energy_j"]["value"], self.their_joules(*command)

    def their_joules(self, *command: str) -> float:
        table = self.folder / "emissions.csv"
        table.unlink(missing_ok=True)
        subprocess.run(
            self.theirs(*command), cwd=self.folder, check=True, capture_output=True,
            env={**os.environ, "CODECARBON_OUTPUT_DIR": str(self.folder)},
        )  # fmt: skip
        with table.open(encoding="utf-8") as file:
            (*_, row) = csv.DictReader(file)
        return float(row["cpu_energy"]) * 3.6e6

    def burning(self, cpu_s: float, at_once: int = 1) -> list[str]:
        one = f"{self.python} -S {self.burn} {cpu_s * self.share:g}"
        return ["sh", "-c", " & ".join([one] * at_once) + "; wait"]


def starting(bench: Bench) -> None:
    subjects = {"sobriety": bench.ours("/bin/true"), "codecarbon": bench.theirs("/bin/true")}
    seen: dict[str, list[tuple[float, float, int]]] = {name: [] for name in subjects}
    os.chdir(bench.folder)
    for command in subjects.values():
        cost(command)
    for _ in range(PAIRS):
        for name, command in subjects.items():
            seen[name].append(cost(command))
    print("profiling `true`              CPU      peak memory")
    for name, costs in seen.items():
        cpu_s, peak_b = (median(c[i] for c in costs) for i in (0, 2))
        print(f"  {name:<20} {cpu_s * 1e3:9.1f} ms {peak_b / 1e6:10.1f} MB")
    ours, theirs = (median(c[0] for c in costs) for costs in seen.values())
    print(f"  ratio of CPU         {theirs / ours:9.0f}")


def tracking(bench: Bench) -> None:
    length = str(30 * bench.share)
    ours, theirs = (cost(c(*("sleep", length)))[0] for c in (bench.ours, bench.theirs))
    print(f"tracking `sleep {length}`: sobriety {ours:.3f} s of CPU, codecarbon {theirs:.2f} s")


def forks(bench: Bench) -> None:
    """What the kernel says of the whole tree, and what we say."""
    tree_s = cost(["/bin/sh", "-c", FORKS])[0]
    cost(bench.ours("/bin/sh", "-c", FORKS))
    found = json.loads((bench.folder / "ours.json").read_text(encoding="utf-8"))
    theirs = bench.their_joules("/bin/sh", "-c", FORKS)
    watts = found["energy_j"]["value"] / found["cpu_s"]
    print(f"1,500 forks of /bin/true: {found['cpu_s']:.3f} s seen; alone they took {tree_s:.3f} s;"
          f" codecarbon {theirs:.2f} J, sobriety {watts * found['cpu_s']:.2f} J")  # fmt: skip


def overhead(bench: Bench) -> None:
    """Time of a busy command, profiled and not, in turns A B B A; and what one sample takes."""
    plain = [bench.python, "-S", str(bench.burn), str(30 * bench.share)]
    times: dict[str, list[tuple[float, float]]] = {"alone": [], "profiled": []}
    own_s: list[float] = []
    samples = 0
    for order in (("alone", "profiled"), ("profiled", "alone")) * (OVERHEAD_ROUNDS // 2):
        for name in order:
            if name == "alone":
                cpu_s, wall_s, _ = cost(plain)
            else:
                cost(bench.ours(*plain))
                found = json.loads((bench.folder / "ours.json").read_text(encoding="utf-8"))
                cpu_s, wall_s = found["cpu_s"], found["wall_s"]
                own_s.append(found["own_cpu_s"])
                samples += len(found["series"])
            times[name].append((wall_s, cpu_s))
    for i, what in enumerate(("wall time", "processor time over wall time")):
        alone, profiled = (
            [t[0] if i == 0 else t[1] / t[0] for t in times[name]] for name in ("alone", "profiled")
        )
        ratio = paired_ratio(alone, profiled)
        if ratio is not None:
            low, value, high = (100 * (r - 1) for r in (ratio.low, ratio.value, ratio.high))
            print(f"{what} of {30 * bench.share:g} s of work, profiled over not:"
                  f" {value:+.2f} % ({low:+.2f} to {high:+.2f})")  # fmt: skip
    print(f"one sample: {1e3 * sum(own_s) / samples:.2f} ms of CPU")


def proportion(bench: Bench) -> None:
    one, two = (bench.joules(*bench.burning(10, n)) for n in (1, 2))
    sleeping = bench.joules("sleep", str(10 * bench.share))
    each = f"{13 / 40 * bench.share:g}"
    script = SHORT.format(python=bench.python, burn=bench.burn, each=each)
    many, long = bench.joules("sh", "-c", script), bench.joules(*bench.burning(13))
    print("joules                            sobriety   codecarbon")
    rows = {"one core burnt": one, "two cores, as long": two, "as long asleep": sleeping,
            "40 short children": many, "one process of as much": long}  # fmt: skip
    for name, pair in rows.items():
        print(f"  {name:<28} {pair[0]:10.2f} {pair[1]:12.2f}")
    for name, (over, under) in {
        "two cores over one": (two, one),
        "asleep over one core": (sleeping, one),
        "many over one process": (many, long),
    }.items():
        ours, theirs = (a / b if b else float("nan") for a, b in zip(over, under, strict=True))
        print(f"  {name:<28} {ours:10.4f} {theirs:12.4f}")


def ticks(bench: Bench) -> None:
    """At a cadence of 1 s, costs around a tick, over what is slept."""
    lengths = (0.9, 1.0, 1.02, 1.5)
    print("asleep for                    " + "".join(f"{s:>10} s" for s in lengths))
    found = [bench.joules("sleep", str(s)) for s in lengths]
    for i, name in enumerate(("sobriety", "codecarbon")):
        print(f"  {name:<28}" + "".join(f"{pair[i]:10.3f} J" for pair in found))


def telling() -> None:
    """A true difference of 5 %, and none, in rounds whose noise is drawn: 20 runs, 50 trials."""
    for difference, wanted in ((1.05, "at least 90 %"), (1.0, "at most 10 %")):
        shown = 0
        for trial in range(50):
            draw = random.Random(trial)
            drift = [draw.lognormvariate(0, 0.03) for _ in range(20)]
            first = [d * draw.lognormvariate(0, 0.02) for d in drift]
            other = [d * difference * draw.lognormvariate(0, 0.02) for d in drift]
            ratio = paired_ratio(first, other)
            shown += ratio is not None and ratio.is_shown
        print(f"compare, {100 * (difference - 1):.0f} % apart: shown in {shown} of 50 ({wanted})")


def main() -> None:
    share = 0.1 if "--short" in sys.argv else 1.0
    with TemporaryDirectory() as folder:
        bench = Bench(Path(folder), share)
        starting(bench)
        tracking(bench)
        forks(bench)
        overhead(bench)
        proportion(bench)
        ticks(bench)
    telling()


if __name__ == "__main__":
    main()
