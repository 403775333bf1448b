"""CEF and LEEF in syslog messages, read back the way a collector reads them."""

import re
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.export.cef import render_cef
from fleetscan.export.leef import render_leef
from fleetscan.export.outgoing import Occasion, fit_text
from fleetscan.export.syslog import count_octets, render_syslog
from tests.outgoing_data import ANY_TEXT, HOSTILE_TEXTS, SEEN_AT, news

RENDERERS = {"cef": render_cef, "leef": render_leef}


def read_cef(line: str) -> tuple[list[str], dict[str, str]]:
    """Read a line by the rules of the format, without any knowledge of what was written."""
    parts = re.split(r"(?<!\\)(?:\\\\)*\|", line, maxsplit=7)
    found = list(re.finditer(r"(?:^|(?<= ))(\w+)(?<!\\)=", parts[7]))
    ends = [match.start() - 1 for match in found[1:]] + [len(parts[7])]
    pairs = {m[1]: _unescape(parts[7][m.end() : end]) for m, end in zip(found, ends, strict=True)}
    return [_unescape(part) for part in parts[:7]], pairs


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def read_leef(line: str) -> tuple[list[str], dict[str, str]]:
    parts = line.split("|", 6)
    assert parts[5] == "x09"
    pairs = [pair.partition("=") for pair in parts[6].split("\t")]
    return parts[:5], {key: value for key, _, value in pairs}


def render(form: str, text: str, max_bytes: int = 8192) -> str:
    return RENDERERS[form](news(text), version="1.2", max_bytes=max_bytes)


@pytest.mark.parametrize("name", sorted(HOSTILE_TEXTS))
def test_cef_gives_back_what_was_put_in_whatever_it_is(name: str) -> None:
    text = HOSTILE_TEXTS[name]
    head, pairs = read_cef(render("cef", text))
    assert head == [
        "CEF:0",
        "fleetscan",
        "fleetscan",
        "1.2",
        "FS-004",
        "Runs from a folder that anybody may write",
        "8",
    ]
    assert (pairs["externalId"], pairs["dvchost"], pairs["act"]) == ("0123456789abcdef", "web-1", "new")
    assert pairs["msg"] == fit_text(fit_text(f"web-1: {text} runs {text}"), 800)
    if text:
        assert pairs["cs2"] == fit_text(fit_text(text), 800)


@pytest.mark.parametrize("name", sorted(HOSTILE_TEXTS))
def test_leef_gives_back_what_was_put_in_whatever_it_is(name: str) -> None:
    text = HOSTILE_TEXTS[name]
    head, pairs = read_leef(render("leef", text))
    assert head == ["LEEF:2.0", "fleetscan", "fleetscan", "1.2", "FS-004"]
    assert (pairs["sev"], pairs["identHostName"], pairs["finding"]) == ("8", "web-1", "0123456789abcdef")
    assert pairs["msg"] == fit_text(fit_text(f"web-1: {text} runs {text}"), 800)


@pytest.mark.parametrize("form", RENDERERS)
@given(text=ANY_TEXT, max_bytes=st.integers(600, 4096))
def test_a_line_is_one_line_and_keeps_within_its_length(form: str, text: str, max_bytes: int) -> None:
    line = render(form, text, max_bytes)
    assert line.replace("\t", "").isprintable()
    assert len(line.encode()) <= max_bytes


@pytest.mark.parametrize("form", RENDERERS)
def test_a_pipe_in_a_title_or_rule_moves_no_field(form: str) -> None:
    line = RENDERERS[form](news(rule="FS|1"), version="1|2", max_bytes=4096)
    if form == "cef":
        assert read_cef(line)[0][3:5] == ["1|2", "FS|1"]
    else:
        assert read_leef(line)[0][3:5] == ["1/2", "FS/1"]


@pytest.mark.parametrize("form", RENDERERS)
def test_what_does_not_fit_is_left_out_as_a_whole(form: str) -> None:
    short = render(form, "y" * 3000, max_bytes=300)
    assert "0123456789abcdef" in short
    assert "T1053.006" in short
    assert "yyy" not in short
    assert "yyy" in render(form, "y" * 3000)


@given(ANY_TEXT, st.sampled_from(["critical", "high", "medium", "low", "info"]), st.sampled_from(Occasion))
def test_a_syslog_message_has_the_header_of_the_rfc(sender: str, severity: str, occasion: Occasion) -> None:
    message = render_syslog("CEF:0|x", severity=severity, kind=occasion.value, sender=sender, at=SEEN_AT)
    match = re.fullmatch(rb"<(\d{1,3})>1 (\S+) ([\x21-\x7e]{1,255}) fleetscan - ([a-z]+) - CEF:0\|x", message)
    assert match
    assert int(match[1]) // 8 == 13
    assert 2 <= int(match[1]) % 8 <= 6
    assert datetime.fromisoformat(match[2].decode()) == SEEN_AT
    assert match[4].decode() == occasion.value


def test_severities_differ_in_syslog() -> None:
    priorities = [
        render_syslog("x", severity=word, kind="new", sender="s", at=SEEN_AT).split(b">")[0]
        for word in ("critical", "high", "medium", "low", "info")
    ]
    assert priorities == [b"<106", b"<107", b"<108", b"<109", b"<110"]


def test_octets_are_counted_in_bytes() -> None:
    assert count_octets("añ".encode()) == b"3 a\xc3\xb1"
