"""Energy counters: what stands for nothing is not given, and the way in is a command that runs."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from sobriety.agent.session import Session
from sobriety.collectors import Rapl, choose
from sobriety.core.counting.difference import Step
from sobriety.core.errors import NotPermitted, NotSupported, ReadError
from sobriety.core.host import LocalHost
from sobriety.core.paper import PaperHost

Write = Callable[..., PaperHost]
Watch = Callable[..., list[Step]]
TREE = "/sys/class/powercap"
RANGE_UJ = 262_143_328_850


def zone(number: str, name: str, energy_uj: int) -> dict[str, str]:
    path = f"{TREE}/intel-rapl:{number}"
    return {
        f"{path}/name": f"{name}\n",
        f"{path}/max_energy_range_uj": f"{RANGE_UJ}\n",
        f"{path}/energy_uj": f"{energy_uj}\n",
    }


def test_memory_that_nobody_counts_is_unknown_and_not_zero(machine: Write, steps: Watch) -> None:
    host = machine(
        *(zone("0", "package-0", 1_000_000 * n) | zone("0:0", "dram", 0) for n in (1, 2, 3))
    )
    for step in steps(host, "rapl"):
        assert step.measures == {"package_j": pytest.approx(1)}


def test_one_silent_socket_makes_the_sum_unknown(machine: Write, steps: Watch) -> None:
    host = machine(
        *(zone("0", "package-0", 10**6 * n) | zone("1", "package-1", 0) for n in (1, 2, 3)),
        zone("1", "package-1", 5_000_000),
        zone("0", "package-0", 10**7) | zone("1", "package-1", 9_000_000),
    )
    seen = [step.measures.get("package_j") for step in steps(host, "rapl")]
    assert seen[-1] == pytest.approx(7 + 4)
    assert seen[2] is None  # the silent one began to answer: not known at both ends


def test_the_dies_of_a_package_add_up(machine: Write, steps: Watch) -> None:
    host = machine(
        *(
            zone("0", "package-0-die-0", n * 10**6) | zone("1", "package-0-die-1", n * 10**7)
            for n in (1, 2)
        )
    )
    (step,) = steps(host, "rapl")
    assert step.measures == {"package_j": pytest.approx(11)}


def test_a_zone_that_we_do_not_know_is_left_out(machine: Write, steps: Watch) -> None:
    host = machine(*(zone("0", "package-0", n) | zone("1", "dgpu", n) for n in (10**6, 2 * 10**6)))
    assert steps(host, "rapl")[0].measures == {"package_j": pytest.approx(1)}


def test_a_counter_whose_range_is_no_number(machine: Write) -> None:
    host = machine(zone("0", "package-0", 1) | {f"{TREE}/intel-rapl:0/max_energy_range_uj": "?"})
    with pytest.raises(ReadError, match=r"max_energy_range_uj says '\?'"):
        Rapl().open(host)


def test_a_step_in_which_the_counter_could_go_round_twice_is_a_gap(
    machine: Write, steps: Watch
) -> None:
    """An agent that was stopped for an hour: 300 kJ went by, and 38 kJ are what is left of them."""
    host = machine(
        *(zone("0", "package-0", n) for n in (1_000_000, 37_856_671_150, 37_956_671_150))
    )
    hour_ns = 3600 * 10**9
    for moment in host.moments[1:]:
        at = moment.instant
        moment.instant = at._replace(
            monotonic_ns=at.monotonic_ns + hour_ns, boottime_ns=at.boottime_ns + hour_ns
        )
    seen = [step.measures.get("package_j") for step in steps(host, "rapl")]
    assert seen == [None, pytest.approx(100)]


def test_joules_across_a_sleep_are_a_gap_even_if_the_counter_went_on(
    machine: Write, steps: Watch
) -> None:
    host = machine(*(zone("0", "package-0", n * 10**6) for n in (1, 50, 60)))
    for moment in host.moments[1:]:
        at = moment.instant
        moment.instant = at._replace(boottime_ns=at.boottime_ns + 8 * 3600 * 10**9)
    seen = [step.measures.get("package_j") for step in steps(host, "rapl")]
    assert seen == [None, pytest.approx(10)]


def test_the_hint_is_a_command_that_opens_what_is_closed(machine: Write, tmp_path: Path) -> None:
    """Run as told, on a tree like the kernel's: links to folders of which one holds another."""
    host = machine(
        zone("0", "package-0", 1)
        | {f"{TREE}/intel-rapl:0/energy_uj": "!forbidden", f"{TREE}/intel-rapl:0:0/name": "core"}
    )
    with Session(host, choose("linux", ["rapl"])) as session:
        refusal = session.refusals["rapl"]
    assert isinstance(refusal, NotPermitted)
    assert refusal.hint == "sudo chmod a+r /sys/class/powercap/intel-rapl:*/*_uj"

    outer = tmp_path / "devices" / "intel-rapl:0"
    inner = outer / "intel-rapl:0:0"
    inner.mkdir(parents=True)
    links = tmp_path / TREE[1:]
    links.mkdir(parents=True)
    for folder in (outer, inner):
        (folder / "energy_uj").write_text("1\n")
        (folder / "energy_uj").chmod(0o400)
        (links / folder.name).symlink_to(folder)
    command = refusal.hint.removeprefix("sudo ").replace("/sys", f"{tmp_path}/sys")
    shell = shutil.which("sh")
    assert shell
    subprocess.run([shell, "-c", command], check=True)
    modes = {p.stat().st_mode & 0o777 for p in links.glob("*/energy_uj")}
    assert modes == {0o444}


