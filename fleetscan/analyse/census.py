"""How many hosts of a cohort have a thing, in which forms, and on how many it could have been seen at all.

Counted once per group of equal hosts, so that a fleet made from a few images costs what its images cost.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from fleetscan.analyse.case import Setting
from fleetscan.analyse.pieces import doors_of, payload_of
from fleetscan.analyse.targets import View, doors_known, views_known
from fleetscan.analyse.visibility import find_gap_in_files, find_gap_in_state, find_hiding_gap
from fleetscan.model.coverage import Coverage
from fleetscan.model.ids import HostName, Sha256
from fleetscan.model.program import Presence
from fleetscan.model.subject import Piece, Subject, SubjectKey

_NO_SETTING = Setting()

Form = tuple[Sha256, Sha256, Sha256]
"""Meaning, state and target; two subjects of one key and form differ at most in the bytes of unit files."""


@dataclass(frozen=True, slots=True)
class Member:
    """One host of a cohort that was read.

    A failure has neither facts nor artifacts, so no subjects can be built from it and it can never be a member.

    Attributes:
        subjects: As `build_subjects` gives them; pass the same tuple object for hosts with the same manifest.
        setting: What rules may ask of the host beside its subjects.
    """

    host: HostName
    subjects: tuple[Subject, ...]
    coverage: Coverage
    setting: Setting = _NO_SETTING


@dataclass(slots=True)
class Group:
    """Hosts with the same subjects, coverage and setting.

    Attributes:
        hidden: Keys that are seen elsewhere in the cohort, not here, and could be here unseen.
    """

    subjects: Mapping[SubjectKey, Subject]
    coverage: Coverage
    hidden: frozenset[SubjectKey] = frozenset()
    hosts: list[HostName] = field(default_factory=list)
    setting: Setting = _NO_SETTING


@dataclass(slots=True)
class Tally:
    """Counts for one subject key.

    Attributes:
        seen: Hosts that have it in any form, readable or not.
        hidden: Hosts that do not show it and whose coverage could hide it.
        meanings: Hosts by meaning, of those whose files were all read.
        states: Hosts by state, of those whose states were read.
        targets: Hosts by meaning and target, of those on which all that is run could be read.
        forms: Hosts by all three, of those with meaning and state.
        raws: Hosts by form and bytes.
        sure_meanings: As `meanings`, only of hosts on which no gap could hide a further file of it.
        sure_raws: As `raws`, likewise.
        doors: Hosts by what others than root may write of it.
        views: Hosts by the contradictions between views of it.
        samples: One subject by form and bytes; of several that differ in doors or views the most common one, and the
            same whatever the order of hosts.
    """

    seen: int = 0
    hidden: int = 0
    meanings: Counter[Sha256] = field(default_factory=Counter)
    states: Counter[Sha256] = field(default_factory=Counter)
    targets: Counter[tuple[Sha256, Sha256]] = field(default_factory=Counter)
    forms: Counter[Form] = field(default_factory=Counter)
    raws: Counter[tuple[Form, Sha256]] = field(default_factory=Counter)
    sure_meanings: Counter[Sha256] = field(default_factory=Counter)
    sure_raws: Counter[tuple[Form, Sha256]] = field(default_factory=Counter)
    doors: Counter[str] = field(default_factory=Counter)
    views: Counter[View] = field(default_factory=Counter)
    samples: dict[tuple[Form, Sha256], Subject] = field(default_factory=dict)

    def rank_forms(self) -> tuple[tuple[Form, int], ...]:
        """Give forms with their counts, most common first, then by digest."""
        return tuple(sorted(self.forms.items(), key=lambda pair: (-pair[1], pair[0])))

    def pick_samples(self) -> Mapping[Form, Subject]:
        """Give the subject that stands for each form: the one with the most common bytes."""
        best: dict[Form, tuple[int, Sha256]] = {}
        for (form, raw), count in self.raws.items():
            best[form] = min(best.get(form, (0, raw)), (-count, raw))
        return {form: self.samples[form, raw] for form, (_count, raw) in best.items()}


@dataclass(frozen=True, slots=True)
class Census:
    """All counts of one cohort.

    Attributes:
        hosts: How many members were counted.
        groups: Groups of equal members.
        group_of: The group of each host.
        tallies: By key, sorted.
    """

    hosts: int
    groups: tuple[Group, ...]
    group_of: Mapping[HostName, Group]
    tallies: Mapping[SubjectKey, Tally]

    @staticmethod
    def of(members: Iterable[Member]) -> "Census":
        """Count members given in any order; a host that is given twice is an error of the caller."""
        groups = _group_members(members)
        tallies: dict[SubjectKey, Tally] = {}
        choices: dict[SubjectKey, _Choice] = {}
        for group in groups:
            for key, subject in group.subjects.items():
                _count_subject(tallies.setdefault(key, Tally()), choices.setdefault(key, _Choice()), subject, group)
        for key, choice in choices.items():
            tallies[key].samples = choice.choose()
        _count_hidden(tallies, groups)
        group_of = {host: group for group in groups for host in group.hosts}
        return Census(len(group_of), groups, group_of, {key: tallies[key] for key in sorted(tallies)})


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one host adds to a tally; None for what was not read or is not there.

    Attributes:
        form: All three as they were counted; there also when some of what is run could not be read.
        sure: Whether no gap could hide a further file of the subject: a drop-in, or a fragment that comes first.
        doors: What others than root may write of it.
        views: Contradictions between views of it.
    """

    seen: bool = False
    hidden: bool = False
    meaning: Sha256 | None = None
    state: Sha256 | None = None
    raw: Sha256 | None = None
    target: Sha256 | None = None
    form: Form | None = None
    sure: bool = False
    doors: frozenset[str] = frozenset()
    views: frozenset[View] = frozenset()


