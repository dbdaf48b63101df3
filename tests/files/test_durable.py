"""What a user names is written whole, or not at all, or streamed where it is no file."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from sobriety.core.errors import ConfigError
from sobriety.files.durable import write_whole


def test_a_file_is_replaced_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")
    write_whole(path, "été")
    assert path.read_text(encoding="utf-8") == "été"
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    """Replacing what is there would turn /dev/null into a file when root reports into it."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write_whole(pipe, "figures")
    reader.join(timeout=60)
    assert read == ["figures"]
    assert pipe.is_fifo()


def test_a_full_device_is_told() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    with pytest.raises(ConfigError, match="No space left"):
        write_whole(Path("/dev/full"), "figures")
    assert Path("/dev/full").is_char_device()


def test_what_cannot_be_written_is_told_and_keeps_the_old(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a folder"):
        write_whole(tmp_path, "figures")
    with pytest.raises(ConfigError, match="cannot be written"):
        write_whole(tmp_path / "absent" / "report.html", "figures")
    assert not list(tmp_path.iterdir())
