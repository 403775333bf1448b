"""Proposals and baselines as tables."""

from typing import TYPE_CHECKING, Annotated

import typer

from fleetscan.cli.clock import show_time
from fleetscan.cli.invocation import invocation_of
from fleetscan.cli.options import FormatOption
from fleetscan.cli.output import Column, Format, print_records
from fleetscan.export.baseline_records import BaselineChangeRecord, BaselineItemRecord, BaselineRecord

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleetscan.store.baseline_rows import BaselineInfo

IdArgument = Annotated[int, typer.Argument(help="Number of a proposal or baseline.", metavar="ID")]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command("list", epilog="Example: fleetscan baseline list --format json")(list_all)
    app.command(
        "show",
        epilog="Examples: fleetscan baseline show 3 | fleetscan baseline show 3 backup.timer",
    )(show)
    app.command("diff", epilog="Example: fleetscan baseline diff 3 7")(diff)


def list_all(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """List proposals and baselines of all cohorts."""
    with invocation_of(context).store() as store:
        infos = store.baselines.list_baselines()
    print_infos(context, form, infos)


def show(
    context: typer.Context,
    baseline_id: IdArgument,
    names: Annotated[
        list[str] | None, typer.Argument(help="Only these, in full: NAME or KIND:NAME.", metavar="[NAME]...")
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show what a proposal or baseline accepts, and what a proposal leaves out and why.

    With names, all that is known of these: the files that are run, what others may write, what rules say.
    """
    from fleetscan.analyse.proposal_edit import find_unknown, keys_of
    from fleetscan.cli.baseline_page import print_item
    from fleetscan.errors import UsageError
    from fleetscan.operations.describe_baseline import describe_items

    invocation = invocation_of(context)
    with invocation.store() as store:
        proposal = store.baselines.read_proposal(baseline_id)
    if unknown := find_unknown(names or (), keys_of(proposal)):
        raise UsageError(
            f"{baseline_id} has nothing named {unknown[0]!r}", hint=f"fleetscan baseline show {baseline_id}"
        )
    records = describe_items(proposal)
    if names:
        records = [record for record in records if any(_means(word, record) for word in names)]
        if form is Format.TABLE:
            for record in records:
                print_item(invocation.terminal, record)
            return
    columns: list[Column[BaselineItemRecord]] = [
        Column("", lambda r: "accepted" if r.accepted else "left out", style=lambda r: "" if r.accepted else "yellow"),
        Column("kind", lambda r: r.subject),
        Column("name", lambda r: r.name),
        Column("scope", lambda r: r.scope),
        Column("on hosts", lambda r: f"{r.prevalence_count} of {r.prevalence_of_hosts}", right=True),
        Column("required", lambda r: "yes" if r.required else "no"),
        Column("from", lambda r: "\n".join(dict.fromkeys(one.provenance for one in r.forms))),
        Column("rules", lambda r: "\n".join(_first_words(r)) or "-"),
        Column("what it does", lambda r: r.summary),
        Column("why", lambda r: "\n".join(filter(None, dict.fromkeys((r.why, *(one.note for one in r.forms))))) or "-"),
    ]
    print_records(invocation.terminal, form, "baseline-items", records, columns, empty="nothing in it")


def diff(
    context: typer.Context,
    before: IdArgument,
    after: Annotated[int, typer.Argument(help="Number of another one.", metavar="ID")],
    form: FormatOption = Format.TABLE,
) -> None:
    """Show what one proposal or baseline accepts and another does not: directives, states, programs, open doors."""
    from fleetscan.operations.describe_baseline import compare_items

    invocation = invocation_of(context)
    with invocation.store() as store:
        records = compare_items(store.baselines.read_proposal(before).items, store.baselines.read_proposal(after).items)
    columns: list[Column[BaselineChangeRecord]] = [
        Column("change", lambda r: r.kind),
        Column("kind", lambda r: r.subject),
        Column("name", lambda r: r.name),
        Column("what", lambda r: "\n".join(r.details) or r.after or r.before or "-"),
    ]
    print_records(invocation.terminal, form, "baseline-changes", records, columns, empty="no difference")


def print_infos(context: typer.Context, form: Format, infos: "Iterable[BaselineInfo]") -> None:
    """Print proposals and baselines without their items."""
    from fleetscan.operations.describe_baseline import describe_info

    columns: list[Column[BaselineRecord]] = [
        Column("id", lambda r: str(r.id), right=True),
        Column("cohort", lambda r: r.cohort),
        Column("state", lambda r: r.state),
        Column("version", lambda r: str(r.version) if r.version else "-", right=True),
        Column("hosts", lambda r: str(r.hosts), right=True),
        Column("from", _tell_source),
        Column("proposed", lambda r: show_time(r.proposed_at)),
        Column(
            "approved", lambda r: "\n".join(f"{show_time(a.approved_at)} by {a.author}" for a in r.approvals) or "-"
        ),
        Column("reason", lambda r: "\n".join(a.reason for a in r.approvals) or "-"),
    ]
    records = [describe_info(info) for info in infos]
    terminal = invocation_of(context).terminal
    print_records(terminal, form, "baselines", records, columns, empty="no proposals and no baselines yet")


def _tell_approvals(record: BaselineRecord) -> str:
    return "\n".join(f"{show_time(one.approved_at)} by {one.author}" for one in record.approvals) or "-"


def _tell_source(record: BaselineRecord) -> str:
    if record.rolled_back_to is not None:
        return f"rolled back to version {record.rolled_back_to}"
    return f"sweep {record.sweep}" if record.source == "sweep" else f"{record.source}: {record.note}"


def _first_words(record: BaselineItemRecord) -> dict[str, None]:
    return dict.fromkeys(hit.partition(":")[0] for one in record.forms for hit in one.hits)


def _means(word: str, record: BaselineItemRecord) -> bool:
    name, kind = record.name, record.subject
    return word in (name, f"{kind}:{name}", f"{kind}:{record.scope}:{name}")
