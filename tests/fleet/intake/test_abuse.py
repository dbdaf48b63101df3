"""What is no agent: whatever it sends is refused or cut off, told in a line without a secret, and
the gateway answers the others with its memory bounded."""

from __future__ import annotations

import contextlib
import gzip
import hmac
import json
import re
import socket
import stat
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sobriety.core.errors import ConfigError
from sobriety.fleet.intake import tokens
from sobriety.fleet.intake.state import open_state
from sobriety.fleet.jobs.drain import drain
from sobriety.fleet.serve import Listen
from sobriety.fleet.serve import serve as run

from ..conftest import SPOOL, Served, body, free_port, new_token, row, rows_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc")
LINE = re.compile(
    r"listening on .*|Invalid HTTP request received\.|Unsupported upgrade request\.|"
    r"No supported WebSocket library.*|431 headers of more than \d+ bytes|"
    r"[45]\d\d \w+ .* from \S+, token \S+: .*"
)
MOST_MORE_MB = 150
"""So much the gateway may have gained at its worst."""


@dataclass
class Victim(Served):
    """A gateway, and the secrets that must not be told."""

    secrets: list[str] = field(default_factory=list[str])

    def token(self, *hosts: str, read: bool = False) -> str:
        text = new_token(self.lake, *hosts, read=read)
        self.secrets.append(text.split("_", 2)[2])
        return text

    def memory_mb(self, what: str) -> int:
        assert self.process
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.findall(rf"{what}:\s+(\d+) kB", text)[0]) // 1024

    def send(self, data: bytes, *, ends: bool = True) -> bytes:
        """What it answers until it ends the connection; `ends`: which we do after the data."""
        answer = b""
        with (
            socket.create_connection(("127.0.0.1", self.port)) as raw,
            contextlib.suppress(OSError),
        ):
            raw.settimeout(120.0)
            raw.sendall(data)
            if ends:
                raw.shutdown(socket.SHUT_WR)
            while more := raw.recv(65_536):
                answer += more
        return answer


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    """One for all of them, which is well at the end."""
    served = Victim(tmp_path_factory.mktemp("abuse") / "lake", free_port(), ["--drain", "1h"])
    served.start()
    before_mb = served.memory_mb("VmRSS")
    yield served
    assert served.ask("/healthz") == (200, {"status": "ok"})
    assert served.memory_mb("VmHWM") < before_mb + MOST_MORE_MB
    log = served.log
    assert not [secret for secret in served.secrets if secret in log]
    assert not [line for line in log.splitlines() if not LINE.fullmatch(line)]
    assert all(line.isprintable() for line in log.splitlines())
    assert served.stop() == 0
    drain(served.lake)  # whatever was taken, the lake takes
    assert len(rows_of(served.lake)) > 0


@pytest.fixture
def statuses(victim: Victim) -> Iterator[Victim]:
    yield victim
    assert victim.ask("/healthz")[0] == 200


def status_of(answer: bytes) -> int:
    """0 where it was cut off."""
    return int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") else 0


CLOSE = "Connection: close\r\n\r\n"


# Bodies

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner),
    max_leaves=12,
)
fuzz = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@fuzz
@given(changes=st.dictionaries(st.sampled_from([*row(1), "package_j", "x"]), anything, max_size=3),
       rest=st.dictionaries(st.sampled_from(["spool", "machines", "rows", "y"]), anything,
                            max_size=2))  # fmt: skip
def test_bodies_of_chance(victim: Victim, changes: Any, rest: Any) -> None:
    sent = json.dumps({"spool": SPOOL, "rows": [row(1) | changes]} | rest).encode()
    status, told = victim.ask("/v1/usage", sent, victim.token())
    assert status in (200, 400, 422), told


@fuzz
@given(data=st.binary(max_size=400), packed=st.booleans())
def test_bytes_of_chance(victim: Victim, data: bytes, packed: bool) -> None:
    headers = {"Content_Encoding": "gzip"} if packed else {}
    assert victim.ask("/v1/usage", data, victim.token(), **headers)[0] == 400


@fuzz
@given(data=st.binary(min_size=1, max_size=300))
def test_what_is_no_http(victim: Victim, data: bytes) -> None:
    assert status_of(victim.send(data)) in (0, 400, 404, 405)


