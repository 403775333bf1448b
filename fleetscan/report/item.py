"""One drift, ready to be shown."""

import hashlib

from fleetscan.model.drift import PEERS, DriftItem, DriftKind
from fleetscan.model.finding import Finding, FindingState
from fleetscan.model.ids import HostName
from fleetscan.report.actions import build_actions
from fleetscan.report.chain import build_chain
from fleetscan.report.differences import build_change, build_diff
from fleetscan.report.inputs import ItemKey, ReportInputs
from fleetscan.report.judged import list_rules, tell_reasons
from fleetscan.report.moment import MomentView, maybe_moment
from fleetscan.report.picture import build_dots
from fleetscan.report.pieces import ItemView, PrevalenceView
from fleetscan.report.visible import bounded_text

_NAME_CHARS = 300
_SENTENCE_CHARS = 900


def build_item(item: DriftItem, inputs: ReportInputs, finding: Finding | None = None) -> ItemView:
    """Show one drift of a report."""
    now = inputs.generated_at
    first, absent = maybe_moment(item.first_seen_at, now), maybe_moment(item.last_absent_at, now)
    return ItemView(
        anchor=item_anchor(item),
        host=bounded_text(item.host, _NAME_CHARS),
        host_anchor=host_anchor(item.host),
        owner=bounded_text(inputs.owner_of(item.host).name, _NAME_CHARS),
        cohort=bounded_text(str(item.cohort), _NAME_CHARS),
        severity=item.severity.label,
        rank=int(item.severity),
        kind=item.kind.value,
        is_new=_is_new(item, inputs, finding),
        raw_only=item.raw_only,
        scope=bounded_text(item.key.scope, _NAME_CHARS),
        name=bounded_text(item.key.name, _NAME_CHARS),
        sentence=bounded_text(item.sentence or f"{item.host}: {item.key.name} is {item.kind.value}", _SENTENCE_CHARS),
        chain=build_chain(item),
        changes=tuple(map(build_change, item.changes)),
        diffs=tuple(map(build_diff, item.texts)),
        state_before=bounded_text(item.state_before, _NAME_CHARS),
        state_after=bounded_text(item.state_after, _NAME_CHARS),
        prevalence=_build_prevalence(item),
        reference=bounded_text(item.reference, _NAME_CHARS),
        life=_tell_life(item, first, absent),
        first_seen=first,
        last_absent=absent,
        next_run=_find_next_run(item, inputs),
        actions=build_actions(item),
        finding=finding.id[:8] if finding else "",
        technique=finding.techniques[0].value if finding and finding.techniques else "",
        rules=list_rules(finding),
        reasons=tell_reasons(finding),
    )


def _is_new(item: DriftItem, inputs: ReportInputs, finding: Finding | None) -> bool:
    if inputs.previous is None:
        return False
    if item.kind is DriftKind.STANDING:
        return finding is not None and finding.life.state in (FindingState.NEW, FindingState.RETURNED)
    return ItemKey.of(item) in inputs.new_items


def item_anchor(item: DriftItem) -> str:
    """Name the place of an item in a page; the same drift has the same name in every report."""
    return "d-" + _digest(item.host, item.kind.value, item.key.kind.value, item.key.scope, item.key.name)


def host_anchor(host: HostName) -> str:
    """Name the place of a host in a page."""
    return "h-" + _digest(host)


def _digest(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode("utf-8", "backslashreplace")).hexdigest()[:12]


def _build_prevalence(item: DriftItem) -> PrevalenceView:
    """Word the prevalence. With peers this host is not among the counted, and with a removed thing it has none."""
    count, of_hosts = item.prevalence.count, item.prevalence.of_hosts
    own_apart = item.reference == PEERS or item.kind is DriftKind.REMOVED
    thing = "it" if item.kind in (DriftKind.ADDED, DriftKind.REMOVED) else "this form of it"
    hosts = f"{'other ' if own_apart else ''}comparable {'host' if of_hosts == 1 else 'hosts'}"
    return PrevalenceView(
        text=str(item.prevalence),
        sentence=f"{hosts} {'has' if count == 1 else 'have'} {thing}.",
        dots=build_dots(count, of_hosts, own_apart=own_apart),
    )


def _tell_life(item: DriftItem, first: MomentView | None, absent: MomentView | None) -> str:
    if item.kind is DriftKind.REMOVED:
        return "Not there now."
    if first is None:
        return "When it appeared is not known."
    if absent is None:
        return f"Already there at the first visit that could see it, {first.text}."
    return f"Appeared between {absent.text} and {first.text}."


def _find_next_run(item: DriftItem, inputs: ReportInputs) -> MomentView | None:
    for row in inputs.timers.get(item.host, ()):
        if row.scope == item.key.scope and row.unit in item.subject.unit_names:
            return maybe_moment(row.next_at, inputs.generated_at)
    return None
