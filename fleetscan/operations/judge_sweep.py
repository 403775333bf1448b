"""Judge a sweep: what every host has, compared with its baseline, or with its peers while there is none."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from fleetscan.analyse.census import Member
from fleetscan.analyse.cohort import cohort_of
from fleetscan.analyse.compare import diff_cohort
from fleetscan.analyse.subjects import build_subjects
from fleetscan.model.baseline import Baseline, Cohort
from fleetscan.model.digest import digest_artifact
from fleetscan.model.drift import DriftItem, DriftKind, HostDrift
from fleetscan.model.host import Host
from fleetscan.model.ids import HostName, Sha256
from fleetscan.model.snapshot import Artifact, ArtifactKind, HostFacts
from fleetscan.model.subject import Subject, SubjectKind
from fleetscan.model.sweep import Sweep, Visit
from fleetscan.store.store import Store

_ON_DISK = (ArtifactKind.FILE, ArtifactKind.LINK)
_OF_MANAGER = (ArtifactKind.UNIT_FILE, ArtifactKind.LOADED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A judged sweep.

    Attributes:
        visits: One per host, by name.
        drifts: One per compared host, by name.
        baselines: The baselines that were used.
        strangers: Hosts of the sweep that the inventory no longer has; they are not judged.
    """

    sweep: Sweep
    visits: tuple[Visit, ...]
    drifts: tuple[HostDrift, ...]
    baselines: tuple[Baseline, ...]
    strangers: tuple[HostName, ...]


class StateReader:
    """Reads states and subjects of visits; equal states are read and understood once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._contents: dict[Sha256, bytes | None] = {}
        self._artifacts: dict[int, tuple[Artifact, ...]] = {}
        self._subjects: dict[tuple[int, HostFacts], tuple[Subject, ...]] = {}

    def content(self, sha256: Sha256) -> bytes | None:
        """Give a file's bytes, None when they were never fetched."""
        if sha256 not in self._contents:
            self._contents[sha256] = self._store.contents.read_content(sha256)
        return self._contents[sha256]

    def artifacts(self, manifest: int) -> tuple[Artifact, ...]:
        """Give a state's artifacts."""
        if manifest not in self._artifacts:
            self._artifacts[manifest] = self._store.visits.read_artifacts(manifest)
        return self._artifacts[manifest]

    def subjects(self, manifest: int, facts: HostFacts) -> tuple[Subject, ...]:
        """Give a state's subjects."""
        general = replace(facts, machine_id="", hostname="", kernel="", login="")
        key = (manifest, general)
        if key not in self._subjects:
            self._subjects[key] = build_subjects(general, self.artifacts(manifest), self.content)
        return self._subjects[key]


def judge_sweep(store: Store, hosts: Mapping[HostName, Host], sweep: Sweep, reader: StateReader) -> Judgement:
    """Compare every host of a sweep that gave state.

    A sweep of a few hosts compares them with the whole cohort: hosts that it did not ask for stand in with their last
    state. Hosts that were asked for and failed do not, since nobody knows what they have now.

    Args:
        store: Where the sweep is.
        hosts: The inventory; it decides roles and owners.
        sweep: Which sweep.
        reader: Shared between calls, so that unchanged hosts cost nothing the second time.
    """
    visits = store.visits.read_visits(sweep.id)
    asked = {visit.host for visit in visits}
    bystanders = tuple(visit for visit in store.visits.states_before(sweep.id) if visit.host not in asked)
    drifts, baselines = _compare(store, hosts, (*visits, *bystanders), reader)
    by_host = {visit.host: visit for visit in visits}
    dated = (_date_items(store, reader, by_host[d.host], d) for d in drifts if d.host in by_host)
    return Judgement(
        sweep=sweep,
        visits=visits,
        drifts=tuple(sorted(dated, key=lambda drift: drift.host)),
        baselines=tuple(baselines),
        strangers=tuple(visit.host for visit in visits if visit.host not in hosts),
    )


def judge_before(
    store: Store, hosts: Mapping[HostName, Host], sweep: Sweep, reader: StateReader
) -> tuple[HostDrift, ...]:
    """Compare every host as it was when it was last read before a sweep, by today's baselines.

    What drifted then is known now, also on hosts that failed, or were not asked for, in the sweeps in between.
    """
    drifts, _ = _compare(store, hosts, store.visits.states_before(sweep.id), reader)
    return tuple(drifts)


def _compare(
    store: Store, hosts: Mapping[HostName, Host], visits: Iterable[Visit], reader: StateReader
) -> tuple[list[HostDrift], list[Baseline]]:
    drifts: list[HostDrift] = []
    baselines: list[Baseline] = []
    for cohort, members in sorted(group_members(visits, hosts, reader).items()):
        baseline = store.baselines.current_baseline(cohort)
        if baseline is not None:
            baselines.append(baseline)
        drifts.extend(diff_cohort(cohort, members, baseline, reader.content))
    return drifts, baselines


def group_members(
    visits: Iterable[Visit], hosts: Mapping[HostName, Host], reader: StateReader
) -> dict[Cohort, list[Member]]:
    """Sort the hosts that gave state into cohorts. Hosts that left the inventory have no role and are left out."""
    cohorts: defaultdict[Cohort, list[Member]] = defaultdict(list)
    for visit in visits:
        host = hosts.get(visit.host)
        if host is None or visit.facts is None or visit.manifest is None:
            continue
        subjects = reader.subjects(visit.manifest, visit.facts)
        cohorts[cohort_of(host, visit.facts)].append(Member(visit.host, subjects, visit.coverage))
    return dict(cohorts)


def _date_items(store: Store, reader: StateReader, visit: Visit, drift: HostDrift) -> HostDrift:
    """Fill in since when the host has what drifted: the youngest of the pieces that it is made of."""
    if visit.manifest is None or not drift.items:
        return drift
    by_name: defaultdict[str, list[Artifact]] = defaultdict(list)
    for artifact in reader.artifacts(visit.manifest):
        by_name[artifact.name].append(artifact)
    pieces = {index: _pieces(item, by_name) for index, item in enumerate(drift.items)}
    digests = {digest for group in pieces.values() for digest in group}
    seen = store.sightings.first_seen(drift.host, digests)
    items = []
    for index, item in enumerate(drift.items):
        youngest = max(
            (seen[digest] for digest in pieces[index] if digest in seen),
            key=lambda since: since.first_seen_at,
            default=None,
        )
        if youngest is None:
            items.append(item)
        else:
            absent: datetime | None = youngest.last_absent_at
            items.append(replace(item, first_seen_at=youngest.first_seen_at, last_absent_at=absent))
    return replace(drift, items=tuple(items))


def _pieces(item: DriftItem, by_name: Mapping[str, Sequence[Artifact]]) -> tuple[Sha256, ...]:
    """Give the digests of the artifacts, which are told by name, that a drifted subject is made of."""
    if item.kind is DriftKind.REMOVED:
        return ()
    subject = item.subject
    if subject.key.kind is SubjectKind.LINGER:
        user = subject.key.scope.partition(":")[2]
        chosen = [a for a in by_name.get(user, ()) if a.kind is ArtifactKind.LINGER]
    else:
        paths = {source.path for source in subject.sources} | set(subject.links)
        chosen = [a for path in sorted(paths) for a in by_name.get(path, ()) if a.kind in _ON_DISK]
        if not chosen or item.kind is DriftKind.STATE:
            chosen += [
                a
                for name in subject.unit_names
                for a in by_name.get(name, ())
                if a.kind in _OF_MANAGER and a.scope == subject.key.scope
            ]
    return tuple(digest_artifact(artifact) for artifact in chosen)
