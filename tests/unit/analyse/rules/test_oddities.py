"""What nobody writes into a unit unless a reader is to be misled."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.analyse.fingerprint import UNSEALED
from fleetscan.analyse.rules.oddities import list_oddities
from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import SYSTEM, Sha256
from fleetscan.model.subject import Piece, PieceRole, Subject, SubjectKey, SubjectKind
from tests.model_data import job, read_stored

PATH = "/etc/systemd/system/x.service"


def oddities(data: bytes) -> set[str]:
    digest = digest_bytes(data)
    piece = Piece(role=PieceRole.FRAGMENT, path=PATH, sha256=digest, size_bytes=len(data))
    key = SubjectKey(SubjectKind.UNIT, SYSTEM, "x.service")
    subject = Subject(key=key, fingerprint=UNSEALED, pieces=(piece,))

    def contents(sha256: Sha256) -> bytes | None:
        return data if sha256 == digest else None

    return {str(element.values["what"]) for element in list_oddities(subject, contents)}


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"[Unit]\0[Service]\0", "nul"),
        (b"[Unit]\rA=b\r", "bare-cr"),
        (b"\xef\xbb\xbf[Unit]\n", "bom"),
        (b"# \xff\xfe and more\n[Unit]\n", "not-utf8"),
        (b"[Unit]\n \t[Service]\n", "indented-header"),
        (b"[Service]\nExecStart=/bin/echo \\\n# no\n x\n", "comment-inside"),
        (b"[Service]\nExec\\\nStart=/bin/x\n", "split-key"),
        ("Description=a\u202eb\n".encode(), "bidi"),
        ("Description=a\u200bb\n".encode(), "invisible"),
        ("ExecStart=/a\u2028b\n".encode(), "line-like"),
        (b"\x0c[Unit]\n", "line-like"),
        (b"#" + b"x" * 70_000 + b"\n", "long-line"),
        (b"#\n" * 140_000, "oversize"),
        (b"A=\x07\n", "control"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_oddity_is_seen(data: bytes, what: str) -> None:
    assert what in oddities(data)


@pytest.mark.parametrize(
    "data",
    [
        b"[Unit]\nDescription=Nightly\n\n[Service]\nExecStart=/usr/bin/x\n",
        b"[Unit]\r\nDescription=From Windows\r\n",
        "Description=Tägliche Sicherung – Büro\n".encode(),
        b"[Service]\nExecStart=/bin/echo \\\n  one \\\n  two\n",
        b"",
    ],
)
def test_ordinary_text_is_not_odd(data: bytes) -> None:
    assert oddities(data) == set()


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (r"/usr/b\x69n/true", "escaped-path"),
        ('/usr/b"i"n/true', "quoted-path"),
        ("/usr/lib/../bin/true", "winding-path"),
        ("/bin/true ; /bin/false", "several-commands"),
    ],
)
def test_an_odd_spelling_is_seen(line: str, what: str) -> None:
    found = list_oddities(job(exec_start=line), read_stored)
    assert what in {element.values["what"] for element in found}


def test_letters_of_two_alphabets_in_one_word_are_odd() -> None:
    subject = job(stem="b\u0430ckup")
    assert "homoglyph" in {e.values["what"] for e in list_oddities(subject, read_stored)}


@given(st.binary(max_size=2000))
def test_any_bytes_are_read(data: bytes) -> None:
    oddities(data)


_LINES = st.lists(
    st.sampled_from([b"A=b", b"A=b\\", b"# x", b"; x\\", b" #", b"", b"  c", b"[S]", b"\r", b"\t[S]"]), max_size=8
)


@given(_LINES)
def test_a_comment_inside_is_one_between_a_continued_line_and_its_rest(lines: list[bytes]) -> None:
    expected = re.search(rb"\\\n(?:[ \t]*[#;][^\n]*\n)+[ \t]*[^\s#;\[]", b"\n".join(lines)) is not None
    assert ("comment-inside" in oddities(b"\n".join(lines))) is expected


def test_comments_that_seem_to_be_continued_cost_one_look_each() -> None:
    # Looked at anew from each of them, this takes minutes.
    assert "comment-inside" not in oddities(b"[Service]\nA=\\\n" + b"#\\\n" * 87_000)
