"""The language that a user reads: the setting, else the locale's, else English."""

from __future__ import annotations

import os
from typing import Literal

_LOCALE_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")


def language_of(setting: str | None) -> Literal["en", "fr"]:
    """The language of a setting or option; None asks the locale."""
    spoken = setting or next(filter(None, map(os.environ.get, _LOCALE_VARIABLES)), "en")
    return "fr" if spoken.lower().startswith("fr") else "en"
