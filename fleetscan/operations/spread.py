"""How a file or a unit spread over the fleet: the first host that had it, and its course."""

from bisect import bisect_right
from datetime import UTC

from fleetscan.export.question_records import SpreadRecord
from fleetscan.operations.history import Target, find_holdings, find_target
from fleetscan.operations.history_presence import trace_presences
from fleetscan.store.store import Store


def tell_spread(store: Store, text: str) -> tuple[SpreadRecord, ...]:
    """Tell on which hosts a content or unit ever was, in order of arrival.

    Args:
        store: Where the visits are.
        text: The beginning of a hash, or a unit; `.timer` may be left out.

    Returns:
        One for each host. Hosts that showed it in the same sweep come in the order of their visits, which says nothing
        about who had it first; `last_absent_at` says how much earlier it may have come.

    Raises:
        UsageError: No host ever had it.
    """
    target = Target.HASH if find_target(store, text) is Target.HASH else Target.UNIT
    _, holdings = find_holdings(store, text, target)
    found = trace_presences(store, holdings)
    ordered = sorted(found, key=lambda presence: (presence.stretches[0].first_seen_at, presence.host))
    of_hosts = len(store.visits.last_read_at(store.visits.list_hosts()))
    days = [presence.stretches[0].first_seen_at.astimezone(UTC).date() for presence in ordered]
    return tuple(
        SpreadRecord(
            rank=rank,
            host=presence.host,
            day=day.isoformat(),
            first_seen_at=presence.stretches[0].first_seen_at,
            last_absent_at=presence.stretches[0].last_absent_at,
            last_seen_at=presence.stretches[-1].last_seen_at,
            present=presence.is_current,
            paths=presence.names,
            total=bisect_right(days, day),
            of_hosts=of_hosts,
        )
        for rank, (presence, day) in enumerate(zip(ordered, days, strict=True), 1)
    )
