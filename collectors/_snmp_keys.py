"""Reads SNMP credentials from the environment or a file, never from a command line.

    SOBRIETY_SNMP_COMMUNITY             version 2c
    SOBRIETY_SNMP_USER, SOBRIETY_SNMP_AUTHENTICATION, SOBRIETY_SNMP_PRIVACY
                                        version 3, signed and encrypted: a user, two passwords
    SOBRIETY_SNMP_AUTHENTICATION_BY     sha (default), sha224, sha256, sha384, sha512 or md5
    SOBRIETY_SNMP_PRIVACY_BY            aes (default) or des

A file has the same names in TOML, small and without their beginning: `community = "…"`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from sobriety.core.errors import ConfigError

PREFIX = "SOBRIETY_SNMP_"
SIGNED_BY = {
    "sha": "HmacSha",
    "sha224": "HmacSha224",
    "sha256": "HmacSha256",
    "sha384": "HmacSha384",
    "sha512": "HmacSha512",
    "md5": "HmacMd5",
}
ENCRYPTED_BY = {"aes": "AesCfb128", "des": "DesCbc"}
SHORTEST = 8
"""Of a password: https://www.rfc-editor.org/rfc/rfc3414#section-11.2"""


@dataclass(frozen=True, slots=True)
class Keys:
    """A community, or a user and two passwords. Its repr shows none of them."""

    community: str = field(default="", repr=False)
    user: str = field(default="", repr=False)
    authentication: str = field(default="", repr=False)
    privacy: str = field(default="", repr=False)
    authentication_by: str = "sha"
    privacy_by: str = "aes"

    def __post_init__(self) -> None:
        if bool(self.community) == bool(self.user):
            raise ConfigError(
                "SNMP needs a community or a user" + (", not both" if self.user else ""),
                hint=f"set {PREFIX}COMMUNITY, or {PREFIX}USER and its two passwords",
            )
        for name in ("authentication", "privacy") if self.user else ():
            if len(getattr(self, name).encode()) < SHORTEST:
                raise ConfigError(
                    f"the SNMP {name} password has fewer than {SHORTEST} bytes",
                    hint=f"set {PREFIX}{name.upper()}",
                )
        for what, table in ((self.authentication_by, SIGNED_BY), (self.privacy_by, ENCRYPTED_BY)):
            if what not in table:
                raise ConfigError(
                    f"SNMP knows no {what[:20]!r} here", hint=f"choose from {', '.join(table)}"
                )


_NAMES = tuple(f.name for f in fields(Keys))


def find_keys(path: str = "", environ: Mapping[str, str] = os.environ) -> Keys:
    """Those of a file, or of the environment where no file is named. Raises ConfigError."""
    if path:
        return Keys(**_in_file(path))
    given = {name: environ.get(f"{PREFIX}{name.upper()}", "") for name in _NAMES}
    return Keys(**{name: value for name, value in given.items() if value})


def _in_file(path: str) -> dict[str, str]:
    import tomllib

    try:
        with Path(path).open("rb") as file:
            if os.name == "posix" and os.fstat(file.fileno()).st_mode & 0o077:
                raise ConfigError(
                    f"{path} holds secrets and others may read it", hint=f"chmod 600 {path}"
                )
            given: dict[str, Any] = tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):  # its message would quote a secret
        raise ConfigError(
            f"{path} is not TOML", hint='write lines such as: community = "…"'
        ) from None
    for name, value in given.items():
        if name not in _NAMES or not isinstance(value, str):
            raise ConfigError(
                f"{path}: {name!r} is no key of SNMP, or no text",
                hint=f"choose from {', '.join(_NAMES)}",
            )
    return given
