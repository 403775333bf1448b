"""The outbox to other systems: news waits in it until a receiver has taken it, and is then never sent again."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, func, select, tuple_, update

from fleetscan.model.finding import FindingId
from fleetscan.model.finding_event import EventKind
from fleetscan.model.ids import Sha256, SweepId
from fleetscan.store.database import CHUNK, Database
from fleetscan.store.tables import DeliveryRow, FindingEventRow

_TURNS = (EventKind.CHANGED.value, EventKind.FIXED.value, EventKind.RETURNED.value)


class DeliveryState(StrEnum):
    """Where a piece of news stands."""

    WAITING = "waiting"
    SENDING = "sending"
    """A process has claimed it; if it dies, the claim runs out and the news is sent again."""
    SENT = "sent"
    REFUSED = "refused"
    """The receiver will not have this one; it waits for a person."""


_UNSENT = (DeliveryState.WAITING.value, DeliveryState.SENDING.value)
"""Of what is sending, the claim runs out at `due_at`."""

NewsKey = tuple[str, Sha256, str, datetime]
"""Subject, content, occasion and time: what makes news one and the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Something to tell.

    Attributes:
        subject: Id of a finding, or name of a host.
        content: Digest over what is told.
        payload: What a renderer needs, without any secret.
    """

    subject: str
    content: Sha256
    occasion: str
    happened_at: datetime
    payload: bytes

    @property
    def key(self) -> NewsKey:
        """Its identity in one sink."""
        return (self.subject, self.content, self.occasion, self.happened_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedNews:
    """News that this process must send now.

    Attributes:
        attempts: With this one, from 1.
    """

    id: int
    attempts: int
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkStanding:
    """What became of all news for one sink.

    Attributes:
        last_error: Of the news that failed last and is not sent; empty when there is none.
        due_at: When the next waiting news may be tried; None when none waits.
        last_sent_at: None when nothing was ever sent.
    """

    sink: str
    counts: Mapping[DeliveryState, int]
    last_error: str = ""
    due_at: datetime | None = None
    last_sent_at: datetime | None = None


class DeliveryStore:
    """News for sinks and what became of it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def enqueue(self, sink: str, sweep: SweepId, news: Sequence[News], at: datetime) -> int:
        """Put news into the outbox; what is in it already, sent or not, stays as it is.

        Returns:
            How many were put in.
        """
        rows = [
            {
                "sink": sink,
                "subject": one.subject,
                "content": one.content,
                "occasion": one.occasion,
                "happened_at": one.happened_at,
                "sweep_id": sweep,
                "state": DeliveryState.WAITING.value,
                "payload": one.payload,
                "attempts": 0,
                "due_at": at,
                "last_error": "",
                "created_at": at,
                "updated_at": at,
            }
            for one in news
        ]
        if not rows:
            return 0
        count = select(func.count()).select_from(DeliveryRow).where(DeliveryRow.sink == sink)
        with self._database.write() as connection:
            before = connection.execute(count).scalar_one()
            connection.execute(self._database.insert_or_ignore(DeliveryRow), rows)
            return connection.execute(count).scalar_one() - before

    def latest_contents(self, sink: str) -> Mapping[str, Sha256]:
        """Give by subject what a sink was told last, or is to be told."""
        query = (
            select(DeliveryRow.subject, DeliveryRow.content).where(DeliveryRow.sink == sink).order_by(DeliveryRow.id)
        )
        with self._database.read() as connection:
            return {row.subject: row.content for row in connection.execute(query)}

    def latest_turns(self, ids: Collection[FindingId]) -> Mapping[FindingId, tuple[EventKind, datetime]]:
        """Give what happened to findings last: changed, fixed or returned; those without any were only opened."""
        query = (
            select(FindingEventRow.finding_id, FindingEventRow.kind, FindingEventRow.at)
            .where(FindingEventRow.kind.in_(_TURNS), self._database.is_one_of(FindingEventRow.finding_id, ids))
            .order_by(FindingEventRow.id)
        )
        with self._database.read() as connection:
            return {FindingId(row.finding_id): (EventKind(row.kind), row.at) for row in connection.execute(query)}

    def states(self, sink: str) -> Mapping[NewsKey, DeliveryState]:
        """Give where all news of a sink stands."""
        query = select(
            DeliveryRow.subject, DeliveryRow.content, DeliveryRow.occasion, DeliveryRow.happened_at, DeliveryRow.state
        ).where(DeliveryRow.sink == sink)
        with self._database.read() as connection:
            return {
                (row.subject, row.content, row.occasion, row.happened_at): DeliveryState(row.state)
                for row in connection.execute(query)
            }

    def claim(self, sink: str, at: datetime, *, limit: int, lease: timedelta) -> tuple[ClaimedNews, ...]:
        """Take the right to send the oldest news that is due; commits before it returns.

        Args:
            sink: Name of the sink.
            at: Now.
            limit: Most pieces of news.
            lease: How long nobody else may send them; longer than sending takes.

        Returns:
            In the order in which it was put in; empty when nothing is due.
        """
        query = (
            select(DeliveryRow.id, DeliveryRow.attempts, DeliveryRow.payload)
            .where(DeliveryRow.sink == sink, DeliveryRow.state.in_(_UNSENT), DeliveryRow.due_at <= at)
            .order_by(DeliveryRow.id)
            .limit(min(limit, CHUNK))
            .with_for_update(skip_locked=True)
        )
        with self._database.write() as connection:
            rows = connection.execute(query).all()
            if rows:
                change = update(DeliveryRow).where(DeliveryRow.id.in_([row.id for row in rows]))
                sending = {"state": DeliveryState.SENDING.value, "due_at": at + lease, "updated_at": at}
                connection.execute(change.values(attempts=DeliveryRow.attempts + 1, **sending))
        return tuple(ClaimedNews(id=row.id, attempts=row.attempts + 1, payload=row.payload) for row in rows)

    def renew(self, news: Sequence[ClaimedNews], at: datetime, lease: timedelta) -> tuple[ClaimedNews, ...]:
        """Hold a claim for longer; give those that are still this process's to send."""
        change = update(DeliveryRow).where(*_is_ours(news)).values(due_at=at + lease, updated_at=at)
        with self._database.write() as connection:
            held = set(connection.execute(change.returning(DeliveryRow.id)).scalars())
        return tuple(one for one in news if one.id in held)

    def revive(self, sink: str, at: datetime) -> None:
        """Make due now what waits for a later time, and what was refused."""
        stuck = (DeliveryState.WAITING.value, DeliveryState.REFUSED.value)
        change = update(DeliveryRow).where(DeliveryRow.sink == sink, DeliveryRow.state.in_(stuck))
        with self._database.write() as connection:
            connection.execute(change.values(state=DeliveryState.WAITING.value, due_at=at))

    def mark_sent(self, news: Sequence[ClaimedNews], at: datetime) -> None:
        """Record that the receiver took them; what they said is forgotten."""
        change = update(DeliveryRow).where(DeliveryRow.id.in_([one.id for one in news]))
        with self._database.write() as connection:
            connection.execute(
                change.values(state=DeliveryState.SENT.value, payload=b"", last_error="", due_at=at, updated_at=at)
            )

    def mark_waiting(self, news: Sequence[ClaimedNews], error: str, at: datetime, due_at: datetime) -> None:
        """Record that they were not taken, and when to try again; without effect where a claim ran out meanwhile."""
        self._mark_unsent(news, DeliveryState.WAITING, error, at, due_at)

    def mark_refused(self, news: Sequence[ClaimedNews], error: str, at: datetime) -> None:
        """Record that the receiver will not have them; without effect where a claim ran out meanwhile."""
        self._mark_unsent(news, DeliveryState.REFUSED, error, at, at)

    def standings(self) -> tuple[SinkStanding, ...]:
        """Give what became of all news, by sink; also of sinks that are no longer set up."""
        counted = select(
            DeliveryRow.sink,
            DeliveryRow.state,
            func.count().label("number"),
            func.min(DeliveryRow.due_at).label("due_at"),
            func.max(DeliveryRow.updated_at).label("updated_at"),
        ).group_by(DeliveryRow.sink, DeliveryRow.state)
        failed = (
            select(DeliveryRow.sink, DeliveryRow.last_error)
            .where(DeliveryRow.state != DeliveryState.SENT.value, DeliveryRow.last_error != "")
            .order_by(DeliveryRow.updated_at, DeliveryRow.id)
        )
        with self._database.read() as connection:
            rows = connection.execute(counted).all()
            errors = {row.sink: row.last_error for row in connection.execute(failed)}
        counts: dict[str, Counter[DeliveryState]] = {}
        due: dict[str, datetime] = {}
        sent: dict[str, datetime] = {}
        for row in rows:
            state = DeliveryState(row.state)
            counts.setdefault(row.sink, Counter())[state] = row.number
            if state is DeliveryState.WAITING:
                due[row.sink] = row.due_at
            elif state is DeliveryState.SENT:
                sent[row.sink] = row.updated_at
        return tuple(
            SinkStanding(
                sink=sink,
                counts=counts[sink],
                last_error=errors.get(sink, ""),
                due_at=due.get(sink),
                last_sent_at=sent.get(sink),
            )
            for sink in sorted(counts)
        )

    def _mark_unsent(
        self, news: Sequence[ClaimedNews], state: DeliveryState, error: str, at: datetime, due_at: datetime
    ) -> None:
        change = update(DeliveryRow).where(*_is_ours(news))
        with self._database.write() as connection:
            connection.execute(change.values(state=state.value, last_error=error, due_at=due_at, updated_at=at))


def _is_ours(news: Sequence[ClaimedNews]) -> tuple[ColumnElement[bool], ...]:
    """Match claims of this process: who tried longer than its claim held must not touch the claim of who has it now."""
    claims = [(one.id, one.attempts) for one in news]
    return (
        tuple_(DeliveryRow.id, DeliveryRow.attempts).in_(claims),
        DeliveryRow.state == DeliveryState.SENDING.value,
    )
