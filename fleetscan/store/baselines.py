"""Proposals and approved baselines; what is approved is never changed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from fleetscan.errors import StoreError, UsageError
from fleetscan.model.baseline import Approval, Baseline, BaselineItem, Cohort, Outlier, Proposal
from fleetscan.model.digest import digest_json
from fleetscan.model.ids import HostName, Sha256, SweepId
from fleetscan.store.codec import decode_value, encode_value
from fleetscan.store.database import Database
from fleetscan.store.packing import pack_document, unpack_document
from fleetscan.store.tables import BaselineRow

_HINT = "fleetscan baseline list"


class BaselineState(StrEnum):
    """What became of a proposal."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    RETIRED = "retired"
    """Approved once; a newer version of the cohort replaced it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineInfo:
    """A proposal or baseline without its items.

    Attributes:
        version: Counted from 1 in each cohort; None for a proposal.
        hosts: How many complete visits it is computed from.
        approval: None for a proposal.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Payload:
    items: tuple[BaselineItem, ...]
    outliers: tuple[Outlier, ...]
    skipped: tuple[tuple[HostName, str], ...]


_COLUMNS = (
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
)


class BaselineStore:
    """Proposals and baselines of all cohorts; they share one sequence of ids."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save_proposal(self, proposal: Proposal, *, at: datetime, author: str) -> int:
        """Keep a proposal for a person to decide on; give its id."""
        payload = _Payload(items=proposal.items, outliers=proposal.outliers, skipped=proposal.skipped)
        row = {
            "cohort": _digest_cohort(proposal.cohort),
            "role": proposal.cohort.role,
            "os_id": proposal.cohort.os_id,
            "os_version_id": proposal.cohort.os_version_id,
            "version": None,
            "state": BaselineState.PROPOSED.value,
            "sweep_id": proposal.sweep,
            "hosts": proposal.hosts,
            "min_prevalence": proposal.min_prevalence,
            "proposed_at": at,
            "proposed_by": author,
            "payload": pack_document(encode_value(payload, _Payload)),
        }
        with self._database.write() as connection:
            return connection.execute(insert(BaselineRow).returning(BaselineRow.id), row).scalar_one()

    def read_proposal(self, proposal_id: int) -> Proposal:
        """Give a proposal as it was saved, also after its approval.

        Raises:
            UsageError: There is no such proposal.
        """
        with self._database.read() as connection:
            info = _read_info(connection, proposal_id)
            payload = _read_payload(connection, proposal_id)
        return Proposal(
            cohort=info.cohort,
            sweep=info.sweep,
            hosts=info.hosts,
            skipped=payload.skipped,
            min_prevalence=info.min_prevalence,
            items=payload.items,
            outliers=payload.outliers,
        )

    def list_baselines(self, cohort: Cohort | None = None) -> tuple[BaselineInfo, ...]:
        """Give all proposals and baselines, of one cohort or of all; by cohort, then newest first."""
        query = select(*_COLUMNS)
        if cohort is not None:
            query = query.where(BaselineRow.cohort == _digest_cohort(cohort))
        with self._database.read() as connection:
            found = _fetch(connection, query)
        return tuple(sorted(found, key=lambda info: (info.cohort, -info.id)))

    def approve_baseline(self, proposal_id: int, approval: Approval) -> Baseline:
        """Make a proposal the next version of its cohort's baseline; the version before it is retired.

        Raises:
            UsageError: There is no such proposal, or it was approved before.
            StoreError: Somebody else approved a baseline of this cohort at the same moment.
        """
        try:
            with self._database.write() as connection:
                _approve(connection, _read_info(connection, proposal_id), approval)
                return _read_baseline(connection, proposal_id)
        except IntegrityError as fault:
            raise StoreError(
                "another baseline of this cohort was approved at this moment", hint="look at it, then repeat"
            ) from fault

    def current_baseline(self, cohort: Cohort) -> Baseline | None:
        """Give the approved baseline of a cohort; None when nobody approved one."""
        query = select(BaselineRow.id).where(
            BaselineRow.cohort == _digest_cohort(cohort), BaselineRow.state == BaselineState.APPROVED.value
        )
        with self._database.read() as connection:
            baseline_id = connection.execute(query).scalar()
            return None if baseline_id is None else _read_baseline(connection, baseline_id)

    def read_baseline(self, baseline_id: int) -> Baseline:
        """Give an approved or retired baseline.

        Raises:
            UsageError: There is no such baseline, or it is only a proposal.
        """
        with self._database.read() as connection:
            return _read_baseline(connection, baseline_id)


def _approve(connection: Connection, info: BaselineInfo, approval: Approval) -> None:
    if info.approval is not None:
        raise UsageError(f"baseline {info.id} was approved before, by {info.approval.author}", hint=_HINT)
    cohort = _digest_cohort(info.cohort)
    last = connection.execute(select(func.max(BaselineRow.version)).where(BaselineRow.cohort == cohort)).scalar()
    connection.execute(
        update(BaselineRow)
        .where(BaselineRow.cohort == cohort, BaselineRow.state == BaselineState.APPROVED.value)
        .values(state=BaselineState.RETIRED.value)
    )
    connection.execute(
        update(BaselineRow)
        .where(BaselineRow.id == info.id)
        .values(
            state=BaselineState.APPROVED.value,
            version=(last or 0) + 1,
            approved_at=approval.approved_at,
            approved_by=approval.author,
            reason=approval.reason,
        )
    )


def _read_baseline(connection: Connection, baseline_id: int) -> Baseline:
    info = _read_info(connection, baseline_id)
    if info.approval is None or info.version is None:
        raise UsageError(f"{baseline_id} is a proposal that nobody approved", hint="fleetscan baseline approve")
    return Baseline(
        id=info.id,
        cohort=info.cohort,
        version=info.version,
        sweep=info.sweep,
        hosts=info.hosts,
        min_prevalence=info.min_prevalence,
        approval=info.approval,
        items=_read_payload(connection, baseline_id).items,
    )


def _read_info(connection: Connection, baseline_id: int) -> BaselineInfo:
    found = _fetch(connection, select(*_COLUMNS).where(BaselineRow.id == baseline_id))
    if not found:
        raise UsageError(f"there is no baseline or proposal {baseline_id}", hint=_HINT)
    return found[0]


def _read_payload(connection: Connection, baseline_id: int) -> _Payload:
    data = connection.execute(select(BaselineRow.payload).where(BaselineRow.id == baseline_id)).scalar_one()
    return decode_value(unpack_document(data), _Payload)


def _fetch(connection: Connection, query: Select[*tuple[Any, ...]]) -> list[BaselineInfo]:
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
        )
        for row in connection.execute(query)
    ]


def _digest_cohort(cohort: Cohort) -> Sha256:
    return digest_json([cohort.role, cohort.os_id, cohort.os_version_id])
