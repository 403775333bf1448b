"""One sweep's findings, written in one transaction and in a handful of statements, however many there are."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, text, update

from fleetscan.errors import UsageError
from fleetscan.model.finding import Finding, FindingId, FindingLife, FindingState
from fleetscan.model.finding_event import DecideLife, EventKind, LifeStep, Remembered
from fleetscan.model.ids import HostName, Sha256, SweepId
from fleetscan.store.database import Database
from fleetscan.store.finding_rows import LIFE_COLUMNS, content_row, judgement_of, life_row, read_life
from fleetscan.store.tables import FindingEventRow, FindingRow, HostRow, SweepRow

_OVERWRITTEN = (
    "rule",
    "technique",
    "severity",
    "suppressed_by",
    "content",
    "content_since_at",
    "state",
    "last_sweep",
    "last_seen_at",
    "fixed_sweep",
    "fixed_at",
    "acknowledged_by",
    "acknowledged_at",
    "acknowledged_reason",
    "data",
)
_PAST_COLUMNS = (
    FindingRow.id,
    FindingRow.rule,
    FindingRow.technique,
    FindingRow.severity,
    FindingRow.suppressed_by,
    FindingRow.content,
    FindingRow.content_since_at,
    FindingRow.acknowledged_reason,
    *LIFE_COLUMNS,
)


@dataclass(frozen=True, slots=True)
class _Past:
    """A stored finding, as far as a sweep may change it."""

    remembered: Remembered
    judgement: Mapping[str, Any]
    content_since_at: datetime
    acknowledged_reason: str


def last_recorded(connection: Connection) -> SweepId | None:
    """Give the newest sweep whose findings were recorded; None when there is none."""
    newest = connection.execute(select(func.max(SweepRow.id)).where(SweepRow.judged_at.is_not(None))).scalar()
    return None if newest is None else SweepId(newest)


class Recording:
    """What one sweep makes of all findings, collected and then written.

    Args:
        database: Of the connection.
        connection: In a writing transaction.
        sweep: The sweep that was judged.
        at: When it looked.
        decide: What becomes of one finding.
    """

    def __init__(
        self, database: Database, connection: Connection, sweep: SweepId, at: datetime, decide: DecideLife
    ) -> None:
        self._database = database
        self._connection = connection
        self._sweep = sweep
        self._at = at
        self._decide = decide
        self._touched: dict[FindingState, list[FindingId]] = defaultdict(list)
        self._fixed: list[FindingId] = []
        self._written: list[tuple[Finding, dict[str, Any]]] = []
        self._events: list[dict[str, Any]] = []

    def record(self, seen: Sequence[Finding], absent: Collection[FindingId]) -> dict[FindingId, FindingLife]:
        """Decide on every finding and write what changed.

        Returns:
            The lives of what was seen, and of what was absent and is known.
        """
        if not self._database.is_sqlite:
            # Two recordings at once would both take what they see for new. Readers are not kept out.
            self._connection.execute(text("LOCK TABLE finding IN SHARE ROW EXCLUSIVE MODE"))
        newest = last_recorded(self._connection)
        past = self._read_past([*(finding.id for finding in seen), *absent])
        lives = {finding_id: known.remembered.life for finding_id, known in past.items()}
        is_old = newest is not None and self._sweep < newest
        for finding in seen:
            known = past.get(finding.id)
            step = None if is_old and known else self._ask(known, finding.content)
            lives[finding.id] = step.life if step else lives[finding.id]
            if not is_old:
                self._plan_seen(finding, known, step, lives[finding.id])
        if newest is None or newest < self._sweep:
            self._mark_sweep()
        if not is_old:
            for finding_id in sorted(set(absent) & past.keys()):
                if step := self._ask(past[finding_id], None):
                    lives[finding_id] = step.life
                    self._fixed.append(finding_id)
                    self._add_event(finding_id, EventKind.FIXED)
            self._write()
        return lives

    def _ask(self, known: _Past | None, content: Sha256 | None) -> LifeStep | None:
        return self._decide(known.remembered if known else None, content, self._sweep, self._at)

    def _read_past(self, ids: Collection[FindingId]) -> dict[FindingId, _Past]:
        query = select(*_PAST_COLUMNS).where(self._database.is_one_of(FindingRow.id, ids))
        return {
            FindingId(row.id): _Past(
                Remembered(row.content, read_life(row)),
                {
                    "rule": row.rule,
                    "technique": row.technique,
                    "severity": row.severity,
                    "suppressed_by": row.suppressed_by,
                },
                row.content_since_at,
                row.acknowledged_reason,
            )
            for row in self._connection.execute(query)
        }

    def _plan_seen(self, finding: Finding, known: _Past | None, step: LifeStep | None, life: FindingLife) -> None:
        is_judged_alike = known is not None and judgement_of(finding) == known.judgement
        if step is None and is_judged_alike:
            return
        if step is not None and step.event is None and is_judged_alike:
            self._touched[life.state].append(finding.id)
            return
        event = step.event if step else None
        since, reason = self._at, ""
        if known is not None and event is None:
            since, reason = known.content_since_at, known.acknowledged_reason
        columns = {**life_row(life), "content_since_at": since, "acknowledged_reason": reason}
        self._written.append((finding, columns))
        if event is not None and event is not EventKind.OPENED:
            self._add_event(finding.id, event)

    def _add_event(self, finding_id: FindingId, kind: EventKind) -> None:
        self._events.append({"finding_id": finding_id, "kind": kind.value, "at": self._at, "author": "", "text": ""})

    def _mark_sweep(self) -> None:
        mark = update(SweepRow).where(SweepRow.id == self._sweep).values(judged_at=self._at)
        if self._connection.execute(mark).rowcount == 0:
            raise UsageError(f"there is no sweep {self._sweep}", hint="fleetscan sweeps list")

    def _write(self) -> None:
        for state, ids in self._touched.items():
            self._update(ids, state=state.value, last_sweep=self._sweep, last_seen_at=self._at)
        if self._fixed:
            self._update(self._fixed, state=FindingState.FIXED.value, fixed_sweep=self._sweep, fixed_at=self._at)
        if self._written:
            hosts = self._host_ids({finding.host for finding, _ in self._written})
            rows = [{**content_row(finding, hosts[finding.host]), **columns} for finding, columns in self._written]
            self._connection.execute(self._database.insert_or_update(FindingRow, "id", _OVERWRITTEN), rows)
        if self._events:
            self._connection.execute(insert(FindingEventRow), self._events)

    def _update(self, ids: Collection[FindingId], **columns: object) -> None:
        chosen = self._database.is_one_of(FindingRow.id, ids)
        self._connection.execute(update(FindingRow).where(chosen).values(**columns))

    def _host_ids(self, names: Iterable[HostName]) -> dict[HostName, int]:
        wanted = sorted(names)
        query = select(HostRow.name, HostRow.id).where(self._database.is_one_of(HostRow.name, wanted))
        self._connection.execute(self._database.insert_or_ignore(HostRow), [{"name": name} for name in wanted])
        return dict(self._connection.execute(query).all())
