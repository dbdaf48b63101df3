"""The parts of a report as a pandas table, for notebooks and further computation."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from sobriety.core.errors import ConfigError, MissingExtra
from sobriety.core.estimate import Estimate

from ..language.language import Language
from ..model.figures import Footprint
from ..model.report import Dimension, Report
from ..views.organisation import slice_name

if TYPE_CHECKING:
    import pandas as pd

_NAMES = tuple(f.name for f in fields(Footprint))


def parts_frame(report: Report, dimension: Dimension) -> pd.DataFrame:
    """The parts of the total by host, category, site, department or service, the largest first.

    Indexed by their names in the report's language. `pieces`, then every figure of a footprint in
    its unit (energy_j, use_co2e_kg, embodied_share_kg, total_co2e_kg, embodied_ratio) with its
    _low and _high, and measured_ratio. What is not known is NaN. The values of a column add up to
    the report's total; its bounds do not, since errors partly cancel.

    Raises ConfigError for a dimension that the report does not have, and MissingExtra without
    pandas.
    """
    try:
        import pandas as pd
    except ImportError:
        raise MissingExtra("pandas", "report") from None
    if dimension not in report.breakdown:
        raise ConfigError(
            f"the report has no parts by {dimension!r}",
            hint=f"choose one of: {', '.join(report.breakdown)}",
        )
    words, parts = Language(report.language), report.breakdown[dimension]
    columns = ["pieces", *(n + end for n in _NAMES for end in ("", "_low", "_high"))]
    rows = [
        {"pieces": part.machines, **_figures(part.footprint), "measured_ratio": part.measured_ratio}
        for part in parts
    ]
    names = [slice_name(words, report, dimension, part.name) for part in parts]
    index = pd.Index(names, name=dimension)
    return pd.DataFrame(rows, index=index, columns=[*columns, "measured_ratio"])


def _figures(footprint: Footprint) -> dict[str, float]:
    found: dict[str, float] = {}
    for name in _NAMES:
        figure = getattr(footprint, name)
        if isinstance(figure, Estimate):
            bounds = {"": figure.value, "_low": figure.low, "_high": figure.high}
            found |= {name + end: value for end, value in bounds.items()}
    return found
