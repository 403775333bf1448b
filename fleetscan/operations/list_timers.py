"""The timers of one host or of all hosts, from their newest states."""

from collections.abc import Iterator

from fleetscan.errors import UsageError
from fleetscan.export.records import TimerRecord
from fleetscan.model.ids import HostName, Scope
from fleetscan.model.snapshot import TimerRow
from fleetscan.model.subject import Subject, SubjectKind
from fleetscan.operations.judge_sweep import StateReader
from fleetscan.store.store import Store
from fleetscan.systemd.triggers import describe_triggers


def list_timers(store: Store, host: str | None) -> tuple[TimerRecord, ...]:
    """Give every timer of one host, or of every host that was ever read, by host, scope and name.

    Raises:
        UsageError: The host was never read.
    """
    reader = StateReader(store)
    names = [HostName(host)] if host else list(store.visits.list_hosts())
    records: list[TimerRecord] = []
    for name in names:
        visit = store.visits.latest_state(name)
        if visit is None or visit.manifest is None or visit.facts is None:
            if host:
                raise UsageError(
                    f"{host!r} was never read", hint="`fleetscan sweeps show` says what became of its visits"
                )
            continue
        runtime = store.visits.read_runtime(name)
        rows = {(row.scope, str(row.unit)): row for row in runtime.timers} if runtime else {}
        subjects = reader.subjects(visit.manifest, visit.facts)
        records.extend(_records(name, subjects, rows))
    return tuple(records)


def _records(
    host: HostName, subjects: tuple[Subject, ...], rows: dict[tuple[Scope, str], TimerRow]
) -> Iterator[TimerRecord]:
    for subject in subjects:
        if subject.key.kind is not SubjectKind.JOB:
            continue
        timer = subject.unit_names[0] if subject.unit_names else subject.key.name
        row = rows.get((subject.key.scope, str(timer)))
        activates = str(subject.unit_names[1]) if len(subject.unit_names) > 1 else ""
        yield TimerRecord(
            host=host,
            scope=subject.key.scope,
            unit=str(timer),
            activates=activates,
            schedule=describe_triggers(subject.triggers),
            next_at=row.next_at if row else None,
            last_at=row.last_at if row else None,
            user=subject.run_as,
            executes=tuple(c.raw for c in subject.commands),
            enabled=subject.state.enabled,
            active=subject.state.active,
            transient=subject.transient,
            files=tuple(source.path for source in subject.sources),
        )
