"""Proposals and baselines as records: what they accept and leave out, and in what two of them differ."""

from collections.abc import Iterable, Iterator, Sequence

from fleetscan.analyse.directives import count_differences, diff_directives
from fleetscan.analyse.fingerprint import describe_state
from fleetscan.analyse.pieces import doors_of, identity_of, payload_of
from fleetscan.analyse.provenance import provenance_of
from fleetscan.analyse.targets import diff_targets, find_new_doors
from fleetscan.export.baseline_records import (
    ApprovalRecord,
    BaselineChangeRecord,
    BaselineFormRecord,
    BaselineItemRecord,
    BaselineRecord,
)
from fleetscan.model.baseline import BaselineItem, Outlier, Prevalence, Proposal, Remarks, Variant
from fleetscan.model.drift import DirectiveChange
from fleetscan.model.subject import Subject
from fleetscan.store.baseline_rows import BaselineInfo


def describe_info(info: BaselineInfo) -> BaselineRecord:
    """Give the record of a proposal or baseline as a whole."""
    return BaselineRecord(
        id=info.id,
        cohort=str(info.cohort),
        version=info.version,
        state=info.state.value,
        sweep=info.sweep,
        hosts=info.hosts,
        min_prevalence=info.min_prevalence,
        proposed_at=info.proposed_at,
        proposed_by=info.proposed_by,
        approved_at=info.approval.approved_at if info.approval else None,
        approved_by=info.approval.author if info.approval else "",
        reason=info.approval.reason if info.approval else "",
        source=info.source.value,
        note=info.note,
        approvals=tuple(
            ApprovalRecord(author=one.author, reason=one.reason, approved_at=one.approved_at) for one in info.approvals
        ),
        rolled_back_to=info.rolled_back_to,
    )


def describe_items(proposal: Proposal) -> list[BaselineItemRecord]:
    """Give what a proposal accepts, then what it leaves out; each in its order."""
    cohort = str(proposal.cohort)
    return [
        *(describe_item(cohort, item) for item in proposal.items),
        *(describe_outlier(cohort, outlier) for outlier in proposal.outliers),
    ]


def describe_item(cohort: str, item: BaselineItem) -> BaselineItemRecord:
    """Give the record of what is accepted."""
    return BaselineItemRecord(
        cohort=cohort,
        accepted=True,
        required=item.required,
        subject=item.key.kind.value,
        scope=item.key.scope,
        name=item.key.name,
        summary=item.variants[0].subject.summary,
        prevalence_count=item.prevalence.count,
        prevalence_of_hosts=item.prevalence.of_hosts,
        hosts=(),
        why="",
        forms=tuple(_describe_form(v.subject, v.prevalence, v.remarks, any_target=v.any_target) for v in item.variants),
    )


def describe_outlier(cohort: str, outlier: Outlier) -> BaselineItemRecord:
    """Give the record of what is left out."""
    key = outlier.subject.key
    return BaselineItemRecord(
        cohort=cohort,
        accepted=False,
        required=False,
        subject=key.kind.value,
        scope=key.scope,
        name=key.name,
        summary=outlier.subject.summary,
        prevalence_count=outlier.prevalence.count,
        prevalence_of_hosts=outlier.prevalence.of_hosts,
        hosts=tuple(outlier.hosts),
        why=outlier.reason.value,
        forms=(_describe_form(outlier.subject, outlier.prevalence, outlier.remarks, any_target=False),),
    )


def compare_items(before: Iterable[BaselineItem], after: Iterable[BaselineItem]) -> list[BaselineChangeRecord]:
    """Tell in what two proposals or baselines differ, by subject; bytes alone are no difference."""
    old = {item.key: item for item in before}
    new = {item.key: item for item in after}
    records = []
    for key in sorted(old.keys() | new.keys()):
        one, other = old.get(key), new.get(key)
        details = tuple(_tell_changes(one, other)) if one is not None and other is not None else ()
        if one is not None and other is not None and not details:
            continue
        records.append(
            BaselineChangeRecord(
                kind="added" if one is None else "removed" if other is None else "changed",
                subject=key.kind.value,
                scope=key.scope,
                name=key.name,
                before=one.variants[0].subject.summary if one else "",
                after=other.variants[0].subject.summary if other else "",
                details=details,
            )
        )
    return records


def _describe_form(
    subject: Subject, prevalence: Prevalence, remarks: Remarks, *, any_target: bool
) -> BaselineFormRecord:
    fingerprint = subject.fingerprint
    return BaselineFormRecord(
        summary=subject.summary,
        state=describe_state(subject),
        prevalence_count=prevalence.count,
        prevalence_of_hosts=prevalence.of_hosts,
        provenance=provenance_of(subject).value,
        any_target=any_target,
        paths=subject.paths,
        targets=tuple(f"{piece.path}: {identity_of(piece)}" for piece in payload_of(subject.pieces)),
        doors=doors_of(subject.pieces),
        hits=remarks.hits,
        first_seen_at=remarks.first_seen_at,
        note=remarks.note,
        meaning_sha256=fingerprint.meaning,
        state_sha256=fingerprint.state,
        raw_sha256=fingerprint.raw,
        target_sha256=fingerprint.target,
    )


def _tell_changes(before: BaselineItem, after: BaselineItem) -> Iterator[str]:
    if before.required != after.required:
        yield "is required now" if after.required else "is no longer required"
    known = [variant.subject for variant in before.variants]
    for variant in after.variants:
        yield from _tell_form(variant, before.variants, known)
    kept = {_identity(variant) for variant in after.variants}
    for variant in before.variants:
        if _identity(variant) not in kept and len(before.variants) > len(after.variants):
            yield f"a form is no longer accepted: {variant.subject.summary} ({describe_state(variant.subject)})"
    yield from (f"others may write {door}" for door in _new_doors(known, after.variants))


def _tell_form(variant: Variant, before: Sequence[Variant], known: Sequence[Subject]) -> Iterator[str]:
    if _identity(variant) in {_identity(one) for one in before}:
        return
    subject = variant.subject
    nearest = min(known, key=lambda one: (count_differences(one, subject), one.fingerprint.state))
    told = [_tell_directive(change) for change in diff_directives(nearest, subject)]
    if describe_state(nearest) != describe_state(subject):
        told.append(f"state: {describe_state(nearest)} → {describe_state(subject)}")
    if variant.any_target and not any(one.any_target for one in before):
        told.append("any programs are accepted behind it")
    told += [f"{change.path}: {change.before} → {change.after}" for change in diff_targets(known, subject)]
    yield from told or [f"another form: {subject.summary}"]


def _new_doors(known: Sequence[Subject], variants: Sequence[Variant]) -> dict[str, None]:
    return dict.fromkeys(door for variant in variants for door in find_new_doors(known, variant.subject))


def _tell_directive(change: DirectiveChange) -> str:
    before, after = " | ".join(change.before) or "not set", " | ".join(change.after) or "not set"
    return f"{change.unit} [{change.section}] {change.key}: {before} → {after}"


def _identity(variant: Variant) -> tuple[str, str, str]:
    fingerprint = variant.subject.fingerprint
    return (fingerprint.meaning, fingerprint.state, "any" if variant.any_target else fingerprint.target)
