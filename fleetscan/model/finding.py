"""What rules say of the things on a host, and what people said of that."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from fleetscan.model.baseline import Cohort, Prevalence
from fleetscan.model.drift import DriftItem, Explanation, Severity
from fleetscan.model.ids import HostName, Sha256, SweepId
from fleetscan.model.subject import Subject, SubjectKey

FindingId = NewType("FindingId", str)
"""16 lower-case hexadecimal digits over host and subject: the same finding has it in every sweep."""

RuleId = NewType("RuleId", str)
"""`FS-004`, or the id of a user's own rule."""


class Technique(StrEnum):
    """The way in which something was made to run, or kept from running. Names are fleetscan's own."""

    PLAIN_PAIR = "plain-pair"
    TRANSIENT = "transient"
    USER_UNIT = "user-unit"
    UNUSUAL_DIRECTORY = "unusual-directory"
    LOOK_ALIKE = "look-alike"
    DROP_IN = "drop-in"
    SHADOW = "shadow"
    RETARGET = "retarget"
    LINK_OUT = "link-out"
    DORMANT = "dormant"
    DELETED = "deleted-after-start"
    GENERATOR = "generator"
    INDIRECT = "indirect"
    PAYLOAD = "payload"
    WRITABLE = "writable"
    IMPAIRMENT = "impairment"
    EVASION = "evasion"
    ATTRIBUTES = "attributes"
    LEFTOVER = "leftover"
    SHORT_LIVED = "short-lived"
    MANAGER = "manager"
    HIDING = "hiding"
    PRIVILEGE = "privilege"
    IDENTITY = "identity"
    CHANGE = "change"
    """A difference that is none of these: a schedule or a setting."""


class Provenance(StrEnum):
    """Who put a thing there, as far as the host's package database tells."""

    VERIFIED = "package, verified"
    """Every file belongs to a package, and its digest is the package's."""
    MODIFIED = "package, modified"
    """A file belongs to a package and was changed since."""
    UNOWNED = "no package"
    """A file belongs to no package: an administrator, configuration management, or an intruder."""
    UNKNOWN = "unknown"
    """The package database was not read, or there is no file."""


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """One line that shows why, with where it stands when it stands somewhere."""

    text: str
    path: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One rule that matched.

    Attributes:
        severity: The rule's own, before anything moves it.
        technique: What the rule says this is; None leaves it to the other rules.
        attack: Identifiers of ATT&CK, `T1053.006`.
    """

    rule: RuleId
    title: str
    severity: Severity
    technique: Technique | None
    attack: tuple[str, ...] = ()
    evidence: tuple[EvidenceLine, ...] = ()


@dataclass(frozen=True, slots=True)
class SeverityStep:
    """One reason why a severity is not the rule's own.

    Attributes:
        to: The severity after this step.
        reason: In plain words, `on 1 of 412 hosts`.
    """

    to: Severity
    reason: str


class FindingState(StrEnum):
    """Where a finding is in its life."""

    NEW = "new"
    """Seen for the first time, or with other content than before."""
    KNOWN = "known"
    FIXED = "fixed"
    """Looked for and not there any more."""
    RETURNED = "returned"
    """There again after it was fixed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingLife:
    """The past of a finding.

    Attributes:
        first_seen_at: Start of the first visit that had it.
        last_seen_at: Start of the last visit that had it.
        fixed_at: Start of the first visit that had it no more, None while it is open.
        acknowledged_by: Who said that it is being dealt with; empty for nobody. Other content takes it back.
    """

    state: FindingState = FindingState.NEW
    first_seen_at: datetime | None = None
    last_seen_at: datetime | None = None
    first_sweep: SweepId | None = None
    last_sweep: SweepId | None = None
    fixed_at: datetime | None = None
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing on one host that rules have something to say of.

    Attributes:
        severity: After all steps; `info` when it is suppressed.
        content: Digest over what it is: meaning, files, owners and modes. An exception holds for this content only.
        drift: What differs from the reference; empty when the state alone is judged.
        hits: Worst first, at least one.
        steps: How the severity of the worst hit became this one, in order.
        techniques: Of the hits, the leading one first.
        explanations: Innocent proofs; they lower a finding and never hide it.
        suppressed_by: Number of the exception that holds for it, None for none.
        sentence: In plain words, begins with the host's name.
    """

    id: FindingId
    host: HostName
    cohort: Cohort
    subject: Subject
    severity: Severity
    content: Sha256
    hits: tuple[Hit, ...]
    prevalence: Prevalence
    drift: tuple[DriftItem, ...] = ()
    steps: tuple[SeverityStep, ...] = ()
    techniques: tuple[Technique, ...] = ()
    provenance: Provenance = Provenance.UNKNOWN
    explanations: tuple[Explanation, ...] = ()
    suppressed_by: int | None = None
    sentence: str = ""
    life: FindingLife = field(default_factory=FindingLife)

    @property
    def key(self) -> SubjectKey:
        """Identity of the subject."""
        return self.subject.key

    @property
    def leading(self) -> Hit:
        """The rule that speaks for it."""
        return self.hits[0]
