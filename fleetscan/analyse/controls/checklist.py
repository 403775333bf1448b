"""The checklist: every control in its order, and the two halves in which it is answered."""

from collections.abc import Callable, Iterable

from fleetscan.analyse.controls import accounts, changes, executables, monitoring, permissions, privileges, running
from fleetscan.analyse.controls.evidence import StateEvidence, VisitEvidence, line_of
from fleetscan.model.control import Control, ControlResult, ControlStatus
from fleetscan.model.sweep import Visit

_OF_VISIT: tuple[tuple[Control, Callable[[VisitEvidence], ControlResult]], ...] = (
    (changes.FILES, changes.check_files),
    (changes.LINKS, changes.check_links),
    (running.PROCESSES, running.check_processes),
    (changes.BASELINE, changes.check_baseline),
    (running.LISTED, running.check_listed),
    (executables.EXECUTABLES, executables.check_executables),
    (running.AUDITED, running.check_audited),
    (running.TRANSIENT, running.check_transient),
)
_OF_STATE: tuple[tuple[Control, Callable[[StateEvidence], ControlResult]], ...] = (
    (permissions.DIRECTORIES, permissions.check_directories),
    (permissions.FILES, permissions.check_files),
    (permissions.PROGRAMS, permissions.check_programs),
    (permissions.LISTS, permissions.check_lists),
    (permissions.ATTRIBUTES, permissions.check_attributes),
    (monitoring.MONITORED, monitoring.check_monitored),
    (privileges.START, privileges.check_start),
    (privileges.EDIT, privileges.check_edit),
    (privileges.EVERYTHING, privileges.check_everything),
    (privileges.POLKIT, privileges.check_polkit),
    (privileges.GROUPS, privileges.check_groups),
    (accounts.LINGERING, accounts.check_lingering),
    (accounts.TIMERS, accounts.check_timers),
    (accounts.OWNERS, accounts.check_owners),
    (accounts.DORMANT, accounts.check_dormant),
)

CONTROLS: tuple[Control, ...] = tuple(control for control, _ in (*_OF_VISIT, *_OF_STATE))
"""All controls, detections first."""


def check_state(evidence: StateEvidence) -> tuple[ControlResult, ...]:
    """Answer the mitigations; hosts of equal state have equal results."""
    return tuple(check(evidence) for _, check in _OF_STATE)


def check_visit(evidence: VisitEvidence) -> tuple[ControlResult, ...]:
    """Answer the detections, which depend on what ran and on what the host is compared with."""
    return tuple(check(evidence) for _, check in _OF_VISIT)


def check_unread(visit: Visit) -> tuple[ControlResult, ...]:
    """Answer all controls of a host that gave no state: nothing is known of it."""
    lines = (line_of(f"the host was not read: {visit.outcome.value}: {visit.reason}"),)
    return tuple(
        ControlResult(control=control, status=ControlStatus.NOT_READABLE, evidence=lines) for control in CONTROLS
    )


def sort_results(results: Iterable[ControlResult]) -> tuple[ControlResult, ...]:
    """Give results in the order of the checklist."""
    order = {control.id: number for number, control in enumerate(CONTROLS)}
    return tuple(sorted(results, key=lambda result: order[result.control.id]))
