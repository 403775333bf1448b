"""How bad a drift is: a table for the time before rules judge.

| drift | severity |
|---|---|
| bytes only, or a unit that a generator writes on each host | info |
| anything that comes to run from a world-writable or hidden directory | critical |
| drop-ins for a whole unit type (`service.d`) that come to set Exec or Environment | critical |
| added job, system or global-user scope: enabled or loaded / neither | high / medium |
| added job of one user: lingering newly added for that user / otherwise | high / medium |
| added linger / added loose unit / added orphan stamp | medium / low / low |
| changed commands, user, activated unit, schedule, environment, load state, or a drop-in came | high |
| changed otherwise | medium |
| timer removed, masked, disabled or in another state: protective one / other | high / medium |
| other unit masked or in another state: protective one / other | high / low |
| other unit removed | low |
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import assert_never

from fleetscan.analyse.launched import find_dubious_paths
from fleetscan.analyse.meaning import LOAD_STATE_KEY
from fleetscan.model.drift import DirectiveChange, DriftKind, Severity
from fleetscan.model.ids import scope_user
from fleetscan.model.subject import Subject, SubjectKind
from fleetscan.model.unit import SourceKind

# Units that update a host or watch over it, by name without suffix; removing or masking them is a gain for an intruder.
_PROTECTIVE = frozenset(
    {
        "aide",
        "aidecheck",
        "apt-daily",
        "apt-daily-upgrade",
        "auditd",
        "chkrootkit",
        "clamav-daemon",
        "clamav-freshclam",
        "clamav-freshclam-once",
        "crowdsec",
        "dailyaidecheck",
        "debsecan",
        "debsums",
        "dnf-automatic",
        "dnf-automatic-download",
        "dnf-automatic-install",
        "dnf-automatic-notifyonly",
        "dnf5-automatic",
        "elastic-agent",
        "esm-cache",
        "fail2ban",
        "falcon-sensor",
        "filebeat",
        "fwupd-refresh",
        "lynis",
        "mdatp",
        "osqueryd",
        "packagekit-background",
        "rkhunter",
        "rsyslog",
        "samhain",
        "snapd.refresh",
        "tripwire",
        "ua-timer",
        "ubuntu-advantage",
        "unattended-upgrades",
        "wazuh-agent",
        "yum-cron",
    }
)
_GRAVE_KEYS = frozenset(
    {
        "DynamicUser",
        "Environment",
        "EnvironmentFile",
        "Group",
        LOAD_STATE_KEY,
        "OnFailure",
        "OnSuccess",
        "PassEnvironment",
        "RootDirectory",
        "RootImage",
        "StandardInputData",
        "StandardInputText",
        "Unit",
        "User",
        "WorkingDirectory",
    }
)
_ON_DISK_ENABLED = ("enabled", "linked", "alias", "transient", "generated")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a severity is judged from.

    Attributes:
        subject: The host's form; for `removed` the expected one.
        expected: The accepted form, None for `added`.
        new_lingering: Users for whom lingering came with the same comparison.
    """

    kind: DriftKind
    subject: Subject
    expected: Subject | None = None
    changes: Collection[DirectiveChange] = ()
    raw_only: bool = False
    new_lingering: frozenset[str] = frozenset()


def judge_severity(evidence: Evidence) -> Severity:
    """Give the severity of one drift by the table above."""
    if evidence.kind is not DriftKind.REMOVED and _comes_to_run_dubious(evidence):
        return Severity.CRITICAL
    if evidence.raw_only or evidence.subject.generated:
        return Severity.INFO
    match evidence.kind:
        case DriftKind.ADDED:
            return _judge_added(evidence)
        case DriftKind.REMOVED:
            return _judge_loss(evidence.subject, other=Severity.LOW)
        case DriftKind.CHANGED:
            return _judge_changed(evidence)
        case DriftKind.STATE:
            worst = _judge_loss(evidence.subject, other=Severity.LOW)
            return max(worst, _judge_changed(evidence)) if evidence.changes else worst
        case _:
            assert_never(evidence.kind)


def is_protective(subject: Subject) -> bool:
    """Tell whether a subject updates the host or watches over it."""
    names = (subject.key.name, *subject.unit_names)
    return any(name.rpartition(".")[0].partition("@")[0] in _PROTECTIVE for name in names)


def runs_by_itself(subject: Subject) -> bool:
    """Tell whether a job is enabled or loaded, as far as any view tells."""
    return (
        subject.state.enabled.startswith(_ON_DISK_ENABLED)
        or subject.state.active in ("active", "failed")
        or subject.state.listed is True
        or bool(subject.links)
        or subject.transient
    )


def _judge_added(evidence: Evidence) -> Severity:
    subject = evidence.subject
    match subject.key.kind:
        case SubjectKind.JOB:
            user = scope_user(subject.key.scope)
            if user is not None:
                return Severity.HIGH if user in evidence.new_lingering else Severity.MEDIUM
            return Severity.HIGH if runs_by_itself(subject) else Severity.MEDIUM
        case SubjectKind.LINGER:
            return Severity.MEDIUM
        case SubjectKind.UNIT:
            return Severity.CRITICAL if _hooks_whole_type(subject) else Severity.LOW
        case SubjectKind.STAMP:
            return Severity.LOW
        case _:
            assert_never(subject.key.kind)


def _judge_changed(evidence: Evidence) -> Severity:
    subject, expected = evidence.subject, evidence.expected
    grave = any(_is_grave(change) for change in evidence.changes)
    if grave and subject.key.kind is SubjectKind.UNIT and _hooks_whole_type(subject):
        return Severity.CRITICAL
    known = {s.path for s in expected.sources} if expected else set()
    new_drop_in = any(s.kind is SourceKind.DROP_IN and s.path not in known for s in subject.sources)
    return Severity.HIGH if grave or new_drop_in else Severity.MEDIUM


def _judge_loss(subject: Subject, *, other: Severity) -> Severity:
    if is_protective(subject):
        return Severity.HIGH
    return Severity.MEDIUM if subject.key.kind is SubjectKind.JOB else other


def _is_grave(change: DirectiveChange) -> bool:
    is_trigger = change.section == "Timer" and change.key.startswith("On")
    return change.key in _GRAVE_KEYS or change.key.startswith("Exec") or is_trigger


def _hooks_whole_type(subject: Subject) -> bool:
    """Tell whether these are drop-ins for every unit of a type that make it run or load something."""
    return subject.key.name.endswith(".d") and any(
        directive.key.startswith(("Exec", "Environment")) for _unit, directive in subject.directives
    )


def _comes_to_run_dubious(evidence: Evidence) -> bool:
    before = find_dubious_paths(evidence.expected) if evidence.expected else ()
    return any(path not in before for path in find_dubious_paths(evidence.subject))
