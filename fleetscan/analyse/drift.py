"""The differences between one host and what is expected of it.

Nothing is claimed about what was not read: a subject that a gap could hide is never `removed`, one with an unread file
is never `changed`, and a state is compared only when both views that tell it were read. What could not be compared is
named in `not_compared`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fleetscan.analyse.directives import count_differences, diff_directives
from fleetscan.analyse.expectation import Expectation, Norm
from fleetscan.analyse.expected_jobs import ExpectedJobs
from fleetscan.analyse.filediff import Contents, diff_files, has_unexpected_bytes
from fleetscan.analyse.fingerprint import describe_state
from fleetscan.analyse.pieces import doors_of
from fleetscan.analyse.sentence import (
    cut_text,
    name_subject,
    say_added,
    say_changed,
    say_raw_only,
    say_removed,
    say_state,
    say_target,
    say_view,
    say_writable,
)
from fleetscan.analyse.targets import (
    diff_targets,
    find_new_disagreements,
    find_unverified,
    is_unasked,
    without_known,
)
from fleetscan.analyse.visibility import describe_gap, find_gap_behind_state, find_gap_in_files, find_hiding_gap
from fleetscan.model.baseline import Cohort
from fleetscan.model.coverage import Area, Coverage, Gap
from fleetscan.model.drift import DirectiveChange, DriftItem, DriftKind, HostDrift, TargetChange
from fleetscan.model.ids import HostName, Scope
from fleetscan.model.relation import Disagreement
from fleetscan.model.subject import Subject, SubjectKey, SubjectKind

TOO_FEW_OTHERS = "too few other hosts could have shown it"
UNREAD_EXPECTED = "the expected form, or its package, could not be read"


def diff_host(
    host: HostName,
    cohort: Cohort,
    subjects: Iterable[Subject],
    coverage: Coverage,
    reference: Expectation,
    contents: Contents,
) -> HostDrift:
    """Compare one host with a baseline or with its peers.

    Args:
        host: Inventory name.
        cohort: The cohort that the reference is for.
        subjects: As `build_subjects` gives them, in any order.
        coverage: Of the visit that gave the subjects.
        reference: What to hold the host against.
        contents: Bytes of unit files, for text differences.

    Returns:
        Items by key, of each kind one per subject at most; severity and times of first sight are left for others.
    """
    index = {subject.key: subject for subject in subjects}
    comparison = _Comparison(host, cohort, index, coverage, reference, contents)
    for key in sorted(index.keys() | set(reference.keys)):
        comparison.compare(key)
    items = sorted(comparison.items, key=lambda item: (item.key, item.kind.value))
    return HostDrift(
        host=host,
        cohort=cohort,
        reference=reference.label,
        items=tuple(items),
        not_compared=tuple(dict.fromkeys(comparison.notes)),
    )


_WITH_TEXTS = (DriftKind.ADDED, DriftKind.CHANGED, DriftKind.STATE)


@dataclass
class _Comparison:
    """The work on one host; collects items and notes."""

    host: HostName
    cohort: Cohort
    index: Mapping[SubjectKey, Subject]
    coverage: Coverage
    reference: Expectation
    contents: Contents
    items: list[DriftItem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.expected_jobs = ExpectedJobs(self.index, self.coverage, self.reference)

    def compare(self, key: SubjectKey) -> None:
        subject, norm = self.index.get(key), self.reference.norm(key)
        if subject is None:
            if norm is not None and norm.required:
                self._compare_missing(key, norm)
        elif norm is None:
            self._compare_unexpected(subject)
        elif norm.variants:
            self._compare_form(subject, norm)
        else:
            self._note(key, "no other host's form could be read")

    def _compare_missing(self, key: SubjectKey, norm: Norm) -> None:
        forms = tuple(variant.subject for variant in norm.variants)
        gap = find_hiding_gap(self.coverage, key, forms)
        if gap is not None:
            self._note(key, f"not seen, but it could be there: {describe_gap(gap)}")
        elif key not in self.expected_jobs.moved_units:
            expected = forms[0]
            sentence = say_removed(self.host, self.cohort, expected, self.reference.others)
            self._add(_Difference(DriftKind.REMOVED, expected, expected, sentence=sentence))

    def _compare_unexpected(self, subject: Subject) -> None:
        key = subject.key
        if not self.reference.is_comparable(key):
            self._note(key, TOO_FEW_OTHERS)
        elif key.kind is SubjectKind.STAMP and (gap := self._find_gap_behind_stamp(key.scope)):
            self._note(key, f"its timer was not seen, but it could be there: {describe_gap(gap)}")
        elif key.kind is SubjectKind.UNIT and (unread := self.expected_jobs.unread_starters.get((key.scope, key.name))):
            self._note(key, f"elsewhere {unread} starts it, and that was not read in full here")
        elif not (key.kind is SubjectKind.UNIT and (key.scope, key.name) in self.expected_jobs.units_of_missing_jobs):
            sentence = say_added(self.host, self.cohort, subject, self.reference.others)
            self._add(_Difference(DriftKind.ADDED, subject, None, sentence=sentence))

    def _compare_form(self, subject: Subject, norm: Norm) -> None:
        expected = _find_nearest(subject, norm)
        differs = self._meaning_differs(subject, expected, norm)
        changes = diff_directives(expected, subject) if differs else ()
        label = self.reference.label
        if self._state_differs(subject, expected, norm):
            sentence = say_state(self.host, label, expected, subject, changed=bool(changes))
            self._add(_Difference(DriftKind.STATE, subject, expected, changes=changes, sentence=sentence))
        elif differs and (changes or subject.masked == expected.masked):
            sentence = say_changed(self.host, label, subject, changes)
            self._add(_Difference(DriftKind.CHANGED, subject, expected, changes=changes, sentence=sentence))
        elif not differs and self._bytes_differ(subject, norm):
            sentence = say_raw_only(self.host, label, subject)
            self._add(_Difference(DriftKind.CHANGED, subject, expected, raw_only=True, sentence=sentence))
        self._compare_around(subject, expected, norm)

    def _compare_around(self, subject: Subject, expected: Subject, norm: Norm) -> None:
        """Compare what is behind the units, who may write it, and what the views say."""
        meaning = subject.fingerprint.meaning
        targets: tuple[TargetChange, ...] = ()
        if not subject.unreadable and not norm.accepts_target(meaning, subject.fingerprint.target):
            accepted = norm.forms_by_target(meaning)
            targets = diff_targets(accepted, subject)
            if unverified := find_unverified(accepted, subject):
                what = f"whether {cut_text(unverified[0])} is its package's could not be asked"
                self._note(subject.key, what)
        if targets:
            sentence = say_target(self.host, subject, targets)
            self._add(_Difference(DriftKind.TARGET, subject, expected, targets=targets, sentence=sentence))
        doors = without_known(doors_of(subject.pieces), norm.known_doors)
        if doors:
            sentence = say_writable(self.host, subject, doors)
            self._add(_Difference(DriftKind.WRITABLE, subject, expected, doors=doors, sentence=sentence))
        disagreements = find_new_disagreements(norm.known_views, subject)
        if disagreements:
            sentence = say_view(self.host, subject, disagreements)
            self._add(_Difference(DriftKind.VIEW, subject, expected, disagreements=disagreements, sentence=sentence))

    def _meaning_differs(self, subject: Subject, expected: Subject, norm: Norm) -> bool:
        if subject.unreadable:
            self._note(subject.key, f"{cut_text(subject.unreadable[0])} could not be read")
            return False
        if norm.accepts_meaning(subject.fingerprint.meaning):
            return False
        if expected.unreadable or is_unasked(expected, subject):
            self._note(subject.key, UNREAD_EXPECTED)
            return False
        gap = find_gap_in_files(self.coverage, subject, expected)
        if gap is not None and not has_unexpected_bytes(tuple(v.subject for v in norm.variants), subject):
            self._note(subject.key, f"seems different, but a file of it may be unread: {describe_gap(gap)}")
            return False
        return True

    def _state_differs(self, subject: Subject, expected: Subject, norm: Norm) -> bool:
        gap = find_gap_behind_state(self.coverage, subject.key.scope)
        if gap is None:
            return not norm.accepts_state(subject.fingerprint.meaning, subject.fingerprint.state)
        self.notes.append(f"states of {subject.key.scope} units: {describe_gap(gap)}")
        # A mask is a file that was seen; no view that is missing can take it back.
        return any(name not in expected.masked for name in subject.masked)

    def _bytes_differ(self, subject: Subject, norm: Norm) -> bool:
        if subject.unreadable or norm.accepts_raw(subject.fingerprint.meaning, subject.fingerprint.raw):
            return False
        forms = tuple(variant.subject for variant in norm.variants)
        return find_gap_in_files(self.coverage, subject, *forms) is None or has_unexpected_bytes(forms, subject)

    def _find_gap_behind_stamp(self, scope: Scope) -> Gap | None:
        views = (Area.FILES, Area.UNIT_FILES, Area.LOADED)
        return next((g for g in self.coverage.gaps if g.area in views and g.concerns(scope)), None)

    def _note(self, key: SubjectKey, why: str) -> None:
        self.notes.append(f"{name_subject(key)}: {why}")

    def _add(self, found: "_Difference") -> None:
        counted, subject, expected = self.reference.counted, found.subject, found.expected
        is_state = found.kind is DriftKind.STATE
        if found.kind is DriftKind.REMOVED or subject.unreadable:
            prevalence = counted.prevalence(subject.key)
        elif is_state:
            prevalence = counted.prevalence_of_state(subject)
        else:
            prevalence = counted.prevalence_of_meaning(subject)
        self.items.append(
            DriftItem(
                host=self.host,
                cohort=self.cohort,
                kind=found.kind,
                subject=subject,
                expected=expected,
                prevalence=prevalence,
                reference=self.reference.label,
                changes=found.changes,
                texts=diff_files(expected, subject, self.contents) if found.kind in _WITH_TEXTS else (),
                state_before=describe_state(expected) if is_state and expected else "",
                state_after=describe_state(subject) if is_state else "",
                raw_only=found.raw_only,
                targets=found.targets,
                doors=found.doors,
                disagreements=found.disagreements,
                sentence=found.sentence,
            )
        )


@dataclass(frozen=True, slots=True)
class _Difference:
    kind: DriftKind
    subject: Subject
    expected: Subject | None
    sentence: str
    changes: tuple[DirectiveChange, ...] = ()
    raw_only: bool = False
    targets: tuple[TargetChange, ...] = ()
    doors: tuple[str, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()


def _find_nearest(subject: Subject, norm: Norm) -> Subject:
    """Choose the accepted form that needs the fewest words to tell the difference; the commoner one when equal."""
    accepted = [v.subject for v in norm.variants if norm.accepts_meaning(v.subject.fingerprint.meaning)]

    def distance(form: Subject) -> tuple[bool, int, bool]:
        theirs, ours = form.fingerprint, subject.fingerprint
        differences = 0 if theirs.meaning == ours.meaning else count_differences(form, subject)
        return (not norm.accepts_state(theirs.meaning, theirs.state), differences, theirs.state != ours.state)

    return min(accepted or [variant.subject for variant in norm.variants], key=distance)
