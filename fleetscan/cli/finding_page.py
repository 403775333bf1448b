"""All of one finding on the terminal."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fleetscan.cli.clock import show_time
from fleetscan.cli.judged import STYLES
from fleetscan.cli.output import Terminal
from fleetscan.export.finding_records import FindingRecord, HitRecord

if TYPE_CHECKING:
    from fleetscan.model.drift import DriftItem
    from fleetscan.model.finding import Finding
    from fleetscan.model.finding_event import FindingEvent

_MAX_LINES = 60
_MAX_CHARS = 1000


def print_finding(
    terminal: Terminal, record: FindingRecord, finding: "Finding | None", events: "Sequence[FindingEvent]"
) -> None:
    """Print what was found, why it matters as much as it does, and what became of it; empty sections are left out.

    Args:
        terminal: Where.
        record: What lists give of it.
        finding: Itself, None when it is gone.
        events: Its history, oldest first.
    """
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from fleetscan.report.visible import visible_text

    style = STYLES[record.severity]
    terminal.out.print(Text(visible_text(f"{record.severity}  {record.sentence}", _MAX_CHARS), style=style))
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="cyan", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, lines in _sections(record, finding, events):
        shown = [*lines[:_MAX_LINES], *([f"… and {len(lines) - _MAX_LINES} more"] if len(lines) > _MAX_LINES else [])]
        for number, line in enumerate(shown):
            grid.add_row("" if number else label, Text(visible_text(line, _MAX_CHARS), overflow="fold"))
    terminal.out.print(Padding(grid, (0, 0, 1, 2)))


def _sections(
    record: FindingRecord, finding: "Finding | None", events: "Sequence[FindingEvent]"
) -> Iterator[tuple[str, Sequence[str]]]:
    yield "id", [record.id]
    yield "host", [f"{record.host} ({record.cohort}), owner {record.owner_email or 'unknown'}"]
    yield "what", [f"{record.subject} {record.name} ({record.scope})", *record.paths]
    yield "technique", [", ".join(record.techniques) or "none", ", ".join(record.attack)]
    for hit in record.hits:
        yield "rule", list(_tell_hit(hit))
    if record.why:
        yield "severity", [f"{record.hits[0].severity} by the rule", *record.why]
    yield "put there by", [record.provenance]
    yield "seen on", [f"{record.prevalence_count} of {record.prevalence_of_hosts} other comparable hosts"]
    if record.explained_by:
        yield "explained by", record.explained_by
    if record.suppressed_by is not None:
        yield "suppressed by", [f"exception {record.suppressed_by}: `fleetscan exceptions show {record.suppressed_by}`"]
    for item in finding.drift if finding else ():
        yield "drift", list(_tell_drift(item))
    yield "content", [record.content]
    life = [f"{record.state}, first seen {_moment(record.first_seen_at)}, last {_moment(record.last_seen_at)}"]
    if record.acknowledged_by:
        life.append(f"acknowledged by {record.acknowledged_by}")
    yield "life", life
    if events:
        yield "history", [_tell_event(event) for event in events]


def _tell_hit(hit: HitRecord) -> Iterator[str]:
    yield f"{hit.rule} {hit.title} ({hit.severity})"
    for line in hit.evidence:
        place = f"{line.path}:{line.line}" if line.line else line.path
        yield f"  {line.text}" + (f"  [{place}]" if place else "")


def _tell_drift(item: "DriftItem") -> Iterator[str]:
    yield f"{item.kind.value}, compared with {item.reference}: {item.sentence}"
    for change in item.changes:
        place = f"  [{change.origin.path}:{change.origin.line}]" if change.origin and change.origin.line else ""
        yield f"  {change.unit} {change.key}: {' ; '.join(change.before) or 'not set'}"
        yield f"    → {' ; '.join(change.after) or 'not set'}{place}"
    for target in item.targets:
        yield f"  {target.path}: {target.before} → {target.after}"
    yield from (f"  {door}" for door in item.doors)
    yield from (f"  {d.unit}: {d.kind.value}: {d.detail}" for d in item.disagreements)
    for text in item.texts:
        yield f"  {text.path}"
        yield from (f"    {line}" for line in text.lines)


def _tell_event(event: "FindingEvent") -> str:
    text = f": {event.text}" if event.text else ""
    by = f" by {event.author}" if event.author else ""  # what sweeps found out has none
    return f"{_moment(event.at)} {event.kind.value}{by}{text}"


def _moment(at: object) -> str:
    from datetime import datetime

    return show_time(at) if isinstance(at, datetime) else "never"