def test_what_the_description_allows(victim: Victim) -> None:
    """Schemathesis makes it from /openapi.json, and knows which statuses are told there."""
    # Any: its types leave their own parts unknown.
    schema: Any = schemathesis.openapi.from_url(f"{victim.url}/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) >= 4
    for operation in operations:
        _ask_much(victim, operation)


SLOW = (HealthCheck.too_slow, HealthCheck.filter_too_much)


def _ask_much(victim: Victim, operation: Any) -> None:
    declared = {int(code) for code in operation.definition.raw["responses"]} | {404}

    @settings(max_examples=12, deadline=None, phases=[Phase.generate],
              suppress_health_check=[*SLOW])  # fmt: skip
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        secret = victim.token(read=operation.path == "/metrics")
        answer = case.call(headers={"Authorization": f"Bearer {secret}"})
        assert answer.status_code in declared, (case.method, answer.text)

    ask()


BAD_NUMBERS = ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 5000, "-1", "1e19", "0x10",
               "1e-400", '"5"', "true", "[5]", "5.5.5"]  # fmt: skip


@pytest.mark.parametrize("number", BAD_NUMBERS)
def test_numbers_that_are_none(victim: Victim, number: str) -> None:
    for name in ("cpu_busy_s", "start_ns", "id", "duration_s"):
        whole = row(1) | {name: 123_456_789}
        sent = json.dumps({"spool": SPOOL, "rows": [whole]}).replace("123456789", number)
        status, told = victim.ask("/v1/usage", sent.encode(), victim.token())
        assert status in ((200, 400, 422) if number == "1e-400" else (400, 422)), told


