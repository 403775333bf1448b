"""Baselines out to a file, for review in git, and back in as proposals."""

from datetime import datetime
from pathlib import Path

from fleetscan.errors import UsageError
from fleetscan.model.baseline import Proposal, ProposalSource
from fleetscan.model.ids import SweepId
from fleetscan.operations.baseline_file import load_baseline
from fleetscan.operations.baseline_text import WrittenBaseline, render_baseline
from fleetscan.operations.manage_baselines import find_cohort
from fleetscan.operations.propose_baselines import SavedProposal
from fleetscan.operations.sweep_fleet import latest_sweep
from fleetscan.store.approvals import BaselineState
from fleetscan.store.store import Store


def export_baseline(store: Store, which: str | None) -> str:
    """Write a proposal or baseline as YAML.

    Args:
        store: Where it is.
        which: Its number, or a cohort, whose current baseline is meant; None where only one cohort has one.

    Raises:
        UsageError: There is no such baseline, or it is not clear which one is meant.
    """
    if which is not None and which.isascii() and which.isdecimal():
        baseline_id = int(which)
    else:
        baseline_id = _find_current(store, which)
    proposal = store.baselines.read_proposal(baseline_id)
    (info,) = (info for info in store.baselines.list_baselines(proposal.cohort) if info.id == baseline_id)
    return render_baseline(
        WrittenBaseline(
            cohort=proposal.cohort,
            version=info.version,
            sweep=proposal.sweep,
            hosts=proposal.hosts,
            min_prevalence=proposal.min_prevalence,
            items=proposal.items,
        )
    )


def import_baseline(store: Store, path: Path, *, author: str, at: datetime) -> SavedProposal:
    """Make a proposal of a file; nothing is accepted by it.

    Args:
        store: Where the proposal goes. Where it does not have the sweep that the file names, the newest one stands in.
        path: A file that `export_baseline` wrote, perhaps edited.
        author: Who asks.
        at: Now.

    Raises:
        InventoryError: Something in the file does not fit; every fault has its line.
        UsageError: There is no sweep at all yet.
    """
    written = load_baseline(path)
    origin = "a proposal" if written.version is None else f"version {written.version}"
    proposal = Proposal(
        cohort=written.cohort,
        sweep=_find_sweep(store, written.sweep),
        hosts=written.hosts,
        skipped=(),
        min_prevalence=written.min_prevalence,
        items=written.items,
        outliers=(),
        source=ProposalSource.IMPORT,
        note=f"{path.name}, which was exported from {origin} of sweep {written.sweep}",
    )
    return SavedProposal(store.baselines.save_proposal(proposal, at=at, author=author), proposal)


def _find_current(store: Store, which: str | None) -> int:
    cohort = None if which is None else find_cohort(store, which)
    current = [info for info in store.baselines.list_baselines(cohort) if info.state is BaselineState.APPROVED]
    if not current:
        raise UsageError(
            f"{which or 'no cohort'} has {'no' if which else 'an'} approved baseline",
            hint="a proposal is exported by its number: `fleetscan baseline list`",
        )
    if len(current) > 1:
        known = ", ".join(str(info.cohort) for info in current)
        raise UsageError("several cohorts have a baseline", hint=f"name one: {known}")
    return current[0].id


def _find_sweep(store: Store, wanted: SweepId) -> SweepId:
    try:
        return latest_sweep(store, wanted).id
    except UsageError:
        return latest_sweep(store, None).id
