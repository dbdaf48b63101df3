"""Lakes to report on: usage rows of synthetic machines, kept and estimated by the real rooms."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest

from sobriety.core.machine import Machine
from sobriety.core.period import Period, choose, to_ns
from sobriety.core.usage import Usage
from sobriety.estimators import FactorBook, contract_intensity, grid_factor
from sobriety.lake import Lake
from sobriety.reports import Report, ReportSettings, gather
from sobriety.reports.model.declared import Declared, read_declared

TZ = ZoneInfo("America/Montreal")
NOW = datetime(2026, 11, 23, 14, 4, tzinfo=TZ)

VIRTUAL = Machine(
    "atelier-3", "server", cpu_model="Intel(R) Xeon(R) Platinum 8488C", chips=1, cores=1,
    threads=2, memory_b=8e9, virtual=True, system="linux",
)  # fmt: skip
LAPTOP = Machine(
    "portable-17", "notebook", "Lenovo", "ThinkPad T14 Gen 3",
    "12th Gen Intel(R) Core(TM) i5-1245U", chips=1, cores=10, threads=12, memory_b=16e9, disks=1,
    screen_in=14.0, hw_year=2022, virtual=False, system="linux",
)  # fmt: skip
SERVER = Machine(
    "srv-1", "server", "Dell Inc.", "PowerEdge R750", "Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz",
    chips=2, cores=64, threads=128, tdp_w=205.0, memory_b=256e9, disks=4, hw_year=2021,
    virtual=False, system="linux",
)  # fmt: skip


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    """A moment in Montréal, in nanoseconds."""
    return to_ns(datetime(year, month, day, hour, minute, tzinfo=TZ))


def usage(
    host: str,
    start_ns: int,
    busy: list[float],
    row_s: float = 60.0,
    joules: Mapping[str, float] | None = None,
) -> list[Usage]:
    """A row for each share of the processor; `joules` are a sensor's, per second."""
    sensors = joules or {}
    rows: list[Usage] = []
    for i, u in enumerate(busy):
        measures = {
            "cpu_busy_s": u * 8 * row_s,
            "cpu_capacity_s": 8 * row_s,
            "util_sqrt_s": math.sqrt(u) * row_s,
            "util_s": u * row_s,
            "util_cubed_s": u**3 * row_s,
            "agent_cpu_s": 0.0003 * row_s,
        } | {f"{name}_j": watts * row_s for name, watts in sensors.items()}
        observed = ("cpu", *sensors, "agent")
        rows.append(Usage(host, start_ns + int(i * row_s * 1e9), row_s, row_s, measures, observed))
    return rows


def in_time(rows: list[Usage]) -> list[Usage]:
    """As one spool would have them: they become a file a day, and not one for each host too."""
    return sorted(rows, key=lambda row: row.start_ns)


Fill = Callable[[Lake], object]


@pytest.fixture(scope="session")
def make_lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Fill], Lake]]:
    lakes: list[Lake] = []

    def make(fill: Fill) -> Lake:
        lake = Lake(tmp_path_factory.mktemp("lake"))
        lakes.append(lake)
        fill(lake)
        return lake

    yield make
    for lake in lakes:
        lake.close()


def fill_short(lake: Lake) -> None:
    """A virtual machine, watched for 45 seconds."""
    lake.record_machine(VIRTUAL, at(2026, 11, 23, 14, 2))
    lake.append(usage("atelier-3", at(2026, 11, 23, 14, 2), [0.1, 0.3, 0.2] * 3, row_s=5.0))


def fill_laptop(lake: Lake) -> None:
    """A laptop for a day, three hours of it unseen."""
    lake.record_machine(LAPTOP, at(2026, 11, 22, 8))
    busy = [0.02 + 0.3 * max(0.0, math.sin(i / 240)) for i in range(1440)]
    rows = usage("portable-17", at(2026, 11, 22, 8), busy)
    lake.append(rows[:800] + rows[980:])


def fill_fleet(lake: Lake) -> None:
    """Laptops, a server with sensors and one without, and a host nobody described: six weeks."""
    start_ns = at(2026, 10, 1)
    day = [0.01] * 8 + [0.25] * 9 + [0.01] * 7
    machines = [replace(LAPTOP, host=f"poste-{k:02d}") for k in range(3)]
    machines += [SERVER, replace(SERVER, host="srv-2"), VIRTUAL]
    rows = usage("sans-nom", start_ns, day, row_s=3600.0)
    for machine in machines:
        lake.record_machine(machine, start_ns)
        sensors = {"package": 180.0, "dram": 25.0} if machine.host == "srv-1" else {}
        rows += usage(machine.host, start_ns, day * 42, row_s=3600.0, joules=sensors)
        rows.append(Usage(machine.host, at(2026, 11, 12, 1), 600.0, 0.0, state="unobserved"))
    lake.append(in_time(rows))
    lake.roll_up()


