"""Lines of a fingerprint file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.ssh.fingerprints import parse_fingerprint_line

PRINT = "SHA256:" + "Ab1+/" * 8 + "xyz"


@pytest.mark.parametrize(
    ("line", "host"),
    [
        (f"web-1 {PRINT}", "web-1"),
        (f"WEB-1 {PRINT}=", "web-1"),
        (f"256 {PRINT} root@web-1 (ED25519)", "web-1"),
        (f"3072 {PRINT} [web-1]:2222 (RSA)", "[web-1]:2222"),
    ],
)
def test_both_forms_name_host_and_fingerprint(line: str, host: str) -> None:
    assert parse_fingerprint_line(line) == (host, PRINT)


@pytest.mark.parametrize(
    "line",
    [
        "web-1",
        f"{PRINT} web-1",
        "web-1 SHA256:short",
        "web-1 MD5:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff",
        f"256 {PRINT} no comment (ED25519)",
        f"web-1 {PRINT} trailing",
    ],
)
def test_other_lines_are_refused(line: str) -> None:
    assert parse_fingerprint_line(line) is None


@given(st.text())
def test_any_text_is_an_entry_or_none(text: str) -> None:
    entry = parse_fingerprint_line(text)
    assert entry is None or entry[1].startswith("SHA256:")
