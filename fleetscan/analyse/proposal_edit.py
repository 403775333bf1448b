"""What a person makes of a proposal: forms taken in that were left out, and the other way round."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from fleetscan.analyse.proposal import Place, arrange_proposal, build_item, place_of
from fleetscan.model.baseline import BaselineItem, Outlier, OutlierReason, Prevalence, Proposal, Variant
from fleetscan.model.subject import SubjectKey


def names_subject(word: str, key: SubjectKey) -> bool:
    """Tell whether a word means a subject: `NAME`, `KIND:NAME`, or `KIND:SCOPE:NAME` where that is needed."""
    return word in (key.name, f"{key.kind.value}:{key.name}", f"{key.kind.value}:{key.scope}:{key.name}")


def find_unknown(words: Iterable[str], keys: Collection[SubjectKey]) -> tuple[str, ...]:
    """Give the words that mean none of some subjects."""
    return tuple(word for word in words if not any(names_subject(word, key) for key in keys))


def keys_of(proposal: Proposal) -> frozenset[SubjectKey]:
    """Give every subject that a proposal knows, in or out."""
    return frozenset({item.key for item in proposal.items} | {o.subject.key for o in proposal.outliers})


def accept_names(proposal: Proposal, words: Collection[str]) -> Proposal:
    """Take in every form of the subjects that words mean; words that mean none have no effect."""
    wanted = {
        place_of(outlier.subject)
        for outlier in proposal.outliers
        if any(names_subject(word, outlier.subject.key) for word in words)
    }
    return accept_forms(proposal, wanted)


def accept_forms(proposal: Proposal, wanted: Collection[Place]) -> Proposal:
    """Take in forms that were left out; what was never left out is not touched."""
    taken: dict[SubjectKey, list[Variant]] = {}
    left: list[Outlier] = []
    for outlier in proposal.outliers:
        if place_of(outlier.subject) in wanted:
            taken.setdefault(outlier.subject.key, []).append(take_in(outlier))
        else:
            left.append(outlier)
    if not taken:
        return proposal
    seen = count_hosts(proposal)
    items = {item.key: item for item in proposal.items}
    for key, variants in taken.items():
        known = items[key].variants if key in items else ()
        items[key] = build_item(key, [*known, *variants], seen[key])
    return arrange_proposal(proposal, items.values(), left)


def leave_out_forms(proposal: Proposal, unwanted: Collection[Place]) -> Proposal:
    """Leave forms out that were accepted; an item without any form is gone."""
    items: list[BaselineItem] = []
    outliers = list(proposal.outliers)
    for item in proposal.items:
        kept = tuple(variant for variant in item.variants if place_of(variant.subject) not in unwanted)
        outliers += [
            Outlier(
                subject=variant.subject,
                prevalence=variant.prevalence,
                hosts=(),
                reason=OutlierReason.LEFT_OUT,
                remarks=variant.remarks,
            )
            for variant in item.variants
            if variant not in kept
        ]
        if kept:
            items.append(replace(item, variants=kept))
    return arrange_proposal(proposal, items, outliers)


def take_in(outlier: Outlier) -> Variant:
    """Give the accepted form of what was left out; the remark keeps why it had been."""
    note = f"accepted by hand; it was left out: {outlier.reason.value}"
    return Variant(outlier.subject, outlier.prevalence, remarks=replace(outlier.remarks, note=note))


def count_hosts(proposal: Proposal) -> Mapping[SubjectKey, Prevalence]:
    """Give on how many hosts each subject is in any form, of what is in and what is out."""
    counts: dict[SubjectKey, int] = {}
    for key, prevalence in _prevalences(proposal):
        counts[key] = counts.get(key, 0) + prevalence.count
    known = {item.key: item.prevalence for item in proposal.items}
    return {key: known.get(key, Prevalence(count, proposal.hosts)) for key, count in counts.items()}


def _prevalences(proposal: Proposal) -> Iterator[tuple[SubjectKey, Prevalence]]:
    for item in proposal.items:
        yield from ((item.key, variant.prevalence) for variant in item.variants)
    yield from ((outlier.subject.key, outlier.prevalence) for outlier in proposal.outliers)
