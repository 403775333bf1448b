"""The jobs of a host as its newest state has them; equal states are understood once."""

from collections.abc import Mapping
from dataclasses import dataclass

from fleetscan.errors import UsageError
from fleetscan.model.coverage import Coverage
from fleetscan.model.ids import HostName, Scope
from fleetscan.model.snapshot import Artifact, HostFacts, RuntimeState, TimerRow
from fleetscan.model.sweep import Visit
from fleetscan.model.unit import Job
from fleetscan.operations.host_states import StateReader
from fleetscan.operations.job_parts import Places, place_programs
from fleetscan.store.store import Store
from fleetscan.systemd.jobs import build_jobs
from fleetscan.systemd.reached import find_homes

_Jobs = tuple[tuple[Job, ...], Mapping[tuple[Scope, str], Places]]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostJobs:
    """What the last visit of a host that gave a state found.

    Attributes:
        visit: That visit.
        jobs: Sorted by scope and name.
        places: Which commands run or read which program, by scope and name of the job.
        runtime: Empty when it was not kept.
    """

    visit: Visit
    jobs: tuple[Job, ...]
    places: Mapping[tuple[Scope, str], Places]
    artifacts: tuple[Artifact, ...]
    runtime: RuntimeState

    @property
    def rows(self) -> Mapping[tuple[Scope, str], TimerRow]:
        """The rows of list-timers by scope and timer."""
        return {(row.scope, str(row.unit)): row for row in self.runtime.timers}


class JobReader:
    """Reads the jobs of hosts."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._states = StateReader(store)
        self._jobs: dict[tuple[int, HostFacts, Coverage], _Jobs] = {}

    def read(self, host: HostName) -> HostJobs | None:
        """Give the jobs of a host, None when it was never read."""
        visit = self._store.visits.latest_state(host)
        if visit is None or visit.manifest is None or visit.facts is None:
            return None
        artifacts = self._states.artifacts(visit.manifest)
        facts = visit.facts.without_identity()
        key = (visit.manifest, facts, visit.coverage)
        if key not in self._jobs:
            jobs = build_jobs(facts, artifacts, self._states.content, visit.coverage)
            homes = find_homes(artifacts)
            self._jobs[key] = jobs, {(job.scope, job.name): place_programs(job, homes) for job in jobs}
        jobs, places = self._jobs[key]
        runtime = self._store.visits.read_runtime(host) or RuntimeState()
        return HostJobs(visit=visit, jobs=jobs, places=places, artifacts=artifacts, runtime=runtime)

    def expect(self, host: HostName) -> HostJobs:
        """Give the jobs of a host that somebody asked for.

        Raises:
            UsageError: It was never read.
        """
        found = self.read(host)
        if found is None:
            raise UsageError(f"{host!r} was never read", hint="`fleetscan sweeps show` says what became of its visits")
        return found
