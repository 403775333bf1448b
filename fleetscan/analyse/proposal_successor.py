"""The next version of a baseline: the version before, and of what differs today only what a person chose."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from fleetscan.analyse.census import form_of
from fleetscan.analyse.proposal import REQUIRED_SHARE, Place, arrange_proposal, build_item, place_of
from fleetscan.analyse.proposal_edit import count_hosts, names_subject, take_in
from fleetscan.model.baseline import (
    BaselineItem,
    Outlier,
    OutlierReason,
    Prevalence,
    Proposal,
    ProposalSource,
    Variant,
)
from fleetscan.model.subject import SubjectKey

_WEAK_REASONS = (OutlierReason.FEW_HOSTS, OutlierReason.DISAGREE, OutlierReason.ALONE)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which differences a person wants.

    Attributes:
        words: Names of subjects, as `names_subject` reads them: as they are today, in all forms, or gone.
        places: Single forms.
        gone: Subjects that may be missing.
    """

    words: frozenset[str] = frozenset()
    places: frozenset[Place] = frozenset()
    gone: frozenset[SubjectKey] = frozenset()

    def has(self, place: Place) -> bool:
        """Tell whether a form is chosen."""
        return place in self.places or self.names(place[0])

    def names(self, key: SubjectKey) -> bool:
        """Tell whether a subject is chosen by name."""
        return any(names_subject(word, key) for word in self.words)


def propose_successor(previous: Collection[BaselineItem], version: int, fresh: Proposal, chosen: Chosen) -> Proposal:
    """Propose the version before with chosen differences.

    Accepted forms stay accepted, with today's counts. What a person chose and no host has any more is dropped; what
    some hosts lack is no longer required.

    Args:
        previous: Items of the version before.
        version: Its number.
        fresh: What would be proposed from the sweep alone; every form that a host has is in it, in or out.
        chosen: What to take from it.
    """
    seen = count_hosts(fresh)
    today = {place_of(variant.subject): variant for variant in _forms_of(fresh)}
    items: dict[SubjectKey, BaselineItem] = {}
    for item in previous:
        renewed = _renew(item, today, seen.get(item.key, Prevalence(0, fresh.hosts)), chosen)
        if renewed is not None:
            items[item.key] = renewed
    accepted = {place_of(variant.subject) for item in items.values() for variant in item.variants}
    for place in sorted(today):
        if place not in accepted and chosen.has(place):
            key = place[0]
            known = items.get(key)
            variants = (*(known.variants if known else ()), today[place])
            built = build_item(key, variants, seen[key])
            items[key] = replace(built, required=known.required and built.required) if known else built
            accepted.add(place)
    return replace(
        arrange_proposal(fresh, items.values(), _leave_rest(fresh, accepted)),
        source=ProposalSource.PREVIOUS,
        note=f"version {version} and what was chosen: {_tell(chosen)}",
    )


def _renew(item: BaselineItem, today: Mapping[Place, Variant], seen: Prevalence, chosen: Chosen) -> BaselineItem | None:
    is_chosen = item.key in chosen.gone or chosen.names(item.key)
    if is_chosen and not seen.count:
        return None
    variants = []
    for variant in item.variants:
        now = today.get(place_of(variant.subject))
        if now is None:
            variants.append(replace(variant, prevalence=Prevalence(0, seen.of_hosts)))
        else:
            # The same form in other bytes is taken over only where that was asked for.
            subject = now.subject if is_chosen else variant.subject
            variants.append(replace(variant, subject=subject, prevalence=now.prevalence))
    variants.sort(key=lambda variant: (-variant.prevalence.count, form_of(variant.subject)))
    required = item.required and not (is_chosen and seen.share < REQUIRED_SHARE)
    return BaselineItem(key=item.key, variants=tuple(variants), prevalence=seen, required=required)


def _forms_of(fresh: Proposal) -> Iterator[Variant]:
    for item in fresh.items:
        yield from item.variants
    yield from map(take_in, fresh.outliers)


def _leave_rest(fresh: Proposal, accepted: Collection[Place]) -> Iterator[Outlier]:
    for item in fresh.items:
        for variant in item.variants:
            if place_of(variant.subject) not in accepted:
                yield Outlier(
                    subject=variant.subject,
                    prevalence=variant.prevalence,
                    hosts=(),
                    reason=OutlierReason.NOT_CHOSEN,
                    remarks=variant.remarks,
                )
    for outlier in fresh.outliers:
        if place_of(outlier.subject) not in accepted:
            is_weak = outlier.reason in _WEAK_REASONS
            yield replace(outlier, reason=OutlierReason.NOT_CHOSEN) if is_weak else outlier


def _tell(chosen: Chosen) -> str:
    names = {*chosen.words, *(key.name for key, _form in chosen.places), *(key.name for key in chosen.gone)}
    return ", ".join(sorted(names)) or "nothing"
