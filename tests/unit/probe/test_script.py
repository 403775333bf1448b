"""What is sent to a host, and the command that takes it."""

import hashlib
import shlex

import pytest

from fleetscan.probe.script import Terms, build_input, load_probe, remote_command
from tests.unit.probe.frames import SENTINEL


def test_the_hash_is_that_of_the_published_text() -> None:
    script = load_probe()
    assert script.sha256 == hashlib.sha256(script.text).hexdigest()


def test_the_header_gives_the_length_of_what_follows() -> None:
    script = load_probe()
    header, _, text = build_input(script, SENTINEL, Terms(sudo=True, seconds=9, since=1700000000)).partition(b"\n")
    assert header == f"FLEETSCAN 1 {SENTINEL} {len(text)} sudo=1 seconds=9 since=1700000000".encode()
    assert text == script.text


@pytest.mark.parametrize("sudo", [False, True])
def test_the_command_is_a_bourne_shell_whatever_the_login_shell_is(sudo: bool) -> None:
    words = shlex.split(remote_command(sudo=sudo))
    assert words[:3] == ["exec", "/bin/sh", "-c"]
    assert len(words) == (5 if sudo else 4)
    assert ("sudo -n" in words[3]) is sudo


def test_the_script_has_one_line_that_enters_the_root() -> None:
    assert [line for line in load_probe().text.split(b"\n") if line.startswith(b"cd / ")] == [b"cd / || exit 125"]
