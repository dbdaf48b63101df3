"""What the fixed organisation declares: devices, sites, services, goals, factors, hourly intensity.

Virtual machines stand in no inventory here, and no figure here depends on the day it is computed.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

SETTINGS = """\
timezone = "America/Montreal"
organisation = "Ville de Saint-Exemple"
pue = 1.25
"""
BARE_SETTINGS = 'timezone = "America/Montreal"\n'

INVENTORY = """\
id,category,manufacturer,model,quantity,site,department,service,host,acquired,retired,\
lifetime_years,refurbished,cpu,memory_gb,screen_in,yearly_kwh,power_w,use_ratio,embodied_kg,end
web-1,server,Dell Inc.,PowerEdge R750,1,salle,TI,portail,,2023-05-02,,6,,,,,,,,,
db-1,server,Dell Inc.,PowerEdge R750,1,salle,TI,portail,,2022-03-14,,6,,,,,,,,1150,
lot-1,server,HPE,ProLiant DL385 Gen10 Plus,1,salle,TI,,,2021-06-01,,,,,,,,,,,
archive,server,HPE,ProLiant DL360 Gen9,2,salle,TI,,,2018-02-01,,8,,,64,,,180,0.75,,
graphisme,workstation,Dell Inc.,Precision 5820,1,nord,Animation,,studio-1,2022-11-07,,5,,,,,,,,,
portable-0,notebook,Lenovo,ThinkPad T14 Gen 3,1,nord,Prêt,,,2023-01-16,,4,,,,,,,,,
portable-1,notebook,Lenovo,ThinkPad T14 Gen 3,1,nord,Prêt,,,2023-01-16,,4,,,,,,,,,
portable-2,notebook,Lenovo,ThinkPad T14 Gen 3,1,nord,Prêt,,,2023-01-16,,4,,,,,,,,,
portable-3,notebook,Lenovo,ThinkPad T14 Gen 3,1,nord,Accueil,,,2025-08-18,,4,oui,,,,,,,,
portable-4,notebook,Lenovo,ThinkPad T14 Gen 3,1,nord,Accueil,,,2023-01-16,,4,,,,,,,,,
portable-5,notebook,Lenovo,ThinkPad T14 Gen 3,1,nord,Accueil,,,,,,,,,,,,,,
poste-0,desktop,HP,EliteDesk 800 G6,1,sud,Accueil,,,2020-09-07,,6,,,,,,,,,
poste-1,desktop,HP,EliteDesk 800 G6,1,sud,Accueil,,,2020-09-07,,6,,,,,,,,,
portables,notebook,Lenovo,ThinkPad T14 Gen 2,11,nord,Prêt,,,2022-01-17,,4,,,16,14,,,,,
reconditionnés,notebook,Dell,Latitude 5400,6,nord,Prêt,,,2024-02-05,,4,oui,,,,,,,,
neufs,notebook,Lenovo,ThinkPad T14 Gen 5,4,sud,Animation,,,2025-11-03,,5,,,32,14,,,,,
écrans,monitor,Dell,P2422H,25,nord,Accueil,,,2021-04-12,,7,,,,24,,,,,
écrans-neufs,monitor,Dell,P2422H,3,nord,Prêt,,,2025-10-06,,7,,,,24,,,,,
écrans-sud,monitor,Dell,P2722H,7,sud,Accueil,,,2023-04-12,,7,,,,27,22,,,310,
mobiles,smartphone,Samsung,Galaxy A53,5,nord,Animation,,,2023-03-20,,3,,,,6.5,,,,,
tablettes,tablet,Samsung,Galaxy Tab A8,3,sud,Animation,,,2022-06-20,,,,,,10.5,,,,,
anciens,desktop,HP,EliteDesk 800 G3,10,sud,Accueil,,,2018-01-15,2025-10-30,8,,,8,,,,,,donated
au-rebut,all-in-one,Lenovo,M90a,2,sud,Accueil,,,2021-02-01,2025-11-12,6,,,,23.8,,,,,recycled
postes-légers,thin client,HP,t640,8,sud,Accueil,,,2020-03-02,,8,,,8,,,12,0.3,,
commutateurs,switch,Cisco,Catalyst 9200,2,salle,TI,,,2021-02-01,,7,,,,,410,,,160,
commutateur-nord,switch,Cisco,Catalyst 1200,1,nord,TI,,,2022-10-03,,,,,,,,,,,
bornes,access point,Aruba,AP-515,9,nord,TI,,,2021-10-04,,7,,,,,,,,60,
bornes-sud,access point,Aruba,AP-515,4,sud,TI,,,,,,,,,,,,,,
routeur,router,Cisco,ISR 1111,1,sud,TI,,,2020-05-04,,,,,,,,35,,95,
stockage,storage,Synology,RS3621xs,1,salle,TI,,,2022-02-07,,6,,,,,1300,,,410,
imprimantes,printer,Brother,HL-L6400DW,3,nord,Accueil,,,2019-03-11,,7,,,,,95,,,,
imprimante-sud,printer,,,1,sud,Accueil,,,2021-03-15,,,,,,,,,,,
onduleur,ups,APC,,1,salle,TI,,,,,,,,,,,,,,
"""

SITES = """\
[[site]]
id = "salle"
name = { fr = "Salle des serveurs", en = "Server room" }
zone = "CA-QC"
pue = 1.45
timezone = "America/Montreal"
open = "24/7"
floor_area_m2 = 60
price_per_kwh = 0.0625
currency = "CAD"
market_g_per_kwh = 0.5
market_source = "contract of 2025"

