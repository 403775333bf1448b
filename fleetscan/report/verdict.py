"""The line that is read first. It never sounds clean while something was not read or not compared."""

from collections import Counter
from collections.abc import Sequence

from fleetscan.model.drift import Severity
from fleetscan.model.sweep import SweepState
from fleetscan.report.hosts import is_above_info
from fleetscan.report.inputs import ReportInputs
from fleetscan.report.moment import build_moment
from fleetscan.report.pieces import HostView, ItemView, Tone, VerdictView
from fleetscan.report.visible import bounded_text


def build_verdict(inputs: ReportInputs, hosts: Sequence[HostView]) -> VerdictView:
    """Word the verdict of a report from its hosts."""
    read = [host for host in hosts if host.is_read]
    unread = len(hosts) - len(read)
    items = [item for host in read for item in host.items if is_above_info(item.rank)]
    uncompared = sum(not host.reference for host in read)
    gaps = unread + uncompared + sum(host.outcome == "partial" or bool(host.not_compared) for host in read)
    left = sum(is_above_info(f.severity) and not f.life.acknowledged_by for f in inputs.unseen)
    return VerdictView(
        tone=_judge(items, gaps=gaps + left),
        headline=_word_headline(
            items, total=len(hosts), unread=unread, gaps=gaps, left=left, is_first=inputs.previous is None
        ),
        facts=tuple(_list_facts(inputs, hosts, items, left)),
    )


def count_by_severity(items: Sequence[ItemView]) -> str:
    """Give `1 critical, 2 high`, worst first; empty for no item."""
    counts = Counter(item.rank for item in items)
    return ", ".join(f"{counts[rank]} {Severity(rank).label}" for rank in sorted(counts, reverse=True))


def count_of(count: int, noun: str, plural: str = "") -> str:
    """Give `1 host`, `7 hosts`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def _judge(items: Sequence[ItemView], *, gaps: int) -> Tone:
    if any(item.rank >= Severity.HIGH for item in items):
        return Tone.BAD
    return Tone.WARN if items or gaps else Tone.GOOD


def _word_headline(items: Sequence[ItemView], *, total: int, unread: int, gaps: int, left: int, is_first: bool) -> str:
    if not total:
        return "No host was visited: nothing is known"
    if unread == total:
        return f"None of {count_of(total, 'host')} could be read: nothing is known of today"
    new = [item for item in items if item.is_new]
    if new or (is_first and items):
        chosen = new or items
        hosts = len({item.host_anchor for item in chosen})
        return f"{'New drift' if new else 'Drift'} on {hosts} of {count_of(total, 'host')}: {count_by_severity(chosen)}"
    where = f"the {count_of(total - unread, 'host')} that could be read" if unread else f"{count_of(total, 'host')}"
    if items:
        hosts = len({item.host_anchor for item in items})
        return f"No new drift on {where}; {count_by_severity(items)} known on {count_of(hosts, 'host')}"
    return _word_absence(where, unread=unread, gaps=gaps, left=left)


def _word_absence(where: str, *, unread: int, gaps: int, left: int) -> str:
    """Say that nothing was seen, and no more than that where something may be there all the same."""
    if gaps > unread:
        return f"No drift seen on {where}, but not everything could be compared"
    if left:
        return f"No drift seen on {where}, but what was found before is not proven gone"
    return f"No drift on {where}" if unread else f"No drift: all {where} read completely and compared"


def _list_facts(inputs: ReportInputs, hosts: Sequence[HostView], items: Sequence[ItemView], left: int) -> list[str]:
    """Give what qualifies the headline, what is missing first."""
    facts: list[str] = []
    unread = sum(not host.is_read for host in hosts)
    partial = sum(host.outcome == "partial" for host in hosts)
    uncompared = sum(host.is_read and not host.reference for host in hosts)
    if unread:
        facts.append(f"{count_of(unread, 'host')} could not be read")
    if partial:
        facts.append(f"{count_of(partial, 'host')} read only in part")
    if uncompared:
        facts.append(f"{count_of(uncompared, 'host')} had nothing to compare with")
    if left:
        facts.append(f"{count_of(left, 'finding')} from before still open, and not seen or not looked for today")
    if inputs.sweep.state is not SweepState.COMPLETE:
        facts.append(f"the sweep is {inputs.sweep.state.value}")
    known = sum(not item.is_new for item in items)
    if known and known != len(items):
        facts.append(f"{known} known before")
    facts.append(_tell_references(inputs))
    if inputs.previous is None:
        facts.append("first sweep: everything is shown, nothing is called new")
    return facts


def _tell_references(inputs: ReportInputs) -> str:
    if not inputs.baselines:
        return "hosts compared with their peers, no baseline yet"
    latest = max(inputs.baselines, key=lambda header: (header.approved_at, header.cohort))
    moment = build_moment(latest.approved_at, inputs.generated_at)
    day = " ".join(moment.text.split()[:3])
    who = bounded_text(latest.author, 100)
    if len(inputs.baselines) == 1:
        return f"baseline {latest.version} of {day}, approved by {who}"
    return f"{count_of(len(inputs.baselines), 'baseline')}, the latest of {day}, approved by {who}"
