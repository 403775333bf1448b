"""Records of the walk and lines of hashes: names may hold anything, and a name cannot imitate a record."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.probe.walk import HashedFile, WalkRecord, parse_hashes, parse_walk
from tests.unit.probe.frames import ETC, SENTINEL, TOKEN, Entry

HASH = "ab" * 32
NAMES = st.text(
    st.one_of(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), st.sampled_from("\n\t \\\udcff")),
    min_size=1,
    max_size=12,
).filter(lambda name: TOKEN not in name)


def read(text: str, *, truncated: bool = False) -> tuple[tuple[WalkRecord, ...], int]:
    return parse_walk(text.encode("utf-8", "surrogateescape"), SENTINEL, truncated=truncated)


def hashes(text: str | bytes, *, truncated: bool = False) -> list[HashedFile]:
    data = text if isinstance(text, bytes) else text.encode()
    return list(parse_hashes(data, "-", 1, truncated=truncated))


@given(st.lists(NAMES, max_size=5), NAMES)
def test_every_name_and_target_arrives_as_it_is(names: list[str], target: str) -> None:
    entries = [Entry(path=f"{ETC}/{name}", type="l", target=target) for name in names]
    records, bad = read("".join(entry.record for entry in entries))
    assert [(record.path, record.target) for record in records] == [(f"/{ETC}/{name}", target) for name in names]
    assert bad == 0


@pytest.mark.parametrize("target", ["//x//y", "/a//b", "a\n//", "", " "])
def test_a_target_may_hold_double_slashes(target: str) -> None:
    ((record,), _) = read(Entry(path=f"{ETC}/a.timer", type="l", target=target).record)
    assert (record.path, record.target) == (f"/{ETC}/a.timer", target)


def test_all_fields_of_a_file_are_read() -> None:
    ((record,), _) = read(f"{TOKEN} f 4755 1000 100 12 2 -5.25 1700000001.0 77 {ETC}/a b//\n")
    assert record == WalkRecord(
        type="f",
        mode=0o4755,
        uid=1000,
        gid=100,
        size=12,
        links=2,
        path=f"/{ETC}/a b",
        target="",
        modified_s=-5,
        changed_s=1_700_000_001,
        inode=77,
    )


def test_an_unreadable_directory_has_neither_size_nor_times() -> None:
    ((record,), _) = read(Entry(path=f"{ETC}/x.wants", type="!").record)
    assert (record.type, record.size, record.modified_s, record.inode) == ("!", None, None, None)


def test_a_name_that_imitates_a_record_stays_a_name() -> None:
    forged = "x\nffffff f 644 0 0 0 1 - - - etc/systemd/system/forged.timer"
    records, bad = read(Entry(path=f"home/ann/.config/systemd/user/{forged}").record + Entry(path=f"{ETC}/b").record)
    assert [record.path for record in records] == [f"/home/ann/.config/systemd/user/{forged}", f"/{ETC}/b"]
    assert bad == 0


def test_the_last_record_of_a_truncated_walk_is_left_out() -> None:
    text = Entry(path=f"{ETC}/a").record + Entry(path=f"{ETC}/b-very-long", type="l", target="/dev/null").record[:-4]
    assert [record.path for record in read(text, truncated=True)[0]] == [f"/{ETC}/a"]


def test_the_last_record_of_a_whole_walk_is_kept() -> None:
    assert len(read(Entry(path=f"{ETC}/a").record)[0]) == 1


def test_records_that_cannot_be_read_are_counted() -> None:
    records, bad = read(f"{TOKEN} f 644 nonsense\n" + Entry(path=f"{ETC}/a").record + f"{TOKEN} \n")
    assert (len(records), bad) == (1, 2)


def test_an_empty_walk_has_no_records() -> None:
    assert read("") == ((), 0)


@pytest.mark.parametrize("field", range(2, 10))
def test_a_number_without_end_is_a_bad_record_and_no_crash(field: int) -> None:
    words = Entry(path=f"{ETC}/a").record.split(" ")
    words[field] = "7" * 5000
    assert read(" ".join(words)) == ((), 1)


@pytest.mark.parametrize(
    ("written", "seconds"), [("99999999999999999999.5", 253_402_300_799), ("-99999999999999999999", -62_135_596_800)]
)
def test_times_beyond_all_calendars_are_brought_to_the_edge(written: str, seconds: int) -> None:
    ((record,), _) = read(f"{TOKEN} f 644 0 0 1 1 {written} {written} 7 {ETC}/a//\n")
    assert (record.modified_s, record.changed_s) == (seconds, seconds)


@given(st.binary(max_size=200), st.booleans())
def test_other_bytes_are_counted_and_never_raise(data: bytes, truncated: bool) -> None:
    records, bad = parse_walk(TOKEN.encode() + b" " + data, SENTINEL, truncated=truncated)
    assert len(records) + bad >= (0 if truncated else 1)


def test_hashes_are_numbered_by_line_and_lines_that_are_none_keep_their_number() -> None:
    text = f"{HASH}  {ETC}/a\nsha256sum: x: Permission denied\n{HASH} *{ETC}/b  c\n"
    assert [(file.number, file.path) for file in hashes(text)] == [(1, f"/{ETC}/a"), (3, f"/{ETC}/b  c")]


def test_escaped_names_are_read_back() -> None:
    text = f"\\{HASH}  {ETC}/a\\nb\\\\n\\rc\n"
    assert [file.path for file in hashes(text)] == [f"/{ETC}/a\nb\\n\rc"]


def test_a_name_without_escapes_keeps_its_backslash() -> None:
    assert [file.path for file in hashes(f"{HASH}  {ETC}/a\\x2db\n")] == [f"/{ETC}/a\\x2db"]


def test_names_that_are_not_utf8_survive() -> None:
    (file,) = hashes(HASH.encode() + b"  etc/\xff\xfe\n")
    assert file.path.encode("utf-8", "surrogateescape") == b"/etc/\xff\xfe"


def test_a_cut_line_of_hashes_is_not_taken_for_another_file() -> None:
    text = f"{HASH}  {ETC}/a\n{HASH}  {ETC}/b.tim"
    assert [file.path for file in hashes(text, truncated=True)] == [f"/{ETC}/a"]


@given(st.binary(max_size=200), st.booleans())
def test_hashes_of_other_bytes_never_raise(data: bytes, truncated: bool) -> None:
    for stream in (data, HASH.encode() + b"  " + data, b"\\" + HASH.encode() + b"  " + data):
        assert all(file.path.startswith("/") for file in hashes(stream, truncated=truncated))
