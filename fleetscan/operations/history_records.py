"""Records of what happened to things over time."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from fleetscan.export.question_records import HistoryRecord
from fleetscan.model.drift import DriftItem, DriftKind
from fleetscan.model.ids import Sha256
from fleetscan.model.subject import Subject, SubjectKey
from fleetscan.operations.compare_records import record_changes, record_files, record_targets, say_difference
from fleetscan.operations.history_presence import Presence
from fleetscan.operations.history_walk import Step

FIRST_SEEN = "first seen"
CHANGED = "changed"
GONE = "gone"
BACK = "back"
LAST_SEEN = "last seen"
"""The events of a history."""

_HOST = "host"
_FILE = "file"


def tell_presences(sha256: Sha256 | str, presences: Iterable[Presence]) -> Iterator[HistoryRecord]:
    """Tell when hosts had a content: it came, went, came back; and when it was last seen where it is not gone."""
    for presence in presences:
        for number, stretch in enumerate(presence.stretches):
            where = ", ".join(presence.names)
            event = BACK if number else FIRST_SEEN
            times = [(event, stretch.first_seen_at, stretch.last_absent_at)]
            if stretch.gone_at is not None:
                times.append((GONE, stretch.gone_at, stretch.last_seen_at))
            elif stretch is presence.stretches[-1]:
                times.append((LAST_SEEN, stretch.last_seen_at, None))
            for told, at, before_at in times:
                yield HistoryRecord(
                    host=presence.host,
                    at=at,
                    before_at=before_at,
                    event=told,
                    subject=_FILE,
                    scope="",
                    name=sha256,
                    sentence=where,
                    present=presence.is_current,
                )


def tell_host(steps: Sequence[Step]) -> Iterator[HistoryRecord]:
    """Tell the past of one host: what it had when it was first read, what changed, what it has."""
    yield _tell_whole(FIRST_SEEN, steps[0])
    seen = set(steps[0].shown)
    for step in steps[1:]:
        yield from _tell_items(step, seen)
    yield _tell_whole(LAST_SEEN, steps[-1])


def tell_steps(steps: Sequence[Step]) -> Iterator[HistoryRecord]:
    """Tell the past of a few things on one host, with when each was first and last seen."""
    seen: set[SubjectKey] = set()
    last: dict[SubjectKey, Step] = {}
    for step in steps:
        if step.previous is None:
            for key, subject in step.shown.items():
                seen.add(key)
                yield _tell_subject(FIRST_SEEN, step, subject)
        yield from _tell_items(step, seen)
        last |= dict.fromkeys(step.shown, step)
        for item in step.items:
            if item.kind is DriftKind.REMOVED:
                last.pop(item.key, None)
    for key, step in last.items():
        yield _tell_subject(LAST_SEEN, step, step.shown[key], is_present=step is steps[-1])


def _tell_items(step: Step, seen: set[SubjectKey]) -> Iterator[HistoryRecord]:
    for item in step.items:
        yield _tell_item(step, item, _name_event(item, seen))
        seen.add(item.key)


def _name_event(item: DriftItem, seen: set[SubjectKey]) -> str:
    match item.kind:
        case DriftKind.ADDED:
            return BACK if item.key in seen else FIRST_SEEN
        case DriftKind.REMOVED:
            return GONE
        case _:
            return CHANGED


def _tell_item(step: Step, item: DriftItem, event: str) -> HistoryRecord:
    return HistoryRecord(
        host=step.period.visit.host,
        at=step.period.first_seen_at,
        before_at=step.previous.last_seen_at if step.previous is not None else None,
        event=event,
        subject=item.key.kind.value,
        scope=item.key.scope,
        name=item.key.name,
        sentence=say_difference(item),
        present=step.period.is_current and event != GONE,
        changes=record_changes(item),
        targets=record_targets(item),
        diffs=record_files(item),
    )


def _tell_subject(event: str, step: Step, subject: Subject, *, is_present: bool | None = None) -> HistoryRecord:
    period = step.period
    return HistoryRecord(
        host=period.visit.host,
        at=period.last_seen_at if event == LAST_SEEN else period.first_seen_at,
        before_at=None,
        event=event,
        subject=subject.key.kind.value,
        scope=subject.key.scope,
        name=subject.key.name,
        sentence=subject.summary,
        present=period.is_current if is_present is None else is_present,
    )


def _tell_whole(event: str, step: Step) -> HistoryRecord:
    period = step.period
    kinds = Counter(key.kind.value for key in step.shown)
    return HistoryRecord(
        host=period.visit.host,
        at=period.last_seen_at if event == LAST_SEEN else period.first_seen_at,
        before_at=None,
        event=event,
        subject=_HOST,
        scope="",
        name=period.visit.host,
        sentence=", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "nothing",
        present=period.is_current,
    )
