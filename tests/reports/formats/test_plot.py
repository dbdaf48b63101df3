"""Charts as files: the same bytes every time, nothing of when they were drawn."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sobriety.cli import command
from sobriety.core.text import Tongue
from sobriety.lake import Lake
from sobriety.reports import Report
from sobriety.reports.formats.plot import ACCENT, USE, plot
from sobriety.reports.views.blocks import BarChart, LineChart, StepChart, WeekMap
from sobriety.reports.views.document import as_document, charts

PNG = b"\x89PNG"


@pytest.mark.parametrize("tongue", ["en", "fr"])
def test_every_chart_is_drawn_the_same_twice(reports: dict[str, Report], tongue: Tongue) -> None:
    drawn = list(charts(as_document(reports["organisation"], tongue)))
    assert {type(chart) for chart in drawn} == {StepChart, BarChart, LineChart, WeekMap}
    names = [chart.id for chart in drawn]
    assert len(names) == len(set(names))
    assert {"power", "week", "site", "category", "change-before", "goal-idle"} <= set(names)
    for chart in drawn:
        svg = plot(chart, "svg")
        assert svg == plot(chart, "svg")
        assert b"<script" not in svg and b"<dc:date>" not in svg and b"Matplotlib" not in svg
    png = plot(drawn[0], "png")
    assert png.startswith(PNG) and png == plot(drawn[0], "png")
    assert b"Software" not in png and b"tIME" not in png


def test_it_has_the_report_s_colors(reports: dict[str, Report]) -> None:
    drawn = {c.id: c for c in charts(as_document(reports["organisation"], "en"))}
    svg = plot(drawn["category"], "svg").decode()
    assert ACCENT in svg and USE in svg


def test_a_line_is_broken_only_where_nothing_was_observed(reports: dict[str, Report]) -> None:
    (chart,) = (c for c in charts(as_document(reports["laptop"], "en")) if isinstance(c, StepChart))
    assert len(chart.runs) == 2 and len(chart.legend) == 3
    svg = plot(chart, "svg", title=False).decode()
    axes = svg[: svg.index('id="legend')]
    drawn = re.findall(rf'<path d="([^"]+)"[^>]*style="fill: none; stroke: {ACCENT}', axes)
    assert len(drawn) == len(chart.runs)
    assert all(line.count("M") == 1 for line in drawn), "steps of a run are joined"


def test_the_verb_draws_by_name_and_ending(
    lakes: dict[str, Lake], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOBRIETY_HOME", str(tmp_path / "home"))
    place = str(lakes["laptop"].path)

    def run(*words: str) -> Result:
        return CliRunner().invoke(command(), ["plot", *words, "--lake", place])

    listed = run("--lang", "fr")
    assert listed.exit_code == 0 and "La puissance au fil du temps" in listed.output
    assert run("power", "-o", str(tmp_path / "trend.png")).exit_code == 0
    assert (tmp_path / "trend.png").read_bytes().startswith(PNG)
    wrong, ending = run("pwoer"), run("power", "-o", "trend.gif")
    assert wrong.exit_code == ending.exit_code == 2
    assert "power" in wrong.output and ".svg or .png" in ending.output
