"""Who put a thing there, as far as the host's package database and the files themselves tell."""

import posixpath
import re
from collections.abc import Iterator

from fleetscan.analyse.places import OPEN_TO_ALL
from fleetscan.model.finding import Provenance
from fleetscan.model.ids import scope_user
from fleetscan.model.program import Presence, Verification
from fleetscan.model.subject import Piece, PieceRole, Subject, SubjectKind
from fleetscan.systemd.names import split_instance

_WORST_FIRST = (Provenance.MODIFIED, Provenance.UNOWNED, Provenance.UNKNOWN)
_OF_VERIFICATION = {
    Verification.VERIFIED: Provenance.VERIFIED,
    Verification.CHANGED: Provenance.MODIFIED,
    Verification.CONFIGURATION: Provenance.MODIFIED,
    Verification.UNOWNED: Provenance.UNOWNED,
    # Its owner is known and its bytes are anybody's.
    Verification.OWNED: Provenance.UNKNOWN,
    Verification.UNKNOWN: Provenance.UNKNOWN,
}
_VENDOR_ROOTS = ("/usr/lib/", "/lib/", "/usr/share/")
_PACKAGED_ROOTS = (*_VENDOR_ROOTS, "/etc/", "/usr/", "/opt/", "/bin/", "/sbin/")
_PASSING_ROOTS = ("/run/", *OPEN_TO_ALL)
_OF_UNITS = (PieceRole.FRAGMENT, PieceRole.DROP_IN)

_MAX_HEAD_BYTES = 8192
_BY = r"(?:managed|controlled|maintained|generated|created|written|deployed|provisioned|installed|configured)"
_TOOLS = {
    "Ansible": r"ansible",
    "Puppet": r"puppet",
    "Chef": r"chef(?:[ -]client)?",
    "Salt": r"salt(?:[ -]?stack)?",
    "CFEngine": r"cf-?engine",
    "cloud-init": r"cloud-init",
    "Terraform": r"terraform",
    "Rudder": r"rudder",
    "Juju": r"juju",
}
_CLAIMS = {
    name: re.compile(rf"\b(?:{_BY} (?:by|with|via|through|using) (?:the )?{tool}|{tool}[ _-]{_BY})\b", re.IGNORECASE)
    for name, tool in _TOOLS.items()
}


def provenance_of(subject: Subject) -> Provenance:
    """Tell who put a subject there; one file that no package vouches for decides for all.

    Links that enable a unit belong to nobody and are left out, and so is what a unit names and is not there. What of a
    subject stands in no file that was seen (only in a manager's memory) is never taken for a package's.
    """
    found = {_provenance_of_piece(piece, subject) for piece in _telling_pieces(subject)}
    worst = next((provenance for provenance in _WORST_FIRST if provenance in found), None)
    if worst is not None:
        return worst
    return Provenance.VERIFIED if found and is_all_in_pieces(subject) else Provenance.UNKNOWN


def is_all_in_pieces(subject: Subject) -> bool:
    """Tell whether every file and every directive of a subject stands in a file that is one of its pieces.

    Otherwise the pieces say nothing about it: a unit that is only in memory may well run a package's own shell.
    """
    known = {path for piece in subject.pieces if piece.role in _OF_UNITS for path in (piece.path, piece.real_path)}
    if subject.key.kind in (SubjectKind.JOB, SubjectKind.UNIT) and not known:
        return False
    runs = any(piece.role is PieceRole.EXECUTABLE for piece in subject.pieces)
    return (
        not subject.unreadable
        and (runs or not subject.commands)
        and all(source.path in known for source in subject.sources)
        and all(directive.origin.path in known for _unit, directive in subject.directives)
        and all(command.origin.path in known for command in subject.commands)
    )


def managed_by(text: bytes) -> str | None:
    """Give the configuration management that a file says it comes from, None when it says nothing.

    Anybody can write such a line: it is a label for a reader and never a reason to judge a thing milder.

    Args:
        text: Of a unit file or script; only comments at its beginning are read.

    Returns:
        Its name, `Ansible`; of several the one that is named first.
    """
    head = text[:_MAX_HEAD_BYTES].decode("utf-8", "replace")
    for line in head.splitlines():
        if line.lstrip()[:1] in ("#", ";"):
            claims = ((match.start(), name) for name, claim in _CLAIMS.items() if (match := claim.search(line)))
            first = min(claims, default=None)
            if first is not None:
                return first[1]
    return None


def _telling_pieces(subject: Subject) -> Iterator[Piece]:
    for piece in subject.pieces:
        if piece.role is not PieceRole.LINK and not (piece.is_payload and piece.presence is Presence.ABSENT):
            yield piece


def _provenance_of_piece(piece: Piece, subject: Subject) -> Provenance:
    if piece.presence is not Presence.FOUND:
        return Provenance.UNKNOWN
    if piece.verification is Verification.UNKNOWN and (_is_never_packaged(piece) or _is_own(piece, subject)):
        return Provenance.UNOWNED
    found = _OF_VERIFICATION[piece.verification]
    # Where the file is a package's, and nobody knows who gave it another name.
    is_renamed = found is Provenance.VERIFIED and piece.role in _OF_UNITS and is_renaming_link(piece)
    return Provenance.UNKNOWN if is_renamed else found


def is_renaming_link(piece: Piece) -> bool:
    """Tell whether a unit's file is a link, in a place of the administrator's, to a file of another name."""
    if not piece.real_path or piece.path.startswith(_VENDOR_ROOTS):
        return False
    name, target = posixpath.basename(piece.path), posixpath.basename(piece.real_path)
    return target not in (name, split_instance(name)[0])


def _is_never_packaged(piece: Piece) -> bool:
    """Tell whether a file lies where no package puts any, so that the database need not be asked."""
    return (piece.real_path or piece.path).startswith(_PASSING_ROOTS)


def _is_own(piece: Piece, subject: Subject) -> bool:
    """Tell whether a unit's file is a user's own: it lies in a home, and the database is not asked about those."""
    is_users = scope_user(subject.key.scope) is not None and piece.role in _OF_UNITS
    return is_users and not piece.path.startswith(_PACKAGED_ROOTS)