def shared(rows: list[Usage], **seconds_of: float) -> list[Usage]:
    """Who worked, by seconds in each row, and above 100 W of a sensor's: as the session writes."""
    found: list[Usage] = []
    for row in rows:
        busy_s = row.measures["cpu_busy_s"]
        times = {**seconds_of, "": busy_s - sum(seconds_of.values())}
        for name, cpu_s in times.items():
            share = cpu_s / busy_s
            measures = {"cpu_busy_s": cpu_s}
            if name:  # the small one holds the most
                measures["memory_used_bs"] = row.duration_s * (8e9 if name == "cron" else 1e9)
            for column in ("util_sqrt_s", "util_s", "util_cubed_s"):
                measures[column] = share * row.measures[column]
            for column in ("package_j", "dram_j"):
                if column in row.measures:
                    above_j = max(0.0, row.measures[column] - 20.0 * row.duration_s)
                    measures[column] = share * above_j
            found.append(
                replace(
                    row,
                    measures=measures,
                    kind="service" if name.endswith(".service") else "process"
                    if name else "unattributed",
                    name=name,
                )
            )  # fmt: skip
    return found


def fill_worked(lake: Lake) -> None:
    """Two servers for a day that tell who works, one with sensors; the second only since noon."""
    start_ns = at(2026, 11, 20)
    for machine, watts in ((SERVER, {"package": 180.0, "dram": 25.0}), (VIRTUAL, {})):
        lake.record_machine(machine, start_ns)
        rows = usage(machine.host, start_ns, [0.25] * 24, row_s=3600.0, joules=watts)
        told = rows if watts else rows[12:]
        lake.append(
            [*rows, *shared(told, **{"nginx.service": 3600.0, "python3.11": 900.0, "cron": 9.0})]
        )
    lake.roll_up()


def fill_organisation(lake: Lake) -> None:
    """Two servers for more than a year, six workstations since October."""
    day = [0.05] * 8 + [0.3] * 10 + [0.05] * 6
    desk = [0.01] * 9 + [0.15] * 8 + [0.01] * 7
    year_ago, first = at(2025, 10, 1), at(2026, 10, 1)
    rows = usage("sans-fiche", first, day * 9, row_s=3600.0)
    for name in ("web-1", "db-1"):
        lake.record_machine(replace(SERVER, host=name), year_ago)
        rows += usage(name, year_ago, day * 419, row_s=3600.0)
    for k in range(6):
        machine = replace(LAPTOP, host=f"poste-{k}", category="desktop", screen_in=None)
        lake.record_machine(machine, first)
        rows += usage(machine.host, first, desk * 53, row_s=3600.0)
    lake.append(in_time(rows))
    lake.roll_up()


INVENTORY = """id,category,model,quantity,site,department,service,acquired,retired,lifetime_years,\
refurbished,yearly_kwh,embodied_kg,end
web-1,server,,1,salle,TI,portail,2023-05-02,,6,,,,
db-1,server,,1,salle,TI,portail,2022-03-14,,6,,,,
poste-0,desktop,,1,nord,Accueil,,2022-08-22,,5,,,,
poste-1,desktop,,1,nord,Accueil,,2022-08-22,,5,,,,
poste-2,desktop,,1,nord,Accueil,,2022-08-22,,5,,,,
poste-3,desktop,,1,nord,Prêt,,2022-08-22,,5,,,,
poste-4,desktop,,1,nord,Prêt,,2022-08-22,,5,,,,
poste-5,desktop,,1,nord,Prêt,,2022-08-22,,5,,,,
écrans,monitor,P2422H,25,nord,Accueil,,2021-04-12,,7,,,,
portables,notebook,ThinkPad T14,11,nord,Prêt,,2023-01-16,,4,,,,
reconditionnés,notebook,Latitude 5400,6,nord,Prêt,,2024-02-05,,4,oui,,,
neufs,notebook,ThinkPad T14,4,nord,Prêt,,2026-10-19,,5,,,,
anciens,desktop,EliteDesk,10,nord,Accueil,,2021-01-15,2026-10-30,8,,,,donated
commutateurs,switch,,2,salle,TI,,2021-02-01,,7,,410,160,
onduleur,ups,,1,salle,TI,,,,,,,,
bornes,access point,,9,nord,TI,,,,,,,60,
"""
SITES = """
[[site]]
id = "salle"
name = { fr = "Salle", en = "Room" }
zone = "CA-QC"
pue = 1.45
timezone = "America/Montreal"
open = "24/7"
price_per_kwh = 0.062
currency = "CAD"
market_g_per_kwh = 0.5
market_source = "a contract"
[[site]]
id = "nord"
name = { fr = "Bibliothèque du Nord", en = "North library" }
zone = "CA-ON"
timezone = "America/Montreal"
open = "Mon-Fri 09:00-17:00"
"""
SERVICES = """
[[service]]
id = "portail"
name = { fr = "Portail", en = "Portal" }
hosts = ["web-*", "db-1"]
unit = { id = "visit", fr = "visite", en = "visit" }
[service.units]
"2026-Q3" = 200000
"2026-Q4" = 90000
"""
GOALS = """
extends = ["montreal-2030"]
[goal.it-carbon.baseline]
value = 1
unit = "t"
year = 2024
source = "inventory of 2024"
[goal.it-carbon.target]
reduction_ratio = 0.60
year = 2030
[goal.idle]
text = { fr = "Moins à vide", en = "Less idle" }
indicator = "idle_ratio"
baseline = { value = 90, unit = "%", year = 2024, source = "report" }
target = { value = 10, unit = "%", year = 2027 }
"""


