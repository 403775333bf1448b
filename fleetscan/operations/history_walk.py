"""From state to state of a host: what differed each time, across visits that could not read everything."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from fleetscan.analyse.filediff import Contents
from fleetscan.model.drift import DriftItem, DriftKind
from fleetscan.model.subject import Subject, SubjectKey
from fleetscan.operations.compare_states import Side, diff_sides
from fleetscan.operations.hunt_states import StateKey, key_of
from fleetscan.store.state_periods import StatePeriod


@dataclass(frozen=True, slots=True)
class Step:
    """One period and how it differs from what was known before.

    Attributes:
        previous: The period before, None at the first.
        items: Differences; none at the first.
        shown: What this period shows.
    """

    period: StatePeriod
    previous: StatePeriod | None
    items: tuple[DriftItem, ...]
    shown: Mapping[SubjectKey, Subject]


@dataclass(frozen=True, slots=True)
class _Known:
    """A state with what was carried over from before it; equal keys, equal subjects."""

    key: Hashable
    side: Side


class Walker:
    """Walks through periods; the same step on many hosts is computed once."""

    def __init__(self, subjects: Mapping[StateKey, tuple[Subject, ...]], contents: Contents) -> None:
        """Prepare.

        Args:
            subjects: Of every state that will be met; perhaps only those that matter.
            contents: Bytes by hash.
        """
        self._subjects = subjects
        self._contents = contents
        self._steps: dict[tuple[Hashable, StateKey], tuple[_Known, tuple[DriftItem, ...]]] = {}

    def walk(self, periods: Iterable[StatePeriod]) -> Iterator[Step]:
        """Give a step for each period of one host, in order of time."""
        known: _Known | None = None
        previous: StatePeriod | None = None
        for period in periods:
            key = key_of(period.visit)
            if key is None:
                continue
            items: tuple[DriftItem, ...] = ()
            if known is None:
                known = _Known(key, self._side(key))
            else:
                known, items = self._advance(known, key)
            yield Step(period, previous, items, {subject.key: subject for subject in self._subjects.get(key, ())})
            previous = period

    def _advance(self, known: _Known, key: StateKey) -> tuple[_Known, tuple[DriftItem, ...]]:
        place = (known.key, key)
        if place not in self._steps:
            side = self._side(key)
            items, _ = diff_sides(known.side, side, self._contents)
            self._steps[place] = (_carry(known, key, side, items), items)
        return self._steps[place]

    def _side(self, key: StateKey) -> Side:
        return Side("before", self._subjects.get(key, ()), key.coverage)


def _carry(known: _Known, key: StateKey, side: Side, items: tuple[DriftItem, ...]) -> _Known:
    """Keep what a state could not show: it is there until a visit proves otherwise."""
    gone = {item.key for item in items if item.kind is DriftKind.REMOVED}
    shown = {subject.key: subject for subject in side.subjects}
    merged = dict(shown)
    for subject in known.side.subjects:
        here = shown.get(subject.key)
        if (here is None and subject.key not in gone) or (
            here is not None and here.unreadable and not subject.unreadable
        ):
            merged[subject.key] = subject
    if merged == shown:
        return _Known(key, side)
    return _Known((known.key, key), Side(side.name, tuple(merged[k] for k in sorted(merged)), side.coverage))
