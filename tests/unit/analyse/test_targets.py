"""Differences in what is run or read behind units that mean the same."""

from dataclasses import replace

from fleetscan.analyse.fingerprint import seal_subject
from fleetscan.analyse.targets import (
    MAX_TARGETS,
    diff_targets,
    find_new_disagreements,
    find_new_doors,
    find_unverified,
    is_unasked,
    views_known,
)
from fleetscan.model.ids import Sha256, UnitName
from fleetscan.model.program import Presence, Verification
from fleetscan.model.relation import Disagreement, DisagreementKind
from fleetscan.model.subject import Piece, PieceRole, Subject
from tests.model_data import job

UNOWNED = Verification.UNOWNED


def piece(
    path: str = "/opt/x", digit: str = "a", *, presence: Presence = Presence.FOUND, exposed: tuple[str, ...] = ()
) -> Piece:
    return Piece(
        role=PieceRole.EXECUTABLE,
        path=path,
        presence=presence,
        sha256=Sha256(digit * 64) if presence is Presence.FOUND else None,
        verification=UNOWNED,
        exposed=exposed,
    )


def running(*pieces: Piece) -> Subject:
    return seal_subject(replace(job(), pieces=pieces))


def test_a_swapped_program_is_told_with_both_hashes() -> None:
    (change,) = diff_targets([running(piece())], running(piece(digit="b")))
    assert (change.path, change.before, change.after) == ("/opt/x", "a" * 64, "b" * 64)
    assert change.piece == piece(digit="b")


def test_a_program_of_any_accepted_form_is_none() -> None:
    forms = [running(piece()), running(piece(digit="b"))]
    assert diff_targets(forms, running(piece(digit="b"))) == ()


def test_a_program_that_was_unread_on_either_side_is_never_a_difference() -> None:
    unread = piece(presence=Presence.UNREAD)
    assert diff_targets([running(piece())], running(unread)) == ()
    assert diff_targets([running(unread)], running(piece())) == ()
    assert diff_targets([running(unread), running(piece())], running(piece(digit="b"))) == ()


def test_an_unread_program_does_not_hide_another_one() -> None:
    unread = piece("/opt/y", presence=Presence.UNREAD)
    (change,) = diff_targets([running(piece(), piece("/opt/y"))], running(piece(digit="b"), unread))
    assert change.path == "/opt/x"


def test_a_program_that_went_away_and_one_that_nobody_else_has_are_differences() -> None:
    (gone,) = diff_targets([running(piece())], running(piece(presence=Presence.ABSENT)))
    assert gone.after == "absent"
    (added,) = diff_targets([running(piece())], running(piece(), piece("/opt/y")))
    assert (added.path, added.before) == ("/opt/y", "not used")


def test_how_many_are_told_is_bounded() -> None:
    many = running(*(piece(f"/opt/{number}") for number in range(MAX_TARGETS + 9)))
    assert len(diff_targets([running()], many)) == MAX_TARGETS


def owned(verification: Verification, digit: str = "a") -> Piece:
    return replace(piece(digit=digit), package="x", verification=verification)


def test_the_same_bytes_are_the_same_file_where_one_database_was_not_read() -> None:
    verified, unknown = owned(Verification.VERIFIED), owned(Verification.UNKNOWN)
    assert diff_targets([running(verified)], running(unknown)) == ()
    assert diff_targets([running(unknown)], running(verified)) == ()
    assert find_unverified([running(verified)], running(unknown)) == ()


def test_other_bytes_of_a_packages_file_are_not_judged_without_the_database() -> None:
    verified, other = owned(Verification.VERIFIED), owned(Verification.UNKNOWN, "b")
    assert diff_targets([running(verified)], running(other)) == ()
    assert find_unverified([running(verified)], running(other)) == ("/opt/x",)
    # What was nobody's needs no database.
    assert len(diff_targets([running(piece())], running(other))) == 1
    # Nor does one that was read and says no.
    for told in (Verification.CHANGED, Verification.UNOWNED, Verification.OWNED):
        assert len(diff_targets([running(verified)], running(owned(told, "b")))) == 1
    assert len(diff_targets([running(owned(Verification.UNKNOWN))], running(owned(Verification.CHANGED, "b")))) == 1


def test_an_update_is_no_difference_to_a_form_whose_database_was_not_read() -> None:
    assert diff_targets([running(owned(Verification.UNKNOWN))], running(owned(Verification.VERIFIED, "b"))) == ()


def starting(verification: Verification, digit: str = "a") -> Subject:
    return running(replace(owned(verification, digit), role=PieceRole.STARTER))


def test_a_starter_may_be_the_same_where_one_database_was_not_read() -> None:
    verified, unknown = starting(Verification.VERIFIED), starting(Verification.UNKNOWN, "b")
    assert is_unasked(verified, unknown)
    assert is_unasked(unknown, verified)
    assert (
        is_unasked(starting(Verification.UNKNOWN), starting(Verification.UNOWNED)) is False
    )  # equal bytes, no difference


def test_a_starter_that_was_swapped_is_another_one_even_if_nobody_was_asked_once() -> None:
    for told in (Verification.UNOWNED, Verification.CHANGED, Verification.OWNED, Verification.UNKNOWN):
        assert not is_unasked(starting(Verification.UNKNOWN), starting(told, "b"))
        assert not is_unasked(starting(told), starting(Verification.UNKNOWN, "b"))


def test_only_doors_that_no_accepted_form_has_are_new() -> None:
    doors = ("/opt deploy:deploy 0775", "/opt/x root:root 0777")
    forms = [running(piece(exposed=doors[:1]))]
    assert find_new_doors(forms, running(piece(exposed=doors))) == doors[1:]
    assert find_new_doors(forms, running(piece())) == ()


def test_contradictions_are_new_by_kind_and_unit_and_not_by_their_words() -> None:
    def told(kind: DisagreementKind, detail: str) -> Subject:
        return replace(running(), disagreements=(Disagreement(kind, UnitName("backup.timer"), detail),))

    form = told(DisagreementKind.NO_FILE, "pid 7")
    assert find_new_disagreements(views_known([form]), told(DisagreementKind.NO_FILE, "pid 9")) == ()
    assert len(find_new_disagreements(views_known([form]), told(DisagreementKind.CHANGED_SINCE_LOAD, "x"))) == 1


def test_a_timer_that_is_not_enabled_and_was_never_loaded_is_no_contradiction() -> None:
    def never(detail: str) -> Subject:
        found = Disagreement(DisagreementKind.NEVER_LOADED, UnitName("backup.timer"), detail)
        return replace(running(), disagreements=(found,))

    assert find_new_disagreements(frozenset(), never("disabled, not loaded")) == ()
    assert len(find_new_disagreements(frozenset(), never("enabled, not loaded"))) == 1
