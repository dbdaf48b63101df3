"""What starting costs, against `python -c pass` of the same environment, interleaved."""

from __future__ import annotations

from statistics import median

from benchmarks.bare import cost, environment

RUNS = 40


def main() -> None:
    bin_ = environment()
    python = [str(bin_ / "python"), "-c", "pass"]
    sobriety = str(bin_ / "sobriety")
    subjects = {
        "import sobriety": [str(bin_ / "python"), "-c", "import sobriety"],
        "sobriety --version": [sobriety, "--version"],
        "sobriety --help": [sobriety, "--help"],
        "sobriety profile -- true": [sobriety, "profile", "--", "/bin/true"],
    }
    for command in (python, *subjects.values()):
        cost(command)  # compiles and warms the caches
    ratios: dict[str, list[float]] = {name: [] for name in subjects}
    costs: dict[str, list[tuple[float, float, int]]] = {name: [] for name in subjects}
    base: list[float] = []
    for _ in range(RUNS):
        for name, command in subjects.items():
            pass_cpu_s, _, _ = cost(python)
            seen = cost(command)
            base.append(pass_cpu_s)
            costs[name].append(seen)
            ratios[name].append(seen[0] / pass_cpu_s)
    print(f"{'':26} {'CPU':>9} {'wall':>9} {'peak':>9} {'CPU / python -c pass':>22}")
    print(f"{'python -c pass':26} {median(base) * 1e3:6.1f} ms")
    for name in subjects:
        cpu, wall, rss = (median(c[i] for c in costs[name]) for i in range(3))
        print(
            f"{name:26} {cpu * 1e3:6.1f} ms {wall * 1e3:6.1f} ms {rss / 1e6:6.1f} MB"
            f" {median(ratios[name]):15.2f} times"
        )
    print(f"medians of {RUNS} interleaved pairs")


if __name__ == "__main__":
    main()
