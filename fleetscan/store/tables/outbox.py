"""What is told to other systems: one row for each piece of news and each receiver."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fleetscan.model.ids import Sha256, SweepId
from fleetscan.store.tables.declarative import Row


class DeliveryRow(Row):
    """One piece of news for one sink; its uniqueness is what tells a thing once.

    `subject` is the id of a finding or the inventory name of a host, both short. `payload` is emptied when it was
    taken. `due_at` is when it may be tried (again), and while it is being sent until when nobody else may try.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("sink", "subject", "content", "occasion", "happened_at"),
        Index(None, "sink", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    sink: Mapped[str]
    subject: Mapped[str]
    content: Mapped[Sha256]
    occasion: Mapped[str]
    happened_at: Mapped[datetime]
    sweep_id: Mapped[SweepId] = mapped_column(ForeignKey("sweep.id"))
    state: Mapped[str]
    payload: Mapped[bytes]
    attempts: Mapped[int]
    due_at: Mapped[datetime]
    last_error: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
