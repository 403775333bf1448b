"""A proposal of what a cohort normally has, from the complete visits of one sweep.

The rules, for a person to know what is being approved:

* Only complete visits count; partial ones and failures are named in `skipped` and cannot dilute a number.
* A subject is kept when its share of the hosts reaches `min_prevalence` and at least two hosts have it. What a single
  host of several has is never learned, even in a cohort of two. A cohort of one host is taken as it stands.
* Of a kept subject, a form (meaning and state, and of these what the files are that it runs) is kept when its share of
  the hosts that have the subject reaches `min_prevalence`, under the same floor. When no form does, the most common
  ones are kept, under the floor. When even that leaves none, the hosts do not agree and the subject is left out.
* Where hosts agree on the units and each has files of its own behind them, any of those files is accepted.
* Forms that differ only in bytes are one form; the most common bytes stand for it.
* Everything left out is an outlier, with its hosts.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from fleetscan.analyse.census import Census, Form, Member, Tally, form_of
from fleetscan.analyse.meaning import is_invented
from fleetscan.analyse.visibility import describe_gap
from fleetscan.model.baseline import BaselineItem, Cohort, Outlier, Prevalence, Proposal, Variant
from fleetscan.model.ids import HostName, Sha256, SweepId, scope_user
from fleetscan.model.subject import Subject, SubjectKey, SubjectKind

_Key = TypeVar("_Key")

REQUIRED_SHARE = 0.95
"""Share of the hosts from which on a host without the subject has drifted."""

REQUIRED_HOSTS = 2
"""Hosts that must have been compared before anything is required."""


def propose_baseline(
    cohort: Cohort,
    sweep: SweepId,
    members: Sequence[Member],
    skipped: Iterable[tuple[HostName, str]],
    min_prevalence: float,
) -> Proposal:
    """Compute a proposal; the order of hosts has no influence on it.

    Args:
        cohort: Which hosts these are.
        sweep: The sweep they were read in.
        members: Hosts with state. Those with gaps in their coverage are moved to `skipped`.
        skipped: Hosts that gave no state, with the reason.
        min_prevalence: Between 0 and 1.

    Returns:
        A proposal, with no items when no visit was complete.
    """
    complete = [member for member in members if member.coverage.is_complete]
    partial = [(m.host, f"partial: {describe_gap(m.coverage.decisive[0])}") for m in members if m.coverage.decisive]
    census = Census.of(complete)
    holders = _collect_holders(census)
    items: list[BaselineItem] = []
    outliers: list[Outlier] = []
    for key, tally in census.tallies.items():
        kept = _choose_forms(tally, census.hosts, min_prevalence)
        samples = tally.pick_samples()
        ranked = tally.rank_forms()
        variants = tuple(
            Variant(samples[f], Prevalence(count, census.hosts), any_target=kept[f]) for f, count in ranked if f in kept
        )
        if variants:
            items.append(_build_item(key, variants, Prevalence(tally.seen, census.hosts)))
        for form, count in sorted(ranked):
            if form not in kept:
                hosts = tuple(sorted(holders[key][form]))
                prevalence = Prevalence(count, census.hosts)
                outliers.append(Outlier(subject=samples[form], prevalence=prevalence, hosts=hosts))
    return Proposal(
        cohort=cohort,
        sweep=sweep,
        hosts=census.hosts,
        skipped=tuple(sorted([*skipped, *partial])),
        min_prevalence=min_prevalence,
        items=tuple(items),
        outliers=tuple(outliers),
    )


def may_be_required(subject: Subject) -> bool:
    """Tell whether a host can be expected to have this: not what comes and goes or belongs to one user."""
    return not (
        subject.transient
        or subject.generated
        or subject.key.kind not in (SubjectKind.JOB, SubjectKind.UNIT)
        or scope_user(subject.key.scope) is not None
        or is_invented(subject)
    )


def _choose_forms(tally: Tally, hosts: int, min_prevalence: float) -> Mapping[Form, bool]:
    """Give the forms to keep, each with whether any programs are accepted behind it."""
    floor = min(2, hosts)
    if tally.seen < floor or Prevalence(tally.seen, hosts).share < min_prevalence:
        return {}
    behind: dict[tuple[Sha256, Sha256], dict[Form, int]] = {}
    for form, count in tally.forms.items():
        behind.setdefault(form[:2], {})[form] = count
    kept: dict[Form, bool] = {}
    for forms in _choose_common({k: sum(f.values()) for k, f in behind.items()}, tally.seen, floor, min_prevalence):
        targets = behind[forms]
        agreed = _choose_common(targets, sum(targets.values()), floor, min_prevalence)
        kept.update(dict.fromkeys(agreed or {min(targets, key=lambda f: (-targets[f], f))}, not agreed))
    return kept


def _choose_common(counts: Mapping[_Key, int], total: int, floor: int, min_prevalence: float) -> frozenset[_Key]:
    """Give what enough hosts have, or else what most have."""
    counted = {key: count for key, count in counts.items() if count >= floor}
    common = {key for key, count in counted.items() if Prevalence(count, total).share >= min_prevalence}
    if not common and counted:
        most = max(counted.values())
        common = {key for key, count in counted.items() if count == most}
    return frozenset(common)


def _build_item(key: SubjectKey, variants: tuple[Variant, ...], prevalence: Prevalence) -> BaselineItem:
    required = (
        prevalence.share >= REQUIRED_SHARE
        and prevalence.of_hosts >= REQUIRED_HOSTS
        and all(may_be_required(variant.subject) for variant in variants)
    )
    return BaselineItem(key=key, variants=variants, prevalence=prevalence, required=required)


def _collect_holders(census: Census) -> Mapping[SubjectKey, Mapping[Form, list[HostName]]]:
    holders: dict[SubjectKey, dict[Form, list[HostName]]] = {}
    for group in census.groups:
        for key, subject in group.subjects.items():
            form = form_of(subject)
            holders.setdefault(key, {}).setdefault(form, []).extend(group.hosts)
    return holders
