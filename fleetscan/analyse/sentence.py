"""Drift in one plain sentence. Names and commands come from hosts: they are cut here and escaped where shown."""

from collections.abc import Sequence

from fleetscan.analyse.fingerprint import describe_state
from fleetscan.analyse.readiness import runs_by_itself
from fleetscan.analyse.vantage import Vantage
from fleetscan.model.baseline import WIDENED, Cohort
from fleetscan.model.drift import PEERS, DirectiveChange, TargetChange
from fleetscan.model.ids import SYSTEM, HostName, scope_user
from fleetscan.model.relation import Disagreement
from fleetscan.model.subject import Subject, SubjectKey, SubjectKind

_NAMES = {
    SubjectKind.LINGER: "lingering of {}",
    SubjectKind.STAMP: "the stamp of {}",
    SubjectKind.MANAGER: "the manager's {}",
    SubjectKind.TRACE: "the trace of {}",
    SubjectKind.IDENTITY: "the {}",
}
_MAX_TEXT = 160
_MAX_VALUE = 100
_MAX_CHANGES = 2


def cut_text(text: str, max_chars: int = _MAX_TEXT) -> str:
    """Give a text of bounded length, with a mark where it was cut."""
    return text if len(text) <= max_chars else text[: max_chars - 1] + "…"


def name_subject(key: SubjectKey) -> str:
    """Name a subject for a reader, with its scope when that is not the system's."""
    name = cut_text(key.name)
    scope = "" if key.scope == SYSTEM else f" ({_name_scope(key)})"
    if key.kind in (SubjectKind.JOB, SubjectKind.UNIT):
        return f"{name}{scope}"
    return _NAMES.get(key.kind, f"the {key.kind.value} {{}}").format(name) + (
        scope if key.kind is SubjectKind.MANAGER else ""
    )


def say_added(host: HostName, cohort: Cohort, subject: Subject, others: Vantage) -> str:
    """Say what a host has and others have not."""
    return f"{host} {_say_presence(subject)}; {_say_others(cohort, subject, others)}"


def say_removed(host: HostName, cohort: Cohort, expected: Subject, others: Vantage) -> str:
    """Say what a host lacks."""
    seen = others.prevalence(expected.key)
    what = f" ({cut_text(expected.summary)})" if expected.summary else ""
    return f"{host} lacks {name_subject(expected.key)}{what}; {seen} other {_hosts(cohort, seen.of_hosts)} have it"


def say_changed(host: HostName, reference: str, subject: Subject, changes: tuple[DirectiveChange, ...]) -> str:
    """Say what a host's form does differently: commands first, since they are what a reader must judge."""
    ranked = sorted(changes, key=lambda change: (not change.key.startswith("Exec"), change.unit, change.key))
    told = "; ".join(_say_change(change) for change in ranked[:_MAX_CHANGES]) or "its settings differ"
    more = f"; and {len(ranked) - _MAX_CHANGES} more" if len(ranked) > _MAX_CHANGES else ""
    expected = "its peers" if reference == PEERS else reference
    return f"{host} differs from {expected} in {name_subject(subject.key)}: {told}{more}"


def _say_change(change: DirectiveChange) -> str:
    unit, key = cut_text(change.unit, _MAX_VALUE), cut_text(change.key, _MAX_VALUE)
    added = [value for value in change.after if value not in change.before]
    gone = [value for value in change.before if value not in change.after]
    if added and gone:
        return f"{key} in {unit} is {_quote(added)} instead of {_quote(gone)}"
    if added:
        return f"{key}={_quote(added)} added in {unit}"
    if gone:
        return f"{key}={_quote(gone)} gone from {unit}"
    return f"{key} in another order in {unit}"


def _quote(values: list[str]) -> str:
    more = f" and {len(values) - 1} more" if len(values) > 1 else ""
    return cut_text(values[0], _MAX_VALUE) + more