def test_nests(statuses: Victim) -> None:
    for opening in (b"[", b'{"rows":', b'{"rows":[', b'{"a":[{'):
        sent = opening * (8_000_000 // len(opening))
        assert statuses.ask("/v1/usage", sent, statuses.token())[0] in (0, 400)


NAMES = ["../../../etc/passwd", "..", "/etc/passwd", "day=2020-01-01", "'); DROP TABLE usage; --",
         '"; COPY usage TO \'/tmp/x\'; --', "$(reboot)", "`id`", "%00", "%2e%2e%2f", "{{7*7}}",
         "<script>alert(1)</script>", "a\\b", "\U0001f600" * 60, "é" * 255, "CON", "NULL",
         "-rf"]  # fmt: skip
UNPRINTABLE = ["a\x00b", "a\nb", "a\rb", "\x1b[2J", "a\u202eb", "\u200b", "\u2066x", "\ufeff",
               "\x85", "\u2028", "\x7f", "a\tb"]  # fmt: skip


def test_names_are_only_names(statuses: Victim) -> None:
    before = set(statuses.lake.parent.rglob("*"))
    for n, name in enumerate(NAMES, start=1):
        rows = [row(n, name), row(n + 1, name, kind="service", name=name)]
        status, told = statuses.ask("/v1/usage", body(rows), statuses.token())
        assert status == 200, (name, told)
    made = set(statuses.lake.parent.rglob("*")) - before
    assert all("gateway" in str(p) for p in made), made
    drain(statuses.lake)
    assert {*NAMES} <= {host for host, _ in rows_of(statuses.lake)}
    for text in UNPRINTABLE:
        for changes in ({"host": text}, {"kind": "service", "name": text}):
            sent = body([row(1) | changes])
            assert statuses.ask("/v1/usage", sent, statuses.token())[0] == 422, repr(text)
    assert statuses.ask("/v1/usage", body([row(1, "x" * 256)]), statuses.token())[0] == 422
    unpaired = json.dumps({"spool": SPOOL, "rows": [row(1, "\ud800")]}).encode()
    assert statuses.ask("/v1/usage", unpaired, statuses.token())[0] == 400


@pytest.mark.parametrize("path", ["..%2f..%2fetc%2fpasswd", "../../etc/passwd", "%00", "A" * 16,
                                  "0123456789abcdef0", "0123456789abcde", "'%20OR%201=1",
                                  "0123456789abcdef%0a"])  # fmt: skip
def test_spools_that_are_none(victim: Victim, path: str) -> None:
    ask = f"GET /v1/usage/{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    ask += f"Authorization: Bearer {victim.token()}\r\n\r\n"
    assert status_of(victim.send(ask.encode())) in (400, 404)
    sent = {"spool": path, "rows": [row(1)]}
    assert victim.ask("/v1/usage", json.dumps(sent).encode(), victim.token())[0] == 400


def test_a_name_in_a_body_writes_no_line_of_the_log(victim: Victim) -> None:
    name = "x\n200 GET / from 1.2.3.4, token -: all is well\x1b[2J"
    assert victim.ask("/v1/usage", body([row(1) | {name: 1}]), victim.token())[0] == 400
    assert "\n200 GET" not in victim.log and r"x\n200 GET" in victim.log


# Memory


def bombs() -> dict[str, tuple[int, bytes]]:
    spaces = b" " * 16_000_000
    one = json.dumps(row(1)).encode()
    return {
        "100 MB in 100 kB": (413, gzip.compress(b"\0" * 100_000_000)),
        "just below": (200, gzip.compress(body([row(1)]) + spaces)),
        "many rows": (400, gzip.compress(b'{"spool":"%s","rows":[' % SPOOL.encode()
                                         + b",".join([one] * 40_000) + b"]}")),
        "many members": (400, gzip.compress(body([row(1)])) + gzip.compress(spaces) * 30),
        "nested": (400, gzip.compress(gzip.compress(b"\0" * 50_000_000))),
        "many strings": (422, gzip.compress(body([row(1)]).replace(
            b'"cpu"', b",".join([b'"cpu"'] * 500_000)))),
    }  # fmt: skip


def test_bombs_many_at_once(statuses: Victim) -> None:
    for name, (wanted, data) in bombs().items():
        found: list[int] = []
        secret = statuses.token()

        def send(data: bytes = data, secret: str = secret, found: list[int] = found) -> None:
            found.append(statuses.ask("/v1/usage", data, secret, Content_Encoding="gzip")[0])

        sending = [threading.Thread(target=send) for _ in range(6)]
        for one in sending:
            one.start()
        assert statuses.ask("/healthz")[0] == 200
        for one in sending:
            one.join()
        assert wanted in found, (name, found)
        assert set(found) <= {wanted, 429, 0}, (name, found)


def test_a_length_that_is_a_lie(statuses: Victim) -> None:
    data = gzip.compress(body([row(1)]))
    head = "POST /v1/usage HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    head += f"Content-Encoding: gzip\r\nAuthorization: Bearer {statuses.token()}\r\n"
    for length, wanted in ((10**15, 0), (len(data) + 5, 0), (5, 400), (0, 400)):
        sent = f"{head}Content-Length: {length}\r\n\r\n".encode() + data
        assert status_of(statuses.send(sent)) == wanted, length
    chunked = f"{head}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\n"
    assert status_of(statuses.send(chunked.encode())) == 400


@pytest.mark.parametrize("piece", [b"A: " + b"a" * 4_000, b"A: b\r\n" * 700, b"a" * 4_000])
def test_headers_without_end(statuses: Victim, piece: bytes) -> None:
    sent_b = 0
    with socket.create_connection(("127.0.0.1", statuses.port)) as raw:
        raw.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        with contextlib.suppress(OSError):
            while sent_b < 50_000_000:
                raw.sendall(piece)
                sent_b += len(piece)
    assert sent_b < 20_000_000
    assert "431 headers of more" in statuses.log or "Invalid HTTP" in statuses.log


# Time


def test_many_who_send_byte_by_byte_hold_nobody_up(statuses: Victim) -> None:
    """Headers from some, bodies from others, nothing from the rest."""
    secret = statuses.token("web-1")
    begun = (
        b"GET /healthz HTTP/1.1\r\nHost: ",
        f"POST /v1/usage HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Content-Length: 5000\r\nAuthorization: Bearer {statuses.token()}\r\n\r\n".encode(),
        b"",
    )
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(socket.create_connection(("127.0.0.1", statuses.port)))
                for _ in range(1_200)]  # fmt: skip
        for n, one in enumerate(slow):
            one.sendall(begun[n % 3])
        for n in range(1, 15):
            for one in slow:
                with contextlib.suppress(OSError):  # the gateway may end it
                    one.sendall(b"a")
            assert statuses.ask("/v1/usage", body([row(n)]), secret)[0] == 200
            time.sleep(0.05)


