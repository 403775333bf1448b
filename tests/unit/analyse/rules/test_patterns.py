"""Regular expressions of rules: those that could run away are refused, and the rest ends soon."""

import re
import time

import pytest

from fleetscan.analyse.rules.patterns import find_danger
from fleetscan.rulebook.load import BUILTIN, find_files, read_files


@pytest.mark.parametrize(
    "text",
    [
        "(a+)+$",
        "(a*)*b",
        "(a|aa)+$",
        "(?:x|xx)*y",
        "(a+){20}",
        "((ab)*c)+",
        ".*a.*b.*c",
        "a{500}",
        r"(\w+\s?)*",
        "([ab]+|c)*d",
    ],
)
def test_an_expression_that_can_take_for_ever_is_refused(text: str) -> None:
    assert find_danger(text)


@pytest.mark.parametrize(
    "text",
    [
        r"^/usr/(?:local/)?bin/[a-z]+$",
        "curl .{0,200}| ?(?:ba|z)?sh",
        r"[*+{(|)]+",
        r"\(a+\)\*",
        "(?:a|b){1,4}",
        "",
        "[]*]+x",
        "a)b(",
    ],
)
def test_an_ordinary_expression_is_taken(text: str) -> None:
    assert find_danger(text) == ""


def test_the_patterns_that_come_along_end_soon_on_hostile_text() -> None:
    written, faults = read_files(find_files(BUILTIN))
    assert faults == ()
    patterns = {word for one in written for word in _patterns(one.entry.match)}
    assert len(patterns) > 50
    hostile = ["curl " * 800, "a" * 4096, "bash -" * 700, "/" * 4096, "socket.socket(" * 300, "$(" * 2048, " |" * 2048]
    started = time.process_time()
    for pattern in patterns:
        for text in hostile:
            re.search(pattern, text)
    assert time.process_time() - started < 20


def _patterns(plain: object) -> list[str]:
    if isinstance(plain, dict):
        found = plain.get("matches", [])
        own = [found] if isinstance(found, str) else [word for word in found if isinstance(word, str)]
        return own + [word for value in plain.values() for word in _patterns(value)]
    return [word for value in plain for word in _patterns(value)] if isinstance(plain, list) else []
