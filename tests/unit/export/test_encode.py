"""Records as JSON, JSON Lines and CSV, whatever hosts put into them."""

import csv
import io
import json
from dataclasses import MISSING, fields
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.export.encode import encode_csv, encode_json, encode_jsonl, json_schema
from fleetscan.export.job_records import TimerRecord
from fleetscan.export.records import SCHEMAS, GapRecord, NoticeRecord, VisitRecord

NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
_ANY_TEXT = st.text(st.characters(), max_size=40)


def make_timer(text: str = "x", executes: tuple[str, ...] = ("/bin/true",)) -> TimerRecord:
    return TimerRecord(
        host="web-1",
        scope="system",
        unit=text,
        activates="x.service",
        schedule="daily",
        next_at=datetime(2026, 3, 1, 4, 0, tzinfo=timezone(timedelta(hours=2))),
        last_at=None,
        user="root",
        executes=executes,
        enabled="enabled",
        active="active",
        transient=False,
        files=(),
    )


def make_visit(*gaps: GapRecord) -> VisitRecord:
    return VisitRecord(
        sweep=1,
        host="web-1",
        outcome="partial",
        reason="",
        evidence=(),
        hint="",
        started_at=NOW,
        duration_s=-0.5,
        os="",
        systemd="",
        privilege="",
        login="",
        bytes_received=3,
        host_cpu_s=None,
        gaps=gaps,
    )


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def validate(name: str, document: object) -> None:
    jsonschema.Draft202012Validator(json_schema(name), format_checker=jsonschema.FormatChecker()).validate(document)


@given(_ANY_TEXT, st.lists(_ANY_TEXT, max_size=3))
def test_any_text_survives_json_and_follows_the_schema(text: str, commands: list[str]) -> None:
    record = make_timer(text, tuple(commands))
    document = json.loads(encode_json("timers", [record], NOW))
    validate("timers", document)
    assert document["items"][0]["unit"] == text
    assert document["items"][0]["executes"] == commands


@given(_ANY_TEXT)
def test_json_lines_has_one_printable_line_a_record(text: str) -> None:
    lines = encode_jsonl("timers", [make_timer(text), make_timer()]).splitlines()
    assert [json.loads(line)["unit"] for line in lines] == [text, "x"]
    assert all(line.isascii() and line.isprintable() for line in lines)


@given(_ANY_TEXT, st.lists(_ANY_TEXT, max_size=3))
def test_no_text_becomes_a_formula_or_breaks_a_row(text: str, commands: list[str]) -> None:
    encoded = encode_csv("timers", [make_timer(text, tuple(commands)), make_timer()])
    assert len(encoded.split("\n")) == 3
    first, second = read_csv(encoded)
    assert second["unit"] == "x"
    for cell in first.values():
        assert not cell.startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r"))
        assert cell.isprintable()


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1", "-2+3", "@SUM(A1)", "＝1+1"])
def test_a_formula_gets_a_quote(text: str) -> None:
    assert read_csv(encode_csv("timers", [make_timer(text)]))[0]["unit"] == f"'{text}"
    assert read_csv(encode_csv("timers", [make_timer("x", (text,))]))[0]["executes"] == f"'{text}"


def test_numbers_stay_numbers_also_below_zero() -> None:
    row = read_csv(encode_csv("visits", [make_visit()]))[0]
    assert (row["duration_s"], row["bytes_received"], row["host_cpu_s"]) == ("-0.5", "3", "")


def test_nested_values_are_json_in_a_cell() -> None:
    gap = GapRecord(area="files", scope="", status="denied", path="/a,b", reason='"no"')
    row = read_csv(encode_csv("visits", [make_visit(gap)]))[0]
    assert json.loads(row["gaps"])[0]["path"] == "/a,b"


def test_times_are_given_in_utc() -> None:
    item = json.loads(encode_json("timers", [make_timer()], NOW))["items"][0]
    assert item["next_at"] == "2026-03-01T02:00:00+00:00"
    assert item["last_at"] is None


def test_nothing_is_a_document_without_items_a_header_and_no_line() -> None:
    document = json.loads(encode_json("drift", [], NOW))
    validate("drift", document)
    assert document == {"schema": "fleetscan.drift/1", "generated_at": NOW.isoformat(), "items": []}
    assert encode_jsonl("drift", []) == ""
    assert encode_csv("notices", []) == "recipient,subject,notice,detail"


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_asks_for_every_first_field_and_refuses_another_document(name: str) -> None:
    schema = json_schema(name)
    item = schema["properties"]["items"]["items"]
    # A field that came later has a default: documents written before it still follow the schema.
    assert item["required"] == [field.name for field in fields(SCHEMAS[name]) if field.default is MISSING]
    assert list(item["properties"]) == [field.name for field in fields(SCHEMAS[name])]
    other: dict[str, Any] = {"schema": f"fleetscan.{name}/2", "generated_at": NOW.isoformat(), "items": []}
    with pytest.raises(jsonschema.ValidationError):
        validate(name, other)


def test_a_record_with_a_missing_field_does_not_follow_the_schema() -> None:
    record = NoticeRecord(recipient="a@example.org", subject="s", notice="sent", detail="")
    document = json.loads(encode_json("notices", [record], NOW))
    validate("notices", document)
    del document["items"][0]["notice"]
    with pytest.raises(jsonschema.ValidationError, match="notice"):
        validate("notices", document)
