"""A document as one HTML file: no script, nothing to load, for any browser and for paper."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sobriety.core.errors import MissingExtra
from sobriety.core.text import Tongue

from ..language.language import Language
from ..model.report import Report
from ..views.blocks import FactList, Items, Paragraph, ReportSection
from ..views.document import as_document
from . import svg

if TYPE_CHECKING:
    from jinja2 import Environment


def as_html(report: Report, language: Tongue | None = None) -> str:
    """The whole page, in the report's language or another. Raises MissingExtra without jinja2."""
    words = Language(language or report.language)
    document = as_document(report, words.tongue)
    short, *sections = document.sections
    return rendered(
        "report.html", document=document, sections=sections, say=words.say, say_n=words.say_n,
        language=words, short=_opening(short),
    )  # fmt: skip


def rendered(template: str, *packages: str, **context: object) -> str:
    """A template of these packages, which may include those of reports. Raises MissingExtra."""
    page = _environment(*packages).get_template(template).render(**context)
    # What is indented for a template's reader costs its page's reader a fifth of the bytes.
    return "\n".join(line for line in map(str.strip, page.split("\n")) if line) + "\n"


@cache
def _environment(*packages: str) -> Environment:
    try:
        from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
    except ImportError:
        raise MissingExtra("jinja2", "report") from None
    environment = Environment(
        loader=ChoiceLoader(
            [PackageLoader(name) for name in (*packages, "sobriety.reports.formats")]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    names: dict[str, Any] = {
        "kind": _kind, "line_path": svg.line_path, "band_path": svg.band_path,
        "width": svg.WIDTH, "height": svg.HEIGHT,
    }  # fmt: skip
    environment.globals.update(names)
    return environment


def _kind(block: object) -> str:
    """The name by which a template knows a block."""
    return type(block).__name__


def _opening(section: ReportSection) -> dict[str, FactList | Items | list[Paragraph]]:
    """The blocks of the opening by their place on the page."""
    placed: dict[str, FactList | Items | list[Paragraph]] = {
        b.id: b for b in section.blocks if isinstance(b, FactList | Items)
    }
    placed["year_notes"] = [b for b in section.blocks if isinstance(b, Paragraph)]
    return placed
