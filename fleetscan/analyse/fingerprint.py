"""The digests of a subject, computed from nothing but the subject itself."""

from dataclasses import replace

from fleetscan.analyse.meaning import build_meaning, neutral_text
from fleetscan.analyse.pieces import identity_of, marks_of, payload_of
from fleetscan.model.digest import JsonValue, digest_json
from fleetscan.model.ids import SYSTEM, Sha256
from fleetscan.model.subject import Fingerprint, PieceRole, Subject, SubjectKind

_PASSING = frozenset({"at", "source", "unit", "user"})
_MAX_MARKS = 5
_NO_TARGET = digest_json([])

UNSEALED = Fingerprint(Sha256(""), Sha256(""), Sha256(""), Sha256(""))
"""Stands in a subject until `seal_subject` has been called."""


def seal_subject(subject: Subject) -> Subject:
    """Give the subject with its fingerprint. Sealing twice changes nothing."""
    fingerprint = Fingerprint(
        meaning=_digest_meaning(subject),
        state=_digest_state(subject),
        raw=_digest_raw(subject),
        target=_digest_target(subject),
    )
    return replace(subject, fingerprint=fingerprint)


def describe_state(subject: Subject) -> str:
    """Say a subject's state in words, `enabled, active` or `masked`; `unknown` when no view says anything."""
    parts = [subject.state.enabled] if subject.state.enabled else []
    for name in subject.masked:
        if subject.unit_names[:1] == (name,):
            parts = ["masked"]
        else:
            parts.append(f"{name} masked")
    if not parts and subject.links:
        parts.append("enabled by a link")
    if subject.state.active:
        parts.append(subject.state.active)
    if subject.state.listed is False:
        parts.append("loaded but not listed")
    parts += marks_of(subject.pieces)[:_MAX_MARKS]
    return ", ".join(parts) or "unknown"


def _digest_meaning(subject: Subject) -> Sha256:
    entries: list[JsonValue] = [
        [*entry, list[JsonValue](values)] for entry, values in sorted(build_meaning(subject).items())
    ]
    return digest_json(
        {
            "kind": subject.key.kind.value,
            "name": subject.key.name,
            "entries": entries,
            "unreadable": list[JsonValue](subject.unreadable),
            **_tell_thing(subject),
        }
    )


def _tell_thing(subject: Subject) -> dict[str, JsonValue]:
    """Give what a thing without directives means; nothing for units, whose meaning stays what it was."""
    if subject.key.kind in (SubjectKind.JOB, SubjectKind.UNIT, SubjectKind.LINGER, SubjectKind.STAMP):
        return {}
    # When a trace was written, and under which name that systemd made up, is no part of what it is; a name that
    # somebody chose is its key's, and the user is its scope's.
    properties: list[JsonValue] = [[n, v] for n, v in subject.properties if n not in _PASSING]
    return {"properties": properties, "is": [identity_of(piece) for piece in subject.pieces]}


def _digest_state(subject: Subject) -> Sha256:
    masked: list[JsonValue] = list(subject.masked)
    if subject.key.scope != SYSTEM:
        # A user's manager runs only while the user is logged in (or lingers), and what it has loaded comes and goes
        # with it; only the links on disk are the same at every visit.
        return digest_json({"masked": masked, "linked": bool(subject.links), **_tell_marks(subject)})
    return digest_json(
        {
            **_tell_marks(subject),
            "masked": masked,
            "enabled": "masked" if subject.state.enabled.startswith("masked") else subject.state.enabled,
            "active": subject.state.active,
            # Every loaded timer is listed; only the contradiction is worth a difference, and None is no statement.
            "hidden": subject.state.listed is False,
        }
    )


def _tell_marks(subject: Subject) -> dict[str, JsonValue]:
    marks: list[JsonValue] = [neutral_text(subject, mark) for mark in marks_of(subject.pieces)]
    return {"marks": marks} if marks else {}


def _digest_target(subject: Subject) -> Sha256:
    payload = payload_of(subject.pieces)
    if not payload:
        return _NO_TARGET
    rows: list[JsonValue] = [[p.role.value, neutral_text(subject, p.path), identity_of(p)] for p in payload]
    return digest_json(rows)


def _digest_raw(subject: Subject) -> Sha256:
    sources: list[JsonValue] = [
        [neutral_text(subject, path), sha256 or "", target]
        for path, sha256, target in sorted((s.path, s.sha256 or "", s.link_target) for s in subject.sources)
    ]
    links: list[JsonValue] = [neutral_text(subject, link) for link in sorted(subject.links)]
    starters: list[JsonValue] = [
        [piece.path, piece.sha256 or ""] for piece in subject.pieces if piece.role is PieceRole.STARTER
    ]
    return digest_json({"sources": sources, "links": links, **({"files": starters} if starters else {})})
