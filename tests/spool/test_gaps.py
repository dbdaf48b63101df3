"""Time between two runs: every second is in a row, and nothing is claimed that nobody saw."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sobriety.core.host import Instant
from sobriety.core.units import NS_PER_S
from sobriety.core.usage import Usage
from sobriety.spool.gaps import WORTH_TELLING_S, Seen, gap, seen_until

END = Instant(1_764_000_000 * NS_PER_S, 500 * NS_PER_S, 600 * NS_PER_S, "boot-1")
LENGTH_NS = st.integers(0, 400 * 86_400 * NS_PER_S)


def later(awake_s: float, asleep_s: float = 0.0, set_s: float = 0.0) -> Instant:
    awake_ns, asleep_ns = int(awake_s * NS_PER_S), int(asleep_s * NS_PER_S)
    return Instant(
        END.wall_ns + awake_ns + asleep_ns + int(set_s * NS_PER_S),
        END.monotonic_ns + awake_ns,
        END.boottime_ns + awake_ns + asleep_ns,
        END.boot_id,
    )


def shape(rows: list[Usage]) -> list[tuple[str, float]]:
    return [(row.state, row.duration_s) for row in rows]


def test_within_a_boot_sleep_is_told_from_an_agent_that_was_dead() -> None:
    assert shape(gap(Seen("a", END), later(40))) == [("unobserved", 40)]
    slept = gap(Seen("a", END), later(40, 3600))  # cut at the hour
    assert shape(slept) == [("unobserved", 40), ("asleep", 3560), ("asleep", 40)]


def test_a_clock_that_was_set_changes_no_duration() -> None:
    for set_s in (-3600, 86_400):
        assert shape(gap(Seen("a", END), later(40, set_s=set_s))) == [("unobserved", 40)]


def test_another_boot_is_split_at_the_boot_and_never_called_off() -> None:
    now = Instant(END.wall_ns + 1000 * NS_PER_S, 90 * NS_PER_S, 90 * NS_PER_S, "boot-2")
    assert shape(gap(Seen("a", END), now)) == [("unobserved", 910), ("unobserved", 90)]


def test_a_clock_set_back_across_a_boot_gives_nothing_rather_than_a_negative() -> None:
    assert gap(Seen("a", END), END._replace(wall_ns=END.wall_ns - 9, boot_id="boot-2")) == []


@given(awake_ns=LENGTH_NS, asleep_ns=LENGTH_NS, same=st.booleans(), up_ns=LENGTH_NS)
def test_rows_touch_and_add_up(awake_ns: int, asleep_ns: int, same: bool, up_ns: int) -> None:
    whole_ns = awake_ns + asleep_ns
    now = Instant(
        END.wall_ns + whole_ns,
        END.monotonic_ns + awake_ns if same else up_ns,
        END.boottime_ns + whole_ns if same else up_ns,
        "boot-1" if same else "boot-2",
    )
    rows = gap(Seen("a", END), now)
    if whole_ns < WORTH_TELLING_S * NS_PER_S:
        assert rows == []
        return
    assert sum(row.duration_s for row in rows) == pytest.approx(whole_ns / NS_PER_S)
    at_ns = END.wall_ns
    for row in rows:
        assert row.start_ns == pytest.approx(at_ns, abs=1000)
        assert row.duration_s > 0 and row.covered_s == 0 and not row.measures
        assert row.state in ("unobserved", "asleep") and row.host == "a"
        at_ns += round(row.duration_s * NS_PER_S)


def test_the_end_of_a_row_is_known_on_every_clock() -> None:
    row = Usage("a", END.wall_ns - 60 * NS_PER_S, 55.0, 55.0)
    assert seen_until(row, END).at == Instant(
        END.wall_ns - 5 * NS_PER_S, 495 * NS_PER_S, 595 * NS_PER_S, "boot-1"
    )
