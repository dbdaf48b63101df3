"""A secret of one line in a file that only its owner may read."""

from __future__ import annotations

import os
from pathlib import Path

from sobriety.core.errors import ConfigError


def read_secret(path: str) -> str:
    """The only line of a file. Raises ConfigError, which never quotes it."""
    try:
        with Path(path).open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            # systemd's copy for a service reads as its group's, and is the service's alone.
            is_handed = Path(path).parent == Path(os.environ.get("CREDENTIALS_DIRECTORY", "-"))
            if os.name == "posix" and mode & 0o077 and not is_handed:
                raise ConfigError(
                    f"{path} holds a secret and others may read it", hint=f"chmod 600 {path}"
                )
            secret = file.read(10_000).decode("ascii").strip()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        secret = ""
    if not secret or not secret.isprintable():
        raise ConfigError(
            f"{path} is no secret of one line", hint="write it there and nothing else"
        )
    return secret
