"""M1022, rights: who may write unit directories, unit files, and what timers run.

Source: ATT&CK M1022, Restrict File and Directory Permissions.
"""

from collections.abc import Iterator

from fleetscan.analyse.controls.evidence import (
    ON_DISK,
    StateEvidence,
    conclude,
    count_of,
    lies_among_units,
    line_of,
    tell_gap,
    tell_rights,
)
from fleetscan.analyse.doors import describe_door, is_sticky, owner_in
from fleetscan.model.control import Control, ControlResult
from fleetscan.model.coverage import Area, Gap, ReadStatus
from fleetscan.model.finding import EvidenceLine
from fleetscan.model.program import Presence
from fleetscan.model.snapshot import ArtifactKind
from fleetscan.model.subject import Piece, PieceRole, SubjectKind

DIRECTORIES = Control(
    id="M1022-1",
    title="Nobody but root may write unit directories",
    checks="Owner, group and mode of every unit directory and of the directories on the way; a user's own may be the "
    "user's.",
)
FILES = Control(
    id="M1022-2",
    title="Nobody but root may write unit files and drop-ins",
    checks="Owner, group and mode of everything in unit directories; a user's own may be the user's.",
)
PROGRAMS = Control(
    id="M1022-3",
    title="Nobody but root may write what timers and managers run",
    checks="Executables, scripts and environment files of timers, and generators, with all directories above them; "
    "what runs as a user may be the user's.",
)
LISTS = Control(
    id="M1022-4",
    title="No access control list opens unit files",
    checks="Access control lists beyond the mode, on unit directories and on what lies in them.",
)
ATTRIBUTES = Control(
    id="M1022-5",
    title="No unit file is immutable or append-only",
    checks="Attributes of lsattr on unit directories and on what lies in them: an intruder sets them so that a unit "
    "cannot be removed.",
)

_RUN = (PieceRole.EXECUTABLE, PieceRole.SCRIPT, PieceRole.ENVIRONMENT)
_WALKED = (*ON_DISK, ArtifactKind.DIRECTORY, ArtifactKind.GENERATOR)


def check_directories(evidence: StateEvidence) -> ControlResult:
    """Look at the rights of directories."""
    folders = tuple(evidence.of_kind(ArtifactKind.DIRECTORY))
    faults = [
        line_of(tell_rights(folder), folder.name)
        for folder in folders
        if describe_door(folder, owner_in(folder.scope))
        # On the way a sticky directory lets nobody replace what is another's; in a unit directory a new file is enough.
        and not (is_sticky(folder) and not lies_among_units(folder.name))
    ]
    unread = [*map(tell_gap, evidence.gaps(Area.FILES, Area.USERS)), *_none(len(folders), "directory")]
    return conclude(DIRECTORIES, faults, unread, f"{count_of(len(folders), 'directory', 'directories')} looked at")


def check_files(evidence: StateEvidence) -> ControlResult:
    """Look at the rights of what lies in unit directories."""
    found = tuple(evidence.of_kind(*ON_DISK))
    faults = [line_of(tell_rights(a), a.name) for a in found if describe_door(a, owner_in(a.scope))]
    unread = [*map(tell_gap, evidence.gaps(Area.FILES, Area.USERS)), *_none(len(found), "unit file")]
    return conclude(FILES, faults, unread, f"{count_of(len(found), 'file or link', 'files and links')} looked at")


def check_programs(evidence: StateEvidence) -> ControlResult:
    """Look at who may replace what is run, by its own rights or by those of a directory above it."""
    faults: list[EvidenceLine] = []
    unread = list(map(tell_gap, evidence.gaps(Area.PROGRAMS, Area.GENERATORS, Area.USERS)))
    looked_at: set[str] = set()
    for name, piece in _pieces_run(evidence):
        looked_at.add(piece.path)
        faults += (line_of(f"{door}, on the way to {piece.path} of {name}", piece.path) for door in piece.exposed)
        if piece.presence is Presence.UNREAD:
            unread.append(line_of(f"{piece.path} of {name} may not be read", piece.path))
    return conclude(PROGRAMS, faults, unread, f"{count_of(len(looked_at), 'file')} and the directories above looked at")


def _pieces_run(evidence: StateEvidence) -> Iterator[tuple[str, Piece]]:
    for subject in evidence.things(SubjectKind.JOB):
        yield from ((subject.key.name, piece) for piece in subject.pieces if piece.role in _RUN)
    for subject in evidence.things(SubjectKind.GENERATOR):
        yield from (("the managers", piece) for piece in subject.pieces)


def check_lists(evidence: StateEvidence) -> ControlResult:
    """Look for access control lists."""
    found = tuple(evidence.of_kind(*_WALKED))
    faults = [
        line_of(f"{tell_rights(artifact)} has an access control list", artifact.name)
        for artifact in found
        if artifact.property("acl")
    ]
    return conclude(LISTS, faults, _unread(evidence, besides=ReadStatus.MISSING_TOOL), _tell_looked_at(len(found)))


def check_attributes(evidence: StateEvidence) -> ControlResult:
    """Look for what lsattr shows."""
    found = tuple(evidence.of_kind(*_WALKED))
    faults = [
        line_of(f"{tell_rights(artifact)} has the attributes {artifact.property('attributes')}", artifact.name)
        for artifact in found
        if artifact.property("attributes")
    ]
    return conclude(ATTRIBUTES, faults, _unread(evidence, besides=ReadStatus.UNSUPPORTED), _tell_looked_at(len(found)))


def _unread(evidence: StateEvidence, *, besides: ReadStatus) -> Iterator[EvidenceLine]:
    """Give the gaps that concern one of two questions: lsattr can be missing, and ls can know of no lists."""
    yield from map(tell_gap, evidence.gaps(Area.FILES, Area.USERS))
    yield from (tell_gap(gap) for gap in evidence.gaps(Area.ATTRIBUTES) if not _is_about_other(gap, besides))


def _is_about_other(gap: Gap, status: ReadStatus) -> bool:
    return gap.status is status and gap.path is None


def _tell_looked_at(count: int) -> str:
    return f"{count_of(count, 'file or directory', 'files and directories')} looked at"


def _none(count: int, what: str) -> list[EvidenceLine]:
    """Say that nothing was seen where every host has something: that is no proof of anything."""
    return [] if count else [line_of(f"not one {what} was seen")]
