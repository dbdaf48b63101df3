"""Machines at their worst, hundreds of trials each: no second is lost, none is made up."""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sobriety.agent.session import Session
from sobriety.agent.sources import Answers
from sobriety.collectors import Processes, choose
from sobriety.core.counting.task import Task
from sobriety.core.errors import SobrietyError
from sobriety.core.host import Instant, LocalHost
from sobriety.core.paper import Moment, PaperHost
from sobriety.core.units import NS_PER_S
from sobriety.core.usage import Usage

linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux's own faults")
NOON_NS = 1_764_072_000 * NS_PER_S
RAPL = "/sys/class/powercap/intel-rapl:0"
BAT = "/sys/class/power_supply/BAT0"
WATTS = 40


def watch(host: PaperHost, told: list[SobrietyError] | None = None) -> list[Usage]:
    tell: Callable[[str, SobrietyError], None] = lambda _, error: (told or []).append(error)  # noqa: E731
    rows: list[Usage] = []
    with Session(host, choose("linux"), name="a", tell=tell) as session:
        rows += session.sample()
        while host.turn():
            rows += session.sample()
        rows += session.finish()
    return rows


def own(rows: list[Usage]) -> list[Usage]:
    return [row for row in rows if row.kind == "host"]


def files(now_s: float) -> dict[str, str]:
    """Half of one processor, and 40 W by RAPL."""
    ticks = int(now_s * 50)
    return {
        "/proc/stat": f"cpu {ticks} 0 0 {ticks} 0 0 0 0 0 0\n",
        "/proc/10/stat": f"10 (work) S 1 0 0 0 0 0 0 0 0 0 {ticks} 0 0 0 20 0 1 0 5 1 1 1",
        f"{RAPL}/name": "package-0",
        f"{RAPL}/max_energy_range_uj": "262143328850",
        f"{RAPL}/energy_uj": str(int((1000 + now_s * WATTS) * 1e6) % 262143328850),
    }


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([0, 0, 0, -3600, 86_400, 7, -1]), min_size=1, max_size=60))
def test_a_clock_that_is_set_changes_no_joule(jumps_s: list[int]) -> None:
    pages: list[Moment] = []
    wall_s = 0
    for i, jump_s in enumerate(jumps_s):
        wall_s += 5 + jump_s
        at_ns = i * 5 * NS_PER_S
        instant = Instant(NOON_NS + wall_s * NS_PER_S, at_ns, at_ns, "boot")
        pages.append(Moment(instant, files(i * 5)))
    rows = own(watch(PaperHost("linux", pages)))
    passed_s = 5 * (len(jumps_s) - 1)
    assert math.fsum(r.duration_s for r in rows) == pytest.approx(passed_s)
    assert {r.state for r in rows} <= {"on"}
    joules = math.fsum(r.measures["package_j"] for r in rows)
    assert joules == pytest.approx(WATTS * passed_s, rel=1e-6)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([0, 0, 0, 8 * 3600, 2, 90]), min_size=1, max_size=60))
def test_a_suspended_machine_was_asleep_and_drew_nothing_that_we_know(sleeps_s: list[int]) -> None:
    pages: list[Moment] = []
    asleep_s = 0
    for i, sleep_s in enumerate(sleeps_s):
        asleep_s += sleep_s if i else 0
        awake_ns, boot_ns = i * 5 * NS_PER_S, (i * 5 + asleep_s) * NS_PER_S
        # It counted through the sleep, as some do: those joules are of no awake second.
        page = files(i * 5) | {f"{RAPL}/energy_uj": files(i * 5 + asleep_s)[f"{RAPL}/energy_uj"]}
        pages.append(Moment(Instant(NOON_NS + boot_ns, awake_ns, boot_ns, "boot"), page))
    rows = own(watch(PaperHost("linux", pages)))
    slept_s = math.fsum(r.duration_s for r in rows if r.state == "asleep")
    assert slept_s == pytest.approx(asleep_s)
    awake_s = math.fsum(r.duration_s for r in rows if r.state == "on")
    assert awake_s == pytest.approx(5 * (len(sleeps_s) - 1))
    for row in rows:
        if "package_j" in row.measures:
            assert row.measures["package_j"] == pytest.approx(WATTS * row.duration_s, rel=1e-6)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(["", "", "forbidden", "broken", "gone"]), min_size=2, max_size=80))
