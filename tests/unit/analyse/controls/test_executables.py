"""What timers run: legitimate by its package or by the baseline."""

from dataclasses import replace

import pytest

from fleetscan.analyse.controls.executables import check_executables
from fleetscan.model.control import ControlStatus
from fleetscan.model.drift import DriftItem, DriftKind, Explanation, ExplanationKind
from fleetscan.model.program import Presence, Verification
from fleetscan.model.subject import PieceRole, Subject, SubjectKind
from tests.control_data import BACKUP, drift, item, state, visit
from tests.model_data import job
from tests.piece_data import file_piece, packaged


def marked(verification: Verification, subject: Subject = BACKUP) -> Subject:
    """Give the job with another verification of what it runs."""
    pieces = tuple(
        replace(piece, verification=verification) if piece.role is PieceRole.EXECUTABLE else piece
        for piece in subject.pieces
    )
    return replace(subject, pieces=pieces)


def present(presence: Presence, subject: Subject = BACKUP) -> Subject:
    pieces = tuple(
        replace(piece, presence=presence) if piece.role is PieceRole.EXECUTABLE else piece for piece in subject.pieces
    )
    return replace(subject, pieces=pieces)


@pytest.mark.parametrize(
    "verification", [Verification.CHANGED, Verification.UNOWNED, Verification.CONFIGURATION], ids=str
)
def test_what_no_package_vouches_for_fails_without_a_baseline(verification: Verification) -> None:
    result = check_executables(visit(state(subjects=[marked(verification)]), baseline=None))
    assert result.status is ControlStatus.FAIL
    assert (result.evidence[0].path, "root:root" in result.evidence[0].text) == ("/usr/bin/backup", True)


def test_what_the_baseline_has_in_this_form_is_expected() -> None:
    own = marked(Verification.UNOWNED)
    assert check_executables(visit(state(subjects=[own]))).status is ControlStatus.PASS


@pytest.mark.parametrize("kind", [DriftKind.TARGET, DriftKind.CHANGED, DriftKind.ADDED], ids=str)
def test_what_drifted_from_the_baseline_is_not_expected(kind: DriftKind) -> None:
    own = marked(Verification.UNOWNED)
    result = check_executables(visit(state(subjects=[own]), drift=drift(item(own, kind))))
    assert result.status is ControlStatus.FAIL


def test_peers_are_no_approval() -> None:
    own = marked(Verification.UNOWNED)
    assert check_executables(visit(state(subjects=[own]), drift=drift(reference="peers"))).status is ControlStatus.FAIL


def test_a_program_in_a_directory_of_everyone_fails() -> None:
    dropped = packaged(job(exec_start="/tmp/.x/run"))
    result = check_executables(visit(state(subjects=[dropped]), baseline=None))
    assert result.status is ControlStatus.FAIL
    assert "/tmp/.x/run" in result.evidence[0].text


def test_a_missing_program_fails_only_where_the_timer_would_run_it() -> None:
    assert check_executables(visit(state(subjects=[present(Presence.ABSENT)]), baseline=None)).status is (
        ControlStatus.FAIL
    )
    idle = present(Presence.ABSENT, packaged(job(enabled="disabled", active="inactive")))
    assert check_executables(visit(state(subjects=[idle]), baseline=None)).status is ControlStatus.PASS


@pytest.mark.parametrize(
    "subject", [marked(Verification.UNKNOWN), present(Presence.UNREAD)], ids=["package unknown", "unread"]
)
def test_what_is_not_known_of_a_program_keeps_the_control_from_passing(subject: Subject) -> None:
    result = check_executables(visit(state(subjects=[subject]), baseline=None))
    assert result.status is ControlStatus.NOT_READABLE


def test_a_unit_that_could_not_be_read_runs_nobody_knows_what() -> None:
    closed = replace(BACKUP, unreadable=("/etc/systemd/system/backup.service",))
    assert check_executables(visit(state(subjects=[closed]))).status is ControlStatus.NOT_READABLE


def test_a_service_that_no_timer_starts_is_not_asked_about() -> None:
    loose = replace(marked(Verification.UNOWNED), key=replace(BACKUP.key, kind=SubjectKind.UNIT))
    assert check_executables(visit(state(subjects=[loose]), baseline=None)).status is ControlStatus.PASS


@pytest.mark.parametrize(
    "told",
    [item(raw_only=True), item(kind=DriftKind.CHANGED, explanations=(Explanation(ExplanationKind.WAVE, "wave 2"),))],
    ids=["bytes only", "explained"],
)
def test_a_difference_that_means_nothing_takes_no_approval_away(told: DriftItem) -> None:
    own = marked(Verification.UNOWNED)
    assert check_executables(visit(state(subjects=[own]), drift=drift(told))).status is ControlStatus.PASS


def test_an_environment_file_is_no_executable() -> None:
    changed = file_piece(PieceRole.ENVIRONMENT, "/etc/default/backup", verification=Verification.CONFIGURATION)
    subject = replace(BACKUP, pieces=(*BACKUP.pieces, changed))
    assert check_executables(visit(state(subjects=[subject]), baseline=None)).status is ControlStatus.PASS


def test_the_evidence_says_what_is_not_known() -> None:
    def told(subject: Subject) -> str:
        return check_executables(visit(state(subjects=[subject]), baseline=None)).evidence[0].text

    assert told(marked(Verification.UNKNOWN)).endswith("whether a package owns it is not known")
    assert told(present(Presence.UNREAD)).endswith("it may not be read")
    assert told(marked(Verification.UNOWNED)).endswith("(root:root 0644), which belongs to no package")
