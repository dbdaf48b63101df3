"""Sends one request at a time to a gateway; follows no redirect, and sends nothing in the
clear to another machine: the token would go with it."""

from __future__ import annotations

import http.client
import ipaddress
import json
import ssl
import urllib.error
import urllib.request
from contextlib import suppress
from email.utils import parsedate_to_datetime
from pathlib import Path
from time import time
from typing import Any, Literal
from urllib.parse import urlsplit

from sobriety.core import __version__
from sobriety.core.errors import ConfigError, SobrietyError

TIMEOUT_S = 60.0
_ANSWER_B = 64 * 1024
AnswerKind = Literal["later", "denied", "too long", "bad row", "bad facts"]
_KIND: dict[int, AnswerKind] = {408: "later", 413: "too long", 422: "bad row", 429: "later"}


class NotTaken(SobrietyError):
    """Why a gateway did not take a batch.

    later      the network, or the gateway, is not well: the same batch is sent again
    denied     nobody can help but an operator: it is tried again seldom
    too long   half of it may be taken
    bad row    the rows from `row` to `last_row` will never be taken, for their `column`
    bad facts  what was said of machines will never be taken
    """

    def __init__(
        self,
        kind: AnswerKind,
        message: str,
        *,
        hint: str | None = None,
        row: int | None = None,
        last_row: int | None = None,
        column: str | None = None,
        retry_s: float | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.kind: AnswerKind = kind
        self.row, self.last_row, self.column = row, last_row or row, column
        self.retry_s = retry_s


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class Sender:
    """Sends to one gateway with one token. HTTPS_PROXY and NO_PROXY are kept to.

    ca_file   certificates to trust beside the system's, PEM

    Raises ConfigError for a URL or a file that cannot be used.
    """

    def __init__(self, url: str, token: str, ca_file: Path | None = None) -> None:
        self.url = checked(url)
        self._token = token
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if ca_file is not None:
            try:
                context.load_verify_locations(ca_file)
            except (OSError, ssl.SSLError) as error:
                raise ConfigError(
                    f"{ca_file} has no certificates to trust: {error}", hint="name a PEM file"
                ) from None
        self._open = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=context), _Stay()
        ).open

    def last_id(self, spool_id: str) -> int:
        """The highest number that the gateway has of a spool; 0 for none. Raises NotTaken."""
        return _number(self._ask(f"/v1/usage/{spool_id}", None))

    def send(self, body: bytes) -> int:
        """All of the body's rows are on the gateway's disk when this returns; the highest number
        that it has. Raises NotTaken."""
        return _number(self._ask("/v1/usage", body))

    def _ask(self, path: str, body: bytes | None) -> dict[str, Any]:
        headers = {
            "Authorization": f"Bearer {self._token}",
            "User-Agent": f"sobriety/{__version__}",
        }
        if body is not None:
            headers |= {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        request = urllib.request.Request(self.url + path, body, headers)
        try:
            with self._open(request, timeout=TIMEOUT_S) as answer:
                found = _read(answer)
                if not found and answer.length is None and not answer.chunked:
                    raise http.client.IncompleteRead(b"")  # it was cut off among its headers
                return found
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(error) from None
        except ssl.SSLCertVerificationError as error:
            raise _untrusted(self.url, error) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None)
            if isinstance(reason, ssl.SSLCertVerificationError):
                raise _untrusted(self.url, reason) from None
            raise NotTaken("later", f"{self.url} cannot be reached: {reason or error}") from None


def checked(url: str) -> str:
    """The URL without a slash at its end. Raises ConfigError."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError(f"{url!r} is no URL: {error}") from None
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.username:
        raise ConfigError(f"{url!r} is no gateway", hint="write it as https://gateway.example:9846")
    if parts.scheme == "http" and not _is_local(host):
        raise ConfigError(
            f"{url} would send the token in the clear", hint="use https, or a gateway on 127.0.0.1"
        )
    return url.rstrip("/")


def _is_local(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def _read(answer: Any) -> dict[str, Any]:
    """Of a response of http.client's, or of an error that has one; nothing where it is not JSON.
    Raises HTTPException where it was cut off."""
    text = answer.read(_ANSWER_B)
    if answer.length and len(text) < _ANSWER_B:
        raise http.client.IncompleteRead(text, answer.length)
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def _number(answer: dict[str, Any]) -> int:
    found = answer.get("last_id")
    if not isinstance(found, int):
        raise NotTaken("denied", "what answers there is no gateway", hint="see the URL in push")
    return found


def _refusal(error: urllib.error.HTTPError) -> NotTaken:
    try:
        told = _read(error)
    except (OSError, http.client.HTTPException) as cut:  # what it said of the rows may be missing
        return NotTaken("later", f"the gateway's {error.code} was cut off: {cut}")
    kind = _KIND.get(error.code, "later" if error.code >= 500 else "denied")
    row, last_row = told.get("row"), told.get("last_row")
    if kind == "bad row" and not isinstance(row, int):
        kind = "bad facts" if told else "later"
    message = told.get("error") or f"{error.code} {error.reason}"
    if 300 <= error.code < 400:
        message = f"it sends elsewhere, to {error.headers.get('Location')!r}; that is not followed"
    hint = told.get("hint")
    return NotTaken(
        kind,
        f"the gateway says {error.code}: {str(message)[:300]}",
        hint=str(hint)[:300] if hint else None,
        row=row if kind == "bad row" else None,
        last_row=last_row if isinstance(last_row, int) else None,
        column=str(told.get("column")),
        retry_s=_retry_s(error.headers.get("Retry-After")),
    )


def _retry_s(text: str | None) -> float | None:
    if not text:
        return None
    if text.isdigit():
        return float(text)
    with suppress(ValueError, TypeError):
        return max(0.0, parsedate_to_datetime(text).timestamp() - time())
    return None


def _untrusted(url: str, error: ssl.SSLCertVerificationError) -> NotTaken:
    return NotTaken(
        "denied",
        f"the certificate of {url} is not trusted: {error.verify_message}",
        hint="name those that signed it with: sobriety config set push.ca_file FILE",
    )
