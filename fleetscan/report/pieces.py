"""The pieces of a report as the templates get them: numbers counted, words chosen, text from hosts made visible."""

from dataclasses import dataclass
from enum import StrEnum

from fleetscan.report.moment import MomentView
from fleetscan.report.picture import DotsView


class Tone(StrEnum):
    """How a piece feels; a word and a shape always go with it."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    CALM = "calm"


class BoxMark(StrEnum):
    """Why a box of a chain is marked; the word is printed on the box."""

    NONE = ""
    ADDED = "new here"
    CHANGED = "changed"
    STATE = "state"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxView:
    """One box of the chain timer → service → drop-in → executable.

    Attributes:
        role: What the box is: `timer`, `service`, `drop-in`, `executable`, `user`, `stamp`.
        title: Unit name or path.
        lines: Further facts, one a line.
    """

    role: str
    title: str
    lines: tuple[str, ...]
    mark: BoxMark


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """One directive that means something else now. `before` and `after` hold values; empty means not set."""

    unit: str
    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    where: str


class LineKind(StrEnum):
    """The class of a line of a diff."""

    ADDED = "added"
    REMOVED = "removed"
    SAME = "same"
    HUNK = "hunk"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class DiffLineView:
    """One line of a diff; line numbers are empty where the line does not exist on that side."""

    kind: LineKind
    old_number: str
    new_number: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffView:
    """One file's unified diff."""

    path: str
    lines: tuple[DiffLineView, ...]
    truncated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PrevalenceView:
    """How common the host's form is: `1 of 412`, the rest of that sentence, and a picture."""

    text: str
    sentence: str
    dots: DotsView


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionView:
    """Something to do: `Inspect`, `Contain` or `Accept`, why, and commands to copy, one a line."""

    title: str
    why: str
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleView:
    """One rule that matched; `severity` is the rule's own."""

    id: str
    title: str
    severity: str
    attack: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemView:
    """One drift.

    Attributes:
        anchor: Stable over sweeps.
        rank: 0 (info) to 4 (critical), for sorting.
        finding: Id of the finding, by which the command line knows it; empty for drift that no rule speaks of.
        technique: Of the finding.
        rules: Those that matched, the leading one first.
        reasons: Why the severity is what it is.
    """

    anchor: str
    host: str
    host_anchor: str
    owner: str
    cohort: str
    severity: str
    rank: int
    kind: str
    is_new: bool
    raw_only: bool
    scope: str
    name: str
    sentence: str
    chain: tuple[BoxView, ...]
    changes: tuple[ChangeView, ...]
    diffs: tuple[DiffView, ...]
    state_before: str
    state_after: str
    prevalence: PrevalenceView
    reference: str
    life: str
    first_seen: MomentView | None
    last_absent: MomentView | None
    next_run: MomentView | None
    actions: tuple[ActionView, ...]
    finding: str = ""
    technique: str = ""
    rules: tuple[RuleView, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GapView:
    """Something of a host that was not read."""

    what: str
    status: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HostView:
    """One host with all that is to say about it.

    Attributes:
        is_read: Whether the visit gave state; when not, nothing is known of the host today.
        os_text: Distribution and systemd version; empty when unknown.
        plain: Complete, compared and without drift: nothing to tell.
    """

    name: str
    anchor: str
    owner: str
    cohort: str
    outcome: str
    tone: Tone
    is_read: bool
    is_newly_unread: bool
    reason: str
    evidence: tuple[str, ...]
    hint: str
    os_text: str
    reference: str
    login: str
    last_read: MomentView | None
    gaps: tuple[GapView, ...]
    not_compared: tuple[str, ...]
    items: tuple[ItemView, ...]
    worst: str
    plain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeView:
    """How many hosts had one outcome. `start` and `width` are its place in the coverage bar, in thousandths."""

    label: str
    tone: Tone
    count: int
    start: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SeverityView:
    """How much drift of one severity there is."""

    label: str
    rank: int
    count: int
    new: int
    hosts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerView:
    """What one owner has to do. `counts` goes from critical to info."""

    name: str
    email: str
    hosts: int
    counts: tuple[int, ...]
    drift: int
    new: int
    worst: str
    rank: int
    unread: int
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineView:
    """Which baseline a cohort is compared with."""

    cohort: str
    version: int
    approved: MomentView
    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictView:
    """The line that is read first, and the few facts that qualify it."""

    tone: Tone
    headline: str
    facts: tuple[str, ...]