def test_a_permission_that_comes_and_goes_costs_its_own_time_only(fates: list[str]) -> None:
    pages: list[Moment] = []
    for i, fate in enumerate(fates):
        page = files(i * 5)
        marks = dict.fromkeys((p for p in page if p.startswith(RAPL)), fate) if fate else {}
        at_ns = i * 5 * NS_PER_S
        shown = {p: text for p, text in page.items() if p not in marks}
        pages.append(Moment(Instant(NOON_NS + at_ns, at_ns, at_ns, "boot"), shown, marks))
    told: list[SobrietyError] = []
    rows = own(watch(PaperHost("linux", pages), told))
    assert math.fsum(r.duration_s for r in rows) == pytest.approx(5 * (len(fates) - 1))
    assert all("cpu" in r.observed for r in rows)
    for row in rows:
        assert ("package_j" in row.measures) == ("package" in row.observed)
        if "package" in row.observed:  # never 0, never the joules of a time that was not seen
            assert row.measures["package_j"] == pytest.approx(WATTS * row.duration_s, rel=1e-6)
    bad = [e for e in told if not isinstance(e, Answers)]
    assert len(bad) <= len(fates)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(["in", "in", "mains", "out", "broken"]), min_size=2, max_size=60))
def test_a_battery_that_is_pulled_out_is_never_zero_watts(states: list[str]) -> None:
    names = ("type", "status", "power_now")
    pages: list[Moment] = []
    for i, state in enumerate(states):
        status = "Charging" if state == "mains" else "Discharging"
        page = files(i * 5) | {
            f"{BAT}/type": "Battery",
            f"{BAT}/status": status,
            f"{BAT}/power_now": "9000000",
        }
        marks: dict[str, str] = {}
        if state in ("out", "broken"):
            fate = "gone" if state == "out" else "broken"
            marks = {f"{BAT}/{name}": fate for name in names}
        shown = {p: text for p, text in page.items() if p not in marks}
        at_ns = i * 5 * NS_PER_S
        pages.append(Moment(Instant(NOON_NS + at_ns, at_ns, at_ns, "boot"), shown, marks))
    for row in own(watch(PaperHost("linux", pages))):
        if "battery" in row.observed:
            assert row.measures["battery_j"] == pytest.approx(9 * row.duration_s)
        else:
            assert "battery_j" not in row.measures


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process of ours that gives itself the names that it is told, and answers."""
    work = "import sys\nfor line in sys.stdin.buffer:\n  open('/proc/self/comm','wb').write("
    work += "bytes.fromhex(line.decode()))\n  sys.stdout.write('.')\n  sys.stdout.flush()\n"
    program = subprocess.Popen(
        [sys.executable, "-c", work], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        yield program
    finally:
        program.communicate()


@linux
def test_a_process_may_call_itself_anything(sleeper: subprocess.Popen[bytes]) -> None:
    """Newlines, brackets, zeros of the name's middle, no UTF-8: hundreds of names of chance."""
    assert sleeper.stdin and sleeper.stdout
    chance, collector = random.Random(7), Processes()
    collector.open(LocalHost())
    letters = bytes(b for b in range(1, 256))
    nasty = [b")", b") S 1 1", b"\n", b"a\nb", b"\xff\xfe", b"((", b"1 (x) R 2 2", b" ", b"-- /x"]
    names = nasty + [bytes(chance.choices(letters, k=chance.randint(1, 15))) for _ in range(300)]
    for name in names:
        sleeper.stdin.write(name.hex().encode() + b"\n")
        sleeper.stdin.flush()
        assert sleeper.stdout.read(1) == b"."
        (found,) = [t for t in collector.tasks() if isinstance(t.key, tuple)
                    and t.key[0] == sleeper.pid]  # fmt: skip
        assert found.cpu_s < 60 and found.memory_b and found.memory_b > 1e6, name
    collector.close()


