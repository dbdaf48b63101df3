"""Which interfaces count, also while they come, go and are named anew."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sobriety.core.counting.difference import Step
from sobriety.core.paper import PaperHost

Write = Callable[..., PaperHost]
Watch = Callable[..., list[Step]]
HEAD = "Inter-|   Receive   |  Transmit\n face |bytes packets errs drop fifo frame compressed\n"


def counts(**bytes_of: tuple[int, int]) -> dict[str, str]:
    """/proc/net/dev: bytes received and sent per interface."""
    lines = [
        f"{name:>6}: {received} 1 0 0 0 0 0 0 {sent} 1 0 0 0 0 0 0\n"
        for name, (received, sent) in bytes_of.items()
    ]
    return {"/proc/net/dev": HEAD + "".join(lines)}


def card(name: str, there: bool = True) -> dict[str, str]:
    return {f"/sys/class/net/{name}/device": "!folder" if there else "!gone"}


def test_a_card_named_anew_while_the_machine_starts(machine: Write, steps: Watch) -> None:
    """As many lines as before: eth0 became enp3s0 after the first sample."""
    host = machine(
        counts(lo=(1, 1), eth0=(100, 10)) | card("eth0"),
        counts(lo=(2, 2), enp3s0=(200, 20)) | card("eth0", there=False) | card("enp3s0"),
        counts(lo=(3, 3), enp3s0=(250, 25)),
    )
    renamed, after = steps(host, "network")
    assert "network" not in renamed.observed
    assert (after.measures["network_received_b"], after.measures["network_sent_b"]) == (50, 5)


def test_a_card_that_is_pulled_out_leaves_no_bridge_in_its_place(
    machine: Write, steps: Watch
) -> None:
    host = machine(
        counts(lo=(0, 0), usb0=(0, 0), docker0=(0, 0)) | card("usb0"),
        counts(lo=(0, 0), usb0=(70, 7), docker0=(999, 999)),
        counts(lo=(0, 0), docker0=(9999, 9999)) | card("usb0", there=False),
        counts(lo=(0, 0), docker0=(99999, 99999)),
        counts(lo=(0, 0), usb0=(1, 1), docker0=(99999, 99999)) | card("usb0"),
        counts(lo=(0, 0), usb0=(5, 2), docker0=(99999, 99999)),
    )
    received = [step.measures.get("network_received_b") for step in steps(host, "network")]
    assert received == [70, None, None, None, 4]


def test_where_nothing_has_a_device_all_but_the_loopback_count(
    machine: Write, steps: Watch
) -> None:
    host = machine(
        counts(lo=(0, 0), eth0=(0, 0), tap1=(5, 5)),
        counts(lo=(900, 900), eth0=(20, 30), tap1=(6, 7)),
    )
    (step,) = steps(host, "network")
    assert (step.measures["network_received_b"], step.measures["network_sent_b"]) == (21, 32)


def test_an_alias_with_a_colon_in_its_name(machine: Write, steps: Watch) -> None:
    name = "eth0:1"
    host = machine(counts(**{name: (1, 1)}) | card(name), counts(**{name: (4, 2)}))
    (step,) = steps(host, "network")
    assert step.measures["network_received_b"] == 3


def test_through_a_mount_the_hosts_cards_are_seen_and_not_our_own(tmp_path: Path) -> None:
    """A container with a network of its own, looking at its host by --root."""
    for name in ("proc", "sys"):
        (tmp_path / name).symlink_to(f"/{name}")
    looking = (
        "from sobriety.collectors import Network\n"
        "from sobriety.core.host import LocalHost\n"
        "for root in ('/', sys.argv[1]):\n"
        "    network = Network()\n"
        "    network.open(LocalHost(root))\n"
        "    print(sum(r.value for r in network.read()))\n"
    )
    command = ["unshare", "--net", sys.executable, "-c", f"import sys\n{looking}", str(tmp_path)]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    except FileNotFoundError:
        pytest.skip("no unshare")
    if "unshare" in ran.stderr:
        pytest.skip("no network namespace for this user")
    own, hosts = ran.stdout.split()
    assert float(own) == 0
    assert float(hosts) > 0
