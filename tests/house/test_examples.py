"""Code in the documentation runs as it is written."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from sobriety.core.usage import Usage
from sobriety.spool import Spool

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", ROOT / "README.fr.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCKS = [
    (page, block)
    for page in PAGES
    for block in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
]


def test_there_are_examples() -> None:
    assert BLOCKS


@pytest.mark.skipif(sys.platform != "linux", reason="examples read this machine's /proc")
@pytest.mark.parametrize(("page", "block"), BLOCKS, ids=[p.name for p, _ in BLOCKS])
def test_an_example_runs(
    page: Path, block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with Spool.open("spool.sqlite3") as spool:  # what the examples of the lake start from
        spool.append([Usage("web-1", 1_785_456_000_000_000_000, 60, 60, {"util_s": 6}, ("cpu",))])
    exec(compile(block, page.name, "exec"), {"__name__": "example"})


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name}: {target}"