@linux
def test_more_processes_than_files_may_be_open() -> None:
    """Some are read by opening them each time; all are seen, and seen to go."""
    count, most_kept_open = 1000, 700
    source = "import os, sys, time\nfor _ in range(int(sys.argv[1])):\n"
    source += "  if not os.fork(): time.sleep(600)\nprint('.', flush=True)\ntime.sleep(600)"
    parent = subprocess.Popen(
        [sys.executable, "-S", "-c", source, str(count)],
        stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    collector = Processes()
    collector.open(LocalHost())
    try:
        assert parent.stdout and parent.stdout.read(1) == b"."
        for _ in range(3):
            assert len(children(collector, parent.pid)) == count
        descriptors = len(list(Path("/proc/self/fd").iterdir()))
        assert descriptors < most_kept_open + 100
    finally:
        os.killpg(parent.pid, 9)
        parent.communicate()
    assert children(collector, parent.pid) == []
    collector.close()


def children(collector: Processes, pid: int) -> list[Task]:
    return [t for t in collector.tasks() if t.parent is not None and t.parent[0] == pid]


def test_ten_thousand_processes() -> None:
    line = "{} (p{}) S 1 0 0 0 0 0 0 0 0 0 {} 0 0 0 20 0 1 0 5 1 1 1"
    pages = [
        Moment(
            Instant(NOON_NS + i * 30 * NS_PER_S, i * 30 * NS_PER_S, i * 30 * NS_PER_S, "boot"),
            {"/proc/stat": f"cpu {10_000 * i} 0 0 {20_000 * i} 0 0 0 0 0 0\n"}
            | {f"/proc/{n}/stat": line.format(n, n % 50, i) for n in range(10, 10_010)},
        )
        for i in range(3)
    ]
    rows = watch(PaperHost("linux", pages))
    programs = {r.name: r for r in rows if r.kind == "process"}
    assert len(programs) == 50
    spent_s = math.fsum(r.measures["cpu_busy_s"] for r in rows if r.kind == "process")
    assert spent_s == pytest.approx(2 * 10_000 / 100)


@linux
def test_processes_of_others_that_are_hidden_are_nobodys(tmp_path: Path) -> None:
    """/proc mounted with hidepid=2, seen by a user who may not: their work is unattributed."""
    look = (
        "import os, sys, time\n"
        "from sobriety.collectors import choose\n"
        "from sobriety.core.host import LocalHost\n"
        "from sobriety.agent.session import Session\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "with Session(LocalHost(), choose('linux', ['cpu', 'processes'])) as session:\n"
        "    session.sample()\n"
        "    end = time.process_time() + 0.3\n"
        "    while time.process_time() < end: pass\n"
        "    time.sleep(0.2)\n"
        "    rows = session.sample() + session.finish()\n"
        "print(*sorted({(r.kind, r.name) for r in rows}))\n"
    )
    (tmp_path / "look.py").write_text(look)
    tmp_path.chmod(0o755)
    mount = "mount -t proc -o hidepid=2 proc /proc && exec "
    command = ["unshare", "--mount", "--pid", "--fork", "sh", "-c",
               f"{mount} {sys.executable} {tmp_path}/look.py"]  # fmt: skip
    try:
        ran = subprocess.run(command, capture_output=True, text=True, cwd="/")
    except FileNotFoundError:
        pytest.skip("no unshare")
    if ran.returncode and any(word in ran.stderr for word in ("unshare", "mount", "Permission")):
        pytest.skip(f"no such mount here: {ran.stderr.strip()[-80:]}")
    assert ran.returncode == 0, ran.stderr
    assert "('unattributed', '')" in ran.stdout
    assert "('process', 'python" in ran.stdout
    assert "init" not in ran.stdout and "bash" not in ran.stdout
