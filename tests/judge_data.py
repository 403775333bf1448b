"""Rules made by hand, for tests of what is done with what rules say."""

from collections.abc import Callable, Collection

from fleetscan.analyse.case import Case
from fleetscan.analyse.rules.rule import Rule
from fleetscan.model.drift import DriftKind, Severity
from fleetscan.model.finding import EvidenceLine, RuleId, Technique
from fleetscan.model.subject import SubjectKind

NO_LINES: tuple[EvidenceLine, ...] = ()


def rule(
    name: str,
    asks: Callable[[Case], bool],
    *,
    severity: Severity = Severity.HIGH,
    technique: Technique | None = Technique.CHANGE,
    needs_drift: bool = False,
    lines: tuple[EvidenceLine, ...] = NO_LINES,
) -> Rule:
    """Build a rule whose severity prevalence and provenance leave alone.

    Args:
        name: Its id.
        asks: Whether it matches.
        severity: Its own.
        technique: What a match means.
        needs_drift: Whether it is asked only of what differs.
        lines: Evidence of each match.
    """
    return Rule(
        id=RuleId(name),
        title=f"Title of {name}",
        severity=severity,
        technique=technique,
        attack=("T1053.006",),
        rationale="It is only for a test.",
        false_positives="None.",
        references=(),
        kinds=frozenset(SubjectKind),
        needs_drift=needs_drift,
        fixed=True,
        weight_only=False,
        match=lambda case: lines if asks(case) else None,
        about_new=True,
    )


def drifted(*kinds: DriftKind) -> Callable[[Case], bool]:
    """Ask for a difference of one of these kinds; of any kind without any."""
    return lambda case: any(not kinds or item.kind in kinds for item in case.drift)


def named(names: Collection[str]) -> Callable[[Case], bool]:
    """Ask for things of these names."""
    return lambda case: case.subject.key.name in names


def runs_below(folder: str) -> Callable[[Case], bool]:
    """Ask for a command whose program lies below a folder."""
    return lambda case: any(command.path.startswith(folder) for command in case.subject.commands)


NEW = rule("T-NEW", drifted(DriftKind.ADDED), technique=Technique.PLAIN_PAIR, needs_drift=True)
TEMPORARY = rule(
    "T-TMP",
    runs_below("/tmp/"),
    severity=Severity.CRITICAL,
    technique=Technique.PAYLOAD,
    lines=(EvidenceLine("ExecStart=/tmp/x", "/etc/systemd/system/x.service", 2),),
)
GONE = rule(
    "T-GONE", drifted(DriftKind.REMOVED), severity=Severity.MEDIUM, technique=Technique.IMPAIRMENT, needs_drift=True
)
ODD_PROCESS = rule("T-PROC", lambda case: bool(case.processes), technique=Technique.DELETED)
TRACED = rule(
    "T-TRACE",
    lambda case: case.subject.key.kind is SubjectKind.TRACE,
    severity=Severity.MEDIUM,
    technique=Technique.SHORT_LIVED,
)
CHANGED = rule(
    "T-CHANGED", drifted(DriftKind.CHANGED, DriftKind.TARGET, DriftKind.STATE, DriftKind.VIEW), needs_drift=True
)
RULES = (NEW, TEMPORARY, GONE, ODD_PROCESS, TRACED, CHANGED)
