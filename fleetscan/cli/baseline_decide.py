"""What persons decide about baselines: approval, and the way back."""

from typing import TYPE_CHECKING, Annotated

import typer

from fleetscan.cli.invocation import invocation_of
from fleetscan.cli.options import AuthorOption

if TYPE_CHECKING:
    from fleetscan.store.baseline_rows import BaselineInfo

ReasonOption = Annotated[str, typer.Option(help="Why; stands in every report.")]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command(
        "approve", epilog="Example: fleetscan baseline approve 3 4 --reason 'after the November patch day, CHG-4711'"
    )(approve)
    app.command(
        "rollback",
        epilog="Example: fleetscan baseline rollback web/debian-12 --to 2 --reason 'version 3 was too early'",
    )(rollback)


def approve(
    context: typer.Context,
    proposals: Annotated[list[int] | None, typer.Argument(help="Numbers of proposals.", metavar="ID")] = None,
    all_pending: Annotated[
        bool, typer.Option("--all-pending", help="The newest proposal of every cohort that has one.")
    ] = False,
    reason: ReasonOption = "",
    author: AuthorOption = None,
) -> None:
    """Make proposals the baselines of their cohorts. A baseline is never changed, only replaced.

    With the setting `approvers = 2` a second person must approve the same proposal before it counts.
    """
    from fleetscan.bootstrap import current_author, utc_now
    from fleetscan.errors import UsageError
    from fleetscan.operations.manage_baselines import approve_baselines, pending_proposals

    invocation = invocation_of(context)
    with invocation.store() as store:
        ids = tuple(proposals or ()) + (pending_proposals(store) if all_pending else ())
        if not ids:
            raise UsageError(
                "no proposal to approve", hint="name proposals by number, or use --all-pending after `baseline propose`"
            )
        done = approve_baselines(
            store,
            tuple(dict.fromkeys(ids)),
            author=author or current_author(),
            reason=reason,
            at=utc_now(),
            approvers=invocation.settings.approvers,
        )
    for info in done:
        typer.echo(_tell(info, f"approved by {_authors(info)}"))


def rollback(
    context: typer.Context,
    cohort: Annotated[str, typer.Argument(help="Whose baseline, web/debian-12.", metavar="COHORT")],
    to: Annotated[
        int | None, typer.Option("--to", help="Version to go back to; the one before by default.", metavar="VERSION")
    ] = None,
    reason: ReasonOption = "",
    author: AuthorOption = None,
) -> None:
    """Make an older version of a baseline the newest one again. Nothing is deleted."""
    from fleetscan.bootstrap import current_author, utc_now
    from fleetscan.operations.manage_baselines import find_cohort, roll_back

    invocation = invocation_of(context)
    with invocation.store() as store:
        info = roll_back(
            store,
            find_cohort(store, cohort),
            to,
            author=author or current_author(),
            reason=reason,
            at=utc_now(),
            approvers=invocation.settings.approvers,
        )
    typer.echo(_tell(info, f"holds what version {info.rolled_back_to} held, approved by {_authors(info)}"))


def _tell(info: "BaselineInfo", what: str) -> str:
    from fleetscan.report.visible import visible_text

    if info.version is None:
        who = _authors(info)
        text = f"proposal {info.id} of {info.cohort} approved by {who}; another person must approve it, too"
    else:
        text = f"baseline {info.version} of {info.cohort} {what}"
    return visible_text(text)


def _authors(info: "BaselineInfo") -> str:
    return " and ".join(one.author for one in info.approvals)
