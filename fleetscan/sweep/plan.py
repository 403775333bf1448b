"""What to look at on a host, worked out once for all hosts with the same evidence."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fleetscan.model.ids import Scope, Sha256
from fleetscan.model.snapshot import Artifact, HostFacts
from fleetscan.systemd.jobs import MAX_JOBS, build_jobs, build_loose_units, count_timers
from fleetscan.systemd.programs import ProgramRef
from fleetscan.systemd.reached import find_homes, find_references, find_unread_sources
from fleetscan.systemd.tree import UnitTree

_PLANS = 128


@dataclass(frozen=True, slots=True)
class Plan:
    """What to look at on a host.

    Attributes:
        references: Files that commands name.
        included: Scope and path of files that units include (`.include`, before systemd 246).
        crowded: Scopes with more timers than are looked at, with their number.
        cut: Scope and path of units that name more files than are looked at.
    """

    references: tuple[ProgramRef, ...]
    included: tuple[tuple[Scope, str], ...]
    crowded: tuple[tuple[Scope, int], ...]
    cut: tuple[tuple[Scope, str], ...]


class Planner:
    """Tells what the jobs of a host reach; hosts with the same evidence share the answer."""

    def __init__(self) -> None:
        self._plans: OrderedDict[tuple[object, ...], Plan] = OrderedDict()

    def plan(self, facts: HostFacts, artifacts: Sequence[Artifact], contents: Mapping[Sha256, bytes]) -> Plan:
        """Give what the jobs and loose units of a host name.

        Args:
            facts: Of the host.
            artifacts: All evidence so far.
            contents: Bytes of its unit files.
        """
        key = (facts.systemd_version, facts.unit_path, facts.managers, frozenset(contents), tuple(artifacts))
        plan = self._plans.get(key)
        if plan is None:
            jobs = build_jobs(facts, artifacts, contents.get)
            loose = build_loose_units(facts, artifacts, contents.get, jobs)
            units = [unit for job in jobs for unit in job.units]
            references, cut = find_references(jobs, loose, find_homes(artifacts))
            plan = Plan(
                references,
                find_unread_sources([*units, *loose], UnitTree.of(facts, artifacts)),
                tuple((scope, count) for scope, count in count_timers(facts, artifacts).items() if count > MAX_JOBS),
                tuple((unit.scope, unit.sources[0].path if unit.sources else unit.name) for unit in cut),
            )
            if len(self._plans) >= _PLANS:
                self._plans.popitem(last=False)
            self._plans[key] = plan
        return plan