def test_a_driver_that_was_loaded_anew_answers_again(tmp_path: Path) -> None:
    """Descriptors of the files before stay dead; the new files are opened."""
    folder = tmp_path / TREE[1:] / "intel-rapl:0"

    def load(energy_uj: int) -> None:
        folder.mkdir(parents=True)
        for path, text in zone("0", "package-0", energy_uj).items():
            (folder / Path(path).name).write_text(text)

    load(1_000_000)
    rapl = Rapl()
    rapl.open(LocalHost(str(tmp_path)))
    shutil.rmtree(folder)
    rapl.close()
    with pytest.raises(NotSupported):
        rapl.open(LocalHost(str(tmp_path)))
    load(7_000_000)
    rapl.open(LocalHost(str(tmp_path)))
    (reading,) = rapl.read()
    assert reading.metric == "package_j"
    assert reading.value == pytest.approx(7)
    rapl.close()
    rapl.close()


def test_a_refusal_half_way_leaves_nothing_open(tmp_path: Path) -> None:
    for number in range(2):
        folder = tmp_path / TREE[1:] / f"intel-rapl:{number}"
        folder.mkdir(parents=True)
        for path, text in zone(str(number), f"package-{number}", 1).items():
            (folder / Path(path).name).write_text(text)
    (tmp_path / TREE[1:] / "intel-rapl:1" / "energy_uj").unlink()
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(NotSupported):
        Rapl().open(LocalHost(str(tmp_path)))
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.skipif(not shutil.which("systemd-tmpfiles"), reason="systemd-tmpfiles is not here")
def test_the_lines_for_tmpfiles_that_we_document_open_every_zone(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "collectors.md").read_text(encoding="utf-8")
    lines = [line.strip() for line in page.splitlines() if line.startswith("    z /sys/")]
    assert len(lines) == 2
    real = tmp_path / "sys" / "devices" / "virtual" / "powercap" / "intel-rapl"
    links = tmp_path / TREE[1:]
    links.mkdir(parents=True)
    for folder in (real / "intel-rapl:0", real / "intel-rapl:0" / "intel-rapl:0:0"):
        folder.mkdir(parents=True)
        (links / folder.name).symlink_to(folder)
        for name in ("energy_uj", "max_energy_range_uj"):
            (folder / name).write_text("1\n")
            (folder / name).chmod(0o400)
    settings = tmp_path / "sobriety.conf"
    me = f"{os.getuid()} {os.getgid()}"
    settings.write_text("\n".join(lines).replace("root sobriety", me) + "\n")
    tool = shutil.which("systemd-tmpfiles")
    assert tool
    subprocess.run([tool, f"--root={tmp_path}", "--create", str(settings)], check=True)
    modes = [path.stat().st_mode & 0o777 for path in links.glob("*/*_uj")]
    assert modes == [0o440] * 4
