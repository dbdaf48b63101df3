"""A page says what a machine said, and where it is written wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


lines = st.lists(
    st.one_of(
        st.sampled_from(["", "-- /a", "== moment", "\\", "\\-- /a", "# note", " -- "]),
        st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), max_size=8),
    ),
    max_size=5,
)
contents = lines.map(lambda parts: "".join(part + "\n" for part in parts))
said = st.one_of(contents, st.sampled_from(["!forbidden", "!broken", "!gone", "!folder"]))
pages = st.lists(st.dictionaries(st.sampled_from(["/a", "/b/c", "/d:0/e"]), said), min_size=1)


def outcome(host: PaperHost, path: str) -> str:
    """What a collector would see of a file."""
    try:
        return host.watch(path).read().decode()
    except (NotPermitted, NotSupported, ReadError) as error:
        return type(error).__name__


@given(pages)
def test_any_page_reads_as_it_was_written(written: list[dict[str, str]]) -> None:
    """Blank lines, marks that come and go, and lines that look like ours, whatever their order."""
    moments = [
        Moment(
            Instant(i, i, i, "x"),
            {path: text for path, text in files.items() if not text.startswith("!")},
            {path: text[1:] for path, text in files.items() if text.startswith("!")},
        )
        for i, files in enumerate(written)
        if not any(text.startswith("!") and "\n" in text for text in files.values())
    ] or [Moment(Instant(0, 0, 0))]
    before = PaperHost("linux", moments)
    after = PaperHost.parse(before.dump("any page"))
    while True:
        assert after.now() == before.now()
        assert after.glob("/*") == before.glob("/*")
        assert after.glob("/*/*") == before.glob("/*/*")
        for path in ("/a", "/b/c", "/d:0/e"):
            assert outcome(after, path) == outcome(before, path)
        if not before.turn():
            break
        assert after.turn()
    assert not after.turn()
