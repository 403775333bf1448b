"""What only some visits may read: rights, and whose a file is."""

from fleetscan.analyse.fingerprint import UNSEALED
from fleetscan.analyse.targets import is_unasked
from fleetscan.analyse.visibility import find_hiding_gap
from fleetscan.model.coverage import Area, Coverage, Gap, ReadStatus
from fleetscan.model.ids import SYSTEM, Sha256
from fleetscan.model.program import Verification
from fleetscan.model.subject import Piece, PieceRole, Subject, SubjectKey, SubjectKind

RULE = SubjectKey(SubjectKind.GRANT, SYSTEM, "deploy ALL=(ALL) NOPASSWD: ALL")
POLICY = SubjectKey(SubjectKind.GRANT, SYSTEM, "/etc/polkit-1/rules.d/49-ops.rules")
DENIED = Gap(Area.GRANTS, SYSTEM, ReadStatus.DENIED, "/etc/sudoers", "the file may not be read")


def test_a_rule_may_stand_in_any_file_that_was_not_read() -> None:
    assert find_hiding_gap(Coverage((DENIED,)), RULE) == DENIED


def test_a_policy_file_is_hidden_by_its_own_path_only() -> None:
    assert find_hiding_gap(Coverage((DENIED,)), POLICY) is None


def test_a_generator_whose_package_could_not_be_asked_is_not_another_one() -> None:
    def generator(verification: Verification) -> Subject:
        piece = Piece(role=PieceRole.STARTER, path="/usr/lib/x", sha256=Sha256("a" * 64), verification=verification)
        return Subject(
            key=SubjectKey(SubjectKind.GENERATOR, SYSTEM, "/usr/lib/x"), fingerprint=UNSEALED, pieces=(piece,)
        )

    assert is_unasked(generator(Verification.VERIFIED), generator(Verification.UNKNOWN))
    assert not is_unasked(generator(Verification.VERIFIED), generator(Verification.CHANGED))
    assert not is_unasked(generator(Verification.VERIFIED), generator(Verification.VERIFIED))
