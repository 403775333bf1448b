"""What the jobs of a host reach outside the unit directories: which files to look at, and what was found of them."""

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fleetscan.model.ids import Scope, scope_user
from fleetscan.model.program import Presence, Program, ProgramRole, Verification
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.model.unit import EffectiveUnit, ExecCommand, Job, SourceKind
from fleetscan.systemd.commands import parse_commands
from fleetscan.systemd.programs import MAX_PER_UNIT, ProgramRef, find_programs
from fleetscan.systemd.search_path import locate_user_roots
from fleetscan.systemd.tree import UnitTree

ABSENT = ("state", "absent")
"""Property of the artifact of a file that a job names and that is not there."""

_EXPOSED = re.compile(r".* (?P<owner>[^ :]*):(?P<group>[^ ]*) (?P<mode>[0-7]{4})", re.DOTALL)
"""A component of a path, its owner, group and mode, as `probe.programs` writes it."""

KINDS = {
    ProgramRole.EXECUTABLE: ArtifactKind.PROGRAM,
    ProgramRole.SCRIPT: ArtifactKind.PROGRAM,
    ProgramRole.ENVIRONMENT: ArtifactKind.ENVIRONMENT,
}
"""As what a file that a job names is kept."""


def find_homes(artifacts: Sequence[Artifact]) -> Mapping[Scope, str]:
    """Give the home of every user scope that has files below one."""
    names: dict[Scope, set[str]] = {}
    for artifact in artifacts:
        if scope_user(artifact.scope) is not None and artifact.kind in (ArtifactKind.FILE, ArtifactKind.LINK):
            names.setdefault(artifact.scope, set()).add(artifact.name)
    homes = {}
    for scope, paths in names.items():
        found, _runtimes = locate_user_roots(paths)
        if found:
            homes[scope] = min(found)
    return homes


def find_references(
    jobs: Sequence[Job], loose: Sequence[EffectiveUnit], homes: Mapping[Scope, str]
) -> tuple[tuple[ProgramRef, ...], tuple[EffectiveUnit, ...]]:
    """Give all files that the jobs and loose units of a host run and read.

    Returns:
        The files, each once, in a stable order; and the units of which there may be more than `MAX_PER_UNIT`.
    """
    found: dict[ProgramRef, None] = {}
    cut: list[EffectiveUnit] = []
    runners = [(job.activates, job.commands) for job in jobs if job.activates is not None]
    runners += [(unit, parse_commands(unit)) for unit in loose]
    for unit, commands in runners:
        references = find_programs(unit, commands, homes.get(unit.scope))
        found.update(dict.fromkeys(references))
        if len(references) == MAX_PER_UNIT:
            cut.append(unit)
    return tuple(found), tuple(cut)


def find_unread_sources(units: Sequence[EffectiveUnit], tree: UnitTree) -> tuple[tuple[Scope, str], ...]:
    """Give files that units are made of but that lie where nothing was looked at: those named by `.include`."""
    found: dict[tuple[Scope, str], None] = {}
    for unit in units:
        for source in unit.sources:
            if source.kind is SourceKind.FRAGMENT and source.sha256 is None and source.path not in tree.by_path:
                found[unit.scope, source.path] = None
    return tuple(found)


@dataclass(frozen=True, slots=True)
class ProgramIndex:
    """The files that jobs name, by kind, scope and path."""

    artifacts: Mapping[tuple[str, str, str], Artifact]
    homes: Mapping[Scope, str]

    @staticmethod
    def of(artifacts: Sequence[Artifact]) -> "ProgramIndex":
        """Index them among all artifacts of a host."""
        kinds = frozenset(KINDS.values())
        return ProgramIndex({a.key: a for a in artifacts if a.kind in kinds}, find_homes(artifacts))

    def programs(self, unit: EffectiveUnit, commands: Sequence[ExecCommand], run_as: str) -> tuple[Program, ...]:
        """Give the files of a unit's commands as they were found.

        Args:
            unit: What a timer activates.
            commands: Its commands.
            run_as: The account they run as; what it may write is no door that is open to others.
        """
        refs = find_programs(unit, commands, self.homes.get(unit.scope))
        return tuple(self._find(ref, run_as) for ref in refs)

    def _find(self, ref: ProgramRef, run_as: str) -> Program:
        kind = KINDS[ref.role].value
        for path in ref.candidates:
            artifact = self.artifacts.get((kind, ref.scope, posixpath.normpath(path)))
            if artifact is not None and ABSENT not in artifact.properties:
                return _build_program(ref, path, artifact, run_as)
        absent = (kind, ref.scope, ref.name) in self.artifacts
        return Program(
            role=ref.role,
            path=ref.name,
            directive=ref.directive,
            presence=Presence.ABSENT if absent else Presence.UNREAD,
        )


def _build_program(ref: ProgramRef, path: str, artifact: Artifact, run_as: str) -> Program:
    verified = artifact.property("verified")
    return Program(
        role=ref.role,
        path=path,
        directive=ref.directive,
        presence=Presence.FOUND,
        real_path=artifact.target or artifact.name,
        links=_lines(artifact.property("links")),
        mode=artifact.mode,
        owner=artifact.owner,
        group=artifact.group,
        size_bytes=artifact.size_bytes,
        sha256=artifact.sha256,
        package=artifact.property("package"),
        verification=Verification(verified) if verified else Verification.UNKNOWN,
        exposed=tuple(line for line in _lines(artifact.property("exposed")) if not _is_own(line, run_as)),
    )


def _is_own(line: str, run_as: str) -> bool:
    """Tell whether a component is open to nobody but the account that runs the job: its own, not writable by others."""
    match = _EXPOSED.fullmatch(line)
    if match is None:  # not a component, but the number of those that were left out
        return False
    mode = int(match["mode"], 8)
    group_open = mode & 0o020 and match["group"] != match["owner"]
    return match["owner"] == run_as and not group_open and not mode & 0o002


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line for line in text.split("\n") if line)
