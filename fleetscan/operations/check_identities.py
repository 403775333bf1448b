"""Whether the hosts of a sweep are those they were."""

from collections.abc import Iterable, Mapping

from fleetscan.analyse.identity import FleetIdentities, find_identity_faults, find_refusal
from fleetscan.analyse.identity_findings import FaultCounts, build_identity_findings
from fleetscan.model.baseline import Cohort
from fleetscan.model.finding import Finding
from fleetscan.model.host import Host
from fleetscan.model.identity import ClockReading, IdentityFault
from fleetscan.model.ids import HostName
from fleetscan.model.snapshot import RuntimeState
from fleetscan.model.sweep import Sweep, Visit
from fleetscan.store.store import Store


def check_identities(
    store: Store,
    hosts: Mapping[HostName, Host],
    sweep: Sweep,
    visits: Iterable[Visit],
    runtimes: Mapping[HostName, RuntimeState],
    cohorts: Mapping[HostName, Cohort],
) -> tuple[Finding, ...]:
    """Find what does not fit in the identities of the hosts of a sweep.

    Args:
        store: Where their past is.
        hosts: The inventory; others are not judged and not compared with.
        sweep: Which sweep.
        visits: All of it, those too that failed: a refused host key is a finding.
        runtimes: Of hosts whose latest visit is of this sweep; they tell the time.
        cohorts: Of hosts that gave state.

    Returns:
        By host and aspect.
    """
    histories = {h.host: h for h in store.visits.identity_histories(sweep.id) if h.host in hosts}
    fleet = FleetIdentities.of(histories.values())
    faults: dict[HostName, tuple[IdentityFault, ...]] = {}
    looked_at = [visit for visit in visits if visit.host in hosts]
    for visit in looked_at:
        history = histories.get(visit.host)
        if visit.outcome.has_state:
            reading = _read_clocks(visit, runtimes.get(visit.host))
            faults[visit.host] = find_identity_faults(history, fleet, reading) if history is not None else ()
        elif (refusal := find_refusal(visit, was_read=history is not None)) is not None:
            faults[visit.host] = (refusal,)
    counts = FaultCounts.of(len(looked_at), (fault for group in faults.values() for fault in group))
    return tuple(
        finding
        for host, group in sorted(faults.items())
        for finding in build_identity_findings(
            host, cohorts.get(host) or Cohort(hosts[host].role, "", ""), group, counts
        )
    )


def _read_clocks(visit: Visit, runtime: RuntimeState | None) -> ClockReading | None:
    if runtime is None or runtime.remote_at is None:
        return None
    return ClockReading(started_at=visit.started_at, duration_s=visit.duration_s, remote_at=runtime.remote_at)
