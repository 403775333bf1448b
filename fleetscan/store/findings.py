"""Findings across sweeps: what became of them, and what people said."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, insert, or_, select, update

from fleetscan.errors import UsageError
from fleetscan.model.drift import Severity
from fleetscan.model.finding import Finding, FindingId, FindingLife, FindingState, RuleId
from fleetscan.model.finding_event import DecideLife, EventKind, FindingEvent
from fleetscan.model.ids import HostName, Sha256, SweepId
from fleetscan.model.subject import SubjectKey
from fleetscan.store.database import Database
from fleetscan.store.finding_recording import Recording, last_recorded
from fleetscan.store.finding_rows import (
    LIFE_COLUMNS,
    RECORD_COLUMNS,
    FindingHistory,
    FindingRecord,
    read_key,
    read_life,
    read_record,
    thing_of,
)
from fleetscan.store.tables import FindingEventRow, FindingRow, HostRow

_ID = re.compile(r"[0-9a-f]{1,16}")
_HINT = "fleetscan findings list"
_OPEN = FindingRow.state != FindingState.FIXED.value


@dataclass(frozen=True, slots=True)
class OpenFinding:
    """What must be known of an open finding to tell whether it is gone.

    Attributes:
        rule: The one that spoke for it.
        last_sweep: The last one that saw it.
    """

    host: HostName
    key: SubjectKey
    content: Sha256
    rule: RuleId
    last_sweep: SweepId


class FindingStore:
    """Findings and their history. A finding is one row, however many sweeps see it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(
        self,
        sweep: SweepId,
        at: datetime,
        seen: Sequence[Finding],
        absent: Collection[FindingId],
        *,
        decide: DecideLife,
    ) -> Mapping[FindingId, FindingLife]:
        """Record what a judged sweep found, in one transaction.

        What is neither seen nor proven absent stays as it is: its host failed, or a gap hides it. The same sweep
        recorded again gives the same; a sweep older than the last recorded one changes nothing.

        Args:
            sweep: The sweep that was judged.
            at: When it looked.
            seen: Each finding once.
            absent: Findings that were looked for and are proven to be gone; unknown ones are ignored.
            decide: `analyse.finding_life.decide_life`.

        Returns:
            The lives of what was seen, and of what was absent and is known.

        Raises:
            UsageError: There is no such sweep.
            ValueError: A finding is given twice, or as seen and absent.
        """
        ids = {finding.id for finding in seen}
        if len(ids) != len(seen) or not ids.isdisjoint(absent):
            raise ValueError("a finding is given twice")
        with self._database.write() as connection:
            return Recording(self._database, connection, sweep, at, decide).record(seen, absent)

    def last_recorded_sweep(self) -> SweepId | None:
        """Give the newest sweep whose findings were recorded; None when there is none."""
        with self._database.read() as connection:
            return last_recorded(connection)

    def lives(self, ids: Collection[FindingId]) -> Mapping[FindingId, FindingLife]:
        """Give the lives of those findings that are known."""
        query = select(FindingRow.id, *LIFE_COLUMNS).where(self._database.is_one_of(FindingRow.id, ids))
        with self._database.read() as connection:
            return {FindingId(row.id): read_life(row) for row in connection.execute(query)}

    def open_ids(self, hosts: Collection[HostName]) -> Mapping[FindingId, OpenFinding]:
        """Give the findings of these hosts that are not fixed, with what they are about."""
        query = (
            select(
                FindingRow.id,
                HostRow.name.label("host"),
                FindingRow.kind,
                FindingRow.scope,
                FindingRow.name,
                FindingRow.content,
                FindingRow.rule,
                FindingRow.last_sweep,
            )
            .join(HostRow, HostRow.id == FindingRow.host_id)
            .where(_OPEN, self._database.is_one_of(HostRow.name, hosts))
        )
        with self._database.read() as connection:
            return {
                FindingId(row.id): OpenFinding(row.host, read_key(row), row.content, row.rule, SweepId(row.last_sweep))
                for row in connection.execute(query)
            }

    def list_findings(
        self,
        *,
        states: Collection[FindingState] = (),
        severities: Collection[Severity] = (),
        hosts: Collection[HostName] | None = None,
        rule: RuleId | None = None,
        since: datetime | None = None,
    ) -> tuple[FindingRecord, ...]:
        """Give findings that fit all of what is asked; worst first, then by host and subject.

        Args:
            states: Any of these; empty for all.
            severities: Any of these; empty for all.
            hosts: On any of these; None for all.
            rule: For which this rule speaks; None for all.
            since: Something happened since: seen for the first time, changed, returned or fixed.
        """
        conditions: list[ColumnElement[bool]] = []
        if states:
            conditions.append(FindingRow.state.in_([state.value for state in states]))
        if severities:
            conditions.append(FindingRow.severity.in_([int(severity) for severity in severities]))
        if hosts is not None:
            conditions.append(self._database.is_one_of(HostRow.name, hosts))
        if rule is not None:
            conditions.append(FindingRow.rule == rule)
        if since is not None:
            conditions.append(or_(FindingRow.content_since_at >= since, FindingRow.fixed_at >= since))
        query = select(*RECORD_COLUMNS).join(HostRow, HostRow.id == FindingRow.host_id).where(*conditions)
        with self._database.read() as connection:
            found = [read_record(row) for row in connection.execute(query)]
        return tuple(sorted(found, key=lambda record: (-record.severity, record.host, record.key)))

    def read_finding(self, prefix: str) -> FindingHistory:
        """Give a finding with all that happened to it.

        Args:
            prefix: Its id, or the beginning of it when no other has it.

        Raises:
            UsageError: No finding or several begin like this.
        """
        with self._database.read() as connection:
            finding_id = _find_id(connection, prefix)
            record = _read_record(connection, finding_id)
            return FindingHistory(record, _read_events(connection, record))

    def acknowledge(self, prefix: str, *, author: str, reason: str, at: datetime) -> FindingRecord:
        """Say that somebody deals with an open finding; it holds until its content changes or it returns.

        Raises:
            UsageError: No finding or several begin like this, or it is fixed.
        """
        changes = {"acknowledged_by": author, "acknowledged_at": at, "acknowledged_reason": reason}
        event = FindingEvent(kind=EventKind.ACKNOWLEDGED, at=at, author=author, text=reason)
        return self._change(prefix, _OPEN, "is fixed", changes, event)

    def unacknowledge(self, prefix: str, *, author: str, at: datetime, reason: str = "") -> FindingRecord:
        """Take an acknowledgement back.

        Raises:
            UsageError: No finding or several begin like this, or nobody acknowledged it.
        """
        changes = {"acknowledged_by": "", "acknowledged_at": None, "acknowledged_reason": ""}
        event = FindingEvent(kind=EventKind.UNACKNOWLEDGED, at=at, author=author, text=reason)
        condition = FindingRow.acknowledged_at.is_not(None)
        return self._change(prefix, condition, "is not acknowledged", changes, event)

    def add_note(self, prefix: str, *, author: str, text: str, at: datetime) -> FindingRecord:
        """Write something down with a finding.

        Raises:
            UsageError: No finding or several begin like this.
        """
        with self._database.write() as connection:
            finding_id = _find_id(connection, prefix)
            _add_event(connection, finding_id, FindingEvent(kind=EventKind.NOTE, at=at, author=author, text=text))
            return _read_record(connection, finding_id)

    def spread(
        self, key: SubjectKey, content: Sha256 | None = None, *, include_fixed: bool = False
    ) -> tuple[tuple[HostName, datetime], ...]:
        """Tell on which hosts a subject is a finding, and since when; earliest first.

        Args:
            key: The subject, of any host.
            content: This content only; then the time is when the content was first seen. None for any content; then it
                is when the finding was.
            include_fixed: Also hosts that have it no more.
        """
        since = FindingRow.first_seen_at if content is None else FindingRow.content_since_at
        query = (
            select(HostRow.name, since)
            .join(HostRow, HostRow.id == FindingRow.host_id)
            .where(
                FindingRow.thing == thing_of(key),
                FindingRow.kind == key.kind.value,
                FindingRow.scope == key.scope,
                FindingRow.name == key.name,
            )
        )
        if content is not None:
            query = query.where(FindingRow.content == content)
        if not include_fixed:
            query = query.where(_OPEN)
        with self._database.read() as connection:
            found = [(host, first_at) for host, first_at in connection.execute(query)]
        return tuple(sorted(found, key=lambda one: (one[1], one[0])))

    def _change(
        self,
        prefix: str,
        condition: ColumnElement[bool],
        refusal: str,
        changes: Mapping[str, object],
        event: FindingEvent,
    ) -> FindingRecord:
        with self._database.write() as connection:
            finding_id = _find_id(connection, prefix)
            # Not locked before: a recording holds the whole table and would wait for the lock on the row.
            change = update(FindingRow).where(FindingRow.id == finding_id, condition).values(**changes)
            if connection.execute(change).rowcount == 0:
                raise UsageError(f"the finding {finding_id} {refusal}", hint=_HINT)
            _add_event(connection, finding_id, event)
            return _read_record(connection, finding_id)


