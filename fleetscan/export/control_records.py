"""The records of the checklist, as lists give them."""

from collections.abc import Iterable
from dataclasses import dataclass

from fleetscan.export.finding_records import EvidenceRecord
from fleetscan.model.control import Control, ControlStatus, HostControls


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRecord:
    """One control over all hosts of a sweep: on how many it passed, failed, and could not be answered.

    `attack` is the technique or mitigation of ATT&CK; `failing` and `unread` name the hosts.
    """

    sweep: int
    id: str
    attack: str
    title: str
    checks: str
    passed: int
    failed: int
    not_readable: int
    of_hosts: int
    failing: tuple[str, ...]
    unread: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostControlRecord:
    """One control on one host; `status` is pass, fail or not readable, `more` counts evidence that was left out."""

    sweep: int
    host: str
    id: str
    attack: str
    title: str
    status: str
    evidence: tuple[EvidenceRecord, ...]
    more: int


def build_control_records(
    sweep: int, controls: Iterable[Control], hosts: Iterable[HostControls]
) -> list[ControlRecord]:
    """Count results by control, in the order of the checklist."""
    by_status: dict[tuple[str, ControlStatus], list[str]] = {}
    count = 0
    for checked in hosts:
        count += 1
        for result in checked.results:
            by_status.setdefault((result.control.id, result.status), []).append(str(checked.host))
    records = []
    for control in controls:
        passed, failed, unread = (tuple(sorted(by_status.get((control.id, status), ()))) for status in ControlStatus)
        records.append(
            ControlRecord(
                sweep=sweep,
                id=control.id,
                attack=control.attack,
                title=control.title,
                checks=control.checks,
                passed=len(passed),
                failed=len(failed),
                not_readable=len(unread),
                of_hosts=count,
                failing=failed,
                unread=unread,
            )
        )
    return records


def build_host_control_records(sweep: int, hosts: Iterable[HostControls]) -> list[HostControlRecord]:
    """Give a record for each control of each host, by host and in the order of the checklist."""
    return [
        HostControlRecord(
            sweep=sweep,
            host=checked.host,
            id=result.control.id,
            attack=result.control.attack,
            title=result.control.title,
            status=result.status.value,
            evidence=tuple(EvidenceRecord(text=e.text, path=e.path, line=e.line) for e in result.evidence),
            more=result.more,
        )
        for checked in hosts
        for result in checked.results
    ]
