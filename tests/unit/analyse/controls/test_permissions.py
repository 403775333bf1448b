"""M1022: who may write unit directories, unit files and what timers run."""

from dataclasses import replace

import pytest

from fleetscan.analyse.controls.permissions import (
    check_attributes,
    check_directories,
    check_files,
    check_lists,
    check_programs,
)
from fleetscan.model.control import ControlStatus
from fleetscan.model.coverage import Area, Gap, ReadStatus
from fleetscan.model.ids import user_scope
from fleetscan.model.program import Presence
from fleetscan.model.subject import PieceRole, Subject, SubjectKey, SubjectKind
from tests.control_data import BACKUP, UNITS, folder, link, state, unit_file
from tests.piece_data import file_piece

BOB = user_scope("bob")


def exposed(door: str, role: PieceRole = PieceRole.EXECUTABLE) -> Subject:
    piece = replace(file_piece(role, "/opt/app/run"), exposed=(door,))
    return replace(BACKUP, pieces=(piece,))


@pytest.mark.parametrize(
    ("name", "rights"),
    [
        (UNITS, "root:root 0777"),
        (UNITS, "root:staff 0775"),
        (UNITS, "deploy:deploy 0755"),
        (f"{UNITS}/backup.service.d", "root:root 1777"),
        ("/etc", "root:adm 0775"),
    ],
)
def test_a_directory_that_others_may_write_fails_with_owner_and_mode(name: str, rights: str) -> None:
    result = check_directories(state(folder(name, rights)))
    assert result.status is ControlStatus.FAIL
    assert result.evidence == (replace(result.evidence[0], text=f"{name} {rights}", path=name),)


@pytest.mark.parametrize(
    ("name", "rights", "user"),
    [
        (UNITS, "root:root 0775", ""),
        ("/run", "root:root 1777", ""),
        ("/home/bob/.config/systemd/user", "bob:bob 0775", "bob"),
    ],
)
def test_a_directory_of_roots_group_on_the_way_or_of_the_user_is_no_fault(name: str, rights: str, user: str) -> None:
    there = folder(name, rights, user_scope(user)) if user else folder(name, rights)
    assert check_directories(state(there)).status is ControlStatus.PASS


def test_a_user_directory_of_another_user_fails() -> None:
    assert check_directories(state(folder("/home/bob/.config/systemd/user", "eve:eve 0755", BOB))).status is (
        ControlStatus.FAIL
    )


@pytest.mark.parametrize("rights", ["root:root 0666", "root:ops 0664", "ops:ops 0644"])
def test_a_unit_file_that_others_may_write_fails(rights: str) -> None:
    result = check_files(state(unit_file(f"{UNITS}/x.service.d/10.conf", rights)))
    assert result.status is ControlStatus.FAIL
    assert rights in result.evidence[0].text


def test_the_mode_of_a_link_means_nothing_and_its_owner_does() -> None:
    assert check_files(state(link(f"{UNITS}/x.timer", "backup.timer"))).status is ControlStatus.PASS
    assert check_files(state(link(f"{UNITS}/x.timer", "backup.timer", rights="ops:ops 0777"))).status is (
        ControlStatus.FAIL
    )


@pytest.mark.parametrize("role", [PieceRole.EXECUTABLE, PieceRole.SCRIPT, PieceRole.ENVIRONMENT], ids=str)
def test_a_program_or_parent_that_others_may_write_fails(role: PieceRole) -> None:
    result = check_programs(state(subjects=[exposed("/opt/app deploy:deploy 0775", role)]))
    assert result.status is ControlStatus.FAIL
    assert result.evidence[0].text == "/opt/app deploy:deploy 0775, on the way to /opt/app/run of backup.timer"


def test_a_generator_that_others_may_write_fails() -> None:
    subject = replace(
        exposed("/etc/systemd/system-generators root:dev 0775", PieceRole.STARTER),
        key=SubjectKey(SubjectKind.GENERATOR, BACKUP.key.scope, "/etc/systemd/system-generators/x"),
    )
    assert check_programs(state(subjects=[subject])).status is ControlStatus.FAIL


def test_a_program_that_was_not_read_does_not_pass() -> None:
    pieces = (replace(file_piece(PieceRole.EXECUTABLE, "/root/run"), presence=Presence.UNREAD),)
    assert check_programs(state(subjects=[replace(BACKUP, pieces=pieces)])).status is ControlStatus.NOT_READABLE


def test_an_access_control_list_and_an_attribute_fail_each_their_own_control() -> None:
    listed = state(unit_file(f"{UNITS}/x.timer", acl="yes"))
    held = state(folder(UNITS, attributes="i"))
    assert check_lists(listed).status is check_attributes(held).status is ControlStatus.FAIL
    assert check_lists(held).status is check_attributes(listed).status is ControlStatus.PASS
    assert check_attributes(held).evidence[0].text == f"{UNITS} root:root 0755 has the attributes i"


@pytest.mark.parametrize(
    ("status", "lists", "attributes"),
    [
        (ReadStatus.MISSING_TOOL, ControlStatus.PASS, ControlStatus.NOT_READABLE),
        (ReadStatus.UNSUPPORTED, ControlStatus.NOT_READABLE, ControlStatus.PASS),
        (ReadStatus.TIMED_OUT, ControlStatus.NOT_READABLE, ControlStatus.NOT_READABLE),
    ],
    ids=str,
)
def test_a_host_without_lsattr_still_tells_of_lists(
    status: ReadStatus, lists: ControlStatus, attributes: ControlStatus
) -> None:
    evidence = state(gaps=[Gap(Area.ATTRIBUTES, None, status, None, "no such program")])
    assert (check_lists(evidence).status, check_attributes(evidence).status) == (lists, attributes)


@pytest.mark.parametrize("status", [ReadStatus.MISSING_TOOL, ReadStatus.UNSUPPORTED], ids=str)
def test_what_is_missing_of_one_place_concerns_both(status: ReadStatus) -> None:
    evidence = state(gaps=[Gap(Area.ATTRIBUTES, None, status, "/etc/systemd", "another file system")])
    assert check_lists(evidence).status is check_attributes(evidence).status is ControlStatus.NOT_READABLE
