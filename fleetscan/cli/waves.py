"""`fleetscan waves`: the same new or changed thing on many hosts within days."""

from typing import TYPE_CHECKING, Annotated

import typer

from fleetscan.cli.clock import show_time
from fleetscan.cli.invocation import invocation_of
from fleetscan.cli.options import FormatOption, SweepOption
from fleetscan.cli.output import Column, Format, Terminal, print_records
from fleetscan.cli.review import review_fleet
from fleetscan.export.judgement_records import WaveHostRecord, WaveRecord

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleetscan.model.wave import Wave

waves_app = typer.Typer(name="waves", help="The same thing on many hosts within days.", no_args_is_help=True)

IdArgument = Annotated[str, typer.Argument(help="Id of a wave, or the beginning of one.", metavar="WAVE")]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.add_typer(waves_app)


@waves_app.command("list", epilog="Example: fleetscan waves list --format json")
def list_waves(
    context: typer.Context,
    sweep: SweepOption = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what packages explain, or somebody approved.")
    ] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """List the waves of a sweep, worst first: each once, with how many hosts it reached."""
    invocation = invocation_of(context)
    waves = review_fleet(invocation, sweep).waves
    shown = [wave for wave in waves if everything or not (wave.explained or wave.approved_by)]
    _print(invocation.terminal, form, shown)


@waves_app.command("show", epilog="Example: fleetscan waves show 8c1d")
def show_wave(
    context: typer.Context, wave: IdArgument, sweep: SweepOption = None, form: FormatOption = Format.TABLE
) -> None:
    """Show one wave: which hosts it reached, in which order, and how many on each day."""
    from fleetscan.analyse.waves import say_wave
    from fleetscan.operations.accept_findings import find_wave

    invocation = invocation_of(context)
    terminal = invocation.terminal
    found = find_wave(review_fleet(invocation, sweep).waves, wave)
    _print(terminal, form, [found])
    if form is Format.TABLE:
        terminal.say(say_wave(found), style="bold")
        for day, count in found.spread:
            terminal.say(f"{day}  {'█' * min(count, 60)} {count}")
        for member in found.members:
            terminal.say(f"{show_time(member.at)}  {member.host}  finding {member.finding[:8]}")


@waves_app.command("approve", epilog='Example: fleetscan waves approve 8c1d --reason "agent 2.4, CHG-881"')
def approve_wave(
    context: typer.Context,
    wave: IdArgument,
    reason: Annotated[str, typer.Option(help="Why it is wanted.")],
    owner: Annotated[str | None, typer.Option(help="Who answers for it; you by default.")] = None,
    ticket: Annotated[str, typer.Option(help="Reference in another system.")] = "",
    expires: Annotated[str, typer.Option(help="2027-03-31, 90d or never.")] = "365d",
) -> None:
    """Approve a roll-out once: this thing with this content, also on hosts that it has still to reach.

    Nothing is learned by it: other content is a finding again, and the next baseline has to take it in.
    """
    from fleetscan.bootstrap import current_author, utc_now
    from fleetscan.operations.accept_findings import Decision, find_wave, parse_expiry
    from fleetscan.operations.accept_findings import approve_wave as approve

    invocation = invocation_of(context)
    found = find_wave(review_fleet(invocation, None).waves, wave)
    now, author = utc_now(), current_author()
    decision = Decision(
        reason=reason,
        owner=owner or author,
        author=author,
        at=now,
        ticket=ticket,
        expires_at=parse_expiry(expires, now),
    )
    with invocation.store() as store:
        made = approve(store, found, decision)
    invocation.terminal.say(f"wave {found.id} on {len(found.members)} hosts is approved by exception {made.id}")


def _print(terminal: Terminal, form: Format, waves: "Iterable[Wave]") -> None:
    from fleetscan.cli.judged import STYLES

    records = [
        WaveRecord(
            id=wave.id,
            severity=wave.severity.label,
            technique=wave.technique.value if wave.technique else "",
            subject=wave.key.kind.value,
            scope=wave.key.scope,
            name=wave.key.name,
            drift=wave.kind.value,
            content=wave.content,
            standing="approved" if wave.approved_by else "explained" if wave.explained else "open",
            hosts=tuple(WaveHostRecord(host=member.host, first_seen_at=member.at) for member in wave.members),
            first_seen_at=wave.first_at,
            last_seen_at=wave.last_at,
            by_day=tuple(f"{day} {count}" for day, count in wave.spread),
        )
        for wave in waves
    ]
    columns: list[Column[WaveRecord]] = [
        Column("id", lambda r: r.id[:8], style="dim", no_wrap=True),
        Column("severity", lambda r: r.severity, style=lambda r: STYLES[r.severity], no_wrap=True),
        Column("what", lambda r: f"{r.drift} {r.subject} {r.name} ({r.scope})"),
        Column("hosts", lambda r: str(len(r.hosts)), right=True),
        Column("from", lambda r: show_time(r.first_seen_at)),
        Column("to", lambda r: show_time(r.last_seen_at)),
        Column("standing", lambda r: r.standing),
    ]
    print_records(terminal, form, "waves", records, columns, empty="no open waves")
