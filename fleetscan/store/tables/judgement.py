"""What rules said and people accepted: findings, what happened to them, exceptions."""

from datetime import datetime

from sqlalchemy import ForeignKey, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from fleetscan.model.ids import Scope, Sha256, SweepId
from fleetscan.store.tables.declarative import Row


class FindingExceptionRow(Row):
    """An accepted finding. A trigger refuses everything but taking it back."""

    __tablename__ = "finding_exception"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    rule: Mapped[str | None]
    unit: Mapped[str]
    content: Mapped[Sha256 | None]
    host: Mapped[str]
    group: Mapped[str]
    cohort: Mapped[str]
    reason: Mapped[str]
    owner: Mapped[str]
    ticket: Mapped[str]
    author: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str]


class FindingRow(Row):
    """A finding and its life: one row for as long as the database lives, however many sweeps see it.

    `thing` is the beginning of a digest over kind, scope and name: an index on hostile text of any length is not
    possible in PostgreSQL. `data` is a packed `finding_rows.FindingText`, of when content or judgement last changed.
    """

    __tablename__ = "finding"

    id: Mapped[str] = mapped_column(primary_key=True)
    host_id: Mapped[int] = mapped_column(ForeignKey("host.id"), index=True)
    kind: Mapped[str]
    scope: Mapped[Scope]
    name: Mapped[str]
    thing: Mapped[int] = mapped_column(index=True)
    rule: Mapped[str]
    technique: Mapped[str]
    severity: Mapped[int] = mapped_column(SmallInteger)
    content: Mapped[Sha256]
    content_since_at: Mapped[datetime]
    state: Mapped[str]
    first_sweep: Mapped[SweepId] = mapped_column(ForeignKey("sweep.id"))
    first_seen_at: Mapped[datetime]
    last_sweep: Mapped[SweepId] = mapped_column(ForeignKey("sweep.id"))
    last_seen_at: Mapped[datetime]
    fixed_sweep: Mapped[SweepId | None] = mapped_column(ForeignKey("sweep.id"))
    fixed_at: Mapped[datetime | None]
    suppressed_by: Mapped[int | None] = mapped_column(ForeignKey("finding_exception.id"))
    acknowledged_by: Mapped[str]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_reason: Mapped[str]
    data: Mapped[bytes]


class FindingEventRow(Row):
    """One line of a finding's history. That it was opened is told by the finding itself and is no row."""

    __tablename__ = "finding_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    finding_id: Mapped[str] = mapped_column(ForeignKey("finding.id"), index=True)
    kind: Mapped[str]
    at: Mapped[datetime]
    author: Mapped[str]
    text: Mapped[str]
