"""Differences in what is run or read behind units that mean the same."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from fleetscan.analyse.meaning import neutral_text
from fleetscan.analyse.pieces import doors_of, identity_of, payload_of
from fleetscan.model.drift import TargetChange
from fleetscan.model.program import Presence, Verification
from fleetscan.model.relation import Disagreement, DisagreementKind
from fleetscan.model.subject import Piece, PieceRole, Subject

MAX_TARGETS = 50
"""Files of one subject that are told."""

View = tuple[str, DisagreementKind]
"""A unit, by its name without what systemd made up, and how the views of it contradict each other."""

_Place = tuple[PieceRole, str]


def diff_targets(forms: Iterable[Subject], subject: Subject) -> tuple[TargetChange, ...]:
    """Give the files that are others than in every accepted form; none that could not be read on either side.

    Nor is one told that was a package's, and of which the package database could not be asked here.

    Args:
        forms: Accepted forms whose units mean the same.
        subject: The host's form.
    """
    accepted = _index_payload(forms)
    changes = [
        TargetChange(path=piece.path, before=_describe(known), after=identity_of(piece), piece=piece)
        for piece, known in _list_others(accepted, subject)
        if not _is_unverified(piece, known)
    ]
    return tuple(dict.fromkeys(changes))[:MAX_TARGETS]


def find_unverified(forms: Iterable[Subject], subject: Subject) -> tuple[str, ...]:
    """Give the files that are others than a package's were, while the package database could not be asked."""
    others = _list_others(_index_payload(forms), subject)
    return tuple(piece.path for piece, known in others if _is_unverified(piece, known))


def find_new_doors(forms: Iterable[Subject], subject: Subject) -> tuple[str, ...]:
    """Give what others may write here and in no accepted form."""
    return without_known(doors_of(subject.pieces), doors_known(forms))


def without_known(doors: Iterable[str], known: Collection[str]) -> tuple[str, ...]:
    """Give the doors that are not known, in their order."""
    return tuple(door for door in doors if door not in known)


def doors_known(forms: Iterable[Subject]) -> frozenset[str]:
    """Give what others may write in any of these forms."""
    return frozenset(door for form in forms for door in doors_of(form.pieces))


def find_new_disagreements(known: Collection[View], subject: Subject) -> tuple[Disagreement, ...]:
    """Give the contradictions between views that are not known.

    That a timer which is not enabled was never loaded is no contradiction.
    """
    return tuple(d for d in telling_disagreements(subject) if _view_of(subject, d) not in known)


def views_known(forms: Iterable[Subject]) -> frozenset[View]:
    """Give in which views, and of which units, any of these forms contradicts itself."""
    return frozenset(_view_of(form, d) for form in forms for d in form.disagreements)


_EXPECTED_IN_MEMORY = ("enabled", "generated")


def telling_disagreements(subject: Subject) -> Sequence[Disagreement]:
    """Give the contradictions that mean something by themselves."""
    ordinary = DisagreementKind.NEVER_LOADED
    return [d for d in subject.disagreements if d.kind is not ordinary or d.detail.startswith(_EXPECTED_IN_MEMORY)]


def _view_of(subject: Subject, disagreement: Disagreement) -> View:
    return (neutral_text(subject, disagreement.unit), disagreement.kind)


def _index_payload(forms: Iterable[Subject]) -> Mapping[_Place, Sequence[Piece]]:
    found: dict[_Place, list[Piece]] = {}
    for form in forms:
        for piece in payload_of(form.pieces):
            found.setdefault((piece.role, neutral_text(form, piece.path)), []).append(piece)
    return found


def _list_others(
    accepted: Mapping[_Place, Sequence[Piece]], subject: Subject
) -> Iterator[tuple[Piece, Sequence[Piece]]]:
    """Give the files that are none of the accepted ones, with these."""
    for piece in payload_of(subject.pieces):
        known = accepted.get((piece.role, neutral_text(subject, piece.path)), ())
        is_read = all(one.presence is not Presence.UNREAD for one in (piece, *known))
        if is_read and not any(_is_same(piece, one) for one in known):
            yield piece, known


def _is_same(piece: Piece, known: Piece) -> bool:
    if identity_of(piece) == identity_of(known):
        return True
    verifications = (piece.verification, known.verification)
    if Verification.UNKNOWN not in verifications or piece.presence is not known.presence:
        return False
    # Where one database was not read, the same bytes are the same file, and what a package vouches for is its file.
    return piece.verification is Verification.VERIFIED or (piece.sha256 is not None and piece.sha256 == known.sha256)


def _is_unverified(piece: Piece, known: Iterable[Piece]) -> bool:
    is_found = piece.presence is Presence.FOUND and piece.verification is Verification.UNKNOWN
    return is_found and any(one.verification is Verification.VERIFIED for one in known)


def _describe(known: Sequence[Piece]) -> str:
    return identity_of(known[0]) if known else "not used"


def is_unasked(expected: Subject, subject: Subject) -> bool:
    """Tell whether two forms of a thing may differ only because a package database could not be asked on one side."""
    if subject.properties != expected.properties or len(subject.pieces) != len(expected.pieces):
        return False
    pairs = zip(expected.pieces, subject.pieces, strict=True)
    differing = [(one, other) for one, other in pairs if identity_of(one) != identity_of(other)]
    return bool(differing) and all(
        one.role is PieceRole.STARTER and _may_be_same(one, other) for one, other in differing
    )


def _may_be_same(one: Piece, other: Piece) -> bool:
    """Tell whether both may be one package's file, or have the same bytes: a file that is nobody's is another one."""
    found = {one.verification, other.verification}
    if Verification.UNKNOWN not in found or one.presence is not other.presence:
        return False
    return Verification.VERIFIED in found or (one.sha256 is not None and one.sha256 == other.sha256)
