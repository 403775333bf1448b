"""Outcomes of visits, as a list."""

from collections.abc import Iterable
from dataclasses import replace

from fleetscan.cli.output import Column, Format, Terminal, print_records
from fleetscan.export.records import GapRecord, VisitRecord
from fleetscan.export.surroundings import SurroundingsRecord
from fleetscan.model.sweep import Visit

_GAPS_SHOWN = 3


def print_visits(
    terminal: Terminal, form: Format, visits: Iterable[Visit], surroundings: SurroundingsRecord | None = None
) -> None:
    """Print one row a host: outcome, and why it is not complete."""
    records = [replace(_record(visit), surroundings=surroundings) for visit in visits]
    columns: list[Column[VisitRecord]] = [
        Column("host", lambda r: r.host),
        Column("outcome", lambda r: r.outcome, style=lambda r: _STYLES.get(r.outcome, "red")),
        Column("system", lambda r: f"{r.os}, systemd {r.systemd}" if r.systemd else "-"),
        Column("as", lambda r: f"{r.login} ({r.privilege})" if r.login else "-"),
        Column("why", _why),
    ]
    print_records(terminal, form, "visits", records, columns, empty="no host was visited")


_STYLES = {"complete": "green", "partial": "yellow"}


def _why(record: VisitRecord) -> str:
    if record.reason:
        return record.reason
    shown = record.gaps[:_GAPS_SHOWN]
    gaps = [f"{f'{g.area} {g.path or g.scope}'.strip()}: {g.status} ({g.reason})" for g in shown]
    more = len(record.gaps) - _GAPS_SHOWN
    return "; ".join(gaps) + (f"; and {more} more" if more > 0 else "")


def _record(visit: Visit) -> VisitRecord:
    facts = visit.facts
    return VisitRecord(
        sweep=visit.sweep,
        host=visit.host,
        outcome=visit.outcome.value,
        reason=visit.reason,
        evidence=visit.evidence,
        hint=visit.hint,
        started_at=visit.started_at,
        duration_s=round(visit.duration_s, 3),
        os=(facts.os_name or facts.os_id) if facts else "",
        systemd=str(facts.systemd_version) if facts else "",
        privilege=facts.privilege.value if facts else "",
        login=facts.login if facts else "",
        bytes_received=visit.bytes_received,
        host_cpu_s=None if visit.host_cpu_s is None else round(visit.host_cpu_s, 3),
        gaps=tuple(
            GapRecord(area=g.area.value, scope=g.scope or "", status=g.status.value, path=g.path or "", reason=g.reason)
            for g in visit.coverage.gaps
        ),
    )
