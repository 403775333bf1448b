"""`fleetscan send`: findings to the other systems that the settings name."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from fleetscan.cli.clock import show_time
from fleetscan.cli.invocation import Invocation, invocation_of
from fleetscan.cli.options import FormatOption, SweepOption
from fleetscan.cli.output import Column, Format, print_records
from fleetscan.cli.review import review_fleet
from fleetscan.export.sink_records import SinkRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleetscan.operations.send_findings import SinkRun
    from fleetscan.operations.sinks import Sink


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command(
        "send",
        epilog="Examples: fleetscan send | fleetscan send siem --dry-run | fleetscan send --status",
    )(send)


def send(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(help="Which sinks of the settings; all by default.", metavar="[SINK]...")
    ] = None,
    sweep: SweepOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be sent, without any secret, and send nothing.")
    ] = False,
    status: Annotated[bool, typer.Option("--status", help="Only tell what became of everything so far.")] = False,
    retry: Annotated[
        bool, typer.Option("--retry", help="Also what waits for a later time, and what was refused.")
    ] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Tell other systems what is new, changed, fixed or back again, each thing once.

    What a receiver did not take waits in the database and is sent by a later run: a minute later at the earliest, and
    less and less often. What it took is never sent again.
    """
    invocation = invocation_of(context)
    sinks = _choose(invocation, names or [])
    if dry_run:
        _preview(invocation, sinks, sweep)
        return
    runs = {} if status else _run(invocation, sinks, sweep, retry=retry)
    _print(invocation, form, sinks, runs, everything=status and not names)
    for hint in dict.fromkeys(run.hint for run in runs.values() if run.hint):
        invocation.terminal.say(f"hint: {hint}")
    if any(run.error for run in runs.values()):
        raise typer.Exit(4)


def _choose(invocation: Invocation, names: list[str]) -> "list[Sink]":
    from fleetscan.bootstrap import build_sink
    from fleetscan.errors import ConfigError, UsageError

    known = {sink.name: sink for sink in invocation.settings.sinks}
    if not known:
        raise ConfigError(
            "no sink is set up", hint="add [[sinks]] to fleetscan.toml; docs/guide/outputs.md has recipes"
        )
    for name in names:
        if name not in known:
            raise UsageError(f"there is no sink {name!r}", hint=f"one of: {', '.join(known)}")
    return [build_sink(known[name]) for name in dict.fromkeys(names or known)]


def _preview(invocation: Invocation, sinks: "list[Sink]", sweep: int | None) -> None:
    from fleetscan.operations.send_findings import preview_news

    inputs = review_fleet(invocation, sweep)
    with invocation.store() as store:
        for sink in sinks:
            bodies = preview_news(store.deliveries, inputs, sink)
            invocation.terminal.say(f"{sink.options.name}: {len(bodies)} to {sink.options.target}")
            for body in bodies:
                sys.stdout.write(body.decode("utf-8", "backslashreplace").rstrip("\n") + "\n")


def _run(invocation: Invocation, sinks: "list[Sink]", sweep: int | None, *, retry: bool) -> "dict[str, SinkRun]":
    import time
    from dataclasses import replace

    from fleetscan.bootstrap import utc_now
    from fleetscan.operations.send_findings import queue_news, send_news

    inputs = review_fleet(invocation, sweep)
    runs = {}
    with invocation.store() as store:
        queued = {sink.options.name: queue_news(store.deliveries, inputs, sink, utc_now) for sink in sinks}
        for sink in sinks:
            run = send_news(store.deliveries, sink, utc_now, time.sleep, retry=retry)
            runs[sink.options.name] = replace(run, queued=queued[sink.options.name])
    return runs


def _print(
    invocation: Invocation, form: Format, sinks: "list[Sink]", runs: "Mapping[str, SinkRun]", *, everything: bool
) -> None:
    from fleetscan.operations.send_findings import SinkRun
    from fleetscan.store.deliveries import DeliveryState, SinkStanding

    with invocation.store() as store:
        standings = {standing.sink: standing for standing in store.deliveries.standings()}
    known = {sink.options.name: sink.options for sink in sinks}
    names = [*known, *(name for name in standings if everything and name not in known)]
    records = []
    for name in names:
        standing = standings.get(name, SinkStanding(sink=name, counts={}))
        run = runs.get(name, SinkRun())
        count = {state: standing.counts.get(state, 0) for state in DeliveryState}
        records.append(
            SinkRecord(
                sink=name,
                kind=known[name].kind if name in known else "",
                target=known[name].target if name in known else "",
                queued=run.queued,
                delivered=run.sent,
                failed=run.failed,
                declined=run.refused,
                waiting=count[DeliveryState.WAITING],
                sending=count[DeliveryState.SENDING],
                sent=count[DeliveryState.SENT],
                refused=count[DeliveryState.REFUSED],
                error=run.error or standing.last_error,
                due_at=standing.due_at,
                last_sent_at=standing.last_sent_at,
            )
        )
    columns: list[Column[SinkRecord]] = [
        Column("sink", lambda r: r.sink, no_wrap=True),
        Column("to", lambda r: r.target or "(no longer set up)"),
        Column("sent now", lambda r: str(r.delivered), right=True),
        Column("waiting", lambda r: str(r.waiting + r.sending), right=True),
        Column("refused", lambda r: str(r.refused), right=True),
        Column("sent", lambda r: str(r.sent), right=True),
        Column("next try", lambda r: show_time(r.due_at) if r.due_at else "-"),
        Column("error", lambda r: r.error or "-"),
    ]
    print_records(invocation.terminal, form, "sinks", records, columns, empty="nothing was ever sent")
