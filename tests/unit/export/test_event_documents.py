"""Splunk's collector and OCSF: JSON that any reader takes, with the values that their schemas ask for."""

import json

import pytest
from hypothesis import given

from fleetscan.export.hec import render_hec
from fleetscan.export.ocsf import render_ocsf
from fleetscan.export.outgoing import Occasion
from tests.outgoing_data import ANY_TEXT, HOSTILE_TEXTS, SEEN_AT, news

SEEN_MS = int(SEEN_AT.timestamp() * 1000)


def ocsf(text: str = "plain", occasion: Occasion = Occasion.NEW, **changes: object) -> dict[str, object]:
    [line] = render_ocsf([news(text, occasion, **changes)], version="1.2").splitlines()
    event = json.loads(line)
    assert isinstance(event, dict)
    return event


def test_hec_events_follow_each_other_with_time_host_and_index() -> None:
    lines = render_hec([news(), news(id="f" * 16)], index="sec").splitlines()
    first, second = (json.loads(line) for line in lines)
    assert first["time"] == SEEN_AT.timestamp()
    assert (first["host"], first["index"], first["sourcetype"]) == ("web-1", "sec", "fleetscan:finding")
    assert (first["event"]["severity"], first["event"]["occasion"]) == ("high", "new")
    assert first["event"]["uid"] != second["event"]["uid"]
    assert "index" not in json.loads(render_hec([news()]))


@pytest.mark.parametrize("render", [lambda one: render_hec([one]), lambda one: render_ocsf([one], version="1")])
@pytest.mark.parametrize("name", sorted(HOSTILE_TEXTS))
def test_hostile_text_stays_inside_one_bounded_line(render: object, name: str) -> None:
    assert callable(render)
    line = render(news(HOSTILE_TEXTS[name]))
    assert line.isascii()
    assert line.isprintable()
    assert len(line) < 100_000
    json.loads(line).__str__().encode()  # no lone surrogate is left, which strict readers refuse


@pytest.mark.parametrize(
    ("occasion", "activity", "status"),
    [
        (Occasion.NEW, 1, 1),
        (Occasion.CHANGED, 2, 1),
        (Occasion.RETURNED, 2, 1),
        (Occasion.KNOWN, 2, 1),
        (Occasion.FIXED, 3, 4),
    ],
)
def test_ocsf_activity_and_status_follow_from_the_occasion(occasion: Occasion, activity: int, status: int) -> None:
    event = ocsf(occasion=occasion)
    assert (event["class_uid"], event["category_uid"]) == (2004, 2)
    assert (event["activity_id"], event["type_uid"], event["status_id"]) == (activity, 200400 + activity, status)


def test_ocsf_tells_acknowledged_and_suppressed_findings() -> None:
    assert ocsf(acknowledged_by="ana")["status"] == "In Progress"
    assert ocsf(suppressed_by=3, severity="info")["status"] == "Suppressed"


def test_ocsf_has_what_its_class_requires() -> None:
    event = ocsf()
    required = {
        "activity_id",
        "category_uid",
        "class_uid",
        "finding_info",
        "metadata",
        "severity_id",
        "time",
        "type_uid",
    }
    assert required <= event.keys()
    assert event["time"] == SEEN_MS
    info, metadata = event["finding_info"], event["metadata"]
    assert isinstance(info, dict)
    assert isinstance(metadata, dict)
    assert (info["uid"], info["first_seen_time"]) == ("0123456789abcdef", SEEN_MS)
    assert info["attacks"][0]["sub_technique"] == {"uid": "T1053.006"}
    assert [tactic["uid"] for tactic in info["attacks"][0]["tactics"]] == ["TA0002", "TA0003", "TA0004"]
    assert info["attacks"][1]["technique"] == {"uid": "T1036"}
    assert metadata["product"]["version"] == "1.2"
    assert metadata["version"] == "1.3.0"


@given(ANY_TEXT)
def test_ocsf_severities_are_numbers_of_the_schema(text: str) -> None:
    ids = [ocsf(text, severity=word)["severity_id"] for word in ("info", "low", "medium", "high", "critical")]
    assert ids == [1, 2, 3, 4, 5]
