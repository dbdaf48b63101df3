"""The dashboard of a running gateway: who may look, what reports say and nothing else, for all."""

from __future__ import annotations

import base64
import hashlib
import html
import http.client
import json
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from babel.messages.pofile import read_po
from babel.numbers import parse_decimal
from click.testing import CliRunner

import sobriety
from sobriety.cli import command
from sobriety.core.estimate import Estimate
from sobriety.core.method import from_dict
from sobriety.core.period import from_ns, zone_of
from sobriety.core.text import Tongue
from sobriety.core.units import J_PER_KWH
from sobriety.fleet.dashboard import hosts, views
from sobriety.fleet.dashboard.summary import summarise, today
from sobriety.fleet.intake.state import open_state
from sobriety.fleet.jobs.drain import drain
from sobriety.reports.language.language import Language
from sobriety.reports.language.quantities import show
from sobriety.reports.model.figures import Footprint
from sobriety.reports.views.opening import weight_facts
from sobriety.settings.config import load

from ..conftest import Row, Serve, Served, body, free_port, new_token

PAGES, NOWHERE = ("/", "/hosts", "/reports"), "/nothing"
MOST_B = 60_000
HOUR_NS = 3_600_000_000_000
TONGUES: tuple[Tongue, ...] = ("en", "fr")
K = 5
SERVERS, DESKS = ("web-1", "web-2", "db-1"), tuple(f"poste-{n}" for n in range(6))
INVENTORY = "id,category,quantity,site,acquired,lifetime_years\n" + "".join(
    f"{name},{category},1,{site},2023-02-01,5\n"
    for name, category, site in (
        *((name, "server", "salle") for name in SERVERS),
        *((name, "desktop", "nord") for name in DESKS),
    )
) + "écrans,monitor,12,nord,2021-04-12,7\n"  # fmt: skip
SITE_NAMES = {
    "salle": {"fr": "Salle des serveurs", "en": "Server room"},
    "nord": {"fr": "Bibliothèque du Nord", "en": "North library"},
}
SITES = "".join(
    f'[[site]]\nid = "{id_}"\nzone = "CA-QC"\n'
    f'[site.name]\nfr = "{name["fr"]}"\nen = "{name["en"]}"\n'
    for id_, name in SITE_NAMES.items()
)
GOALS = """
[goal.idle]
text = { fr = "Moins à vide", en = "Less idle" }
indicator = "idle_ratio"
baseline = { value = 90, unit = "%", year = 2024, source = "report" }
target = { value = 10, unit = "%", year = 2027 }
"""


def get(url: str, **more: Any) -> httpx.Response:
    """Without the 50 ms that it takes to read certificates, of which there are none here."""
    return httpx.get(url, verify=False, **more)


def midday() -> str:
    """A time zone in which it is midday, so that today has a morning whenever the test runs."""
    return f"Etc/GMT{datetime.now(UTC).hour - 12:+d}".replace("+0", "")


def rows_of(host: str, now_ns: int) -> list[Row]:
    """The last six hours, and three of every day of a week."""
    starts = [now_ns - n * HOUR_NS for n in (*range(6, 0, -1),)]
    starts = [now_ns - (24 * d + n) * HOUR_NS for d in range(7, 0, -1) for n in (3, 2, 1)] + starts
    return [
        {
            "id": number, "host": host, "kind": "host", "name": "", "state": "on",
            "observed": ["cpu", "agent"], "start_ns": start_ns, "duration_s": 3600.0,
            "covered_s": 3600.0, "cpu_busy_s": 1200.0, "cpu_capacity_s": 28_800.0,
            "util_sqrt_s": 700.0, "util_s": 150.0, "util_cubed_s": 1.0, "agent_cpu_s": 0.5,
        }
        for number, start_ns in enumerate(starts, 1)
    ]  # fmt: skip


def facts(host: str) -> dict[str, Any]:
    server = {"category": "server", "manufacturer": "Dell", "model": "PowerEdge R750"}
    kind = server if host in SERVERS else {"category": "desktop"}
    return {**kind, "chips": 1, "cores": 8, "threads": 8, "memory_b": 16e9, "hw_year": 2022}


@dataclass
class Board:
    """A gateway that was sent all that, and who may look at it."""

    served: Served
    home: Path
    read: str
    write: str

    def get(self, path: str, tongue: str | None = None, **headers: str) -> httpx.Response:
        address = self.served.url + path + (f"?lang={tongue}" if tongue else "")
        return get(address, auth=("x", self.read), headers=headers)

    def summary(self) -> views.DashboardSummary:
        found = views.read(self.served.lake)
        assert found
        return found


