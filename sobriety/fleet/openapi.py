"""Describes the gateway as OpenAPI, from the types that it decodes with."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from sobriety.core import __version__

from .intake.wire import Batch, Refusal, Taken

Schema = dict[str, Any]

_REFUSALS = {
    "400": "not gzip, not JSON, or not of this shape",
    "401": "no token, or an unknown or revoked one",
    "403": "rows of a host that the token does not write for, or a token of the other kind",
    "408": "the body came too slowly",
    "413": "too long, packed or unpacked",
    "415": "another type or encoding",
    "422": "a row that breaks a rule: `row` and `column` say which",
    "429": "too many requests: wait for Retry-After",
    "503": "the disk takes nothing now: wait for Retry-After",
}


@cache
def description() -> dict[str, Any]:
    """Describe the gateway as OpenAPI 3.1."""
    types = (Batch, Taken, Refusal)
    schemas, parts = msgspec.json.schema_components(
        types, ref_template="#/components/schemas/{name}"
    )
    batch, taken, refusal = schemas
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "sobriety's gateway",
            "version": __version__,
            "description": "Receives usage rows of many machines, each exactly once.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "components": {
            "schemas": parts,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "paths": {
            "/v1/usage": {"post": _post_usage(batch, taken, refusal)},
            "/v1/usage/{spool}": {"get": _get_usage(taken, refusal)},
            "/healthz": {"get": _healthz(refusal)},
            "/metrics": {"get": _metrics(refusal)},
        },
    }


def _post_usage(batch: Schema, taken: Schema, refusal: Schema) -> Schema:
    return {
        "operationId": "postUsage",
        "summary": "Send a batch of rows",
        "security": [{"token": []}],
        "requestBody": {"required": True, "content": _json(batch)},
        "responses": {"200": _answer("all of it is on the disk", taken)}
        | _refused(refusal, *_REFUSALS),
    }


def _get_usage(taken: Schema, refusal: Schema) -> Schema:
    spool = {
        "name": "spool",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
    }
    return {
        "operationId": "getUsage",
        "summary": "The highest row number received from a spool; 0 for none",
        "security": [{"token": []}],
        "parameters": [spool],
        "responses": {"200": _answer("where to resume", taken)}
        | _refused(refusal, "400", "401", "403", "404", "429", "503"),
    }


def _healthz(refusal: Schema) -> Schema:
    return {
        "operationId": "healthz",
        "summary": "Health; open to everybody",
        "responses": {
            "200": {"description": "well", "content": _json({})},
            "503": _answer("not well", refusal),
        },
    }


def _metrics(refusal: Schema) -> Schema:
    page = {"description": "metrics", "content": {"text/plain": {"schema": {"type": "string"}}}}
    return {
        "operationId": "metrics",
        "summary": "Metrics for Prometheus",
        "security": [{"token": []}],
        "responses": {"200": page} | _refused(refusal, "401", "403", "429", "503"),
    }


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _answer(meaning: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": meaning, "content": _json(schema)}


def _refused(refusal: dict[str, Any], *codes: str) -> dict[str, Any]:
    return {code: _answer(_REFUSALS.get(code, "there is none"), refusal) for code in codes}
