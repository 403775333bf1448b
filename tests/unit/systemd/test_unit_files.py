import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.errors import ParseError
from fleetscan.systemd.unit_files import parse_unit_files_json, parse_unit_files_text


def test_both_names_of_the_preset_are_read_and_rows_are_sorted() -> None:
    data = (
        b'[{"unit_file":"b@.timer","state":"static","vendor_preset":null},'
        b'{"unit_file":"a.timer","state":"enabled","vendor_preset":"disabled"},'
        b'{"unit_file":"c.timer","state":"enabled","preset":"enabled"}]'
    )
    assert parse_unit_files_json(data) == (
        ("a.timer", "enabled", "disabled"),
        ("b@.timer", "static", ""),
        ("c.timer", "enabled", "enabled"),
    )


@pytest.mark.parametrize(
    "text",
    [
        "UNIT FILE STATE   VENDOR PRESET\nb.timer   static  -\na.timer   enabled enabled\n\n2 unit files listed.\n",
        "a.timer enabled enabled\nb.timer static n/a\n",
        "UNIT FILE STATE PRESET\n\x1b[0;1;32ma.timer\x1b[0m enabled \x1b[32menabled\x1b[0m\r\nb.timer static -\r\n",
    ],
)
def test_three_columns_are_read_in_all_their_forms(text: str) -> None:
    assert parse_unit_files_text(text.encode()) == (("a.timer", "enabled", "enabled"), ("b.timer", "static", ""))


def test_two_columns_have_no_preset() -> None:
    assert parse_unit_files_text(b"UNIT FILE STATE\na.timer enabled\n\n1 unit files listed.\n") == (
        ("a.timer", "enabled", ""),
    )


@pytest.mark.parametrize(
    "data",
    [
        b"a.timer enabled\n2 unit files listed.\n",
        b"Failed to list unit files: Connection timed out\n",
        b"a.tim\xe2\x80\xa6 enabled enabled\n",
        b"a.timer\n",
        b"evil name.timer enabled enabled\n",
    ],
)
def test_text_that_is_no_list_is_an_error(data: bytes) -> None:
    with pytest.raises(ParseError) as caught:
        parse_unit_files_text(data)
    assert caught.value.line >= 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[1]",
        b"[{}]",
        b'[{"unit_file":"a.timer"}]',
        b'[{"unit_file":"a.timer","state":1}]',
        b"[",
    ],
)
def test_json_that_is_no_list_is_an_error(data: bytes) -> None:
    with pytest.raises(ParseError):
        parse_unit_files_json(data)


@given(st.one_of(st.binary(), st.text(alphabet='a.timer enabled-\n\x1b[]{}"1', max_size=60).map(str.encode)))
def test_no_bytes_raise_anything_but_a_parse_error(data: bytes) -> None:
    for parse in (parse_unit_files_text, parse_unit_files_json):
        try:
            parse(data)
        except ParseError:
            continue
