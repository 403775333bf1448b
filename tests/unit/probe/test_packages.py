"""What the package databases say: whose a file is, whether it was changed, and when nothing is known of it."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.model.coverage import SUPPLEMENTARY, Area, ReadStatus
from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import Sha256
from fleetscan.model.program import Verification
from fleetscan.probe.packages import PackageFacts, parse_packages
from fleetscan.probe.wire import Frame
from tests.unit.probe.frames import frame

TEXT = b"[Timer]\nOnCalendar=daily\n"
HASH = digest_bytes(TEXT)
OTHER = digest_bytes(b"other")
UNIT = "usr/lib/systemd/system/fstrim.timer"
PATH = f"/{UNIT}"
MD5 = "ab" * 16
NOTHING = ("", Verification.UNKNOWN)


def read(
    *lines: str, ended: str = "ok", status: str = "ok", digests: dict[str, Sha256 | None] | None = None
) -> PackageFacts:
    text = "".join(f"{line}\n" for line in ("database dpkg", *lines, *((f"end {ended}",) if ended else ())))
    given = {PATH: HASH} if digests is None else digests
    return parse_packages(frame("packages", text, status=status), given, merged_usr=True)


def base64_of(prefix: str, digest: bytes) -> str:
    return prefix + base64.b64encode(digest).decode()


@pytest.mark.parametrize(
    ("kind", "expected", "actual", "told"),
    [
        ("file", "=", "=", Verification.VERIFIED),
        ("conf", "=", "=", Verification.VERIFIED),
        ("file", MD5, MD5, Verification.VERIFIED),
        ("file", MD5, "cd" * 16, Verification.CHANGED),
        ("conf", MD5, "cd" * 16, Verification.CONFIGURATION),
        ("file", MD5, "?", Verification.UNKNOWN),
        ("file", MD5, "=", Verification.UNKNOWN),
        ("file", MD5, "-", Verification.UNKNOWN),
        ("file", "=", "?", Verification.UNKNOWN),
        ("file", "-", "-", Verification.OWNED),
        ("file", HASH, "-", Verification.VERIFIED),
        ("file", OTHER, "-", Verification.CHANGED),
        ("conf", OTHER, "-", Verification.CONFIGURATION),
        ("file", HASH[:40], "-", Verification.UNKNOWN),
        ("file", HASH * 2, "-", Verification.UNKNOWN),
        ("file", base64_of("Q1", bytes(20)), "00" * 20, Verification.VERIFIED),
        ("file", base64_of("Q1", bytes(20)), "01" * 20, Verification.CHANGED),
        ("file", base64_of("Q1", bytes(19)), "00" * 19, Verification.UNKNOWN),
        ("file", "Q1=", "00" * 20, Verification.UNKNOWN),
        ("file", base64_of("Q2", hashlib.sha256(TEXT).digest()), "-", Verification.VERIFIED),
        ("file", base64_of("Q2", hashlib.sha256(TEXT).digest()[:20]), "-", Verification.VERIFIED),
        ("conf", base64_of("Q2", bytes(32)), "-", Verification.CONFIGURATION),
    ],
)
def test_the_digest_of_the_database_is_compared_with_that_of_the_file(
    kind: str, expected: str, actual: str, told: Verification
) -> None:
    assert read(f"{kind} {expected} {actual} util-linux {UNIT}").owner(PATH) == ("util-linux", told)


def test_without_the_hash_of_the_file_nothing_is_verified() -> None:
    facts = read(f"file {HASH} - util-linux {UNIT}", digests={PATH: None})
    assert facts.owner(PATH) == ("util-linux", Verification.UNKNOWN)


def test_packages_with_timers_are_told_with_their_versions_whether_they_own_what_was_found_or_not() -> None:
    facts = read(
        "timers cron system b.timer a.timer a.service",
        "timers cron user c.timer",
        "timers cron system late.timer",
        "package cron 1.2",
        "package dash 0.5",
    )
    assert facts.timers == {"cron": {"timers": "a.service a.timer b.timer", "user_timers": "c.timer"}}
    assert facts.versions == {"cron": "1.2"}


@pytest.mark.parametrize("line", ["timers cron system", "timers cron other a.timer", "timers cron system a/b.timer"])
def test_timers_that_cannot_be_are_told(line: str) -> None:
    facts = read(line)
    assert facts.timers == {}
    assert [gap.status for gap in facts.gaps] == [ReadStatus.FAILED]


def test_a_file_that_nobody_owns_is_unowned_once_everything_was_read() -> None:
    facts = read(f"file = = util-linux {UNIT}", digests={PATH: HASH, "/opt/x": OTHER})
    assert facts.owner("/opt/x") == ("", Verification.UNOWNED)
    assert facts.gaps == ()


def test_of_a_file_that_was_not_asked_about_nothing_is_known() -> None:
    facts = read(f"file = = util-linux {UNIT}", "file = = evil opt/evil", "package evil 1")
    assert facts.owner("/opt/evil") == NOTHING
    assert "/opt/evil" not in facts.owners
    assert "evil" not in facts.versions


def test_both_spellings_of_merged_usr_are_one_file() -> None:
    assert read(f"file = = util-linux {UNIT[4:]}").owner(PATH)[0] == "util-linux"
    assert read(f"file = = util-linux {UNIT}").owner(PATH[4:])[0] == "util-linux"
    text = f"database dpkg\nfile = = util-linux {UNIT[4:]}\nend ok\n"
    unmerged = parse_packages(frame("packages", text), {PATH: HASH}, merged_usr=False)
    assert unmerged.owner(PATH) == ("", Verification.UNOWNED)


@pytest.mark.parametrize(
    ("ended", "status"),
    [
        ("denied", ReadStatus.DENIED),
        ("timeout", ReadStatus.TIMED_OUT),
        ("truncated", ReadStatus.TRUNCATED),
        ("missing", ReadStatus.MISSING_TOOL),
        ("failed-2", ReadStatus.FAILED),
        ("", ReadStatus.FAILED),
    ],
)
def test_behind_a_database_that_was_not_read_to_its_end_no_file_is_unowned(ended: str, status: ReadStatus) -> None:
    digests: dict[str, Sha256 | None] = {PATH: HASH, "/opt/x": OTHER}
    facts = read(f"file = = util-linux {UNIT}", "package util-linux 2", ended=ended, digests=digests)
    assert [gap.status for gap in facts.gaps] == [status]
    assert facts.gaps[0].area is Area.PACKAGES
    assert facts.owner(PATH) == ("util-linux", Verification.VERIFIED)
    assert facts.owner("/opt/x") == NOTHING


def test_a_cut_last_line_is_not_taken_for_a_shorter_path() -> None:
    facts = parse_packages(
        frame("packages", f"database dpkg\nfile = = a {UNIT}\nfile = = b opt/x", status="truncated"),
        {PATH: HASH, "/opt/x": OTHER},
        merged_usr=True,
    )
    assert facts.owner(PATH)[0] == "a"
    assert facts.owner("/opt/x") == NOTHING


def test_a_database_that_begins_before_the_last_one_ended_cuts_it_short() -> None:
    text = f"database dpkg\nfile = = a opt/x\nfile = = b {UNIT}\ndatabase rpm\nend ok\n"
    facts = parse_packages(frame("packages", text), {PATH: HASH, "/opt/x": OTHER}, merged_usr=True)
    assert [gap.reason for gap in facts.gaps] == ["the dpkg database was not read whole: no end"]
    assert facts.owner("/opt/x")[0] == "a"
    assert facts.owner(PATH) == NOTHING


def test_one_database_of_two_that_failed_leaves_the_rest_unknown() -> None:
    text = f"database dpkg\nfile = = a {UNIT}\nend ok\ndatabase rpm\nend failed-1\n"
    facts = parse_packages(frame("packages", text), {PATH: HASH, "/opt/x": OTHER}, merged_usr=True)
    assert [gap.reason for gap in facts.gaps] == ["the rpm database was not read whole: failed-1"]
    assert facts.owner(PATH) == ("a", Verification.VERIFIED)
    assert facts.owner("/opt/x") == NOTHING


@pytest.mark.parametrize(
    ("given_frame", "status"),
    [
        (None, ReadStatus.FAILED),
        (frame("packages", status="missing"), ReadStatus.MISSING_TOOL),
        (frame("packages"), ReadStatus.MISSING_TOOL),
        (frame("packages", status="timeout"), ReadStatus.TIMED_OUT),
        (frame("packages", "database dpkg\nend ok\n", status="truncated"), ReadStatus.TRUNCATED),
        (frame("packages", "database nix\nend ok\n"), ReadStatus.MISSING_TOOL),
    ],
)
def test_no_database_is_a_gap_that_does_not_make_a_host_partial(given_frame: Frame | None, status: ReadStatus) -> None:
    facts = parse_packages(given_frame, {PATH: HASH}, merged_usr=True)
    (gap,) = facts.gaps
    assert (gap.area, gap.status) == (Area.PACKAGES, status)
    assert gap.area in SUPPLEMENTARY
    assert facts.owner(PATH) == NOTHING


def test_an_owner_whose_digest_is_that_of_the_file_is_believed_before_others() -> None:
    lines = (f"file {MD5} {'cd' * 16} old {UNIT}", f"file = = zz-new {UNIT}", f"file - - third {UNIT}")
    assert read(*lines).owner(PATH) == ("zz-new", Verification.VERIFIED)
    assert read(*reversed(lines)).owner(PATH) == ("zz-new", Verification.VERIFIED)
    assert read(lines[2], lines[0]).owner(PATH) == ("old", Verification.CHANGED)


def test_versions_are_those_of_owners() -> None:
    facts = read(
        f"file = = util-linux {UNIT}", "package util-linux 2.38.1-5+deb12u3", "package bash 5.2", "package other -"
    )
    assert facts.versions == {"util-linux": "2.38.1-5+deb12u3"}
    assert read(f"file = = a {UNIT}", "package a -").versions == {}


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        f"file = = {UNIT}",
        f"file = = -rf {UNIT}",
        f"file = = {'a' * 129} {UNIT}",
        f"file zz = a {UNIT}",
        f"file {MD5} short a {UNIT}",
        f"FILE = = a {UNIT}",
        f"file = = a {'x' * 4097}",
        "package a \x1b[31m",
        "package a " + "1" * 129,
    ],
)
def test_a_line_that_cannot_be_read_is_a_gap(line: str) -> None:
    facts = read(line)
    assert [(gap.status, gap.reason) for gap in facts.gaps] == [
        (ReadStatus.FAILED, "lines about the dpkg database that cannot be read: 1")
    ]
    assert facts.owner(PATH) == NOTHING


PATHS = st.text(st.characters(exclude_characters="/\0\n", exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
    lambda name: name not in (".", "..")
)


@given(st.lists(PATHS, max_size=8, unique=True))
def test_every_name_without_a_line_end_has_its_owner(names: list[str]) -> None:
    lines = [f"file = = package{number} opt/{name}" for number, name in enumerate(names)]
    facts = read(*lines, digests={f"/opt/{name}": OTHER for name in names})
    assert facts.gaps == ()
    for number, name in enumerate(names):
        assert facts.owner(f"/opt/{name}") == (f"package{number}", Verification.VERIFIED)


WORDS = st.sampled_from(
    ["database", "dpkg", "rpm", "end", "ok", "file", "conf", "package", "=", "-", "?", MD5, HASH, "Q1", "Q2AA==", UNIT]
) | st.text(max_size=6)
LINES = st.lists(WORDS, max_size=7).map(" ".join)


@given(st.lists(LINES, max_size=12).map(lambda lines: "\n".join(lines).encode("utf-8", "surrogateescape")))
def test_nothing_a_host_says_raises_and_only_what_was_asked_is_told(payload: bytes) -> None:
    facts = parse_packages(frame("packages", payload), {PATH: HASH, "/opt/x": None}, merged_usr=True)
    assert facts.owners.keys() <= {PATH, "/opt/x"}
    assert facts.versions.keys() <= {package for package, _ in facts.owners.values()}
    assert facts.unowned <= {PATH, "/opt/x"} - facts.owners.keys()
    assert not (facts.gaps and facts.unowned)


@given(st.binary(max_size=200))
def test_no_bytes_raise(payload: bytes) -> None:
    facts = parse_packages(frame("packages", b"database dpkg\n" + payload), {PATH: HASH}, merged_usr=True)
    assert facts.owners == {}


def test_a_flood_of_rows_keeps_only_what_was_asked() -> None:
    rows = [f"file = = p{number} opt/{number}" for number in range(20_000)]
    facts = read(*rows, *(f"package p{number} 1" for number in range(20_000)), digests={"/opt/7": None})
    assert facts.owners == {"/opt/7": ("p7", Verification.VERIFIED)}
    assert facts.versions == {"p7": "1"}
