"""Writes the tables of docs/accuracy.md from docs/accuracy.json, without the data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from tools.reference import HERE

Figures = Mapping[str, Any]

FACTS = {"tdp_w": "TDP", "hw_year": "year", "series": "series", "ghz": "clock",
         "memory_gb": "memory", "maker": "maker"}  # fmt: skip
BEST = "tdp_w hw_year ghz memory_gb maker"
SHOWN = (
    BEST, "tdp_w hw_year ghz memory_gb", "tdp_w series ghz memory_gb maker",
    "tdp_w series ghz memory_gb", "tdp_w hw_year", "tdp_w series", "series ghz memory_gb",
    "hw_year ghz memory_gb", "hw_year", "series", "tdp_w", "memory_gb", "",
)  # fmt: skip
"""Of the 48 sets of facts, those that people have."""


class Gate(NamedTuple):
    """What is wanted, at least and at best, and what was reached."""

    what: str
    gate: str
    aim: str
    reached: str
    meets: str


def figures() -> Figures:
    found: Figures = json.loads((HERE / "docs" / "accuracy.json").read_text(encoding="utf-8"))
    return found


def gates(found: Figures) -> str:
    rows = [Gate("", "at least", "at best", "reached", ""), *_gates(found)]
    return _aligned(rows)


def gate_table() -> str:
    head = ("what we want of it", "at least", "at best", "reached", "")
    return markdown(head, _gates(figures()))


def _gates(found: Figures) -> list[Gate]:
    servers, idle, making = found["servers"], found["idle"], found["making"]
    best, family, fleets = servers["known"][BEST], servers["family"], servers["fleets"]
    short_idle = found["terminals"]["states"]["short_idle_w"]
    names = found["names"]

    def at_most(what: str, *limits: tuple[float, float, float]) -> Gate:
        """Of (at least, at best, reached), in percent."""
        words = [" / ".join(f"≤ {limit[i]:g} %" for limit in limits) for i in (0, 1)]
        reached = " / ".join(percent(limit[2]) for limit in limits)
        meets = ("at best" if all(100 * r <= b for _, b, r in limits) else
                 "yes" if all(100 * r <= g for g, _, r in limits) else "no")  # fmt: skip
        return Gate(what, words[0], words[1], reached, meets)

    def within(what: str, low: float, high: float, reached: Sequence[float]) -> Gate:
        meets = "yes" if all(low <= 100 * r <= high for r in reached) else "no"
        said = " / ".join(percent(r) for r in reached)
        return Gate(what, f"{low:g} to {high:g} %", "", said, meets)

    bias = Gate("bias overall", "±6 %", "±3 %", f"{100 * best['bias']:+.1f} %",
                "at best" if abs(best["bias"]) <= 0.03 else
                "yes" if abs(best["bias"]) <= 0.06 else "no")  # fmt: skip
    return [
        at_most("server, unseen processor: mean / median error",
                (15, 12.5, best["mean"]), (11.5, 9, best["median"])),
        at_most("server idle, median", (20, 15, best["idle"])),
        at_most(f"idle as sold, {idle['rack and tower']['rows']:g} racks and towers, median",
                (30, 20, idle["rack and tower"]["median"])),
        at_most("idle as sold, chassis and blades too, median", (30, 20, idle["all"]["median"])),
        bias,
        at_most("a processor family unseen: mean / median",
                (19, 16, family["mean"]), (14, 12, family["median"])),
        at_most("terminals, short idle, median", (22, 17, short_idle)),
        within("90 % interval of unseen silicon: coverage", 86, 94, [servers["coverage"]]),
        at_most("  its mean width over the value", (80, 65, servers["width"])),
        within("90 % interval of a 50-server fleet: coverage", 86, 96,
               [held for held, _ in fleets.values()]),
        at_most("making, known line / new line: median",
                (11, 9, making["known line"]["all"]), (20, 16, making["new line"]["all"])),
        Gate("names of one processor that meet", "100 %", "", f"{names['met']} of {names['pairs']}",
             "yes" if names["met"] == names["pairs"] else "no"),
    ]  # fmt: skip


def known_table() -> str:
    known = figures()["servers"]["known"]
    head = ("known, besides chips, cores and threads", "mean error", "median", "bias",
            "median at 0 / 50 / 100 %")  # fmt: skip
    return markdown(head, ([_facts(k), *_error_cells(known[k])] for k in SHOWN))


def peer_table() -> str:
    servers = figures()["servers"]
    ours = {"this toolkit, all facts known": servers["known"][BEST],
            "this toolkit, the processor's name and no more": servers["known"]["series ghz"],
            "this toolkit, only chips, cores and threads": servers["known"][""]}  # fmt: skip
    rows = ([name, percent(e["covers"], 0), *_error_cells(e)]
            for name, e in {**ours, **servers["peers"]}.items())  # fmt: skip
    head = ("", "covers", "mean error", "median", "bias", "median at 0 / 50 / 100 %")
    return markdown(head, rows)


def fleet_table() -> str:
    rows = ([name, percent(held), percent(width)]
            for name, (held, width) in figures()["servers"]["fleets"].items())  # fmt: skip
    return markdown(("a fleet of 50", "total within its interval", "width over the value"), rows)


def reading_table() -> str:
    found = figures()["servers"]["read"]
    rows = ([read, percent(e["mean"]), percent(e["median"]), percent(e["covered"], 0),
             percent(e["width"], 0)] for read, e in found.items())  # fmt: skip
    head = ("read at the plug", "mean error at other loads", "median", "within the 90 % interval",
            "its median width")  # fmt: skip
    return markdown(head, rows)


def idle_table() -> str:
    rows = ([f"{name}, {e['rows']:g}", percent(e["median"]), percent(e["without_disks"]),
             percent(e["covered"], 0)] for name, e in figures()["idle"].items())  # fmt: skip
    head = ("servers of ENERGY STAR", "median error at idle", "disks not counted",
            "within the interval")  # fmt: skip
    return markdown(head, rows)


def terminal_table() -> str:
    kinds = figures()["terminals"]["kinds"]
    rows = ([kind, f"{e['rows']}", percent(e["median"], 0), percent(e["coverage"], 0),
             percent(e["width"], 0)] for kind, e in kinds.items())  # fmt: skip
    head = ("", "computers", "short idle, median", "within the 90 % interval", "its width")
    return markdown(head, rows)


def making_table() -> str:
    making = figures()["making"]
    kinds = ("all", "notebook", "desktop", "monitor")
    rows = ([scope, *(percent(making[scope][kind]) for kind in kinds)]
            for scope in ("known line", "new line", "new maker"))  # fmt: skip
    return markdown(("median error", *kinds), rows)


def _facts(known: str) -> str:
    return ", ".join(FACTS[f] for f in known.split()) or "nothing"


def _error_cells(error: Mapping[str, float]) -> list[str]:
    levels = " / ".join(f"{100 * error[n]:.0f}" for n in ("idle", "half", "full"))
    bias = f"{round(100 * error['bias']) + 0:+d} %".replace("-", "−")
    return [percent(error["mean"]), percent(error["median"]), bias, f"{levels} %"]


def percent(ratio: float, digits: int = 1) -> str:
    return f"{100 * ratio:.{digits}f} %"


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
