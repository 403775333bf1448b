"""Approvals of proposals: one person's, or those of several, and what they make of a cohort's versions."""

from collections.abc import Collection
from enum import StrEnum

from sqlalchemy import Connection, func, insert, select, update

from fleetscan.errors import UsageError
from fleetscan.model.baseline import Approval
from fleetscan.model.ids import Sha256
from fleetscan.store.contents import chunked
from fleetscan.store.tables import BaselineApprovalRow, BaselineRow


class BaselineState(StrEnum):
    """What became of a proposal."""

    PROPOSED = "proposed"
    AWAITING = "awaiting"
    """Approved, but not yet by as many persons as are needed."""
    APPROVED = "approved"
    RETIRED = "retired"
    """Approved once; a newer version of the cohort replaced it."""


def read_approvals(connection: Connection, baseline_ids: Collection[int]) -> dict[int, tuple[Approval, ...]]:
    """Give the approvals of proposals and baselines, first to last; those that nobody approved are left out."""
    found: dict[int, tuple[Approval, ...]] = {}
    for chunk in chunked(baseline_ids):
        query = (
            select(
                BaselineApprovalRow.baseline_id,
                BaselineApprovalRow.author,
                BaselineApprovalRow.reason,
                BaselineApprovalRow.approved_at,
            )
            .where(BaselineApprovalRow.baseline_id.in_(chunk))
            .order_by(BaselineApprovalRow.baseline_id, BaselineApprovalRow.number)
        )
        for baseline_id, author, reason, approved_at in connection.execute(query):
            approval = Approval(author=author, reason=reason, approved_at=approved_at)
            found[baseline_id] = (*found.get(baseline_id, ()), approval)
    return found


def save_approval(connection: Connection, baseline_id: int, approval: Approval, *, needed: int) -> None:
    """Add an approval; the one that completes the number needed makes the next version of the cohort.

    Args:
        connection: In a writing transaction.
        baseline_id: An existing proposal.
        approval: Of a person who did not approve it yet.
        needed: Persons who must approve, at least 1.

    Raises:
        UsageError: It is a version already, or the same person approved it before.
    """
    # Locked before the approvals are read: the second of two at once must see the first.
    query = select(BaselineRow.cohort, BaselineRow.state).where(BaselineRow.id == baseline_id).with_for_update()
    cohort, state = connection.execute(query).one()
    before = read_approvals(connection, (baseline_id,)).get(baseline_id, ())
    if state not in (BaselineState.PROPOSED, BaselineState.AWAITING):
        who = " and ".join(one.author for one in before)
        raise UsageError(f"baseline {baseline_id} was approved before, by {who}", hint="fleetscan baseline list")
    if _fold(approval.author) in {_fold(one.author) for one in before}:
        raise UsageError(
            f"{approval.author} approved proposal {baseline_id} before", hint="another person must approve it, too"
        )
    row = {
        "baseline_id": baseline_id,
        "number": len(before) + 1,
        "author": approval.author,
        "reason": approval.reason,
        "approved_at": approval.approved_at,
    }
    connection.execute(insert(BaselineApprovalRow), row)
    change = update(BaselineRow).where(BaselineRow.id == baseline_id)
    if len(before) + 1 < needed:
        connection.execute(change.values(state=BaselineState.AWAITING.value))
        return
    version = _retire_current(connection, cohort) + 1
    connection.execute(
        change.values(
            state=BaselineState.APPROVED.value,
            version=version,
            approved_at=approval.approved_at,
            approved_by=approval.author,
            reason=approval.reason,
        )
    )


def _retire_current(connection: Connection, cohort: Sha256) -> int:
    """Make room for a new version; give the number of the last one, 0 for none."""
    last = connection.execute(select(func.max(BaselineRow.version)).where(BaselineRow.cohort == cohort)).scalar()
    current = (BaselineRow.cohort == cohort, BaselineRow.state == BaselineState.APPROVED.value)
    connection.execute(update(BaselineRow).where(*current).values(state=BaselineState.RETIRED.value))
    return last or 0


def _fold(author: str) -> str:
    """One person is one person however the name is written."""
    return author.strip().casefold()
