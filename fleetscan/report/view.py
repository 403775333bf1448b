"""The view of a report: all numbers are computed here, so that templates only place them."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from fleetscan.model.drift import Severity
from fleetscan.model.host import Owner
from fleetscan.model.outcome import Outcome
from fleetscan.report.hosts import NOT_VISITED, build_hosts, is_above_info, outcome_tone
from fleetscan.report.inputs import NO_OWNER, ReportInputs, list_owners, narrow_inputs
from fleetscan.report.moment import MomentView, build_moment, maybe_moment
from fleetscan.report.pieces import (
    BaselineView,
    HostView,
    ItemView,
    OutcomeView,
    OwnerView,
    SeverityView,
    Tone,
    VerdictView,
)
from fleetscan.report.verdict import build_verdict
from fleetscan.report.visible import bounded_text

_BAR = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """A whole page.

    Attributes:
        owner: Whose hosts these are; empty for the whole fleet.
        path: Where the page goes, relative to the report folder.
        coverage: One per outcome that occurred; best first.
        severities: Worst first, all five.
        owners: Those with most to do first; empty on an owner's page.
        news: New drift above info, worst first; on a first sweep all of it.
        known: All other drift, worst first.
        hosts: By name.
        pages: The owners' pages; empty on an owner's page.
    """

    owner: str
    path: str
    verdict: VerdictView
    sweep_id: int
    sweep_state: str
    tool_version: str
    author: str
    started: MomentView
    ended: MomentView | None
    generated: MomentView
    previous: MomentView | None
    total_hosts: int
    coverage: tuple[OutcomeView, ...]
    severities: tuple[SeverityView, ...]
    owners: tuple[OwnerView, ...]
    baselines: tuple[BaselineView, ...]
    news: tuple[ItemView, ...]
    known: tuple[ItemView, ...]
    hosts: tuple[HostView, ...]
    pages: tuple["ReportView", ...] = ()

    @property
    def unread(self) -> tuple[HostView, ...]:
        """Hosts that gave no state, then those read in part; by name."""
        return tuple(sorted((h for h in self.hosts if h.outcome != "complete"), key=lambda h: (h.is_read, h.name)))

    @property
    def items(self) -> tuple[ItemView, ...]:
        """All drift, in the order of the page."""
        return self.news + self.known


def build_report_view(inputs: ReportInputs) -> ReportView:
    """Build the page of the whole fleet, with one page for each owner."""
    pages = tuple(narrow_view(inputs, owner) for owner in list_owners(inputs))
    return _build_page(inputs, owner="", path="index.html", pages=pages)


def narrow_view(inputs: ReportInputs, owner: Owner) -> ReportView:
    """Build the page of one owner: their hosts only, and no other host's name anywhere."""
    name = bounded_text(owner.name, 200)
    return _build_page(narrow_inputs(inputs, owner), owner=name, path=owner_path(owner), pages=())


def owner_path(owner: Owner) -> str:
    """Name the file of an owner's page; safe as a file name, and never the same for two addresses."""
    address = owner.email.casefold()
    slug = re.sub(r"[^a-z0-9]+", "-", address).strip("-")[:40]
    digest = hashlib.sha256(address.encode("utf-8", "backslashreplace")).hexdigest()[:8]
    return f"owners/{slug or 'owner'}-{digest}.html"


