"""`fleetscan baseline`: what cohorts normally have, and who said so."""

from typing import TYPE_CHECKING, Annotated

import typer

from fleetscan.cli.clock import show_time
from fleetscan.cli.invocation import invocation_of
from fleetscan.cli.options import AuthorOption, FormatOption, SweepOption
from fleetscan.cli.output import Column, Format, print_records
from fleetscan.export.records import BaselineChangeRecord, BaselineItemRecord, BaselineRecord

if TYPE_CHECKING:
    from fleetscan.model.baseline import BaselineItem, Outlier
    from fleetscan.store.baseline_rows import BaselineInfo

baseline_app = typer.Typer(help="Propose, read and approve baselines.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.add_typer(baseline_app, name="baseline")


@baseline_app.command("propose", epilog="Example: fleetscan baseline propose --role web --min-prevalence 0.8")
def propose(
    context: typer.Context,
    role: Annotated[str | None, typer.Option(help="Only cohorts of this role (the host's first group).")] = None,
    sweep: SweepOption = None,
    min_prevalence: Annotated[str | None, typer.Option(help="Share of hosts that must have a thing.")] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Compute a proposal for each cohort from the complete visits of a sweep. Nothing is accepted by it.

    Without --sweep it is made from the newest sweep of the whole inventory.
    """
    from fleetscan.bootstrap import current_author, index_hosts, utc_now
    from fleetscan.operations.manage_baselines import propose_baselines
    from fleetscan.operations.sweep_fleet import widest_recent_sweep

    invocation = invocation_of(context)
    settings = invocation.load({"min_prevalence": min_prevalence}).settings
    terminal = invocation.terminal
    inventory = invocation.inventory()
    with invocation.store() as store:
        saved = propose_baselines(
            store,
            index_hosts(inventory),
            widest_recent_sweep(store, sweep),
            role=role,
            min_prevalence=settings.min_prevalence,
            author=current_author(),
            at=utc_now(),
        )
        ids = {proposal.id for proposal in saved}
        infos = [info for info in store.baselines.list_baselines() if info.id in ids]
    _print_infos(context, form, infos)
    if form is not Format.TABLE:
        return
    for item in saved:
        proposal = item.proposal
        terminal.say(
            f"proposal {item.id}: {proposal.cohort}: {len(proposal.items)} things on {proposal.hosts} hosts, "
            f"{len(proposal.outliers)} outliers left out, {len(proposal.skipped)} hosts skipped",
            style="bold",
        )
        for outlier in proposal.outliers:
            hosts = ", ".join(outlier.hosts[:5]) + (" …" if len(outlier.hosts) > 5 else "")
            terminal.say(
                f"  left out: {outlier.subject.key.kind.value} {outlier.subject.key.name} "
                f"({outlier.subject.key.scope}), on {outlier.prevalence} ({hosts}): {outlier.subject.summary}",
                style="yellow",
            )
        for host, why in proposal.skipped:
            terminal.say(f"  skipped: {host}: {why}", style="yellow")
    terminal.say("read them with `fleetscan baseline show ID`; accept with `fleetscan baseline approve ID --reason …`")


@baseline_app.command(
    "approve", epilog="Example: fleetscan baseline approve 3 4 --reason 'after the November patch day, CHG-4711'"
)
def approve(
    context: typer.Context,
    proposals: Annotated[list[int] | None, typer.Argument(help="Numbers of proposals.", metavar="ID")] = None,
    all_pending: Annotated[
        bool, typer.Option("--all-pending", help="The newest proposal of every cohort that has one.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why this is normal; stands in every report.")] = "",
    author: AuthorOption = None,
) -> None:
    """Make proposals the baselines of their cohorts. A baseline is never changed, only replaced."""
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
            store, tuple(dict.fromkeys(ids)), author=author or current_author(), reason=reason, at=utc_now()
        )
    for baseline in done:
        typer.echo(f"baseline {baseline.version} of {baseline.cohort} approved by {baseline.approval.author}")


@baseline_app.command("list", epilog="Example: fleetscan baseline list --format json")
def list_all(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """List proposals and baselines of all cohorts."""
    with invocation_of(context).store() as store:
        infos = store.baselines.list_baselines()
    _print_infos(context, form, list(infos))


@baseline_app.command("show", epilog="Example: fleetscan baseline show 3 --format csv")
def show(
    context: typer.Context,
    baseline_id: Annotated[int, typer.Argument(help="Number of a proposal or baseline.", metavar="ID")],
    form: FormatOption = Format.TABLE,
) -> None:
    """Show what a proposal or baseline accepts, and what a proposal leaves out."""
    invocation = invocation_of(context)
    with invocation.store() as store:
        proposal = store.baselines.read_proposal(baseline_id)
    records = [
        *(_item_record(str(proposal.cohort), item) for item in proposal.items),
        *(_outlier_record(str(proposal.cohort), outlier) for outlier in proposal.outliers),
    ]
    columns: list[Column[BaselineItemRecord]] = [
        Column("", lambda r: "accepted" if r.accepted else "left out", style=lambda r: "" if r.accepted else "yellow"),
        Column("kind", lambda r: r.subject),
        Column("name", lambda r: r.name),
        Column("scope", lambda r: r.scope),
        Column("on hosts", lambda r: f"{r.prevalence_count} of {r.prevalence_of_hosts}", right=True),
        Column("required", lambda r: "yes" if r.required else "no"),
        Column("what it does", lambda r: r.summary),
    ]
    print_records(invocation.terminal, form, "baseline-items", records, columns, empty="nothing in it")


@baseline_app.command("diff", epilog="Example: fleetscan baseline diff 3 7")
def diff(
    context: typer.Context,
    before: Annotated[int, typer.Argument(help="Number of a proposal or baseline.", metavar="ID")],
    after: Annotated[int, typer.Argument(help="Number of another one.", metavar="ID")],
    form: FormatOption = Format.TABLE,
) -> None:
    """Show what one proposal or baseline accepts and another does not."""
    invocation = invocation_of(context)
    with invocation.store() as store:
        old = {item.key: item for item in store.baselines.read_proposal(before).items}
        new = {item.key: item for item in store.baselines.read_proposal(after).items}
    records = []
    for key in sorted(old.keys() | new.keys()):
        one, other = old.get(key), new.get(key)
        if one is not None and other is not None and _forms(one) == _forms(other):
            continue
        records.append(
            BaselineChangeRecord(
                kind="added" if one is None else "removed" if other is None else "changed",
                subject=key.kind.value,
                scope=key.scope,
                name=key.name,
                before=one.variants[0].subject.summary if one else "",
                after=other.variants[0].subject.summary if other else "",
            )
        )
    columns: list[Column[BaselineChangeRecord]] = [
        Column("change", lambda r: r.kind),
        Column("kind", lambda r: r.subject),
        Column("name", lambda r: r.name),
        Column("before", lambda r: r.before or "-"),
        Column("after", lambda r: r.after or "-"),
    ]
    print_records(invocation.terminal, form, "baseline-changes", records, columns, empty="no difference")


def _forms(item: "BaselineItem") -> frozenset[tuple[str, str]]:
    return frozenset((v.subject.fingerprint.meaning, v.subject.fingerprint.state) for v in item.variants)


def _item_record(cohort: str, item: "BaselineItem") -> BaselineItemRecord:
    return BaselineItemRecord(
        cohort=cohort,
        accepted=True,
        required=item.required,
        subject=item.key.kind.value,
        scope=item.key.scope,
        name=item.key.name,
        summary=item.variants[0].subject.summary,
        prevalence_count=item.prevalence.count,
        prevalence_of_hosts=item.prevalence.of_hosts,
        hosts=(),
    )


def _outlier_record(cohort: str, outlier: "Outlier") -> BaselineItemRecord:
    key = outlier.subject.key
    return BaselineItemRecord(
        cohort=cohort,
        accepted=False,
        required=False,
        subject=key.kind.value,
        scope=key.scope,
        name=key.name,
        summary=outlier.subject.summary,
        prevalence_count=outlier.prevalence.count,
        prevalence_of_hosts=outlier.prevalence.of_hosts,
        hosts=tuple(outlier.hosts),
    )


def _print_infos(context: typer.Context, form: Format, infos: "list[BaselineInfo]") -> None:
    records = [
        BaselineRecord(
            id=info.id,
            cohort=str(info.cohort),
            version=info.version,
            state=info.state.value,
            sweep=info.sweep,
            hosts=info.hosts,
            min_prevalence=info.min_prevalence,
            proposed_at=info.proposed_at,
            proposed_by=info.proposed_by,
            approved_at=info.approval.approved_at if info.approval else None,
            approved_by=info.approval.author if info.approval else "",
            reason=info.approval.reason if info.approval else "",
        )
        for info in infos
    ]
    columns: list[Column[BaselineRecord]] = [
        Column("id", lambda r: str(r.id), right=True),
        Column("cohort", lambda r: r.cohort),
        Column("state", lambda r: r.state),
        Column("version", lambda r: str(r.version) if r.version else "-", right=True),
        Column("hosts", lambda r: str(r.hosts), right=True),
        Column("sweep", lambda r: str(r.sweep), right=True),
        Column("proposed", lambda r: show_time(r.proposed_at)),
        Column("approved", lambda r: f"{show_time(r.approved_at)} by {r.approved_by}" if r.approved_at else "-"),
        Column("reason", lambda r: r.reason or "-"),
    ]
    terminal = invocation_of(context).terminal
    print_records(terminal, form, "baselines", records, columns, empty="no proposals and no baselines yet")