@pytest.fixture(scope="session")
def declared(tmp_path_factory: pytest.TempPathFactory) -> Declared:
    """What the organisation of the scenes declares."""
    folder = tmp_path_factory.mktemp("declared")
    texts = {"inventory.csv": INVENTORY, "sites.toml": SITES,
             "services.toml": SERVICES, "goals.toml": GOALS}  # fmt: skip
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return read_declared(*(folder / name for name in texts))


FILLS: dict[str, Fill] = {"short": fill_short, "laptop": fill_laptop, "fleet": fill_fleet,
                          "worked": fill_worked, "organisation": fill_organisation}  # fmt: skip
QUARTER = choose(quarter="2026-Q4", timezone="America/Montreal")
PERIODS: dict[str, Period | None] = {
    "short": None,
    "laptop": None,
    "fleet": QUARTER,
    "worked": None,
    "organisation": QUARTER,
}


OWN = FactorBook(
    (
        grid_factor(
            {"zone": "CA-QC", "year": "2026", "kind": "direct", "basis": "consumption",
             "value_g_per_kwh": "3.1", "low_g_per_kwh": "2.8", "high_g_per_kwh": "3.4",
             "status": "preliminary", "source": "Étude <du> campus", "licence": "internal",
             "retrieved": "2026-05", "note": ""},
            own="campus",
        ),
    ),
    as_of="2026-11",
)  # fmt: skip
CONTRACT = contract_intensity(0.5, "Supplier & co")


@pytest.fixture(scope="session")
def lakes(make_lake: Callable[[Fill], Lake]) -> dict[str, Lake]:
    return {name: make_lake(fill) for name, fill in FILLS.items()}


@pytest.fixture(scope="session")
def reports(lakes: dict[str, Lake], declared: Declared) -> dict[str, Report]:
    """Gathered once: a report of each lake, one without a zone, one of everything of its user's."""
    québec = ReportSettings(zone="Québec", timezone="America/Montreal", k_anonymity=1)
    nowhere = ReportSettings(timezone="America/Montreal", k_anonymity=1)
    found = {name: gather(lake, québec, PERIODS[name], now=NOW) for name, lake in lakes.items()}
    owner = replace(québec, declared=declared, k_anonymity=5, organisation="Bibliothèques <&>")
    found["organisation"] = gather(lakes["organisation"], owner, QUARTER, now=NOW)
    found["no zone"] = gather(lakes["fleet"], nowhere, QUARTER, now=NOW)
    by_contract = replace(québec, factors=OWN, market=CONTRACT)
    found["by contract"] = gather(lakes["fleet"], by_contract, QUARTER, now=NOW)
    return found


SCENES = ("short", "laptop", "fleet", "worked", "no zone", "by contract", "organisation")


@pytest.fixture(params=SCENES)
def report(request: pytest.FixtureRequest, reports: dict[str, Report]) -> Report:
    return reports[request.param]


class _Page(HTMLParser):
    VOID = frozenset(("meta", "path", "br"))

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[str] = []
        self.open: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append((tag, dict(attrs).get("lang")))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        elsewhere = any(tag == "style" or lang == "en" for tag, lang in self.open)
        if data.strip() and not elsewhere:
            self.texts.append(data.strip())


Read = Callable[[str], tuple[list[str], list[str]]]


@pytest.fixture(scope="session")
def read_page() -> Read:
    """The texts of a page, those marked as of another language left out, and its tags."""

    def read(html: str) -> tuple[list[str], list[str]]:
        page = _Page()
        page.feed(html)
        assert page.open == [], "every tag is closed"
        return page.texts, page.tags

    return read


@pytest.fixture(scope="session")
def make_usage() -> Callable[..., list[Usage]]:
    return usage


@pytest.fixture(scope="session")
def machines() -> dict[str, Machine]:
    return {m.host: m for m in (VIRTUAL, LAPTOP, SERVER)}
