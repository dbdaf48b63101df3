"""Declares every setting: its table and key, how it is read, its default, what it is for."""

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
    """One setting.

    table, key   where it stands in a file: `[push] every_s`
    name         in the code, in SOBRIETY_NAME, and at the top of files written before 0.2
    """

    table: str
    key: str
    name: str
    read: Callable[[object], Value]
    default: Value
    meaning: str

    @property
    def path(self) -> str:
        """`push.every_s`, as people name it."""
        return f"{self.table}.{self.key}"


SETTINGS = (
    Setting("grid", "zone", "zone", _text, None, "the electricity grid: CA-QC, FR, Ontario…"),
    Setting("grid", "factor_kind", "factor_kind", _choice("direct", "life-cycle"), "direct",
            "emissions at the power stations, or with everything upstream"),
    Setting("grid", "factors_as_of", "factors_as_of", _month, None,
            "a month, as in 2026-06: grid factors that came out later are left out"),
    Setting("grid", "hours", "grid_hours", _names, None,
            "files of the grid's hourly intensity, for reports"),
    Setting("grid", "market_g_per_kwh", "market_g_per_kwh", _number(0, 3000), None,
            "market-based intensity of the electricity contract; shown apart, never in the totals"),
    Setting("grid", "market_source", "market_source", _text, None,
            "that contract: the supplier and the period"),
    Setting("grid", "pue", "pue", _pue, None,
            "power usage effectiveness of the server room, or its kind: closet, server room, data"
            " centre, hyperscale"),
    Setting("report", "language", "language", _choice("en", "fr"), None,
            "language of reports; the locale's when not set"),
    Setting("report", "timezone", "timezone", _text, None,
            "time zone of a report's days, as in America/Montreal"),
    Setting("report", "organisation", "organisation", _text, None, "the organization's name"),
    Setting("report", "inventory", "inventory", _text, None, "a CSV of its devices"),
    Setting("report", "sites", "sites", _text, None, "a TOML of its sites"),
    Setting("report", "services", "services", _text, None, "a TOML of its digital services"),
    Setting("report", "goals", "goals", _text, None, "a TOML of its goals"),
    Setting("collect", "interval_s", "interval_s", _number(0.1, 3600), 5.0,
            "seconds between two samples"),
    Setting("collect", "row_s", "row_s", _number(1, 3600), 60.0, "seconds per usage row"),
    Setting("collect", "work_s", "work_s", _number(0.1, 3600), 30.0,
            "seconds between two process scans"),
    Setting("collect", "adaptive", "adaptive", _choice("on", "off"), "on",
            "sample half as often when idle, and half as often on battery (daemon only)"),
    Setting("collect", "collectors", "collectors", _names, None,
            "only these collectors, by name; all of this system when not set"),
    Setting("collect", "presence", "presence", _choice("on", "off"), "on",
            "record whether anybody uses the machine, screens and lid; never who"),
    Setting("collect", "pseudonymise", "pseudonymise", _choice("on", "off", "auto"), "auto",
            "a made-up name in place of the machine's; auto: not on a server"),
    Setting("spool", "retention_days", "retention_days", _number(1, 36_500), 400.0,
            "days that rows stay in the spool; the default is a year and a quarter's wait. Rows"
            " that a gateway has not received yet stay longer"),
    Setting("spool", "max_mb", "spool_max_mb", _number(1, 1_000_000), 256.0,
            "size limit of the spool, its log and set-aside files; the oldest rows go first"),
    Setting("machine", "host", "host", _text, None,
            "the name in its rows; the machine's own when not set"),
    Setting("machine", "category", "category", _text, None,
            "server, notebook, desktop…; detected when not set"),
    Setting("machine", "cpu_model", "cpu_model", _text, None,
            "the processor's name, where the machine hides it"),
    Setting("machine", "tdp_w", "tdp_w", _number(1, 2000), None,
            "thermal design power of one processor"),
    Setting("machine", "idle_w", "idle_w", _number(0.1, 10_000), None,
            "watts at the plug while idle, read off a meter"),
    Setting("machine", "max_w", "max_w", _number(0.1, 20_000), None,
            "watts at the plug with all cores busy, read off a meter"),
    Setting("machine", "readings", "readings", _readings, None,
            "readings at other loads, in percent: 50=88 75=104"),
    Setting("machine", "meter_ratio", "meter_ratio", _number(0.001, 0.5), None,
            "error of that meter; 0.02"),
    Setting("machine", "hw_year", "hw_year", _number(1990, 2100), None,
            "the year the hardware was sold"),
    Setting("machine", "lifetime_years", "lifetime_years", _number(0.5, 40), None,
            "years that the machine will be kept"),
    Setting("machine", "embodied_kg", "embodied_kg", _number(0.1, 100_000), None,
            "the maker's footprint, everything but use"),
    Setting("push", "url", "push", _text, None,
            "the gateway that rows are sent to, as https://gateway:9846; off when not set"),
    Setting("push", "every_s", "push_every_s", _number(1, 86_400), 300.0,
            "seconds between two batches"),
    Setting("push", "token_file", "push_token_file", _text, None, "a file with its write token"),
    Setting("push", "ca_file", "push_ca_file", _text, None, "CA certificates to trust"),
    Setting("metrics", "listen", "metrics", _text, None,
            "address of /metrics: 127.0.0.1:9845; off when not set"),
    Setting("metrics", "otlp_endpoint", "otlp_endpoint", _text, None,
            "where metrics are pushed, as http://127.0.0.1:4318/v1/metrics; off when not set"),
    Setting("metrics", "otlp_interval_s", "otlp_interval_s", _number(1, 3600), 60.0,
            "seconds between two pushes"),
    Setting("redfish", "user", "redfish_user", _text, None,
            "user name at a management controller, for --redfish"),
    Setting("redfish", "password_file", "redfish_password_file", _text, None,
            "a file with that user's password"),
    Setting("redfish", "ca_file", "redfish_ca_file", _text, None, "CA certificates to trust"),
    Setting("meter", "url", "meter_url", _text, None,
            "address of a smart plug or meter that answers in JSON"),
    Setting("meter", "path", "meter_path", _text, None,
            "path of the number in its answer, as in meters.0.power"),
    Setting("meter", "unit", "meter_unit",
            _choice("W", "kW", "mW", "J", "Wmin", "Wh", "kWh"), "W",
            "unit of that number; those of energy are counters"),
    Setting("meter", "token_file", "meter_token_file", _text, None,
            "a file with its token, or USER:PASSWORD"),
    Setting("meter", "ca_file", "meter_ca_file", _text, None, "CA certificates to trust"),
    Setting("snmp", "target", "snmp_target", _text, None,
            "HOST or HOST:PORT of a PDU, UPS or switch"),
    Setting("snmp", "oid", "snmp_oid", _text, None,
            "the object to read, as in rPDU2OutletMeteredStatusPower.7"),
    Setting("snmp", "unit_w", "snmp_unit_w", _number(1e-6, 1e6), 1.0,
            "watts per unit of a numeric object"),
    Setting("snmp", "keys_file", "snmp_keys_file", _text, None,
            "a file with its community, or user and passwords"),
)  # fmt: skip
BY_NAME = {s.name: s for s in SETTINGS}
BY_PATH = {s.path: s for s in SETTINGS}
TABLES = frozenset(s.table for s in SETTINGS)
OLD_NAMES_UNTIL = "2027-12"
"""Until when files may have settings at their top, by the name that they had before 0.2. Sealed
reports keep theirs for ever: they are read without a word."""


def setting_of(text: str) -> Setting | None:
    """A setting by its path (`push.url`) or by its old name (`push`)."""
    return BY_PATH.get(text) or BY_NAME.get(text)
