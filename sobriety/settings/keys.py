"""The settings that there are: how each is read, what it is when nobody says, what it is for."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from sobriety.core.machine import readings_of

Value = str | float | tuple[str, ...] | None


def _text(raw: object) -> str:
    # Control characters would reach somebody's terminal with every report.
    if isinstance(raw, str) and raw.strip() and raw.isprintable():
        return raw.strip()
    raise ValueError("expected a text in quotes, of printable characters")


def _number(low: float, high: float) -> Callable[[object], float]:
    def read(raw: object) -> float:
        try:
            value = float(raw)  # type: ignore[arg-type]  # any object: refused below
        except (TypeError, ValueError):
            raise ValueError(f"expected a number from {low:g} to {high:g}") from None
        if isinstance(raw, bool) or not low <= value <= high:
            raise ValueError(f"expected a number from {low:g} to {high:g}")
        return value

    return read


def _choice(*allowed: str) -> Callable[[object], str]:
    def read(raw: object) -> str:
        if raw in allowed:
            return str(raw)
        raise ValueError(f"expected one of {', '.join(allowed)}")

    return read


def _names(raw: object) -> tuple[str, ...]:
    parts = raw.replace(",", " ").split() if isinstance(raw, str) else raw
    if isinstance(parts, list) and parts and all(isinstance(p, str) for p in parts):  # pyright: ignore[reportUnknownVariableType]
        return tuple(parts)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    raise ValueError('expected names, as in ["cpu", "rapl"]')


def _month(raw: object) -> str:
    if isinstance(raw, str) and re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", raw.strip()):
        return raw.strip()
    raise ValueError('expected a month, as in "2026-06"')


def _pue(raw: object) -> float | str:
    from sobriety.estimators import rooms

    if isinstance(raw, str) and raw.strip().lower() in rooms():
        return raw.strip().lower()
    try:
        return _number(1, 5)(raw)
    except ValueError as error:
        raise ValueError(f"{error}, or one of {', '.join(rooms())}") from None


def _readings(raw: object) -> str:
    text = _text(raw)
    readings_of(text)
    return text


class Setting(NamedTuple):
    """One key: how to read it, what it is when nobody says, what it is for."""

    name: str
    read: Callable[[object], Value]
    default: Value
    meaning: str


SETTINGS = (
    Setting("zone", _text, None, "the electricity grid: CA-QC, FR, Ontario…"),
    Setting("factor_kind", _choice("direct", "life-cycle"), "direct",
            "emissions at the power stations, or with everything upstream"),
    Setting("factors_as_of", _month, None,
            "a month, as in 2026-06: grid factors that came out later are left out"),
    Setting("grid_hours", _names, None,
            "files of the grid's intensity by the hour, for reports"),
    Setting("market_g_per_kwh", _number(0, 3000), None,
            "what the contract for electricity states; shown apart, never in the totals"),
    Setting("market_source", _text, None, "that contract: who states it, and for when"),
    Setting("language", _choice("en", "fr"), None, "of reports; the locale's when not set"),
    Setting("timezone", _text, None, "of a report's days, as in America/Montreal"),
    Setting("host", _text, None, "the name that rows carry; the machine's own when not set"),
    Setting("pseudonymise", _choice("on", "off", "auto"), "auto",
            "a made-up name in place of the machine's; auto: not on a server"),
    Setting("collectors", _names, None, "only these, by name; all of this system when not set"),
    Setting("presence", _choice("on", "off"), "on",
            "whether anybody uses the machine, screens and lid; never who"),
    Setting("interval_s", _number(0.1, 3600), 5.0, "seconds between two samples"),
    Setting("work_s", _number(0.1, 3600), 30.0, "seconds between two looks at who works"),
    Setting("adaptive", _choice("on", "off"), "on",
            "the daemon looks half as often when idle, and half as often on battery"),
    Setting("row_s", _number(1, 3600), 60.0, "seconds that a row holds"),
    Setting("retention_days", _number(1, 36_500), 400.0,
            "how long rows stay in the spool; the default is a year and a quarter's wait. Those"
            " that a gateway is to get, and has not, stay longer"),
    Setting("spool_max_mb", _number(1, 1_000_000), 256.0,
            "room for the spool, its log and what was set aside; the oldest rows go first"),
    Setting("redfish_user", _text, None, "whom a server's controller lets read, for --redfish"),
    Setting("redfish_password_file", _text, None, "a file with that user's password"),
    Setting("redfish_ca_file", _text, None, "certificates to trust, where it signed its own"),
    Setting("category", _text, None, "server, notebook, desktop…; found out when not set"),
    Setting("cpu_model", _text, None, "the processor's name, where the machine hides it"),
    Setting("tdp_w", _number(1, 2000), None, "thermal design power of one processor"),
    Setting("idle_w", _number(0.1, 10_000), None, "read off a meter at the plug, doing nothing"),
    Setting("max_w", _number(0.1, 20_000), None, "read off a meter at the plug, all cores busy"),
    Setting("readings", _readings, None, "the same at other loads, in percent: 50=88 75=104"),
    Setting("meter_ratio", _number(0.001, 0.5), None, "how far off that meter may be; 0.02"),
    Setting("hw_year", _number(1990, 2100), None, "the year the hardware was sold"),
    Setting("lifetime_years", _number(0.5, 40), None, "how long the machine will be kept"),
    Setting("embodied_kg", _number(0.1, 100_000), None, "the maker's figure, everything but use"),
    Setting("metrics", _text, None, "where /metrics answers: 127.0.0.1:9845; off when not set"),
    Setting("otlp_endpoint", _text, None,
            "where metrics are pushed to, as http://127.0.0.1:4318/v1/metrics; off when not set"),
    Setting("otlp_interval_s", _number(1, 3600), 60.0, "seconds between two pushes"),
    Setting("push", _text, None,
            "the gateway that rows are sent to, as https://gateway:9846; off when not set"),
    Setting("push_every_s", _number(1, 86_400), 300.0, "seconds between two batches to it"),
    Setting("push_token_file", _text, None, "a file with the token that it asks for"),
    Setting("push_ca_file", _text, None, "certificates to trust, where its own is signed by them"),
    Setting("pue", _pue, None,
            "power usage effectiveness of the servers' room, or its kind: closet, server room, data"
            " centre, hyperscale"),
    Setting("organisation", _text, None, "whose report it is"),
    Setting("inventory", _text, None, "a CSV of the devices that it has"),
    Setting("sites", _text, None, "a TOML of where they stand"),
    Setting("services", _text, None, "a TOML of what people use of them"),
    Setting("goals", _text, None, "a TOML of what is to be reached"),
    Setting("meter_url", _text, None, "the address of a smart plug or meter that answers in JSON"),
    Setting("meter_path", _text, None, "where its answer has the number, as in meters.0.power"),
    Setting("meter_unit", _choice("W", "kW", "mW", "J", "Wmin", "Wh", "kWh"), "W",
            "of that number; those of energy are counters"),
    Setting("meter_token_file", _text, None, "a file with a token for it, or USER:PASSWORD"),
    Setting("meter_ca_file", _text, None, "certificates to trust, where the meter signed its own"),
    Setting("snmp_target", _text, None, "HOST or HOST:PORT of a socket strip, UPS or switch"),
    Setting("snmp_oid", _text, None, "what to ask it, as in rPDU2OutletMeteredStatusPower.7"),
    Setting("snmp_unit_w", _number(1e-6, 1e6), 1.0, "the watts of 1, where that is a number"),
    Setting("snmp_keys_file", _text, None, "a file with its community, or user and passwords"),
)  # fmt: skip
BY_NAME = {s.name: s for s in SETTINGS}