def test_a_deadline_for_a_body(statuses: Victim) -> None:
    """Of the application, with its clock shortened: half a minute is long for a test."""
    import asyncio

    from sobriety.fleet import app
    from sobriety.fleet.intake.gateway import opened

    async def ask() -> list[Any]:
        sent: list[Any] = []
        gateway = opened(statuses.lake, lambda _: None)
        headers = [(b"authorization", f"Bearer {statuses.token()}".encode()),
                   (b"content-type", b"application/json")]  # fmt: skip
        scope = {"type": "http", "method": "POST", "path": "/v1/usage", "query_string": b"",
                 "headers": headers, "client": ("127.0.0.1", 1)}  # fmt: skip

        async def receive() -> dict[str, Any]:
            await asyncio.sleep(0.01)
            return {"type": "http.request", "body": b" ", "more_body": True}

        async def send(message: Any) -> None:
            sent.append(message)

        await app.application(gateway)(scope, receive, send)
        await asyncio.to_thread(gateway.close)
        return sent

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "BODY_S", 0.1)
        begun, rest = asyncio.run(ask())
    assert begun["status"] == 408 and b"took longer" in rest["body"]


# Who may


def test_thousands_of_bad_tokens(statuses: Victim) -> None:
    good = statuses.token("web-1")
    head = "GET /v1/usage/0123456789abcdef HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
    guesses = [f"sob_{n:08x}_{'A' * 43}" for n in range(3_000)]
    guesses += [good[:-1] + c for c in "ABCDEFGHIJ" if c != good[-1]]
    guesses += [
        "",
        "sob",
        "x" * 5_000,
        "sob_00000000_' OR 1=1 --",
        good.upper(),
        good + "A",
        good[1:],
    ]
    for first in range(0, len(guesses), 250):
        asked = [f"{head}{guess}\r\n" for guess in guesses[first : first + 250]]
        answer = statuses.send(("\r\n".join(asked) + CLOSE).encode(), ends=False)
        assert answer.count(b"HTTP/1.1 401") == len(guesses[first : first + 250])
        assert b"HTTP/1.1 200" not in answer
    assert statuses.ask(f"/v1/usage/{SPOOL}", token=good)[0] == 200


