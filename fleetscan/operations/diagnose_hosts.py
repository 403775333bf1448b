"""Visit hosts without keeping anything, and say what of them can be read and what would help."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from fleetscan.analyse.readings import Reading, read_areas
from fleetscan.analyse.remedies import Means, Remedy, find_remedy
from fleetscan.model.host import Host
from fleetscan.model.ids import Clock, HostName
from fleetscan.model.outcome import HostOutcome, Outcome, outcome_of
from fleetscan.model.snapshot import HostSnapshot
from fleetscan.operations.sweep_fleet import Observer, SweepOptions
from fleetscan.probe.script import load_probe
from fleetscan.ssh.public_key import load_public_key
from fleetscan.store.store import Store
from fleetscan.sweep.known import KnownContents
from fleetscan.sweep.local import run_local
from fleetscan.sweep.ports import RunTransport
from fleetscan.sweep.visit import Visitor


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What a visit of one host showed.

    Attributes:
        readings: How far each area was read; empty for a host that could not be visited.
        remedy: What would let it be read in full, or with less rights; None when rights are not the matter.
    """

    host: Host
    outcome: HostOutcome
    readings: tuple[Reading, ...]
    remedy: Remedy | None

    @property
    def is_complete(self) -> bool:
        """Whether all that decides what would run can be read."""
        return outcome_of(self.outcome) is Outcome.COMPLETE


def diagnose_hosts(
    hosts: Sequence[Host],
    jump_hosts: Collection[HostName],
    *,
    store: Store,
    transport: RunTransport,
    options: SweepOptions,
    clock: Clock,
    observer: Observer,
) -> tuple[Diagnosis, ...]:
    """Visit hosts as a sweep would, and keep nothing of what they show.

    Args:
        hosts: Whom to visit.
        jump_hosts: Through whom others are reached; their keys have to forward ports.
        store: Asked for contents that need not be fetched again; nothing is kept in it.
        transport: How they are reached.
        options: Bounds.
        clock: Now.
        observer: Told of each outcome.

    Returns:
        In the order of `hosts`; hosts without an outcome, because the run was interrupted, are not there.
    """
    outcomes: dict[HostName, HostOutcome] = {}

    def take(outcome: HostOutcome) -> None:
        outcomes[outcome.host] = outcome
        observer(outcome)

    script = load_probe()
    known = KnownContents(store.contents.missing_contents, store.contents.read_contents)
    visitor = Visitor(transport, script, known, clock, options.visit)
    run_local(hosts, transport, visitor, take, options.shard)
    keys = {files: load_public_key(files) for files in {host.connection.identity_files for host in hosts}}
    diagnoses = []
    for host in hosts:
        if (outcome := outcomes.get(host.name)) is not None:
            means = Means(script.sha256, keys[host.connection.identity_files], host.name in jump_hosts)
            readings = read_areas(outcome.coverage) if isinstance(outcome, HostSnapshot) else ()
            remedy = find_remedy(host.connection, outcome, means)
            diagnoses.append(Diagnosis(host=host, outcome=outcome, readings=readings, remedy=remedy))
    return tuple(diagnoses)
