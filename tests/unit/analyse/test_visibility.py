from dataclasses import replace

import pytest

from fleetscan.analyse.visibility import find_gap_in_files, find_gap_in_state, find_gap_since, find_hiding_gap
from fleetscan.model.coverage import Area, Gap, ReadStatus
from fleetscan.model.ids import GLOBAL_USER, SYSTEM, user_scope
from fleetscan.model.subject import Subject, SubjectKey, SubjectKind
from tests.model_data import ETC, gap, job, lingering, loose_unit, orphan_stamp, partial

BOB = user_scope("bob")


@pytest.mark.parametrize(
    ("subject", "hidden_by"),
    [
        (job(), gap(Area.FILES)),
        (job(), gap(Area.FILES, scope=None)),
        (job(), gap(Area.LOADED)),
        (job(), gap(Area.UNIT_FILES)),
        (job(), gap(Area.FILES, ETC)),
        (job(), gap(Area.FILES, "/etc/systemd")),
        (job(), gap(Area.FILES, "/run/systemd/generator.late")),
        (job(), gap(Area.FILES, "/usr/local/lib/systemd/system/backup.timer")),
        (job(scope=BOB), gap(Area.USERS, scope=None)),
        (loose_unit(), gap(Area.FILES, ETC)),
        (lingering("bob"), gap(Area.LINGER)),
        (lingering("bob"), gap(Area.LINGER, scope=BOB)),
        (orphan_stamp("x.timer"), gap(Area.STAMPS)),
    ],
)
def test_what_could_be_there_unseen_is_hidden(subject: Subject, hidden_by: Gap) -> None:
    assert find_hiding_gap(partial(hidden_by), subject.key, [subject]) == hidden_by


@pytest.mark.parametrize(
    ("subject", "harmless"),
    [
        (job(), gap(Area.FILES, scope=BOB)),
        (job(), gap(Area.FILES, f"{ETC}/other.timer")),
        (job(), gap(Area.FILES, f"{ETC}/other.service.d/10.conf")),
        (job(), gap(Area.FILES, f"{ETC}/timers.target.wants")),
        (job(), gap(Area.TIMERS)),
        (job(), gap(Area.CONTENT)),
        (job(), gap(Area.USERS, scope=None)),
        (loose_unit(), gap(Area.LOADED)),
        (lingering("bob"), gap(Area.FILES)),
        (orphan_stamp("x.timer"), gap(Area.FILES)),
    ],
)
def test_what_lies_elsewhere_hides_nothing(subject: Subject, harmless: Gap) -> None:
    assert find_hiding_gap(partial(harmless), subject.key, [subject]) is None


@pytest.mark.parametrize(
    ("path", "may_matter"),
    [
        (f"{ETC}/backup-db.service.d", True),
        (f"{ETC}/backup-db.service.d/10.conf", True),
        (f"{ETC}/backup-.service.d", True),
        (f"{ETC}/service.d", True),
        (f"{ETC}/timer.d/1.conf", True),
        (f"{ETC}/other.service.d", False),
        (f"{ETC}/backup.service.d", False),
        (f"{ETC}/socket.d", False),
        (f"{ETC}/other.timer", False),
        (ETC, True),
        (None, True),
    ],
)
def test_a_unit_may_have_unread_drop_ins_in_its_own_folders_only(path: str | None, *, may_matter: bool) -> None:
    coverage = partial(gap(Area.FILES, path))
    assert (find_gap_in_files(coverage, job("backup-db")) is not None) is may_matter


def test_an_instance_takes_drop_ins_of_its_template() -> None:
    coverage = partial(gap(Area.FILES, f"{ETC}/pg@.service.d"))
    assert find_gap_in_files(coverage, job("pg@main")) is not None


def test_states_need_both_views_in_the_system_scope_only() -> None:
    for area in (Area.LOADED, Area.UNIT_FILES):
        assert find_gap_in_state(partial(gap(area)), SYSTEM) is not None
        assert find_gap_in_state(partial(gap(area)), GLOBAL_USER) is None
    assert find_gap_in_state(partial(gap(Area.TIMERS)), SYSTEM) is None


def test_a_folder_that_was_shut_is_not_open_again_because_its_attributes_cannot_be_asked_for() -> None:
    folder = replace(
        lingering("bob"),
        key=SubjectKey(SubjectKind.FOLDER, SYSTEM, ETC),
        properties=(("attributes", "i"),),
    )
    missing = Gap(Area.ATTRIBUTES, SYSTEM, ReadStatus.MISSING_TOOL, None, "no lsattr")
    assert find_hiding_gap(partial(missing), folder.key, [folder]) == missing
    opened = replace(folder, properties=(("open", "root:root 0777"),))
    assert find_hiding_gap(partial(missing), folder.key, [opened]) is None


def test_less_is_read_where_an_earlier_visit_had_no_gap() -> None:
    subject, unread = job(), partial(gap(Area.PROCESSES))
    paths = ("/opt/x",)
    assert find_gap_since(partial(), unread, subject.key, paths) == gap(Area.PROCESSES)
    assert find_gap_since(unread, unread, subject.key, paths) is None
    assert find_gap_since(unread, partial(), subject.key, paths) is None
    assert find_gap_since(partial(), partial(gap(Area.PROGRAMS, "/opt/y")), subject.key, paths) is None
    assert find_gap_since(partial(), partial(gap(Area.PROGRAMS, "/opt")), subject.key, paths) is not None
    assert find_gap_since(partial(), partial(gap(Area.PROCESSES, scope=BOB)), subject.key, paths) is None
