"""What exceptions and approved roll-outs leave of a host's verdict."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from fleetscan.analyse.accepting import accept_finding, accept_verdict
from fleetscan.analyse.judge import HostVerdict
from fleetscan.model.acceptance import ExceptionKind, FindingException
from fleetscan.model.drift import DriftItem, DriftKind, ExplanationKind, HostDrift, Severity
from fleetscan.model.finding import Finding, Hit, RuleId, Technique
from fleetscan.model.ids import HostName
from tests.acceptance_data import DAY, NOW, accepted, finding
from tests.model_data import WEB, job

GROUPS = ("web",)
OTHER = job("other")


def accept(found: Finding, *exceptions: FindingException) -> Finding:
    return accept_finding(found, exceptions, GROUPS, NOW)


def hit(name: str, severity: Severity, technique: Technique) -> Hit:
    return Hit(rule=RuleId(name), title=name, severity=severity, technique=technique)


def mixed(severity: Severity = Severity.HIGH) -> Finding:
    """Give a finding of two rules, the worse one first."""
    hits = (
        hit("FS-004", Severity.HIGH, Technique.PAYLOAD),
        hit("FS-009", Severity.MEDIUM, Technique.PLAIN_PAIR),
    )
    return replace(
        finding(severity=severity), hits=hits, techniques=(Technique.PAYLOAD, Technique.PLAIN_PAIR, Technique.CHANGE)
    )


def verdict(*findings: Finding, others: Sequence[DriftItem] = ()) -> HostVerdict:
    items = (*(item for found in findings for item in found.drift), *others)
    return HostVerdict(HostDrift(host=HostName("web-1"), cohort=WEB, reference="peers", items=items), findings)


def test_an_accepted_finding_is_info_and_says_why_with_all_that_spoke_for_it() -> None:
    found = accept(mixed(), accepted(unit="backup.timer", digest="a"))
    assert (found.severity, found.suppressed_by) == (Severity.INFO, 1)
    assert [one.rule for one in found.hits] == ["FS-004", "FS-009"]
    assert found.techniques == mixed().techniques
    assert found.steps[-1].to is Severity.INFO
    assert "known job" in found.steps[-1].reason
    assert [proof.kind for proof in found.explanations] == [ExplanationKind.EXCEPTION]
    assert {item.severity for item in found.drift} == {Severity.INFO}


def test_other_content_expiry_and_revocation_bring_it_back() -> None:
    for exception in (
        accepted(unit="backup.timer", digest="b"),
        accepted(unit="backup.timer", expires_at=NOW),
        accepted(unit="backup.timer", revoked_at=NOW - DAY),
        accepted(unit="backup.timer", host="db-*"),
        accepted(unit="backup.timer", group="db"),
    ):
        assert accept(mixed(), exception) == mixed()
    assert accept(mixed(), accepted(unit="backup.timer", expires_at=NOW + DAY)).suppressed_by == 1


def test_an_exception_for_the_leading_rule_leaves_what_the_others_say() -> None:
    found = accept(mixed(), accepted(rule="FS-004"))
    assert (found.severity, found.suppressed_by) == (Severity.MEDIUM, None)
    assert [one.rule for one in found.hits] == ["FS-009"]
    assert found.techniques == (Technique.PLAIN_PAIR, Technique.CHANGE)


def test_an_exception_for_a_lesser_rule_lowers_nothing() -> None:
    # It was raised, because it is rare: taking a lesser reason away must not take that back.
    found = accept(mixed(Severity.CRITICAL), accepted(rule="FS-009"))
    assert (found.severity, found.suppressed_by) == (Severity.CRITICAL, None)
    assert found.steps == ()
    assert found.techniques == (Technique.PAYLOAD, Technique.CHANGE)


def test_what_was_explained_to_be_harmless_is_not_raised_by_an_exception() -> None:
    assert accept(mixed(Severity.INFO), accepted(rule="FS-004")).severity is Severity.INFO


def test_an_approved_roll_out_is_info_for_its_content_alone() -> None:
    wave = accepted(7, kind=ExceptionKind.WAVE, unit="backup.timer", digest="a")
    found = accept(mixed(), wave)
    assert (found.severity, found.suppressed_by) == (Severity.INFO, 7)
    assert [proof.kind for proof in found.explanations] == [ExplanationKind.WAVE]
    assert accept(replace(mixed(), content=finding(digest="b").content), wave).suppressed_by is None


def test_a_roll_out_that_was_approved_stays_so_beside_an_exception_for_one_rule() -> None:
    wave = accepted(7, kind=ExceptionKind.WAVE, unit="backup.timer", digest="a")
    found = accept(mixed(), accepted(1, rule="FS-009"), wave)
    assert (found.severity, found.suppressed_by) == (Severity.INFO, 7)


def test_a_verdict_is_ranked_anew_and_nothing_disappears() -> None:
    kept = replace(finding(subject=OTHER, digest="b"), severity=Severity.LOW)
    kept = replace(kept, drift=tuple(replace(item, severity=Severity.LOW) for item in kept.drift))
    loose = replace(finding(subject=job("third")).drift[0], severity=Severity.INFO)
    before = verdict(finding(), kept, others=[loose])
    after = accept_verdict(before, [accepted(digest="a")], GROUPS, NOW)
    assert [(f.key.name, f.severity) for f in after.findings] == [
        ("other.timer", Severity.LOW),
        ("backup.timer", Severity.INFO),
    ]
    assert [(item.key.name, item.severity) for item in after.drift.items] == [
        ("other.timer", Severity.LOW),
        ("backup.timer", Severity.INFO),
        ("third.timer", Severity.INFO),
    ]
    assert accept_verdict(before, [], GROUPS, NOW) is before


@given(st.randoms(use_true_random=False), st.sampled_from("ab"), st.sampled_from("ab"), st.sampled_from(DriftKind))
def test_an_exception_for_one_content_never_hides_another(
    random: Random, is_there: str, was_accepted: str, kind: DriftKind
) -> None:
    kinds = [
        accepted(1, unit="*", digest=was_accepted),
        accepted(2, rule="FS-001", digest=was_accepted, host="web-*"),
        accepted(3, digest=was_accepted, group="web"),
        accepted(4, kind=ExceptionKind.WAVE, digest=was_accepted),
    ]
    chosen = random.sample(kinds, random.randint(1, len(kinds)))
    found = accept(finding(digest=is_there, kind=kind), *chosen)
    assert (found.suppressed_by is None) is (is_there != was_accepted)
    assert (found.severity is Severity.INFO) is (is_there == was_accepted)
