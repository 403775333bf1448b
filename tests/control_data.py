"""A host on which every control passes, and its single pieces, for tests of the checklist."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from fleetscan.analyse.controls.evidence import StateEvidence, VisitEvidence
from fleetscan.model.baseline import Approval, Baseline, BaselineItem, Prevalence, Variant
from fleetscan.model.coverage import Coverage, Gap
from fleetscan.model.drift import DriftItem, DriftKind, Explanation, HostDrift
from fleetscan.model.ids import SYSTEM, HostName, Scope, SweepId, UnitName, user_scope
from fleetscan.model.snapshot import Artifact, ArtifactKind, HostFacts, RuntimeState, TimerRow
from fleetscan.model.subject import Subject
from tests.model_data import WEB, job
from tests.piece_data import packaged

TODAY = date(2026, 3, 1)
HOST = HostName("web1")
UNITS = "/etc/systemd/system"
VENDOR = "/usr/lib/systemd/system"


def artifact(
    kind: ArtifactKind,
    name: str,
    *,
    scope: Scope = SYSTEM,
    rights: str = "root:root 0644",
    target: str = "",
    **properties: str,
) -> Artifact:
    """Build an artifact; `rights` as `OWNER:GROUP MODE`."""
    owner, _, rest = rights.partition(":")
    group, _, mode = rest.partition(" ")
    return Artifact(
        kind=kind,
        scope=scope,
        name=name,
        mode=int(mode, 8),
        owner=owner,
        group=group,
        target=target,
        properties=tuple(sorted(properties.items())),
    )


def folder(name: str, rights: str = "root:root 0755", scope: Scope = SYSTEM, **properties: str) -> Artifact:
    return artifact(ArtifactKind.DIRECTORY, name, scope=scope, rights=rights, **properties)


def unit_file(name: str, rights: str = "root:root 0644", scope: Scope = SYSTEM, **properties: str) -> Artifact:
    return artifact(ArtifactKind.FILE, name, scope=scope, rights=rights, **properties)


def link(name: str, target: str, scope: Scope = SYSTEM, rights: str = "root:root 0777") -> Artifact:
    return artifact(ArtifactKind.LINK, name, scope=scope, target=target, rights=rights)


def audit_rule(path: str, *, source: str = "loaded", access: str = "wa") -> Artifact:
    return artifact(ArtifactKind.AUDIT_RULE, f"-w {path} -p {access}", source=source, watches=path)


def monitored(path: str, by: str = "aide") -> Artifact:
    return artifact(ArtifactKind.INTEGRITY_RULE, f"{by} {path}", by=by, source="/etc/aide/aide.conf", watches=path)


def sudo_rule(who: str, reaches: str, *, nopasswd: str = "no", members: str = "") -> Artifact:
    rule = artifact(
        ArtifactKind.GRANT,
        f"{who} ALL=(root) {reaches}",
        rights="root:root 0440",
        by="sudo",
        source="/etc/sudoers.d/local:3",
        to=who,
        host="ALL",
        run_as="root",
        nopasswd=nopasswd,
        reaches=reaches,
    )
    more = (("members", members),) if members else ()
    return replace(rule, properties=tuple(sorted((*rule.properties, *more))))


def account(name: str, **properties: str) -> Artifact:
    told = {"uid": "1000", "gid": "1000", "login": "shell", "locked": "no", **properties}
    told["shell"] = "/bin/bash" if told["login"] == "shell" else "/usr/sbin/nologin"
    return artifact(ArtifactKind.ACCOUNT, name, scope=user_scope(name), **told)


def lingers(name: str) -> Artifact:
    return artifact(ArtifactKind.LINGER, name)


FINE = (
    folder("/"),
    folder(UNITS),
    folder(VENDOR),
    unit_file(f"{UNITS}/backup.timer"),
    unit_file(f"{UNITS}/backup.service"),
    link(f"{UNITS}/timers.target.wants/backup.timer", f"{UNITS}/backup.timer"),
    audit_rule("/usr/bin/systemd-run"),
    monitored("/etc"),
    monitored(VENDOR),
    sudo_rule("root", "all commands"),
    sudo_rule("%sudo", "all commands"),
)
"""What lies on a host that is as it should be."""

BACKUP = packaged(job())
RUNTIME = RuntimeState(timers=(TimerRow(scope=SYSTEM, unit=UnitName("backup.timer")),))


def state(
    *artifacts: Artifact,
    gaps: Iterable[Gap] = (),
    subjects: Sequence[Subject] = (BACKUP,),
    stock: Sequence[Artifact] = FINE,
) -> StateEvidence:
    """Build a state: the stock and more; what has the name and kind of something of the stock takes its place."""
    by_key = {one.key: one for one in (*stock, *artifacts)}
    return StateEvidence(
        facts=HostFacts(),
        artifacts=tuple(by_key[key] for key in sorted(by_key)),
        coverage=Coverage.of(gaps),
        subjects=tuple(subjects),
        today=TODAY,
    )


def baseline(*subjects: Subject) -> Baseline:
    seen = Prevalence(5, 5)
    return Baseline(
        id=7,
        cohort=WEB,
        version=3,
        sweep=SweepId(1),
        hosts=5,
        min_prevalence=0.5,
        approval=Approval(author="ana@desk", reason="read by two", approved_at=datetime(2026, 2, 1, tzinfo=UTC)),
        items=tuple(
            BaselineItem(key=one.key, variants=(Variant(one, seen),), prevalence=seen, required=True)
            for one in subjects
        ),
    )


def item(
    subject: Subject = BACKUP,
    kind: DriftKind = DriftKind.ADDED,
    *,
    raw_only: bool = False,
    explanations: tuple[Explanation, ...] = (),
) -> DriftItem:
    return DriftItem(
        host=HOST,
        cohort=WEB,
        kind=kind,
        subject=subject,
        expected=None,
        prevalence=Prevalence(0, 5),
        reference="baseline 3",
        raw_only=raw_only,
        explanations=explanations,
        sentence=f"{HOST} {kind.value} {subject.key.name}",
    )


def drift(*items: DriftItem, reference: str = "baseline 3", not_compared: tuple[str, ...] = ()) -> HostDrift:
    return HostDrift(host=HOST, cohort=WEB, reference=reference, items=items, not_compared=not_compared)


def visit(of: StateEvidence | None = None, **changes: object) -> VisitEvidence:
    """Build a visit of a host that is as its baseline says; changes are fields of `VisitEvidence`."""
    evidence = VisitEvidence(state=of or state(), runtime=RUNTIME, drift=drift(), baseline=baseline(BACKUP))
    return replace(evidence, **changes)  # type: ignore[arg-type]  # each test names fields and their own types
