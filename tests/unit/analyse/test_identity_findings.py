"""Findings of identity: rule, severity, sentence, and content that an exception can hold for."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from fleetscan.analyse.findings import finding_id
from fleetscan.analyse.identity_findings import FaultCounts, build_identity_findings
from fleetscan.model.baseline import Prevalence
from fleetscan.model.drift import Severity
from fleetscan.model.finding import Finding, Technique
from fleetscan.model.identity import ClockReading, IdentityFault, IdentityFaultKind
from fleetscan.model.ids import SYSTEM, HostName
from fleetscan.model.subject import SubjectKey, SubjectKind
from tests.model_data import WEB
from tests.stored_fleet import NOW

Kind = IdentityFaultKind
HOST = HostName("web1")


def fault(kind: IdentityFaultKind, **changes: object) -> IdentityFault:
    one = IdentityFault(host=HOST, kind=kind, before="old", after="new")
    return replace(one, **changes)  # type: ignore[arg-type]  # each test names fields and their own types


def clock(offset_s: float) -> IdentityFault:
    clocks = ClockReading(started_at=NOW, duration_s=1.0, remote_at=NOW + timedelta(seconds=offset_s))
    return fault(Kind.CLOCK_OFF, before="", after="", offset_s=offset_s, reading=clocks)


def find(*faults: IdentityFault, hosts: int = 10, elsewhere: Iterable[IdentityFault] = ()) -> tuple[Finding, ...]:
    return build_identity_findings(HOST, WEB, faults, FaultCounts.of(hosts, (*faults, *elsewhere)))


CAME: dict[str, object] = {"others": (HostName("web2"),), "others_count": 1}
BORN: dict[str, object] = {**CAME, "is_inherited": True}


@pytest.mark.parametrize(
    ("one", "rule", "severity", "name"),
    [
        (fault(Kind.MACHINE_ID_CHANGED), "FS-150", Severity.MEDIUM, "machine-id"),
        (fault(Kind.HOST_KEY_CHANGED), "FS-151", Severity.HIGH, "host key"),
        (fault(Kind.HOST_KEY_REFUSED), "FS-151", Severity.HIGH, "host key"),
        (fault(Kind.HOST_KEY_UNKNOWN), "FS-151", Severity.HIGH, "host key"),
        (fault(Kind.HOST_KEY_UNKNOWN, is_inherited=True), "FS-151", Severity.MEDIUM, "host key"),
        (fault(Kind.MACHINE_ID_SHARED, **CAME), "FS-152", Severity.MEDIUM, "machine-id"),
        (fault(Kind.MACHINE_ID_SHARED, **BORN), "FS-152", Severity.INFO, "machine-id"),
        (fault(Kind.HOST_KEY_SHARED, **CAME), "FS-152", Severity.MEDIUM, "host key"),
        (fault(Kind.HOST_KEY_SHARED, **BORN), "FS-152", Severity.INFO, "host key"),
        (fault(Kind.HOSTNAME_CHANGED), "FS-153", Severity.LOW, "hostname"),
        (clock(-130), "FS-154", Severity.LOW, "clock"),
        (clock(599), "FS-154", Severity.LOW, "clock"),
        (clock(600), "FS-154", Severity.MEDIUM, "clock"),
        (fault(Kind.MACHINE_ID_MISSING, before=""), "FS-155", Severity.LOW, "machine-id"),
    ],
    ids=lambda value: value.kind.value if isinstance(value, IdentityFault) else str(value),
)
def test_each_fault_has_its_rule_and_severity(one: IdentityFault, rule: str, severity: Severity, name: str) -> None:
    (finding,) = find(one)
    key = SubjectKey(SubjectKind.IDENTITY, SYSTEM, name)
    assert (finding.leading.rule, finding.severity, finding.key) == (rule, severity, key)
    assert finding.id == finding_id(HOST, key)
    assert finding.techniques == (Technique.IDENTITY,)
    assert finding.sentence.startswith("web1 ")
    assert finding.leading.evidence
    if finding.severity is not finding.leading.severity:
        assert finding.steps[-1].to is finding.severity


def test_faults_of_one_aspect_are_one_finding_and_the_worst_leads() -> None:
    found = find(fault(Kind.MACHINE_ID_SHARED, **BORN), fault(Kind.MACHINE_ID_CHANGED), clock(200))
    assert [finding.key.name for finding in found] == ["clock", "machine-id"]
    assert [hit.rule for hit in found[1].hits] == ["FS-150", "FS-152"]


def test_a_clock_is_told_with_both_numbers() -> None:
    (finding,) = find(clock(-7200))
    assert finding.sentence == "web1 has a clock that is 2 hours behind"
    texts = " ".join(line.text for line in finding.leading.evidence)
    assert NOW.isoformat() in texts
    assert (NOW - timedelta(hours=2)).isoformat() in texts


def test_a_clock_that_goes_on_being_wrong_stays_the_same_content() -> None:
    first, later, far, ahead = (find(clock(offset))[0] for offset in (-150, -170, -4000, 150))
    assert first.content == later.content
    assert len({first.content, far.content, ahead.content}) == 3


def test_another_key_is_other_content() -> None:
    one, other = (find(fault(Kind.HOST_KEY_REFUSED, after=key))[0] for key in ("SHA256:x", "SHA256:y"))
    assert one.content != other.content


def test_when_most_clocks_differ_it_may_be_the_scanners() -> None:
    elsewhere = [replace(clock(9000), host=HostName(f"h{number}")) for number in range(5)]
    (finding,) = find(clock(9000), elsewhere=elsewhere)
    assert finding.severity is Severity.INFO
    assert "6 of 10 clocks" in finding.steps[0].reason
    (of_few,) = find(clock(9000), elsewhere=elsewhere[:4])
    assert of_few.severity is Severity.MEDIUM


def test_two_hosts_are_no_majority() -> None:
    (finding,) = find(clock(9000), hosts=2, elsewhere=[replace(clock(9000), host=HostName("h2"))])
    assert finding.severity is Severity.MEDIUM


def test_prevalence_counts_other_hosts_with_the_fault() -> None:
    elsewhere = [replace(fault(Kind.HOSTNAME_CHANGED), host=HostName("h2"))]
    assert find(fault(Kind.HOSTNAME_CHANGED), elsewhere=elsewhere)[0].prevalence == Prevalence(1, 9)


def test_names_and_texts_of_hosts_are_bounded() -> None:
    many = tuple(HostName(f"host-{number:05}") for number in range(5000))
    (shared,) = find(fault(Kind.MACHINE_ID_SHARED, after="x" * 100_000, others=many[:20], others_count=5000))
    (renamed,) = find(fault(Kind.HOSTNAME_CHANGED, before="y" * 100_000, after="z" * 100_000))
    assert "host-00002 and 4997 more" in shared.sentence
    for finding in (shared, renamed):
        assert len(finding.sentence) < 400
        assert all(len(line.text) <= 300 for line in finding.leading.evidence)


def lines_of(one: IdentityFault) -> list[str]:
    return [line.text for line in find(one)[0].leading.evidence]


def test_the_evidence_of_a_change_has_both_values_and_the_notes() -> None:
    told = fault(Kind.HOST_KEY_CHANGED, notes=("at the same time: machine-id changed",))
    assert lines_of(told) == ["before: old", "now: new", "at the same time: machine-id changed"]


def test_the_evidence_of_what_is_shared_has_the_value_and_the_hosts() -> None:
    assert lines_of(fault(Kind.MACHINE_ID_SHARED, before="", **CAME)) == ["new", "also on web2"]
    assert lines_of(fault(Kind.MACHINE_ID_MISSING, before="", after="uninitialized")) == ["uninitialized"]


def test_another_host_that_shares_is_other_content() -> None:
    other: dict[str, object] = {"others": (HostName("web3"),), "others_count": 1}
    contents = {find(fault(Kind.MACHINE_ID_SHARED, **told))[0].content for told in (CAME, BORN, other)}
    assert len(contents) == 2


def test_three_hosts_are_enough_for_a_majority() -> None:
    elsewhere = [replace(clock(200), host=HostName("h2"))]
    assert find(clock(200), hosts=3, elsewhere=elsewhere)[0].severity is Severity.INFO
