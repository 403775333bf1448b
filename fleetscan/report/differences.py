"""What exactly differs: directives by meaning, files by line."""

import re

from fleetscan.model.drift import DirectiveChange, TextChange
from fleetscan.report.pieces import ChangeView, DiffLineView, DiffView, LineKind
from fleetscan.report.visible import bounded_text

_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")
_MAX_CHARS = 600
_MAX_VALUES = 40
_MAX_LINES = 400


def build_change(change: DirectiveChange) -> ChangeView:
    """Show one directive before and after, and where the value stands."""
    return ChangeView(
        unit=bounded_text(change.unit, _MAX_CHARS),
        name=bounded_text(f"[{change.section}] {change.key}", _MAX_CHARS),
        before=_values(change.before),
        after=_values(change.after),
        where=bounded_text(f"{change.origin.path} line {change.origin.line}", _MAX_CHARS) if change.origin else "",
    )


def build_diff(change: TextChange) -> DiffView:
    """Number the lines of a unified diff. Lines that are no diff are kept as notes, never dropped."""
    lines: list[DiffLineView] = []
    old = new = 0
    for raw in change.lines[:_MAX_LINES]:
        text = bounded_text(raw[1:], _MAX_CHARS)
        hunk = _HUNK.match(raw)
        if hunk:
            # Eight digits: a hostile header must not make numbers that Python refuses to convert.
            old, new = int(hunk[1][:8]), int(hunk[2][:8])
            lines.append(DiffLineView(LineKind.HUNK, "", "", bounded_text(raw, _MAX_CHARS)))
        elif raw.startswith("+"):
            lines.append(DiffLineView(LineKind.ADDED, "", str(new), text))
            new += 1
        elif raw.startswith("-"):
            lines.append(DiffLineView(LineKind.REMOVED, str(old), "", text))
            old += 1
        elif raw.startswith(" "):
            lines.append(DiffLineView(LineKind.SAME, str(old), str(new), text))
            old, new = old + 1, new + 1
        else:
            lines.append(DiffLineView(LineKind.NOTE, "", "", bounded_text(raw, _MAX_CHARS)))
    truncated = change.truncated or len(change.lines) > _MAX_LINES
    return DiffView(path=bounded_text(change.path, _MAX_CHARS), lines=tuple(lines), truncated=truncated)


def _values(values: tuple[str, ...]) -> tuple[str, ...]:
    shown = tuple(bounded_text(value, _MAX_CHARS) or "(empty)" for value in values[:_MAX_VALUES])
    rest = len(values) - _MAX_VALUES
    return (*shown, f"… {rest} more values") if rest > 0 else shown
