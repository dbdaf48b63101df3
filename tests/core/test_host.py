"""The door to this machine, and to one mounted elsewhere."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from sobriety.core.errors import ConfigError, NotPermitted, NotSupported, ReadError
from sobriety.core.host import LocalHost, explain
from sobriety.core.units import NS_PER_S


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A place whose name a glob would take for a pattern."""
    place = tmp_path / "odd [name]"
    place.mkdir()
    return place


def test_a_place_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no folder .*nowhere"):
        LocalHost(str(tmp_path / "nowhere"))


@pytest.mark.skipif(sys.platform == "win32", reason="no colons in names")
def test_files_and_globs_are_those_below_the_root(folder: Path) -> None:
    (folder / "sys" / "a:0").mkdir(parents=True)
    (folder / "sys" / "a:1").mkdir()
    (folder / "sys" / "a:0" / "name").write_text(" package-0\n")
    host = LocalHost(f"{folder}/")
    assert host.text("/sys/a:0/name") == "package-0"
    assert host.glob("/sys/a:*") == ["/sys/a:0", "/sys/a:1"]
    assert host.glob("/proc/*") == []
    assert not host.is_here
    assert LocalHost().is_here


@pytest.mark.skipif(sys.platform == "win32", reason="a folder is forbidden there")
def test_what_is_not_a_file_is_not_supported(folder: Path) -> None:
    (folder / "sys").mkdir()
    host = LocalHost(str(folder))
    for path in ("/sys", "/sys/none", "/none/deeper"):
        with pytest.raises(NotSupported, match=path):
            host.text(path)
    with pytest.raises(NotSupported):
        host.watch("/sys/none")


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.EACCES, NotPermitted),
        (errno.EPERM, NotPermitted),
        (errno.ENOENT, NotSupported),
        (errno.ENODEV, NotSupported),
        (errno.EIO, ReadError),
        (errno.ENODATA, ReadError),
    ],
)
def test_what_the_system_refuses_is_explained(number: int, kind: type[Exception]) -> None:
    error = explain(OSError(number, os.strerror(number)), "/sys/file")
    assert type(error) is kind
    assert "/sys/file" in error.message
    assert error.hint == ("sudo chmod a+r /sys/file" if kind is NotPermitted else None)


@pytest.mark.skipif(sys.platform == "win32", reason="no modes")
def test_a_file_that_is_closed_to_us() -> None:
    """As RAPL is: the folder is open to everybody and the file to root. Root looks as nobody."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o755)
        for file, mode in (("name", 0o444), ("energy_uj", 0)):
            (place / file).write_text("1")
            (place / file).chmod(mode)
        host, me = LocalHost(name), os.geteuid()
        if me == 0:
            os.seteuid(65534)
        try:
            assert host.text("/name") == "1"
            with pytest.raises(NotPermitted) as refusal:
                host.watch("/energy_uj")
        finally:
            os.seteuid(me)
        assert refusal.value.hint == "sudo chmod a+r /energy_uj"


def test_a_kept_open_file_is_read_anew_however_long_it_grows(folder: Path) -> None:
    file = folder / "stat"
    watched = None
    for size in (0, 10, 4095, 4096, 4097, 100_000, 5):
        file.write_bytes(b"x" * size)
        watched = watched or LocalHost(str(folder)).watch("/stat")
        assert len(watched.read()) == size
    assert watched
    watched.close()
    watched.close()
    with pytest.raises(ReadError, match="/stat does not answer any more"):
        watched.read()


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_a_kept_open_file_of_proc_is_read_to_its_end() -> None:
    """The kernel gives such a file a page at a time. One that stays as it is: every symbol's name
    is a line, thousands of them."""
    path = "/proc/kallsyms"
    whole = Path(path).read_bytes()
    assert len(whole) > 100_000
    watched = LocalHost().watch(path)
    try:
        assert watched.read() == whole
        assert watched.read() == whole
    finally:
        watched.close()


def test_waiting_goes_on_until_its_time_and_ends_when_woken() -> None:
    host = LocalHost()
    begun_ns = time.monotonic_ns()
    assert host.sleep_until(begun_ns + NS_PER_S // 50)
    assert time.monotonic_ns() - begun_ns >= NS_PER_S // 50
    assert host.sleep_until(begun_ns)  # already past
    threading.Timer(0.02, host.wake).start()
    assert not host.sleep_until(time.monotonic_ns() + 60 * NS_PER_S)
    assert time.monotonic_ns() - begun_ns < 30 * NS_PER_S
    host.wake()
    host.wake()
    assert not host.sleep_until(time.monotonic_ns() + 60 * NS_PER_S)


def test_clocks_go_forward_together() -> None:
    host = LocalHost()
    first, second = host.now(), host.now()
    assert second.monotonic_ns >= first.monotonic_ns
    assert second.boottime_ns >= second.monotonic_ns or sys.platform != "linux"
    assert abs(first.wall_ns - time.time_ns()) < 60 * NS_PER_S
    assert first.boot_id == second.boot_id
    assert first.boot_id or sys.platform != "linux"
