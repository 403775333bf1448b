"""What differs between two states: of two hosts, or of one host in two sweeps."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from fleetscan.analyse.census import Census, Member
from fleetscan.analyse.drift import TOO_FEW_OTHERS, UNREAD_EXPECTED, diff_host
from fleetscan.analyse.expectation import Expectation, Norm
from fleetscan.analyse.filediff import Contents, diff_files, has_unexpected_bytes
from fleetscan.analyse.sentence import name_subject
from fleetscan.analyse.vantage import Vantage
from fleetscan.analyse.visibility import describe_gap, find_gap_behind_state, find_gap_in_files
from fleetscan.errors import UsageError
from fleetscan.export.question_records import DifferenceRecord
from fleetscan.model.baseline import Cohort, Prevalence, Variant
from fleetscan.model.coverage import Coverage
from fleetscan.model.drift import DriftItem, DriftKind
from fleetscan.model.ids import HostName, SweepId
from fleetscan.model.subject import Subject, SubjectKey
from fleetscan.model.sweep import Visit
from fleetscan.operations.compare_records import record_item, record_note
from fleetscan.operations.hunt_states import ContentCache, SharedState, StateKey, key_of, read_states
from fleetscan.store.store import Store

_NO_COHORT = Cohort("", "", "")
_WORDS = {
    TOO_FEW_OTHERS: "what was read of the other state does not prove that it lacks it",
    UNREAD_EXPECTED: "in the other state it, or its package, could not be read",
}
_AT = re.compile(r"(?P<host>.+)@(?P<sweep>[0-9]{1,9})(?:\.\.(?P<last>[0-9]{1,9}))?")


@dataclass(frozen=True, slots=True)
class NamedState:
    """A state as somebody asked for it.

    Attributes:
        name: `web-01`, or `web-01@12` with the sweep.
        visit: That saw it; the last one up to the sweep that was asked for.
    """

    name: str
    visit: Visit


@dataclass(frozen=True, slots=True)
class Side:
    """One of two things that are compared."""

    name: str
    subjects: tuple[Subject, ...]
    coverage: Coverage


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two states and what differs, removed and added first, then by subject; what was not compared comes last."""

    before: NamedState
    after: NamedState
    records: tuple[DifferenceRecord, ...]


def compare_states(store: Store, words: Iterable[str]) -> Comparison:
    """Compare two states.

    Args:
        store: Where they are.
        words: Two of `HOST` and `HOST@SWEEP`, or one `HOST@SWEEP..SWEEP`.

    Raises:
        UsageError: The words name no two states.
    """
    before, after = find_states(store, tuple(words))
    first, second = key_of(before.visit), key_of(after.visit)
    if first is None or second is None:
        raise AssertionError("a state was looked for, and what was found has none")
    contents = ContentCache(store)
    read = {state.key: subjects for state, _, subjects in read_states(store, _once(first, second), contents)}
    left = Side(before.name, read[first], first.coverage)
    right = Side(after.name, read[second], second.coverage)
    items, notes = diff_sides(left, right, contents.read)
    records = [record_item(item, before.name, after.name) for item in items]
    records += [record_note(note, before.name, after.name) for note in notes]
    return Comparison(before=before, after=after, records=tuple(records))


def find_states(store: Store, words: tuple[str, ...]) -> tuple[NamedState, NamedState]:
    """Find the two states that words name.

    Raises:
        UsageError: They name no two states.
    """
    known = set(store.visits.list_hosts())
    if len(words) == 1 and (match := _AT.fullmatch(words[0])) and match["last"] and words[0] not in known:
        return _find(store, match["host"], match["sweep"]), _find(store, match["host"], match["last"])
    if len(words) != 2:
        raise UsageError("two states are needed", hint="HOST HOST, HOST@SWEEP HOST@SWEEP or HOST@SWEEP..SWEEP")
    found = []
    for word in words:
        match = None if word in known else _AT.fullmatch(word)
        if match is not None and match["last"]:
            raise UsageError(f"{word!r} names two states already", hint="give it alone")
        found.append(_find(store, match["host"], match["sweep"]) if match else _find(store, word, None))
    return found[0], found[1]


