"""What people decided and what was told to whom: accepted keys, baselines, mails."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fleetscan.model.ids import Sha256, SweepId
from fleetscan.store.tables.declarative import Row


class KnownKeyRow(Row):
    """A host key that an administrator accepted."""

    __tablename__ = "known_key"
    __table_args__ = (UniqueConstraint("pattern", "marker", "fingerprint"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    pattern: Mapped[str]
    marker: Mapped[str]
    algorithm: Mapped[str]
    blob: Mapped[str]
    fingerprint: Mapped[str]
    added_at: Mapped[datetime]
    added_by: Mapped[str]
    source: Mapped[str]


class BaselineRow(Row):
    """A proposal or an approved baseline; `version` is NULL until approval.

    A trigger in the schema refuses any change of an approved row except its retirement, and of a row that waits for
    another approval any except that. `approved_at`, `approved_by` and `reason` are of the last approval. `cohort` is a
    digest over role, OS id and version: the OS id is text from hosts, and PostgreSQL cannot index text of any length.
    """

    __tablename__ = "baseline"
    __table_args__ = (UniqueConstraint("cohort", "version"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    cohort: Mapped[Sha256]
    role: Mapped[str]
    os_id: Mapped[str]
    os_version_id: Mapped[str]
    version: Mapped[int | None]
    state: Mapped[str]
    sweep_id: Mapped[SweepId] = mapped_column(ForeignKey("sweep.id"))
    hosts: Mapped[int]
    min_prevalence: Mapped[float]
    proposed_at: Mapped[datetime]
    proposed_by: Mapped[str]
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[str | None]
    reason: Mapped[str | None]
    payload: Mapped[bytes]
    source: Mapped[str] = mapped_column(server_default="sweep")
    note: Mapped[str] = mapped_column(server_default="")
    rolled_back_to: Mapped[int | None]


class BaselineApprovalRow(Row):
    """One person's approval, counted from 1 in each baseline. A trigger refuses any change."""

    __tablename__ = "baseline_approval"
    __table_args__ = ({"sqlite_with_rowid": False},)

    baseline_id: Mapped[int] = mapped_column(ForeignKey("baseline.id"), primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    author: Mapped[str]
    reason: Mapped[str]
    approved_at: Mapped[datetime]


class MailDeliveryRow(Row):
    """One message of one sweep to one recipient; its uniqueness is what sends a mail once."""

    __tablename__ = "mail_delivery"
    __table_args__ = (UniqueConstraint("sweep_id", "recipient", "kind"), Index(None, "state"))

    id: Mapped[int] = mapped_column(primary_key=True)
    sweep_id: Mapped[SweepId] = mapped_column(ForeignKey("sweep.id"))
    recipient: Mapped[str]
    kind: Mapped[str]
    state: Mapped[str]
    message_id: Mapped[str]
    attempts: Mapped[int]
    last_error: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
