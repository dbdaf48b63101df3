"""Finds the permissions that a service needs on this machine, so that it gets no others.

Source: https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from sobriety.core.errors import ConfigError
from sobriety.settings.config import Config

NetworkNeed = Literal["none", "localhost", "any"]
NETWORKS: tuple[NetworkNeed, ...] = get_args(NetworkNeed)

NETWORK_OF_SETTING: dict[str, NetworkNeed] = {
    "metrics": "localhost",
    "otlp_endpoint": "any",
    "meter_url": "any",
    "snmp_target": "any",
    "push": "any",
}
"""A setting that demands a network once it is set: the metrics' endpoint, a meter with an address.
Whoever adds such a setting adds it here."""

DEVICES = ("nvidiactl", "nvidia[0-9]*", "ipmi[0-9]*", "ipmi/[0-9]*")
"""Below /dev: what the drivers of accelerators and management controllers are asked through."""

FILE_OF_SETTING = {
    "push_token_file": "push",
    "push_ca_file": "push",
    "meter_token_file": "meter_url",
    "meter_ca_file": "meter_url",
    "snmp_keys_file": "snmp_target",
}
"""Files that the service's user may not open, and the setting that wants them: systemd, which may,
hands over copies."""

ENERGY_FILES = "sys/class/powercap/intel-rapl:*/*_uj"
READ_BY_ALL = 0o004


@dataclass(frozen=True, slots=True)
class Needs:
    """devices        nodes below /dev that a sensor is read through
    energy_group   RAPL is here and not for everybody, so the service joins the group that may
    network        which addresses a socket may reach
    files          of settings, by the setting's name
    """

    devices: tuple[str, ...] = ()
    energy_group: bool = False
    network: NetworkNeed = "none"
    files: tuple[tuple[str, Path], ...] = ()


def find_needs(config: Config, network: NetworkNeed | None = None, root: Path = Path("/")) -> Needs:
    """Look at the machine. `network` is the operator's word; else the settings decide.

    Raises ConfigError for a file that a setting names and that is not there.
    """
    devices = sorted(
        f"/{path.relative_to(root)}" for name in DEVICES for path in root.glob(f"dev/{name}")
    )
    closed = any(not path.stat().st_mode & READ_BY_ALL for path in root.glob(ENERGY_FILES))
    return Needs(tuple(devices), closed, network or _network_of(config), _files_of(config))


def _network_of(config: Config) -> NetworkNeed:
    """The widest of those that the settings need."""
    widest: NetworkNeed = "none"
    for name, network in NETWORK_OF_SETTING.items():
        is_set = config.value(name) not in (None, "off")
        if is_set and NETWORKS.index(network) > NETWORKS.index(widest):
            widest = network
    return widest


def _files_of(config: Config) -> tuple[tuple[str, Path], ...]:
    found: list[tuple[str, Path]] = []
    for name, wanted_by in FILE_OF_SETTING.items():
        text = config.text(name)
        if text is None or config.value(wanted_by) is None:
            continue
        path = Path(text)
        if not path.is_absolute() or not path.is_file():
            raise ConfigError(
                f"{config.origin(name)}: {name} is {text!r}, which no service would find",
                hint="write the whole path of a file that is there",
            )
        found.append((name, path))
    return tuple(found)
