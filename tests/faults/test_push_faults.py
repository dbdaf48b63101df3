"""Networks that tear, clocks that leap, batches twice and in any order: each row is there once."""

from __future__ import annotations

import gzip
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sobriety.core.errors import SobrietyError
from sobriety.fleet.intake import wire
from sobriety.fleet.intake.rows import count
from sobriety.fleet.intake.wire import Refused
from sobriety.push import Pusher, Sender
from sobriety.push.batch import packed
from sobriety.push.limits import MOST_AHEAD_S, MOST_PAST_S
from sobriety.push.sender import NotTaken
from sobriety.spool import Spool, SpoolReader
from tests.fleet.conftest import SPOOL, Serve, body, free_port, row

from . import estate
from .estate import expected, figure, in_lake, in_state, kill, process, push_all, sampled, trials
from .proxy import Torn

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks")
DAY_NS = 86_400 * estate.SECOND_NS


def metric(text: str, name: str) -> float:
    return next(float(line.split()[1]) for line in text.splitlines() if line.startswith(name + " "))


def test_the_network_tears_at_any_byte(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sobriety.push.pusher.MOST_ROWS", 40)  # more batches
    monkeypatch.setattr("sobriety.fleet.intake.rates.PER_S", 1e9)
    gateway = serve("--drain", "1h")
    secret = estate.token(gateway.lake, "web-1")
    folder, wanted_cuts = tmp_path / "agent", trials(20, 300)
    sent = failed = 0
    kinds: Counter[str] = Counter()
    with Torn(gateway.port, random.Random(8)) as proxy:
        agent = Pusher(folder, Sender(f"http://127.0.0.1:{proxy.port}", secret))
        while proxy.cuts.total() < wanted_cuts:
            estate.fill(folder, "web-1", sent + 1, sent + 40)
            sent += 40
            has = agent.pushed.last_id
            try:
                agent.step()
            except NotTaken as error:
                failed += 1
                kinds[error.kind] += 1
                assert agent.pushed.last_id == has
                time.sleep(max(error.retry_s or 0.0, 0.0))  # too many with this token
            assert agent.pushed.last_id <= in_state(gateway.lake, "web-1")
        proxy.is_torn = False
        push_all(folder, f"http://127.0.0.1:{proxy.port}", secret)
    _, told = gateway.ask("/metrics", token=reader(gateway.lake))
    again = metric(told, "sobriety_gateway_known_rows_total")
    gateway.stop()
    wanted, found = sampled(folder, "web-1"), in_lake(gateway.lake)
    figure(
        f"the network cut at any byte, of what was asked ({proxy.cuts['asked']}) or answered"
        f" ({proxy.cuts['answered']}); {again:.0f} rows came again",
        proxy.cuts.total(), wanted.total(), found.total(),
    )  # fmt: skip
    assert found == wanted
    assert set(kinds) == {"later"}, kinds
    assert proxy.cuts["asked"] and proxy.cuts["answered"] and again and failed


def reader(lake: Path) -> str:
    from contextlib import closing

    from sobriety.fleet.intake import tokens
    from sobriety.fleet.intake.state import open_state

    with closing(open_state(lake)) as db:
        return tokens.create(db, "read")[1]


def test_two_gateways_of_one_lake_take_the_same_spool_in_any_order(
    tmp_path: Path, serve: Serve
) -> None:
    """Each batch three times, from three threads, while both drain."""
    one = serve("--drain", "200ms")
    two = serve("--drain", "300ms", lake=one.lake)
    chance, count = random.Random(2), trials(40, 200)
    estate.fill(tmp_path / "agent", "web-1", 1, 20 * count)
    with SpoolReader(tmp_path / "agent" / "spool.sqlite3") as spool:
        rows, spool_id = list(spool.numbered()), spool.spool_id
    batches: list[bytes] = []
    at = 0
    while at < len(rows):
        length = chance.randint(1, 39)
        overlap = chance.randint(0, min(at, 15))  # cut otherwise when it is sent again
        batches.append(packed(spool_id, rows[at - overlap : at + length], []).body)
        at += length
    counts: list[int] = []

    def send(order: Sequence[bytes]) -> None:
        # A token each, since one may be used so often only.
        senders = [Sender(served.url, estate.token(one.lake, "web-1")) for served in (one, two)]
        for n, sent in enumerate(order):
            while True:
                try:
                    senders[n % 2].send(sent)
                    break
                except NotTaken as error:
                    assert error.kind == "later", error
                    time.sleep(error.retry_s or 0.01)
        counts.append(len(order))

    orders = [chance.sample(batches, len(batches)) for _ in range(3)]
    with estate.threads([partial(send, order) for order in orders]):
        pass
    assert len(counts) == 3
    one.stop()
    two.stop()
    wanted, found = sampled(tmp_path / "agent", "web-1"), in_lake(one.lake)
    figure("two gateways of one lake; each batch three times, overlapping, in any order",
           sum(counts), wanted.total(), found.total())  # fmt: skip
    assert found == wanted


def test_a_gateway_is_killed_with_requests_in_hand(tmp_path: Path) -> None:
    """Its agents are threads of ours, which see each connection end."""
    lake, port, chance = tmp_path / "lake", free_port(), random.Random(9)
    hosts = [f"web-{n}" for n in range(4)]
    url, restarts = f"http://127.0.0.1:{port}", trials(4, 100)
    running = process(estate.run_gateway, lake, port, 0.3)
    stop, broken = threading.Event(), Counter[str]()

    def agent(host: str) -> None:
        pushing = Pusher(tmp_path / host, Sender(url, estate.token(lake, host)))
        n = 0
        while not stop.is_set():
            estate.fill(tmp_path / host, host, n + 1, n + 30)
            n += 30
            try:
                pushing.step()
            except NotTaken as error:
                broken[error.kind] += 1
                time.sleep(0.01)

    with estate.threads([partial(agent, host) for host in hosts]):
        for _ in range(restarts):
            time.sleep(chance.random() * 0.4)
            kill(running)
            running = process(estate.run_gateway, lake, port, 0.3)
        stop.set()
    for host in hosts:
        push_all(tmp_path / host, url, estate.token(lake, host))
    running.terminate()
    running.join(300)
    wanted = sum((sampled(tmp_path / host, host) for host in hosts), Counter[estate.Row]())
    found = in_lake(lake)
    figure(f"a gateway killed with requests in hand ({broken.total()} failed)", restarts,
           wanted.total(), found.total())  # fmt: skip
    assert found == wanted
    assert set(broken) == {"later"}


def test_clocks_leap_and_what_is_out_of_all_bounds_is_named(tmp_path: Path, serve: Serve) -> None:
    """An agent's clock set back and forward, by seconds to decades."""
    gateway, chance = serve("--drain", "1h"), random.Random(6)
    folder, count = tmp_path / "agent", trials(25, 200)
    now_ns, wrong_ns = time.time_ns(), 0
    kept, n = Counter[estate.Row](), 0
    out = 0
    with Spool.open(folder / "spool.sqlite3") as spool:
        for _ in range(count):
            leap_s = chance.choice([1, -1]) * 10 ** chance.uniform(0, 9)
            wrong_ns = chance.choice([0, 0, int(leap_s * estate.SECOND_NS)])
            for _ in range(chance.randint(1, 30)):
                n += 1
                one = estate.usage("web-1", n)
                one.start_ns = max(0, now_ns - DAY_NS // 2 + wrong_ns + n * estate.SECOND_NS)
                spool.append([one])
                if now_ns - 3 * 365 * DAY_NS < one.start_ns < now_ns + DAY_NS:
                    kept[("web-1", one.start_ns, 60.0, n / 2**20, n / 2**22)] += 1
                else:
                    out += 1
    told: list[str] = []
    agent = Pusher(folder, Sender(gateway.url, estate.token(gateway.lake, "web-1")),
                   say=told.append)  # fmt: skip
    while True:
        try:
            agent.all()
        except NotTaken as error:
            assert error.kind == "later" and error.retry_s, error
            time.sleep(error.retry_s)
        else:
            break
    gateway.stop()
    assert agent.pushed.left_out == out > 0
    assert all("left out" in line and "start_ns is" in line for line in told)
    found = in_lake(gateway.lake)
    figure(f"an agent's clock leaps; {out} rows out of bounds are named and stay", count,
           kept.total(), found.total())  # fmt: skip
    assert found == kept


@settings(max_examples=200, deadline=None)
@given(ages_s=st.lists(st.integers(-2 * 86_400, 4 * 365 * 86_400), min_size=1, max_size=30),
       off_s=st.integers(-10 * 365 * 86_400, 10 * 365 * 86_400))  # fmt: skip
def test_a_gateway_whose_clock_is_off_names_rows_of_one_reason(
    ages_s: list[int], off_s: int
) -> None:
    now_ns = time.time_ns() + off_s * estate.SECOND_NS
    times = [time.time_ns() - age_s * estate.SECOND_NS for age_s in ages_s]
    sent = wire.decode(body([row(n, start_ns=at_ns) for n, at_ns in enumerate(times, start=1)]))
    wrong = [
        n for n, at_ns in enumerate(times, start=1)
        if not now_ns - MOST_PAST_S * 1e9 <= at_ns <= now_ns + MOST_AHEAD_S * 1e9
    ]  # fmt: skip
    try:
        assert sum(count(part.runs) for part in wire.checked(sent, now_ns)) == len(times)
        assert not wrong
    except Refused as refused:
        assert refused.row == wrong[0] and refused.column == "start_ns"
        last = refused.last_row or refused.row
        assert set(range(refused.row or 0, (last or 0) + 1)) <= set(wrong)


def test_gzip_cut_at_any_byte_is_refused_and_nothing_is_taken(serve: Serve) -> None:
    gateway = serve("--drain", "1h")
    whole = gzip.compress(body([row(n) for n in range(1, 40)]))
    secret = ""
    for at in range(0, len(whole), trials(max(1, len(whole) // 40), 1)):
        secret = estate.token(gateway.lake, "web-1")
        assert gateway.ask("/v1/usage", whole[:at], secret, Content_Encoding="gzip")[0] == 400
    assert gateway.ask(f"/v1/usage/{SPOOL}", token=secret)[1]["last_id"] == 0
    assert gateway.ask("/v1/usage", whole, secret, Content_Encoding="gzip")[0] == 200


def test_a_spool_that_is_taken_away_under_its_pusher(tmp_path: Path, serve: Serve) -> None:
    """By somebody who cleans up: the new one has numbers of its own."""
    gateway, folder = serve("--drain", "1h"), tmp_path / "agent"
    agent = Pusher(folder, Sender(gateway.url, estate.token(gateway.lake, "web-1")))
    wanted = Counter[estate.Row]()
    for n in range(5):
        estate.fill(folder, "web-1", 1 + 30 * n, 30 + 30 * n)
        wanted += expected("web-1", range(1 + 30 * n, 31 + 30 * n))
        agent.all()
        for file in folder.glob("spool.sqlite3*"):
            file.unlink()
        assert agent.step() is False
    gateway.stop()
    assert in_lake(gateway.lake) == wanted


def test_a_failing_push_says_so_once(tmp_path: Path) -> None:
    estate.fill(tmp_path, "web-1", 1, 5)
    agent = Pusher(tmp_path, Sender(f"http://127.0.0.1:{free_port()}", "t"))
    for _ in range(3):
        with pytest.raises(SobrietyError, match="cannot be reached"):
            agent.step()
    assert agent.pushed.last_id == 0
