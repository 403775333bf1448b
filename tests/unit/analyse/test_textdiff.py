from hypothesis import given
from hypothesis import strategies as st

from fleetscan.analyse.textdiff import MAX_COLUMNS, MAX_LINES, diff_text


def test_a_changed_line_is_shown_with_its_surroundings_and_without_headers() -> None:
    change = diff_text("/x", b"[Service]\nExecStart=/a\n", b"[Service]\nExecStart=/b\n")
    assert change.lines == ("@@ -1,2 +1,2 @@", " [Service]", "-ExecStart=/a", "+ExecStart=/b")
    assert not change.truncated


def test_bytes_that_are_not_text_are_escaped_and_never_dropped() -> None:
    change = diff_text("/x", b"", b"A=\xff\x00\x1b[2J\r\nB=\xc2\x85\xc3\xa9\n")
    assert change.lines == ("@@ -0,0 +1,2 @@", "+A=\\xff\\x00\\x1b[2J\\x0d", "+B=\\x85é")


def test_nul_and_line_separators_of_other_kinds_do_not_end_a_line() -> None:
    change = diff_text("/x", b"", "A=1\x00B=2\u2028C=3\x0cD\n".encode())
    assert len(change.lines) == 2


def test_a_missing_last_newline_is_a_difference() -> None:
    change = diff_text("/x", b"A=1\n", b"A=1")
    assert change.lines[-1] == "+\\ No newline at end of file"


def test_a_long_line_is_cut_with_a_mark() -> None:
    change = diff_text("/x", b"", b"A=" + b"x" * 5000 + b"\n")
    assert change.lines[1].startswith("+A=xxx")
    assert change.lines[1].endswith(f"… [{5003 - MAX_COLUMNS} characters left out]")


def test_a_long_diff_is_cut_and_says_so() -> None:
    change = diff_text("/x", b"", b"".join(b"K%d=1\n" % number for number in range(5000)))
    assert len(change.lines) == MAX_LINES
    assert change.truncated


def test_a_difference_behind_the_limit_is_marked_and_not_denied() -> None:
    padding = b"#\n" * 300_000
    change = diff_text("/x", padding + b"A=1\n", padding + b"A=2\n")
    assert change.truncated


def test_content_that_is_not_at_hand_is_said_to_be_missing() -> None:
    assert diff_text("/x", None, b"A=1\n").lines == ("\\ the content of this file is not at hand",)


@given(st.binary(max_size=400), st.binary(max_size=400))
def test_any_two_different_files_give_bounded_printable_lines(before: bytes, after: bytes) -> None:
    change = diff_text("/x", before, after)
    assert (before == after) == (not change.lines)
    for line in change.lines:
        line.encode("utf-8")
        assert not any(ord(char) < 0x20 and char != "\t" for char in line)
        assert len(line) <= MAX_COLUMNS + 40
