"""Write a judged sweep in a form that another program reads."""

import os
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

import fleetscan
from fleetscan.errors import OutputError
from fleetscan.export.cef import render_cef
from fleetscan.export.encode import encode_csv, encode_json, encode_jsonl
from fleetscan.export.finding_records import build_finding_records
from fleetscan.export.hec import render_hec
from fleetscan.export.leef import render_leef
from fleetscan.export.ocsf import render_ocsf
from fleetscan.export.outgoing import OutgoingFinding, tell_occasion
from fleetscan.export.prometheus import FleetNumbers, render_metrics
from fleetscan.export.sarif import render_sarif
from fleetscan.model.drift import Severity
from fleetscan.model.finding import Finding, FindingState
from fleetscan.report.inputs import ReportInputs
from fleetscan.report.sink_template import render_body

_MAX_LINE_BYTES = 8192
_NEWS = (FindingState.NEW, FindingState.RETURNED)


class ExportFormat(StrEnum):
    """Forms of an export."""

    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    SARIF = "sarif"
    PROMETHEUS = "prometheus"
    CEF = "cef"
    LEEF = "leef"
    OCSF = "ocsf"
    HEC = "hec"
    TEMPLATE = "template"


def render_export(
    inputs: ReportInputs,
    form: ExportFormat,
    *,
    min_severity: Severity = Severity.INFO,
    new_only: bool = False,
    template: str = "",
) -> str:
    """Write the findings of a sweep: those it shows, those still open that it could not look for, those it found fixed.

    Args:
        inputs: The judged sweep.
        form: Which form. The metrics of Prometheus are of the whole sweep, whatever else is asked for.
        min_severity: Leave out what is below.
        new_only: Only what is new, has other content, or returned.
        template: For `template`: a name or a path.

    Returns:
        Text that ends with a line end; empty when the form has lines and there are no findings.

    Raises:
        SinkError: The template cannot be filled.
    """
    if form is ExportFormat.PROMETHEUS:
        return render_metrics(count_fleet(inputs))
    news = _tell_all(inputs, _select(inputs, min_severity, new_only=new_only))
    text = _render(inputs, form, news, template)
    return f"{text}\n" if text and not text.endswith("\n") else text


def count_fleet(inputs: ReportInputs) -> FleetNumbers:
    """Count what the metrics tell."""
    open_findings = (*inputs.findings, *inputs.unseen)
    gaps = [gap for visit in inputs.visits for gap in visit.coverage.gaps]
    return FleetNumbers(
        sweep=inputs.sweep.id,
        version=fleetscan.__version__,
        started_at=inputs.sweep.started_at,
        ended_at=inputs.sweep.ended_at,
        generated_at=inputs.generated_at,
        hosts=Counter(visit.outcome for visit in inputs.visits),
        unvisited=max(inputs.sweep.hosts - len(inputs.visits), 0),
        findings=Counter((f.severity, f.life.state) for f in open_findings if f.suppressed_by is None),
        suppressed=sum(finding.suppressed_by is not None for finding in open_findings),
        drift=Counter((item.severity, item.kind) for drift in inputs.drifts for item in drift.items),
        gaps=Counter((gap.area.value, gap.status.value) for gap in gaps),
        hosts_with_gaps=sum(bool(visit.outcome.has_state and visit.coverage.decisive) for visit in inputs.visits),
    )


def write_atomically(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old one or the new one, and never a part.

    Raises:
        OutputError: It cannot be written.
    """
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name[:60]}.", suffix=".tmp", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            with suppress(OSError):
                Path(temporary).unlink()
        hint = "choose a file that this account may write with --out"
        raise OutputError(f"cannot write {path}: {error.strerror or error}", hint=hint) from error


def _select(inputs: ReportInputs, lowest: Severity, *, new_only: bool) -> list[Finding]:
    fixed = [f for f in inputs.fixed if f.life.fixed_at and f.life.fixed_at >= inputs.sweep.started_at]
    return [
        finding
        for finding in (*inputs.findings, *inputs.unseen, *fixed)
        if finding.severity >= lowest and (not new_only or finding.life.state in _NEWS)
    ]


def _tell_all(inputs: ReportInputs, findings: Sequence[Finding]) -> list[OutgoingFinding]:
    owners = {str(host): inputs.owner_of(host).email for host in inputs.hosts}
    swept_at = inputs.sweep.ended_at or inputs.sweep.started_at
    seen = {finding.id for finding in inputs.findings}
    return [
        tell_occasion(record, swept_at)
        for finding in findings
        for record in build_finding_records(inputs.sweep.id, [finding], owners, seen=finding.id in seen)
    ]


def _render(  # noqa: PLR0911 - one line for each form
    inputs: ReportInputs, form: ExportFormat, news: Sequence[OutgoingFinding], template: str
) -> str:
    version = fleetscan.__version__
    records = [one.record for one in news]
    match form:
        case ExportFormat.JSON:
            return encode_json("findings", records, inputs.generated_at)
        case ExportFormat.JSONL:
            return encode_jsonl("findings", records)
        case ExportFormat.CSV:
            return encode_csv("findings", records)
        case ExportFormat.SARIF:
            ended_at = inputs.sweep.ended_at or inputs.sweep.started_at
            return render_sarif(news, version=version, sweep=inputs.sweep.id, ended_at=ended_at)
        case ExportFormat.CEF:
            return "\n".join(render_cef(one, version=version, max_bytes=_MAX_LINE_BYTES) for one in news)
        case ExportFormat.LEEF:
            return "\n".join(render_leef(one, version=version, max_bytes=_MAX_LINE_BYTES) for one in news)
        case ExportFormat.OCSF:
            return render_ocsf(news, version=version)
        case ExportFormat.HEC:
            return render_hec(news)
        case _:
            return render_body(template, [one.as_event() for one in news], "export")
