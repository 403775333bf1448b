"""Proposals and approved baselines; what is approved is never changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from fleetscan.errors import StoreError
from fleetscan.model.baseline import Approval, Baseline, Cohort, Proposal
from fleetscan.store.approvals import BaselineState, save_approval
from fleetscan.store.baseline_rows import (
    INFO_COLUMNS,
    BaselineInfo,
    digest_cohort,
    fetch_infos,
    pack_proposal,
    proposal_columns,
    read_baseline,
    read_info,
    read_packed,
    read_proposal,
    read_version,
)
from fleetscan.store.database import Database
from fleetscan.store.tables import BaselineRow


class BaselineStore:
    """Proposals and baselines of all cohorts; they share one sequence of ids."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save_proposal(self, proposal: Proposal, *, at: datetime, author: str) -> int:
        """Keep a proposal for a person to decide on; give its id."""
        row = {
            **proposal_columns(proposal.cohort),
            "sweep_id": proposal.sweep,
            "hosts": proposal.hosts,
            "min_prevalence": proposal.min_prevalence,
            "proposed_at": at,
            "proposed_by": author,
            "payload": pack_proposal(proposal),
            "source": proposal.source.value,
            "note": proposal.note,
            "rolled_back_to": None,
        }
        with self._database.write() as connection:
            return connection.execute(insert(BaselineRow).returning(BaselineRow.id), row).scalar_one()

    def read_proposal(self, proposal_id: int) -> Proposal:
        """Give a proposal as it was saved, also after its approval.

        Raises:
            UsageError: There is no such proposal.
        """
        with self._database.read() as connection:
            return read_proposal(connection, proposal_id)

    def list_baselines(self, cohort: Cohort | None = None) -> tuple[BaselineInfo, ...]:
        """Give all proposals and baselines, of one cohort or of all; by cohort, then newest first."""
        query = select(*INFO_COLUMNS)
        if cohort is not None:
            query = query.where(BaselineRow.cohort == digest_cohort(cohort))
        with self._database.read() as connection:
            found = fetch_infos(connection, query)
        return tuple(sorted(found, key=lambda info: (info.cohort, -info.id)))

    def add_approval(self, proposal_id: int, approval: Approval, *, approvers_needed: int) -> BaselineInfo:
        """Approve a proposal as one of several persons; the last one needed makes it the cohort's next version.

        Args:
            proposal_id: A proposal, or one that awaits approvals.
            approval: Of a person who did not approve it yet.
            approvers_needed: How many persons must approve, at least 1.

        Returns:
            The proposal, which is `awaiting` while approvals lack, or the baseline that it became.

        Raises:
            UsageError: There is no such proposal, it was approved before, or the same person did.
            StoreError: Somebody else approved a baseline of this cohort at the same moment.
        """
        with self._deciding() as connection:
            read_info(connection, proposal_id)
            save_approval(connection, proposal_id, approval, needed=approvers_needed)
            return read_info(connection, proposal_id)

    def rollback(
        self, cohort: Cohort, to_version: int, approval: Approval, *, approvers_needed: int = 1
    ) -> BaselineInfo:
        """Make the items of an older version the newest version again; nothing is changed or deleted.

        Args:
            cohort: Whose baseline.
            to_version: A retired version.
            approval: Who asks for it; counts as the first approval.
            approvers_needed: How many persons must approve, at least 1.

        Returns:
            The new version, or `awaiting` while approvals lack: `add_approval` completes it.

        Raises:
            UsageError: There is no such version, or it is the current one.
            StoreError: Somebody else approved a baseline of this cohort at the same moment.
        """
        with self._deciding() as connection:
            old = read_version(connection, cohort, to_version)
            row = {
                **proposal_columns(cohort),
                "sweep_id": old.sweep,
                "hosts": old.hosts,
                "min_prevalence": old.min_prevalence,
                "proposed_at": approval.approved_at,
                "proposed_by": approval.author,
                "payload": read_packed(connection, old.id),
                "source": old.source.value,
                "note": old.note,
                "rolled_back_to": to_version,
            }
            baseline_id = connection.execute(insert(BaselineRow).returning(BaselineRow.id), row).scalar_one()
            save_approval(connection, baseline_id, approval, needed=approvers_needed)
            return read_info(connection, baseline_id)

    def current_baseline(self, cohort: Cohort) -> Baseline | None:
        """Give the approved baseline of a cohort; None when nobody approved one."""
        query = select(BaselineRow.id).where(
            BaselineRow.cohort == digest_cohort(cohort), BaselineRow.state == BaselineState.APPROVED.value
        )
        with self._database.read() as connection:
            baseline_id = connection.execute(query).scalar()
            return None if baseline_id is None else read_baseline(connection, baseline_id)

    def read_baseline(self, baseline_id: int) -> Baseline:
        """Give an approved or retired baseline.

        Raises:
            UsageError: There is no such baseline, or it is only a proposal.
        """
        with self._database.read() as connection:
            return read_baseline(connection, baseline_id)

    @contextmanager
    def _deciding(self) -> Iterator[Connection]:
        try:
            with self._database.write() as connection:
                yield connection
        except IntegrityError as fault:
            raise StoreError(
                "another baseline of this cohort was approved at this moment", hint="look at it, then repeat"
            ) from fault
