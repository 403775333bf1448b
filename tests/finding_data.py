"""Findings for tests of what becomes of them."""

from fleetscan.model.baseline import Cohort, Prevalence
from fleetscan.model.digest import digest_bytes, digest_json
from fleetscan.model.drift import Severity
from fleetscan.model.finding import EvidenceLine, Finding, FindingId, Hit, Provenance, RuleId, Technique
from fleetscan.model.ids import SYSTEM, HostName, Sha256
from fleetscan.model.subject import Fingerprint, Subject, SubjectKey, SubjectKind
from tests.stored_fleet import WEB

HOSTILE = "miner\x00\udc80<b>.timer"
ONE, OTHER = digest_bytes(b"one"), digest_bytes(b"other")
COHORT = Cohort("web", "debian", "12")
RULE = RuleId("FS-004")


def key_of(name: str = HOSTILE) -> SubjectKey:
    return SubjectKey(SubjectKind.JOB, SYSTEM, name)


def finding(
    host: HostName = WEB,
    name: str = HOSTILE,
    *,
    content: Sha256 = ONE,
    severity: Severity = Severity.HIGH,
    rule: RuleId = RULE,
    suppressed_by: int | None = None,
) -> Finding:
    hit = Hit(
        rule=rule,
        title="Runs from a folder that anybody may write",
        severity=Severity.CRITICAL,
        technique=Technique.UNUSUAL_DIRECTORY,
        attack=("T1053.006",),
        evidence=(EvidenceLine("ExecStart=/tmp/x", "/etc/systemd/system/x.service", 3),),
    )
    return Finding(
        id=FindingId(digest_json([host, name])[:16]),
        host=host,
        cohort=COHORT,
        subject=Subject(key=key_of(name), fingerprint=Fingerprint(ONE, ONE, ONE, ONE)),
        severity=severity,
        content=content,
        hits=(hit,),
        prevalence=Prevalence(1, 10),
        techniques=(Technique.UNUSUAL_DIRECTORY, Technique.PAYLOAD),
        provenance=Provenance.UNOWNED,
        suppressed_by=suppressed_by,
        sentence=f"{host}: {name} runs /tmp/x",
    )
