"""The agent as it runs: memory resident and processor time, against an idle Python."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.bare import environment

SAMPLES, EVERY_S = 100, 0.1


def resident_b(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found
    return int(found[1]) * 1024


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()
    return int(fields[0]) / 1e9


def main() -> None:
    bin_ = environment()
    idle = subprocess.Popen([bin_ / "python", "-c", "import time; time.sleep(60)"])
    with tempfile.TemporaryDirectory() as home:
        agent = subprocess.Popen(
            [bin_ / "sobriety", "collect", "--interval", f"{EVERY_S}s"],
            env={**os.environ, "SOBRIETY_HOME": home},
            stderr=subprocess.DEVNULL,
        )
        time.sleep(1.5)
        before, begun = cpu_s(agent.pid), time.monotonic()
        time.sleep(SAMPLES * EVERY_S)
        used_s, wall_s = cpu_s(agent.pid) - before, time.monotonic() - begun
        ours, theirs = resident_b(agent.pid), resident_b(idle.pid)
        agent.send_signal(signal.SIGTERM)
        agent.wait()
    idle.kill()
    idle.wait()
    samples = wall_s / EVERY_S
    print(
        f"resident        {ours / 1e6:6.1f} MB, {ours / theirs:.2f} times"
        f" an idle python ({theirs / 1e6:.1f} MB)"
    )
    print(
        f"CPU per sample  {used_s / samples * 1e3:6.2f} ms, spool included ({samples:.0f} samples)"
    )
    print(f"at 5 s          {used_s / samples / 5:.4%} of one core")


if __name__ == "__main__":
    main()
