"""Bodies by templates: valid whatever hosts say, and a user's template can do nothing but write text."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from fleetscan.export.asset_records import AssetRecord, OutgoingAsset
from fleetscan.export.outgoing import Occasion
from fleetscan.report.sink_fault import SinkError, SinkFault
from fleetscan.report.sink_template import list_templates, render_body
from tests.outgoing_data import ANY_TEXT, SEEN_AT, news

FINDING_TEMPLATES = [name for name in list_templates() if name.endswith(".json.j2") and "assets" not in name]


def asset(text: str) -> OutgoingAsset:
    record = AssetRecord(
        host="web-1",
        address="192.0.2.1",
        groups=(text,),
        role="web",
        zone="dmz",
        tags=(),
        owner=text,
        owner_email="web@example.org",
        os=text,
        systemd=252,
        outcome="partial",
        reason=text,
        findings=1,
        worst="high",
    )
    return OutgoingAsset(at=SEEN_AT, record=record)


def body(template: str, *texts: str, sentence: str | None = None) -> Any:  # noqa: ANN401 - JSON
    changes = {} if sentence is None else {"sentence": sentence}
    told = [news(text, Occasion.NEW, **changes).as_event() for text in texts]
    return json.loads(render_body(template, told, "chat"))


def own(tmp_path: Path, text: str) -> str:
    path = tmp_path / "own.j2"
    path.write_text(text)
    return str(path)


def refuse(template: str) -> SinkError:
    with pytest.raises(SinkError) as caught:
        render_body(template, [news().as_event()], "chat")
    return caught.value


def test_there_are_templates() -> None:
    assert {"slack.json.j2", "securitm-assets.json.j2", "securitm-findings.csv.j2"} <= set(list_templates())


@pytest.mark.parametrize("template", FINDING_TEMPLATES)
@given(text=ANY_TEXT)
def test_any_text_of_a_host_stays_inside_the_document(template: str, text: str) -> None:
    json.dumps(body(template, text, text)).encode()


@given(ANY_TEXT)
def test_assets_are_a_valid_document_too(text: str) -> None:
    [one, _] = json.loads(render_body("securitm-assets.json.j2", [asset(text).as_event()] * 2, "grc"))["assets"]
    assert (one["name"], one["scan_result"]) == ("web-1", "partial")


@given(ANY_TEXT)
def test_the_table_for_imports_has_one_row_a_finding_and_no_formula(text: str) -> None:
    rows = list(
        csv.DictReader(
            io.StringIO(
                render_body(
                    "securitm-findings.csv.j2",
                    [news(text, sentence=text).as_event(), news(occasion=Occasion.FIXED).as_event()],
                    "export",
                )
            )
        )
    )
    assert [row["status"] for row in rows] == ["open", "closed"]
    for row in rows:
        assert None not in row
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row.values())


def test_one_finding_becomes_a_vulnerability_with_its_asset() -> None:
    [made] = body("securitm-findings.json.j2", "x.timer")["vulnerabilities"]
    assert (made["external_id"], made["asset_external_id"]) == ("fleetscan:0123456789abcdef", "fleetscan:web-1")
    assert (made["severity"], made["score"], made["status"]) == ("high", 8.0, "open")


HARM = "<!channel> @all [click](https://evil.example) https://evil.example <https://e|x> ![](//e)"


def test_a_host_can_neither_call_everybody_nor_plant_a_link_in_slack() -> None:
    text = body("slack.json.j2", "x", sentence=HARM)["text"]
    assert not set(text) & set("<>")
    assert "://" not in text


@pytest.mark.parametrize("template", ["mattermost.json.j2", "teams.json.j2"])
def test_a_host_can_neither_call_everybody_nor_plant_a_link_where_markdown_is_read(template: str) -> None:
    made = body(template, "x", sentence=HARM)
    text = made["text"] if "text" in made else made["attachments"][0]["content"]["body"][1]["text"]
    assert "https" in text
    assert "@" not in text
    assert "://" not in text
    assert re.search(r"(?<!\\)[\[\]()<>!|]", text) is None


@pytest.mark.parametrize("template", ["slack.json.j2", "mattermost.json.j2", "teams.json.j2"])
def test_a_chat_message_stays_readable_when_there_is_much_to_say(template: str) -> None:
    rendered = render_body(template, [news("y" * 5000).as_event() for _ in range(100)], "chat")
    assert len(rendered) < 40_000


def test_a_template_of_the_user_is_filled(tmp_path: Path) -> None:
    text = '{"n": {{ events | length }}, "who": {{ events[0].finding.host | tojson }}, "via": {{ sink | tojson }}}'
    assert json.loads(render_body(own(tmp_path, text), [news().as_event()], "mine")) == {
        "n": 1,
        "who": "web-1",
        "via": "mine",
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{{ nosuch }}", "'nosuch' is undefined"),
        ("{{ events[0].finding.nosuch }}", "nosuch"),
        ("line\n{% for %}", "own.j2:2"),
        ("{{ events.__class__.__mro__ }}", "unsafe"),
        ("{{ ''.__class__.__base__.__subclasses__() }}", "unsafe"),
        ("{{ events.append(1) }}", "unsafe"),
        ("{{ 1 / 0 }}", "ZeroDivisionError"),
        ("{% include '/etc/passwd' %}", "/etc/passwd"),
        ("{{ range(999999999) | list }}", "OverflowError"),
    ],
)
def test_a_template_that_is_wrong_or_reaches_for_more_is_refused(tmp_path: Path, text: str, words: str) -> None:
    error = refuse(own(tmp_path, text))
    assert error.fault is SinkFault.SETTINGS
    assert words in error.message


def test_names_and_files_that_do_not_exist_are_told(tmp_path: Path) -> None:
    assert "there is no template nosuch.j2" in refuse("nosuch.j2").message
    assert "cannot be read" in refuse(str(tmp_path / "nosuch.j2")).message
    (tmp_path / "bytes.j2").write_bytes(b"\xff")
    assert "not UTF-8" in refuse(str(tmp_path / "bytes.j2")).message
    (tmp_path / "big.j2").write_text("x" * 300_000)
    assert "larger than 256 KiB" in refuse(str(tmp_path / "big.j2")).message


def test_a_body_without_measure_is_refused(tmp_path: Path) -> None:
    error = refuse(own(tmp_path, "{% for n in range(90000) %}{{ 'x' * 100 }}{% endfor %}"))
    assert (error.fault, "4 MiB" in error.message) == (SinkFault.REFUSED, True)
