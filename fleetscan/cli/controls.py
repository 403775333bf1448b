"""`fleetscan controls`: ATT&CK's own detections and mitigations as a checklist."""

from typing import Annotated

import typer

from fleetscan.cli.invocation import invocation_of
from fleetscan.cli.options import FormatOption, SweepOption
from fleetscan.cli.output import Column, Format, Terminal, print_records
from fleetscan.export.control_records import ControlRecord, HostControlRecord

_STYLES = {"pass": "green", "fail": "bold red", "not readable": "yellow"}
_LINES = 5
_NAMES = 5
_WORST = 5


def register(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command(
        "controls",
        epilog="Examples: fleetscan controls | fleetscan controls --host web-07 --status fail | "
        "fleetscan controls --host '*' --format json",
    )(controls)


def controls(
    context: typer.Context,
    host: Annotated[
        list[str] | None, typer.Option(help="Show these hosts with evidence; names or patterns, repeat.")
    ] = None,
    sweep: SweepOption = None,
    status: Annotated[
        list[str] | None,
        typer.Option(help="Only what came out so: pass, fail, 'not readable'; repeat.", metavar="STATUS"),
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Answer ATT&CK's detections and mitigations of T1053.006 for every host: pass, fail or not readable.

    Without `--host` one row for each control with the number of hosts; with it one row for each control and host, with
    the evidence. A control never passes while something that it rests on was not read.
    """
    from fleetscan.analyse.controls.checklist import CONTROLS
    from fleetscan.bootstrap import index_hosts, judge_options
    from fleetscan.errors import UsageError
    from fleetscan.export.control_records import build_control_records, build_host_control_records
    from fleetscan.inventory.selection import matches_name
    from fleetscan.operations.check_controls import check_controls
    from fleetscan.operations.sweep_fleet import latest_sweep

    for word in status or ():
        if word not in _STYLES:
            raise UsageError(f"{word!r} is no status of a control", hint=f"one of: {', '.join(_STYLES)}")
    asked = set(status or _STYLES)
    invocation = invocation_of(context)
    known = index_hosts(invocation.inventory())
    with invocation.store() as store:
        chosen = latest_sweep(store, sweep)
        found = check_controls(store, known, chosen, judge_options(invocation.settings))
    if host:
        found = tuple(one for one in found if any(matches_name(one.host, pattern) for pattern in host))
        if not found:
            raise UsageError(
                f"no host of sweep {chosen.id} matches {', '.join(host)}",
                hint="`fleetscan sweeps show` lists its hosts",
            )
        records = [r for r in build_host_control_records(chosen.id, found) if r.status in asked]
        _print_hosts(invocation.terminal, form, records)
        return
    counted = build_control_records(chosen.id, CONTROLS, found)
    _print_fleet(invocation.terminal, form, [r for r in counted if any(_count(r, word) for word in asked)])
    if form is Format.TABLE:
        _say_worst(invocation.terminal, counted)


def _count(record: ControlRecord, status: str) -> int:
    return {"pass": record.passed, "fail": record.failed, "not readable": record.not_readable}[status]


def _print_fleet(terminal: Terminal, form: Format, records: list[ControlRecord]) -> None:
    columns: list[Column[ControlRecord]] = [
        Column("control", lambda r: r.id, no_wrap=True),
        Column("what is so when it passes", lambda r: r.title),
        Column("pass", lambda r: str(r.passed), style=_STYLES["pass"], right=True),
        Column("fail", lambda r: str(r.failed), style=lambda r: _STYLES["fail"] if r.failed else "", right=True),
        Column(
            "not readable",
            lambda r: str(r.not_readable),
            style=lambda r: _STYLES["not readable"] if r.not_readable else "",
            right=True,
        ),
        Column("fails on", lambda r: _name(r.failing)),
    ]
    print_records(terminal, form, "controls", records, columns, empty="no control came out so on any host")


def _say_worst(terminal: Terminal, records: list[ControlRecord]) -> None:
    fails: dict[str, int] = {}
    for record in records:
        for name in record.failing:
            fails[name] = fails.get(name, 0) + 1
    worst = sorted(fails.items(), key=lambda pair: (-pair[1], pair[0]))
    if worst:
        told = ", ".join(f"{name} ({count})" for name, count in worst[:_WORST])
        terminal.say(f"most fails: {told}; `fleetscan controls --host NAME --status fail` shows why", style="bold")


def _print_hosts(terminal: Terminal, form: Format, records: list[HostControlRecord]) -> None:
    columns: list[Column[HostControlRecord]] = [
        Column("host", lambda r: r.host),
        Column("control", lambda r: r.id, no_wrap=True),
        Column("result", lambda r: r.status, style=lambda r: _STYLES[r.status], no_wrap=True),
        Column("what is so when it passes", lambda r: r.title),
        Column("evidence", _tell_evidence),
    ]
    print_records(terminal, form, "host-controls", records, columns, empty="no control came out so on these hosts")


def _tell_evidence(record: HostControlRecord) -> str:
    lines = [e.text + (f" ({e.path}:{e.line})" if e.line else "") for e in record.evidence[:_LINES]]
    rest = len(record.evidence) - len(lines) + record.more
    return "\n".join([*(line.replace("\n", "\\n") for line in lines), *([f"and {rest} more"] if rest else [])])


def _name(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return ", ".join(names[:_NAMES]) + more
