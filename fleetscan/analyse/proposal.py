"""What a proposal is made with beside the counts: what rules say, what a wider cohort has, and the parts in order."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from fleetscan.analyse.case import Setting
from fleetscan.analyse.census import Census, Form, form_of
from fleetscan.analyse.meaning import is_invented
from fleetscan.model.baseline import BaselineItem, Cohort, Outlier, Prevalence, Proposal, Variant
from fleetscan.model.drift import Severity
from fleetscan.model.finding import Hit
from fleetscan.model.ids import scope_user
from fleetscan.model.subject import Subject, SubjectKey, SubjectKind

REQUIRED_SHARE = 0.95
"""Share of the hosts from which on a host without the subject has drifted."""

REQUIRED_HOSTS = 2
"""Hosts that must have been compared before anything is required."""

QUESTIONABLE_FROM = Severity.HIGH
"""Severity of rules from which on a thing is not learned by itself."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What rules say of one form.

    Attributes:
        severity: Of the worst rule by itself: that a thing is common makes it no milder here.
        hits: Worst first.
    """

    severity: Severity
    hits: tuple[Hit, ...]

    def tell(self) -> tuple[str, ...]:
        """Give one line for each hit."""
        return tuple(f"{hit.severity.label} {hit.rule}: {hit.title}" for hit in self.hits)


Judge = Callable[[Subject, Setting, Prevalence], Judged | None]
"""Gives what rules say of a form as one host has it, None when they say nothing."""


def judge_nothing(_subject: Subject, _setting: Setting, _prevalence: Prevalence) -> Judged | None:
    """Say nothing of anything."""
    return None


@dataclass(frozen=True, slots=True)
class Wider:
    """The hosts that a tiny cohort is compared with.

    Attributes:
        cohort: Their cohort.
        census: Of those that were read completely, without the hosts of the tiny cohort itself.
    """

    cohort: Cohort
    census: Census

    def prevalence(self, key: SubjectKey, form: Form) -> Prevalence:
        """Give on how many of them exactly this is."""
        tally = self.census.tallies.get(key)
        return Prevalence(tally.forms[form] if tally is not None else 0, self.census.hosts)


@dataclass(frozen=True, slots=True)
class Aids:
    """What helps to decide beside the counts.

    Attributes:
        wider: Where prevalence is borrowed from, None for a cohort that is large enough or has nobody like it.
        min_hosts: Hosts from which on a cohort can tell by itself what is common.
    """

    judge: Judge = judge_nothing
    wider: Wider | None = None
    min_hosts: int = 5


Place = tuple[SubjectKey, Form]
"""One form of one subject."""


def place_of(subject: Subject) -> Place:
    """Give key and form of a subject."""
    return (subject.key, form_of(subject))


def may_be_required(subject: Subject) -> bool:
    """Tell whether a host can be expected to have this: not what comes and goes or belongs to one user."""
    return not (
        subject.transient
        or subject.generated
        or subject.key.kind not in (SubjectKind.JOB, SubjectKind.UNIT)
        or scope_user(subject.key.scope) is not None
        or is_invented(subject)
    )


def build_item(key: SubjectKey, variants: Iterable[Variant], prevalence: Prevalence) -> BaselineItem:
    """Build an item from its accepted forms; at least one."""
    ordered = tuple(sorted(variants, key=lambda variant: (-variant.prevalence.count, form_of(variant.subject))))
    required = (
        prevalence.share >= REQUIRED_SHARE
        and prevalence.of_hosts >= REQUIRED_HOSTS
        and all(may_be_required(variant.subject) for variant in ordered)
    )
    return BaselineItem(key=key, variants=ordered, prevalence=prevalence, required=required)


def arrange_proposal(proposal: Proposal, items: Iterable[BaselineItem], outliers: Iterable[Outlier]) -> Proposal:
    """Give a proposal with other parts, in the order that all proposals have."""
    return replace(
        proposal,
        items=tuple(sorted(items, key=lambda item: item.key)),
        outliers=tuple(sorted(outliers, key=lambda outlier: place_of(outlier.subject))),
    )
