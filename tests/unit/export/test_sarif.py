"""SARIF: valid against the part of its schema that is used, whatever hosts put into it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import jsonschema
import pytest
from hypothesis import given

from fleetscan.export.outgoing import Occasion, OutgoingFinding
from fleetscan.export.sarif import render_sarif
from tests.outgoing_data import ANY_TEXT, HOSTILE_TEXTS, SEEN_AT, news

SCHEMA = json.loads((Path(__file__).with_name("sarif-2.1.0-subset.json")).read_text())
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)
_URI = re.compile(r"file://[A-Za-z0-9._~%-]+(?:/[A-Za-z0-9._~%/-]*)")


def sarif(*told: OutgoingFinding) -> dict[str, Any]:
    text = render_sarif(told, version="1.2", sweep=12, ended_at=SEEN_AT)
    assert text.isascii()
    document: dict[str, Any] = json.loads(text)
    VALIDATOR.validate(document)
    assert all(_URI.fullmatch(uri) for uri in uris(document))
    return document


def uris(document: dict[str, Any]) -> Iterator[str]:
    for result in document["runs"][0]["results"]:
        for location in result["locations"]:
            if "physicalLocation" in location:
                yield location["physicalLocation"]["artifactLocation"]["uri"]


@given(ANY_TEXT)
def test_any_text_of_a_host_gives_a_valid_document(text: str) -> None:
    sarif(news(text))


@pytest.mark.parametrize("name", sorted(HOSTILE_TEXTS))
def test_hostile_text_gives_a_valid_and_bounded_document(name: str) -> None:
    document = sarif(news(HOSTILE_TEXTS[name]))
    assert len(json.dumps(document)) < 100_000
    str(document).encode()


def test_the_schema_refuses_what_the_standard_does_not_have() -> None:
    document = sarif(news())
    document["runs"][0]["results"][0]["level"] = "high"
    assert not VALIDATOR.is_valid(document)


def test_a_result_names_rule_file_line_host_and_fingerprint() -> None:
    run = sarif(news("x.timer"))["runs"][0]
    [rule] = run["tool"]["driver"]["rules"]
    assert (rule["id"], rule["properties"]["security-severity"]) == ("FS-004", "9.5")
    [result] = run["results"]
    assert (result["ruleId"], result["ruleIndex"], result["level"]) == ("FS-004", 0, "error")
    first = result["locations"][0]["physicalLocation"]
    assert (first["artifactLocation"]["uri"], first["region"]) == ("file://web-1/etc/x.timer", {"startLine": 3})
    assert result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "web-1/user:x.timer/x.timer"
    assert result["partialFingerprints"]["fleetscanFinding/v1"] == "0123456789abcdef"
    assert run["automationDetails"]["id"] == "fleetscan/sweep/12"


def test_the_bytes_of_a_path_survive_in_its_address() -> None:
    [uri, *_] = uris(sarif(news("a b\udcff\u202e%")))
    assert unquote_to_bytes(uri.removeprefix("file://web-1")) == "/etc/a b\udcff\u202e%".encode(
        "utf-8", "surrogateescape"
    )


def test_text_of_a_host_becomes_neither_link_nor_placeholder() -> None:
    text = sarif(news(sentence="see [here](http://evil.example) {0}"))["runs"][0]["results"][0]["message"]["text"]
    assert text == r"see \[here\](http://evil.example) {{0}}"


def test_occasions_become_baseline_states() -> None:
    results = sarif(*(news(occasion=occasion) for occasion in Occasion))["runs"][0]["results"]
    assert [result["baselineState"] for result in results] == ["new", "updated", "new", "absent", "unchanged"]


def test_an_accepted_finding_is_suppressed_and_one_without_hits_is_still_told() -> None:
    accepted, bare = sarif(news(suppressed_by=7), news(hits=(), paths=(), rule="FS-9"))["runs"][0]["results"]
    assert accepted["suppressions"] == [{"kind": "external", "justification": "exception 7"}]
    assert "ruleIndex" not in bare
    assert bare["locations"][0].keys() == {"logicalLocations"}


def test_no_findings_give_an_empty_run() -> None:
    assert sarif()["runs"][0]["results"] == []
