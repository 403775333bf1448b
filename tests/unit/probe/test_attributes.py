"""Attributes: lines of three programs, told apart by themselves, and names that may look like anything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.model.coverage import Area, ReadStatus
from fleetscan.probe.attributes import Told, find_tool_gaps, parse_attributes
from tests.unit.probe.frames import ETC, SENTINEL, TOKEN

NAMES = st.text(st.characters(exclude_characters="/\0\n", exclude_categories=["Cs"]), min_size=1, max_size=12)


def parse(*lines: str, told: str = "told lsattr acl selinux", truncated: bool = False) -> Told:
    return parse_attributes("\n".join((told, *lines)).encode("utf-8", "surrogateescape"), SENTINEL, truncated=truncated)


@pytest.mark.parametrize(
    ("line", "pair"),
    [
        ("----i---------e------- {}", ("attributes", "i")),
        ("----ia--------e------- {}", ("attributes", "ai")),
        ("-----a------------- {}", ("attributes", "a")),
        ("-rw-rw-r--+ 1 0 0    17 - {}", ("acl", "yes")),
        ("drwxrwxr-x+  2 1000 1000 4096 - {}", ("acl", "yes")),
        ("unconfined_u:object_r:user_tmp_t:s0 {}", ("selinux", "unconfined_u:object_r:user_tmp_t:s0")),
        ("system_u:object_r:etc_t:s0-s0:c0.c1023 {}", ("selinux", "system_u:object_r:etc_t:s0-s0:c0.c1023")),
    ],
)
@given(name=NAMES)
def test_each_line_names_a_path_and_one_property(line: str, pair: tuple[str, str], name: str) -> None:
    told = parse(line.format(f"{ETC}/{name}"))
    assert told.properties == {f"/{ETC}/{name}": (pair,)}
    assert told.bad == 0


@pytest.mark.parametrize("line", ["a:b:" + "c:" * 500, ":" * 10_000, "a" * 10_000 + ":b"])
def test_what_is_almost_a_label_is_bad_at_once(line: str) -> None:
    assert parse(line).bad == 1  # the hostile line took hours


def test_properties_of_one_path_are_sorted_by_name() -> None:
    told = parse(f"a_u:b_r:c_t:s0 {ETC}/a", f"----i---- {ETC}/a", f"-rw-r--r--+ 1 0 0 5 - {ETC}/a")
    assert [name for name, _ in told.properties[f"/{ETC}/a"]] == ["acl", "attributes", "selinux"]


def test_other_flags_and_modes_say_nothing() -> None:
    told = parse(f"--------------e------- {ETC}/a", f"-rw-r--r--. 1 0 0 5 - {ETC}/a")
    assert (dict(told.properties), told.bad) == ({}, 2)


def test_folders_on_the_way_are_records() -> None:
    told = parse(f"{TOKEN} d 1777 0 50 - 3 - - - ././/", f"{TOKEN} d 755 0 0 - 3 - - - ./etc//")
    assert [(folder.path, folder.mode, folder.gid) for folder in told.folders] == [
        ("/./.", 0o1777, 50),
        ("/./etc", 0o755, 0),
    ]


def test_a_cut_line_is_left_out() -> None:
    told = parse(f"----i----- {ETC}/a", f"----i----- {ETC}/b.tim", truncated=True)
    assert list(told.properties) == [f"/{ETC}/a"]


def test_lines_that_are_none_are_counted() -> None:
    assert parse("x", f"{TOKEN} nonsense", "").bad == 2


@pytest.mark.parametrize(
    ("told", "gaps"),
    [
        ("told lsattr acl", []),
        ("told acl", [ReadStatus.MISSING_TOOL]),
        ("told lsattr", [ReadStatus.UNSUPPORTED]),
        ("nonsense lsattr acl", [ReadStatus.MISSING_TOOL, ReadStatus.UNSUPPORTED]),
    ],
)
def test_what_the_host_has_no_program_for_is_a_gap(told: str, gaps: list[ReadStatus]) -> None:
    found = find_tool_gaps(parse(told=told), None)
    assert [gap.status for gap in found] == gaps
    assert {gap.area for gap in found} <= {Area.ATTRIBUTES}


@given(st.binary(max_size=200), st.booleans())
def test_other_bytes_never_raise(data: bytes, truncated: bool) -> None:
    for payload in (data, b"told lsattr\n" + data, b"told\n" + TOKEN.encode() + b" " + data):
        parse_attributes(payload, SENTINEL, truncated=truncated)
