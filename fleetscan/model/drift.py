"""Differences between a host and what it is expected to look like."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from fleetscan.model.baseline import Cohort, Prevalence
from fleetscan.model.ids import HostName, UnitName
from fleetscan.model.origin import Origin
from fleetscan.model.relation import Disagreement
from fleetscan.model.subject import Piece, Subject, SubjectKey

PEERS = "peers"
"""What `reference` says of a host that was compared with the other hosts of its cohort."""


class DriftKind(StrEnum):
    """What differs."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    """What would run, when or as whom."""
    STATE = "state"
    """Enabled, masked or loaded otherwise."""
    TARGET = "target"
    """An executable, script or environment file behind unchanged units."""
    WRITABLE = "writable"
    """Others than root may write what was closed to them."""
    VIEW = "view"
    """The views of the host (files, unit files known, memory) contradict each other, and elsewhere they do not."""
    STANDING = "standing"
    """Nothing differs, or nothing was there to compare with: a rule judges what stands there. Only reports have it."""


class Severity(IntEnum):
    """Five steps; comparable."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def label(self) -> str:
        """The word to show."""
        return self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectiveChange:
    """One directive that means something else now.

    Attributes:
        before: All values in force before, in order; empty when it was not set.
        after: All values in force now.
        origin: Where the new value stands (or stood, when it is gone).
    """

    unit: UnitName
    section: str
    key: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    origin: Origin | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextChange:
    """One file whose bytes differ, as a unified diff.

    Attributes:
        lines: Unified diff without its two header lines, bounded in number and length; bytes that are not UTF-8 are
            shown by backslash escapes.
        truncated: Whether lines were left out.
    """

    path: str
    lines: tuple[str, ...]
    truncated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetChange:
    """One file that a job runs or reads and that is another than expected.

    Attributes:
        before: What was expected: hash and package, or `absent`.
        after: What is there.
    """

    path: str
    before: str
    after: str
    piece: Piece | None = None


class ExplanationKind(StrEnum):
    """What kind of innocent proof it is."""

    PACKAGE = "package"
    """All that differs belongs to a package whose digests verify."""
    UNINSTALLED = "package removed"
    """What is gone belonged to a package that is not installed any more."""
    WAVE = "wave"
    """A roll-out that a person approved."""
    BASELINE = "baseline"
    """The approved baseline has it in this form."""
    TEMPLATE = "template"
    """An instance of a template of which other instances are normal."""
    GENERATED = "generated"
    """Written by a generator of a package, from what the host is."""
    EXCEPTION = "exception"
    """A person accepted it."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """An innocent proof, with its detail in plain words: `logrotate 3.21 → 3.22`."""

    kind: ExplanationKind
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftItem:
    """One difference, with all that a reader needs to judge it.

    Attributes:
        reference: What the host was compared with: `baseline 3` or `peers`.
        subject: The host's form; for `removed` the expected form.
        expected: The accepted form that is nearest, None for `added`.
        changes: Directives that differ in meaning.
        texts: Files that differ in bytes.
        state_before: `enabled, active`; only for `state`.
        prevalence: Of the host's form among comparable hosts (for `removed`: of the hosts that have it). The host
            itself is not counted when it is compared with peers.
        first_seen_at: First visit of this host that had this form; None for `removed`.
        last_absent_at: Last visit before that did not have it; None when the first visit already had it.
        raw_only: Bytes changed and meaning did not.
        sentence: What is different, in one plain sentence.
        severity: As rules judge it; `info` until they have.
        targets: Files that are others than expected; only for `target`.
        doors: What is open to others than root and was not: `/opt/app deploy:deploy 0775`.
        disagreements: Contradictions that the accepted forms do not have.
        explanations: Innocent proofs of this difference.
    """

    host: HostName
    cohort: Cohort
    kind: DriftKind
    subject: Subject
    expected: Subject | None
    prevalence: Prevalence
    reference: str
    changes: tuple[DirectiveChange, ...] = ()
    texts: tuple[TextChange, ...] = ()
    state_before: str = ""
    state_after: str = ""
    raw_only: bool = False
    sentence: str = ""
    first_seen_at: datetime | None = None
    last_absent_at: datetime | None = None
    severity: Severity = Severity.INFO
    targets: tuple[TargetChange, ...] = ()
    doors: tuple[str, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    explanations: tuple[Explanation, ...] = ()

    @property
    def key(self) -> SubjectKey:
        """Identity of the subject."""
        return self.subject.key


@dataclass(frozen=True, slots=True, kw_only=True)
class HostDrift:
    """The comparison of one host.

    Attributes:
        reference: `baseline N`, `peers`, or empty when there was nothing to compare with.
        items: Worst first, then by key.
        not_compared: What could not be compared because it was not read, one line each.
        remark: Why the host is compared in a wider cohort than its own; empty when it is not.
    """

    host: HostName
    cohort: Cohort
    reference: str
    items: tuple[DriftItem, ...]
    not_compared: tuple[str, ...] = ()
    remark: str = ""
