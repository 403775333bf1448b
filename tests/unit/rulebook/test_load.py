"""Rule files: what is read, what is refused, and that every fault is told at once."""

from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.errors import ConfigError, ParseError
from fleetscan.model.drift import Severity
from fleetscan.rulebook.document import MAX_FILE_BYTES, parse_document
from fleetscan.rulebook.load import find_files, load_rules, load_written, read_files

RULE: dict[str, object] = {
    "id": "ACME-001",
    "title": "Something",
    "severity": "high",
    "match": {"kind": "job"},
    "rationale": "Because.",
    "false_positives": "None.",
}


def write(folder: Path, name: str, *rules: dict[str, object]) -> Path:
    path = folder / name
    path.write_text(yaml.safe_dump({"rules": list(rules)}), encoding="utf-8")
    return path


def test_own_rules_stand_beside_those_that_come_along(tmp_path: Path) -> None:
    write(tmp_path, "ours.yaml", RULE)
    rules = load_rules([tmp_path])
    assert len(rules) == len(load_rules()) + 1
    own = next(rule for rule in rules if rule.id == "ACME-001")
    assert own.severity is Severity.HIGH
    assert not own.about_new


def test_a_file_may_hold_one_rule_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "one.yml"
    path.write_text(yaml.safe_dump(RULE), encoding="utf-8")
    written, faults = read_files([path])
    assert faults == ()
    assert [one.rule.id for one in written] == ["ACME-001"]


def test_a_rule_about_differences_is_about_what_is_new(tmp_path: Path) -> None:
    path = write(tmp_path, "a.yaml", {**RULE, "needs_drift": True}, {**RULE, "id": "ACME-002", "about_new": True})
    written, _faults = read_files([path])
    assert [one.rule.about_new for one in written] == [True, True]


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", {**RULE, "severity": "bad"}, {**RULE, "id": "lower"})
    write(tmp_path, "b.yaml", {**RULE, "match": {"colour": "red"}})
    (tmp_path / "c.yaml").write_text("rules: [", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_written([tmp_path])
    for words in ("a.yaml", "severity", "id", "b.yaml: ACME-001: match.colour", "c.yaml", "not valid YAML"):
        assert words in caught.value.message


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"colour": "red"}, "colour"),
        ({"attack": ["T1"]}, "attack"),
        ({"technique": "magic"}, "technique"),
        ({"kinds": ["cron"]}, "kinds"),
        ({"precedence": 200}, "precedence"),
        ({"title": ""}, "title"),
        ({"match": {"command.path": {"matches": "(a+)+"}}}, "for ever"),
    ],
    ids=str,
)
def test_a_wrong_rule_is_refused(tmp_path: Path, change: dict[str, object], words: str) -> None:
    _written, faults = read_files([write(tmp_path, "a.yaml", {**RULE, **change})])
    assert len(faults) == 1
    assert words in faults[0]


def test_an_id_may_not_stand_twice(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", {**RULE, "id": "FS-001"})
    with pytest.raises(ConfigError, match="the same id"):
        load_written([tmp_path])


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such folder"):
        find_files(tmp_path / "nothing")


def test_only_rule_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("no rule", encoding="utf-8")
    (tmp_path / "more").mkdir()
    path = write(tmp_path / "more", "a.yaml", RULE)
    assert find_files(tmp_path) == (path,)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"a: 1\na: 2\n", "stands twice"),
        (b"a: [", "not valid YAML"),
        (b"a: !!python/object/apply:os.system [x]\n", "not valid YAML"),
        (b"[" * 500, "nested"),
        (b"\xff\xfe\xfd", "not valid YAML"),
    ],
)
def test_a_file_that_is_no_plain_document_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(ParseError, match=words):
        parse_document(data)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"#" * (MAX_FILE_BYTES + 1))
    _written, faults = read_files([path])
    assert "larger than 1 MiB" in faults[0]


@given(st.binary(max_size=500))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(ParseError):
        parse_document(data)
