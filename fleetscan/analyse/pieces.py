"""The files behind a subject, with owner, rights and package, joined from all evidence of a visit."""

import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fleetscan.analyse.doors import open_components, owner_in
from fleetscan.model.ids import Scope
from fleetscan.model.program import Presence, Program, ProgramRole, Verification
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.model.subject import Piece, PieceRole
from fleetscan.model.unit import EffectiveUnit, SourceKind, UnitSource

_MAX_HOPS = 16
_ON_DISK = frozenset({ArtifactKind.FILE, ArtifactKind.LINK, ArtifactKind.DIRECTORY, ArtifactKind.SPECIAL})
_ROLES = {
    ProgramRole.EXECUTABLE: PieceRole.EXECUTABLE,
    ProgramRole.SCRIPT: PieceRole.SCRIPT,
    ProgramRole.ENVIRONMENT: PieceRole.ENVIRONMENT,
}
_OWN_VALUES = frozenset({"variables", "exposed", "links", "state", "type", "package", "verified"})


@dataclass(frozen=True, slots=True)
class Pieces:
    """Finds the files of one host's subjects.

    Attributes:
        by_path: What lies in the unit directories, and on the way to them.
        variables: Artifacts of environment files by scope and path.
        told: Folders whose doors are subjects of their own, so that not every unit in them tells of the same door.
    """

    by_path: dict[str, Artifact]
    variables: dict[tuple[Scope, str], Artifact]
    told: frozenset[str] = frozenset()

    @staticmethod
    def of(artifacts: Sequence[Artifact], told: frozenset[str] = frozenset()) -> "Pieces":
        """Index all evidence of one visit."""
        return Pieces(
            {a.name: a for a in artifacts if a.kind in _ON_DISK},
            {(a.scope, a.name): a for a in artifacts if a.kind is ArtifactKind.ENVIRONMENT},
            told,
        )

    def of_units(
        self, units: Iterable[EffectiveUnit], links: Iterable[str], programs: Iterable[Program]
    ) -> tuple[Piece, ...]:
        """Give the files of units, their enabling links, and what they run and read; none twice."""
        found: dict[Piece, None] = {}
        scope = None
        for unit in units:
            scope = unit.scope
            found.update(dict.fromkeys(self._of_source(source, unit.scope) for source in unit.sources))
        if scope is not None:
            known = {piece.path for piece in found}
            found.update(dict.fromkeys(self._of_link(link, scope) for link in links if link not in known))
            found.update(dict.fromkeys(self._of_program(program, scope) for program in programs))
        return tuple(found)

    def of_artifact(self, artifact: Artifact) -> Piece:
        """Give the piece of a generator, udev rule, D-Bus service, extension or policy file."""
        user = owner_in(artifact.scope)
        exposed = tuple(open_components(artifact.name, {**self.by_path, artifact.name: artifact}, user, self.told))
        return _build_piece(PieceRole.STARTER, artifact, artifact.name, artifact.target, exposed)

    def _of_source(self, source: UnitSource, scope: Scope) -> Piece:
        role = PieceRole.FRAGMENT if source.kind is SourceKind.FRAGMENT else PieceRole.DROP_IN
        user = owner_in(scope)
        end = self._follow(source.path)
        ways = (open_components(path, self.by_path, user, self.told) for path in (source.path, end))
        exposed = tuple(dict.fromkeys(door for way in ways for door in way))
        artifact = self.by_path.get(end) or self.by_path.get(source.path)
        if artifact is None:
            presence = Presence.ABSENT if source.link_target else Presence.UNREAD
            return Piece(role=role, path=source.path, presence=presence, sha256=source.sha256, exposed=exposed)
        return _build_piece(role, artifact, source.path, end if end != source.path else "", exposed)

    def _of_link(self, path: str, scope: Scope) -> Piece:
        exposed = tuple(open_components(path, self.by_path, owner_in(scope), self.told))
        artifact = self.by_path.get(path)
        if artifact is None:
            return Piece(role=PieceRole.LINK, path=path, presence=Presence.UNREAD, exposed=exposed)
        return _build_piece(PieceRole.LINK, artifact, path, self._follow(path), exposed)

    def _of_program(self, program: Program, scope: Scope) -> Piece:
        artifact = self.variables.get((scope, program.path)) if program.role is ProgramRole.ENVIRONMENT else None
        values = (
            tuple(f"{name}={value}" for name, value in artifact.properties if name not in _OWN_VALUES)
            if artifact
            else ()
        )
        return Piece(
            role=_ROLES[program.role],
            path=program.path,
            presence=program.presence,
            real_path=program.real_path if program.real_path != program.path else "",
            sha256=program.sha256,
            mode=program.mode,
            owner=program.owner,
            group=program.group,
            size_bytes=program.size_bytes,
            package=program.package,
            verification=program.verification,
            exposed=program.exposed,
            directive=program.directive,
            values=values,
        )

    def _follow(self, path: str) -> str:
        """Give where the links of a path end, as far as they were seen."""
        current = path
        for _ in range(_MAX_HOPS):
            artifact = self.by_path.get(current)
            if artifact is None or artifact.kind is not ArtifactKind.LINK:
                break
            target = posixpath.normpath(posixpath.join(posixpath.dirname(current), artifact.target))
            current = target if target in self.by_path or f"/usr{target}" not in self.by_path else f"/usr{target}"
        return current


def _build_piece(role: PieceRole, artifact: Artifact, path: str, real_path: str, exposed: tuple[str, ...]) -> Piece:
    verified = artifact.property("verified")
    return Piece(
        role=role,
        path=path,
        real_path=real_path,
        sha256=artifact.sha256,
        mode=artifact.mode,
        owner=artifact.owner,
        group=artifact.group,
        size_bytes=artifact.size_bytes,
        package=artifact.property("package"),
        verification=Verification(verified) if verified else Verification.UNKNOWN,
        exposed=exposed,
        attributes=artifact.property("attributes"),
        acl=artifact.property("acl") == "yes",
        selinux=artifact.property("selinux"),
    )


def identity_of(piece: Piece) -> str:
    """Say in one line what a file is, so that equal lines mean the same program.

    Of a file whose package's digest verifies the package stands for the bytes: an update is no other program.
    """
    if piece.presence is not Presence.FOUND:
        return piece.presence.value
    if piece.verification is Verification.VERIFIED:
        return f"of package {piece.package}, verified"
    where = f" at {piece.real_path}" if piece.real_path else ""
    return f"{piece.sha256 or 'not hashed'}{where}"


def payload_of(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Give what is run and read."""
    return tuple(piece for piece in pieces if piece.is_payload)


def doors_of(pieces: Iterable[Piece]) -> tuple[str, ...]:
    """Give everything that others may write, without repeats, in order."""
    return tuple(dict.fromkeys(door for piece in pieces for door in piece.exposed))


def marks_of(pieces: Iterable[Piece]) -> tuple[str, ...]:
    """Give what is unusual about files beside their bytes and rights: attributes and access control lists."""
    found: dict[str, None] = {}
    for piece in pieces:
        if piece.attributes:
            found[f"{piece.path} has the attributes {piece.attributes}"] = None
        if piece.acl:
            found[f"{piece.path} has an access control list"] = None
    return tuple(found)
