"""Names of the numbers that power has in SNMP, in the words of the MIBs that define them.

    rPDU2OutletMeteredStatusPower.7     a name of this table, a dot, the index of its row
    1.3.6.1.2.1.33.1.4.4.1.4.1          any other number, whose unit the user says

Each entry names where its number and unit come from.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from sobriety.core.errors import ConfigError

APC = "https://github.com/librenms/librenms/blob/master/mibs/apc/PowerNet-MIB"
RARITAN = "https://github.com/librenms/librenms/blob/master/mibs/raritan/PDU2-MIB"
SENTRY = (
    "https://github.com/DanielleHuisman/observium-community-edition/blob/main/mibs/sentry/"
    "Sentry4-MIB"
)


class Power(NamedTuple):
    """A column of power.

    unit_w   what 1 is, in watts
    digits   the column that says how many digits of the value are decimals
    scale    the column that says its prefix, as RFC 3433 numbers them: 8 milli, 9 none, 10 kilo
    must     columns that must say a number, and what it means that they do not
    """

    oid: str
    unit_w: float
    source: str
    digits: str = ""
    scale: str = ""
    must: tuple[tuple[str, int, str], ...] = ()


def _raritan(measured: str, configured: str) -> Power:
    units = (f"{configured}.6", 3, "is not in watts: active power has the index 5")
    return Power(measured, 1.0, RARITAN, digits=f"{configured}.7", must=(units,))


_ENTITY = "1.3.6.1.2.1.99.1.1.1"

POWERS = {
    # Racks: of a whole strip, of a phase, of an outlet.
    "rPDU2DeviceStatusPower": Power("1.3.6.1.4.1.318.1.1.26.4.3.1.5", 10.0, APC),
    "rPDU2PhaseStatusPower": Power("1.3.6.1.4.1.318.1.1.26.6.3.1.7", 10.0, APC),
    "rPDU2OutletMeteredStatusPower": Power("1.3.6.1.4.1.318.1.1.26.9.4.3.1.7", 1.0, APC),
    "measurementsInletSensorValue": _raritan(
        "1.3.6.1.4.1.13742.6.5.2.3.1.4", "1.3.6.1.4.1.13742.6.3.3.4.1"
    ),
    "measurementsOutletSensorValue": _raritan(
        "1.3.6.1.4.1.13742.6.5.4.3.1.4", "1.3.6.1.4.1.13742.6.3.5.4.1"
    ),
    "st4InputCordActivePower": Power("1.3.6.1.4.1.1718.4.1.3.3.1.3", 1.0, SENTRY),
    "st4OutletActivePower": Power("1.3.6.1.4.1.1718.4.1.8.3.1.9", 1.0, SENTRY),
    # What a UPS gives to its load; its own losses are not in it.
    "upsOutputPower": Power(
        "1.3.6.1.2.1.33.1.4.4.1.4", 1.0, "https://www.rfc-editor.org/rfc/rfc1628"
    ),
    # Any sensor of a device that says it is in watts: a switch's own supply, for one.
    "entPhySensorValue": Power(
        f"{_ENTITY}.4",
        1.0,
        "https://www.rfc-editor.org/rfc/rfc3433",
        digits=f"{_ENTITY}.3",
        scale=f"{_ENTITY}.2",
        must=((f"{_ENTITY}.1", 6, "is not in watts"), (f"{_ENTITY}.5", 1, "does not work")),
    ),
    # What a switch GIVES to telephones and cameras over their cables; its own power is not in it.
    "pethMainPseConsumptionPower": Power(
        "1.3.6.1.2.1.105.1.3.1.1.4", 1.0, "https://www.rfc-editor.org/rfc/rfc3621"
    ),
}


class Term(NamedTuple):
    """One of the numbers that are summed: what the user wrote, and the OIDs it is made from."""

    text: str
    row: str
    power: Power

    def oids(self) -> tuple[str, ...]:
        """The value's first, then those of the columns that say how to read it."""
        power = self.power
        columns = (power.oid, power.digits, power.scale, *(oid for oid, _, _ in power.must))
        return tuple(f"{column}{self.row}" for column in columns if column)

    def watts(self, numbers: dict[str, float]) -> float:
        """The value in watts, from what the agent answered. Raises ValueError."""
        power, row = self.power, self.row
        for oid, wanted, otherwise in power.must:
            if numbers[f"{oid}{row}"] != wanted:
                raise ValueError(otherwise)
        value = numbers[f"{power.oid}{row}"]
        digits = numbers[f"{power.digits}{row}"] if power.digits else 0
        prefix = numbers[f"{power.scale}{row}"] if power.scale else 9
        if not (-9 <= digits <= 9 and 5 <= prefix <= 13):
            raise ValueError(f"has {digits:g} decimals and the prefix {prefix:g}")
        if value < 0:  # -1 where a model does not measure it
            raise ValueError(f"says {value:g}")
        return value * power.unit_w / 10.0**digits * 1000.0 ** (prefix - 9)


def terms(text: str) -> tuple[Term, ...]:
    """What an option names: one number or several, with commas, `+` or spaces between.

    Raises ConfigError.
    """
    found = tuple(_term(part) for part in re.split(r"[\s,+]+", text.strip()) if part)
    if not found:
        raise ConfigError("the OID is empty", hint="name one, as in upsOutputPower.1")
    values = [term.oids()[0] for term in found]
    if len(set(values)) < len(values):
        raise ConfigError(f"the OIDs {text!r} name the same twice", hint="name each once")
    return found


def _term(text: str) -> Term:
    if re.fullmatch(r"\.?[012](\.\d+)+", text):
        return Term(text, "", Power(text.removeprefix("."), 1.0, "the user"))
    name, dot, index = text.partition(".")
    if name not in POWERS:
        import difflib

        near = difflib.get_close_matches(name, POWERS, n=1)
        raise ConfigError(
            f"there is no OID {text[:80]!r}",
            hint=f"did you mean {near[0]!r}?" if near else "give its number, as in 1.3.6.1.2.1…",
        )
    if not re.fullmatch(r"\d+(\.\d+)*", index):
        raise ConfigError(
            f"{text[:80]!r} names no row of {name}", hint=f"add its index, as in {name}.1"
        )
    return Term(text, f"{dot}{index}", POWERS[name])
