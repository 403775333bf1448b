"""Programs in the text of `sh -c`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.systemd.shell_text import find_commands


@pytest.mark.parametrize(
    ("text", "programs"),
    [
        ("/opt/run.sh --all", ["/opt/run.sh"]),
        ("cd /srv && ./run | /usr/bin/logger -t x", ["cd", "./run", "/usr/bin/logger"]),
        ("X=1 Y='a b' exec /opt/a", ["/opt/a"]),
        ("if test -e /x; then /opt/a; else /opt/b; fi", ["test", "/opt/a", "/opt/b", "fi"]),
        (". /etc/default/x; source /opt/lib.sh", ["/etc/default/x", "/opt/lib.sh"]),
        ('echo "a; /not/run" ; /opt/b', ["echo", "/opt/b"]),
        ('echo "$(/opt/hidden x)"', ["echo", "/opt/hidden"]),
        ("x=`/opt/tick`", ["/opt/tick"]),
        ("/opt/a >/dev/null 2>&1 & /opt/b", ["/opt/a", "/opt/b"]),
        ("! /opt/a", ["/opt/a"]),
        ("", []),
    ],
)
def test_the_first_words_of_commands_are_found(text: str, programs: list[str]) -> None:
    assert [words[0] for words in find_commands(text)] == programs


def test_a_text_that_was_never_closed_still_tells_its_program() -> None:
    assert find_commands("/opt/a 'never closed")[0][0] == "/opt/a"


@given(st.text(alphabet="ab/ ;|&'\"`$(){}\\\n=.!#", max_size=200))
def test_any_text_gives_words_and_nothing_empty(text: str) -> None:
    for words in find_commands(text):
        assert words


def test_what_is_found_is_bounded() -> None:
    assert len(find_commands("a;" * 10_000)) == 64
