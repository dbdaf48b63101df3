"""Writes the JSON schemas that follow from declarations: `make docs` runs it, a test compares."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sobriety.core.usage import GROUPS, KEYS, MEASURES, Column

ROOT = Path(__file__).parent.parent / "docs" / "schema"
KINDS = ("host", "service", "container", "pod", "process", "unattributed")
STATES = ("on", "asleep", "off", "unobserved")
_KEYS: dict[str, dict[str, Any]] = {
    "host": {"type": "string"},
    "kind": {"enum": list(KINDS)},
    "name": {"type": "string"},
    "state": {"enum": list(STATES)},
    "observed": {"type": "array", "items": {"enum": [group.name for group in GROUPS]}},
    "start_ns": {"type": "integer"},
}


def usage() -> dict[str, Any]:
    """The schema of a usage row, from `core/usage.py`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "usage.json",
        "title": "A usage row, as `sobriety collect --json` prints it: a line each; what was not"
        " observed is absent",
        "type": "object",
        "required": [*(key.name for key in KEYS), "duration_s", "covered_s"],
        "additionalProperties": False,
        "properties": {key.name: {"description": key.meaning, **_KEYS[key.name]} for key in KEYS}
        | {column.name: _measure(column) for column in MEASURES},
    }


def _measure(column: Column) -> dict[str, Any]:
    limit = f"; at most {column.most_of}" if column.most_of else ""
    schema: dict[str, Any] = {
        "description": f"{column.meaning}, in {column.unit}{limit}", "type": "number"
    }  # fmt: skip
    return schema if column.is_signed else schema | {"minimum": 0}


SCHEMAS = {"usage.json": usage}


def main() -> None:
    """Write every schema."""
    for name, schema in SCHEMAS.items():
        text = json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
        (ROOT / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
