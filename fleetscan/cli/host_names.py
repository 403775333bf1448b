"""Many hosts in a small cell."""

from collections.abc import Sequence

_NAMES = 4


def name_hosts(names: Sequence[str], most: int = _NAMES) -> str:
    """Name the first hosts and count the others: `web-01, web-02 and 8 more`."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def count_hosts(count: int) -> str:
    """Say how many hosts: `1 host`, `12 hosts`."""
    return f"{count} host" if count == 1 else f"{count} hosts"
