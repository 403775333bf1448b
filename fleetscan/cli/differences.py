"""Directive changes and text diffs on the terminal."""

from collections.abc import Iterable

from rich.text import Text

from fleetscan.cli.clock import show_time
from fleetscan.cli.output import Terminal
from fleetscan.export.records import DriftRecord
from fleetscan.report.visible import visible_text

_DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def print_differences(terminal: Terminal, records: Iterable[DriftRecord]) -> None:
    """Print what changed in each item: first the meaning, then the bytes."""
    for record in records:
        _print(terminal, f"\n{record.host}  {record.subject} {record.name}  ({record.scope})", "bold")
        seen = f"{record.prevalence_count} of {record.prevalence_of_hosts}"
        _print(terminal, f"  {record.kind}, {record.severity}, on {seen}, compared with {record.reference}", "dim")
        if record.first_seen_at is not None:
            absent = f", not there yet {show_time(record.last_absent_at)}" if record.last_absent_at else ""
            _print(terminal, f"  first seen {show_time(record.first_seen_at)}{absent}", "dim")
        for path in record.paths:
            _print(terminal, f"  file {path}", "dim")
        if record.state_before or record.state_after:
            _print(terminal, f"  state: {record.state_before or 'none'} → {record.state_after or 'none'}", "")
        for change in record.changes:
            place = f"  ({change.path}:{change.line})" if change.path else ""
            before, after = " | ".join(change.before) or "not set", " | ".join(change.after) or "not set"
            _print(terminal, f"  {change.unit} [{change.section}] {change.key}: {before} → {after}{place}", "")
        for diff in record.diffs:
            _print(terminal, f"  {diff.path}", "underline")
            for line in diff.lines:
                _print(terminal, f"    {line}", _DIFF_STYLES.get(line[:1], ""))
            if diff.truncated:
                _print(terminal, "    … more lines left out", "dim")


def _print(terminal: Terminal, text: str, style: str) -> None:
    lines = text.split("\n") if text.startswith("\n") else [text]
    for line in lines:
        terminal.out.print(Text(visible_text(line), style=style), soft_wrap=True)
