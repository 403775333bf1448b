"""M1022: whether somebody on the host would notice a change of the unit directories."""

from dataclasses import replace

import pytest

from fleetscan.analyse.controls.monitoring import check_monitored
from fleetscan.model.control import ControlStatus
from fleetscan.model.coverage import Area
from fleetscan.model.ids import user_scope
from fleetscan.model.snapshot import Artifact
from tests.control_data import UNITS, VENDOR, audit_rule, folder, monitored, state
from tests.model_data import gap

FOLDERS = (folder(UNITS), folder(VENDOR))


def status_of(*watches: Artifact, unread: Area | None = None) -> ControlStatus:
    gaps = [gap(unread, scope=None)] if unread else []
    return check_monitored(state(*watches, stock=FOLDERS, gaps=gaps)).status


@pytest.mark.parametrize(
    "watches",
    [
        (monitored("/etc/systemd"), monitored("/usr/lib/systemd/system")),
        (monitored("/"),),
        (audit_rule(UNITS), audit_rule("/lib/systemd/system")),
        (audit_rule(UNITS, access="w"), monitored("/usr")),
        (monitored("/etc", "wazuh"), monitored("/usr", "aide")),
    ],
    ids=lambda watches: " ".join(one.name for one in watches).replace("/", "|"),
)
def test_directories_that_are_watched_pass(watches: tuple[Artifact, ...]) -> None:
    assert status_of(*watches) is ControlStatus.PASS


@pytest.mark.parametrize(
    "watches",
    [
        (),
        (monitored("/etc/systemd"),),
        (monitored("/etc/systemd/system/backup.timer"), monitored("/usr")),
        (monitored("/etc/systemd/sys"), monitored("/usr")),
        (monitored("/"), monitored("!/etc/systemd")),
        (monitored("/"), monitored("!/usr/lib/systemd/system")),
        (audit_rule(UNITS, source="file"), audit_rule(VENDOR, source="file")),
        (audit_rule(UNITS, access="r"), audit_rule(VENDOR)),
        (
            replace(audit_rule(UNITS), name=f"-a never,exit -F dir={UNITS}"),
            audit_rule("/etc"),
            audit_rule(VENDOR),
        ),
    ],
    ids=lambda watches: " ".join(one.name for one in watches).replace("/", "|") or "nothing",
)
def test_a_directory_that_nobody_watches_fails(watches: tuple[Artifact, ...]) -> None:
    assert status_of(*watches) is ControlStatus.FAIL


def test_one_monitor_may_watch_what_another_leaves_out() -> None:
    assert status_of(monitored("/"), monitored("!/etc"), monitored("/etc", "wazuh")) is ControlStatus.PASS


def test_rules_that_could_not_be_read_may_watch_the_rest() -> None:
    assert status_of(monitored("/etc"), unread=Area.AUDIT) is ControlStatus.NOT_READABLE
    assert status_of(monitored("/"), unread=Area.AUDIT) is ControlStatus.PASS


def test_the_directories_of_users_must_be_watched_too() -> None:
    own = folder("/home/bob/.config/systemd/user", "bob:bob 0755", user_scope("bob"))
    result = check_monitored(state(own, monitored("/etc"), monitored("/usr"), stock=FOLDERS))
    assert result.status is ControlStatus.FAIL
    assert [line.path for line in result.evidence] == ["/home/bob/.config/systemd/user"]


def test_the_evidence_names_who_watches_what() -> None:
    result = check_monitored(state(monitored("/etc"), audit_rule(VENDOR), stock=FOLDERS))
    assert [line.text for line in result.evidence] == [f"{UNITS}: aide", f"{VENDOR}: auditd"]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ("", ControlStatus.PASS),
        (" -F perm=wa", ControlStatus.PASS),
        (" -S open -F perm=w", ControlStatus.PASS),
        (" -F perm=r", ControlStatus.FAIL),
        (" -F perm=x", ControlStatus.FAIL),
    ],
)
def test_a_rule_in_the_long_form_counts_when_it_tells_of_writing(fields: str, status: ControlStatus) -> None:
    rules = [
        replace(audit_rule(path), name=f"-a always,exit -F dir={path}{fields}") for path in ("/etc", "/usr/lib/systemd")
    ]
    assert status_of(*rules) is status


def test_a_watch_without_letters_is_for_every_access() -> None:
    assert status_of(*(replace(audit_rule(path), name=f"-w {path}") for path in (UNITS, VENDOR))) is ControlStatus.PASS


def test_a_log_that_could_not_be_read_is_no_rule_that_could_be_there() -> None:
    log = gap(Area.AUDIT, "/var/log/audit/audit.log", scope=None)
    assert check_monitored(state(stock=FOLDERS, gaps=[log])).status is ControlStatus.FAIL
