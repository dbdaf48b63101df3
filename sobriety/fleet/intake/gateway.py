"""State that the requests of a gateway process share, and the check of their tokens."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from starlette.requests import Request

from sobriety.publishing.settings import K_ANONYMITY

from .batches import Intake
from .memory import InHand
from .rates import Rates
from .state import explained, open_state
from .tokens import Token, TokenKind, find
from .wire import Refused

STALE_S = 24 * 3600
"""A host that sent nothing for so long counts as stale."""


@dataclass
class Gateway:
    """What the requests of one process share."""

    lake: Path
    say: Callable[[str], None]
    intake: Intake
    db: sqlite3.Connection
    rates: Rates = field(default_factory=Rates)
    in_hand: InHand = field(default_factory=InHand)
    answered: Counter[int] = field(default_factory=Counter[int])
    request_s: float = 0.0
    drained_s: float | None = None
    drain_failures: int = 0
    drain_error: str | None = None
    summary_failures: int = 0
    summary_error: str | None = None
    is_copied: bool = False
    copied_s: float | None = None
    copy_failures: int = 0
    copy_error: str | None = None
    figures_late_s: float = 3600.0
    k_anonymity: int = K_ANONYMITY

    @property
    def trouble(self) -> str | None:
        """Why it is not well; None when it is."""
        return self.intake.broken or self.drain_error

    def close(self) -> None:
        self.intake.close()
        self.db.close()


def opened(lake: Path, say: Callable[[str], None]) -> Gateway:
    """Raises SobrietyError."""
    return Gateway(lake, say, Intake(lake, say), open_state(lake))


def allowed(gateway: Gateway, request: Request, kind: TokenKind) -> Token:
    """The token that the request shows, by Bearer, or as the password of a browser. Raises Refused
    (401, 403, 429)."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        text = _password(text)
    elif scheme.lower() != "bearer":
        raise Refused(401, "a token is needed", "send: Authorization: Bearer sob_…")
    with explained(gateway.lake):
        token = find(gateway.db, text.strip())
    if token is None:
        raise Refused(401, "the token is unknown or revoked", "ask who runs the gateway for one")
    request.scope["sobriety.token"] = token.id
    if token.kind != kind:
        raise Refused(403, f"this is a {token.kind} token, and a {kind} token is needed")
    wait_s = gateway.rates.wait_s(token.id)
    if wait_s:
        raise Refused(429, "too many requests with this token", "send less often", retry_s=wait_s)
    return token


def _password(text: str) -> str:
    import binascii

    try:
        return binascii.a2b_base64(text, strict_mode=True).decode().partition(":")[2]
    except ValueError:
        return ""
