"""What controls are answered from, and how faults and gaps become a result."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from fleetscan.analyse.sentence import cut_text
from fleetscan.analyse.visibility import describe_gap
from fleetscan.model.baseline import Baseline
from fleetscan.model.control import Control, ControlResult, ControlStatus
from fleetscan.model.coverage import Area, Coverage, Gap
from fleetscan.model.drift import HostDrift
from fleetscan.model.finding import EvidenceLine
from fleetscan.model.ids import scope_user
from fleetscan.model.snapshot import Artifact, ArtifactKind, HostFacts, RuntimeState
from fleetscan.model.subject import Subject, SubjectKey, SubjectKind

MAX_EVIDENCE = 20
"""Most lines of evidence of one control on one host."""

ON_DISK = frozenset({ArtifactKind.FILE, ArtifactKind.LINK, ArtifactKind.SPECIAL})
"""What lies in unit directories, besides the directories."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateEvidence:
    """What one state of a host shows; hosts that are alike share it.

    Attributes:
        artifacts: All of the visit.
        subjects: Built from them.
        today: The scanner's day of the visit; accounts expire on a day.
    """

    facts: HostFacts
    artifacts: tuple[Artifact, ...]
    coverage: Coverage
    subjects: tuple[Subject, ...]
    today: date

    def of_kind(self, *kinds: ArtifactKind) -> Iterator[Artifact]:
        """Give the artifacts of some kinds, in order."""
        return (artifact for artifact in self.artifacts if artifact.kind in kinds)

    def things(self, *kinds: SubjectKind) -> Iterator[Subject]:
        """Give the subjects of some kinds, in order."""
        return (subject for subject in self.subjects if subject.key.kind in kinds)

    def gaps(self, *areas: Area) -> tuple[Gap, ...]:
        """Give what was not read of some areas."""
        return tuple(gap for gap in self.coverage.gaps if gap.area in areas)


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitEvidence:
    """What one visit shows beside the state, and what the host was compared with.

    Attributes:
        runtime: None when it was not kept: only that of a host's latest visit is.
        drift: None when the host was compared with nothing because the inventory no longer has it.
        baseline: The approved one of the host's cohort, None when there is none.
        traces: Transient units of which only the logs tell.
    """

    state: StateEvidence
    runtime: RuntimeState | None
    drift: HostDrift | None
    baseline: Baseline | None
    traces: tuple[Subject, ...] = ()

    @property
    def is_compared(self) -> bool:
        """Whether there was anything to compare with, a baseline or peers."""
        return self.drift is not None and bool(self.drift.reference)

    @property
    def is_measured(self) -> bool:
        """Whether it was compared with an approved baseline."""
        return self.baseline is not None and self.drift is not None and self.drift.reference.startswith("baseline")

    def approved(self) -> frozenset[SubjectKey]:
        """Give the subjects that the approved baseline has in the form of this host, or that are explained."""
        if not self.is_measured or self.baseline is None or self.drift is None:
            return frozenset()
        drifted = {item.key for item in self.drift.items if not item.explanations and not item.raw_only}
        return frozenset(item.key for item in self.baseline.items) - drifted


def line_of(text: str, path: str = "", line: int = 0) -> EvidenceLine:
    """Give a line of bounded length."""
    return EvidenceLine(cut_text(text, 300), path, line)


def path_of(subject: Subject) -> str:
    """Give the first file of a subject, empty when it has none: what is only in memory."""
    return next(iter(subject.paths), "")


def tell_gap(gap: Gap) -> EvidenceLine:
    """Say what was not read, whose it is, and why."""
    user = scope_user(gap.scope) if gap.scope is not None else None
    return line_of(describe_gap(gap) + (f", of user {user}" if user else ""), gap.path or "")


def tell_rights(artifact: Artifact) -> str:
    """Give path, owner and mode in one phrase, `/etc/systemd/system root:staff 2775`."""
    mode = "" if artifact.mode is None else f" {artifact.mode:04o}"
    return f"{artifact.name} {artifact.owner or '?'}:{artifact.group or '?'}{mode}"


def conclude(
    control: Control, faults: Iterable[EvidenceLine], unread: Iterable[EvidenceLine], fine: Sequence[EvidenceLine] | str
) -> ControlResult:
    """Make a result: a fault fails whatever else was not read; without one, all must have been read to pass.

    Args:
        control: Which.
        faults: What is wrong.
        unread: What it rests on and was not read.
        fine: What was looked at, told when it passes.
    """
    wrong, missing = tuple(dict.fromkeys(faults)), tuple(dict.fromkeys(unread))
    if wrong:
        status, lines = ControlStatus.FAIL, (*wrong, *missing)
    elif missing:
        status, lines = ControlStatus.NOT_READABLE, missing
    else:
        status, lines = ControlStatus.PASS, (line_of(fine),) if isinstance(fine, str) else tuple(fine)
    return ControlResult(
        control=control, status=status, evidence=lines[:MAX_EVIDENCE], more=max(0, len(lines) - MAX_EVIDENCE)
    )


def count_of(number: int, one: str, many: str = "") -> str:
    """Give number and noun, `1 folder` or `3 folders`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def lies_among_units(path: str) -> bool:
    """Tell whether a path is a unit directory or lies in one, and not merely on the way to it."""
    return "/systemd/" in path
