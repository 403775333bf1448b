"""Records as JSON, JSON Lines and CSV."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter

from fleetscan.export.records import SCHEMAS, Record

SCHEMA_VERSION = 1
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for a formula; the wide forms count where the reader's language has them. Tab and carriage
return, which some skip before looking, never stand first: unprintable characters are spelled out."""


def encode_json(name: str, records: Sequence[Record], generated_at: datetime) -> str:
    """Give one JSON document: `{"schema": "fleetscan.NAME/1", "generated_at": …, "items": […]}`."""
    document = {
        "schema": f"fleetscan.{name}/{SCHEMA_VERSION}",
        "generated_at": generated_at.astimezone(UTC).isoformat(),
        "items": [_plain(name, record) for record in records],
    }
    return json.dumps(document, indent=2)


def encode_jsonl(name: str, records: Sequence[Record]) -> str:
    """Give one JSON object a line, without an envelope."""
    return "\n".join(json.dumps(_plain(name, record)) for record in records)


def encode_csv(name: str, records: Sequence[Record]) -> str:
    """Give CSV with a header; nested values as JSON; what a spreadsheet would take for a formula gets a quote."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(field.name for field in fields(SCHEMAS[name]))
    for record in records:
        writer.writerow(_cell(value) for value in _plain(name, record).values())
    return out.getvalue().removesuffix("\n")


def json_schema(name: str) -> dict[str, Any]:
    """Give the JSON Schema of one kind of document."""
    item = TypeAdapter(SCHEMAS[name]).json_schema(mode="serialization")
    definitions = item.pop("$defs", {})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"fleetscan.{name}/{SCHEMA_VERSION}",
        "type": "object",
        "required": ["schema", "generated_at", "items"],
        "properties": {
            "schema": {"const": f"fleetscan.{name}/{SCHEMA_VERSION}"},
            "generated_at": {"type": "string", "format": "date-time"},
            "items": {"type": "array", "items": item},
        },
        "$defs": definitions,
    }


def _plain(name: str, record: Record) -> dict[str, Any]:
    del name
    return {field.name: _value(getattr(record, field.name)) for field in fields(record)}


def _value(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, tuple | list):
        return [_value(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        return {key: _value(getattr(value, key)) for key in value.__dataclass_fields__}
    return value


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list | dict):
        text = (
            "; ".join(value)
            if value and all(isinstance(v, str) for v in value)
            else (json.dumps(value) if value else "")
        )
    elif isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, int | float):
        return str(value)
    else:
        text = str(value)
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
    return f"'{text}" if text.startswith(_FORMULA) else text
