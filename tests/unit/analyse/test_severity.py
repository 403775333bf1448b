from dataclasses import replace

import pytest

from fleetscan.analyse.directives import diff_directives
from fleetscan.analyse.launched import find_dubious_paths
from fleetscan.analyse.severity import Evidence, judge_severity
from fleetscan.model.drift import DriftKind, Severity
from fleetscan.model.ids import GLOBAL_USER, SYSTEM, Scope, user_scope
from fleetscan.model.subject import Subject
from fleetscan.model.unit import SourceKind, UnitSource
from tests.model_data import ETC, job, lingering, loose_unit, orphan_stamp

BOB = user_scope("bob")
IDLE = {"enabled": "disabled", "active": "inactive"}


def judge_added(subject: Subject, *lingerers: str) -> Severity:
    return judge_severity(Evidence(kind=DriftKind.ADDED, subject=subject, new_lingering=frozenset(lingerers)))


def judge_changed(expected: Subject, subject: Subject, kind: DriftKind = DriftKind.CHANGED) -> Severity:
    changes = diff_directives(expected, subject)
    return judge_severity(Evidence(kind=kind, subject=subject, expected=expected, changes=changes))


@pytest.mark.parametrize(
    ("subject", "severity"),
    [
        (job(), Severity.HIGH),
        (job(enabled="", active="active", links=()), Severity.HIGH),
        (job(enabled="transient", active="active", transient=True), Severity.HIGH),
        (job(enabled="disabled", active="inactive"), Severity.MEDIUM),
        (job(scope=GLOBAL_USER), Severity.HIGH),
        (job(scope=BOB), Severity.MEDIUM),
        (job(exec_start="/dev/shm/x", enabled="disabled", active="inactive"), Severity.CRITICAL),
        (job(exec_start="/opt/.x/y"), Severity.CRITICAL),
        (job(generated=True), Severity.INFO),
        (job(generated=True, exec_start="/tmp/x"), Severity.CRITICAL),
        (lingering("bob"), Severity.MEDIUM),
        (orphan_stamp("x.timer"), Severity.LOW),
        (loose_unit(), Severity.LOW),
        (loose_unit("service.d", [("ExecStartPost", "/usr/bin/x")]), Severity.CRITICAL),
        (loose_unit("service.d", [("Environment", "LD_PRELOAD=/x.so")]), Severity.CRITICAL),
        (loose_unit("service.d", [("TimeoutStopSec", "10")]), Severity.LOW),
    ],
)
def test_added_things_by_what_they_are(subject: Subject, severity: Severity) -> None:
    assert judge_added(subject) is severity


def test_lingering_that_came_with_a_users_timer_raises_it() -> None:
    assert judge_added(job(scope=BOB), "bob") is Severity.HIGH
    assert judge_added(job(scope=BOB), "eve") is Severity.MEDIUM


@pytest.mark.parametrize(
    ("subject", "severity"),
    [
        (job(exec_start="/usr/bin/other"), Severity.HIGH),
        (job(service={"User": "bob"}), Severity.HIGH),
        (job(service={"Environment": "A=1"}), Severity.HIGH),
        (job(calendar="hourly"), Severity.HIGH),
        (job(activates="other.service"), Severity.HIGH),
        (job(drop_ins={f"{ETC}/backup.service.d/x.conf": "Nice=1"}), Severity.HIGH),
        (job(service={"Nice": "1"}), Severity.MEDIUM),
        (job(timer={"Persistent": "yes"}), Severity.MEDIUM),
        (job(exec_start="/tmp/x"), Severity.CRITICAL),
    ],
)
def test_changed_things_by_what_changed(subject: Subject, severity: Severity) -> None:
    assert judge_changed(job(), subject) is severity


def test_a_dubious_path_that_was_there_before_is_not_new() -> None:
    before, after = job(exec_start="/tmp/x"), job(exec_start="/tmp/x", service={"Nice": "1"})
    assert judge_changed(before, after) is Severity.MEDIUM


def test_a_loss_counts_more_for_what_protects_the_host() -> None:
    assert judge_severity(Evidence(kind=DriftKind.REMOVED, subject=job("certbot"))) is Severity.MEDIUM
    assert judge_severity(Evidence(kind=DriftKind.REMOVED, subject=job("apt-daily-upgrade"))) is Severity.HIGH
    assert judge_changed(job("aide"), job("aide", masked=True), DriftKind.STATE) is Severity.HIGH
    assert judge_changed(job(), job(masked=True), DriftKind.STATE) is Severity.MEDIUM
    auditd = loose_unit("auditd.service", ())
    assert judge_severity(Evidence(kind=DriftKind.STATE, subject=auditd, expected=auditd)) is Severity.HIGH


def test_a_removed_dubious_timer_is_no_alarm_of_its_own() -> None:
    assert judge_severity(Evidence(kind=DriftKind.REMOVED, subject=job(exec_start="/tmp/x"))) is Severity.MEDIUM


def test_bytes_alone_are_information() -> None:
    evidence = Evidence(kind=DriftKind.CHANGED, subject=job(comment="x"), expected=job(), raw_only=True)
    assert judge_severity(evidence) is Severity.INFO


@pytest.mark.parametrize(
    ("exec_start", "scope", "dubious"),
    [
        ("/var/tmp/../tmp//x", SYSTEM, ("/var/tmp/x",)),
        ("/bin/sh /tmp/x.sh", SYSTEM, ("/tmp/x.sh",)),
        ("/usr/bin/env -i python3 /dev/shm/x.py", SYSTEM, ("/dev/shm/x.py",)),
        ('/bin/bash -c "cd / && /tmp/x; /usr/bin/id"', SYSTEM, ("/tmp/x",)),
        ("/usr/bin/timeout 60 /tmp/x", SYSTEM, ("/tmp/x",)),
        ("/usr/bin/find /tmp -mtime +10 -delete", SYSTEM, ()),
        ('/bin/sh -c "find /tmp -delete"', SYSTEM, ()),
        ("/tmpfiles/x", SYSTEM, ()),
        ("/usr/lib/.build-id/x", SYSTEM, ("/usr/lib/.build-id/x",)),
        ("/home/bob/.local/bin/sync", BOB, ()),
        ("%h/.config/x/run", BOB, ()),
        ("/home/bob/.x/run", BOB, ("/home/bob/.x/run",)),
        ("/srv/../tmp/x", SYSTEM, ("/tmp/x",)),
        ("backup", SYSTEM, ()),
    ],
)
def test_what_is_launched_is_told_from_what_is_only_an_argument(
    exec_start: str, scope: Scope, dubious: tuple[str, ...]
) -> None:
    assert find_dubious_paths(job(exec_start=exec_start, scope=scope)) == dubious


def test_a_unit_that_is_a_link_to_a_writable_place_is_dubious() -> None:
    linked = replace(job(), sources=(UnitSource(SourceKind.FRAGMENT, f"{ETC}/backup.timer", None, "/dev/shm/b.timer"),))
    assert find_dubious_paths(linked) == ("/dev/shm/b.timer",)