def _find_id(connection: Connection, prefix: str) -> FindingId:
    if not _ID.fullmatch(prefix):
        raise UsageError(f"{prefix!r} is not the beginning of a finding's number", hint=_HINT)
    query = select(FindingRow.id).where(func.substr(FindingRow.id, 1, len(prefix)) == prefix).limit(2)
    found = connection.execute(query).scalars().all()
    if not found:
        raise UsageError(f"there is no finding {prefix}", hint=_HINT)
    if len(found) > 1:
        raise UsageError(f"more than one finding begins with {prefix}", hint="give more digits")
    return FindingId(found[0])


def _read_record(connection: Connection, finding_id: FindingId) -> FindingRecord:
    query = select(*RECORD_COLUMNS).join(HostRow, HostRow.id == FindingRow.host_id)
    return read_record(connection.execute(query.where(FindingRow.id == finding_id)).one())


def _add_event(connection: Connection, finding_id: FindingId, event: FindingEvent) -> None:
    row = {
        "finding_id": finding_id,
        "kind": event.kind.value,
        "at": event.at,
        "author": event.author,
        "text": event.text,
    }
    connection.execute(insert(FindingEventRow), row)


def _read_events(connection: Connection, record: FindingRecord) -> tuple[FindingEvent, ...]:
    query = select(FindingEventRow.kind, FindingEventRow.at, FindingEventRow.author, FindingEventRow.text)
    query = query.where(FindingEventRow.finding_id == record.id).order_by(FindingEventRow.id)
    events = [FindingEvent(kind=EventKind.OPENED, at=record.life.first_seen_at or record.content_since_at)]
    for kind, at, author, text in connection.execute(query):
        events.append(FindingEvent(kind=EventKind(kind), at=at, author=author, text=text))
    return tuple(events)
