"""A page says what a machine said, and where it is written wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest

from sobriety.core.errors import ConfigError, NotPermitted, NotSupported, ReadError
from sobriety.core.host import Instant
from sobriety.core.paper import Moment, PaperHost

MACHINES = sorted((Path(__file__).parent.parent / "machines").glob("*.txt"))
HEAD = "== machine system=linux\n== moment wall_ns=1 monotonic_ns=2 boottime_ns=3 boot_id=x\n"


@pytest.mark.parametrize("path", MACHINES, ids=lambda p: p.stem)
def test_every_recorded_machine_survives_a_round_trip(path: Path) -> None:
    host = PaperHost.parse(path.read_text(encoding="utf-8"))
    again = PaperHost.parse(host.dump("note"))
    assert again.dump("note") == host.dump("note")
    assert [m.instant for m in again.moments] == [m.instant for m in host.moments]


@pytest.mark.parametrize("path", MACHINES, ids=lambda p: p.stem)
def test_every_recorded_machine_says_where_it_is_from(path: Path) -> None:
    head = path.read_text(encoding="utf-8").split("\n==")[0]
    assert "captured by sobriety" in head or "Written by hand after" in head


def test_marks() -> None:
    host = PaperHost.parse(
        HEAD
        + "-- /a !forbidden\n-- /b !broken\n-- /c\nonce\n-- /d !folder\n"
        + "== moment wall_ns=2 monotonic_ns=3 boottime_ns=4\n-- /c !gone\n-- /a\nopen now\n"
    )
    assert host.now() == Instant(1, 2, 3, "x")
    with pytest.raises(NotPermitted):
        host.text("/a")
    with pytest.raises(ReadError):
        host.watch("/b")
    with pytest.raises(NotSupported):
        host.text("/nowhere")
    kept = host.watch("/c")
    assert kept.read() == b"once\n"
    assert host.glob("/*") == ["/a", "/b", "/c", "/d"]
    assert host.turn()
    with pytest.raises(ReadError):
        kept.read()  # as a descriptor of a file that went
    assert host.text("/a") == "open now"
    assert host.glob("/*") == ["/a", "/b", "/d"]
    assert not host.turn()


def test_lines_that_look_like_ours_are_kept() -> None:
    content = "-- /not/a/file\n== moment of truth\n\\backslash\n\nend\n"
    page = PaperHost("linux", [Moment(Instant(0, 0, 0), {"/odd": content})])
    assert PaperHost.parse(page.dump()).watch("/odd").read().decode() == content


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no '== machine' line"),
        ("== machine system=linux\n", "at least one moment"),
        ("== machine system=linux\n-- /a\n", "line 2: a file before the first moment"),
        (HEAD + "-- /a !locked\n", "line 3: unknown mark 'locked'"),
        (HEAD + "== memory\n", "line 3: 'memory' is neither machine nor moment"),
        (
            "== machine system=linux\n== moment wall_ns=1\n",
            "line 2: the moment has no monotonic_ns",
        ),
        (
            "== machine system=linux\n== moment wall_ns=noon monotonic_ns=1 boottime_ns=1\n",
            "line 2: a clock is not a whole number",
        ),
    ],
)
def test_what_is_written_wrongly_is_told_with_its_line(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        PaperHost.parse(text)
    assert said in error.value.message
