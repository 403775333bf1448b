"""The chain of a drift, left to right: timer → service → drop-ins → executables, with the guilty box marked."""

from fleetscan.model.drift import DriftItem, DriftKind
from fleetscan.model.ids import UnitName
from fleetscan.model.subject import Subject, SubjectKind
from fleetscan.model.unit import ExecCommand, SourceKind
from fleetscan.report.pieces import BoxMark, BoxView
from fleetscan.report.visible import bounded_text, visible_text

_MAX_BOXES = 12
_MAX_LINES = 8
_MAX_CHARS = 400


def build_chain(item: DriftItem) -> tuple[BoxView, ...]:
    """Draw what the drift is about. At least one box; one of them is always marked."""
    subject = item.subject
    match subject.key.kind:
        case SubjectKind.LINGER:
            return (
                _box("user", subject.key.name, (f"user manager starts at boot ({item.kind.value})",), _mark_of(item)),
            )
        case SubjectKind.STAMP:
            return (_box("stamp", subject.key.name, ("the timer that left it is gone",), _mark_of(item)),)
        case SubjectKind.JOB | SubjectKind.UNIT:
            return _mark_one(_unit_boxes(item, subject), item)
        case _:
            lines = tuple(f"{name}: {value}" for name, value in subject.properties[:_MAX_LINES])
            return (_box(subject.key.kind.value, subject.key.name, lines, _mark_of(item)),)


def _unit_boxes(item: DriftItem, subject: Subject) -> list[BoxView]:
    guilty = _guilty_paths(item)
    mark = _mark_of(item)
    boxes: list[BoxView] = []
    names = subject.unit_names or (UnitName(subject.key.name),)
    fragments = [source for source in subject.sources if source.kind is SourceKind.FRAGMENT]
    for name in names:
        source = next((s for s in fragments if s.path.rpartition("/")[2] == name), None)
        lines = [source.path] if source else []
        if source and source.link_target:
            lines.append(f"→ {source.link_target}")
        if name.endswith(".timer"):
            lines += [f"{trigger.directive}={trigger.value}" for trigger in subject.triggers]
            lines += [", ".join(word for word in (subject.state.enabled, subject.state.active) if word)]
        elif subject.run_as:
            lines.append(f"as {subject.run_as}")
        role = name.rpartition(".")[2] or "unit"
        is_guilty = source is not None and source.path in guilty
        boxes.append(_box(role, name, tuple(filter(None, lines)), mark if is_guilty else BoxMark.NONE))
    for source in subject.sources:
        if source.kind is SourceKind.DROP_IN:
            is_guilty = source.path in guilty
            title = source.path.rpartition("/")[2]
            boxes.append(_box("drop-in", title, (source.path,), mark if is_guilty else BoxMark.NONE))
    known = {(c.directive, c.raw) for c in item.expected.commands} if item.expected else set()
    for command in subject.commands:
        is_guilty = item.kind in (DriftKind.ADDED, DriftKind.CHANGED) and (command.directive, command.raw) not in known
        is_guilty = is_guilty and not item.raw_only
        boxes.append(_box("executable", command.path, _command_lines(command), mark if is_guilty else BoxMark.NONE))
    if len(boxes) > _MAX_BOXES:
        rest = len(boxes) - _MAX_BOXES + 1
        boxes[_MAX_BOXES - 1 :] = [_box("more", f"{rest} more", ("see the diff below",), BoxMark.NONE)]
    return boxes


def _guilty_paths(item: DriftItem) -> set[str]:
    """Give the files that carry the difference."""
    paths = {text.path for text in item.texts}
    return paths | {change.origin.path for change in item.changes if change.origin}


def _mark_of(item: DriftItem) -> BoxMark:
    match item.kind:
        case DriftKind.ADDED:
            return BoxMark.ADDED
        case DriftKind.REMOVED:
            return BoxMark.GONE
        case DriftKind.CHANGED:
            return BoxMark.CHANGED
        case DriftKind.STATE:
            return BoxMark.STATE
        case DriftKind.TARGET | DriftKind.WRITABLE | DriftKind.VIEW | DriftKind.STANDING:
            return BoxMark.CHANGED


def _mark_one(boxes: list[BoxView], item: DriftItem) -> tuple[BoxView, ...]:
    """Mark the first box when nothing points at another; all boxes of something that is gone are gone."""
    if item.kind is DriftKind.REMOVED:
        return tuple(_remark(box, BoxMark.GONE) for box in boxes)
    if any(box.mark for box in boxes):
        return tuple(boxes)
    return (_remark(boxes[0], _mark_of(item)), *boxes[1:])


def _remark(box: BoxView, mark: BoxMark) -> BoxView:
    return BoxView(role=box.role, title=box.title, lines=box.lines, mark=mark)


def _command_lines(command: ExecCommand) -> tuple[str, ...]:
    return (f"{command.directive}={command.raw}", f"{command.origin.path}:{command.origin.line}")


def _box(role: str, title: str, lines: tuple[str, ...], mark: BoxMark) -> BoxView:
    return BoxView(
        role=visible_text(role, 20),
        title=bounded_text(title, _MAX_CHARS),
        lines=tuple(bounded_text(line, _MAX_CHARS) for line in lines),
        mark=mark,
    )