def settled(home: Path, **more: str) -> None:
    settings = {"zone": "CA-QC", "timezone": midday(), "organisation": "Ville <&> Co",
                **{n: str(home / f) for n, f in FILES.items()}, **more}  # fmt: skip
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    (home / "config.toml").write_text("\n".join(lines), encoding="utf-8")


FILES = {"inventory": "devices.csv", "sites": "sites.toml", "goals": "goals.toml"}


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    home = tmp_path_factory.mktemp("city")
    for name, text in zip(FILES.values(), (INVENTORY, SITES, GOALS), strict=True):
        (home / name).write_text(text, encoding="utf-8")
    settled(home)
    served = Served(home / "lake", free_port(), ["--drain", "1h"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOBRIETY_HOME", str(home))
        served.start()
        try:
            fill(served)
            drain(served.lake)
            views.write(served.lake, summarise(served.lake, load(), K))
            month = f"{datetime.now(UTC) - timedelta(days=40):%Y-%m}"
            told(served.lake, "--month", month, "--seal")  # of what is declared
            yield Board(served, home, new_token(served.lake, read=True), new_token(served.lake))
        finally:
            served.stop(signal.SIGKILL)


def fill(served: Served) -> None:
    """What every machine saw; of one of them, a while ago."""
    now_ns = time.time_ns()
    for n, host in enumerate((*SERVERS, *DESKS)):
        machine = {"host": host, "at_ns": now_ns, "facts": facts(host)}
        sent = body(rows_of(host, now_ns), f"{n:016x}", machines=[machine])
        assert served.ask("/v1/usage", sent, new_token(served.lake, host))[0] == 200
    with closing(open_state(served.lake)) as db:
        earlier_ns = 3 * 24 * HOUR_NS
        db.execute("UPDATE host SET heard_ns = heard_ns - ? WHERE host = 'db-1'", (earlier_ns,))


def wait(done: Callable[[], bool]) -> None:
    for _ in range(1200):
        if done():
            return
        time.sleep(0.1)
    raise AssertionError("nothing came in two minutes")


def told(lake: Path, *options: str) -> str:
    """What `sobriety report` prints with these options."""
    done = CliRunner().invoke(command(), ["report", "--lake", str(lake), *options])
    assert done.exit_code == 0, done.output
    return done.stdout


def texts(page: str) -> list[str]:
    """What a reader sees, programs' own words left out."""
    page = re.sub(r"<style>.*?</style>|<(\w+)[^>]* lang=\"en\".*?</\1>", "", page, flags=re.DOTALL)
    found = [" ".join(html.unescape(t).split(" ")).strip() for t in re.split(r"<[^>]*>", page)]
    return [t for t in found if t]


# Who may look, and what a page is made of


@pytest.mark.parametrize("path", [*PAGES, "/reports/2026-01.1/report.html"])
def test_only_a_read_token_opens_it(board: Board, path: str) -> None:
    nobody = get(board.served.url + path, headers={"Accept": "text/html"})
    assert nobody.status_code == 401 and nobody.headers["WWW-Authenticate"].startswith("Basic")
    stranger = get(board.served.url + path, auth=("x", board.read[:-1] + "-"))
    assert stranger.status_code == 401
    writer = get(board.served.url + path, auth=("x", board.write))
    assert writer.status_code == 403 and "<html" not in writer.text


REFUSED = {
    401: ("/", "", "These pages are read with a token", "Ces pages se lisent avec un jeton"),
    403: ("/reports", "write", "This token does not read", "Ce jeton ne permet pas de lire"),
    404: ("/hosts?page=9", "read", "There is no such page", "Cette page n’existe pas"),
}


@pytest.mark.parametrize("tongue", TONGUES)
@pytest.mark.parametrize("status", REFUSED)
def test_who_is_refused_reads_why(board: Board, status: int, tongue: Tongue) -> None:
    answer = refused(board, status, tongue)
    assert answer.status_code == status
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)
    is_plain(answer, tongue)
    assert REFUSED[status][2 + TONGUES.index(tongue)] in texts(answer.text)


def test_a_program_that_is_refused_reads_json(board: Board) -> None:
    for accept in ("*/*", "application/json", "text/plain;version=0.0.4"):
        answer = get(board.served.url + "/metrics", headers={"Accept": accept})
        assert answer.status_code == 401 and answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.json()["error"] == "a token is needed"


def refused(board: Board, status: int, tongue: Tongue) -> httpx.Response:
    """As a browser is."""
    path, token, _, _ = REFUSED[status]
    auth = ("x", getattr(board, token)) if token else None
    headers = {"Accept": "text/html,*/*;q=0.8", "Accept-Language": tongue}
    return get(board.served.url + path, auth=auth, headers=headers)


@pytest.mark.parametrize("tongue", TONGUES)
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_small_and_runs_nothing(board: Board, path: str, tongue: Tongue) -> None:
    answer = board.get(path, tongue)
    assert answer.status_code == 200
    is_plain(answer, tongue)


def is_plain(answer: httpx.Response, tongue: Tongue) -> None:
    page = answer.text
    assert len(answer.content) < MOST_B
    assert f'<html lang="{tongue}-CA">' in page and answer.headers["Content-Language"] == tongue
    assert not re.search(r"<(script|link|img|iframe|form)|\son\w+=|\sstyle=|url\(|@import", page)
    assert not re.search(r"\{\w+\}|None|Undefined", "\n".join(texts(page)))
    assert all(link.startswith(("/", "#", "?")) for link in re.findall(r'href="([^"]*)"', page))
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    policy = answer.headers["Content-Security-Policy"]
    style = page[page.index("<style>") + 7 : page.index("</style>")].encode()
    digest = base64.b64encode(hashlib.sha256(style).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy and "unsafe" not in policy
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy


def test_the_language_is_the_address_s_else_the_browser_s(board: Board) -> None:
    def asks(accepts: str, path: str = "/hosts") -> str:
        answer = board.get(path, **{"Accept-Language": accepts})
        return str(answer.headers["Content-Language"])

    assert asks("fr-CA,fr;q=0.9,en;q=0.8") == "fr"
    assert asks("de, fr;q=0.3, en;q=0.7") == "en"
    assert asks("en;q=0, fr;q=0.1") == "fr"
    assert asks("de") == asks("") == asks("fr;q=x") == asks("*;q=0.5, ,;;") == "en"
    assert asks("fr", "/hosts?lang=en") == "en" and asks("fr", "/hosts?lang=xx") == "fr"
    assert 'href="/hosts?lang=fr"' in board.get("/", "fr").text  # it stays, page after page


# What it says


def estimate(name: str, figure: dict[str, Any]) -> Estimate:
    """A figure of a report's JSON."""
    assert figure["value"] > 0
    words = {k: figure[k] for k in ("value", "low", "high", "basis")}
    return Estimate(name, **words, method=from_dict(figure), sources=tuple(figure["sources"]))


@pytest.mark.parametrize("tongue", TONGUES)
def test_its_figures_are_those_of_a_report(
    board: Board, tongue: Tongue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOBRIETY_HOME", str(board.home))
    now = from_ns(board.summary().as_of_ns, zone_of(midday()))
    day, quarter = f"{now:%Y-%m-%d}", f"{now.year}-Q{(now.month + 2) // 3}"
    periods = {"today": ("--from", day, "--to", day), "quarter": ("--quarter", quarter)}
    words, seen = Language(tongue), texts(board.get("/", tongue).text)
    whole = " ".join(seen).replace("\u00a0", " ")
    for name, options in periods.items():
        report = json.loads(told(board.served.lake, *options, "--format", "json", "-o", "-"))
        totals = report["totals"]
        footprint = Footprint(*(estimate(f.name, totals[f.name]) for f in fields(Footprint)))
        printed = tuple(weight_facts(words, footprint))
        assert getattr(board.summary(), name)[tongue].weights == printed
        figures = [fact.figure for fact in printed if fact.figure]
        assert len(figures) == 3
        figures.append(show(words, footprint.energy_j))
        if name == "today":
            figures.append(show(words, estimate("mean_power_w", totals["mean_power_w"])))
        else:
            (table,) = board.summary().quarter[tongue].tables
            assert table.id == "site" and "kWh" in table.columns[1].head
            for part in report["breakdown"]["site"]:
                cell = seen[seen.index(SITE_NAMES[part["name"]][tongue]) + 1]
                energy_kwh = float(parse_decimal(cell, locale=words.locale))
                told_kwh = part["energy_j"]["value"] / J_PER_KWH
                assert abs(energy_kwh - told_kwh) < 1  # rounded with the others, so as to add up
            assert [s["status"] for s in report["standings"]] == ["late"]
            assert {"fr": "Moins à vide", "en": "Less idle"}[tongue] in seen
            assert report["actions"]
        for figure in figures:
            assert figure.text.replace("\u00a0", " ") in whole, figure
            assert figure.between(words).replace("\u00a0", " ") in whole, figure


def test_making_stands_beside_use(board: Board) -> None:
    """In Québec a kilowatt-hour is some grams, and says nothing of what there is."""
    making, use, _ = (fact.figure for fact in board.summary().quarter["en"].weights)
    assert making and use
    assert making.in_unit[0] > 10 * use.in_unit[0] > 0
    shown = texts(board.get("/", "en").text)
    assert shown.index("Making") < shown.index("Use")


def test_people_s_machines_are_counted_and_never_named(board: Board) -> None:
    for path in PAGES:
        for tongue in TONGUES:
            assert "poste-" not in board.get(path, tongue).text
    assert "poste-" not in (board.served.lake / "gateway" / views.FILE).read_text()
    seen = texts(board.get("/hosts", "en").text)
    assert [s for s in seen if s in (*SERVERS, *DESKS)] == ["db-1", "web-1", "web-2"]
    assert "Silent for 3 days" in seen and seen[seen.index("Machines that people use") + 1] == "6"
    assert "1 machine of 9 silent for a day or more" in texts(board.get("/", "en").text)


def test_names_cannot_inject(board: Board) -> None:
    assert "Ville &lt;&amp;&gt; Co" in board.get("/", "en").text


def translations() -> Iterator[tuple[str, str]]:
    """Of all that reports and the dashboard say: the English and the French."""
    for room in ("reports/language", "fleet/dashboard"):
        path = Path(sobriety.__file__).parent / room / "locale/fr/LC_MESSAGES/sobriety.po"
        with path.open("rb") as file:
            for message in read_po(file, locale="fr"):
                english = [message.id] if isinstance(message.id, str) else list(message.id)
                french = message.string
                yield from zip(english, [french] if isinstance(french, str) else french or (),
                               strict=True)  # fmt: skip


def test_no_english_reaches_a_french_page(board: Board) -> None:
    seen = [text for path in PAGES for text in texts(board.get(path, "fr").text)]
    whole = "\n".join(seen)
    for english, french in translations():
        parts = [p for p in re.split(r"\{\w+\}", english) if len(p) >= 12 and p not in french]
        assert not any(part in whole for part in parts), english
        assert english == french or english not in seen


# Sealed reports


def test_a_sealed_report_is_given_to_the_byte_or_not_at_all(board: Board) -> None:
    (folder,) = (board.home / "records").iterdir()
    links = re.findall(r'href="(/reports/[^"?]+)"', board.get("/reports", "fr").text)
    assert links == [f"/reports/{folder.name}/report.{form}" for form in ("html", "pdf")]
    page, paper = (board.get(link) for link in links)
    assert page.content == (folder / "report.html").read_bytes()
    assert page.headers["Content-Type"].startswith("text/html")
    assert "sandbox" in page.headers["Content-Security-Policy"]
    assert "script-src" not in page.headers["Content-Security-Policy"]
    assert paper.content == (folder / "report.pdf").read_bytes()
    assert paper.headers["Content-Disposition"].startswith("attachment")
    sealed_as = (folder / "report.html").read_bytes()
    (folder / "report.html").write_bytes(sealed_as.replace(b"<h1>", b"<h1>Not "))
    forged = board.get(links[0])
    (folder / "report.html").write_bytes(sealed_as)
    assert forged.status_code == 409 and "not what was sealed" in forged.json()["error"]
    seal = (folder / "seal.json").read_bytes()
    (folder / "seal.json").write_bytes(seal[:100])
    damaged, others = board.get(links[0]), board.get("/reports", "en")
    (folder / "seal.json").write_bytes(seal)
    assert damaged.status_code == 409 and "damaged" in damaged.json()["error"]
    assert others.status_code == 200 and folder.name not in others.text


def test_no_path_leads_out_of_the_records(board: Board) -> None:
    records = board.home / "records"
    (name,) = (f.name for f in records.iterdir())
    outside = board.home / "2020-Q1.1"
    outside.mkdir()
    (outside / "report.html").write_text("outside")
    (outside / "seal.json").write_text('{"files": {}}')
    (records / "2020-Q2.1").symlink_to(outside)
    secret = "Basic " + base64.b64encode(f"x:{board.read}".encode()).decode()
    for path in (
        f"{name}/seal.json", f"{name}/settings.toml", f"{name}/inputs/inventory.csv",
        f"{name}/..%2f..%2fconfig.toml", f"{name}/../../config.toml", "../config.toml",
        "..%2f2020-Q1.1/report.html", "../2020-Q1.1/report.html", "%2e%2e/report.html",
        "..%5c2020-Q1.1/report.html", "2020-Q2.1/report.html", "2020-Q3.1/report.html",
        f"{name}%00/report.html", f"{name}/report.html%00", f".{name}.part/report.html",
        f"{board.home}/2020-Q1.1/report.html".replace("/", "%2f"), f"{name}//report.html",
    ):  # fmt: skip
        with closing(http.client.HTTPConnection("127.0.0.1", board.served.port)) as raw:
            raw.request("GET", f"/reports/{path}", headers={"Authorization": secret})
            answer = raw.getresponse()
            assert (answer.status, b"outside" in answer.read()) == (404, False), path
    assert "2020-Q2" not in board.get("/reports", "en").text
    (records / "2020-Q2.1").unlink()


# When something is missing


def test_what_is_not_known_is_said_and_never_made_up(board: Board, gateway: Served) -> None:
    token = new_token(gateway.lake, read=True)

    def look() -> list[str]:
        return texts(get(gateway.url + "/?lang=en", auth=("x", token)).text)

    assert "No machine has sent anything yet" in look()
    gateway.post(rows_of("web-1", time.time_ns()), new_token(gateway.lake, "web-1"))
    assert "No figures yet" in look() and not any("kg" in t for t in look())
    empty = board.home / "empty.toml"
    empty.write_text(f'timezone = "{midday()}"')
    views.write(gateway.lake, summarise(board.served.lake, load(file=empty), K))
    seen = look()
    assert seen[seen.index("Use") + 1] == "Unknown"
    assert any("Name it: sobriety config set grid.zone CA-QC" in text for text in seen)
    assert "Making" in seen
    (gateway.lake / "gateway" / views.FILE).write_text('{"of": "another version"}')
    assert "No figures yet" in look()


def test_after_a_drain_there_are_figures(serve: Serve, home: Path) -> None:
    home.mkdir()
    (home / "config.toml").write_text(f'zone = "CA-QC"\ntimezone = "{midday()}"')
    served = serve("--drain", "1s")
    served.post(rows_of("web-1", time.time_ns()), new_token(served.lake, "web-1"))
    wait(lambda: bool((found := views.read(served.lake)) and found.today))
    token = new_token(served.lake, read=True)
    seen = texts(get(served.url + "/?lang=en", auth=("x", token)).text)
    assert "Power drawn today, on average" in seen and "The footprint of web-1" in seen


def test_what_fails_is_told_before_any_figure(serve: Serve, home: Path) -> None:
    home.mkdir()
    (home / "config.toml").write_text('zone = "XX-NOWHERE"')
    served = serve("--drain", "1s")
    reader, writer = new_token(served.lake, read=True), new_token(served.lake, "web-1")
    rows = rows_of("web-1", time.time_ns())

    def shown(what: str) -> bool:
        return what in texts(get(served.url + "/?lang=fr", auth=("x", reader)).text)

    served.post(rows[:5], writer)
    wait(lambda: shown("Les chiffres n’ont pas pu être recalculés"))
    assert "XX-NOWHERE" in get(served.url, auth=("x", reader)).text
    metrics = get(served.url + "/metrics", auth=("x", reader)).text
    assert re.search(r"^sobriety_gateway_dashboard_failures_total [1-9]", metrics, re.MULTILINE)
    (served.lake / "usage").rename(served.lake.parent / "usage")
    (served.lake / "usage").write_text("no folder")
    served.post(rows[5:], writer)
    wait(lambda: shown("Le lac ne peut pas être écrit"))


def test_old_figures_and_silence_are_told(gateway: Served, board: Board) -> None:
    token = new_token(gateway.lake, read=True)
    gateway.post(rows_of("web-1", time.time_ns()), new_token(gateway.lake, "web-1"))
    with closing(open_state(gateway.lake)) as db:
        db.execute("UPDATE host SET heard_ns = heard_ns - ?", (5 * HOUR_NS,))
    found = board.summary()
    old = views.DashboardSummary(
        found.as_of_ns - 4 * HOUR_NS, found.timezone, found.today, found.quarter
    )
    views.write(gateway.lake, old)
    seen = texts(get(gateway.url + "/?lang=en", auth=("x", token)).text)
    assert "These figures are 4 hours old" in seen
    assert "No machine was heard of for 5 hours" in seen


def test_a_fleet_is_paged_and_a_page_stays_small(gateway: Served) -> None:
    token = new_token(gateway.lake, read=True)
    now_ns = time.time_ns()
    name = "\U0001f5a5" * 250
    known = json.dumps({"category": "server", "manufacturer": name, "model": name})
    with closing(open_state(gateway.lake)) as db:
        db.execute("BEGIN")
        for n in range(2 * hosts.PAGE + 1):
            db.execute("INSERT INTO host VALUES (?, 's', 't', ?, ?)", (f"{n:03}{name}", now_ns, n))
            db.execute("INSERT INTO machine VALUES (?, 0, ?)", (f"{n:03}{name}", known))
        db.execute("COMMIT")
    pages = [get(f"{gateway.url}/hosts?lang=fr&page={n}", auth=("x", token)) for n in (1, 2, 3)]
    assert all(len(page.content) < MOST_B for page in pages)
    listed = [re.findall(r'<th scope="row">(\d{3})', page.text) for page in pages]
    assert [n for names in listed for n in names] == [f"{n:03}" for n in range(2 * hosts.PAGE + 1)]
    for wrong in ("0", "4", "-1", "x", "9" * 50, "١"):
        url = f"{gateway.url}/hosts?page={wrong}"
        assert get(url, auth=("x", token)).status_code == 404


def test_few_people_s_machines_are_not_even_split(tmp_path: Path) -> None:
    with closing(open_state(tmp_path)) as db:
        for n in range(4):
            db.execute("INSERT INTO host VALUES (?, 's', 't', 0, 0)", (f"poste-{n}",))
        assert hosts.heard(db, 5) == hosts.Heard(0, 0, 4, None, 0)
        assert hosts.heard(db, 4).others_stale == 4
        assert hosts.hosts(db, 0, 10) == []


def test_today_is_the_settings_day() -> None:
    late = datetime(2026, 11, 30, 23, 30, tzinfo=zone_of("America/Montreal"))
    assert today(late, "America/Montreal").start.isoformat() == "2026-11-30T00:00:00-05:00"
    assert today(late, "America/Montreal").duration_s == 86_400


# For everybody


@pytest.fixture
def see(board: Board, browser: Any) -> Iterator[Callable[[str, Tongue, int, bool], Any]]:
    secret = base64.b64encode(f"x:{board.read}".encode()).decode()
    headers = {"headers": {"Authorization": f"Basic {secret}"}}
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd("Network.setExtraHTTPHeaders", headers)

    def open_page(path: str, tongue: Tongue, width_px: int, dark: bool) -> Any:
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        size = {"width": width_px, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.get(f"{board.served.url}{path}?lang={tongue}")
        browser.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
        return browser

    yield open_page
    browser.execute_cdp_cmd("Network.setExtraHTTPHeaders", {"headers": {}})
    browser.execute_cdp_cmd("Network.disable", {})


@pytest.mark.parametrize(
    ("path", "tongue", "dark"),
    [(p, tongue, dark) for p in (*PAGES, NOWHERE) for tongue, dark in (("en", False), ("fr", True))]
    + [("/", "fr", False), ("/", "en", True)],
)
def test_axe_finds_nothing(
    path: str, tongue: Tongue, dark: bool, see: Callable[..., Any],
    violations: Callable[[Any], list[Any]],
) -> None:  # fmt: skip
    page = see(path, tongue, 390 if dark else 1280, dark)
    colour = page.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert colour == ("rgb(18, 23, 20)" if dark else "rgb(251, 250, 246)")  # its style is let in
    assert violations(page) == []


@pytest.mark.parametrize("path", [*PAGES, NOWHERE])
def test_nothing_runs_off_a_phone(path: str, see: Callable[..., Any]) -> None:
    page = see(path, "fr", 320, False)
    assert page.execute_script("return document.documentElement.scrollWidth") <= 320