def say_raw_only(host: HostName, reference: str, subject: Subject) -> str:
    """Say that only bytes differ."""
    return f"{host} has {name_subject(subject.key)} in other bytes than {_agree(reference)}; it does the same"


def say_state(host: HostName, reference: str, expected: Subject, subject: Subject, *, changed: bool) -> str:
    """Say in which state a host has a subject and which was expected."""
    before, after = cut_text(describe_state(expected)), cut_text(describe_state(subject))
    also = "; its settings differ as well" if changed else ""
    return f"{host} has {name_subject(subject.key)} {after}, where {_agree(reference)} {before}{also}"


def say_target(host: HostName, subject: Subject, targets: Sequence[TargetChange]) -> str:
    """Say which file behind unchanged units is another."""
    first = targets[0]
    more = f"; and {len(targets) - 1} more" if len(targets) > 1 else ""
    what = f"{cut_text(first.path)}, which {name_subject(subject.key)} runs or reads"
    return f"{host} has another {what}: {first.after} instead of {first.before}{more}"


def say_writable(host: HostName, subject: Subject, doors: Sequence[str]) -> str:
    """Say what others than root may write."""
    more = f"; and {len(doors) - 1} more" if len(doors) > 1 else ""
    return f"{host} lets others than root write what {name_subject(subject.key)} is made of: {cut_text(doors[0])}{more}"


def say_view(host: HostName, subject: Subject, disagreements: Sequence[Disagreement]) -> str:
    """Say where the views of a host contradict each other."""
    first = disagreements[0]
    more = f"; and {len(disagreements) - 1} more" if len(disagreements) > 1 else ""
    return (
        f"{host} tells two stories of {name_subject(subject.key)}: {first.kind.value} ({cut_text(first.detail)}){more}"
    )


def _say_presence(subject: Subject) -> str:
    key = subject.key
    match key.kind:
        case SubjectKind.JOB:
            user = "" if key.scope == SYSTEM else f", {_name_scope(key)}"
            summary = cut_text(subject.summary) or "runs nothing that could be read"
            idle = "" if runs_by_itself(subject) else ", neither enabled nor loaded"
            return f"{summary} ({cut_text(key.name)}{user}{idle})"
        case SubjectKind.UNIT:
            what = f", which {cut_text(subject.summary)}" if subject.summary else ""
            return f"has {name_subject(key)}{what}"
        case SubjectKind.LINGER:
            return f"starts the user manager of {cut_text(key.name)} at boot"
        case SubjectKind.STAMP:
            return f"keeps the stamp of {cut_text(key.name)}, a timer that is nowhere on it"
        case SubjectKind.TRACE:
            return cut_text(subject.summary)
        case _:
            return f"has {name_subject(key)}, which {cut_text(subject.summary)}"


def _say_others(cohort: Cohort, subject: Subject, others: Vantage) -> str:
    seen = others.prevalence(subject.key)
    hosts = f"other comparable {_hosts(cohort, seen.of_hosts)}"
    what = {SubjectKind.JOB: "has this timer", SubjectKind.UNIT: "has this name"}.get(subject.key.kind, "does that")
    if not seen.of_hosts:
        return "there is no other host to compare with"
    if not seen.count:
        return f"none of the {seen.of_hosts} {hosts} {what}"
    if subject.key.kind is SubjectKind.JOB and not others.prevalence_of_meaning(subject).count:
        return f"{seen} {hosts} have a timer of this name, none one that does this"
    return f"{seen} {hosts} {what.replace('has', 'have').replace('does', 'do')}"


def _hosts(cohort: Cohort, count: int) -> str:
    whose = "" if cohort.role == WIDENED else f"{cohort.role} "
    return f"{whose}host" if count == 1 else f"{whose}hosts"


def _agree(reference: str) -> str:
    return "its peers have" if reference == PEERS else f"{reference} has"


def _name_scope(key: SubjectKey) -> str:
    user = scope_user(key.scope)
    return f"user {cut_text(user)}" if user is not None else "every user"
