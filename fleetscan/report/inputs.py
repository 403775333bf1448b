"""What a report is made from, and the part of it that one owner may see."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from fleetscan.model.baseline import Cohort
from fleetscan.model.coverage import Coverage
from fleetscan.model.drift import DriftItem, DriftKind, HostDrift
from fleetscan.model.finding import Finding
from fleetscan.model.host import Host, Owner
from fleetscan.model.ids import HostName, Sha256
from fleetscan.model.outcome import Outcome
from fleetscan.model.snapshot import TimerRow
from fleetscan.model.subject import SubjectKey, SubjectKind
from fleetscan.model.sweep import Selection, Sweep, Visit
from fleetscan.model.wave import Wave

NO_OWNER = Owner(name="no owner in the inventory", email="")
_WORD = re.compile(r"[\w.:-]+")
_SOMEONE_ELSE = "(another host)"


@dataclass(frozen=True, slots=True)
class ItemKey:
    """Identity of one drift across sweeps: the same drift on the same host, with the same meaning."""

    host: HostName
    subject: SubjectKey
    kind: DriftKind
    meaning: Sha256

    @staticmethod
    def of(item: DriftItem) -> "ItemKey":
        """Name an item."""
        return ItemKey(item.host, item.key, item.kind, item.subject.fingerprint.meaning)


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineHeader:
    """Who approved what hosts of a cohort are compared with."""

    cohort: Cohort
    version: int
    approved_at: datetime
    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportInputs:
    """Everything a report is made from; nothing else is read.

    Attributes:
        previous: The sweep before; None when this is the first one, and then no drift is called new.
        visits: Of this sweep, one per host.
        drifts: One per host that was compared.
        hosts: The hosts that the sweep was asked for. A visit of a host that is not here has no owner.
        generated_at: The only clock of the report, aware UTC.
        findings: What rules say of the hosts that gave state, worst first.
        fixed: Findings of these hosts that are gone, newest first.
        unseen: Open findings of these hosts that this sweep does not show: it could not look for them, logs told of
            them once, or most peers have the same by now.
        waves: The same thing on many hosts within days; an owner's page has none, since they name others' hosts.
        new_items: Drift that the previous sweep did not have.
        last_read_at: Last visit with state; hosts that were never read are missing.
        previous_outcomes: Outcomes of the previous sweep.
        timers: Rows of list-timers by host, to show when a job runs next.
    """

    sweep: Sweep
    previous: Sweep | None
    visits: tuple[Visit, ...]
    drifts: tuple[HostDrift, ...]
    hosts: Mapping[HostName, Host]
    generated_at: datetime
    findings: tuple[Finding, ...] = ()
    fixed: tuple[Finding, ...] = ()
    unseen: tuple[Finding, ...] = ()
    waves: tuple[Wave, ...] = ()
    baselines: tuple[BaselineHeader, ...] = ()
    new_items: frozenset[ItemKey] = frozenset()
    last_read_at: Mapping[HostName, datetime] = field(default_factory=dict)
    previous_outcomes: Mapping[HostName, Outcome] = field(default_factory=dict)
    timers: Mapping[HostName, tuple[TimerRow, ...]] = field(default_factory=dict)

    def owner_of(self, host: HostName) -> Owner:
        """Give the owner of a host, `NO_OWNER` when the inventory does not know the host."""
        found = self.hosts.get(host)
        return found.owner if found else NO_OWNER

    @property
    def unvisited(self) -> tuple[HostName, ...]:
        """Hosts that were asked for and have no outcome, sorted; empty when the sweep went through."""
        if self.sweep.hosts <= len(self.visits):
            return ()
        visited = {visit.host for visit in self.visits}
        return tuple(sorted(name for name in self.hosts if name not in visited))


def find_new_items(now: Iterable[HostDrift], before: Iterable[HostDrift]) -> frozenset[ItemKey]:
    """Tell which drift of one sweep the sweep before did not have."""
    known = {ItemKey.of(item) for drift in before for item in drift.items}
    return frozenset(key for drift in now for item in drift.items if (key := ItemKey.of(item)) not in known)


def list_owners(inputs: ReportInputs) -> tuple[Owner, ...]:
    """Give the owners, one per e-mail address, sorted by address; two names with one address are one reader."""
    owners: dict[str, Owner] = {}
    for host in sorted(inputs.hosts.values(), key=lambda host: host.name):
        owners.setdefault(host.owner.email.casefold(), host.owner)
    return tuple(owner for _, owner in sorted(owners.items()))


def narrow_inputs(inputs: ReportInputs, owner: Owner) -> ReportInputs:
    """Keep what one owner may see: their hosts, and no name of any other host.

    Prevalence stays that of the whole fleet. In the words of our own failures and gaps the names and addresses of other
    hosts (a jump host, for example) are replaced; what a host's own files say is left as it is.
    """
    address = owner.email.casefold()
    own = {name: host for name, host in inputs.hosts.items() if host.owner.email.casefold() == address}
    foreign = {word for name, host in inputs.hosts.items() if name not in own for word in _names_of(host)}
    foreign |= {str(visit.host) for visit in inputs.visits if visit.host not in own}
    foreign -= {word for host in own.values() for word in (host.name, host.address)}
    drifts = tuple(
        replace(drift, not_compared=tuple(_hide(line, foreign) for line in drift.not_compared))
        for drift in inputs.drifts
        if drift.host in own
    )
    visits = tuple(_hide_in_visit(visit, foreign) for visit in inputs.visits if visit.host in own)
    cohorts = {drift.cohort for drift in drifts}
    unvisited = sum(name in own for name in inputs.unvisited)
    return replace(
        inputs,
        sweep=replace(inputs.sweep, hosts=len(visits) + unvisited, selection=Selection()),
        visits=visits,
        drifts=drifts,
        hosts=own,
        baselines=tuple(header for header in inputs.baselines if header.cohort in cohorts),
        findings=tuple(_hide_in_finding(finding, foreign) for finding in inputs.findings if finding.host in own),
        fixed=tuple(_hide_in_finding(finding, foreign) for finding in inputs.fixed if finding.host in own),
        unseen=tuple(_hide_in_finding(finding, foreign) for finding in inputs.unseen if finding.host in own),
        waves=(),
        new_items=frozenset(key for key in inputs.new_items if key.host in own),
        last_read_at={name: at for name, at in inputs.last_read_at.items() if name in own},
        previous_outcomes={name: outcome for name, outcome in inputs.previous_outcomes.items() if name in own},
        timers={name: rows for name, rows in inputs.timers.items() if name in own},
    )


def _names_of(host: Host) -> set[str]:
    names = {str(host.name), host.address}
    jump = host.jump
    while jump is not None:
        names |= {str(jump.name), jump.address}
        jump = jump.jump
    return names


def _hide(text: str, foreign: set[str]) -> str:
    def replace_word(match: re.Match[str]) -> str:
        word = match.group()
        # A name may be followed by a port, or by the full stop of the sentence.
        stem = word.rstrip(".:")
        head = re.sub(r":\d+$", "", stem)
        return word.replace(head, _SOMEONE_ELSE, 1) if head in foreign or stem in foreign else word

    return _WORD.sub(replace_word, text)


def _hide_in_finding(finding: Finding, foreign: set[str]) -> Finding:
    """Leave out who else has an identity; what other findings say is what the host's own files say."""
    if finding.key.kind is not SubjectKind.IDENTITY:
        return finding
    hits = tuple(
        replace(hit, evidence=tuple(replace(line, text=_hide(line.text, foreign)) for line in hit.evidence))
        for hit in finding.hits
    )
    subject = replace(finding.subject, summary=_hide(finding.subject.summary, foreign), properties=())
    return replace(finding, subject=subject, hits=hits, sentence=_hide(finding.sentence, foreign))


def _hide_in_visit(visit: Visit, foreign: set[str]) -> Visit:
    return replace(
        visit,
        reason=_hide(visit.reason, foreign),
        hint=_hide(visit.hint, foreign),
        evidence=tuple(_hide(line, foreign) for line in visit.evidence),
        coverage=Coverage(tuple(replace(gap, reason=_hide(gap.reason, foreign)) for gap in visit.coverage.gaps)),
    )