def _build_page(inputs: ReportInputs, *, owner: str, path: str, pages: tuple[ReportView, ...]) -> ReportView:
    hosts = build_hosts(inputs)
    items = sorted((i for host in hosts for i in host.items), key=lambda i: (-i.rank, i.host, i.kind, i.scope, i.name))
    is_first = inputs.previous is None
    news = tuple(item for item in items if is_above_info(item.rank) and (item.is_new or is_first))
    shown = {item.anchor for item in news}
    now = inputs.generated_at
    return ReportView(
        owner=owner,
        path=path,
        verdict=build_verdict(inputs, hosts),
        sweep_id=inputs.sweep.id,
        sweep_state=inputs.sweep.state.value,
        tool_version=inputs.sweep.tool_version,
        author=bounded_text(inputs.sweep.author, 100),
        started=build_moment(inputs.sweep.started_at, now),
        ended=maybe_moment(inputs.sweep.ended_at, now),
        generated=build_moment(now, now),
        previous=maybe_moment(inputs.previous.started_at, now) if inputs.previous else None,
        total_hosts=len(hosts),
        coverage=_count_outcomes(hosts),
        severities=tuple(_count_severity(severity, items) for severity in sorted(Severity, reverse=True)),
        owners=() if owner else _list_owner_rows(inputs, hosts, items),
        baselines=_list_baselines(inputs),
        news=news,
        known=tuple(item for item in items if item.anchor not in shown),
        hosts=hosts,
        pages=pages,
    )


def _count_outcomes(hosts: Sequence[HostView]) -> tuple[OutcomeView, ...]:
    counts = Counter(host.outcome for host in hosts)
    tones = {outcome.value: outcome_tone(outcome) for outcome in Outcome} | {NOT_VISITED: Tone.BAD}
    rows: list[OutcomeView] = []
    passed = 0
    for label, tone in tones.items():
        if counts[label]:
            start, width = _BAR * passed / len(hosts), _BAR * counts[label] / len(hosts)
            view = OutcomeView(
                label=label, tone=tone, count=counts[label], start=round(start, 2), width=round(width, 2)
            )
            rows.append(view)
            passed += counts[label]
    return tuple(rows)


def _count_severity(severity: Severity, items: Sequence[ItemView]) -> SeverityView:
    chosen = [item for item in items if item.rank == severity]
    return SeverityView(
        label=severity.label,
        rank=int(severity),
        count=len(chosen),
        new=sum(item.is_new for item in chosen),
        hosts=len({item.host_anchor for item in chosen}),
    )


def _list_owner_rows(
    inputs: ReportInputs, hosts: Sequence[HostView], items: Sequence[ItemView]
) -> tuple[OwnerView, ...]:
    """Count per owner; hosts that the inventory no longer knows are a row of their own, without a page."""
    names: dict[str, list[HostView]] = {}
    emails = {host.anchor: "" for host in hosts}
    by_name = {bounded_text(name, 400): host.owner.email.casefold() for name, host in inputs.hosts.items()}
    for host in hosts:
        email = by_name.get(host.name, "")
        emails[host.anchor] = email
        names.setdefault(email, []).append(host)
    owners = {owner.email.casefold(): owner for owner in list_owners(inputs)}
    rows = [
        _count_owner(owners.get(email, NO_OWNER), own, [i for i in items if emails[i.host_anchor] == email])
        for email, own in names.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.rank, -row.drift, -row.unread, row.name, row.email)))


def _count_owner(owner: Owner, hosts: Sequence[HostView], items: Sequence[ItemView]) -> OwnerView:
    counts = Counter(item.rank for item in items)
    above = [item for item in items if is_above_info(item.rank)]
    rank = max((item.rank for item in above), default=-1)
    return OwnerView(
        name=bounded_text(owner.name, 200),
        email=bounded_text(owner.email, 200),
        hosts=len(hosts),
        counts=tuple(counts[severity] for severity in sorted(Severity, reverse=True)),
        drift=len(above),
        new=sum(item.is_new for item in above),
        worst=Severity(rank).label if rank >= 0 else "",
        rank=rank,
        unread=sum(not host.is_read for host in hosts),
        href=owner_path(owner) if owner.email else "",
    )


def _list_baselines(inputs: ReportInputs) -> tuple[BaselineView, ...]:
    headers = sorted(inputs.baselines, key=lambda header: (header.cohort, -header.version))
    return tuple(
        BaselineView(
            cohort=bounded_text(str(header.cohort), 200),
            version=header.version,
            approved=build_moment(header.approved_at, inputs.generated_at),
            author=bounded_text(header.author, 100),
        )
        for header in headers
    )
