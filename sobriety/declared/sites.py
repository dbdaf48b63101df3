"""Sites: where machines stand, on which grid, in what kind of room, and when the place is open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

from sobriety.core.estimate import Estimate
from sobriety.core.text import Text
from sobriety.estimators import contract_intensity, room_pue
from sobriety.files.toml_form import Entry, read_form
from sobriety.settings.keys import BY_NAME

from . import values
from .hours import OpeningHours, joined, openings


@dataclass(frozen=True, slots=True)
class Site:
    """A place of an organisation; None is what nobody declared.

    zone       code of the electricity grid
    pue        power usage effectiveness of its server room: a number of its owner's, or that of
               such rooms
    market     what its contract for electricity states, in g/kWh; stands apart, never in a total
    currency   of price_per_kwh, ISO 4217
    hours      on the clock of `timezone`
    """

    id: str
    name: Text
    zone: str | None = None
    pue: Estimate | float | None = None
    market: Estimate | None = None
    price_per_kwh: float | None = None
    currency: str | None = None
    hours: OpeningHours | None = None
    timezone: str | None = None
    floor_area_m2: float | None = None
    headcount: int | None = None

    def is_open(self, moment: datetime) -> bool | None:
        """Whether it is open; None where its hours are not known.

        A moment without zone is the site's own clock. One with a zone needs the site's: None
        where it has none.
        """
        if self.hours is None:
            return None
        if moment.tzinfo is not None:
            if self.timezone is None:
                return None
            moment = moment.astimezone(ZoneInfo(self.timezone))
        return self.hours.is_open(moment)


def read_sites(path: Path) -> dict[str, Site]:
    """The sites of a TOML file by id. Raises ConfigError with every fault."""
    form = read_form(path)
    top = form.top()
    found: dict[str, Site] = {}
    for entry in top.tables("site"):
        site = _site(entry)
        if site.id in found and "id" in entry.data:
            entry.wrong(
                "id",
                Text(
                    en=f"{site.id!r} is another site's too; every site has its own",
                    fr=f"{site.id!r} est aussi celui d’un autre site\xa0; chaque site a le sien",
                ),
            )
        found[site.id] = site
    top.close()
    if "site" not in form.data:
        top.wrong(
            "",
            Text(
                en="has no [[site]]",
                fr="n’a pas de [[site]]",
            ),
        )
    form.refuse()
    return found


def _site(entry: Entry) -> Site:
    called = entry.must("id", values.identifier, "?")
    price, money = (
        entry.take("price_per_kwh", values.number(0, 1e6)),
        entry.take("currency", values.currency),
    )
    if ("price_per_kwh" in entry.data) != ("currency" in entry.data):
        entry.wrong(
            "price_per_kwh",
            Text(
                en="a price and its currency go together",
                fr="un prix et sa monnaie vont ensemble",
            ),
        )
    site = Site(
        called,
        entry.take("name", values.in_both) or Text(called, called),
        entry.take("zone", values.zone),
        entry.take("pue", _pue),
        _market(entry),
        price,
        money,
        _hours(entry),
        entry.take("timezone", values.timezone),
        entry.take("floor_area_m2", values.number(0.1, 1e8)),
        entry.take("headcount", values.count(0, 10_000_000)),
    )
    entry.close()
    return site


def _as_the_setting(name: str) -> Callable[[object], float]:
    """Read as the setting of that name is."""
    return cast("Callable[[object], float]", BY_NAME[name].read)


def _pue(raw: object) -> Estimate | float:
    value = BY_NAME["pue"].read(raw)
    return room_pue(value) if isinstance(value, str) else cast("float", value)


def _market(entry: Entry) -> Estimate | None:
    value = entry.take("market_g_per_kwh", _as_the_setting("market_g_per_kwh"))
    source = entry.take("market_source", values.text)
    if ("market_g_per_kwh" in entry.data) != ("market_source" in entry.data):
        entry.wrong(
            "market_g_per_kwh",
            Text(
                en="a contract's factor and its market_source go together",
                fr="le facteur d’un contrat et sa market_source vont ensemble",
            ),
        )
    if value is None or source is None:
        return None
    return contract_intensity(value, source)


def _hours(entry: Entry) -> OpeningHours | None:
    opened = entry.take("open", values.several(openings))
    closed = entry.take("closed", values.several(values.day))
    if "closed" in entry.data and "open" not in entry.data:
        entry.wrong(
            "closed",
            Text(
                en="closed days need opening hours; write open too",
                fr="des jours de fermeture exigent des heures d’ouverture\xa0; écrivez aussi open",
            ),
        )
    return None if opened is None else OpeningHours(joined(opened), frozenset(closed or ()))
