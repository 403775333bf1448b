"""Subjects with the files that they are made of, as a host with a package database would give them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fleetscan.analyse.fingerprint import seal_subject
from fleetscan.model.ids import Sha256
from fleetscan.model.program import Verification
from fleetscan.model.subject import Piece, PieceRole, Subject
from fleetscan.model.unit import SourceKind

USR = "/usr/lib/systemd/system"
VERIFIED = Verification.VERIFIED
_ROLES = {SourceKind.FRAGMENT: PieceRole.FRAGMENT, SourceKind.DROP_IN: PieceRole.DROP_IN}


def file_piece(
    role: PieceRole,
    path: str,
    *,
    package: str = "backup",
    verification: Verification = VERIFIED,
    real_path: str = "",
    sha256: Sha256 | None = None,
) -> Piece:
    """Build one file; without a package when its verification says so."""
    is_owned = verification not in (Verification.UNOWNED, Verification.UNKNOWN)
    return Piece(
        role=role,
        path=path,
        real_path=real_path,
        sha256=sha256 or Sha256("a" * 64),
        mode=0o644,
        owner="root",
        group="root",
        package=package if is_owned else "",
        verification=verification,
    )


def packaged(
    subject: Subject,
    *,
    package: str = "backup",
    marks: Mapping[str, Verification] | None = None,
    extra: Sequence[Piece] = (),
    payload: str = "",
) -> Subject:
    """Give a subject its pieces: sources, links and executables, each of a package and verified.

    Args:
        subject: As `model_data.job` builds it.
        package: Owner of all files.
        marks: Verification of single paths that are not verified.
        extra: Further pieces; one with the path and role of another takes its place.
        payload: Hash of the executables, one digit that is repeated.
    """
    marks = marks or {}
    by_name = {source.path.rpartition("/")[2]: source.path for source in subject.sources}
    pieces = [
        file_piece(
            _ROLES[source.kind],
            source.path,
            package=package,
            verification=marks.get(source.path, VERIFIED),
            sha256=source.sha256,
        )
        for source in subject.sources
    ]
    for link in subject.links:
        name = link.rpartition("/")[2]
        pieces.append(Piece(role=PieceRole.LINK, path=link, real_path=by_name.get(name, f"{USR}/{name}")))
    pieces += [
        file_piece(
            PieceRole.EXECUTABLE,
            command.path,
            package=package,
            verification=marks.get(command.path, VERIFIED),
            sha256=Sha256((payload or "b") * 64),
        )
        for command in subject.commands
    ]
    places = {(piece.role, piece.path): piece for piece in (*pieces, *extra)}
    return seal_subject(replace(subject, pieces=tuple(places.values())))
