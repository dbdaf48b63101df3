"""Which disks count, and that each counts once."""

from __future__ import annotations

from collections.abc import Callable

from sobriety.collectors import Disk, machine_facts
from sobriety.core.counting.difference import Step
from sobriety.core.paper import PaperHost

Write = Callable[..., PaperHost]
Watch = Callable[..., list[Step]]
HERE = "!folder"


def stats(**sectors: tuple[int, int]) -> dict[str, str]:
    """/proc/diskstats: sectors read and written per disk; `__` stands for a slash."""
    lines = [
        f" 259 {i} {name.replace('__', '/')} 1 0 {read} 5 1 0 {written} 9 0 4 14 0 0 0 0 0 0"
        for i, (name, (read, written)) in enumerate(sectors.items())
    ]
    return {"/proc/diskstats": "".join(line + "\n" for line in lines)}


def devices(*names: str) -> dict[str, str]:
    return {f"/sys/block/{name}/device": HERE for name in names}


def test_an_nvme_disk_whose_path_counts_for_it(machine: Write, steps: Watch) -> None:
    """The disk itself stays at 0 in many kernels."""
    host = machine(
        stats(nvme0c0n1=(0, 0), nvme0n1=(0, 0)) | devices("nvme0c0n1", "nvme0n1"),
        stats(nvme0c0n1=(10, 20), nvme0n1=(0, 0)),
    )
    (step,) = steps(host, "disk")
    assert (step.measures["disk_read_b"], step.measures["disk_written_b"]) == (10 * 512, 20 * 512)
    assert machine_facts(host).disks == 1


def test_an_nvme_disk_and_its_paths_count_once(machine: Write, steps: Watch) -> None:
    """Both count in newer kernels; a second path carries its own part."""
    host = machine(
        stats(nvme0c0n1=(0, 0), nvme0c1n1=(0, 0), nvme0n1=(0, 0), nvme1n1=(0, 0))
        | devices("nvme0c0n1", "nvme0c1n1", "nvme0n1", "nvme1n1"),
        stats(nvme0c0n1=(7, 0), nvme0c1n1=(3, 20), nvme0n1=(10, 20), nvme1n1=(1, 1)),
    )
    (step,) = steps(host, "disk")
    assert (step.measures["disk_read_b"], step.measures["disk_written_b"]) == (11 * 512, 21 * 512)
    assert machine_facts(host).disks == 2


def test_what_is_no_drive_of_its_own_draws_no_power(machine: Write) -> None:
    names = ("sda", "sr0", "fd0", "mmcblk0", "mmcblk0boot0", "mmcblk0boot1")
    assert machine_facts(machine(devices(*names))).disks == 2


def test_layers_above_disks_never_count(machine: Write, steps: Watch) -> None:
    def all_at(n: int) -> dict[str, str]:
        return stats(
            sda=(n, n), sda1=(n, n), loop0=(n, n), ram0=(n, n), zram0=(n, n), **{"dm-0": (n, n)},
            md127=(n, n), nbd0=(n, n),
        )  # fmt: skip

    host = machine(all_at(0) | devices("sda") | {"/sys/block/dm-0": HERE}, all_at(8))
    (step,) = steps(host, "disk")
    assert step.measures["disk_read_b"] == step.measures["disk_written_b"] == 8 * 512


def test_a_slash_in_a_name_is_found(machine: Write, steps: Watch) -> None:
    host = machine(stats(cciss__c0d0=(0, 0)) | devices("cciss!c0d0"), stats(cciss__c0d0=(2, 4)))
    (step,) = steps(host, "disk")
    assert step.measures["disk_written_b"] == 4 * 512


def test_a_stick_swapped_for_another_between_two_samples(machine: Write, steps: Watch) -> None:
    """As many lines as before, and other names."""
    host = machine(
        stats(sda=(0, 0), sdb=(500, 0)) | devices("sda", "sdb"),
        stats(sda=(1, 0), sdc=(90, 0)) | devices("sdc") | {"/sys/block/sdb/device": "!gone"},
        stats(sda=(2, 0), sdc=(97, 0)),
    )
    read_b = [step.measures["disk_read_b"] for step in steps(host, "disk")]
    assert read_b == [512, 8 * 512]


def test_a_disk_whose_counter_began_anew_is_a_gap(machine: Write, steps: Watch) -> None:
    host = machine(stats(sda=(9, 9)) | devices("sda"), stats(sda=(1, 10)), stats(sda=(2, 11)))
    first, second = steps(host, "disk")
    assert "disk" not in first.observed and "disk_written_b" not in first.measures
    assert second.measures["disk_written_b"] == 512


def test_a_machine_without_disks_has_none(machine: Write, steps: Watch) -> None:
    (step,) = steps(machine(stats(loop0=(0, 0)), stats(loop0=(9, 9))), "disk")
    assert step.observed == ()
    Disk().close()  # harmless, though it never opened
