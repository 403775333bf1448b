"""Compute what baselines could be: the hosts of each cohort, what vouches for the rare, and since when it is there."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from fleetscan.analyse.baseline import propose_baseline, propose_golden
from fleetscan.analyse.case import Case, Setting
from fleetscan.analyse.census import Census, Member
from fleetscan.analyse.cohorts import DEFAULT_MIN_HOSTS, CohortRule, Ladder, choose_levels, hosts_of, ladder
from fleetscan.analyse.judge import collect_vendor_names
from fleetscan.analyse.proposal import Aids, Judge, Judged, Wider
from fleetscan.analyse.provenance import provenance_of
from fleetscan.analyse.rules.rule import Rule
from fleetscan.analyse.weigh import weigh_case
from fleetscan.errors import UsageError
from fleetscan.model.baseline import Cohort, Prevalence, Proposal
from fleetscan.model.host import Host
from fleetscan.model.ids import HostName, SweepId
from fleetscan.model.outcome import Outcome
from fleetscan.model.subject import Subject
from fleetscan.model.sweep import Visit
from fleetscan.operations.host_states import StateReader

_DEFAULT_RULE = CohortRule()


@dataclass(frozen=True, slots=True)
class Roster:
    """The hosts of a sweep by cohort.

    Attributes:
        members: Completely read hosts.
        skipped: The others of which at least the cohort is known, with the reason.
        ladders: Of the completely read hosts.
    """

    members: Mapping[Cohort, Sequence[Member]]
    skipped: Mapping[Cohort, Sequence[tuple[HostName, str]]]
    ladders: Mapping[HostName, Ladder]

    @staticmethod
    def of(
        visits: Iterable[Visit], hosts: Mapping[HostName, Host], reader: StateReader, rule: CohortRule = _DEFAULT_RULE
    ) -> "Roster":
        """Sort the visits of a sweep; hosts that left the inventory have no role and are left out."""
        members: defaultdict[Cohort, list[Member]] = defaultdict(list)
        skipped: defaultdict[Cohort, list[tuple[HostName, str]]] = defaultdict(list)
        ladders: dict[HostName, Ladder] = {}
        for visit in visits:
            host = hosts.get(visit.host)
            if host is None or visit.facts is None:
                continue
            rungs = ladder(host, visit.facts, rule)
            member = reader.member(visit) if visit.outcome is Outcome.COMPLETE else None
            if member is None:
                skipped[rungs[0]].append((visit.host, "read only in part"))
            else:
                members[rungs[0]].append(member)
                ladders[visit.host] = rungs
        return Roster(dict(members), dict(skipped), ladders)

    @property
    def everyone(self) -> Iterator[Member]:
        """All completely read hosts."""
        for members in self.members.values():
            yield from members


class Drafter:
    """Computes the proposals of one sweep."""

    def __init__(
        self,
        sweep: SweepId,
        roster: Roster,
        reader: StateReader,
        rules: tuple[Rule, ...],
        min_hosts: int = DEFAULT_MIN_HOSTS,
    ) -> None:
        self._sweep = sweep
        self._roster = roster
        self._judge = build_judge(rules, reader, roster)
        self._levels = choose_levels(roster.ladders, min_hosts)
        self._min_hosts = min_hosts
        self._by_host = {member.host: member for member in roster.everyone}

    def draft(self, cohort: Cohort, min_prevalence: float) -> Proposal:
        """Propose what most hosts of a cohort have."""
        members = self._roster.members[cohort]
        wider = self._find_wider(cohort, members)
        skipped = self._roster.skipped.get(cohort, ())
        aids = Aids(judge=self._judge, wider=wider, min_hosts=self._min_hosts)
        proposal = propose_baseline(cohort, self._sweep, members, skipped, min_prevalence, aids)
        return replace(proposal, note=self._say_small(cohort, members, wider))

    def draft_golden(self, cohort: Cohort, golden: Collection[HostName]) -> Proposal:
        """Propose what golden hosts have.

        Args:
            cohort: Of the hosts.
            golden: Completely read members of it.
        """
        members = self._roster.members[cohort]
        return propose_golden(cohort, self._sweep, members, frozenset(golden), Aids(judge=self._judge))

    def sort_golden(self, golden: Iterable[HostName]) -> Mapping[Cohort, frozenset[HostName]]:
        """Sort golden hosts by cohort.

        Raises:
            UsageError: One was not read completely in the sweep.
        """
        found: dict[Cohort, set[HostName]] = {}
        for host in golden:
            if host not in self._roster.ladders:
                raise UsageError(
                    f"golden host {host} was not read completely in sweep {self._sweep}",
                    hint="`fleetscan sweeps show` says what could not be read and why",
                )
            found.setdefault(self._roster.ladders[host][0], set()).add(host)
        return {cohort: frozenset(hosts) for cohort, hosts in found.items()}

    def _find_wider(self, cohort: Cohort, members: Sequence[Member]) -> Wider | None:
        level = self._levels[members[0].host].cohort
        if len(members) >= self._min_hosts or level == cohort:
            return None
        own = {member.host for member in members}
        others = [self._by_host[host] for host in hosts_of(level, self._roster.ladders) if host not in own]
        return Wider(level, Census.of(others))

    def _say_small(self, cohort: Cohort, members: Sequence[Member], wider: Wider | None) -> str:
        if len(members) >= self._min_hosts:
            return ""
        hosts = "1 host" if len(members) == 1 else f"{len(members)} hosts"
        borrowed = f"; what {wider.census.hosts} other hosts of {wider.cohort} have counts, too" if wider else ""
        return f"{cohort} has only {hosts}{borrowed}"


def build_judge(rules: tuple[Rule, ...], reader: StateReader, roster: Roster) -> Judge:
    """Build what asks rules about a form by itself, without any comparison."""
    subjects = {id(subject): subject for member in roster.everyone for subject in member.subjects}
    vendor_names = collect_vendor_names(subjects.values())
    weightless = {rule.id: rule.severity for rule in rules if not rule.weight_only}

    def judge(subject: Subject, setting: Setting, prevalence: Prevalence) -> Judged | None:
        case = Case(
            subject=subject,
            setting=replace(setting, vendor_names=vendor_names),
            contents=reader.content,
            provenance=provenance_of(subject),
            prevalence=prevalence,
            seen=prevalence,
            hosts=prevalence.count,
            compared=False,
        )
        weighed = weigh_case(case, rules)
        if weighed is None:
            return None
        # The rule's own severity, too: on every host it would be milder, and that is what an old intruder would like.
        own = [weightless[hit.rule] for hit in weighed.hits if hit.rule in weightless]
        return Judged(max(weighed.severity, *own) if own else weighed.severity, weighed.hits)

    return judge