def diff_sides(before: Side, after: Side, contents: Contents) -> tuple[tuple[DriftItem, ...], tuple[str, ...]]:
    """Compare what two states have; nothing is claimed about what was not read in either.

    Returns:
        Items, and a line for each thing that could not be compared.
    """
    old, new = HostName(f"{before.name}\0before"), HostName(after.name)
    census = Census.of([Member(old, before.subjects, before.coverage), Member(new, after.subjects, after.coverage)])
    if len(census.groups) == 1:
        return (), ()
    reference = _Reference(before, {subject.key: subject for subject in after.subjects})
    vantage = Vantage(census, census.group_of[new])
    expectation = Expectation(
        label=before.name,
        counted=vantage,
        others=vantage,
        keys=tuple(reference.index),
        norm=reference.norm,
        min_hosts=1,
    )
    drift = diff_host(new, _NO_COHORT, after.subjects, after.coverage, expectation, contents)
    items = [_show_removed(item, contents) for item in drift.items]
    order = (DriftKind.REMOVED, DriftKind.ADDED)
    items.sort(key=lambda item: (order.index(item.kind) if item.kind in order else len(order), item.key))
    notes = dict.fromkeys((*(_reword(note) for note in drift.not_compared), *reference.notes))
    return tuple(items), tuple(notes)


class _Reference:
    """The other state as what is expected: everything it has is required, in exactly its form."""

    def __init__(self, before: Side, after: Mapping[SubjectKey, Subject]) -> None:
        self.index = {subject.key: subject for subject in before.subjects}
        self.notes: list[str] = []
        self._coverage = before.coverage
        self._after = after

    def norm(self, key: SubjectKey) -> Norm | None:
        """Give what is expected of a subject; whatever was not read in the other state accepts anything."""
        subject = self.index.get(key)
        if subject is None:
            return None
        found = subject.fingerprint
        is_sure = self._is_sure(subject)
        return Norm(
            key=key,
            variants=(Variant(subject, Prevalence(1, 1)),),
            required=True,
            meanings=frozenset({found.meaning}) if is_sure else None,
            states_by_meaning={},
            states=None if find_gap_behind_state(self._coverage, key.scope) else frozenset({found.state}),
            raws={found.meaning: frozenset({found.raw})} if is_sure else {},
            targets={found.meaning: frozenset({found.target})},
        )

    def _is_sure(self, subject: Subject) -> bool:
        """Tell whether no file of a subject could have been there unseen, or what was seen differs in any case."""
        after = self._after.get(subject.key)
        gap = find_gap_in_files(self._coverage, subject, *([after] if after else []))
        if gap is None or after is None or has_unexpected_bytes((after,), subject):
            return True
        if after.fingerprint.raw != subject.fingerprint.raw:
            what = name_subject(subject.key)
            self.notes.append(f"{what}: in the other state a file of it may be unread: {describe_gap(gap)}")
        return False


def _show_removed(item: DriftItem, contents: Contents) -> DriftItem:
    """Give what was removed with the text of its files, as lines that are gone."""
    if item.kind is not DriftKind.REMOVED:
        return item
    gone = replace(item.subject, sources=())
    return replace(item, texts=diff_files(item.subject, gone, contents))


def _reword(note: str) -> str:
    for words, others in _WORDS.items():
        note = note.replace(words, others)
    return note


def _once(*keys: StateKey) -> list[SharedState]:
    return [SharedState(key, ()) for key in dict.fromkeys(keys)]


def _find(store: Store, host: str, sweep: str | None) -> NamedState:
    if sweep is None:
        visit = store.visits.latest_state(HostName(host))
        if visit is None:
            raise UsageError(f"{host!r} was never read", hint="`fleetscan sweeps show` says what became of its visits")
        return NamedState(host, visit)
    number = SweepId(int(sweep))
    store.sweeps.read_sweep(number)
    visit = store.visits.state_at(HostName(host), number)
    if visit is None:
        raise UsageError(f"{host!r} was not read in sweep {sweep} or before it", hint="fleetscan sweeps list")
    return NamedState(f"{host}@{sweep}", visit)
