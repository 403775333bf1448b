import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.systemd.syntax import INCLUDE_KEY, MAX_LINE_BYTES, UnitText, parse_unit

EL7, EL8, NEW = 219, 239, 252


def parse(data: bytes, version: int = NEW) -> UnitText:
    return parse_unit(data, path="/u", systemd_version=version)


def pairs(data: bytes, version: int = NEW) -> list[tuple[str, str, str]]:
    return [(d.section, d.key, d.value) for d in parse(data, version).assignments]


def test_every_assignment_is_kept_in_file_order_with_its_line() -> None:
    text = parse(b"# head\n[Unit]\nA=1\n\n[Service]\nA = 2 \nB=\n[Unit]\nA=3\nX-Y=z=1\n")
    found = [(d.section, d.key, d.value, d.origin.line) for d in text.assignments]
    assert found == [
        ("Unit", "A", "1", 3),
        ("Service", "A", "2", 6),
        ("Service", "B", "", 7),
        ("Unit", "A", "3", 9),
        ("Unit", "X-Y", "z=1", 10),
    ]
    assert text.problems == ()


def test_a_nul_ends_a_line_in_every_version() -> None:
    data = b"[Service]\nDescription=x\0ExecStart=/evil\n"
    for version in (EL7, EL8, NEW):
        assert ("Service", "ExecStart", "/evil") in pairs(data, version)


def test_a_bare_carriage_return_ends_a_line_since_240() -> None:
    data = b"[Service]\rExecStart=/evil\r"
    assert pairs(data, NEW) == [("Service", "ExecStart", "/evil")]
    assert pairs(b"[Service]\nA=x\rB=/evil\r\n", EL8) == [("Service", "A", "x\rB=/evil")]


def test_pairs_of_line_ends_count_as_one_line() -> None:
    text = parse(b"[S]\r\nA=1\n\rB=2\n\0C=3\r\n\r\nD=4")
    assert [(d.key, d.origin.line) for d in text.assignments] == [("A", 2), ("B", 3), ("C", 4), ("D", 6)]


def test_an_old_continuation_is_broken_by_a_carriage_return() -> None:
    data = b"[S]\r\nA=1 \\\r\nB=2\r\n"
    assert pairs(data, EL8) == [("S", "A", "1 \\"), ("S", "B", "2")]
    assert pairs(data, NEW) == [("S", "A", "1  B=2")]


def test_form_feed_and_line_separators_are_ordinary_characters() -> None:
    data = "[S]\n\fA=1\nB=x\u2028C=2\x0b\n".encode()
    assert pairs(data) == [("S", "\fA", "1"), ("S", "B", "x\u2028C=2\x0b")]


def test_indented_headers_and_keys_are_valid() -> None:
    assert pairs(b"  [Service]\n\t ExecStart=/x\n") == [("Service", "ExecStart", "/x")]


def test_there_are_no_comments_behind_a_value() -> None:
    assert pairs(b"[S]\nA=/x # y ; z\n ; c\n #c\n") == [("S", "A", "/x # y ; z")]


def test_a_continued_line_begins_where_its_first_line_is() -> None:
    text = parse(b"[S]\nA=1\\\n  2\\\n3\nB=4\n")
    assert [(d.key, d.value, d.origin.line) for d in text.assignments] == [("A", "1   2 3", 2), ("B", "4", 5)]


def test_an_even_number_of_backslashes_does_not_continue() -> None:
    assert pairs(b"[S]\nA=1\\\\\nB=2\\\\\\\n3") == [("S", "A", "1\\\\"), ("S", "B", "2\\\\ 3")]


def test_a_blank_line_ends_a_continuation() -> None:
    assert pairs(b"[S]\nA=1 \\\n\nB=2\n") == [("S", "A", "1"), ("S", "B", "2")]


def test_a_comment_inside_a_continuation_is_skipped_since_243() -> None:
    data = b"[S]\nA=1 \\\n# hidden\n2\n"
    assert pairs(data, 243) == [("S", "A", "1  2")]
    assert pairs(data, 242) == [("S", "A", "1  # hidden")]


def test_an_old_comment_that_ends_in_a_backslash_swallows_the_next_line() -> None:
    data = b"[S]\n# c \\\nA=1\nB=2\n"
    assert pairs(data, EL8) == [("S", "B", "2")]
    assert pairs(data, NEW) == [("S", "A", "1"), ("S", "B", "2")]


def test_an_open_continuation_at_the_end_counts_except_on_219() -> None:
    assert pairs(b"[S]\nA=1\\", NEW) == [("S", "A", "1")]
    assert pairs(b"[S]\nA=1\\", EL7) == []


def test_names_are_case_sensitive_and_unknown_ones_are_kept() -> None:
    assert pairs(b"[service]\nexecstart=/x\n") == [("service", "execstart", "/x")]


