"""The meters that the settings ask for: a plug with an HTTP-JSON API, a box that speaks SNMP."""

from __future__ import annotations

from collections.abc import Callable

from sobriety.collectors import HttpMeter, Snmp
from sobriety.config import Config
from sobriety.core.errors import ConfigError
from sobriety.core.ports import Collector

POWERS = ("W", "kW", "mW")
HTTP = ("meter_url", "meter_path", "meter_token_file", "meter_ca_file")
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
