"""A proposal of what a cohort normally has, from the complete visits of one sweep.

The rules, for a person to know what is being approved:

* Only complete visits count; partial ones and failures are named in `skipped` and cannot dilute a number.
* A subject is common when its share of the hosts reaches `min_prevalence` and at least two hosts have it.
* Of a common subject, a form (meaning and state, and of these what the files are that it runs) is kept when its share
  of the hosts that have the subject reaches `min_prevalence`, under the same floor. When no form does, the most common
  ones are kept, under the floor. When even that leaves none, the hosts do not agree and the subject is left out.
* Where hosts agree on the units and each has files of its own behind them, any of those files is accepted.
* Below the share, a form is kept when packages vouch for all of its files, at least two hosts have it, and its state is
  the one that most hosts have it in.
* A cohort of fewer than five hosts cannot tell what is common. What a single one of its hosts has is kept only when
  packages vouch for it, or when it is common in the wider cohort, exactly so; the remark says which.
* Whatever is kept by these rules is left out all the same, as questionable, when a rule of high severity or above
  speaks against it and no package vouches for it, even when every host has it: an intruder may be older than fleetscan.
* Forms that differ only in bytes are one form; the most common bytes stand for it.
* Everything left out is an outlier, with its hosts and the reason.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from fleetscan.analyse.case import Setting
from fleetscan.analyse.census import Census, Form, Member, Tally, form_of
from fleetscan.analyse.proposal import (
    QUESTIONABLE_FROM,
    Aids,
    Judge,
    arrange_proposal,
    build_item,
    may_be_required,
)
from fleetscan.analyse.proposal_forms import Choice, choose_forms
from fleetscan.analyse.provenance import provenance_of
from fleetscan.analyse.visibility import describe_gap
from fleetscan.model.baseline import (
    NO_REMARKS,
    BaselineItem,
    Cohort,
    Outlier,
    OutlierReason,
    Prevalence,
    Proposal,
    ProposalSource,
    Remarks,
    Variant,
)
from fleetscan.model.finding import Provenance
from fleetscan.model.ids import HostName, SweepId
from fleetscan.model.subject import Subject, SubjectKey

__all__ = ["may_be_required", "propose_baseline", "propose_golden"]

Skipped = tuple[HostName, str]
"""A host that was not counted, with the reason."""

_NO_AIDS = Aids()
_Choose = Callable[[SubjectKey, Tally, Mapping[Form, Subject]], Mapping[Form, Choice]]


def propose_baseline(
    cohort: Cohort,
    sweep: SweepId,
    members: Sequence[Member],
    skipped: Iterable[Skipped],
    min_prevalence: float,
    aids: Aids = _NO_AIDS,
) -> Proposal:
    """Compute a proposal; the order of hosts has no influence on it.

    Args:
        cohort: Which hosts these are.
        sweep: The sweep they were read in.
        members: Hosts with state. Those with gaps in their coverage are moved to `skipped`.
        skipped: Hosts that gave no state, with the reason.
        min_prevalence: Between 0 and 1.
        aids: What rules say, and the wider cohort.

    Returns:
        A proposal, with no items when no visit was complete.
    """
    census, partial = _count(members)

    def choose(key: SubjectKey, tally: Tally, samples: Mapping[Form, Subject]) -> Mapping[Form, Choice]:
        return choose_forms(key, tally, samples, census.hosts, min_prevalence, aids)

    empty = Proposal(
        cohort=cohort,
        sweep=sweep,
        hosts=census.hosts,
        skipped=tuple(sorted([*skipped, *partial])),
        min_prevalence=min_prevalence,
        items=(),
        outliers=(),
    )
    return _fill(empty, census, choose, aids.judge)


def propose_golden(
    cohort: Cohort,
    sweep: SweepId,
    members: Sequence[Member],
    golden: frozenset[HostName],
    aids: Aids = _NO_AIDS,
) -> Proposal:
    """Propose what hosts have that a person named as good, in every form that one of them has.

    What all of them have is required, also of a single one: that is what a golden host is for. Rules are asked all the
    same.

    Args:
        cohort: Of these hosts.
        sweep: In which they were read.
        members: All hosts of the cohort; what only the others have is listed as left out.
        golden: Hosts among them, at least one that was read completely.
        aids: Only its judge is asked.
    """
    census, partial = _count(members)
    good = Census.of(member for member in members if member.host in golden and member.coverage.is_complete)

    def choose(key: SubjectKey, tally: Tally, _samples: Mapping[Form, Subject]) -> Mapping[Form, Choice]:
        known = good.tallies.get(key)
        return {
            form: Choice() if known is not None and form in known.forms else Choice(OutlierReason.NOT_GOLDEN)
            for form in tally.forms
        }

    empty = Proposal(
        cohort=cohort,
        sweep=sweep,
        hosts=census.hosts,
        skipped=tuple(sorted(partial)),
        min_prevalence=0.0,
        items=(),
        outliers=(),
        source=ProposalSource.GOLDEN,
        note=f"golden hosts {', '.join(sorted(good.group_of))}",
    )
    filled = _fill(empty, census, choose, aids.judge)
    items = [_require_golden(item, good) for item in filled.items]
    return replace(filled, items=tuple(items))


def _require_golden(item: BaselineItem, good: Census) -> BaselineItem:
    on_all = good.tallies[item.key].seen == good.hosts
    return replace(item, required=on_all and all(may_be_required(variant.subject) for variant in item.variants))


def _count(members: Sequence[Member]) -> tuple[Census, list[Skipped]]:
    """Count the hosts that were read completely, and tell why the others were not counted."""
    partial = [(m.host, f"partial: {describe_gap(m.coverage.decisive[0])}") for m in members if m.coverage.decisive]
    return Census.of(member for member in members if member.coverage.is_complete), partial


def _fill(empty: Proposal, census: Census, choose: _Choose, judge: Judge) -> Proposal:
    holders = _collect_holders(census)
    items: list[BaselineItem] = []
    outliers: list[Outlier] = []
    for key, tally in census.tallies.items():
        samples = tally.pick_samples()
        variants = []
        for form, choice in choose(key, tally, samples).items():
            prevalence = Prevalence(tally.forms[form], census.hosts)
            hosts = holders[key][form]
            setting = census.group_of[hosts[0]].setting
            chosen, remarks = _ask_rules(samples[form], setting, prevalence, choice, judge)
            if chosen.reason is None:
                variants.append(Variant(samples[form], prevalence, chosen.any_target, remarks))
            else:
                outliers.append(
                    Outlier(
                        subject=samples[form],
                        prevalence=prevalence,
                        hosts=tuple(hosts),
                        reason=chosen.reason,
                        remarks=remarks,
                    )
                )
        if variants:
            items.append(build_item(key, variants, Prevalence(tally.seen, census.hosts)))
    return arrange_proposal(empty, items, outliers)


def _ask_rules(
    subject: Subject, setting: Setting, prevalence: Prevalence, choice: Choice, judge: Judge
) -> tuple[Choice, Remarks]:
    judged = judge(subject, setting, prevalence)
    if judged is None:
        return choice, Remarks(note=choice.note) if choice.note else NO_REMARKS
    remarks = Remarks(hits=judged.tell(), note=choice.note)
    is_questionable = judged.severity >= QUESTIONABLE_FROM and provenance_of(subject) is not Provenance.VERIFIED
    if choice.reason is None and is_questionable:
        note = f"{prevalence} hosts have it; accept it by name when it is wanted"
        return Choice(OutlierReason.QUESTIONABLE), replace(remarks, note=note)
    return choice, remarks


def _collect_holders(census: Census) -> Mapping[SubjectKey, Mapping[Form, list[HostName]]]:
    """Give the hosts of every form, sorted."""
    holders: dict[SubjectKey, dict[Form, list[HostName]]] = {}
    for group in census.groups:
        for key, subject in group.subjects.items():
            holders.setdefault(key, {}).setdefault(form_of(subject), []).extend(group.hosts)
    for forms in holders.values():
        for hosts in forms.values():
            hosts.sort()
    return holders
