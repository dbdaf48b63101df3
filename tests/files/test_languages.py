"""Every reader of files says what it expects in English and French."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sobriety.core.errors import ConfigError
from sobriety.declared.goals import read_goals
from sobriety.declared.services import read_services
from sobriety.declared.sites import read_sites
from sobriety.factors.catalogue import catalogue_of
from sobriety.factors.hours import read_hours
from sobriety.inventory.reading import read_devices

BAD: tuple[tuple[str, Callable[[Path], object], str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("devices.csv", read_devices,
     "id,category,memory_gb,acquired,refurbished,cores\na,gizmo,lots,soon,perhaps,0.5\n",
     ("expected gigabytes", "expected yes or no"), ("des gigaoctets", "oui ou non")),
    ("devices.csv", read_devices, "id,category,colour\na,server,red\n",
     ("unknown columns",), ("colonnes inconnues",)),
    ("sites.toml", read_sites, '[[site]]\nid = "a"\nopen = "always"\nheadcount = -1\n',
     ("expected days and hours", "a whole number"), ("des jours et des heures", "nombre entier")),
    ("services.toml", read_services, '[[service]]\nid = "a"\nhosts = []\nshare = 2\n',
     ("expected at least one", "a number from 0 to 1"), ("au moins un", "un nombre de 0 à 1")),
    ("goals.toml", read_goals, '[goal.a]\ntext = 1\ndirection = "up"\n',
     ("expected a text", "expected one of"), ("un texte", "un de")),
    ("products.csv", lambda path: catalogue_of([path]),
     "manufacturer,name,embodied_kg\nDell,X1,heavy\n", ("no number",), ("aucun nombre",)),
    ("hours.csv", lambda path: read_hours(path, "CA-QC", "direct"),
     "zone,hour_utc,kind,value_g_per_kwh\nCA-QC,soon,direct,3\n", ("not a time",),
     ("pas une heure",)),
)  # fmt: skip


@pytest.mark.parametrize(("name", "read", "text", "english", "french"), BAD)
def test_faults_are_in_both_languages(
    tmp_path: Path,
    name: str,
    read: Callable[[Path], object],
    text: str,
    english: tuple[str, ...],
    french: tuple[str, ...],
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read(path)
    for part in english:
        assert part in caught.value.message
    for part in french:
        assert part in caught.value.message_in("fr")
    assert not set(caught.value.message.splitlines()) & set(
        caught.value.message_in("fr").splitlines()
    )
    assert caught.value.hint != caught.value.hint_in("fr")
