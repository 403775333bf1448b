"""`fleetscan history`: since when, where, and what changed each time."""

from collections.abc import Sequence
from typing import Annotated

import typer

from fleetscan.cli.clock import show_time
from fleetscan.cli.host_names import count_hosts, name_hosts
from fleetscan.cli.invocation import invocation_of
from fleetscan.cli.options import FormatOption
from fleetscan.cli.output import Column, Format, Terminal, print_records
from fleetscan.export.question_records import HistoryRecord

_STYLES = {"first seen": "red", "back": "red", "changed": "yellow", "gone": "green", "last seen": "dim"}
_CHANGES = 4
_CHARS = 200


def register(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command(
        "history",
        epilog="Examples: fleetscan history backup.timer | fleetscan history 3f2a91bc | "
        "fleetscan history web-01 --text",
    )(history)


def history(
    context: typer.Context,
    what: Annotated[
        str, typer.Argument(help="A unit, the beginning of a file's SHA-256, or a host.", metavar="UNIT|SHA256|HOST")
    ],
    kind: Annotated[
        str | None,
        typer.Option("--as", help="Take it for a host, sha256 or unit; found out by default.", metavar="KIND"),
    ] = None,
    text: Annotated[bool, typer.Option("--text", help="Show settings and lines of files below the table.")] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Tell when a unit or a content was first and last seen, on which hosts, and what changed each time.

    Of a host: what came, changed and went between its visits. A thing that a visit could not read is not gone.
    """
    from fleetscan.errors import UsageError
    from fleetscan.operations.history import Target, tell_history

    kinds = {target.value: target for target in Target}
    if kind is not None and kind not in kinds:
        raise UsageError(f"{kind!r} is nothing that has a history", hint=f"one of: {', '.join(kinds)}")
    invocation = invocation_of(context)
    with invocation.store() as store:
        records = tell_history(store, what, kinds[kind] if kind is not None else None)
    _print_history(invocation.terminal, form, records)
    if form is Format.TABLE:
        if text:
            _print_changes(invocation.terminal, records)
        _say_extent(invocation.terminal, records)


def _print_history(terminal: Terminal, form: Format, records: Sequence[HistoryRecord]) -> None:
    """Print one row for equal events of one day in a table, and one record for each host in the other forms."""
    groups: dict[tuple[object, ...], list[HistoryRecord]] = {}
    ordered = sorted(records, key=lambda record: record.at) if form is Format.TABLE else records
    for record in ordered:
        groups.setdefault(_event_of(record), []).append(record)
    columns: list[Column[HistoryRecord]] = [
        Column("when", _tell_time),
        Column("event", lambda r: r.event, style=lambda r: _STYLES.get(r.event, ""), no_wrap=True),
        Column("hosts", lambda r: _tell_hosts(groups[_event_of(r)])),
        Column("what", _tell_what),
    ]
    shown = [group[0] for group in groups.values()] if form is Format.TABLE else records
    print_records(terminal, form, "history", shown, columns, empty="nothing happened")


def _event_of(record: HistoryRecord) -> tuple[object, ...]:
    day = record.at.astimezone().date()
    return (day, record.event, record.subject, record.scope, record.name, record.sentence, record.changes, record.diffs)


def _tell_time(record: HistoryRecord) -> str:
    after = f"after {show_time(record.before_at)}" if record.before_at is not None else ""
    return "\n".join(filter(None, (show_time(record.at), after)))


def _tell_hosts(group: Sequence[HistoryRecord]) -> str:
    names = sorted({record.host for record in group})
    return name_hosts(names) if len(names) == 1 else f"{len(names)}: {name_hosts(names, 3)}"


def _tell_what(record: HistoryRecord) -> str:
    kind = "" if record.subject in ("job", "unit") else f"{record.subject} "
    scope = "" if record.scope in ("system", "") else f" ({record.scope})"
    lines = [f"{kind}{record.name[:_CHARS]}{scope}", record.sentence[:_CHARS]]
    for change in record.changes[:_CHANGES]:
        before, after = " | ".join(change.before) or "not set", " | ".join(change.after) or "not set"
        lines.append(f"{change.key}: {before[:_CHARS]} → {after[:_CHARS]}")
    lines += [f"{t.path}: {t.before} → {t.after}"[: 2 * _CHARS] for t in record.targets[:_CHANGES]]
    more = max(0, len(record.changes) - _CHANGES) + max(0, len(record.targets) - _CHANGES)
    lines += [f"and {more} more"] if more else []
    return "\n".join(line.replace("\n", "\\n") for line in lines if line)


def _print_changes(terminal: Terminal, records: Sequence[HistoryRecord]) -> None:
    from fleetscan.cli.diff import print_changes, print_line

    told: set[tuple[object, ...]] = set()
    for record in sorted(records, key=lambda record: record.at):
        if not (record.changes or record.targets or record.diffs) or _event_of(record) in told:
            continue
        told.add(_event_of(record))
        title = f"{show_time(record.at)} {record.host}: {record.event} {record.name}"
        print_line(terminal, title, _STYLES.get(record.event, ""))
        print_changes(terminal, record.changes, record.targets, record.diffs)


def _say_extent(terminal: Terminal, records: Sequence[HistoryRecord]) -> None:
    first, last = min(record.at for record in records), max(record.at for record in records)
    hosts = {record.host for record in records}
    present = {record.host for record in records if record.present and record.event == "last seen"}
    terminal.say(
        f"first seen {show_time(first)}, last {show_time(last)}, on {count_hosts(len(hosts))}, "
        f"now on {len(present)} of them",
        style="bold",
    )
