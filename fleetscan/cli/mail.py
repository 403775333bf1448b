"""`fleetscan mail`: one message for each owner with something to do."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fleetscan.cli.clock import show_time
from fleetscan.cli.invocation import invocation_of
from fleetscan.cli.options import FormatOption, OutOption, SweepOption
from fleetscan.cli.output import Column, Format, Terminal, print_records
from fleetscan.export.records import MailRecord, NoticeRecord

if TYPE_CHECKING:
    from fleetscan.operations.notify_owners import Notification


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command("mail", epilog="Examples: fleetscan mail --dry-run --out outbox | fleetscan mail")(mail)
    app.command("mails", epilog="Example: fleetscan mails --sweep 12")(mails)


def mail(
    context: typer.Context,
    sweep: SweepOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write .eml files instead of sending.")] = False,
    out: OutOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Mail every owner who has drift or unread hosts: their hosts only, once per owner and sweep.

    Repeating the command sends only what was not sent. A message of which nobody can know whether it arrived is
    reported and not sent again.
    """
    from fleetscan.bootstrap import build_smtp_sender, index_hosts, judge_options, mail_options, utc_now
    from fleetscan.operations.notify_owners import Notice, send_digests, write_digests
    from fleetscan.operations.publish import gather_inputs
    from fleetscan.operations.sweep_fleet import latest_sweep
    from fleetscan.report.digest import build_digests

    invocation = invocation_of(context)
    settings, terminal = invocation.settings, invocation.terminal
    inventory = invocation.inventory()
    options = mail_options(settings, sender_needed=not dry_run)
    with invocation.store() as store:
        inputs = gather_inputs(
            store, index_hosts(inventory), latest_sweep(store, sweep), utc_now(), judge_options(settings)
        )
        digests = build_digests(inputs)
        if dry_run:
            done = write_digests(digests, options, out or Path("outbox"))
        elif digests:
            with build_smtp_sender(settings) as sender:
                done = send_digests(store, digests, sender, options, utc_now)
        else:
            done = ()
    _print_notices(terminal, form, done)
    if any(note.notice in (Notice.FAILED, Notice.UNCERTAIN) for note in done):
        raise typer.Exit(4)


def mails(context: typer.Context, sweep: SweepOption = None, form: FormatOption = Format.TABLE) -> None:
    """List what became of the mails of a sweep."""
    from fleetscan.operations.sweep_fleet import latest_sweep

    invocation = invocation_of(context)
    with invocation.store() as store:
        found = latest_sweep(store, sweep)
        records = [
            MailRecord(
                sweep=found.id,
                recipient=m.recipient,
                state=m.state.value,
                attempts=m.attempts,
                last_error=m.last_error,
                message_id=m.message_id,
                updated_at=m.updated_at,
            )
            for m in store.mails.list_mails(found.id)
        ]
    columns: list[Column[MailRecord]] = [
        Column("to", lambda r: r.recipient),
        Column("state", lambda r: r.state),
        Column("attempts", lambda r: str(r.attempts), right=True),
        Column("when", lambda r: show_time(r.updated_at)),
        Column("last error", lambda r: r.last_error or "-"),
    ]
    print_records(invocation.terminal, form, "mails", records, columns, empty="no mail was sent for this sweep")


def _print_notices(terminal: Terminal, form: Format, done: "tuple[Notification, ...]") -> None:
    records = [
        NoticeRecord(recipient=n.recipient, subject=n.subject, notice=n.notice.value, detail=n.detail) for n in done
    ]
    columns: list[Column[NoticeRecord]] = [
        Column("to", lambda r: r.recipient),
        Column("what", lambda r: r.notice),
        Column("subject", lambda r: r.subject),
        Column("detail", lambda r: r.detail or "-"),
    ]
    print_records(terminal, form, "notices", records, columns, empty="no owner has anything to do")
    for hint in dict.fromkeys(n.hint for n in done if n.hint):
        terminal.say(f"hint: {hint}")
