"""`fleetscan diff`: what differs between two hosts, or between two sweeps of one."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from fleetscan.cli.clock import show_time
from fleetscan.cli.invocation import invocation_of
from fleetscan.cli.options import FormatOption
from fleetscan.cli.output import Format, Terminal, print_records
from fleetscan.export.change_records import ChangeRecord, DiffRecord, TargetChangeRecord
from fleetscan.export.question_records import DifferenceRecord

if TYPE_CHECKING:
    from fleetscan.operations.compare_states import NamedState

_STYLES = {"added": "green", "removed": "red", "not compared": "yellow"}
_LINE_STYLES = {"+": "green", "-": "red", "@": "cyan"}
_SIGNS = {"added": "+", "removed": "-", "not compared": "?"}
_CHARS = 400
_LINES = 60


def register(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command(
        "diff",
        epilog="Examples: fleetscan diff web-01 web-02 | fleetscan diff web-01@12..14 | "
        "fleetscan diff web-01@12 web-01 --format json",
    )(diff)


def diff(
    context: typer.Context,
    states: Annotated[
        list[str],
        typer.Argument(help="Two of HOST and HOST@SWEEP, or one HOST@SWEEP..SWEEP.", metavar="STATE..."),
    ],
    no_text: Annotated[bool, typer.Option("--no-text", help="Leave out the lines of files that differ.")] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Compare two hosts, or one host in two sweeps: what was added, removed and changed, by meaning and by line.

    `HOST` is the newest state; `HOST@SWEEP` the last one up to that sweep. What was not read on one side is never
    called added or removed: it is listed as not compared.
    """
    from fleetscan.operations.compare_states import compare_states

    invocation = invocation_of(context)
    terminal = invocation.terminal
    with invocation.store() as store:
        found = compare_states(store, states)
    if form is not Format.TABLE:
        print_records(terminal, form, "differences", found.records, (), empty="")
        return
    terminal.say(f"from {_tell_state(found.before)}")
    terminal.say(f"to   {_tell_state(found.after)}")
    for record in found.records:
        print_difference(terminal, record, with_text=not no_text)
    terminal.say(_count(found.records))


def print_difference(terminal: Terminal, record: DifferenceRecord, *, with_text: bool) -> None:
    """Print one difference, its settings and its lines."""
    what = "" if record.subject in ("job", "unit", "") else f"{record.subject} "
    scope = "" if record.scope in ("system", "") else f" ({record.scope})"
    name = f"{what}{record.name}{scope}: " if record.name else ""
    sign = _SIGNS.get(record.kind, "~")
    style = _STYLES.get(record.kind, "bold")
    print_line(terminal, f"{sign} {record.kind} {name}{record.sentence}", style)
    # An added or removed thing is told by its lines alone.
    changes = () if record.kind in ("added", "removed") and with_text else record.changes
    print_changes(terminal, changes, record.targets, record.diffs if with_text else ())


def print_changes(
    terminal: Terminal,
    changes: Iterable[ChangeRecord],
    targets: Iterable[TargetChangeRecord],
    diffs: Iterable[DiffRecord],
) -> None:
    """Print what changed: settings with the line where they stand, programs, then the lines of files."""
    for change in changes:
        place = f"  ({change.path}:{change.line})" if change.line else ""
        section = f"[{change.section}] " if change.section else ""
        before, after = " | ".join(change.before) or "not set", " | ".join(change.after) or "not set"
        print_line(terminal, f"    {change.unit} {section}{change.key}{place}")
        print_line(terminal, f"      - {before}", "red")
        print_line(terminal, f"      + {after}", "green")
    for target in targets:
        print_line(terminal, f"    {target.path}")
        print_line(terminal, f"      - {target.before}", "red")
        print_line(terminal, f"      + {target.after}", "green")
    for file in diffs:
        print_line(terminal, f"    {file.path}", "underline")
        for line in file.lines[:_LINES]:
            print_line(terminal, f"      {line}", _LINE_STYLES.get(line[:1], ""))
        if file.truncated or len(file.lines) > _LINES:
            print_line(terminal, "      … more lines left out; --format json gives more", "dim")


def print_line(terminal: Terminal, text: str, style: str = "") -> None:
    """Print one line of hostile text, wrapped to the width there is."""
    from rich.text import Text

    from fleetscan.report.visible import visible_text

    terminal.out.print(Text(visible_text(text, _CHARS), style=style, overflow="fold"))


def _tell_state(state: "NamedState") -> str:
    return f"{state.name}: sweep {state.visit.sweep}, {show_time(state.visit.started_at)}, {state.visit.outcome.value}"


def _count(records: Sequence[DifferenceRecord]) -> str:
    kinds = Counter(record.kind for record in records)
    return ", ".join(f"{count} {kind}" for kind, count in kinds.items()) or "no difference in what was read"
