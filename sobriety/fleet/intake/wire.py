"""The gateway's protocol: types, limits, and rules for rows.

The types are made from `core.usage`, as every other form of a row is, and the gateway's OpenAPI
description is made from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_type_hints

import msgspec
from msgspec import Meta

from sobriety.core.errors import SobrietyError
from sobriety.core.machine import Machine, readings_of
from sobriety.core.units import NS_PER_S, S_PER_DAY
from sobriety.core.usage import (
    COLUMNS,
    GROUP_BY_NAME,
    KEY_NAMES,
    MEASURE_NAMES,
    broken_rule,
)
from sobriety.push.limits import MOST_AHEAD_S, MOST_PAST_S, MOST_ROWS

from .rows import HostRows, Values, parts_of

MOST_MACHINES = 10
MOST_CHARACTERS = 255
MOST_S = S_PER_DAY
MOST_J = 1e6 * S_PER_DAY
"""A megawatt for a day: no machine draws it."""
_Name = Annotated[str, Meta(min_length=1, max_length=MOST_CHARACTERS)]
_Group: Any = Literal[tuple(GROUP_BY_NAME)]  # those that there are
_Measure = Annotated[float, Meta(ge=0.0, le=1e18)]
_Joules = Annotated[float, Meta(ge=0.0, le=MOST_J)]
_Number = Annotated[int, Meta(ge=1, le=2**53)]
_Nanoseconds = Annotated[int, Meta(ge=0, le=2**62)]
_Seconds = Annotated[float, Meta(ge=0.0, le=MOST_S)]
SpoolId = Annotated[str, Meta(pattern="^[0-9a-f]{16}$", max_length=16)]  # `$` lets a newline follow

if TYPE_CHECKING:

    class Row(msgspec.Struct): ...

    class FactSheet(msgspec.Struct): ...

else:
    # A usage row with its number in the agent's spool. What was not observed is absent.
    Row = msgspec.defstruct(
        "Row",
        [
            ("id", _Number),
            ("host", _Name),
            ("kind", Literal["host", "service", "container", "pod", "process", "unattributed"]),
            ("name", Annotated[str, Meta(max_length=MOST_CHARACTERS)]),
            ("state", Literal["on", "asleep", "off", "unobserved"]),
            ("observed", Annotated[list[_Group], Meta(max_length=len(GROUP_BY_NAME))]),
            ("start_ns", _Nanoseconds),
            ("duration_s", _Seconds),
            ("covered_s", _Seconds),
            *((c.name, (_Joules if c.unit == "J" else _Measure) | None, None) for c in COLUMNS),
        ],
        forbid_unknown_fields=True,
        frozen=True,
        gc=False,
    )
    assert Row.__struct_fields__ == ("id", *KEY_NAMES, *MEASURE_NAMES)
    FactSheet = msgspec.defstruct(
        "FactSheet",
        [(f.name, get_type_hints(Machine)[f.name], None) for f in fields(Machine)
         if f.name != "host"],
        forbid_unknown_fields=True,
        frozen=True,
    )  # fmt: skip


class MachineFacts(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What was known of a machine from an instant on."""

    host: _Name
    at_ns: _Nanoseconds
    facts: FactSheet


