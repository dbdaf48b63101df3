"""The option of a language, and the language that a reader reads."""

from __future__ import annotations

from pathlib import Path

import click

from sobriety.core.text import Tongue
from sobriety.settings import config as settings
from sobriety.settings.language import language_of


def lang_option(function: click.decorators.FC) -> click.decorators.FC:
    return click.option(
        "--lang", type=click.Choice(["en", "fr"]), help="[default: the setting, else the locale]"
    )(function)


def language(lang: str | None, config_file: Path | None = None) -> Tongue:
    """The language of the option, else of the settings, else of the locale."""
    return language_of(settings.load({"language": lang}, file=config_file).text("language"))