def own_contribution(group: Group, key: SubjectKey) -> Contribution:
    """Give what each host of a group adds to the tally of a key."""
    subject = group.subjects.get(key)
    if subject is None:
        return Contribution(hidden=key in group.hidden)
    fingerprint = subject.fingerprint
    meaning = None if subject.unreadable else fingerprint.meaning
    state = fingerprint.state if state_is_known(group.coverage, subject) else None
    is_counted = meaning is not None and state is not None
    return Contribution(
        seen=True,
        meaning=meaning,
        state=state,
        raw=fingerprint.raw if is_counted else None,
        target=fingerprint.target if meaning is not None and target_is_known(subject) else None,
        form=form_of(subject) if is_counted else None,
        sure=not group.coverage.gaps or find_gap_in_files(group.coverage, subject) is None,
        doors=doors_known((subject,)),
        views=views_known((subject,)),
    )


def form_of(subject: Subject) -> Form:
    """Give meaning, state and target of a subject."""
    fingerprint = subject.fingerprint
    return (fingerprint.meaning, fingerprint.state, fingerprint.target)


def target_is_known(subject: Subject) -> bool:
    """Tell whether all that a subject runs and reads was read."""
    return all(piece.presence is not Presence.UNREAD for piece in payload_of(subject.pieces))


def state_is_known(coverage: Coverage, subject: Subject) -> bool:
    """Tell whether both views that a subject's state comes from were read."""
    return find_gap_in_state(coverage, subject.key.scope) is None


def is_hidden(coverage: Coverage, key: SubjectKey, tally: Tally) -> bool:
    """Tell whether a host that does not show a subject could have it unseen."""
    return bool(coverage.gaps) and find_hiding_gap(coverage, key, tuple(tally.samples.values())) is not None


def _group_members(members: Iterable[Member]) -> tuple[Group, ...]:
    groups: dict[tuple[str, Coverage, Setting], Group] = {}
    content_of: dict[int, tuple[tuple[Subject, ...], str]] = {}  # holds the tuple: an id is only unique while it lives
    seen: set[HostName] = set()
    for member in members:
        if member.host in seen:
            raise ValueError(f"host {member.host} is given twice")
        seen.add(member.host)
        known = content_of.get(id(member.subjects))
        if known is None:
            known = content_of[id(member.subjects)] = (member.subjects, _content_of(member.subjects))
        place = (known[1], member.coverage, member.setting)
        group = groups.get(place)
        if group is None:
            index = {subject.key: subject for subject in member.subjects}
            group = groups[place] = Group(index, member.coverage, setting=member.setting)
        group.hosts.append(member.host)
    for group in groups.values():
        group.hosts.sort()
    return tuple(sorted(groups.values(), key=lambda group: group.hosts[0]))


