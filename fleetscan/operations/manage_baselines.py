"""Propose baselines from a sweep, and approve them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from fleetscan.analyse.baseline import propose_baseline
from fleetscan.analyse.cohort import cohort_of
from fleetscan.errors import UsageError
from fleetscan.model.baseline import Approval, Baseline, Proposal
from fleetscan.model.host import Host
from fleetscan.model.ids import HostName
from fleetscan.model.outcome import Outcome
from fleetscan.model.sweep import Sweep
from fleetscan.operations.cohort_members import group_members
from fleetscan.operations.host_states import StateReader
from fleetscan.store.store import Store


@dataclass(frozen=True, slots=True)
class SavedProposal:
    """A proposal and the number by which it is approved."""

    id: int
    proposal: Proposal


def propose_baselines(
    store: Store,
    hosts: Mapping[HostName, Host],
    sweep: Sweep,
    *,
    role: str | None,
    min_prevalence: float,
    author: str,
    at: datetime,
) -> tuple[SavedProposal, ...]:
    """Compute and save one proposal per cohort of a sweep; nothing is accepted by it.

    Args:
        store: Where the sweep is and the proposals go.
        hosts: The inventory.
        sweep: Which sweep.
        role: Only cohorts of this role.
        min_prevalence: Share of hosts that must have a thing, above 0 up to 1.
        author: Who asks.
        at: Now.

    Raises:
        UsageError: No complete visit to compute anything from.
    """
    reader = StateReader(store)
    visits = store.visits.read_visits(sweep.id)
    complete = [visit for visit in visits if visit.outcome is Outcome.COMPLETE]
    partial = [visit for visit in visits if visit.outcome is Outcome.PARTIAL]
    saved = []
    for cohort, members in sorted(group_members(complete, hosts, reader).items()):
        if role is not None and cohort.role != role:
            continue
        skipped = tuple(
            (visit.host, "read only in part")
            for visit in partial
            if visit.host in hosts and visit.facts and cohort_of(hosts[visit.host], visit.facts) == cohort
        )
        proposal = propose_baseline(cohort, sweep.id, members, skipped, min_prevalence)
        saved.append(SavedProposal(store.baselines.save_proposal(proposal, at=at, author=author), proposal))
    if not saved:
        what = f" of role {role}" if role else ""
        raise UsageError(
            f"sweep {sweep.id} has no completely read host{what}",
            hint="a baseline is made from complete visits; `fleetscan sweeps show` says what could not be read and why",
        )
    return tuple(saved)


def approve_baselines(
    store: Store, proposals: tuple[int, ...], *, author: str, reason: str, at: datetime
) -> tuple[Baseline, ...]:
    """Make proposals the baselines of their cohorts.

    Raises:
        UsageError: The reason is empty, or a proposal is unknown, old or already approved.
    """
    if not reason.strip():
        raise UsageError("an approval needs a reason", hint="--reason 'first sweep after the January patch day'")
    for proposal_id in proposals:
        if store.baselines.read_proposal(proposal_id).hosts == 0:
            raise UsageError(f"proposal {proposal_id} is not made from any host")
    approval = Approval(author=author, reason=reason.strip(), approved_at=at)
    return tuple(store.baselines.approve_baseline(proposal_id, approval) for proposal_id in proposals)


def pending_proposals(store: Store) -> tuple[int, ...]:
    """Give the newest proposal of each cohort that is newer than its current baseline."""
    newest: dict[str, int] = {}
    for info in store.baselines.list_baselines():
        if info.state.value == "proposed" and info.id > newest.get(str(info.cohort), 0):
            newest[str(info.cohort)] = info.id
    for info in store.baselines.list_baselines():
        if info.state.value != "proposed" and newest.get(str(info.cohort), info.id + 1) < info.id:
            del newest[str(info.cohort)]
    return tuple(sorted(newest.values()))
