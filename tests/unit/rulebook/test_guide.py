"""The published schema takes what the program takes."""

import jsonschema
import pytest
import yaml

from fleetscan.rulebook.guide import rule_schema
from fleetscan.rulebook.load import BUILTIN, find_files

VALIDATOR = jsonschema.Draft202012Validator(rule_schema())


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(rule_schema())


@pytest.mark.parametrize("path", find_files(BUILTIN), ids=lambda path: str(path.name))
def test_the_rules_that_come_along_fit_the_schema(path: object) -> None:
    with open(str(path), encoding="utf-8") as file:  # noqa: PTH123 - ids are made from the path
        assert [error.message for error in VALIDATOR.iter_errors(yaml.safe_load(file))] == []


@pytest.mark.parametrize("match", [{"colour": "red"}, {}, {"some": {"colour": {}}}, {"command.path": {"like": "x"}}])
def test_the_schema_refuses_what_the_program_refuses(match: object) -> None:
    rule = {"id": "A-1", "title": "t", "severity": "low", "rationale": "r", "false_positives": "f", "match": match}
    assert not VALIDATOR.is_valid({"rules": [rule]})
    assert VALIDATOR.is_valid({"rules": [{**rule, "match": {"kind": "job"}}]})
