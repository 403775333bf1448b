"""`fleetscan sweep`, and `fleetscan sweeps` for those of the past."""

from typing import Annotated

import typer

from fleetscan.cli.clock import show_time
from fleetscan.cli.invocation import invocation_of
from fleetscan.cli.options import (
    ExcludeOption,
    FailOnOption,
    FormatOption,
    GroupOption,
    LimitOption,
    selection_flags,
)
from fleetscan.cli.output import Column, Format, print_records

sweeps_app = typer.Typer(help="Sweeps of the past and what became of every host.", no_args_is_help=True)
_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command(
        "sweep", epilog="Examples: fleetscan sweep | fleetscan sweep --group web --exclude 'web-9*' --fail-on high"
    )(sweep)
    app.add_typer(sweeps_app, name="sweeps")


def sweep(
    context: typer.Context,
    group: GroupOption = None,
    limit: LimitOption = None,
    exclude: ExcludeOption = None,
    concurrency: Annotated[str | None, typer.Option(help="Hosts visited at one time.")] = None,
    handshakes: Annotated[str | None, typer.Option(help="Connections being opened at one time.")] = None,
    timeout: Annotated[str | None, typer.Option(help="Seconds for a whole visit.")] = None,
    connect_timeout: Annotated[str | None, typer.Option(help="Seconds for connecting and logging in.")] = None,
    fail_on: FailOnOption = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Continue the sweep that was interrupted; what it committed is not visited again."
        ),
    ] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Visit hosts, keep what they have, and show what drifted and what could not be read.

    Ctrl-C ends cleanly: everything committed stays, and `--resume` goes on from there.
    """
    from fleetscan.bootstrap import (
        build_transport,
        collect_known_keys,
        current_author,
        index_hosts,
        judge_options,
        sweep_options,
        utc_now,
    )
    from fleetscan.cli.judged import exit_code, finding_records, print_findings, print_verdict, unread_lines
    from fleetscan.cli.progress import show_progress
    from fleetscan.errors import UsageError
    from fleetscan.inventory.selection import select_hosts
    from fleetscan.model.sweep import Selection
    from fleetscan.operations.publish import gather_inputs
    from fleetscan.operations.sweep_fleet import find_resumable, sweep_fleet

    invocation = invocation_of(context)
    settings = invocation.load(
        {
            "concurrency": concurrency,
            "handshakes": handshakes,
            "visit_timeout_s": timeout,
            "connect_timeout_s": connect_timeout,
            "fail_on": fail_on,
        }
    ).settings
    terminal = invocation.terminal
    inventory = invocation.inventory()
    with invocation.store() as store:
        asked = Selection(**selection_flags(group, limit, exclude))
        if resume and asked != Selection():
            raise UsageError(
                "--resume takes the hosts of the sweep that it continues; a choice of hosts cannot be given with it",
                hint="leave --group, --limit and --exclude out, or start a new sweep without --resume",
            )
        begun = find_resumable(store) if resume else None
        selection = begun.selection if begun else asked
        hosts = select_hosts(inventory, selection)
        visited = store.sweeps.visited_hosts(begun.id) if begun else frozenset()
        if begun:
            terminal.say(f"sweep {begun.id} goes on; {len(visited)} of its {begun.hosts} hosts have an outcome")
        transport = build_transport(settings, collect_known_keys(settings, store))
        transport.prepare(hosts)
        with show_progress(terminal, sum(host.name not in visited for host in hosts)) as observer:
            result = sweep_fleet(
                hosts,
                selection,
                store=store,
                transport=transport,
                options=sweep_options(settings),
                author=current_author(),
                clock=utc_now,
                observer=observer,
                resume=resume,
            )
        inputs = gather_inputs(store, index_hosts(inventory), result.sweep, utc_now(), judge_options(settings))
    records = finding_records(inputs)
    telling = records if form is not Format.TABLE else [r for r in records if r.severity != "info"]
    if telling or form is not Format.TABLE:
        print_findings(terminal, form, telling)
    lines = list(unread_lines(inputs))
    for line in lines[:_SHOWN]:
        terminal.say(line, style="yellow")
    if len(lines) > _SHOWN:
        terminal.say(f"… and {len(lines) - _SHOWN} more; `fleetscan sweeps show` lists all", style="yellow")
    print_verdict(terminal, inputs)
    if result.interrupted:
        terminal.say("interrupted; what was committed is kept, `fleetscan sweep --resume` goes on", style="bold yellow")
    raise typer.Exit(exit_code(inputs, settings.fail_on))


@sweeps_app.command("list", epilog="Example: fleetscan sweeps list --limit 5")
def list_sweeps(
    context: typer.Context,
    limit: Annotated[int, typer.Option(help="How many, newest first.", min=1)] = 20,
    form: FormatOption = Format.TABLE,
) -> None:
    """List sweeps, newest first."""
    from fleetscan.export.records import SweepRecord

    invocation = invocation_of(context)
    with invocation.store() as store:
        sweeps = store.sweeps.list_sweeps(limit)
    records = [
        SweepRecord(
            id=s.id,
            state=s.state.value,
            started_at=s.started_at,
            ended_at=s.ended_at,
            author=s.author,
            hosts=s.hosts,
            tool_version=s.tool_version,
            probe_sha256=s.probe_sha256,
        )
        for s in sweeps
    ]
    columns: list[Column[SweepRecord]] = [
        Column("sweep", lambda r: str(r.id), right=True),
        Column("state", lambda r: r.state),
        Column("started", lambda r: show_time(r.started_at)),
        Column("ended", lambda r: show_time(r.ended_at)),
        Column("hosts", lambda r: str(r.hosts), right=True),
        Column("by", lambda r: r.author),
    ]
    print_records(invocation.terminal, form, "sweeps", records, columns, empty="no sweeps yet")


@sweeps_app.command("show", epilog="Example: fleetscan sweeps show 12 --format json")
def show_sweep(
    context: typer.Context,
    sweep_id: Annotated[
        int | None, typer.Argument(help="Number of the sweep; the newest by default.", metavar="SWEEP")
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show the outcome of every host of a sweep, and what could not be read with the reason."""
    from fleetscan.cli.visits import print_visits
    from fleetscan.operations.sweep_fleet import latest_sweep

    invocation = invocation_of(context)
    with invocation.store() as store:
        visits = store.visits.read_visits(latest_sweep(store, sweep_id).id)
    print_visits(invocation.terminal, form, visits)
