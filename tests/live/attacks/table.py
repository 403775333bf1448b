"""The table of what became of every plant."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.live.attacks.verdict import Row

_COLUMNS = ("plant", "class", "host", "release", "account", "result", "said", "severity", "rules", "extras")


def render_table(rows: Sequence[Row]) -> str:
    """Render rows as text, with what is wrong below them, and a summary."""
    cells = [_COLUMNS, *(_cells(row) for row in rows)]
    widths = [max(len(line[number]) for line in cells) for number in range(len(_COLUMNS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    for row in rows:
        lines += _objections(row)
    return "\n".join([*lines, summarise(rows)])


def summarise(rows: Sequence[Row]) -> str:
    """Count results, and findings that nobody planted."""
    counted = Counter(row.result for row in rows)
    extras = sum(len(row.extras) for row in rows)
    lingering = sum(len(row.lingering) for row in rows)
    told = ", ".join(f"{count} {result}" for result, count in sorted(counted.items()))
    return f"{len(rows)} plants: {told}; {extras} extra findings, {lingering} that stayed"


def save_table(rows: Sequence[Row], path: Path, left_over: Sequence[str]) -> None:
    """Write rows as JSON."""
    path.write_text(json.dumps({"left_over": list(left_over), "rows": [row.to_json() for row in rows]}, indent=1))


def _cells(row: Row) -> tuple[str, ...]:
    said = row.technique + (f" ({', '.join(row.techniques[1:])})" if row.techniques[1:] else "")
    return (
        row.plant,
        row.expected,
        row.host,
        row.release,
        row.account,
        row.result,
        said,
        row.severity,
        " ".join(row.rules),
        str(len(row.extras)),
    )


def _objections(row: Row) -> list[str]:
    if row.is_right:
        return []
    lines = [f"{row.plant} on {row.host}: {row.result}"]
    if row.note:
        lines.append(f"    could not be planted: {row.note}")
    if row.result in ("wrong class", "too low"):
        lines.append(f"    said: {row.sentence}")
    lines += [f"    extra: {text}" for text in row.extras]
    lines += [f"    after it was undone: {text}" for text in row.lingering]
    return lines
