"""Every collector on machines written down: to the joule, the byte and the second."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sobriety.agent.daemon import Daemon
from sobriety.agent.session import Session
from sobriety.agent.sources import Answers
from sobriety.collectors import choose
from sobriety.core.counting.difference import Step
from sobriety.core.errors import NotPermitted, NotSupported, ReadError, SobrietyError
from sobriety.core.paper import PaperHost
from sobriety.core.usage import Usage

Paper = Callable[[str], PaperHost]


def steps(host: PaperHost, *names: str) -> list[Step]:
    """What happened between the moments of a recorded machine."""
    found: list[Step] = []
    with Session(host, choose("linux", names or None)) as session:
        session.sample()
        while host.turn():
            session.sample()
            if session.last_step:
                found.append(session.last_step)
    return found


def rows(host: PaperHost) -> list[Usage]:
    """What a daemon would have written."""
    kept: list[Usage] = []

    class Sink:
        def append(self, rows: object) -> None:
            assert isinstance(rows, list)
            kept.extend(rows)  # pyright: ignore[reportUnknownArgumentType]

    with Session(host, choose("linux", None), name="a") as session:
        Daemon(session, Sink(), tell=fail).run()
    return kept


def fail(error: SobrietyError) -> None:
    raise AssertionError(error)


def test_a_laptop_with_everything(paper: Paper) -> None:
    first, second = steps(paper("laptop_with_rapl_and_battery"))
    assert first.observed == (
        "cpu", "memory", "disk", "network", "package", "core", "uncore", "psys", "battery",
    )  # fmt: skip
    assert first.measures == pytest.approx(
        {
            "cpu_busy_s": 20,
            "cpu_capacity_s": 40,
            "util_sqrt_s": 5 * 0.5**0.5,
            "util_s": 2.5,
            "util_cubed_s": 0.625,
            "memory_used_bs": 8_000_000 * 1024 * 5,
            "disk_read_b": 100 * 512,  # of the disk, not of its partition and the volume on it too
            "disk_written_b": 300 * 512,
            "network_received_b": 5000,  # of the card, not of the loopback and the bridge
            "network_sent_b": 6000,
            "package_j": 100,  # once, though the mmio tree shows it again
            "core_j": 40,
            "uncore_j": 1,
            "psys_j": 150,
            "battery_j": 60,  # 12 W, and not the mouse's half watt
        }
    )
    assert second.measures["memory_used_bs"] == pytest.approx(9_000_000 * 1024 * 5)  # the mean


def test_a_battery_on_mains_says_nothing(paper: Paper) -> None:
    for step in steps(paper("battery_on_ac")):
        assert "battery" not in step.observed
        assert "battery_j" not in step.measures


def test_two_sockets_add_up(paper: Paper) -> None:
    (step,) = steps(paper("server_two_sockets"))
    assert step.measures["package_j"] == pytest.approx(1000)
    assert step.measures["dram_j"] == pytest.approx(100)
    assert step.measures["cpu_busy_s"] == pytest.approx(10)
    assert step.measures["cpu_capacity_s"] == pytest.approx(40)
    assert step.measures["util_s"] == pytest.approx(1.25)
    assert step.measures["network_received_b"] == 2000  # the two cards, not their bond
    assert step.measures["disk_written_b"] == 10 * 512


def test_a_counter_that_wraps_is_exact_and_one_that_resets_is_a_gap(paper: Paper) -> None:
    seen = [s.measures.get("package_j") for s in steps(paper("counter_wraps"))]
    assert seen == [pytest.approx(150), pytest.approx(150), None, pytest.approx(150)]


def test_counters_that_fall_are_gaps(paper: Paper) -> None:
    first, second, third = steps(paper("counter_resets"))
    assert ("cpu" in first.observed, "network" in first.observed) == (True, False)
    assert ("cpu" in second.observed, "network" in second.observed) == (False, True)
    assert "cpu" in third.observed
    assert third.measures["network_received_b"] == 1000


def test_a_processor_that_is_unplugged_halves_capacity_only(paper: Paper) -> None:
    all_four, unplugging, two = steps(paper("cpu_unplugged"))
    assert all_four.measures["cpu_capacity_s"] == pytest.approx(20)
    assert unplugging.measures["cpu_capacity_s"] == pytest.approx(10)
    assert two.measures["cpu_capacity_s"] == pytest.approx(10)
    assert [s.measures["util_s"] for s in (all_four, unplugging, two)] == [2.5, 1.25, 1.25]


def test_forbidden_rapl_is_told_with_the_command_and_nothing_else_is_lost(paper: Paper) -> None:
    with Session(paper("rapl_forbidden"), choose("linux", None)) as session:
        refusal = session.refusals["rapl"]
        assert isinstance(refusal, NotPermitted)
        assert refusal.hint == "sudo chmod a+r /sys/class/powercap/intel-rapl:*/*_uj"
        assert isinstance(session.refusals["battery"], NotSupported)
    (step,) = steps(paper("rapl_forbidden"))
    assert step.observed == ("cpu", "memory")


def test_sleep_is_a_row_and_no_energy_crosses_it(paper: Paper) -> None:
    before, *asleep, waking, after = rows(paper("laptop_sleeps"))
    assert [r.state for r in (before, waking, after)] == ["on", "on", "on"]
    assert [r.duration_s for r in (before, waking, after)] == [5, 5, 5]
    assert {(r.state, r.covered_s) for r in asleep} == {("asleep", 0)}
    assert sum(r.duration_s for r in asleep) == 28_800
    assert before.measures["package_j"] == pytest.approx(50)
    assert "package_j" not in waking.measures  # the counter began anew
    assert waking.measures["cpu_busy_s"] == pytest.approx(4)
    assert after.measures["package_j"] == pytest.approx(50)


def test_another_boot_is_not_a_jump(paper: Paper) -> None:
    seen = steps(paper("reboot"))
    assert [s.measures["package_j"] for s in seen] == [pytest.approx(50), pytest.approx(50)]
    assert [s.duration_s for s in seen] == [5, 5]


def test_a_sensor_that_breaks_is_told_once_and_never_zero(paper: Paper) -> None:
    told: list[type] = []
    host = paper("sensor_breaks")
    seen: list[float | None] = []
    with Session(
        host, choose("linux", ["cpu", "rapl"]), tell=lambda _, error: told.append(type(error))
    ) as session:
        session.sample()
        while host.turn():
            session.sample()
            assert session.last_step and "cpu" in session.last_step.observed
            seen.append(session.last_step.measures.get("package_j"))
    assert seen == [pytest.approx(100), None, None, pytest.approx(100)]
    assert told == [ReadError, Answers]


def test_a_row_ends_where_a_sensor_breaks_and_where_it_answers_again(paper: Paper) -> None:
    kept = rows(paper("sensor_breaks"))
    seen = [("package" in row.observed, row.duration_s) for row in kept]
    assert seen == [(True, 5), (False, 10), (True, 5)]
    joules = [row.measures.get("package_j") for row in kept]
    assert joules == [pytest.approx(100), None, pytest.approx(100)]
    assert all("cpu" in row.observed and row.covered_s == row.duration_s for row in kept)


def test_a_container_has_what_proc_gives(paper: Paper) -> None:
    (step,) = steps(paper("container_without_sys"))
    assert step.observed == ("cpu", "memory", "network")
    assert step.measures["network_received_b"] == 200  # all but the loopback


def test_a_virtual_machine_without_sensors(paper: Paper) -> None:
    for step in steps(paper("vm_without_sensor")):
        assert {"cpu", "memory", "disk", "network"} <= set(step.observed)
        assert not any(name.endswith("_j") for name in step.measures)
        assert 0 < step.measures["cpu_capacity_s"] <= 2 * (step.duration_s + 0.05)


def test_a_platform_counter_that_never_counts_is_unknown_and_not_zero() -> None:
    zone = "/sys/class/powercap/intel-rapl:1"
    head = "== machine system=linux\n"
    moments = "".join(
        f"== moment wall_ns={i}000000000 monotonic_ns={i}000000000 boottime_ns={i}000000000\n"
        f"-- {zone}/name\npsys\n-- {zone}/max_energy_range_uj\n262143328850\n"
        f"-- {zone}/energy_uj\n0\n"
        for i in (1, 2, 3)
    )
    for step in steps(PaperHost.parse(head + moments), "rapl"):
        assert step.observed == ()


def test_a_disk_exchanged_for_another_is_seen_though_their_number_stays(paper: Paper) -> None:
    disk = "-- /proc/diskstats\n 8 0 {} 1 0 {} 1 1 0 0 1 0 1 1 0\n"
    clock = "== moment wall_ns={0} monotonic_ns={0} boottime_ns={0}\n"
    page = "== machine system=linux\n"
    for i, (name, sectors) in enumerate([("sda", 10), ("sda", 20), ("sdb", 500), ("sdb", 530)]):
        page += clock.format(i * 10**9) + f"-- /sys/block/{name}/device !folder\n"
        page += disk.format(name, sectors)
    seen = [s.measures.get("disk_read_b") for s in steps(PaperHost.parse(page), "disk")]
    assert seen == [10 * 512, None, 30 * 512]
