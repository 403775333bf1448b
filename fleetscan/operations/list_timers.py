"""The timers of one host or of all hosts, from their newest states."""

from collections.abc import Iterator

from fleetscan.export.job_records import TimerRecord
from fleetscan.model.ids import HostName
from fleetscan.operations.job_parts import record_activations, record_disagreements, record_programs
from fleetscan.operations.read_jobs import HostJobs, JobReader
from fleetscan.store.store import Store
from fleetscan.systemd.triggers import describe_triggers


def list_timers(store: Store, host: str | None) -> tuple[TimerRecord, ...]:
    """Give every timer of one host, or of every host that was ever read, by host, scope and name.

    Raises:
        UsageError: The host was never read.
    """
    reader = JobReader(store)
    if host:
        return tuple(record_timers(reader.expect(HostName(host))))
    read = (reader.read(name) for name in store.visits.list_hosts())
    return tuple(record for found in read if found is not None for record in record_timers(found))


def record_timers(found: HostJobs) -> Iterator[TimerRecord]:
    """Give the record of every timer of a host."""
    rows = found.rows
    for job in found.jobs:
        row = rows.get((job.scope, job.timer.name))
        yield TimerRecord(
            host=found.visit.host,
            scope=job.scope,
            unit=job.timer.name,
            activates=job.activates.name if job.activates is not None else "",
            schedule=describe_triggers(job.triggers),
            next_at=row.next_at if row else None,
            last_at=row.last_at if row else None,
            user=job.run_as,
            executes=tuple(c.raw for c in job.commands),
            enabled=job.state.enabled,
            active=job.state.active,
            transient=any(unit.transient for unit in job.units),
            files=tuple(dict.fromkeys(source.path for unit in job.units for source in unit.sources)),
            programs=record_programs(job.programs, found.places[job.scope, job.name]),
            disagreements=record_disagreements(job),
            activations=record_activations(job),
        )
