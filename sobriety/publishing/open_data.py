"""Writes a period's figures as open data: CSV, a data dictionary, DCAT metadata. CC BY 4.0.

Source: https://www.w3.org/TR/vocab-dcat-3/, https://specs.frictionlessdata.io/table-schema/
"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from sobriety.files.durable import make_folder, write_whole
from sobriety.reports import Report, as_json
from sobriety.reports.formats.csv import figures_of, safe

LICENCE = "https://creativecommons.org/licenses/by/4.0/"
SECTIONS = ("totals", "other_factor_kind", "costs", "breakdown", "indicators", "standings",
            "services", "market", "network")  # fmt: skip
DIMENSIONS = ("site", "category", "department", "service")
"""Machines by name are not published."""
FIELDS = (
    ("period", "string", "Quarter, month or year", "Trimestre, mois ou année"),
    ("figure", "string", "Path of the figure", "Chemin du chiffre"),
    ("dimension", "string", "What it is broken down by; empty for a total",
     "Ventilation; vide pour un total"),
    ("name", "string", "The part; * are parts too small to stand alone",
     "La partie; * regroupe celles trop petites"),
    ("value", "number", "Value", "Valeur"),
    ("low", "number", "Low end of the 90 % interval", "Bas de l’intervalle à 90 %"),
    ("high", "number", "High end of the 90 % interval", "Haut de l’intervalle à 90 %"),
    ("unit", "string", "J, kg (of CO2e), W, 1 (a share), ¤ (a currency's unit)",
     "J, kg (éq. CO2), W, 1 (une part), ¤ (unité d’une monnaie)"),
    ("basis", "string", "measured, modelled, declared, archetype or mixed",
     "measured (mesuré), modelled (modélisé), declared (déclaré), archetype (typique), mixed"),
    ("method", "string", "How it was computed", "Comment il a été calculé"),
    ("sources", "string", "Who says so", "D’après qui"),
)  # fmt: skip


def write_open_data(folder: Path, report: Report) -> tuple[Path, ...]:
    """Write the three files. Raises ConfigError where they cannot be written."""
    content = as_json(report)
    label = str(content["period"]["label"]).replace("/", "_")
    make_folder(folder)
    data = folder / f"sobriety-{label}.csv"
    dictionary = folder / f"sobriety-{label}.schema.json"
    catalogue = folder / f"sobriety-{label}.dcat.jsonld"
    write_whole(data, _csv(content, label))
    write_whole(dictionary, _json(_dictionary()))
    write_whole(catalogue, _json(_dcat(report, label, data.name, dictionary.name)))
    return data, dictionary, catalogue


def _csv(content: dict[str, Any], label: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([name for name, *_ in FIELDS])
    for section in SECTIONS:
        for figure, entry in figures_of(content[section], section):
            parts = figure.split(".")
            dimension = parts[1] if section == "breakdown" else ""
            if (dimension and dimension not in DIMENSIONS) or "missing" in entry:
                continue
            name = ".".join(parts[2:-1]) if dimension else ""
            numbers = [entry[column] for column in ("value", "low", "high", "unit", "basis")]
            texts = [safe(entry["method"]), safe("; ".join(entry["sources"]))]
            writer.writerow([label, safe(figure), dimension, safe(name), *numbers, *texts])
    return out.getvalue()


def _dictionary() -> dict[str, Any]:
    return {
        "$schema": "https://specs.frictionlessdata.io/schemas/table-schema.json",
        "fields": [
            {"name": name, "type": kind, "description": en, "description_fr": fr}
            for name, kind, en, fr in FIELDS
        ],
        "missingValues": [""],
    }


def _dcat(report: Report, label: str, data: str, dictionary: str) -> dict[str, Any]:
    owner = report.organisation or "an organisation"
    return {
        "@context": {"dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/",
                     "xsd": "http://www.w3.org/2001/XMLSchema#"},
        "@type": "dcat:Dataset",
        "dct:identifier": f"sobriety-{label}",
        "dct:title": [
            {"@language": "en", "@value": f"Digital footprint of {owner}, {label}"},
            {"@language": "fr", "@value": f"Empreinte numérique de {owner}, {label}"},
        ],
        "dct:publisher": report.organisation,
        "dct:issued": report.made_at.isoformat(),
        "dct:language": ["en", "fr"],
        "dct:license": {"@id": LICENCE},
        "dct:temporal": {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": report.period.start.isoformat(),
            "dcat:endDate": report.period.end.isoformat(),
        },
        "dcat:keyword": ["CO2e", "energy", "digital sobriety", "sobriété numérique"],
        "dcat:distribution": [
            {"@type": "dcat:Distribution", "dcat:downloadURL": data, "dcat:mediaType": "text/csv",
             "dct:license": {"@id": LICENCE}, "dct:conformsTo": dictionary}
        ],
    }  # fmt: skip


def _json(data: object) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
