"""`fleetscan exceptions`: accepted findings, for how long and for what content."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from fleetscan.cli.clock import show_time
from fleetscan.cli.invocation import invocation_of
from fleetscan.cli.options import FormatOption
from fleetscan.cli.output import Column, Format, Terminal, print_records
from fleetscan.export.judgement_records import ExceptionRecord

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleetscan.model.acceptance import FindingException

exceptions_app = typer.Typer(name="exceptions", help="Accepted findings.", no_args_is_help=True)

NumberArgument = Annotated[int, typer.Argument(help="Number of the exception.", metavar="EXCEPTION")]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.add_typer(exceptions_app)


@exceptions_app.command(
    "add",
    epilog='Examples: fleetscan exceptions add 3f2a --reason "vendor agent" --owner ana | '
    'fleetscan exceptions add --rule FS-009 --unit "zabbix-*" --group monitoring --reason "polls each minute"',
)
def add_exception(
    context: typer.Context,
    reason: Annotated[str, typer.Option(help="Why it is accepted.")],
    finding: Annotated[
        str | None, typer.Argument(help="Id of a finding: its thing, content and host.", metavar="FINDING")
    ] = None,
    owner: Annotated[str | None, typer.Option(help="Who answers for it; you by default.")] = None,
    ticket: Annotated[str, typer.Option(help="Reference in another system.")] = "",
    expires: Annotated[str, typer.Option(help="2027-03-31, 90d or never.")] = "365d",
    rule: Annotated[str, typer.Option(help="Only what this rule says.")] = "",
    unit: Annotated[str, typer.Option(help="Pattern over names of things and units.")] = "",
    content: Annotated[str, typer.Option(help="Only this content (64 digits).")] = "",
    any_content: Annotated[bool, typer.Option("--any-content", help="Also what it may become later.")] = False,
    host: Annotated[str, typer.Option(help="Pattern over host names.")] = "",
    group: Annotated[str, typer.Option(help="Only hosts of this group.")] = "",
    cohort: Annotated[str, typer.Option(help="Only this cohort, web/debian-12.")] = "",
) -> None:
    """Accept a finding, or all that fits a description. It holds for the content at hand unless told otherwise."""
    from dataclasses import replace

    from fleetscan.bootstrap import current_author, utc_now
    from fleetscan.cli.review import find_finding, review_fleet
    from fleetscan.model.acceptance import ExceptionScope
    from fleetscan.model.finding import RuleId
    from fleetscan.model.ids import Sha256
    from fleetscan.operations.accept_findings import Decision, parse_expiry, scope_of_finding
    from fleetscan.operations.accept_findings import add_exception as accept

    invocation = invocation_of(context)
    if finding is not None:
        found = find_finding(review_fleet(invocation, None), finding)
        scope = scope_of_finding(found, rule=rule, host=host, any_content=any_content)
        asked = Sha256(content) if content else scope.content
        scope = replace(scope, unit=unit or scope.unit, content=asked, group=group, cohort=cohort)
    else:
        scope = ExceptionScope(
            rule=RuleId(rule) if rule else None,
            unit=unit,
            content=Sha256(content) if content else None,
            host=host,
            group=group,
            cohort=cohort,
        )
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
        made = accept(store, scope, decision)
    until = f"until {show_time(made.expires_at)}" if made.expires_at else "for good"
    invocation.terminal.say(f"exception {made.id} holds {until}: {_tell_scope(made)}")


@exceptions_app.command("list", epilog="Example: fleetscan exceptions list --all --format json")
def list_exceptions(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Also expired and revoked ones.")] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """List the exceptions in force."""
    from fleetscan.bootstrap import utc_now

    invocation = invocation_of(context)
    with invocation.store() as store:
        found = store.exceptions.list_exceptions() if everything else store.exceptions.exceptions_in_force(utc_now())
    _print(invocation.terminal, form, found)


@exceptions_app.command("expiring", epilog="Example: fleetscan exceptions expiring --days 14")
def list_expiring(
    context: typer.Context,
    days: Annotated[int, typer.Option(help="Within how many days.", min=0, max=36_500)] = 30,
    form: FormatOption = Format.TABLE,
) -> None:
    """List the exceptions that end soon, the first to end first."""
    from fleetscan.bootstrap import utc_now

    invocation = invocation_of(context)
    with invocation.store() as store:
        found = store.exceptions.expiring_exceptions(utc_now(), timedelta(days=days))
    _print(invocation.terminal, form, found)


@exceptions_app.command("show", epilog="Example: fleetscan exceptions show 12")
def show_exception(context: typer.Context, number: NumberArgument, form: FormatOption = Format.TABLE) -> None:
    """Show one exception, also one that holds no more."""
    invocation = invocation_of(context)
    with invocation.store() as store:
        found = store.exceptions.read_exception(number)
    _print(invocation.terminal, form, [found])


@exceptions_app.command("revoke", epilog="Example: fleetscan exceptions revoke 12")
def revoke_exception(context: typer.Context, number: NumberArgument) -> None:
    """Take an exception back; what it held down is a finding again. The exception stays on record."""
    from fleetscan.bootstrap import current_author, utc_now

    invocation = invocation_of(context)
    with invocation.store() as store:
        store.exceptions.revoke_exception(number, author=current_author(), at=utc_now())
    invocation.terminal.say(f"exception {number} is revoked")


def _print(terminal: Terminal, form: Format, found: "Iterable[FindingException]") -> None:
    from fleetscan.bootstrap import utc_now

    now = utc_now()
    records = [
        ExceptionRecord(
            id=e.id,
            kind=e.kind.value,
            rule=e.scope.rule or "",
            unit=e.scope.unit,
            content=e.scope.content or "",
            host=e.scope.host,
            group=e.scope.group,
            cohort=e.scope.cohort,
            reason=e.reason,
            owner=e.owner,
            ticket=e.ticket,
            author=e.author,
            created_at=e.created_at,
            expires_at=e.expires_at,
            revoked_at=e.revoked_at,
            revoked_by=e.revoked_by,
            in_force=e.holds_at(now),
        )
        for e in found
    ]
    columns: list[Column[ExceptionRecord]] = [
        Column("exception", lambda r: str(r.id), right=True),
        Column("for", _tell_record),
        Column("reason", lambda r: r.reason),
        Column("owner", lambda r: r.owner),
        Column("ticket", lambda r: r.ticket),
        Column("expires", _tell_end),
    ]
    print_records(terminal, form, "exceptions", records, columns, empty="no exceptions")


def _tell_end(record: ExceptionRecord) -> str:
    if record.revoked_at is not None:
        return f"revoked {show_time(record.revoked_at)}"
    return show_time(record.expires_at) if record.expires_at else "never"


def _tell_record(record: ExceptionRecord) -> str:
    named = {
        "rule": record.rule,
        "unit": record.unit,
        "content": record.content[:12],
        "host": record.host,
        "group": record.group,
        "cohort": record.cohort,
    }
    told = ", ".join(f"{name} {value}" for name, value in named.items() if value)
    return f"wave: {told}" if record.kind == "wave" else told


def _tell_scope(made: "FindingException") -> str:
    scope = made.scope
    named = {
        "rule": scope.rule,
        "unit": scope.unit,
        "this content only": "" if scope.content is None else scope.content[:12],
        "host": scope.host,
        "group": scope.group,
        "cohort": scope.cohort,
    }
    return ", ".join(f"{name} {value}" for name, value in named.items() if value)
