"""Differences in what is run or read behind units that mean the same."""

from collections.abc import Iterable, Sequence

from fleetscan.analyse.meaning import neutral_text
from fleetscan.analyse.pieces import doors_of, identity_of, payload_of
from fleetscan.model.drift import TargetChange
from fleetscan.model.program import Presence
from fleetscan.model.relation import Disagreement, DisagreementKind
from fleetscan.model.subject import Piece, PieceRole, Subject

MAX_TARGETS = 50
"""Files of one subject that are told."""

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
    known = {door for form in forms for door in doors_of(form.pieces)}
    return tuple(door for door in doors_of(subject.pieces) if door not in known)


def find_new_disagreements(forms: Iterable[Subject], subject: Subject) -> tuple[Disagreement, ...]:
    """Give the contradictions between views that no accepted form has.

    That a timer which is not enabled was never loaded is no contradiction.
    """
    known = {(neutral_text(form, d.unit), d.kind) for form in forms for d in form.disagreements}
    return tuple(d for d in telling_disagreements(subject) if (neutral_text(subject, d.unit), d.kind) not in known)


def telling_disagreements(subject: Subject) -> Sequence[Disagreement]:
    """Give the contradictions that mean something by themselves."""
    ordinary = DisagreementKind.NEVER_LOADED
    return [d for d in subject.disagreements if d.kind is not ordinary or d.detail.startswith("enabled")]


def _describe(piece: Piece) -> str:
    return identity_of(piece)
