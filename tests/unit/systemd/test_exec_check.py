import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.model.origin import Origin
from fleetscan.model.unit import Directive
from fleetscan.systemd.exec_check import ExecCheck, check_exec
from fleetscan.systemd.exec_line import parse_exec

NAME = "job@one.service"


@pytest.mark.parametrize(
    "text",
    [
        "/bin/x a 'b c'",
        "true",
        "-true",
        '"/opt/my tool"',
        "/opt/%i/x",
        "%h/bin/x",
        "/opt/../x",
        "@/bin/x name",
        "+!true",  # no prefix any more, and a name without slashes
        "/bin/a ; /bin/b",
        "; /bin/a ;",
        "",
    ],
)
def test_what_systemd_takes_has_no_fault(text: str) -> None:
    assert check_exec(text, NAME, 252).fault == ""


@pytest.mark.parametrize(
    "text",
    [
        '/bin/x "never closed',
        "./x",
        "bin/x",
        "/usr/bin/",
        "..",
        "@/bin/x",
        '"" /bin/x',
        "+/bin/\x0bx",
        r"/opt/a\qb",
        "--/bin/x",
        "+!/bin/x",
        "|/bin/x",
        "/" + "a" * 256,
        "\x0c/%b/x",
        "%p/x",
    ],
)
def test_a_bad_command_takes_the_whole_unit_with_it_unless_its_failure_is_ignored(text: str) -> None:
    if not text.startswith("--"):
        assert check_exec(f"-{text}", NAME, 252) == check_exec(text, NAME, 252)._replace(is_fatal=False)
        assert check_exec(text, NAME, 252).is_fatal
    assert check_exec(text, NAME, 252).fault


def test_an_open_quote_in_the_first_word_harms_nobody() -> None:
    assert check_exec('"/bin/x', NAME, 252) == ExecCheck(0, "unbalanced quotes")


def test_commands_before_the_fault_stay() -> None:
    assert check_exec("/bin/a ; ./b ; /bin/c", NAME, 252).accepted == 1


@pytest.mark.parametrize(
    ("text", "last_taken", "first_refused"),
    [
        ("/usr/bin/.", 252, 257),
        ("/opt/a*b", 257, 262),
        ("/opt/a[b", 257, 262),
        ("/" + "a" * 256, 247, 252),
    ],
)
def test_newer_versions_refuse_more(text: str, last_taken: int, first_refused: int) -> None:
    assert not check_exec(text, NAME, last_taken).fault
    assert check_exec(text, NAME, first_refused).is_fatal


def test_newer_versions_know_more_prefixes_and_bare_names() -> None:
    assert check_exec("|echo a > /tmp/b", NAME, 257).fault == ""  # a program of the name `|echo`
    assert check_exec("|/bin/x", NAME, 257).fault
    assert check_exec("|/bin/x *", NAME, 258).fault == ""
    assert check_exec("true", NAME, 238).is_fatal
    assert not check_exec("./x", NAME, 219).is_fatal


@given(st.text(alphabet="\\\"'; /ab-@:+!|x0%iz\t*[", max_size=30), st.sampled_from([0, 219, 247, 252, 257, 262]))
def test_no_more_commands_are_taken_than_there_are(text: str, version: int) -> None:
    commands = parse_exec(Directive("Service", "ExecStart", text, Origin("x", 1)), version)
    check = check_exec(text, NAME, version)
    assert check.accepted <= len(commands)
    assert bool(check.fault) == (check.accepted < len(commands))
