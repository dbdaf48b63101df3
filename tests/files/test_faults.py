"""Faults of files are raised at once, in both languages, the same one once with its rows."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from sobriety.cli import command
from sobriety.core.errors import ConfigError
from sobriety.core.text import Text
from sobriety.declared.values import number
from sobriety.files.faults import Fault, cell_fault, ranges, refuse, text_in_utf8
from sobriety.files.toml_form import form_of

PATH = Path("devices.csv")
CATEGORY = Text(en="expected a category", fr="une catégorie est attendue")


def refused(faults: list[Fault]) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        refuse(PATH, faults, Text(en="correct them", fr="corrigez-les"))
    return caught.value


def test_nothing_wrong_is_no_error() -> None:
    refuse(PATH, [], "correct them")


def test_the_same_fault_in_many_rows_is_one_line() -> None:
    faults = [cell_fault(row, "category", "Network Gear", CATEGORY) for row in range(2, 20)]
    error = refused([*faults, cell_fault(7, "memory_gb", "lots", "expected gigabytes")])
    assert error.message.splitlines() == [
        "19 wrong cells in devices.csv, of which nothing is kept",
        "  devices.csv, rows 2–19, category: 'Network Gear'; expected a category",
        "  devices.csv, row 7, memory_gb: 'lots'; expected gigabytes",
    ]
    assert error.message_in("fr").splitlines()[:2] == [
        "19 cellules erronées dans devices.csv\xa0; rien n’en est retenu",
        "  devices.csv, lignes 2–19, category\xa0: 'Network Gear'\xa0; une catégorie est attendue",
    ]
    assert (error.hint, error.hint_in("fr")) == ("correct them", "corrigez-les")


def test_a_thousand_faults_are_all_there() -> None:
    error = refused([cell_fault(row, "id", f"x{row}", "expected") for row in range(2, 1002)])
    assert len(error.message.splitlines()) == 1001 and "row 1001, id: 'x1001'" in error.message


@given(st.sets(st.integers(1, 60)))
def test_ranges_say_exactly_the_numbers(numbers: set[int]) -> None:
    back: set[int] = set()
    for part in filter(None, ranges(sorted(numbers)).split(", ")):
        first, _, last = part.partition("–")
        back |= set(range(int(first), int(last or first) + 1))
    assert back == numbers


def test_entries_of_toml_have_table_key_line_and_value() -> None:
    form = form_of(Path("sites.toml"), '[[site]]\nid = "a"\npeu = 1\n')
    for entry in form.top().tables("site"):
        entry.take("id", str)
        entry.take("pue", number(1, 5))
        entry.close()
    with pytest.raises(ConfigError) as caught:
        form.refuse()
    said = caught.value
    assert "sites.toml, line 3, site 'a', peu: unknown key; did you mean 'pue'?" in said.message
    assert "1 entrée erronée" in said.message_in("fr") and "clé inconnue" in said.message_in("fr")


@pytest.mark.parametrize(
    ("data", "english", "french"),
    [
        (b"a\n\xe9t\xe9\n", "line 2: byte 0xe9 is not UTF-8, near 'été'", "n’est pas de l’UTF-8"),
        ("a".encode("utf-16"), "is in UTF-16", "est en UTF-16"),
    ],
)
def test_other_bytes_name_their_line(
    tmp_path: Path, data: bytes, english: str, french: str
) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        text_in_utf8(path, "TOML")
    assert english in caught.value.message and french in caught.value.message_in("fr")


@pytest.mark.parametrize(
    ("words", "locale", "said"),
    [
        ((), "en_CA.UTF-8", "error: 1 wrong entry"),
        ((), "fr_CA.UTF-8", "erreur\xa0: 1 entrée erronée"),
        (("--lang", "en"), "fr_CA.UTF-8", "error: 1 wrong entry"),
        (("--lang=fr",), "en_CA.UTF-8", "erreur\xa0: 1 entrée erronée"),
    ],
)
def test_the_command_line_prints_the_readers_language(
    tmp_path: Path, words: tuple[str, ...], locale: str, said: str
) -> None:
    path = tmp_path / "goals.toml"
    path.write_text("", encoding="utf-8")
    home = {"LC_ALL": locale, "SOBRIETY_CONFIG": str(tmp_path / "none.toml")}
    done = CliRunner().invoke(command(), ["goals", "check", str(path), *words], env=home)
    assert done.exit_code == 2 and said in done.output
