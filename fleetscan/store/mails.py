"""The outbox: a mail is claimed before it is sent, so that nothing is sent twice."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, select, update

from fleetscan.model.ids import Clock, SweepId
from fleetscan.store.database import Database
from fleetscan.store.tables import MailDeliveryRow


class MailState(StrEnum):
    """Where a mail stands."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    """A process died while it was sending: the server may have taken the mail. A person decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailDelivery:
    """One mail of one sweep to one recipient.

    Attributes:
        kind: What was sent, for example `digest`; one of each kind per sweep and recipient.
        message_id: Of the last attempt.
        attempts: How often it was tried.
        last_error: Of the last failed attempt; empty when there was none.
    """

    sweep: SweepId
    recipient: str
    kind: str
    state: MailState
    message_id: str
    attempts: int
    last_error: str
    created_at: datetime
    updated_at: datetime


class MailStore:
    """Mails and what became of them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def claim_mail(self, sweep: SweepId, recipient: str, kind: str, message_id: str, at: datetime) -> bool:
        """Take the right to send a mail; commits before it returns.

        Args:
            sweep: The sweep it tells of.
            recipient: Address.
            kind: One of each kind per sweep and recipient.
            message_id: Of this attempt.
            at: Now.

        Returns:
            True when the caller must send now. False when the mail was sent, or when another process was sending it and
            did not say how that ended; the mail then becomes `uncertain` and stays unsent until a person decides.
        """
        row = {
            "sweep_id": sweep,
            "recipient": recipient,
            "kind": kind,
            "state": MailState.SENDING.value,
            "message_id": message_id,
            "attempts": 1,
            "last_error": "",
            "created_at": at,
            "updated_at": at,
        }
        with self._database.write() as connection:
            insert = self._database.insert_or_ignore(MailDeliveryRow).returning(MailDeliveryRow.id)
            if connection.execute(insert, row).scalar() is not None:
                return True
            found = connection.execute(
                select(MailDeliveryRow.id, MailDeliveryRow.state)
                .where(*_is_mail(sweep, recipient, kind))
                .with_for_update()
            ).one()
            change = update(MailDeliveryRow).where(MailDeliveryRow.id == found.id).values(updated_at=at)
            match MailState(found.state):
                case MailState.SENT | MailState.UNCERTAIN:
                    return False
                case MailState.SENDING:
                    connection.execute(change.values(state=MailState.UNCERTAIN.value))
                    return False
                case MailState.QUEUED | MailState.FAILED:
                    attempts = MailDeliveryRow.attempts + 1
                    sending = change.values(state=MailState.SENDING.value, message_id=message_id, attempts=attempts)
                    connection.execute(sending)
                    return True

    def mark_sent(self, sweep: SweepId, recipient: str, kind: str) -> None:
        """Record that the server took the mail."""
        with self._database.write() as connection:
            self._mark(connection, sweep, recipient, kind, MailState.SENT, "")

    def mark_failed(self, sweep: SweepId, recipient: str, kind: str, error: str) -> None:
        """Record that the server refused the mail, or was never reached; a later claim tries again."""
        with self._database.write() as connection:
            self._mark(connection, sweep, recipient, kind, MailState.FAILED, error)

    def list_mails(self, sweep: SweepId) -> tuple[MailDelivery, ...]:
        """Give all mails of a sweep, by recipient and kind."""
        query = select(
            MailDeliveryRow.recipient,
            MailDeliveryRow.kind,
            MailDeliveryRow.state,
            MailDeliveryRow.message_id,
            MailDeliveryRow.attempts,
            MailDeliveryRow.last_error,
            MailDeliveryRow.created_at,
            MailDeliveryRow.updated_at,
        ).where(MailDeliveryRow.sweep_id == sweep)
        with self._database.read() as connection:
            mails = [
                MailDelivery(
                    sweep=sweep,
                    recipient=row.recipient,
                    kind=row.kind,
                    state=MailState(row.state),
                    message_id=row.message_id,
                    attempts=row.attempts,
                    last_error=row.last_error,
                    created_at=row.created_at,
                    updated_at=row.updated_at,
                )
                for row in connection.execute(query)
            ]
        return tuple(sorted(mails, key=lambda mail: (mail.recipient, mail.kind)))

    def _mark(
        self, connection: Connection, sweep: SweepId, recipient: str, kind: str, state: MailState, error: str
    ) -> None:
        change = update(MailDeliveryRow).where(*_is_mail(sweep, recipient, kind))
        connection.execute(change.values(state=state.value, last_error=error, updated_at=self._clock()))


def _is_mail(sweep: SweepId, recipient: str, kind: str) -> tuple[ColumnElement[bool], ...]:
    return (
        MailDeliveryRow.sweep_id == sweep,
        MailDeliveryRow.recipient == recipient,
        MailDeliveryRow.kind == kind,
    )
