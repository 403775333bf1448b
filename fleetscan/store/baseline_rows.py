"""Proposals and baselines as rows and back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from fleetscan.errors import UsageError
from fleetscan.model.baseline import Approval, Baseline, BaselineItem, Cohort, Outlier, Proposal, ProposalSource
from fleetscan.model.digest import digest_json
from fleetscan.model.ids import HostName, Sha256, SweepId
from fleetscan.store.approvals import BaselineState, read_approvals
from fleetscan.store.codec import decode_value, encode_value
from fleetscan.store.packing import pack_document, unpack_document
from fleetscan.store.tables import BaselineRow

HINT = "fleetscan baseline list"


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineInfo:
    """A proposal or baseline without its items.

    Attributes:
        version: Counted from 1 in each cohort; None for a proposal, also for one that awaits approvals.
        hosts: How many complete visits it is computed from.
        approval: The one that made it current; None for a proposal.
        approvals: Of all persons who approved it so far, in order.
        source: What it was made from, in detail in `note`.
        rolled_back_to: The version whose items these are again, None when it is no rollback.
    """

    id: int
    cohort: Cohort
    version: int | None
    state: BaselineState
    sweep: SweepId
    hosts: int
    min_prevalence: float
    proposed_at: datetime
    proposed_by: str
    approval: Approval | None
    approvals: tuple[Approval, ...]
    source: ProposalSource
    note: str
    rolled_back_to: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Payload:
    items: tuple[BaselineItem, ...]
    outliers: tuple[Outlier, ...]
    skipped: tuple[tuple[HostName, str], ...]


INFO_COLUMNS = (
    BaselineRow.id,
    BaselineRow.role,
    BaselineRow.os_id,
    BaselineRow.os_version_id,
    BaselineRow.version,
    BaselineRow.state,
    BaselineRow.sweep_id,
    BaselineRow.hosts,
    BaselineRow.min_prevalence,
    BaselineRow.proposed_at,
    BaselineRow.proposed_by,
    BaselineRow.approved_at,
    BaselineRow.approved_by,
    BaselineRow.reason,
    BaselineRow.source,
    BaselineRow.note,
    BaselineRow.rolled_back_to,
)


def read_baseline(connection: Connection, baseline_id: int) -> Baseline:
    """Give an approved or retired baseline.

    Raises:
        UsageError: There is no such baseline, or it is only a proposal.
    """
    info = read_info(connection, baseline_id)
    if info.approval is None or info.version is None:
        lacking = "awaits another approval" if info.approvals else "is a proposal that nobody approved"
        raise UsageError(f"{baseline_id} {lacking}", hint="fleetscan baseline approve")
    return Baseline(
        id=info.id,
        cohort=info.cohort,
        version=info.version,
        sweep=info.sweep,
        hosts=info.hosts,
        min_prevalence=info.min_prevalence,
        approval=info.approval,
        items=_read_payload(connection, baseline_id).items,
        approvals=info.approvals,
        rolled_back_to=info.rolled_back_to,
    )


def read_version(connection: Connection, cohort: Cohort, version: int) -> BaselineInfo:
    """Give a retired version of a cohort's baseline.

    Raises:
        UsageError: There is no such version, or it is the current one.
    """
    query = select(*INFO_COLUMNS).where(BaselineRow.cohort == digest_cohort(cohort), BaselineRow.version == version)
    found = fetch_infos(connection, query)
    if not found:
        raise UsageError(f"{cohort} has no baseline version {version}", hint=HINT)
    if found[0].state is BaselineState.APPROVED:
        raise UsageError(f"version {version} is the current baseline of {cohort}", hint=HINT)
    return found[0]


def read_info(connection: Connection, baseline_id: int) -> BaselineInfo:
    """Give a proposal or baseline without its items.

    Raises:
        UsageError: There is none with this number.
    """
    found = fetch_infos(connection, select(*INFO_COLUMNS).where(BaselineRow.id == baseline_id))
    if not found:
        raise UsageError(f"there is no baseline or proposal {baseline_id}", hint=HINT)
    return found[0]


def read_proposal(connection: Connection, proposal_id: int) -> Proposal:
    """Give a proposal as it was saved, also after its approval.

    Raises:
        UsageError: There is no such proposal.
    """
    info = read_info(connection, proposal_id)
    payload = _read_payload(connection, proposal_id)
    return Proposal(
        cohort=info.cohort,
        sweep=info.sweep,
        hosts=info.hosts,
        skipped=payload.skipped,
        min_prevalence=info.min_prevalence,
        items=payload.items,
        outliers=payload.outliers,
        source=info.source,
        note=info.note,
    )


def pack_proposal(proposal: Proposal) -> bytes:
    """Pack what a baseline would be made of."""
    payload = _Payload(items=proposal.items, outliers=proposal.outliers, skipped=proposal.skipped)
    return pack_document(encode_value(payload, _Payload))


def _read_payload(connection: Connection, baseline_id: int) -> _Payload:
    return decode_value(unpack_document(read_packed(connection, baseline_id)), _Payload)


def read_packed(connection: Connection, baseline_id: int) -> bytes:
    """Give the packed items of a proposal or baseline, as they lie in the database."""
    return connection.execute(select(BaselineRow.payload).where(BaselineRow.id == baseline_id)).scalar_one()


def fetch_infos(connection: Connection, query: Select[*tuple[Any, ...]]) -> list[BaselineInfo]:
    """Give what a query over `INFO_COLUMNS` finds, in its order."""
    rows = connection.execute(query).all()
    approvals = read_approvals(connection, [row.id for row in rows])
    return [
        BaselineInfo(
            id=row.id,
            cohort=Cohort(row.role, row.os_id, row.os_version_id),
            version=row.version,
            state=BaselineState(row.state),
            sweep=SweepId(row.sweep_id),
            hosts=row.hosts,
            min_prevalence=row.min_prevalence,
            proposed_at=row.proposed_at,
            proposed_by=row.proposed_by,
            approval=None
            if row.approved_at is None
            else Approval(author=row.approved_by, reason=row.reason, approved_at=row.approved_at),
            approvals=approvals.get(row.id, ()),
            source=ProposalSource(row.source),
            note=row.note,
            rolled_back_to=row.rolled_back_to,
        )
        for row in rows
    ]


def proposal_columns(cohort: Cohort) -> dict[str, Any]:
    """Give the columns of what nobody has approved yet."""
    return {
        "cohort": digest_cohort(cohort),
        "role": cohort.role,
        "os_id": cohort.os_id,
        "os_version_id": cohort.os_version_id,
        "version": None,
        "state": BaselineState.PROPOSED.value,
    }


def digest_cohort(cohort: Cohort) -> Sha256:
    """Give what cohorts are found by."""
    return digest_json([cohort.role, cohort.os_id, cohort.os_version_id])
