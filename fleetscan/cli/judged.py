"""What is printed of a judged sweep: the verdict, what a human must look at, and the exit code."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from fleetscan.cli.output import Column, Format, Terminal, print_records
from fleetscan.export.finding_records import FindingRecord, build_finding_records
from fleetscan.export.records import DriftRecord

if TYPE_CHECKING:
    from fleetscan.model.drift import Severity
    from fleetscan.report.inputs import ReportInputs

STYLES = {"critical": "bold white on red", "high": "bold red", "medium": "yellow", "low": "cyan", "info": "dim"}
_SHAPES = {"critical": "!!!", "high": "!! ", "medium": "!  ", "low": ".  ", "info": "   "}


def drift_records(inputs: "ReportInputs") -> list[DriftRecord]:
    """Give every drift item of a sweep, worst first, then by host."""
    from fleetscan.operations.compare_records import record_changes, record_files
    from fleetscan.report.inputs import ItemKey

    records = []
    for drift in inputs.drifts:
        for item in drift.items:
            paths = dict.fromkeys([*(s.path for s in item.subject.sources), *item.subject.links])
            records.append(
                DriftRecord(
                    sweep=inputs.sweep.id,
                    host=item.host,
                    owner_email=inputs.owner_of(item.host).email,
                    cohort=str(item.cohort),
                    kind=item.kind.value,
                    severity=item.severity.label,
                    subject=item.key.kind.value,
                    scope=item.key.scope,
                    name=item.key.name,
                    units=tuple(item.subject.unit_names),
                    paths=tuple(paths),
                    sentence=item.sentence,
                    changes=record_changes(item),
                    diffs=record_files(item),
                    state_before=item.state_before,
                    state_after=item.state_after,
                    raw_only=item.raw_only,
                    prevalence_count=item.prevalence.count,
                    prevalence_of_hosts=item.prevalence.of_hosts,
                    reference=item.reference,
                    first_seen_at=item.first_seen_at,
                    last_absent_at=item.last_absent_at,
                    is_new=ItemKey.of(item) in inputs.new_items,
                )
            )
    ranks = {label: rank for rank, label in enumerate(STYLES)}
    return sorted(records, key=lambda r: (ranks[r.severity], r.host, r.name))


def print_drift(terminal: Terminal, form: Format, records: list[DriftRecord]) -> None:
    """Print drift items in the form that was asked for."""
    columns: list[Column[DriftRecord]] = [
        Column(
            "severity",
            lambda r: f"{_SHAPES[r.severity]} {r.severity}",
            style=lambda r: STYLES[r.severity],
            no_wrap=True,
        ),
        Column("host", lambda r: r.host),
        Column("drift", lambda r: ("new " if r.is_new else "") + r.kind),
        Column("what", lambda r: r.sentence),
    ]
    print_records(terminal, form, "drift", records, columns, empty="no drift in what was compared")


def finding_records(inputs: "ReportInputs", *, unseen: bool = False, fixed: bool = False) -> list[FindingRecord]:
    """Give every finding of a sweep, worst first, then by host.

    Args:
        inputs: The judged sweep.
        unseen: Also those that are open and that this sweep does not show.
        fixed: Also those that are gone.
    """
    owners = {str(host): inputs.owner_of(host).email for host in inputs.hosts}
    others = (*(inputs.unseen if unseen else ()), *(inputs.fixed if fixed else ()))
    return [
        *build_finding_records(inputs.sweep.id, inputs.findings, owners),
        *build_finding_records(inputs.sweep.id, others, owners, seen=False),
    ]


def select_record(records: Sequence[FindingRecord], beginning: str) -> FindingRecord:
    """Give the finding whose id begins so.

    Raises:
        UsageError: None does, or several do.
    """
    from fleetscan.errors import UsageError

    matching = [record for record in records if record.id.startswith(beginning)]
    if len(matching) == 1:
        return matching[0]
    what = "no finding" if not matching else f"{len(matching)} findings"
    verb = "begins" if not matching else "begin"
    raise UsageError(f"{what} {verb} with {beginning!r}", hint="`fleetscan findings list` shows the ids")


def print_findings(terminal: Terminal, form: Format, records: list[FindingRecord]) -> None:
    """Print findings in the form that was asked for."""
    columns: list[Column[FindingRecord]] = [
        Column("id", lambda r: r.id[:8], style="dim", no_wrap=True),
        Column(
            "severity",
            lambda r: f"{_SHAPES[r.severity]} {r.severity}",
            style=lambda r: STYLES[r.severity],
            no_wrap=True,
        ),
        Column("host", lambda r: r.host),
        Column("state", _tell_state),
        Column("technique", lambda r: r.technique, no_wrap=True),
        Column("rule", lambda r: r.rule + (f" +{len(r.rules) - 1}" if len(r.rules) > 1 else ""), no_wrap=True),
        Column("what", lambda r: r.sentence),
    ]
    print_records(terminal, form, "findings", records, columns, empty="no findings in what was read")


def _tell_state(record: FindingRecord) -> str:
    told = "acknowledged" if record.acknowledged_by and record.state == "known" else record.state
    return told if record.seen or record.state == "fixed" else f"{told}, not seen now"


def print_verdict(terminal: Terminal, inputs: "ReportInputs") -> None:
    """Say in one line how the sweep went; never a bare all-clear while anything was unread."""
    from fleetscan.report.view import build_report_view

    verdict = build_report_view(inputs).verdict
    terminal.say(" · ".join((verdict.headline, *verdict.facts)), style="bold")


def exit_code(inputs: "ReportInputs", fail_on: "Severity") -> int:
    """Give the exit code of a judged sweep, as product.md lists them: 1 before 3, 3 before 0."""
    if any(finding.severity >= fail_on for finding in inputs.findings):
        return 1
    return _unread_code(inputs)


def drift_exit_code(inputs: "ReportInputs", fail_on: "Severity") -> int:
    """Give the exit code of a comparison: as above, but only what differs counts."""
    if any(item.severity >= fail_on for drift in inputs.drifts for item in drift.items):
        return 1
    return _unread_code(inputs)


def _unread_code(inputs: "ReportInputs") -> int:
    return 3 if has_unread(inputs) or has_uncompared(inputs) or has_doubt(inputs) else 0


def has_unread(inputs: "ReportInputs") -> bool:
    """Whether any host could not be read, or only in part."""
    from fleetscan.model.outcome import Outcome

    return len(inputs.visits) < inputs.sweep.hosts or any(v.outcome is not Outcome.COMPLETE for v in inputs.visits)


def has_uncompared(inputs: "ReportInputs") -> bool:
    """Whether a host was read but compared with nothing: too few peers, or no longer in the inventory."""
    compared = {drift.host for drift in inputs.drifts if drift.reference}
    return any(visit.outcome.has_state and visit.host not in compared for visit in inputs.visits)


def has_doubt(inputs: "ReportInputs") -> bool:
    """Whether something of a host was not compared because of what was not read, be it only whose a program is."""
    from fleetscan.analyse.drift import TOO_FEW_OTHERS

    with_gaps = {visit.host for visit in inputs.visits if visit.coverage.gaps}
    return any(
        drift.host in with_gaps and not all(note.endswith(TOO_FEW_OTHERS) for note in drift.not_compared)
        for drift in inputs.drifts
    )


def unread_lines(inputs: "ReportInputs") -> Iterable[str]:
    """Give a line for each host that was not read, with the reason."""
    for visit in inputs.visits:
        if not visit.outcome.has_state:
            yield f"{visit.host}: {visit.outcome.value}: {visit.reason}"
        elif visit.coverage.decisive:
            gap, *others = visit.coverage.decisive
            more = f" (and {len(others)} more)" if others else ""
            what = f"{gap.area.value} {gap.path or gap.scope or ''}".strip()
            yield f"{visit.host}: partial: {what} {gap.status.value}: {gap.reason}{more}"
