"""One host of a report: how the visit went, what was not read, and what drifted."""

from fleetscan.model.coverage import Gap
from fleetscan.model.drift import HostDrift, Severity
from fleetscan.model.ids import HostName
from fleetscan.model.outcome import Outcome
from fleetscan.model.snapshot import HostFacts
from fleetscan.model.sweep import Visit
from fleetscan.report.inputs import ReportInputs
from fleetscan.report.item import build_item, host_anchor
from fleetscan.report.judged import Findings, index_findings, list_items
from fleetscan.report.moment import maybe_moment
from fleetscan.report.pieces import GapView, HostView, Tone
from fleetscan.report.visible import bounded_text

NOT_VISITED = "not visited"
_CHARS = 400
_MAX_LINES = 60


def build_hosts(inputs: ReportInputs) -> tuple[HostView, ...]:
    """Show every host of the sweep, sorted by name; hosts that were asked for and not visited are among them."""
    drifts = {drift.host: drift for drift in inputs.drifts}
    visits = {visit.host: visit for visit in inputs.visits}
    names = sorted({*visits, *inputs.unvisited})
    findings = index_findings(inputs)
    return tuple(
        _build_host(name, visits.get(name), drifts.get(name), inputs, findings.get(name, {})) for name in names
    )


def outcome_tone(outcome: Outcome) -> Tone:
    """Tell how an outcome feels."""
    if outcome is Outcome.COMPLETE:
        return Tone.GOOD
    return Tone.WARN if outcome is Outcome.PARTIAL else Tone.BAD


def _build_host(
    name: HostName, visit: Visit | None, drift: HostDrift | None, inputs: ReportInputs, findings: Findings
) -> HostView:
    outcome = visit.outcome if visit else None
    # Drift of a host that could not be read today would be yesterday's; only what was seen is shown.
    is_read = outcome is not None and outcome.has_state
    shown = list_items(drift.items if drift else (), findings) if is_read else ()
    items = tuple(build_item(item, inputs, findings.get(item.key)) for item in shown)
    before = inputs.previous_outcomes.get(name)
    gaps = visit.coverage.gaps if visit else ()
    reference = bounded_text(drift.reference, _CHARS) if drift else ""
    return HostView(
        name=bounded_text(name, _CHARS),
        anchor=host_anchor(name),
        owner=bounded_text(inputs.owner_of(name).name, _CHARS),
        cohort=bounded_text(str(drift.cohort), _CHARS) if drift else "",
        outcome=outcome.value if outcome else NOT_VISITED,
        tone=outcome_tone(outcome) if outcome else Tone.BAD,
        is_read=is_read,
        is_newly_unread=outcome is not Outcome.COMPLETE and before is not outcome,
        reason=_tell_reason(visit),
        evidence=_lines(visit.evidence) if visit else (),
        hint=bounded_text(visit.hint, _CHARS) if visit else "",
        os_text=_tell_os(visit.facts) if visit and visit.facts else "",
        reference=reference,
        login=bounded_text(f"{visit.facts.login} ({visit.facts.privilege.value})", 200)
        if visit and visit.facts
        else "",
        last_read=maybe_moment(inputs.last_read_at.get(name), inputs.generated_at),
        gaps=tuple(map(_build_gap, gaps[:_MAX_LINES])),
        not_compared=_lines(drift.not_compared) if drift else (),
        items=items,
        worst=max(shown, key=lambda item: item.severity).severity.label if shown else "",
        plain=outcome is Outcome.COMPLETE and bool(reference) and not items and not (drift and drift.not_compared),
    )


def _tell_reason(visit: Visit | None) -> str:
    if visit is None:
        return "the sweep ended before this host was visited"
    if visit.reason:
        return bounded_text(visit.reason, _CHARS)
    if visit.outcome is Outcome.PARTIAL:
        reasons = dict.fromkeys(f"{gap.area.value}: {gap.status.value}" for gap in visit.coverage.decisive)
        return bounded_text("; ".join(reasons), _CHARS) or "some areas could not be read"
    return ""


def _tell_os(facts: HostFacts) -> str:
    words = [facts.os_name or facts.os_id]
    if facts.systemd_version:
        words.append(f"systemd {facts.systemd_version}")
    return bounded_text(", ".join(word for word in words if word), _CHARS)


def _build_gap(gap: Gap) -> GapView:
    what = " ".join(word for word in (gap.area.value, f"of {gap.scope}" if gap.scope else "", gap.path or "") if word)
    return GapView(what=bounded_text(what, _CHARS), status=gap.status.value, reason=bounded_text(gap.reason, _CHARS))


def _lines(lines: tuple[str, ...]) -> tuple[str, ...]:
    shown = tuple(bounded_text(line, _CHARS) for line in lines[:_MAX_LINES])
    rest = len(lines) - _MAX_LINES
    return (*shown, f"… and {rest} more") if rest > 0 else shown


def is_above_info(rank: int) -> bool:
    """Tell whether a severity asks for somebody's attention."""
    return rank > Severity.INFO
