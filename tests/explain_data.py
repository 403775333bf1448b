"""What explanations are built from in tests: norms by hand, things that are no units, settings."""

from collections.abc import Callable, Sequence

from fleetscan.analyse.case import Setting
from fleetscan.analyse.expectation import Norm
from fleetscan.analyse.fingerprint import UNSEALED, seal_subject
from fleetscan.model.baseline import Prevalence, Variant
from fleetscan.model.ids import SYSTEM
from fleetscan.model.program import Verification
from fleetscan.model.subject import PieceRole, Subject, SubjectKey, SubjectKind
from tests.piece_data import VERIFIED, file_piece

PACKAGES = Setting(packages=(("systemd", "252"),), package_timers=(("systemd", "clean.timer"),))


def norm_of(subject: Subject) -> Norm:
    """Make one form normal, and no other."""
    return Norm(
        key=subject.key,
        variants=(Variant(subject, Prevalence(9, 9)),),
        required=True,
        meanings=frozenset({subject.fingerprint.meaning}),
        states_by_meaning={},
        states=None,
        raws={},
    )


def expectation_of(
    normal: Sequence[Subject],
) -> tuple[tuple[SubjectKey, ...], Callable[[SubjectKey], Norm | None]]:
    """Make these forms normal; gives the keys and the norms."""
    norms = {subject.key: norm_of(subject) for subject in normal}
    return tuple(sorted(norms)), norms.get


def generator(path: str, *, verification: Verification = VERIFIED, real_path: str = "") -> Subject:
    """Build a generator of a package, or of nobody."""
    piece = file_piece(PieceRole.STARTER, path, verification=verification, real_path=real_path)
    key = SubjectKey(SubjectKind.GENERATOR, SYSTEM, path)
    return seal_subject(Subject(key=key, fingerprint=UNSEALED, pieces=(piece,)))
