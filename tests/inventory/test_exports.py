"""Other tools' exports, without their users' names."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from sobriety.core.errors import ConfigError
from sobriety.inventory.devices import Device
from sobriety.inventory.exports import G4IT, GLPI, read_export, read_mapping

GLPI_CSV = (
    "Nom;Statut;Fabricant;Numéro de série;Type;Modèle;Lieu;Utilisateur;Composants - Processeur;"
    "Numéro d’inventaire;Informations financières et administratives - Date d’achat\n"
    "PC-ACCUEIL-1;En service;Lenovo;PF123;Ordinateur portable;T14;Nord;Tremblay Jean;i5-1245U;"
    "INV-77;2024-02-13\n"
)
G4IT_CSV = (
    "nomEquipementPhysique;modele;quantite;nomCourtDatacenter;dateAchat;dateRetrait;type;statut;"
    "paysDUtilisation;consoElecAnnuelle;utilisateur\n"
    "srv-9;R740;2;DC-1;2021-03-01;;Serveur;In use;Canada;2100;jt\n"
    "tel-1;A53;1;;2023-05-02;2026-05-01;Téléphone;;France;;jt\n"
)


@pytest.fixture
def write(tmp_path: Path) -> Path:
    return tmp_path / "export.csv"


def test_glpi(write: Path) -> None:
    write.write_text(GLPI_CSV, encoding="utf-8")
    (device,), left = read_export(write, GLPI)
    assert device == Device(
        "INV-77", "notebook", "Lenovo", "T14", site="Nord", host="PC-ACCUEIL-1",
        acquired=date(2024, 2, 13), cpu="i5-1245U", row=2,
    )  # fmt: skip
    assert set(left) == {"Statut", "Numéro de série", "Utilisateur"}


def test_g4it(write: Path) -> None:
    write.write_text(G4IT_CSV, encoding="utf-8")
    (server, phone), left = read_export(write, G4IT)
    assert (server.category, server.quantity, server.yearly_kwh) == ("server", 2, 2100)
    assert (server.site, phone.site) == ("DC-1", "France")
    assert phone.category == "smartphone" and phone.retired == date(2026, 5, 1)
    assert "utilisateur" in left


def test_any_other_by_a_mapping(write: Path, tmp_path: Path) -> None:
    write.write_text("Asset,Kind,Bought,Owner\n7,Portable 14,2024-01-02,Jo\n", encoding="utf-8")
    mapping = tmp_path / "map.toml"
    mapping.write_text(
        '[columns]\nid = "Asset"\ncategory = "Kind"\nacquired = ["Delivered", "Bought"]\n'
        '[categories]\n"Portable 14" = "laptop"\n[constants]\nsite = "hotel-de-ville"\n',
        encoding="utf-8",
    )
    (device,), left = read_export(write, read_mapping(mapping))
    assert device.category == "notebook" and device.site == "hotel-de-ville"
    assert device.acquired == date(2024, 1, 2) and left == ("Owner",)


def test_what_cannot_be_taken_over_is_told_by_its_own_row(write: Path) -> None:
    write.write_text(G4IT_CSV.replace("Serveur", "Gizmo").replace(";2;", ";two;"), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_export(write, G4IT)
    assert "row 2, category: 'Gizmo'" in caught.value.message
    assert "row 2, quantity: 'two'" in caught.value.message


def test_an_export_of_another_tool(write: Path) -> None:
    write.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="no column for id"):
        read_export(write, GLPI)


def test_a_mapping_that_is_wrong(tmp_path: Path) -> None:
    mapping = tmp_path / "map.toml"
    mapping.write_text('[columns]\ncolour = "x"\nid = 3\n[other]\na = 1\n', encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_mapping(mapping)
    assert all(word in caught.value.message for word in ("colour", "id", "other"))
