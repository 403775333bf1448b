"""Which identities a host showed: machine id, host name and host key, and when."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, insert, select, update

from fleetscan.model.digest import digest_json
from fleetscan.model.identity import Identity, IdentityHistory
from fleetscan.model.ids import HostName, Sha256, SweepId
from fleetscan.model.snapshot import HostSnapshot
from fleetscan.store.contents import chunked
from fleetscan.store.database import Database
from fleetscan.store.tables import HostIdentityRow, HostRow, VisitRow


@dataclass(frozen=True, slots=True, kw_only=True)
class HostIdentity:
    """One identity that a host showed.

    Attributes:
        machine_id: Empty when it could not be read.
        host_key: `SHA256:…` of the verified host key.
        first_sweep: The first sweep that saw this identity.
        last_sweep: The last one; other identities may have come between.
    """

    machine_id: str
    hostname: str
    host_key: str
    first_sweep: SweepId
    last_sweep: SweepId


def save_identities(
    connection: Connection, sweep_id: SweepId, snapshots: Sequence[tuple[int, HostSnapshot]]
) -> dict[int, int]:
    """Record the identities of hosts.

    Args:
        connection: In a writing transaction.
        sweep_id: The sweep that saw them.
        snapshots: Each with the id of its host; no host twice.

    Returns:
        Host id → identity id.
    """
    known: dict[tuple[int, Sha256], int] = {}
    for chunk in chunked([host_id for host_id, _ in snapshots]):
        query = select(HostIdentityRow.host_id, HostIdentityRow.digest, HostIdentityRow.id)
        for host_id, digest, identity_id in connection.execute(query.where(HostIdentityRow.host_id.in_(chunk))):
            known[host_id, digest] = identity_id
    ids: dict[int, int] = {}
    seen_again: list[dict[str, int]] = []
    new: list[dict[str, object]] = []
    for host_id, snapshot in snapshots:
        facts = snapshot.facts
        digest = digest_json([facts.machine_id, facts.hostname, snapshot.host_key])
        if (host_id, digest) in known:
            ids[host_id] = known[host_id, digest]
            seen_again.append({"row_id": ids[host_id], "sweep": sweep_id})
        else:
            new.append(
                {
                    "host_id": host_id,
                    "digest": digest,
                    "machine_id": facts.machine_id,
                    "hostname": facts.hostname,
                    "host_key": snapshot.host_key,
                    "first_sweep": sweep_id,
                    "last_sweep": sweep_id,
                }
            )
    if seen_again:
        renew = update(HostIdentityRow).where(HostIdentityRow.id == bindparam("row_id"))
        connection.execute(renew.values(last_sweep=bindparam("sweep")), seen_again)
    if new:
        inserted = insert(HostIdentityRow).returning(HostIdentityRow.host_id, HostIdentityRow.id)
        ids.update(dict(connection.execute(inserted, new).all()))
    return ids


def read_identities(database: Database, host: HostName) -> tuple[HostIdentity, ...]:
    """Give all identities a host showed, the one seen last at the end."""
    query = (
        select(
            HostIdentityRow.machine_id,
            HostIdentityRow.hostname,
            HostIdentityRow.host_key,
            HostIdentityRow.first_sweep,
            HostIdentityRow.last_sweep,
        )
        .join(HostRow, HostRow.id == HostIdentityRow.host_id)
        .where(HostRow.name == host)
        .order_by(HostIdentityRow.last_sweep, HostIdentityRow.id)
    )
    with database.read() as connection:
        return tuple(
            HostIdentity(machine_id=machine_id, hostname=hostname, host_key=key, first_sweep=first, last_sweep=last)
            for machine_id, hostname, key, first, last in connection.execute(query)
        )


def read_identity_histories(database: Database, sweep: SweepId) -> tuple[IdentityHistory, ...]:
    """Give the identities of all hosts that were read in a sweep or before it, by host name."""
    ever: defaultdict[HostName, dict[int, Identity]] = defaultdict(dict)
    query = (
        select(
            HostRow.name,
            HostIdentityRow.id,
            HostIdentityRow.machine_id,
            HostIdentityRow.hostname,
            HostIdentityRow.host_key,
        )
        .join(HostRow, HostRow.id == HostIdentityRow.host_id)
        .where(HostIdentityRow.first_sweep <= sweep)
    )
    with database.read() as connection:
        for name, row_id, machine_id, hostname, key in connection.execute(query):
            ever[name][row_id] = Identity(machine_id=machine_id, hostname=hostname, host_key=key)
        now = _last_shown(connection, sweep)
        before = _last_shown(connection, SweepId(sweep - 1))
    return tuple(
        IdentityHistory(
            host=host,
            sweep=last,
            current=ever[host][row_id],
            before=ever[host][before[host][1]] if last == sweep and host in before else None,
            ever=frozenset(ever[host].values()),
        )
        for host, (last, row_id) in sorted(now.items())
    )


def _last_shown(connection: Connection, sweep: SweepId) -> dict[HostName, tuple[SweepId, int]]:
    """Give the last sweep up to one that read each host, and the identity that it saw."""
    last = (
        select(VisitRow.host_id, func.max(VisitRow.sweep_id).label("sweep_id"))
        .where(VisitRow.sweep_id <= sweep, VisitRow.identity_id.is_not(None))
        .group_by(VisitRow.host_id)
        .subquery()
    )
    query = (
        select(HostRow.name, VisitRow.sweep_id, VisitRow.identity_id)
        .join(HostRow, HostRow.id == VisitRow.host_id)
        .join(last, (last.c.host_id == VisitRow.host_id) & (last.c.sweep_id == VisitRow.sweep_id))
    )
    return {
        name: (SweepId(sweep_id), row_id) for name, sweep_id, row_id in connection.execute(query) if row_id is not None
    }
