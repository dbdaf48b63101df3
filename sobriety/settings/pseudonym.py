"""A made-up name in place of a machine's: the same every time, and only this machine can make it.

Source: GDPR, article 4(5): the key is the "additional information" that is "kept separately"
        https://eur-lex.europa.eu/eli/reg/2016/679/oj; BLAKE2, https://www.rfc-editor.org/rfc/rfc7693

A plain hash would not do: whoever has a list of host names hashes them all and compares.
"""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import replace
from pathlib import Path

from sobriety.core.errors import ConfigError, NotPermitted, SobrietyError
from sobriety.core.machine import Machine
from sobriety.files.durable import make_folder, make_private, sync_folder

from .config import Config

KEY_FILE = "pseudonym.key"
KEY_B = 32
NAME_B = 6
"""48 bits: among 100,000 machines two share a name with a chance of 1 in 56,000."""


def pseudonymised(machine: Machine, config: Config, folder: Path) -> Machine:
    """The machine under the name that its rows carry. Raises SobrietyError for a key that is there
    and cannot be used: a new one would begin a new machine in every report.

    A name in the setting `host` is the owner's own choice, and stays.
    """
    if config.text("host") is not None or not is_wanted(machine, config):
        return machine
    return replace(machine, host=pseudonym(machine.host, key(folder)))


def is_wanted(machine: Machine, config: Config) -> bool:
    """What the setting `pseudonymise` means for this machine."""
    setting = config.text("pseudonymise")
    if setting != "auto" or machine.category is None:
        return setting in ("on", "auto")
    from sobriety.estimators import is_nobodys  # 20 ms that only this setting pays

    return not is_nobodys(machine.category)


def pseudonym(name: str, secret: bytes) -> str:
    """As in host-7f3a9c21b4e0."""
    from hashlib import blake2b  # 2 ms that a server does not pay

    return f"host-{blake2b(name.encode(), key=secret, digest_size=NAME_B).hexdigest()}"


def key(folder: Path) -> bytes:
    """The secret in a data folder; drawn when there is none. Raises SobrietyError."""
    path = folder / KEY_FILE
    try:
        if not path.exists():
            _draw(path)
        return _read(path)
    except PermissionError:
        raise NotPermitted(
            f"{path} is not this user's to read, and machines are named with it",
            hint="run as the user who collects, or choose another folder with SOBRIETY_HOME",
        ) from None
    except OSError as error:
        raise SobrietyError(
            f"{path} cannot be used: {error.strerror}",
            hint="choose another folder with SOBRIETY_HOME",
        ) from None


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        text = file.read(4 * KEY_B)
    if sys.platform != "win32" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise NotPermitted(
            f"{path} may be read by others: its mode is {stat.S_IMODE(mode):04o}",
            hint=f"chmod 600 {path}",
        )
    try:
        secret = bytes.fromhex(text.decode())
    except ValueError:
        secret = b""
    if len(secret) != KEY_B:
        raise ConfigError(
            f"{path} is not {2 * KEY_B} hexadecimal digits",
            hint="restore it, or remove it: the machine then gets a new name",
        )
    return secret


def _draw(path: Path) -> None:
    """Whole or not at all, and never over another's: two collectors may start at once."""
    make_folder(path.parent)
    part = path.with_name(f".{path.name}.{os.urandom(4).hex()}.part")
    make_private(part)
    with part.open("r+") as file:
        file.write(os.urandom(KEY_B).hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(part, path)
    except FileExistsError:
        return  # the other one's key counts
    finally:
        part.unlink()
    sync_folder(path.parent)
