"""What a user installs: every room, every data file, nothing else."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
ROOMS = ("sobriety", "collectors", "estimators", "cli")
PACKAGE_DATA = (".csv", ".po", ".html", ".css", ".typ", ".toml", ".svg")


def installed_name(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    return "/".join(parts if parts[0] == "sobriety" else ("sobriety", *parts))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    tree = folder / "tree"
    tracked = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    for name in filter(None, tracked):
        if (ROOT / name).is_file():  # a copy, since a build leaves its traces beside the sources
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, tree],
        check=True,
        capture_output=True,
    )
    return next(folder.glob("*.whl"))


def test_the_package_list_is_the_tree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = set(project["tool"]["setuptools"]["packages"])
    found = {
        installed_name(p.parent).replace("/", ".")
        for room in ROOMS
        for p in (ROOT / room).rglob("__init__.py")
    }
    assert listed == found


def test_every_source_and_data_file_is_in_the_wheel(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    for room in ROOMS:
        for path in (ROOT / room).rglob("*"):
            if path.suffix == ".py" or path.suffix in PACKAGE_DATA:
                assert installed_name(path) in inside, path


def test_nothing_else_is_in_the_wheel(wheel: Path) -> None:
    for name in zipfile.ZipFile(wheel).namelist():
        assert name.startswith(("sobriety/", "sobriety-")), name
        assert not name.endswith(".pyi"), name
    assert "sobriety/py.typed" in zipfile.ZipFile(wheel).namelist()


def test_the_bare_wheel_works_without_extras(wheel: Path, tmp_path: Path) -> None:
    """As an agent has it: the wheel and what it depends on, nothing more."""
    target = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    import click
    import psutil
    import tomlkit

    for package in (click, psutil, tomlkit):
        assert package.__file__
        (target / package.__name__).symlink_to(Path(package.__file__).parent)
    bare = [sys.executable, "-I", "-S", "-c"]
    start = f"import sys; sys.path.insert(0, {str(target)!r}); sys.argv = "
    run = "; from sobriety.cli import main; main()"

    def sobriety(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*bare, f"{start}{['sobriety', *words]!r}{run}"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )

    seen = sobriety("collect", "--once", "--interval", "200ms")
    assert seen.returncode == 0, seen.stderr
    saved = sobriety("config", "--config", "c.toml", "set", "grid.zone", "CA-QC")
    assert saved.returncode == 0, saved.stderr
    profiled = sobriety("profile", "--", "true")
    assert profiled.returncode == 0, profiled.stderr
    refused = sobriety("report")
    assert refused.returncode == 1
    assert "pip install 'sobriety[report]'" in refused.stderr
    assert "Traceback" not in refused.stderr
