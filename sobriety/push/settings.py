"""Reads from the settings where to push, with which token, and how far it came."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

from sobriety.core.errors import ConfigError, NotPermitted
from sobriety.settings.config import Config, credential

from .pusher import Pushed
from .sender import Sender, checked

VARIABLE = "SOBRIETY_PUSH_TOKEN"


def sender_of(config: Config) -> Sender:
    """Raises ConfigError where there is no URL, no token, or one that anybody may read."""
    url = config.text("push")
    if url is None:
        raise ConfigError(
            "no gateway is named", hint="name it with: sobriety config set push.url https://…"
        )
    ca_file = config.text("push_ca_file")
    return Sender(url, _token(config), Path(ca_file) if ca_file else None)


def sent_of(config: Config, folder: Path) -> Callable[[str], int] | None:
    """Tells how far a spool, by its id, is known to be on the gateway's disk; None where no gateway
    is named. Raises ConfigError."""
    named = config.text("push")
    if named is None:
        return None
    url = checked(named)

    def sent(spool_id: str) -> int:
        noted = Pushed.read(folder)
        return noted.last_id if (noted.url, noted.spool) == (url, spool_id) else 0

    return sent


def _token(config: Config) -> str:
    if os.environ.get(VARIABLE):
        return _one_line(os.environ[VARIABLE], VARIABLE)
    file = config.text("push_token_file")
    if file is None:
        raise ConfigError(
            "there is no token for the gateway",
            hint="name its file with: sobriety config set push.token_file FILE",
        )
    path = Path(file)
    try:
        with path.open(encoding="utf-8") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            text = opened.read(4096)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is no token") from None
    # systemd's own copy is the service's alone, by a list of rights that reads as its group's.
    is_open = mode & (stat.S_IRWXG | stat.S_IRWXO) and path != credential("push_token_file")
    if sys.platform != "win32" and is_open:
        raise NotPermitted(
            f"{path} may be read by others: its mode is {stat.S_IMODE(mode):04o}",
            hint=f"chmod 600 {path}",
        )
    return _one_line(text, str(path))


def _one_line(text: str, origin: str) -> str:
    token = text.strip()
    if not token.isascii() or not token.isprintable() or " " in token or not token:
        raise ConfigError(
            f"{origin} is no token", hint="make one on the gateway: sobriety token create"
        )
    return token
