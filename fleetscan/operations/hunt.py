"""Who else has this: a hunt over the states of all hosts, now, in one sweep or since a day."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from fleetscan.analyse.provenance import provenance_of
from fleetscan.errors import UsageError
from fleetscan.export.question_records import HuntRecord, MatchRecord
from fleetscan.model.digest import digest_artifact
from fleetscan.model.ids import HostName, Sha256, SweepId
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.model.subject import Subject, SubjectKey
from fleetscan.operations.hunt_match import Quarry, match_subject
from fleetscan.operations.hunt_states import ContentCache, SharedState, read_states, share_states
from fleetscan.store.state_periods import StatePeriod
from fleetscan.store.store import Store
from fleetscan.systemd.triggers import describe_triggers

MIN_DIGITS = 6
"""Fewer digits of a hash would hit by chance."""

_HASH = re.compile(rf"[0-9a-f]{{{MIN_DIGITS},64}}")
_MAX_HASHES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class HuntOptions:
    """Where and what.

    Attributes:
        max_hosts: Only things on at most so many of the hosts; None for any number.
        since: Also states that hosts were in at this time or later; None for the newest state of each host.
        sweep: The states that one sweep saw, instead.
    """

    quarry: Quarry
    max_hosts: int | None = None
    since: datetime | None = None
    sweep: SweepId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HuntAnswer:
    """What was found, and what it was looked for in.

    Attributes:
        records: The rarest first, then by thing and host.
        hosts: How many hosts gave a state to look through.
        partial: Those of them of which something was not read.
        unread: Hosts that gave none.
    """

    records: tuple[HuntRecord, ...]
    hosts: int
    partial: tuple[HostName, ...]
    unread: tuple[HostName, ...]

    @property
    def is_whole(self) -> bool:
        """Whether finding nothing means that there is nothing."""
        return not self.partial and not self.unread


@dataclass(slots=True)
class _Thing:
    """One form of a subject with what matched; the periods of hosts that have it, each with its evidence."""

    subject: Subject
    matches: tuple[MatchRecord, ...]
    seen: dict[HostName, list[StatePeriod]] = field(default_factory=dict)
    digests: dict[HostName, set[frozenset[Sha256]]] = field(default_factory=dict)


_Things = dict[tuple[SubjectKey, Sha256, tuple[MatchRecord, ...]], _Thing]


def hunt(store: Store, options: HuntOptions) -> HuntAnswer:
    """Look through states of the fleet; the work is done once for hosts in equal states.

    Raises:
        UsageError: There is no such sweep.
    """
    periods, unread = _choose_periods(store, options)
    hosts = {period.visit.host for period in periods}
    partial = {period.visit.host for period in periods if not period.visit.coverage.is_complete}
    contents = ContentCache(store)
    states = _narrow(store, options.quarry, share_states(periods), contents)
    things: _Things = {}
    for state, artifacts, subjects in read_states(store, states, contents):
        _look_through(options.quarry, state, artifacts, subjects, contents, things)
    kept = [t for t in things.values() if options.max_hosts is None or len(t.seen) <= options.max_hosts]
    kept.sort(key=lambda thing: (len(thing.seen), thing.subject.key, thing.subject.summary))
    wanted = {d for thing in kept for forms in thing.digests.values() for form in forms for d in form}
    dates = store.sightings.first_seen_on_hosts(wanted)
    return HuntAnswer(
        records=tuple(record for thing in kept for record in _record(thing, dates, len(hosts))),
        hosts=len(hosts),
        partial=tuple(sorted(partial)),
        unread=unread,
    )


def resolve_hashes(store: Store, beginnings: Iterable[str]) -> tuple[Sha256, ...]:
    """Give the hashes that begin with these digits, of files that any host ever had.

    A hash that no host ever had is kept, so that a hunt for it finds nothing and not everything.

    Raises:
        UsageError: One is not the beginning of a SHA-256, or too short to say anything.
    """
    found: list[Sha256] = []
    for beginning in beginnings:
        digits = beginning.lower()
        if not _HASH.fullmatch(digits):
            raise UsageError(
                f"{beginning!r} is not a SHA-256 or the beginning of one", hint=f"{MIN_DIGITS} to 64 hexadecimal digits"
            )
        found += store.sightings.find_contents(digits, _MAX_HASHES) or (Sha256(digits.ljust(64, "0")),)
    return tuple(dict.fromkeys(found))


def _choose_periods(store: Store, options: HuntOptions) -> tuple[tuple[StatePeriod, ...], tuple[HostName, ...]]:
    if options.sweep is not None:
        store.sweeps.read_sweep(options.sweep)
        visits = store.visits.read_visits(options.sweep)
        latest = {p.visit.host: p.visit.manifest for p in store.periods.list_periods(current=True)}
        periods = tuple(
            StatePeriod(v, 0, v.started_at, v.started_at, is_current=latest.get(v.host) == v.manifest)
            for v in visits
            if v.manifest is not None
        )
        return periods, tuple(visit.host for visit in visits if visit.manifest is None)
    periods = store.periods.list_periods(since=options.since, current=options.since is None)
    seen = {period.visit.host for period in periods}
    return periods, tuple(host for host in store.visits.list_hosts() if host not in seen)


def _narrow(
    store: Store, quarry: Quarry, states: tuple[SharedState, ...], contents: ContentCache
) -> tuple[SharedState, ...]:
    """Leave out states that the database can tell to have no match, before any of them is understood."""
    if quarry.hashes:
        holding = store.sightings.states_with_contents(quarry.hashes).keys()
        states = tuple(state for state in states if state.key.manifest in holding)
    if quarry.texts and states:
        found = {
            sha256
            for sha256 in sorted(store.sightings.list_contents())
            if any(pattern.find_lines(sha256, contents.read) for pattern in quarry.texts)
        }
        holding = store.sightings.states_with_contents(found).keys()
        states = tuple(state for state in states if state.key.manifest in holding)
    return states


def _look_through(
    quarry: Quarry,
    state: SharedState,
    artifacts: tuple[Artifact, ...],
    subjects: tuple[Subject, ...],
    contents: ContentCache,
    things: _Things,
) -> None:
    by_name: dict[str, list[Artifact]] | None = None
    for subject in subjects:
        matches = match_subject(quarry, subject, contents.read)
        if not matches:
            continue
        if by_name is None:
            by_name = _index(artifacts)
        digests = _evidence_of(subject, matches, by_name)
        key = (subject.key, subject.fingerprint.meaning, matches)
        thing = things.setdefault(key, _Thing(subject, matches))
        for period in state.periods:
            thing.seen.setdefault(period.visit.host, []).append(period)
            thing.digests.setdefault(period.visit.host, set()).add(digests)


def _index(artifacts: Iterable[Artifact]) -> dict[str, list[Artifact]]:
    found: dict[str, list[Artifact]] = {}
    for artifact in artifacts:
        if artifact.kind is not ArtifactKind.DIRECTORY:
            found.setdefault(artifact.name, []).append(artifact)
    return found


def _evidence_of(
    subject: Subject, matches: tuple[MatchRecord, ...], by_name: Mapping[str, list[Artifact]]
) -> frozenset[Sha256]:
    """Give the digests of the files that matched, or else of what the manager says of the units."""
    chosen = [artifact for match in matches for artifact in by_name.get(match.path, ())]
    if not chosen:
        names = (*subject.unit_names, subject.key.name)
        chosen = [a for name in names for a in by_name.get(name, ()) if a.scope == subject.key.scope]
    return frozenset(digest_artifact(artifact) for artifact in chosen)


def _record(thing: _Thing, dates: Mapping[Sha256, Mapping[HostName, datetime]], of_hosts: int) -> Iterable[HuntRecord]:
    subject = thing.subject
    for host, periods in sorted(thing.seen.items()):
        last = max(periods, key=lambda period: period.last_seen_at)
        yield HuntRecord(
            host=host,
            subject=subject.key.kind.value,
            scope=subject.key.scope,
            name=subject.key.name,
            units=tuple(subject.unit_names),
            summary=subject.summary,
            user=subject.run_as,
            schedule=describe_triggers(subject.triggers) if subject.triggers else "",
            provenance=provenance_of(subject).value,
            matches=thing.matches,
            first_seen_at=_date(thing.digests[host], host, dates),
            last_seen_at=last.last_seen_at,
            sweep=last.visit.sweep,
            present=last.is_current,
            prevalence_count=len(thing.seen),
            prevalence_of_hosts=of_hosts,
        )


def _date(
    forms: Iterable[frozenset[Sha256]], host: HostName, dates: Mapping[Sha256, Mapping[HostName, datetime]]
) -> datetime | None:
    """Give when the first form of the evidence was whole: all of it is there since the youngest of its files came."""
    whole = (
        max((dates[digest][host] for digest in form if host in dates.get(digest, {})), default=None) for form in forms
    )
    return min((at for at in whole if at is not None), default=None)
