"""Services, what they count, and machines that two of them claim."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sobriety.core.errors import ConfigError
from sobriety.core.period import choose
from sobriety.core.text import Text
from sobriety.declared.overlaps import can_both_match, overlaps
from sobriety.declared.services import Service, read_services, units_in
from sobriety.declared.units import Units, Unknown

DOCS = Path(__file__).parent.parent.parent / "docs"
HEAD = '[[service]]\nid = "a"\nhosts = "web-1"\nunit = { id = "page", en = "page" }\n'


def one(tmp_path: Path, rest: str) -> Service:
    path = tmp_path / "services.toml"
    path.write_text(HEAD + rest, encoding="utf-8")
    return read_services(path)["a"]


def test_counts_of_the_example() -> None:
    catalogue = read_services(DOCS / "services.example.toml")["catalogue"]
    assert units_in(catalogue, "2026-05") == Units(79_900, "declared")
    assert units_in(catalogue, "2026-Q2") == Units(81_250 + 79_900 + 70_410, "declared")
    assert units_in(catalogue, "2026-Q3") == Units(214_300, "declared")
    half = choose(start="2026-04-01", end="2026-09-30", timezone="America/Montreal")
    assert half and units_in(catalogue, half) == Units(445_860, "declared")


def test_what_nobody_counted_is_unknown() -> None:
    catalogue = read_services(DOCS / "services.example.toml")["catalogue"]
    assert units_in(catalogue, "2026") == Unknown("no count for 2026-01")
    assert isinstance(units_in(catalogue, "2026-08"), Unknown)  # of a quarter that is known
    part = choose(start="2026-04-01", end="2026-04-15")
    assert part and isinstance(units_in(catalogue, part), Unknown)
    assert isinstance(units_in(Service("x", Text("x", "x"), ("h",)), "2026"), Unknown)


def test_a_count_of_zero_is_a_count(tmp_path: Path) -> None:
    assert units_in(one(tmp_path, 'units = { "2026-07" = 0 }'), "2026-07") == Units(0, "declared")


def test_units_from_a_file_beside_it(tmp_path: Path) -> None:
    (tmp_path / "units.csv").write_text(
        "service;period;count\na;2026-07;5\nb;2026-07;9\na;2026-08;6\n"
    )
    service = one(tmp_path, 'units_file = "units.csv"\nunits = { "2026-09" = 1 }')
    assert units_in(service, "2026-Q3") == Units(12, "declared")


def test_units_from_an_access_log_are_known_for_whole_months_only(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_text(
        "".join(
            f'- - - [{n:02}/Sep/2026:10:00:00 +0000] "GET / HTTP/2" 200 5\n' for n in range(1, 31)
        )
    )
    service = one(tmp_path, 'access_log = "x.log"')
    assert units_in(service, "2026-09") == Units(30, "counted in the access log")
    assert isinstance(units_in(service, "2026-Q3"), Unknown)


def test_every_wrong_entry_of_services_is_told(tmp_path: Path) -> None:
    (tmp_path / "units.csv").write_text("period,count\n2026-13,5\n2026-01,-1\n2026-02,7\n")
    path = tmp_path / "services.toml"
    path.write_text(
        """[[service]]
id = "a"
workload = "service:x"
share = 2
units_file = "units.csv"
[service.units]
"2026-02" = 8
"2026-Q5" = 1
"2026-Q3" = 10
"2026-07" = 1
"2026-08" = 1
"2026-09" = 1
[[service]]
id = "b"
hosts = []
workloads = "nginx"
access_log = { path = "x", statuses = [7] }
""",
        encoding="utf-8",
    )
    with pytest.raises(ConfigError) as told:
        read_services(path)
    said = str(told.value).splitlines()
    for line, word in (
        (1, "no hosts"), (3, "'workloads'"), (4, "share"), (5, "row 2"), (5, "row 3"),
        (5, "units 8"), (8, "2026-Q5"), (6, "add up to 3"), (15, "at least one"),
        (16, "kind:name"), (17, "[7]"), (1, "say what one of it is"),
    ):  # fmt: skip
        assert any(f"line {line}," in o and word in o for o in said), (line, word, said)


def services(
    *claims: tuple[str, tuple[str, ...], tuple[str, ...], float | None],
) -> dict[str, Service]:
    return {c[0]: Service(c[0], Text(c[0], c[0]), c[1], c[2], c[3]) for c in claims}


def test_a_machine_in_two_services_is_told() -> None:
    twice = services(("a", ("web-1",), (), None), ("b", ("web-*",), (), None))
    (found,) = overlaps(twice)
    assert found.services == ("a", "b") and found.where == "web-1"
    patterns = services(("a", ("*-1",), (), None), ("b", ("web-*",), (), 0.5))
    assert "*-1" in overlaps(patterns)[0].says
    assert overlaps(patterns, ["web-1", "web-2"])[0].where == "web-1"


def test_shares_and_workloads_part_a_machine() -> None:
    assert not overlaps(services(("a", ("w",), (), 0.5), ("b", ("w",), (), 0.5)))
    (over,) = overlaps(services(("a", ("w",), (), 0.5), ("b", ("w",), (), 0.6)))
    assert over.share == pytest.approx(1.1)
    parted = (("a", ("w",), ("service:x",), None), ("b", ("w",), ("service:y*",), None))
    assert not overlaps(services(*parted))
    assert overlaps(services(*parted, ("c", ("w",), (), None)))


signs = st.text("ab*?", max_size=6)


@given(signs, signs, st.text("ab", max_size=6))
def test_patterns_that_a_name_matches_can_both_match(one: str, other: str, name: str) -> None:
    if fnmatchcase(name, one) and fnmatchcase(name, other):
        assert can_both_match(one, other)
    if not set(one) & set("*?"):
        assert can_both_match(one, other) == fnmatchcase(one, other)
