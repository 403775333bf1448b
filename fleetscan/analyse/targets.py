"""Differences in what is run or read behind units that mean the same."""

from collections.abc import Collection, Iterable, Sequence

from fleetscan.analyse.meaning import neutral_text
from fleetscan.analyse.pieces import doors_of, identity_of, payload_of
from fleetscan.model.drift import TargetChange
from fleetscan.model.program import Presence
from fleetscan.model.relation import Disagreement, DisagreementKind
from fleetscan.model.subject import Piece, PieceRole, Subject

MAX_TARGETS = 50
"""Files of one subject that are told."""

View = tuple[str, DisagreementKind]
"""A unit, by its name without what systemd made up, and how the views of it contradict each other."""

_Place = tuple[PieceRole, str]


def diff_targets(forms: Iterable[Subject], subject: Subject) -> tuple[TargetChange, ...]:
    """Give the files that are others than in every accepted form; none that could not be read on either side.

    Args:
        forms: Accepted forms whose units mean the same.
        subject: The host's form.
    """
    accepted: dict[_Place, list[str]] = {}
    unread: set[_Place] = set()
    for form in forms:
        for piece in payload_of(form.pieces):
            place = (piece.role, neutral_text(form, piece.path))
            accepted.setdefault(place, []).append(_describe(piece))
            if piece.presence is Presence.UNREAD:
                unread.add(place)
    changes: list[TargetChange] = []
    for piece in payload_of(subject.pieces):
        place = (piece.role, neutral_text(subject, piece.path))
        if piece.presence is Presence.UNREAD or place in unread or _describe(piece) in accepted.get(place, ()):
            continue
        before = accepted.get(place, ["not used"])[0]
        changes.append(TargetChange(path=piece.path, before=before, after=_describe(piece), piece=piece))
    return tuple(dict.fromkeys(changes))[:MAX_TARGETS]


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


def telling_disagreements(subject: Subject) -> Sequence[Disagreement]:
    """Give the contradictions that mean something by themselves."""
    ordinary = DisagreementKind.NEVER_LOADED
    return [d for d in subject.disagreements if d.kind is not ordinary or d.detail.startswith("enabled")]


def _view_of(subject: Subject, disagreement: Disagreement) -> View:
    return (neutral_text(subject, disagreement.unit), disagreement.kind)


def _describe(piece: Piece) -> str:
    return identity_of(piece)
