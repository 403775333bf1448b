import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.errors import ParseError
from fleetscan.systemd.os_release import parse_os_release, parse_systemd_version


def test_values_are_unquoted_as_a_shell_would() -> None:
    data = (
        b'# comment\n\nID=debian\nVERSION_ID="12"\nNAME=\'Red Hat\'\nPRETTY_NAME="a \\"b\\" \\$c \\n"\n'
        b"MIXED=a'b c'\"d\"\\ e rest\n  INDENTED=1\r\nEMPTY=\n"
    )
    assert parse_os_release(data) == {
        "ID": "debian",
        "VERSION_ID": "12",
        "NAME": "Red Hat",
        "PRETTY_NAME": 'a "b" $c \\n',
        "MIXED": "ab cd e",
        "INDENTED": "1",
        "EMPTY": "",
    }


def test_nothing_is_expanded_or_executed() -> None:
    assert parse_os_release(b'ID=$(id)\nNAME=`id`\nX="$HOME"\n') == {"ID": "$(id)", "NAME": "`id`", "X": "$HOME"}


def test_the_last_of_repeated_keys_counts_and_other_lines_are_ignored() -> None:
    assert parse_os_release(b"ID=a\nexport X\n1=2\nID=b\n") == {"ID": "b"}


@pytest.mark.parametrize("data", [b'ID=a\nNAME="open\n', b"ID=a\nNAME='open\n", b"ID=a\nNAME=x\\"])
def test_an_open_quote_is_an_error_with_its_line(data: bytes) -> None:
    with pytest.raises(ParseError) as caught:
        parse_os_release(data)
    assert caught.value.line == 2


@pytest.mark.parametrize(
    ("data", "version"),
    [
        (b"systemd 252 (252.39-1~deb12u2)\n+PAM +AUDIT\n", (252, "252 (252.39-1~deb12u2)")),
        (b"systemd 239 (239-82.el8)\n", (239, "239 (239-82.el8)")),
        (b"systemd 219\n+PAM\n", (219, "219")),
        (b"Version=252.39-1~deb12u2\n", (252, "252.39-1~deb12u2")),
        (b"v219\n", (219, "v219")),
        (b"systemd 258~rc2 (258~rc2-1)\n", (258, "258~rc2 (258~rc2-1)")),
    ],
)
def test_the_version_of_systemd_is_read_in_all_its_forms(data: bytes, version: tuple[int, str]) -> None:
    assert parse_systemd_version(data) == version


@pytest.mark.parametrize(
    "data", [b"", b"bash: systemctl: command not found\n", b"systemd\n", b"systemd 99999\n", b"+PAM\n252"]
)
def test_what_is_no_version_is_an_error(data: bytes) -> None:
    with pytest.raises(ParseError):
        parse_systemd_version(data)


@given(st.one_of(st.binary(), st.text(alphabet="ID='\"\\ \nabc$`#systemd 252v=", max_size=60).map(str.encode)))
def test_no_bytes_raise_anything_but_a_parse_error(data: bytes) -> None:
    for parse in (parse_os_release, parse_systemd_version):
        try:
            parse(data)
        except ParseError:
            continue
