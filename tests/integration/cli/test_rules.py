"""`fleetscan rules`: reading, checking and testing rules, one's own among them."""

from pathlib import Path

import jsonschema
import pytest
import yaml

from fleetscan.rulebook.load import load_rules
from tests.integration.cli.console import Console

OWN = {
    "id": "ACME-001",
    "title": "Payroll as root",
    "severity": "high",
    "kinds": ["job"],
    "match": {"stems": {"starts_with": "payroll-"}, "as_root": True},
    "rationale": "It needs no rights of root.",
    "false_positives": "None.",
    "tests": {
        "must_match": [{"name": "as root", "unit": "payroll-close", "timer": "[Timer]\nOnCalendar=daily\n"}],
        "must_not_match": [{"name": "another job", "unit": "backup", "timer": "[Timer]\nOnCalendar=daily\n"}],
    },
}


@pytest.fixture
def own(console: Console) -> Path:
    """A folder with one rule of one's own, named by fleetscan.toml."""
    folder = console.folder / "rules"
    folder.mkdir()
    (folder / "payroll.yaml").write_text(yaml.safe_dump({"rules": [OWN]}), encoding="utf-8")
    (console.folder / "fleetscan.toml").write_text('rules = ["rules"]\n', encoding="utf-8")
    return folder / "payroll.yaml"


def test_own_rules_are_listed_beside_those_that_come_along(console: Console, own: Path) -> None:
    answer = console("rules", "list", "--format", "json")
    assert answer.code == 0, answer.err
    files = {item["id"]: item["file"] for item in answer.items}
    assert len(files) == len(load_rules()) + 1
    assert files["ACME-001"].endswith("payroll.yaml")
    assert files["FS-001"] == ""
    jsonschema.validate(answer.document, console("schema", "rules").document)


def test_a_rule_is_shown_with_conditions_and_tests(console: Console, own: Path) -> None:
    answer = console("rules", "show", "acme-001")
    assert answer.code == 0, answer.err
    for words in ("Payroll as root", "starts_with: payroll-", "must match      as root", "payroll.yaml"):
        assert words in answer.out


def test_a_rule_that_is_not_there_is_told(console: Console) -> None:
    answer = console("rules", "show", "FS-999")
    assert answer.code == 2
    assert "there is no rule 'FS-999'" in answer.err


def test_tests_pass_or_make_the_exit_code_one(console: Console, own: Path) -> None:
    passed = console("rules", "test", str(own))
    assert passed.code == 0, passed.err
    assert "2 tests, 0 failed" in passed.err
    own.write_text(
        own.read_text(encoding="utf-8").replace("starts_with: payroll-", "starts_with: back"), encoding="utf-8"
    )
    failed = console("rules", "test", str(own), "--format", "json")
    assert failed.code == 1
    assert [item["passed"] for item in failed.items] == [False, False]


def test_all_faults_are_told_at_once(console: Console, own: Path) -> None:
    assert console("rules", "validate").code == 0
    own.write_text(yaml.safe_dump({"rules": [{**OWN, "severity": "dire"}, {**OWN, "match": {"colour": "red"}}]}))
    answer = console("rules", "validate", str(own.parent))
    assert answer.code == 2
    assert "severity" in answer.err
    own.write_text(yaml.safe_dump({"rules": [{**OWN, "match": {"colour": "red"}}]}))
    assert "there is no field 'colour'" in console("rules", "validate", str(own)).err


def test_the_schema_is_one_and_takes_the_rule(console: Console, own: Path) -> None:
    schema = console("rules", "schema").document
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate({"rules": [OWN]}, schema)
