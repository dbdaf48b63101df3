"""Joules by function, of real programs and a real py-spy."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sobriety.core.errors import MissingExtra, NotPermitted, NotSupported
from sobriety.core.estimate import Estimate
from sobriety.core.method import STATED
from sobriety.profiling import functions
from sobriety.profiling.functions import (
    OUTSIDE,
    Frame,
    FunctionSampler,
    Stack,
    by_function,
    stacks_of,
    weighed,
)

ENERGY = Estimate("energy_j", 10.0, 5.0, 15.0, "modelled", STATED(text="a test"), ("nobody",))
PROGRAM = """
import pathlib, re, subprocess, sys, threading, time

def until_sampled():
    # py-spy stops a program for each sample; nothing else makes this loop give its processor up.
    path = pathlib.Path("/proc/self/task") / str(threading.get_native_id()) / "status"
    def stops():
        return int(re.search(r"^voluntary_ctxt_switches:\\s+(\\d+)", path.read_text(), re.M)[1])
    end = time.monotonic() + 60
    first = stops()
    while stops() < first + 5 and time.monotonic() < end:
        pass

def burn(cpu_s):
    end = time.thread_time() + cpu_s
    while time.thread_time() < end:
        pass

def twice():
    burn(0.8)

def once():
    burn(0.4)

def elsewhere():
    thread = threading.Thread(target=once)
    thread.start()
    thread.join()

def child():
    code = pathlib.Path(__file__).with_name("child.py")
    subprocess.run([sys.executable, "-S", code], check=True)

until_sampled()
twice()
elsewhere()
child()
"""

CHILD = (
    PROGRAM[: PROGRAM.index("def twice")]
    + """
def inner():
    end = time.thread_time() + 0.4
    while time.thread_time() < end:
        pass

