"""What changes a fingerprint and what does not."""

from dataclasses import replace

import pytest

from fleetscan.analyse.fingerprint import describe_state, seal_subject
from fleetscan.model.ids import user_scope
from fleetscan.model.subject import Subject
from fleetscan.model.unit import UnitState
from tests.model_data import ETC, job, loose_unit

PLAIN = job()


def with_state(subject: Subject, **state: str | bool | None) -> Subject:
    return seal_subject(replace(subject, state=replace(subject.state, **state)))  # type: ignore[arg-type]  # named below


@pytest.mark.parametrize(
    "same",
    [
        job(comment="hello"),
        job(service={"Description": "x", "Documentation": "man:x", "X-Vendor": "1"}),
        job(timer={"Unit": "backup.service"}),
        job(folder="/usr/lib/systemd/system"),
        job(exec_start='"/usr/bin/ba\\x63kup"'),
        job(calendar="*-*-* 00:00:00"),
    ],
)
def test_spelling_comments_and_places_change_bytes_only(same: Subject) -> None:
    assert same.fingerprint.meaning == PLAIN.fingerprint.meaning
    assert same.fingerprint.state == PLAIN.fingerprint.state
    assert same.fingerprint.raw != PLAIN.fingerprint.raw


@pytest.mark.parametrize(
    "other",
    [
        job(exec_start="/usr/bin/backup -v"),
        job(exec_start="-/usr/bin/backup"),
        job(exec_start="@/usr/bin/backup [kworker]"),
        job(exec_start=["/usr/bin/backup", "/bin/true"]),
        job(service={"User": "bob"}),
        job(service={"Environment": "LD_PRELOAD=/x.so"}),
        job(calendar="hourly"),
        job(calendar="not valid"),
        job(timer={"OnBootSec": "1min"}),
        job(timer={"Persistent": "yes"}),
        job(activates="other.service"),
        job(drop_ins={f"{ETC}/backup.service.d/x.conf": "Nice=1"}),
        job(service={"Environment": "HOST=%H"}),
    ],
)
def test_what_runs_when_and_as_whom_changes_the_meaning(other: Subject) -> None:
    assert other.fingerprint.meaning != PLAIN.fingerprint.meaning


def test_a_drop_in_means_what_the_same_line_in_the_fragment_means() -> None:
    inside = job(service={"Nice": "1"})
    outside = job(drop_ins={f"{ETC}/backup.service.d/x.conf": "Nice=1"})
    assert inside.fingerprint.meaning == outside.fingerprint.meaning


def test_order_matters_for_commands_and_not_for_dependencies_or_triggers() -> None:
    def meaning(*settings: tuple[str, str]) -> str:
        return loose_unit("x.service", settings).fingerprint.meaning

    assert meaning(("ExecStartPre", "/a"), ("ExecStartPre", "/b")) != meaning(
        ("ExecStartPre", "/b"), ("ExecStartPre", "/a")
    )
    assert meaning(("After", "a b")) == meaning(("After", "b"), ("After", "a"))
    one = job(calendar="daily", timer={"OnBootSec": "60s"})
    assert one.fingerprint.meaning == job(calendar="daily", timer={"OnBootSec": "1min"}).fingerprint.meaning


def test_booleans_mean_the_same_in_every_spelling() -> None:
    assert job(timer={"Persistent": "true"}).fingerprint == replace(
        job(timer={"Persistent": "yes"}).fingerprint, raw=job(timer={"Persistent": "true"}).fingerprint.raw
    )


def test_names_that_systemd_invented_are_in_no_digest() -> None:
    def transient(stem: str) -> Subject:
        return job(stem, invented="run-*.timer#0123456789ab", transient=True, folder="/run/systemd/transient")

    one, two = transient("run-u12"), transient("run-r" + "0123456789abcdef" * 2)
    assert one.unit_names != two.unit_names
    assert one.fingerprint == two.fingerprint


@pytest.mark.parametrize("state", [{"enabled": "disabled"}, {"active": "inactive"}, {"active": ""}, {"listed": False}])
def test_enablement_and_activity_are_state_and_not_meaning(state: dict[str, str | bool]) -> None:
    other = with_state(PLAIN, **state)
    assert other.fingerprint.state != PLAIN.fingerprint.state
    assert other.fingerprint.meaning == PLAIN.fingerprint.meaning


def test_a_view_that_was_not_read_is_no_statement_about_listing() -> None:
    assert with_state(PLAIN, listed=None).fingerprint == with_state(PLAIN, listed=True).fingerprint


def test_a_users_manager_coming_and_going_changes_nothing() -> None:
    here = job(scope=user_scope("bob"), links=("/home/bob/.config/systemd/user/timers.target.wants/backup.timer",))
    assert with_state(here, active="", enabled="").fingerprint == here.fingerprint
    unlinked = seal_subject(replace(here, links=()))
    assert unlinked.fingerprint.state != here.fingerprint.state


def test_an_unread_file_makes_the_meaning_unlike_any_other() -> None:
    assert job(unreadable=("/x",)).fingerprint.meaning != PLAIN.fingerprint.meaning


def test_sealing_twice_changes_nothing() -> None:
    assert seal_subject(PLAIN) == PLAIN


def test_a_state_is_said_in_words() -> None:
    assert describe_state(PLAIN) == "enabled, active"
    assert describe_state(job(masked=True)) == "masked, inactive"
    assert describe_state(with_state(PLAIN, listed=False)) == "enabled, active, loaded but not listed"
    assert describe_state(seal_subject(replace(PLAIN, masked=PLAIN.unit_names[1:]))) == (
        "enabled, backup.service masked, active"
    )
    assert describe_state(seal_subject(replace(PLAIN, state=UnitState(), links=()))) == "unknown"
