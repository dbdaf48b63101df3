"""Reads JSON over HTTP, from exactly the address given, within a time and a size.

No proxy is used and no redirect is followed, which would show a password to somebody else, but to
the same address with a slash at its end or without: HPE's controllers want that.
Messages name an address without its query, which may hold a secret.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, cast

from sobriety.core.errors import ConfigError, NotPermitted, NotSupported, ReadError

if TYPE_CHECKING:
    from urllib.error import HTTPError
    from urllib.request import OpenerDirector, Request

LONGEST_B = 1_000_000
_AT_ONCE_B = 65_536


def checked_url(url: str) -> str:
    """The address, if it is one of http or https without a password in it. Raises ConfigError."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is none, a bracket that does not close
        fine, parts = False, urlsplit("")
    if parts.username is not None or parts.password is not None:
        raise ConfigError(
            f"the address of {parts.hostname} has a user or a password in it",
            hint="write USER:PASSWORD into a file, and name that file",
        )
    if not fine or not (url.isascii() and url.isprintable()) or " " in url:
        raise ConfigError(
            f"{url.partition('?')[0].rpartition('@')[2][:80]!r} is no address of http or https",
            hint="write it as http://HOST/PATH, with %20 for a space",
        )
    return url


def shown(url: str) -> str:
    """An address as messages may name it."""
    return url.partition("?")[0]


def table(answer: object) -> dict[str, Any]:
    """An object of an answer; empty where it is something else."""
    return cast("dict[str, Any]", answer) if isinstance(answer, dict) else {}


def rows(answer: object) -> list[Any]:
    """A list of an answer; empty where it is something else."""
    return answer if isinstance(answer, list) else []  # pyright: ignore[reportUnknownVariableType]


def authorization(secret: str) -> str:
    """The header for USER:PASSWORD, or for a token, which has no colon."""
    from base64 import b64encode

    if ":" in secret:
        return f"Basic {b64encode(secret.encode()).decode()}"
    return f"Bearer {secret}"


class JsonClient:
    """Asks with the same certificates and the same secret every time. Keeps nothing open."""

    def __init__(
        self,
        ca_file: str = "",
        secret: str = "",
        patience_s: float = 5.0,
        longest_b: int = LONGEST_B,
    ) -> None:
        import ssl
        from urllib import request

        try:
            context = ssl.create_default_context(cafile=ca_file or None)
        except OSError as error:  # an SSLError is one
            raise NotSupported(
                f"{ca_file} gives no certificates: {error.strerror or error}",
                hint="name a file of certificates in PEM",
            ) from None
        if ca_file:
            # Controllers sign themselves, and forget fields that only a form check misses.
            context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        self._patience_s, self._longest_b = patience_s, longest_b
        self._headers = {"Accept": "application/json"}
        if secret:
            self._headers["Authorization"] = authorization(secret)
        self._opener: OpenerDirector = request.OpenerDirector()
        for handler in (
            request.HTTPHandler(),
            request.HTTPSHandler(context=context),
            request.HTTPErrorProcessor(),
            request.HTTPDefaultErrorHandler(),
        ):
            self._opener.add_handler(handler)

    def get(self, url: str, *, slash: bool = True) -> Any:
        """The answer. Raises ReadError, or NotPermitted where a secret is wanted.

        slash   go where the server sends us, if that is this address but for a slash at its end:
                https://servermanagementportal.ext.hpe.com/docs/redfishservices/ilos/ilo5/ilo5_adaptation
        """
        from http.client import HTTPException
        from urllib.error import HTTPError
        from urllib.request import Request

        try:
            said = self._fetch(Request(url, headers=self._headers))
        except HTTPError as error:
            error.close()
            if slash and (there := _slashed(url, error)):
                return self.get(there, slash=False)
            raise _refusal(shown(url), error.code) from None
        except TimeoutError:
            raise _too_late(url, self._patience_s) from None
        except (OSError, HTTPException, UnicodeError) as error:
            reason = getattr(error, "reason", None) or error
            if isinstance(reason, TimeoutError):
                raise _too_late(url, self._patience_s) from None
            text = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
            raise ReadError(f"{shown(url)} cannot be asked: {text[:200]}") from None
        try:
            return json.loads(said)
        except (ValueError, RecursionError):
            raise ReadError(f"{shown(url)} answers {said[:40]!r}, which is no JSON") from None

    def _fetch(self, request: Request) -> bytes:
        end_s = time.monotonic() + self._patience_s
        said = bytearray()
        with self._opener.open(request, timeout=self._patience_s) as answer:
            while part := answer.read1(_AT_ONCE_B):
                said += part
                if len(said) > self._longest_b:
                    raise ReadError(
                        f"{shown(request.full_url)} answers more than {self._longest_b} B"
                    )
                if time.monotonic() > end_s:  # the timeout above is of one packet
                    raise TimeoutError
        return bytes(said)


def _slashed(url: str, error: HTTPError) -> str | None:
    from urllib.parse import urljoin

    there = urljoin(url, error.headers.get("Location") or "") if 300 <= error.code < 400 else ""
    return there if there != url and there.rstrip("/") == url.rstrip("/") else None


def _too_late(url: str, patience_s: float) -> ReadError:
    return ReadError(f"{shown(url)} has not answered for {patience_s:g} s")


def _refusal(url: str, status: int) -> ReadError | NotPermitted:
    if status in (401, 403):
        return NotPermitted(
            f"{url} answers HTTP {status}: it wants another user, password or token",
            hint="check the file that holds the secret",
        )
    hint = "write the address that it points to" if 300 <= status < 400 else None
    return ReadError(f"{url} answers HTTP {status}", hint=hint)
