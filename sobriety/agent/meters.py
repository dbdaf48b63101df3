"""Meters elsewhere: those that the settings ask for, and the controller of another server."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from sobriety.collectors import HttpMeter, Redfish, Snmp, read_secret
from sobriety.core.errors import ConfigError
from sobriety.core.ports import Collector
from sobriety.settings.config import Config

POWERS = ("W", "kW", "mW")
HTTP = ("meter_url", "meter_path", "meter_token_file", "meter_ca_file")
PASSWORD = "SOBRIETY_REDFISH_PASSWORD"
SNMP = ("snmp_target", "snmp_oid", "snmp_keys_file")


def configured(config: Config, *, counters: bool = True) -> list[Callable[[], Collector]]:
    """Those meters, to be put before other collectors: the first that tells of the plug counts.

    Who looks at seconds wants no `counters`: between two answers, 10 s apart, one stands still,
    and that would be told as no energy.

    They are made here, so that a setting which cannot be honoured is told before anything runs.
    Raises ConfigError, also for settings of which a part is missing.
    """
    meters: list[Collector] = []
    unit = config.text("meter_unit") or "W"
    if _asked(config, HTTP) and (counters or unit in POWERS):
        meters.append(
            HttpMeter(
                config.text("meter_url") or "",
                config.text("meter_path") or "",
                unit,
                token_file=config.text("meter_token_file") or "",
                ca_file=config.text("meter_ca_file") or "",
            )
        )
    if _asked(config, SNMP):
        meters.append(
            Snmp(
                config.text("snmp_target") or "",
                config.text("snmp_oid") or "",
                config.must_number("snmp_unit_w"),
                keys_file=config.text("snmp_keys_file") or "",
            )
        )
    return [_as_is(meter) for meter in meters]


def controller(
    url: str, config: Config, environ: Mapping[str, str] = os.environ
) -> tuple[Redfish, Callable[[], Collector]]:
    """That of another server, and how a session makes it. Raises ConfigError."""
    user, file = config.text("redfish_user"), config.text("redfish_password_file")
    if user is None:
        raise ConfigError(
            "no user of the controller is named", hint="give --redfish-user, or set redfish_user"
        )
    password = environ.get(PASSWORD) or (read_secret(file) if file else "")
    if not password:
        raise ConfigError(
            f"there is no password for {user}", hint=f"set {PASSWORD}, or redfish_password_file"
        )
    found = Redfish(url, user, password, ca_file=config.text("redfish_ca_file") or "")
    return found, _as_is(found)


def _asked(config: Config, names: tuple[str, ...]) -> bool:
    """Whether any of them is set. The first two must be, then."""
    given = [name for name in names if config.text(name) is not None]
    for name in names[:2] if given else ():
        if name not in given:
            raise ConfigError(
                f"{config.origin(given[0])}: {given[0]} is set and {name} is not",
                hint=f"set {name} too, or neither",
            )
    return bool(given)


def _as_is(meter: Collector) -> Callable[[], Collector]:
    return lambda: meter
