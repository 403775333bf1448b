"""The form of rule files for readers: tables of fields and operators, and a JSON Schema."""

from collections.abc import Iterator
from typing import Any

from fleetscan.analyse.rules.fields import FIELDS
from fleetscan.analyse.rules.listings import LISTINGS
from fleetscan.analyse.rules.operators import OPERATORS
from fleetscan.analyse.rules.rule import Rule
from fleetscan.analyse.rules.words import FieldType
from fleetscan.rulebook.entries import RuleEntry, RuleFile
from fleetscan.rulebook.hosts import HostEntry

SCHEMA_ID = "fleetscan.rule-file/1"

_OPERAND: dict[str, dict[str, Any]] = {
    "equals": {"type": ["string", "number", "boolean"]},
    "in": {"type": "array", "minItems": 1},
    "at_least": {"type": "number"},
    "at_most": {"type": "number"},
    "longer_than": {"type": "number"},
    "is": {"type": "boolean"},
}
_TEXT_OPERAND: dict[str, Any] = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]
}


def rule_schema() -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) of a rule file."""
    schema = RuleFile.model_json_schema()
    definitions = schema.setdefault("$defs", {})
    definitions["Test"] = _describe_test()
    definitions["Condition"] = _describe_condition(
        {name: field.meaning for name, field in FIELDS.items()}, "Condition", with_lists=True
    )
    for listing in LISTINGS.values():
        meanings = {name: meaning for name, (_type, meaning) in listing.fields.items()}
        definitions[f"On_{listing.name}"] = _describe_condition(meanings, f"On_{listing.name}", with_lists=False)
    definitions["RuleEntry"]["properties"]["match"] = {
        "$ref": "#/$defs/Condition",
        "description": "Conditions, all of which have to hold.",
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": SCHEMA_ID, **schema}


def _describe_test() -> dict[str, Any]:
    operators = {
        name: {"description": operator.meaning, **_OPERAND.get(name, _TEXT_OPERAND)}
        for name, operator in OPERATORS.items()
    }
    return {
        "description": "A value; a list of values, one of which; or operators, all of which have to hold.",
        "anyOf": [
            {"type": ["string", "number", "boolean"]},
            {"type": "array", "minItems": 1},
            {"type": "object", "properties": operators, "additionalProperties": False, "minProperties": 1},
        ],
    }


def _describe_condition(meanings: dict[str, str], own: str, *, with_lists: bool) -> dict[str, Any]:
    reference = {"$ref": f"#/$defs/{own}"}
    properties: dict[str, Any] = {
        "all": {"type": "array", "items": reference, "minItems": 1},
        "any": {"type": "array", "items": reference, "minItems": 1},
        "not": reference,
    }
    properties |= {name: {"$ref": "#/$defs/Test", "description": meaning} for name, meaning in meanings.items()}
    if with_lists:
        inner = {name: {"$ref": f"#/$defs/On_{name}"} for name in LISTINGS}
        lists = {"type": "object", "properties": inner, "additionalProperties": False, "maxProperties": 1}
        properties |= {"some": lists, "each": lists}
        for listing in LISTINGS.values():
            for name, (_type, meaning) in listing.fields.items():
                properties[f"{listing.name}.{name}"] = {"$ref": "#/$defs/Test", "description": meaning}
    return {"type": "object", "properties": properties, "additionalProperties": False, "minProperties": 1}


def render_form() -> str:
    """Write the tables of the guide: keys of a rule, operators, fields, lists, and keys of a test's host."""
    lines = ["", "## Keys of a rule", "", "| key | |", "|---|---|"]
    lines += _rows((name, field.description or "") for name, field in RuleEntry.model_fields.items())
    lines += ["", "## Operators", "", "| operator | holds when the value … |", "|---|---|"]
    lines += _rows((name, operator.meaning) for name, operator in OPERATORS.items())
    lines += ["", "## Fields", "", "| field | type | |", "|---|---|---|"]
    lines += _typed_rows((field.name, field.type, field.meaning) for field in FIELDS.values())
    for listing in LISTINGS.values():
        lines += ["", f"## `{listing.name}`: {listing.meaning}", "", "| field | type | |", "|---|---|---|"]
        lines += _typed_rows((name, kind, meaning) for name, (kind, meaning) in listing.fields.items())
    lines += ["", "## Hosts of tests", "", "| key | |", "|---|---|"]
    lines += _rows((name, field.description or "") for name, field in HostEntry.model_fields.items())
    return "\n".join(lines)


def render_rules(rules: tuple[Rule, ...]) -> str:
    """Write the table of rules."""
    lines = ["", "| id | severity | technique | |", "|---|---|---|---|"]
    for rule in rules:
        technique = rule.technique.value if rule.technique is not None else ""
        lines.append(f"| `{rule.id}` | {rule.severity.label} | {technique} | {_escape(rule.title)} |")
    return "\n".join(lines)


def _rows(pairs: Iterator[tuple[str, str]]) -> list[str]:
    return [f"| `{name}` | {_escape(meaning)} |" for name, meaning in pairs]


def _typed_rows(rows: Iterator[tuple[str, FieldType, str]]) -> list[str]:
    return [f"| `{name}` | {kind.value} | {_escape(meaning)} |" for name, kind, meaning in rows]


def _escape(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")
