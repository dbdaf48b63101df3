"""The dashboard."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

ROUTES: tuple[tuple[str, Callable[[Any, Any], Awaitable[Any]]], ...] = ()