def test_an_unknown_id_takes_the_path_of_a_wrong_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every guess is hashed, looked up and compared in the same way: once each."""
    with contextlib.closing(open_state(tmp_path)) as db:
        token, text = tokens.create(db, "write")
        seen: list[str] = []
        compare = hmac.compare_digest

        def note(a: str, b: str) -> bool:
            seen.append(f"compared {len(a)} {len(b)}")
            return compare(a, b)

        monkeypatch.setattr("hmac.compare_digest", note)
        db.set_trace_callback(lambda statement: seen.append(statement.split(" WHERE ")[0]))
        paths: list[list[str]] = []
        wrong = text[:-1] + ("A" if text[-1] != "A" else "B")
        for guess in (f"sob_{'0' * 8}_{text[-43:]}", wrong, "", "nonsense", text):
            seen.clear()
            assert (tokens.find(db, guess) == token) is (guess == text)
            paths.append(seen.copy())
    assert all(path == paths[0] for path in paths), paths
    assert paths[0][-1] == "compared 64 64" and len(paths[0]) == 2


def test_tokens_of_others(statuses: Victim) -> None:
    mine, theirs = statuses.token("web-1"), statuses.token("web-2")
    assert statuses.post([row(1, "web-2")], mine)[0] == 403
    assert statuses.post([row(1, "web-1")], theirs)[0] == 403
    machine = {"host": "web-2", "at_ns": 5, "facts": {"threads": 8}}
    assert statuses.ask("/v1/usage", body([], machines=[machine]), mine)[0] == 403
    with contextlib.closing(open_state(statuses.lake)) as db:
        tokens.revoke(db, mine.split("_")[1])
    assert statuses.post([row(1)], mine)[0] == 401
    assert statuses.ask(f"/v1/usage/{SPOOL}", token=mine)[0] == 401


# HTTP

TOKEN = b"Authorization: Bearer sob_00000000_" + b"A" * 43 + b"\r\n"
POST = b"POST /v1/usage HTTP/1.1\r\nHost: x\r\n" + TOKEN
SECOND = b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
SMUGGLED = [
    POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + SECOND,
    POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" + SECOND,
    POST + b"Content-Length: 5\r\nContent-Length: 46\r\n\r\n" + SECOND,
    POST + b"Content-Length: 5, 46\r\n\r\n" + SECOND,
    POST + b"Content-Length: -1\r\n\r\n" + SECOND,
    POST + b"Content-Length: +5\r\n\r\n" + SECOND,
    POST + b"Content-Length : 5\r\n\r\n" + SECOND,
    POST + b"Content-Length: 5\r\n Transfer-Encoding: chunked\r\n\r\n" + SECOND,
    POST + b"Transfer-Encoding: xchunked\r\n\r\n" + SECOND,
    POST + b"Transfer-Encoding: chunked, identity\r\n\r\n" + SECOND,
    POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n" + SECOND,
    POST + b"Transfer-Encoding\t: chunked\r\n\r\n" + SECOND,
    POST.replace(b"\r\n", b"\n") + b"Content-Length: 5\n\n" + SECOND,
    POST + b"A: a\rTransfer-Encoding: chunked\r\n\r\n" + SECOND,
    POST + b"A: \x00\r\nContent-Length: 5\r\n\r\n" + SECOND,
]


@pytest.mark.parametrize("sent", SMUGGLED)
def test_a_request_in_a_request_is_not_answered(victim: Victim, sent: bytes) -> None:
    answer = victim.send(sent)
    assert b"HTTP/1.1 200" not in answer, answer
    assert status_of(answer) in (0, 400, 401)


@pytest.mark.parametrize(("method", "path", "wanted"), [
    ("PUT", "/v1/usage", 405), ("DELETE", f"/v1/usage/{SPOOL}", 405), ("OPTIONS", "/v1/usage", 405),
    ("TRACE", "/healthz", 405), ("HEAD", "/v1/usage", 405), ("POST", "/healthz", 405),
    ("GET", "/v1/usage", 405), ("OPTIONS", "*", 404), ("CONNECT", "x:443", 400),
    ("PATCH", "/", 405), ("HEAD", "/healthz", 200), ("HEAD", "/metrics", 401),
    ("GET", "//healthz", 404),
    ("GET", "/%ff%00%0a%1b[2J", 404), ("GET", "/../../etc/passwd", 404), ("BREW", "/", 400),
    ("GET", "/" + "a" * 60_000, 404), ("GET", "http://elsewhere/x", 404),
])  # fmt: skip
def test_methods_and_paths(victim: Victim, method: str, path: str, wanted: int) -> None:
    sent = f"{method} {path} HTTP/1.1\r\nHost: [\r\nConnection: close\r\n\r\n"
    answer = victim.send(sent.encode())
    assert status_of(answer) == wanted, answer
    assert b"Traceback" not in answer and b"sobriety/" not in answer


def test_requests_in_a_row_are_answered_in_order(statuses: Victim) -> None:
    asked = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = statuses.send(asked * 500 + asked[:-2] + CLOSE.encode(), ends=False)
    found = re.findall(rb"HTTP/1.1 (\d+)", answer)
    assert found == [b"200", b"404"] * 501


# What is on the disk


def test_what_the_gateway_keeps_is_its_owner_s_alone(statuses: Victim) -> None:
    assert statuses.post([row(1)], statuses.token())[0] == 200
    folder = statuses.lake / "gateway"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
    assert {"gateway.sqlite3", "gateway.sqlite3-wal"} <= files.keys()
    assert set(files.values()) == {0o600}, files
    kept = b"".join(file.read_bytes() for file in folder.iterdir())
    assert not [secret for secret in statuses.secrets if secret.encode() in kept]


def test_only_this_machine_is_listened_to_unless_told_otherwise(tmp_path: Path) -> None:
    from sobriety.cli import command

    verb = command().get_command(click.Context(command()), "serve")
    assert verb
    (listen,) = [option.default for option in verb.params if option.name == "listen"]
    assert str(listen).startswith("127.0.0.1:")
    for host in ("0.0.0.0", "::", "192.0.2.1", "example.org"):
        with pytest.raises(
            ConfigError, match="can be reached by others, and there is no certificate"
        ):
            run(tmp_path / "lake", Listen(host, 1), 60, print)
        with pytest.raises(ConfigError, match="can be reached by others, and there is no token"):
            run(tmp_path / "lake", Listen(host, 1, behind_proxy=True), 60, print)
