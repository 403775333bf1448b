"""Periods during which a host's state did not change; what "first seen" is answered from."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, func, insert, select, update

from fleetscan.model.ids import SweepId
from fleetscan.store.contents import chunked
from fleetscan.store.tables import HostManifestRow


def save_periods(connection: Connection, sweep_id: SweepId, seen: Mapping[int, tuple[int, datetime]]) -> None:
    """Extend the current period of hosts whose state is the same as last time, and begin one for the others.

    Args:
        connection: In a writing transaction that no other writer of these hosts can overlap.
        sweep_id: The sweep that saw the states.
        seen: Host id → manifest id and when the visit began.
    """
    current = _current_periods(connection, seen)
    extended: list[dict[str, object]] = []
    begun: list[dict[str, object]] = []
    for host_id, (manifest_id, seen_at) in seen.items():
        number, last_manifest_id = current.get(host_id, (0, None))
        if manifest_id == last_manifest_id:
            extended.append({"host": host_id, "period": number, "sweep": sweep_id, "seen_at": seen_at})
        else:
            begun.append(
                {
                    "host_id": host_id,
                    "number": number + 1,
                    "manifest_id": manifest_id,
                    "first_sweep": sweep_id,
                    "last_sweep": sweep_id,
                    "first_seen_at": seen_at,
                    "last_seen_at": seen_at,
                }
            )
    if extended:
        period = and_(HostManifestRow.host_id == bindparam("host"), HostManifestRow.number == bindparam("period"))
        extend = update(HostManifestRow).where(period)
        connection.execute(extend.values(last_sweep=bindparam("sweep"), last_seen_at=bindparam("seen_at")), extended)
    if begun:
        connection.execute(insert(HostManifestRow), begun)


def _current_periods(connection: Connection, host_ids: Mapping[int, object]) -> dict[int, tuple[int, int]]:
    """Give number and manifest id of the last period of hosts; hosts without any are left out."""
    current: dict[int, tuple[int, int]] = {}
    for chunk in chunked(host_ids):
        latest = (
            select(HostManifestRow.host_id, func.max(HostManifestRow.number).label("number"))
            .where(HostManifestRow.host_id.in_(chunk))
            .group_by(HostManifestRow.host_id)
            .subquery()
        )
        query = select(HostManifestRow.host_id, HostManifestRow.number, HostManifestRow.manifest_id).join(
            latest, and_(HostManifestRow.host_id == latest.c.host_id, HostManifestRow.number == latest.c.number)
        )
        for host_id, number, manifest_id in connection.execute(query):
            current[host_id] = (number, manifest_id)
    return current
