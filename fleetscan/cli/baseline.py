"""`fleetscan baseline`: what cohorts normally have, and who said so."""

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from fleetscan.cli import baseline_decide, baseline_files, baseline_list
from fleetscan.cli.invocation import invocation_of
from fleetscan.cli.options import FormatOption, SweepOption
from fleetscan.cli.output import Format, Terminal

if TYPE_CHECKING:
    from fleetscan.model.baseline import Baseline
    from fleetscan.operations.propose_baselines import SavedProposal

baseline_app = typer.Typer(help="Propose, read and approve baselines.", no_args_is_help=True)

_SHOWN_HOSTS = 5


def register(app: typer.Typer) -> None:
    """Add the commands of this noun."""
    app.add_typer(baseline_app, name="baseline")
    for part in (baseline_list, baseline_decide, baseline_files):
        part.register(baseline_app)


@baseline_app.command(
    "propose",
    epilog="Examples: fleetscan baseline propose --role web --min-prevalence 0.8 | "
    "fleetscan baseline propose --from-previous --accept backup.timer | "
    "fleetscan baseline propose --golden web-01 --golden db-01",
)
def propose(
    context: typer.Context,
    role: Annotated[str | None, typer.Option(help="Only cohorts of this role (the host's first group).")] = None,
    sweep: SweepOption = None,
    min_prevalence: Annotated[str | None, typer.Option(help="Share of hosts that must have a thing.")] = None,
    accept: Annotated[
        list[str] | None,
        typer.Option(help="Take this in though it would be left out: NAME or KIND:NAME. Repeatable.", metavar="NAME"),
    ] = None,
    accept_finding: Annotated[
        list[str] | None,
        typer.Option(help="Take in what this finding is about, as its host has it. Repeatable.", metavar="ID"),
    ] = None,
    from_previous: Annotated[
        bool, typer.Option("--from-previous", help="Start from the current baseline; add only what is accepted.")
    ] = False,
    golden: Annotated[
        list[str] | None,
        typer.Option(help="What these hosts have is the proposal. Repeatable.", metavar="HOST"),
    ] = None,
    review: Annotated[bool, typer.Option("--review", help="Go through each proposal, question by question.")] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Compute a proposal for each cohort from the complete visits of a sweep. Nothing is accepted by it.

    Without --sweep it is made from the newest sweep of the whole inventory.
    """
    from fleetscan.bootstrap import current_author, index_hosts, judge_options, utc_now
    from fleetscan.cli.baseline_review import require_terminal, review_at_terminal
    from fleetscan.model.ids import HostName
    from fleetscan.operations.propose_baselines import ProposeOptions, propose_baselines
    from fleetscan.operations.sweep_fleet import widest_recent_sweep

    if review:
        require_terminal()
    invocation = invocation_of(context)
    settings = invocation.load({"min_prevalence": min_prevalence}).settings
    terminal = invocation.terminal
    inventory = invocation.inventory()
    judging = judge_options(settings)
    options = ProposeOptions(
        rules=judging.rules,
        cohorts=judging.cohorts,
        min_cohort=judging.min_cohort,
        accept=tuple(accept or ()),
        accept_findings=tuple(accept_finding or ()),
        golden=tuple(HostName(host) for host in golden or ()),
        from_previous=from_previous,
        review=partial(review_at_terminal, terminal=terminal) if review else None,
    )
    with invocation.store() as store:
        saved = propose_baselines(
            store,
            index_hosts(inventory),
            widest_recent_sweep(store, sweep),
            role=role,
            min_prevalence=settings.min_prevalence,
            author=current_author(),
            at=utc_now(),
            options=options,
        )
        ids = {proposal.id for proposal in saved}
        infos = [info for info in store.baselines.list_baselines() if info.id in ids]
        current = {item.id: store.baselines.current_baseline(item.proposal.cohort) for item in saved}
    baseline_list.print_infos(context, form, infos)
    if form is Format.TABLE:
        for item in saved:
            _tell(terminal, item)
            _tell_news(terminal, item, current[item.id])
        terminal.say(
            "read them with `fleetscan baseline show ID`; accept with `fleetscan baseline approve ID --reason …`"
        )


def _tell(terminal: Terminal, item: "SavedProposal") -> None:
    """Say what a person must know before approving: what is out and why, and what is in although it is rare."""
    from fleetscan.report.verdict import count_of

    proposal = item.proposal
    terminal.say(
        f"proposal {item.id}: {proposal.cohort}: {count_of(len(proposal.items), 'thing')} on "
        f"{count_of(proposal.hosts, 'host')}, {count_of(len(proposal.outliers), 'outlier')} left out, "
        f"{count_of(len(proposal.skipped), 'host')} skipped",
        style="bold",
    )
    if proposal.note:
        terminal.say(f"  {proposal.note}")
    notes: dict[str, int] = {}
    for variant in (variant for one in proposal.items for variant in one.variants if variant.remarks.note):
        notes[variant.remarks.note] = notes.get(variant.remarks.note, 0) + 1
    for note, count in notes.items():
        terminal.say(f"  {count} taken in: {note}")
    for outlier in proposal.outliers:
        key = outlier.subject.key
        hosts = ", ".join(outlier.hosts[:_SHOWN_HOSTS]) + (" …" if len(outlier.hosts) > _SHOWN_HOSTS else "")
        terminal.say(
            f"  left out, {outlier.reason.value}: {key.kind.value} {key.name} ({key.scope}), "
            f"on {outlier.prevalence} ({hosts or '-'}): {outlier.subject.summary}",
            style="yellow",
        )
        for hit in outlier.remarks.hits:
            terminal.say(f"    {hit}", style="yellow")
    for host, why in proposal.skipped:
        terminal.say(f"  skipped: {host}: {why}", style="yellow")


def _tell_news(terminal: Terminal, item: "SavedProposal", current: "Baseline | None") -> None:
    """Say what would become normal that is not: a thing that came to many hosts at once is common, too."""
    from fleetscan.operations.describe_baseline import compare_items

    if current is None:
        return
    changes = compare_items(current.items, item.proposal.items)
    terminal.say(f"  compared with version {current.version}: {len(changes) or 'no'} differences")
    for change in changes:
        what = "; ".join(change.details) or change.after or change.before
        terminal.say(f"    {change.kind}: {change.subject} {change.name} ({change.scope}): {what}")
    if changes:
        terminal.say(f"    in full: `fleetscan baseline diff {current.id} {item.id}`")
