"""Compute proposals from a sweep as a person wishes them, and keep them for a decision."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from fleetscan.analyse.cohorts import DEFAULT_MIN_HOSTS, CohortRule
from fleetscan.analyse.findings import finding_id
from fleetscan.analyse.proposal import place_of
from fleetscan.analyse.proposal_edit import accept_forms, accept_names, find_unknown, keys_of
from fleetscan.analyse.proposal_successor import Chosen, propose_successor
from fleetscan.analyse.rules.rule import Rule
from fleetscan.errors import UsageError
from fleetscan.model.baseline import Baseline, Cohort, Proposal
from fleetscan.model.host import Host
from fleetscan.model.ids import HostName
from fleetscan.model.sweep import Sweep
from fleetscan.operations.date_forms import date_forms
from fleetscan.operations.draft_baselines import Drafter, Roster
from fleetscan.operations.host_states import StateReader
from fleetscan.store.store import Store

Review = Callable[[Proposal], Proposal | None]
"""Lets a person decide; None when they do not want the proposal at all."""


@dataclass(frozen=True, slots=True)
class SavedProposal:
    """A proposal and the number by which it is approved."""

    id: int
    proposal: Proposal


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeOptions:
    """How proposals are made.

    Attributes:
        rules: Asked about everything that would be learned.
        cohorts: What tells cohorts apart.
        min_cohort: Hosts from which on a cohort can tell by itself what is common.
        accept: Names of subjects to take in, see `names_subject`.
        accept_findings: Beginnings of ids of findings; what that host has is taken in.
        golden: Hosts whose state is the proposal.
        from_previous: Start from the current baseline; take in only what is accepted.
        review: Asked about every proposal before it is saved.
    """

    rules: tuple[Rule, ...] = ()
    cohorts: CohortRule = field(default_factory=CohortRule)
    min_cohort: int = DEFAULT_MIN_HOSTS
    accept: tuple[str, ...] = ()
    accept_findings: tuple[str, ...] = ()
    golden: tuple[HostName, ...] = ()
    from_previous: bool = False
    review: Review | None = None


_NO_OPTIONS = ProposeOptions()


def propose_baselines(
    store: Store,
    hosts: Mapping[HostName, Host],
    sweep: Sweep,
    *,
    role: str | None,
    min_prevalence: float,
    author: str,
    at: datetime,
    options: ProposeOptions = _NO_OPTIONS,
) -> tuple[SavedProposal, ...]:
    """Compute and save one proposal per cohort of a sweep; nothing is accepted by it.

    Args:
        store: Where the sweep is and the proposals go.
        hosts: The inventory.
        sweep: Which sweep.
        role: Only cohorts of this role.
        min_prevalence: Share of hosts that must have a thing, above 0 up to 1.
        author: Who asks.
        at: Now.
        options: Rules, and what else the person wants.

    Raises:
        UsageError: No complete visit to compute anything from, or an option that names nothing.
    """
    if options.golden and options.from_previous:
        raise UsageError("golden hosts and the previous version are two different starts", hint="choose one")
    reader = StateReader(store)
    visits = {visit.host: visit for visit in store.visits.read_visits(sweep.id)}
    roster = Roster.of(visits.values(), hosts, reader, options.cohorts)
    drafter = Drafter(sweep.id, roster, reader, options.rules, options.min_cohort)
    drafts = [
        date_forms(store, reader, visits, roster.members[draft.cohort], draft)
        for draft in _draft_all(drafter, roster, sweep, role, min_prevalence, options)
    ]
    versions = {cohort: found for cohort in roster.members if (found := store.baselines.current_baseline(cohort))}
    _check_names(drafts, versions if options.from_previous else {}, options.accept)
    chosen = _choose_findings(roster, versions, options.accept_findings)
    saved = []
    for draft in drafts:
        proposal: Proposal | None = _apply_options(
            draft, versions.get(draft.cohort), options, chosen.get(draft.cohort, Chosen())
        )
        if proposal is not None and options.review is not None:
            proposal = options.review(proposal)
        if proposal is not None:
            saved.append(SavedProposal(store.baselines.save_proposal(proposal, at=at, author=author), proposal))
    return tuple(saved)


def _draft_all(
    drafter: Drafter, roster: Roster, sweep: Sweep, role: str | None, min_prevalence: float, options: ProposeOptions
) -> list[Proposal]:
    if options.golden:
        by_cohort = drafter.sort_golden(options.golden)
        return [drafter.draft_golden(cohort, by_cohort[cohort]) for cohort in sorted(by_cohort)]
    cohorts = [cohort for cohort in sorted(roster.members) if role is None or cohort.role == role]
    if not cohorts:
        what = f" of role {role}" if role else ""
        raise UsageError(
            f"sweep {sweep.id} has no completely read host{what}",
            hint="a baseline is made from complete visits; `fleetscan sweeps show` says what could not be read and why",
        )
    return [drafter.draft(cohort, min_prevalence) for cohort in cohorts]


def _check_names(drafts: Iterable[Proposal], versions: Mapping[Cohort, Baseline], words: tuple[str, ...]) -> None:
    keys = {key for draft in drafts for key in keys_of(draft)}
    keys |= {item.key for baseline in versions.values() for item in baseline.items}
    if unknown := find_unknown(words, keys):
        hint = "names stand in `fleetscan baseline propose`; NAME, KIND:NAME or KIND:SCOPE:NAME"
        raise UsageError(f"no proposal has anything named {unknown[0]!r}", hint=hint)


def _choose_findings(
    roster: Roster, versions: Mapping[Cohort, Baseline], beginnings: tuple[str, ...]
) -> Mapping[Cohort, Chosen]:
    """Find what findings are about, without judging again: their ids are made from host and subject alone."""
    if not beginnings:
        return {}
    chosen: dict[Cohort, Chosen] = {}
    matched: dict[str, set[str]] = {beginning: set() for beginning in beginnings}
    for cohort, members in roster.members.items():
        expected = frozenset(item.key for item in versions[cohort].items) if cohort in versions else frozenset()
        for member in members:
            own = {subject.key: subject for subject in member.subjects}
            for key in own.keys() | expected:
                found = finding_id(member.host, key)
                for beginning in (word for word in beginnings if found.startswith(word)):
                    matched[beginning].add(found)
                    known = chosen.get(cohort, Chosen())
                    if key in own:
                        chosen[cohort] = replace(known, places=known.places | {place_of(own[key])})
                    else:
                        chosen[cohort] = replace(known, gone=known.gone | {key})
    for beginning, ids in matched.items():
        if len(ids) != 1:
            raise UsageError(
                f"{'no finding' if not ids else f'{len(ids)} findings'} of this sweep can begin with {beginning!r}",
                hint="`fleetscan findings list` shows the ids",
            )
    return chosen


def _apply_options(draft: Proposal, current: Baseline | None, options: ProposeOptions, chosen: Chosen) -> Proposal:
    if not options.from_previous:
        return accept_forms(accept_names(draft, options.accept), chosen.places)
    if current is None:
        raise UsageError(
            f"{draft.cohort} has no approved baseline to start from", hint="leave --from-previous out, or name a --role"
        )
    return propose_successor(current.items, current.version, draft, replace(chosen, words=frozenset(options.accept)))