[[site]]
id = "nord"
name = { fr = "Bibliothèque du Nord", en = "North library" }
zone = "CA-ON"
pue = "closet"
timezone = "America/Toronto"
open = ["Mon-Fri 09:00-17:00", "Sat 10:00-14:00"]
closed = ["12-25", "01-01", 2025-11-03]
headcount = 23
price_per_kwh = 0.125
currency = "CAD"

[[site]]
id = "sud"
name = "Bibliothèque du Sud"
zone = "Québec"
timezone = "America/Montreal"
open = "mar-sam 9h30-12h, 13h-18h"
headcount = 9
price_per_kwh = 0.1875
currency = "EUR"
"""

SERVICES = """\
[[service]]
id = "portail"
name = { fr = "Portail", en = "Portal" }
hosts = ["web-*", "db-1"]
unit = { id = "visit", fr = "visite", en = "visit" }
[service.units]
"2024-Q4" = 180000
"2025-Q3" = 200000
"2025-10" = 70000
"2025-11" = 65000
"2025-12" = 55000

[[service]]
id = "loans"
name = { fr = "Prêts", en = "Loans" }
hosts = ["web-1"]
workloads = ["service:nginx.service", "container:loans*"]
share = 0.5
unit = { id = "loan", fr = "prêt", en = "loan" }
[service.units]
"2025-Q4" = 9100

[[service]]
id = "sauvegarde"
name = { fr = "Sauvegarde", en = "Backup" }
hosts = ["lot-1"]
workloads = ["service:backup.service"]
"""

GOALS = """\
extends = ["montreal-2030", "itu-l1470"]

[goal.it-carbon.baseline]
value = 7
unit = "t"
year = 2023
source = "inventory of 2023"
[goal.it-carbon.target]
reduction_ratio = 0.40
year = 2030
[[goal.it-carbon.milestone]]
reduction_ratio = 0.15
year = 2027

[goal.idle]
text = { fr = "Moins à vide", en = "Less idle" }
indicator = "idle_ratio"
baseline = { value = 90, unit = "%", year = 2023, source = "report of 2023" }
target = { value = 10, unit = "%", year = 2027 }

[goal.off-at-night]
text = { fr = "Éteint quand personne n’est là", en = "Off when nobody is there" }
indicator = "unattended_ratio"
direction = "decrease"
baseline = { value = 34, unit = "%", year = 2023, source = "report of 2023" }
target = { value = 10, unit = "%", year = 2028 }

[goal.energy]
text = { fr = "Moins d’énergie", en = "Less energy" }
indicator = "energy_j"
baseline = { value = 30, unit = "MWh", year = 2023, source = "bills of 2023" }
target = { reduction_ratio = 0.2, year = 2029 }
"""

OWN_GRID = """\
zone,year,kind,basis,value_g_per_kwh,low_g_per_kwh,high_g_per_kwh,status,source,licence,retrieved
CA-QC,2025,direct,consumption,3.1,2.8,3.4,preliminary,study of the campus,internal,2026-01
CA-ON,2024,direct,consumption,71,60,82,final,study of the province,internal,2026-01
CA-ON,2025,direct,consumption,68,55,80,final,study of the province,internal,2026-01
CA-ON,2025,life-cycle,consumption,96,80,118,final,study of the province,internal,2026-01
"""

OWN_PRODUCTS = """\
manufacturer,name,embodied_kg,low_kg,high_kg,lifetime_years,source
Dell,P2422H,318,255,390,6,declaration of its maker
Lenovo,ThinkPad T14 Gen 2,271,210,345,4,declaration of its maker
Samsung,Galaxy A53,58,45,72,3,declaration of its maker
"""

TEXTS = {
    "settings.toml": SETTINGS,
    "bare.toml": BARE_SETTINGS,
    "inventory.csv": INVENTORY,
    "sites.toml": SITES,
    "services.toml": SERVICES,
    "goals.toml": GOALS,
    "campus.csv": OWN_GRID,
    "products.csv": OWN_PRODUCTS,
}


def write_files(folder: Path) -> None:
    """Write every file, `grid_hours.csv` among them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "grid_hours.csv").write_text(_write_grid_hours(), encoding="utf-8")


def _write_grid_hours() -> str:
    """Both kinds of factors from 18 October to 12 November 2025; one hour in 97 is missing."""
    lines = ["hour_utc,zone,kind,value_g_per_kwh,low,high"]
    start = datetime(2025, 10, 18, tzinfo=UTC)
    for number in range(26 * 24):
        at = start + timedelta(hours=number)
        if number % 97 == 50:
            continue
        direct_g = 2 + (at.hour - 4) % 24 / 4 + number % 5 / 8
        for kind, grams in (("direct", direct_g), ("life-cycle", 24 + 4 * direct_g)):
            lines.append(
                f"{at:%Y-%m-%dT%H:%MZ},CA-QC,{kind},{grams},{grams * 0.875},{grams * 1.25}"
            )
    return "\n".join(lines) + "\n"
