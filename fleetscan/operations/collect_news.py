"""What a sink is to be told of a judged sweep."""

from collections.abc import Iterable
from datetime import UTC, datetime

from fleetscan.export.asset_records import AssetRecord, OutgoingAsset
from fleetscan.export.finding_records import build_finding_records
from fleetscan.export.outgoing import Occasion, OutgoingFinding, fit_value
from fleetscan.model.drift import Severity
from fleetscan.model.finding import Finding, FindingId, FindingState
from fleetscan.model.finding_event import EventKind
from fleetscan.model.host import Host
from fleetscan.model.sweep import Visit
from fleetscan.operations.sinks import Outgoing, Sink
from fleetscan.report.inputs import ReportInputs
from fleetscan.store.codec import decode_value, encode_value
from fleetscan.store.deliveries import DeliveryStore, News

_HOST = "host"
_ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
"""When a thing happened of which no life is kept, so that it is told once and not in every sweep."""
_OCCASIONS = {
    EventKind.CHANGED: Occasion.CHANGED,
    EventKind.FIXED: Occasion.FIXED,
    EventKind.RETURNED: Occasion.RETURNED,
}


def collect_news(deliveries: DeliveryStore, inputs: ReportInputs, sink: Sink) -> tuple[News, ...]:
    """Give all that a sink should know of a sweep, whether it was told or not; the outbox drops what it has.

    A sink is told of findings from its lowest severity on. Of what it was told once it hears until the end: that it
    changed, that it is fixed, that it returned. What was overtaken before anybody asked is not told: the newest state
    of each finding counts.
    """
    if sink.options.about_hosts:
        return _collect_hosts(deliveries, inputs, sink)
    told = deliveries.latest_contents(sink.options.name)
    lowest = sink.options.min_severity
    there = [f for f in (*inputs.findings, *inputs.unseen) if f.severity >= lowest or f.id in told]
    gone = [finding for finding in inputs.fixed if finding.id in told]
    return tuple(_tell_findings(deliveries, inputs, [*there, *gone]))


def read_news(payload: bytes, sink: Sink) -> Outgoing:
    """Give news of the outbox back.

    Raises:
        CodecError: Another version of the program wrote it.
    """
    if sink.options.about_hosts:
        return decode_value(payload, OutgoingAsset)
    return decode_value(payload, OutgoingFinding)


def _tell_findings(deliveries: DeliveryStore, inputs: ReportInputs, findings: list[Finding]) -> Iterable[News]:
    owners = {str(host): inputs.owner_of(host).email for host in inputs.hosts}
    turns = deliveries.latest_turns([finding.id for finding in findings])
    swept_at = inputs.sweep.ended_at or inputs.sweep.started_at
    seen = {finding.id for finding in inputs.findings}
    for finding in findings:
        [record] = build_finding_records(inputs.sweep.id, [finding], owners, seen=finding.id in seen)
        occasion, happened_at = _find_turn(finding, turns.get(FindingId(finding.id)))
        at = swept_at if happened_at == _ALWAYS else happened_at
        told = OutgoingFinding(occasion=occasion, at=at, record=fit_value(record))
        yield News(
            subject=finding.id,
            content=finding.content,
            occasion=occasion.value,
            happened_at=happened_at,
            payload=encode_value(told, OutgoingFinding),
        )


def _find_turn(finding: Finding, turn: tuple[EventKind, datetime] | None) -> tuple[Occasion, datetime]:
    """Say what happened to a finding last. It was fixed only if it still is: an older sweep may show what is gone."""
    if finding.life.state is FindingState.FIXED:
        return Occasion.FIXED, finding.life.fixed_at or _ALWAYS
    if turn is not None and turn[0] is not EventKind.FIXED:
        return _OCCASIONS[turn[0]], turn[1]
    return Occasion.NEW, finding.life.first_seen_at or _ALWAYS


def _collect_hosts(deliveries: DeliveryStore, inputs: ReportInputs, sink: Sink) -> tuple[News, ...]:
    told = deliveries.latest_contents(sink.options.name)
    at = inputs.sweep.ended_at or inputs.sweep.started_at
    worst: dict[str, list[Severity]] = {}
    for finding in (*inputs.findings, *inputs.unseen):
        if finding.severity >= sink.options.min_severity:
            worst.setdefault(finding.host, []).append(finding.severity)
    news = []
    for visit in inputs.visits:
        host = inputs.hosts.get(visit.host)
        if host is None:
            continue
        asset = OutgoingAsset(at=at, record=fit_value(_build_asset(host, visit, worst.get(visit.host, []))))
        if told.get(visit.host) != asset.record.content:
            payload = encode_value(asset, OutgoingAsset)
            content = asset.record.content
            news.append(News(subject=str(visit.host), content=content, occasion=_HOST, happened_at=at, payload=payload))
    return tuple(news)


def _build_asset(host: Host, visit: Visit, severities: list[Severity]) -> AssetRecord:
    facts = visit.facts
    return AssetRecord(
        host=host.name,
        address=host.address,
        groups=host.groups,
        role=host.role,
        zone=host.zone,
        tags=tuple(sorted(host.tags)),
        owner=host.owner.name,
        owner_email=host.owner.email,
        os=f"{facts.os_id} {facts.os_version_id}".strip() if facts else "",
        systemd=facts.systemd_version if facts else None,
        outcome=visit.outcome.value,
        reason=visit.reason,
        findings=len(severities),
        worst=max(severities).label if severities else "",
    )
