"""Commands that are offered for copying do what they say, whatever the names are."""

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleetscan.report.quoting import join_words, quote_word

BASH = shutil.which("bash")


def test_plain_words_stay_plain() -> None:
    assert join_words("sudo", "stat", "--", "/etc/x.timer") == "sudo stat -- /etc/x.timer"


def test_a_lookalike_letter_is_seen_as_bytes() -> None:
    assert quote_word("\u0430pt") == r"$'\xd0\xb0pt'"


@given(st.text(alphabet=st.characters(codec=None, categories=None), max_size=40))
def test_a_quoted_word_is_printable_ascii(text: str) -> None:
    assert all(" " <= char <= "~" for char in quote_word(text))


@pytest.mark.skipif(BASH is None, reason="install bash to check quoting against it")
@settings(max_examples=25, deadline=None)
@given(st.lists(st.binary(max_size=20).filter(lambda data: b"\0" not in data), min_size=1, max_size=8))
def test_bash_reads_back_the_exact_bytes(words: list[bytes]) -> None:
    quoted = join_words(*(word.decode("utf-8", "surrogateescape") for word in words))
    assert BASH
    answer = subprocess.run([BASH, "-c", f"printf '%s\\0' {quoted}"], capture_output=True, check=True, timeout=20)
    assert answer.stdout == b"".join(word + b"\0" for word in words)