def test_lines_that_are_no_assignment_are_problems_with_their_number() -> None:
    text = parse(b"A=1\n[S]\njunk\n=x\nB=2\n")
    assert [d.key for d in text.assignments] == ["B"]
    assert [p.split(":")[0] for p in text.problems] == ["line 1", "line 3", "line 4"]


def test_a_line_without_equals_sign_refuses_the_file_up_to_239() -> None:
    text = parse(b"[S]\nA=1\njunk\nB=2\n", EL8)
    assert text.fatal.startswith("line 3:")
    assert [d.key for d in text.assignments] == ["A"]


def test_a_byte_order_mark_is_taken_away_once() -> None:
    bom = b"\xef\xbb\xbf"
    assert pairs(bom + b"[S]\nA=1\n" + bom + b"B=2\n") == [("S", "A", "1"), ("S", "\ufeffB", "2")]


@pytest.mark.parametrize(
    "bad", [b"X=\xff", b"junk\xff", b"[x\xff]", b"X=\xef\xb7\x90", b"X=\xef\xbf\xbf", b"X=\xed\xa0\x80"]
)
def test_invalid_utf8_refuses_the_file_since_239(bad: bytes) -> None:
    text = parse(b"[S]\nA=1\n" + bad + b"\nB=2\n")
    assert text.fatal == "line 3: not UTF-8"
    assert [d.key for d in text.assignments] == ["A"]


def test_invalid_utf8_costs_one_line_before_239_and_nothing_in_a_comment() -> None:
    old = parse(b"[S]\nA=1\nX=\xff\nB=2\n", EL7)
    assert [d.key for d in old.assignments] == ["A", "B"]
    assert len(old.problems) == 1
    assert parse(b"# \xff\n[S]\nA=1\n").fatal == ""


@pytest.mark.parametrize("header", [b"[S", b"[S]x", b'[S"]', b"[a\x01]"])
def test_a_bad_section_header_refuses_the_file(header: bytes) -> None:
    assert parse(header + b"\nA=1\n").fatal.startswith("line 1: bad")


def test_a_section_without_a_name_refuses_the_file_since_258() -> None:
    data = b"[S]\nA=1\n[]\nB=2\n"
    assert [bool(parse_unit(data, path="/a", systemd_version=version).fatal) for version in (257, 262)] == [False, True]


def test_a_line_of_a_mebibyte_refuses_the_file() -> None:
    start = b"[S]\nA=1\nB="
    assert parse(start + b"x" * (MAX_LINE_BYTES - 3)).fatal == ""
    text = parse(start + b"x" * (MAX_LINE_BYTES - 2) + b"\nC=1\n")
    assert text.fatal == "line 3: line too long"
    assert [d.key for d in text.assignments] == ["A"]


def test_a_continued_line_of_more_than_a_mebibyte_refuses_the_file() -> None:
    part = b"x" * 600_000
    assert "too long" in parse(b"[S]\nA=" + part + b"\\\n" + part).fatal


def test_many_short_continuations_take_linear_time() -> None:
    text = parse(b"[S]\nA=" + b"x\\\n" * 300_000)
    assert len(text.assignments[0].value) == 2 * 300_000 - 1


def test_include_is_a_pseudo_directive_until_245() -> None:
    data = b".include /usr/lib/x\n[S]\nA=1\n"
    assert pairs(data, 245)[0] == ("", INCLUDE_KEY, "/usr/lib/x")
    assert pairs(data, 246) == [("S", "A", "1")]
    assert [d.key for d in parse(b"[S]\n.includes=1\n", EL8).assignments] == [".includes"]


PIECES = st.sampled_from(
    [
        b"[Timer]",
        b"[",
        b"]",
        b"=",
        b"\\",
        b"\n",
        b"\r",
        b"\0",
        b"#",
        b";",
        b" ",
        b"\t",
        b"A",
        b"\xef\xbb\xbf",
        b"\xff",
        b".include x",
    ]
)


@given(
    st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=60).map(b"".join)),
    st.sampled_from([0, 219, 239, 245, 252]),
)
def test_no_bytes_make_the_parser_raise(data: bytes, version: int) -> None:
    text = parse(data, version)
    assert all(d.origin.line >= 1 for d in text.assignments)
    lines = [d.origin.line for d in text.assignments]
    assert lines == sorted(lines)


@given(
    st.lists(
        st.tuples(st.from_regex(r"[A-Za-z]{1,8}", fullmatch=True), st.from_regex(r"[!-\[\]-~]{0,12}", fullmatch=True)),
        max_size=12,
    )
)
def test_what_is_written_plainly_is_read_back(written: list[tuple[str, str]]) -> None:
    data = "[S]\n" + "".join(f"{key}={value}\n" for key, value in written)
    assert pairs(data.encode()) == [("S", key, value) for key, value in written]