def _content_of(subjects: Sequence[Subject]) -> str:
    """Give a text that is equal for subjects that look equal to a reader and not only to a comparison."""
    return "\0".join(
        f"{s.key.kind}\1{s.key.scope}\1{s.key.name}\1{s.unit_names}\1{s.fingerprint.meaning}{s.fingerprint.state}"
        f"{s.fingerprint.raw}{s.fingerprint.target}\1{s.state.enabled}\1{s.state.active}\1{s.state.listed}"
        f"\1{doors_of(s.pieces)}\1{s.disagreements}\1{[_look_of(piece) for piece in s.pieces]}"
        for s in subjects
    )


def _look_of(piece: Piece) -> tuple[str, Sha256 | None, str, bool]:
    return (piece.verification.value, piece.sha256, piece.attributes, piece.acl)


def _count_subject(tally: Tally, choice: "_Choice", subject: Subject, group: Group) -> None:
    count = len(group.hosts)
    mine = own_contribution(group, subject.key)
    tally.seen += count
    if mine.meaning is not None:
        tally.meanings[mine.meaning] += count
        if mine.sure:
            tally.sure_meanings[mine.meaning] += count
    if mine.state is not None:
        tally.states[mine.state] += count
    if mine.meaning is not None and mine.target is not None:
        tally.targets[mine.meaning, mine.target] += count
    if mine.form is not None and mine.raw is not None:
        tally.forms[mine.form] += count
        tally.raws[mine.form, mine.raw] += count
        if mine.sure:
            tally.sure_raws[mine.form, mine.raw] += count
    for door in mine.doors:
        tally.doors[door] += count
    for view in mine.views:
        tally.views[view] += count
    choice.add(subject, (tuple(sorted(mine.doors)), tuple(sorted(mine.views))), count)


_Around = tuple[tuple[str, ...], tuple[View, ...]]
"""Doors and views of a subject: in these, subjects of one form and equal bytes may still differ."""


@dataclass(slots=True)
class _Choice:
    """The candidates for the samples of one key, and how many hosts have each."""

    counts: dict[tuple[Form, Sha256], Counter[_Around]] = field(default_factory=dict)
    subjects: dict[tuple[Form, Sha256, _Around], Subject] = field(default_factory=dict)

    def add(self, subject: Subject, around: _Around, count: int) -> None:
        form, raw = form_of(subject), subject.fingerprint.raw
        self.counts.setdefault((form, raw), Counter())[around] += count
        current = self.subjects.get((form, raw, around))
        if current is None or _order(subject) < _order(current):
            self.subjects[form, raw, around] = subject

    def choose(self) -> dict[tuple[Form, Sha256], Subject]:
        """Give the most common one; of equally common ones that which opens the fewest doors."""
        return {
            (form, raw): self.subjects[form, raw, min(arounds, key=lambda a: (-arounds[a], len(a[0]), len(a[1]), a))]
            for (form, raw), arounds in self.counts.items()
        }


def _order(subject: Subject) -> tuple[tuple[str, ...], str]:
    return (subject.unit_names, subject.summary)


def _count_hidden(tallies: Mapping[SubjectKey, Tally], groups: Sequence[Group]) -> None:
    hidden_by: dict[Coverage, frozenset[SubjectKey]] = {Coverage(): frozenset()}
    for group in groups:
        if group.coverage not in hidden_by:
            hidden_by[group.coverage] = frozenset(k for k, t in tallies.items() if is_hidden(group.coverage, k, t))
        group.hidden = hidden_by[group.coverage] - group.subjects.keys()
        for key in group.hidden:
            tallies[key].hidden += len(group.hosts)
