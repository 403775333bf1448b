"""The past of a unit, of a file's content, or of a host: first and last seen, where, and what changed each time."""

import re
from dataclasses import replace
from enum import StrEnum

from fleetscan.errors import UsageError
from fleetscan.export.question_records import HistoryRecord
from fleetscan.model.ids import HostName
from fleetscan.model.subject import Subject, SubjectKind
from fleetscan.operations.history_presence import find_periods, group_periods, trace_presences
from fleetscan.operations.history_records import tell_host, tell_presences, tell_steps
from fleetscan.operations.history_walk import Walker
from fleetscan.operations.hunt_states import ContentCache, read_states, share_states
from fleetscan.store.holdings import Holding
from fleetscan.store.state_periods import StatePeriod
from fleetscan.store.store import Store

_HASH = re.compile(r"[0-9A-Fa-f]{6,64}")
_MAX_HASHES = 2


class Target(StrEnum):
    """What somebody may ask the past of."""

    HOST = "host"
    HASH = "sha256"
    UNIT = "unit"


def find_target(store: Store, text: str) -> Target:
    """Tell what a text names: a host that was visited, else the beginning of a hash of some file, else a unit."""
    if HostName(text) in store.visits.list_hosts():
        return Target.HOST
    if _HASH.fullmatch(text) and store.sightings.find_contents(text.lower(), 1):
        return Target.HASH
    return Target.UNIT


def tell_history(store: Store, text: str, target: Target | None = None) -> tuple[HistoryRecord, ...]:
    """Tell the past.

    Args:
        store: Where it is.
        text: A host, the beginning of a hash, or a unit; `.timer` may be left out.
        target: Which of these; None finds out.

    Returns:
        Of a unit or content by host and time; of a host by time.

    Raises:
        UsageError: No host ever had it.
    """
    match target or find_target(store, text):
        case Target.HOST:
            return _tell_host(store, HostName(text))
        case Target.HASH:
            sha256, holdings = find_holdings(store, text, Target.HASH)
            return tuple(tell_presences(sha256, trace_presences(store, holdings)))
        case Target.UNIT:
            return _tell_unit(store, text)


def find_holdings(store: Store, text: str, target: Target) -> tuple[str, dict[int, frozenset[Holding]]]:
    """Find the states that have a content or a unit.

    Returns:
        The full hash or name, and the holdings by manifest.

    Raises:
        UsageError: No host ever had it, or several hashes begin so.
    """
    if target is Target.HASH:
        found = store.sightings.find_contents(text.lower(), _MAX_HASHES) if _HASH.fullmatch(text) else ()
        if len(found) != 1:
            why = f"no host ever had a file whose hash begins with {text!r}" if not found else f"{text!r} is not unique"
            raise UsageError(why, hint="give more digits" if found else "`fleetscan hunt` looks for other things")
        states = store.sightings.states_with_contents(found)
        return found[0], {number: frozenset(holding for _, holding in held) for number, held in states.items()}
    for name in (text, f"{text}.timer"):
        units = store.sightings.states_with_unit(name)
        if units:
            return name, dict(units)
    raise UsageError(f"no host ever had a unit {text!r}", hint="`fleetscan hunt --path` looks for files by glob")


def _tell_unit(store: Store, text: str) -> tuple[HistoryRecord, ...]:
    name, holdings = find_holdings(store, text, Target.UNIT)
    periods = _look_best(store, find_periods(store, holdings))
    contents = ContentCache(store)
    states = share_states(periods)
    subjects = {
        state.key: tuple(subject for subject in found if _is_named(subject, name))
        for state, _, found in read_states(store, (s for s in states if s.key.manifest in holdings), contents)
    }
    walker = Walker(subjects, contents.read)
    records: list[HistoryRecord] = []
    for _, mine in group_periods(periods):
        records += tell_steps(tuple(walker.walk(mine)))
    return tuple(records)


def _is_named(subject: Subject, name: str) -> bool:
    return subject.key.kind in (SubjectKind.JOB, SubjectKind.UNIT) and name in (*subject.unit_names, subject.key.name)


def _tell_host(store: Store, host: HostName) -> tuple[HistoryRecord, ...]:
    periods = _look_best(store, store.periods.list_periods((host,)))
    if not periods:
        raise UsageError(f"{host!r} was never read", hint="`fleetscan sweeps show` says what became of its visits")
    contents = ContentCache(store)
    subjects = {state.key: found for state, _, found in read_states(store, share_states(periods), contents)}
    return tuple(tell_host(tuple(Walker(subjects, contents.read).walk(periods))))


def _look_best(store: Store, periods: tuple[StatePeriod, ...]) -> tuple[StatePeriod, ...]:
    """Take of each period the visit that could read the most: what one visit could not read, another one did."""
    looks = store.periods.list_looks(period.visit.host for period in periods)
    return tuple(replace(period, visit=looks[period.visit.host, period.number][0].visit) for period in periods)
