"""The detection that service files point at legitimate, expected executables."""

from collections.abc import Iterator

from fleetscan.analyse.controls.evidence import VisitEvidence, conclude, count_of, line_of, tell_gap
from fleetscan.analyse.launched import find_dubious_paths
from fleetscan.analyse.readiness import runs_by_itself
from fleetscan.model.control import Control, ControlResult
from fleetscan.model.coverage import Area
from fleetscan.model.finding import EvidenceLine
from fleetscan.model.program import Presence, Verification
from fleetscan.model.subject import Piece, PieceRole, Subject, SubjectKind

EXECUTABLES = Control(
    id="T1053.006-DET-6",
    title="Services of timers run legitimate, expected executables",
    checks="Executables and scripts of every timer's service: a package owns them and its digest is theirs, or the "
    "approved baseline has them; none is missing, and none lies where everyone may write.",
)

_RUN = (PieceRole.EXECUTABLE, PieceRole.SCRIPT)
_WRONG = {
    Verification.CHANGED: "is not what its package installed",
    Verification.CONFIGURATION: "is configuration of a package and was changed",
    Verification.UNOWNED: "belongs to no package",
}


def check_executables(evidence: VisitEvidence) -> ControlResult:
    """Ask of everything that timers run whether it should be what it is."""
    approved = evidence.approved()
    faults: list[EvidenceLine] = []
    unread = list(map(tell_gap, evidence.state.gaps(Area.PROGRAMS, Area.FILES, Area.CONTENT, Area.USERS)))
    looked_at: set[str] = set()
    for subject in evidence.state.things(SubjectKind.JOB):
        unread += [line_of(f"{subject.key.name}: {path} could not be read", path) for path in subject.unreadable]
        pieces = [piece for piece in subject.pieces if piece.role in _RUN]
        looked_at.update(piece.path for piece in pieces)
        if subject.key in approved:
            continue
        faults += (line_of(f"{subject.key.name} runs {path}", path) for path in find_dubious_paths(subject))
        faults += _find_faults(subject, pieces)
        unread += (
            line_of(f"{subject.key.name} runs {piece.path}: {_why_unknown(piece)}", piece.path)
            for piece in pieces
            if _is_unknown(piece)
        )
    return conclude(EXECUTABLES, faults, unread, f"{count_of(len(looked_at), 'file')} that timers run are as expected")


def _find_faults(subject: Subject, pieces: list[Piece]) -> Iterator[EvidenceLine]:
    for piece in pieces:
        where = f"{subject.key.name} runs {piece.path}"
        if piece.presence is Presence.ABSENT:
            # What is shipped and switched off may wait for a program that is not installed.
            if runs_by_itself(subject):
                yield line_of(f"{where}, which is not there", piece.path)
        elif (why := _WRONG.get(piece.verification)) is not None:
            mode = "" if piece.mode is None else f" {piece.mode:04o}"
            yield line_of(f"{where} ({piece.owner}:{piece.group}{mode}), which {why}", piece.real_path or piece.path)


def _is_unknown(piece: Piece) -> bool:
    if piece.presence is Presence.FOUND:
        return piece.verification is Verification.UNKNOWN
    return piece.presence is Presence.UNREAD


def _why_unknown(piece: Piece) -> str:
    if piece.presence is Presence.UNREAD:
        return "it may not be read"
    return "whether a package owns it is not known"
