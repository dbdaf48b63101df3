"""sd_notify against a real datagram socket."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from sobriety.service.notify import Notify

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="systemd's")


@pytest.mark.parametrize("abstract", [False, True])
def test_what_is_sent_arrives(tmp_path: Path, abstract: bool) -> None:
    name = f"@sobriety-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + name[1:] if abstract else name)
        manager.settimeout(5)
        Notify({"NOTIFY_SOCKET": name}).send("READY=1", "STATUS=watching")
        assert manager.recv(1000) == b"READY=1\nSTATUS=watching"


def test_a_manager_that_reads_nothing_does_not_hold_us_up(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            other.setblocking(False)
            with pytest.raises(BlockingIOError):
                while True:
                    other.sendto(b"full", str(tmp_path / "notify"))
        Notify({"NOTIFY_SOCKET": str(tmp_path / "notify")}).send("WATCHDOG=1")


def test_nobody_listening_is_no_failure(tmp_path: Path) -> None:
    Notify({}).send("READY=1")
    Notify({"NOTIFY_SOCKET": str(tmp_path / "gone")}).send("READY=1")


def test_the_watchdog_is_fed_twice_as_often_and_only_by_whom_it_watches() -> None:
    assert Notify({"WATCHDOG_USEC": "30000000"}).watchdog_s == 15
    assert Notify({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}).watchdog_s is None
    assert Notify({"WATCHDOG_USEC": "soon"}).watchdog_s is None
    assert Notify({}).watchdog_s is None
