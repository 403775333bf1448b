"""Records of differences between two states, in words for a reader who knows which two they are."""

from collections.abc import Callable, Mapping

from fleetscan.export.change_records import ChangeRecord, DiffRecord, TargetChangeRecord
from fleetscan.export.question_records import DifferenceRecord
from fleetscan.model.drift import DriftItem, DriftKind

NOT_COMPARED = "not compared"
"""The kind of a record that says why something could not be compared."""


def record_item(item: DriftItem, before: str, after: str) -> DifferenceRecord:
    """Give the record of a difference between two states of these names."""
    return DifferenceRecord(
        before=before,
        after=after,
        kind=item.kind.value,
        subject=item.key.kind.value,
        scope=item.key.scope,
        name=item.key.name,
        sentence=say_difference(item),
        changes=record_changes(item),
        targets=record_targets(item),
        diffs=record_files(item),
        doors=item.doors,
        state_before=item.state_before,
        state_after=item.state_after,
    )


def record_note(note: str, before: str, after: str) -> DifferenceRecord:
    """Give the record of something that could not be compared."""
    return DifferenceRecord(before=before, after=after, kind=NOT_COMPARED, subject="", scope="", name="", sentence=note)


def record_changes(item: DriftItem) -> tuple[ChangeRecord, ...]:
    """Give the records of directives that mean something else."""
    return tuple(
        ChangeRecord(
            unit=change.unit,
            section=change.section,
            key=change.key,
            before=change.before,
            after=change.after,
            path=change.origin.path if change.origin else "",
            line=change.origin.line if change.origin else 0,
        )
        for change in item.changes
    )


def record_targets(item: DriftItem) -> tuple[TargetChangeRecord, ...]:
    """Give the records of programs that are others."""
    return tuple(TargetChangeRecord(path=t.path, before=t.before, after=t.after) for t in item.targets)


def record_files(item: DriftItem) -> tuple[DiffRecord, ...]:
    """Give the records of files whose bytes differ."""
    return tuple(DiffRecord(path=t.path, lines=t.lines, truncated=t.truncated) for t in item.texts)


def say_difference(item: DriftItem) -> str:
    """Say what differs, without the host and without its peers, of which there is one."""
    return _SAYINGS[item.kind](item)


def _say_summary(item: DriftItem) -> str:
    return item.subject.summary


def _say_state(item: DriftItem) -> str:
    also = "; its settings differ as well" if item.changes else ""
    return f"{item.state_before or 'none'} → {item.state_after or 'none'}{also}"


def _say_change(item: DriftItem) -> str:
    if item.raw_only:
        return "other bytes; it does the same"
    return ", ".join(dict.fromkeys(change.key for change in item.changes)) or "its settings differ"


def _say_targets(item: DriftItem) -> str:
    return "another " + ", ".join(target.path for target in item.targets)


def _say_doors(item: DriftItem) -> str:
    return "others may write " + ", ".join(item.doors)


def _say_views(item: DriftItem) -> str:
    return "; ".join(f"{d.unit}: {d.kind.value}: {d.detail}" for d in item.disagreements)


_SAYINGS: Mapping[DriftKind, Callable[[DriftItem], str]] = {
    DriftKind.ADDED: _say_summary,
    DriftKind.REMOVED: _say_summary,
    DriftKind.CHANGED: _say_change,
    DriftKind.STATE: _say_state,
    DriftKind.TARGET: _say_targets,
    DriftKind.WRITABLE: _say_doors,
    DriftKind.VIEW: _say_views,
    DriftKind.STANDING: _say_summary,
}
