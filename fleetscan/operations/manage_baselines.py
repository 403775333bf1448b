"""Approve baselines, alone or with others, and go back to older ones."""

from datetime import datetime

from fleetscan.errors import UsageError
from fleetscan.model.baseline import Approval, Cohort
from fleetscan.store.approvals import BaselineState
from fleetscan.store.baseline_rows import BaselineInfo
from fleetscan.store.store import Store

_PENDING = (BaselineState.PROPOSED, BaselineState.AWAITING)


def approve_baselines(
    store: Store, proposals: tuple[int, ...], *, author: str, reason: str, at: datetime, approvers: int = 1
) -> tuple[BaselineInfo, ...]:
    """Approve proposals; with the last approval needed they are the baselines of their cohorts.

    Args:
        store: Where they are.
        proposals: Their numbers.
        author: Who approves; never the same person twice.
        reason: Why.
        at: Now.
        approvers: Persons who must approve.

    Returns:
        What became of each, `awaiting` while approvals lack.

    Raises:
        UsageError: The reason is empty, or a proposal is unknown, old or already approved.
    """
    approval = _approval(author, reason, at)
    for proposal_id in proposals:
        if store.baselines.read_proposal(proposal_id).hosts == 0:
            raise UsageError(f"proposal {proposal_id} is not made from any host")
    return tuple(
        store.baselines.add_approval(proposal_id, approval, approvers_needed=approvers) for proposal_id in proposals
    )


def roll_back(
    store: Store, cohort: Cohort, to_version: int | None, *, author: str, reason: str, at: datetime, approvers: int = 1
) -> BaselineInfo:
    """Make the items of an older version of a cohort's baseline the newest version.

    Args:
        store: Where the versions are.
        cohort: Whose.
        to_version: Which; None for the one before the current one. Of a version that is itself a rollback that is the
            one before the version that it went back to.
        author: Who asks for it; this is the first approval.
        reason: Why.
        at: Now.
        approvers: Persons who must approve.

    Raises:
        UsageError: There is nothing to go back to, or the reason is empty.
    """
    approval = _approval(author, reason, at)
    if to_version is None:
        current = store.baselines.current_baseline(cohort)
        if current is None:
            raise UsageError(f"{cohort} has no approved baseline", hint="fleetscan baseline list")
        to_version = (current.rolled_back_to or current.version) - 1
        if to_version < 1:
            raise UsageError(f"{cohort} has no version before the current one", hint="fleetscan baseline list")
    return store.baselines.rollback(cohort, to_version, approval, approvers_needed=approvers)


def find_cohort(store: Store, text: str) -> Cohort:
    """Give the cohort with proposals or baselines that is written so, `web/debian-12`.

    Raises:
        UsageError: None is, or several are.
    """
    known = {info.cohort for info in store.baselines.list_baselines()}
    found = [cohort for cohort in known if str(cohort) == text]
    if len(found) != 1:
        hint = f"known are {', '.join(sorted(map(str, known)))}" if known else "fleetscan baseline propose"
        raise UsageError(f"{'no' if not found else 'more than one'} cohort is written {text!r}", hint=hint)
    return found[0]


def pending_proposals(store: Store) -> tuple[int, ...]:
    """Give the newest proposal of each cohort that is newer than its current baseline."""
    newest: dict[str, int] = {}
    for info in store.baselines.list_baselines():
        if info.state in _PENDING and info.id > newest.get(str(info.cohort), 0):
            newest[str(info.cohort)] = info.id
    for info in store.baselines.list_baselines():
        if info.state not in _PENDING and newest.get(str(info.cohort), info.id + 1) < info.id:
            del newest[str(info.cohort)]
    return tuple(sorted(newest.values()))


def _approval(author: str, reason: str, at: datetime) -> Approval:
    if not reason.strip():
        raise UsageError("an approval needs a reason", hint="--reason 'first sweep after the January patch day'")
    if not author.strip():
        raise UsageError("an approval needs an author", hint="--author 'Ana Silva'")
    return Approval(author=author.strip(), reason=reason.strip(), approved_at=at)