until_sampled()
inner()
"""
)

frames = st.sampled_from([Frame(name, "a.py", line) for name in "abcd" for line in (1, 9)])
stacks = st.dictionaries(
    st.lists(frames, min_size=1, max_size=6).map(tuple), st.integers(1, 50), min_size=1
)


@pytest.fixture
def sampler() -> FunctionSampler:
    try:
        return FunctionSampler()
    except MissingExtra as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(error.message)


def watched(sampler: FunctionSampler, *command: str) -> None:
    with subprocess.Popen(command) as child:
        sampler.begin(child.pid)
        child.wait()
    sampler.end()


def test_a_function_that_works_twice_as_long_has_twice_the_joules(
    sampler: FunctionSampler, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text(PROGRAM)
    (tmp_path / "child.py").write_text(CHILD)
    watched(sampler, "sh", "-c", f"{sys.executable} {tmp_path / 'app.py'}; true")
    all_costs = by_function(sampler.weighed(0), ENERGY)
    costs = {cost.frame.name: cost for cost in all_costs}
    expected = {"twice": 0.5, "once": 0.25, "inner": 0.25}
    # A busy machine makes py-spy miss samples, of all functions alike: shares are less sharp.
    seen = sum(
        n for stack, n in sampler.stacks.items() if expected.keys() & {f.name for f in stack}
    )
    assert seen > 10
    whole = sum(costs[name].total_ratio for name in expected)
    for name, share in expected.items():
        doubt = 0.1 + 4 * math.sqrt(share * (1 - share) / seen)
        assert costs[name].total_ratio / whole == pytest.approx(share, abs=doubt), seen
    assert costs["burn"].own_ratio == pytest.approx(
        costs["twice"].total_ratio + costs["once"].total_ratio, abs=0.1
    )
    assert costs["twice"].frame.file.endswith("app.py")
    assert sum(cost.own.value for cost in all_costs) == pytest.approx(10.0)


@pytest.mark.parametrize("command", [("true",), ("sleep", "0.3")])
def test_what_is_no_python_says_so(sampler: FunctionSampler, command: tuple[str, ...]) -> None:
    with pytest.raises(NotSupported, match="no Python ran"):
        watched(sampler, *command)


def test_a_run_that_never_began_is_no_error(sampler: FunctionSampler) -> None:
    sampler.end()
    assert sampler.stacks == {}


@given(stacks, st.floats(0.01, 100))
def test_own_joules_add_up_to_the_energy(seen: dict[Stack, int], cpu_s: float) -> None:
    shares = weighed(seen, 100, cpu_s)
    assert sum(shares.values()) == pytest.approx(1)
    costs = by_function(shares, ENERGY)
    assert sum(c.own.value for c in costs) == pytest.approx(ENERGY.value)
    assert all(c.own.value <= c.total.value + 1e-12 <= ENERGY.value + 1e-9 for c in costs)
    outside = [c for c in costs if c.frame == OUTSIDE]
    assert bool(outside) == (sum(seen.values()) / 100 < cpu_s)


def test_who_calls_himself_counts_once_in_his_total() -> None:
    frame = Frame("again", "a.py", 1)
    (cost,) = by_function({(frame,) * 5: 1.0}, ENERGY)
    assert cost.total.value == cost.own.value == 10.0


def test_command_lines_of_processes_are_left_out() -> None:
    found = {
        "shared": {"frames": [{"name": "process 7:\"sh -c 'secret'\""}, {"name": "f", "line": 3}]},
        "profiles": [{"samples": [[0, 1], [0]]}],
    }
    assert stacks_of(found) == {(Frame("f", "", 3),): 1}


@pytest.mark.parametrize(
    ("said", "kind", "message"),
    [
        ("Error: Permission Denied: Try running again", NotPermitted, "may not look"),
        ("Error: Failed to find python version from target", NotSupported, "no Python ran"),
        ("Error: Failed to get process executable name", NotSupported, "no Python ran"),
        ("Error: a new one\nStack backtrace", NotSupported, "py-spy saw no function: a new one"),
    ],
)
def test_its_refusals_are_told(said: str, kind: type[Exception], message: str) -> None:
    error = functions.refusal(said)
    assert isinstance(error, kind) and message in error.message


def test_one_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stuck = tmp_path / "py-spy"
    stuck.write_text("#!/bin/sh\ntrap '' INT\nsleep 30 >/dev/null 2>&1\n")
    stuck.chmod(0o755)
    monkeypatch.setattr(functions, "_py_spy", lambda: str(stuck))
    monkeypatch.setattr(functions, "SAMPLER_PATIENCE_S", 0.1)
    with pytest.raises(NotSupported, match="no reason"):
        watched(FunctionSampler(), "true")


def test_without_py_spy_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(MissingExtra, match="py-spy") as caught:
        FunctionSampler()
    assert "sobriety[profile]" in (caught.value.hint or "")


def test_the_verb_tells_functions_and_writes_the_page(tmp_path: Path) -> None:
    if importlib.util.find_spec("sobriety") is None or not _has_py_spy():
        pytest.skip("py-spy is not installed")
    (tmp_path / "app.py").write_text(PROGRAM)
    (tmp_path / "child.py").write_text(CHILD)
    words = ("--functions", "--tree", "--flame", "f.html", "--json")
    done = subprocess.run(
        [sys.executable, "-m", "sobriety", "profile", *words, "--", sys.executable, "app.py"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stderr)
    from tests.cli.test_verbs import validate

    validate(found, "profile.json")
    assert {"twice", "once", "inner"} <= {f["name"] for f in found["functions"]}
    own_j = sum(f["own_energy_j"]["value"] for f in found["functions"])
    assert own_j == pytest.approx(found["energy_j"]["value"], rel=0.02)
    text = (tmp_path / "f.html").read_text(encoding="utf-8")
    assert "twice" in text and "http" not in text.replace("http-equiv", "")


def _has_py_spy() -> bool:
    try:
        FunctionSampler()
    except MissingExtra:
        return os.environ.get("CI") == "true"
    return True