class Batch(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Rows of one spool in the order of their numbers, and facts that are new."""

    spool: SpoolId
    rows: Annotated[list[Row], Meta(max_length=MOST_ROWS)]
    machines: Annotated[list[MachineFacts], Meta(max_length=MOST_MACHINES)] = []


class Taken(msgspec.Struct, frozen=True):
    """All rows of the batch are on the gateway's disk. `last_id` is the highest that it has of the
    spool, `new_rows` those that it had not."""

    spool: str
    last_id: int
    new_rows: int = 0


class Refusal(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why nothing was taken; `row` is the number of the first row at fault, and `last_row` that of
    the last where others right behind it are at fault too."""

    error: str
    hint: str | None = None
    row: int | None = None
    last_row: int | None = None
    column: str | None = None


class Refused(SobrietyError):
    """A batch that is not taken, with the status that says so to its agent."""

    def __init__(
        self,
        status: int,
        error: str,
        hint: str | None = None,
        *,
        row: int | None = None,
        last_row: int | None = None,
        column: str | None = None,
        retry_s: float | None = None,
    ) -> None:
        super().__init__(error, hint=hint)
        self.status, self.retry_s = status, retry_s
        self.row, self.last_row, self.column = row, last_row, column

    @property
    def body(self) -> Refusal:
        return Refusal(self.message, self.hint, self.row, self.last_row, self.column)


_decoder = msgspec.json.Decoder(Batch)
_NEWER = ("Object contains unknown field", "Invalid enum value")
"""As msgspec says it: what this version does not know, and a newer agent may."""


def decode(body: bytes | bytearray) -> Batch:
    """Raises Refused naming the place in the body."""
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at ")
        number, column = _place(body, place.strip("`"))
        if reason.startswith(_NEWER):  # no fault of the row's: it can be taken one day
            raise Refused(
                400, _lower(reason), "upgrade the gateway before its agents", column=column
            ) from None
        raise Refused(
            422 if number is not None else 400, _lower(reason), row=number, column=column
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(400, f"the body is not JSON: {error}") from None


def _place(body: bytes | bytearray, place: str) -> tuple[int | None, str | None]:
    """`$.rows[3].cpu_busy_s` as the row's own number and its column."""
    if not place.startswith("$.rows["):
        return None, place.removeprefix("$.") or None
    index, _, column = place.removeprefix("$.rows[").partition("]")
    try:  # what follows the place may be no JSON at all
        number = msgspec.json.decode(body)["rows"][int(index)]["id"]
    except (msgspec.DecodeError, ValueError, LookupError, TypeError, RecursionError):
        number = None
    return (number if isinstance(number, int) else None), column.lstrip(".") or None


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def checked(batch: Batch, now_ns: int) -> list[HostRows]:
    """Its rows by host, if all keep the rules. Raises Refused for the first that does not."""
    found: list[tuple[int, Values]] = []
    before = 0
    for row in batch.rows:
        number, *values = msgspec.structs.astuple(row)
        if number <= before:
            raise Refused(
                422, f"id {number} comes after {before}", "send rows in the order of their numbers",
                row=number, column="id",
            )  # fmt: skip
        before = number
        wrong = _wrong(values, now_ns)
        if wrong:
            column, why = wrong
            last = _last_wrong(batch.rows, len(found), column, now_ns)
            raise Refused(422, why, row=number, last_row=last, column=column)
        values[_OBSERVED] = " ".join(values[_OBSERVED])
        found.append((number, values))
    for machine in batch.machines:
        _check_machine(machine)
    return parts_of(found)


def _last_wrong(rows: Sequence[Any], first: int, column: str, now_ns: int) -> int | None:
    """The number of the last of several rows in a row that break a rule of a column; None where it
    is one. A clock that was wrong for a month made thousands: their agent need not ask for each."""
    last: int | None = None
    for row in rows[first + 1 :]:
        number, *values = msgspec.structs.astuple(row)
        wrong = _wrong(values, now_ns) if number > rows[first].id else None
        if wrong is None or wrong[0] != column:
            break
        last = number
    return last


_HOST, _KIND, _NAME, _STATE, _OBSERVED, _START = range(len(KEY_NAMES))
_DURATION = len(KEY_NAMES)
_FIRST = _DURATION + 2


def _wrong(values: list[Any], now_ns: int) -> tuple[str, str] | None:
    """The first column at fault and why."""
    host, kind, name, state = values[_HOST], values[_KIND], values[_NAME], values[_STATE]
    for column, text in (("host", host), ("name", name)):
        if not text.isprintable():
            return column, f"{column} has characters that cannot be printed: {text!r}"
    if (kind == "host") != (name == "") and kind != "unattributed":
        return "name", f"{name!r} is no name for a row of kind {kind}"
    start_ns = values[_START]
    if start_ns > now_ns + MOST_AHEAD_S * NS_PER_S:
        return "start_ns", f"start_ns is {start_ns}: more than a day ahead of the gateway's clock"
    if start_ns < now_ns - MOST_PAST_S * NS_PER_S:
        return "start_ns", f"start_ns is {start_ns}: more than three years ago"
    observed = tuple(values[_OBSERVED])
    there = tuple(value is not None for value in values[_FIRST:])
    if state != "on" and observed:
        return "observed", f"nothing can be observed of a machine that is {state}"
    if not _fits(observed, there, kind == "host"):
        return _misfit(observed, there, kind == "host")
    return broken_rule(dict(zip(MEASURE_NAMES, values[_DURATION:], strict=True)))


@lru_cache(maxsize=1024)  # an agent may make up as many as it likes
def _fits(observed: tuple[str, ...], there: tuple[bool, ...], is_host: bool) -> bool:
    """Whether the measures are those of the groups: all of a host's, some of a workload's."""
    pairs = [(c.group in observed, is_there) for c, is_there in zip(COLUMNS, there, strict=True)]
    if len(set(observed)) < len(observed):
        return False
    return all(a == b if is_host else a or not b for a, b in pairs)


def _misfit(observed: tuple[str, ...], there: tuple[bool, ...], is_host: bool) -> tuple[str, str]:
    for column, is_there in zip(COLUMNS, there, strict=True):
        if is_there and column.group not in observed:
            return column.name, f"{column.name} is there, and {column.group} was not observed"
        if is_host and not is_there and column.group in observed:
            return column.name, f"{column.name} is not there, and {column.group} was observed"
    return "observed", f"a group is named twice: {' '.join(observed)}"


def _check_machine(machine: MachineFacts) -> None:
    facts: dict[str, Any] = msgspec.structs.asdict(machine.facts)
    texts = [machine.host, *(v for v in facts.values() if isinstance(v, str))]
    for text in texts:
        if not text.isprintable() or len(text) > MOST_CHARACTERS:
            raise Refused(422, f"a fact of {machine.host!r} cannot be printed: {text!r}")
    numbers = {n: v for n, v in facts.items() if isinstance(v, int | float)}
    for name, value in numbers.items():
        if not 0 <= value <= 1e18:
            raise Refused(422, f"{name} of {machine.host!r} is {value:g}", column=name)
    try:
        readings_of(facts["readings"] or "")
    except ValueError as error:
        raise Refused(422, f"readings: {error}", column="readings") from None


def known_facts(machine: MachineFacts) -> dict[str, Any]:
    """As `spool.facts_of` gives them."""
    found: dict[str, Any] = msgspec.structs.asdict(machine.facts)
    return {name: found[name] for name in sorted(found) if found[name] is not None}
