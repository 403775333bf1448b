"""How many links of a folder, and how many users of a host, are looked at: what follows grows with their square."""

from collections import defaultdict
from collections.abc import Sequence

from fleetscan.model.coverage import Area, Gap, ReadStatus
from fleetscan.model.ids import EVERY_USER, scope_user
from fleetscan.probe.people import People
from fleetscan.probe.walk import WalkRecord

MAX_LINKS = 500
"""Most links of one unit directory that are looked at. A stock host has some sixty in the largest. Each link to a unit
is one more name of it, and for each of its names all drop-ins of all its names are looked for."""

MAX_USERS = 1_000
"""Most accounts with unit files that are looked at. Each has a manager of its own, with a search path of its own."""

# Links in these are no names of units, only of what is started together.
_DEPENDENCY_FOLDERS = (".wants", ".requires", ".upholds", ".d")


def bound_links(records: Sequence[WalkRecord], people: People) -> tuple[list[WalkRecord], list[Gap]]:
    """Leave out the links of a folder beyond the first `MAX_LINKS` by name; give the others, and a gap for the folder.

    Args:
        records: Of the walk; their order is kept.
        people: Tells whose folder it is.
    """
    links: defaultdict[str, list[str]] = defaultdict(list)
    for record in records:
        folder = record.path.rpartition("/")[0]
        if record.type == "l" and not folder.endswith(_DEPENDENCY_FOLDERS):
            links[folder].append(record.path)
    left_out: set[str] = set()
    gaps = []
    for folder, paths in links.items():
        if len(paths) > MAX_LINKS:
            left_out.update(sorted(paths)[MAX_LINKS:])
            reason = f"{len(paths)} links, of which the first {MAX_LINKS} by name are looked at"
            gaps.append(Gap(Area.FILES, people.scope_of(folder + "/"), ReadStatus.TRUNCATED, folder, reason))
    return [record for record in records if record.type != "l" or record.path not in left_out], gaps


def bound_users(records: Sequence[WalkRecord], people: People) -> tuple[list[WalkRecord], list[Gap]]:
    """Leave out what belongs to accounts beyond the first `MAX_USERS`; give the rest, and a gap for all users.

    Args:
        records: Of the walk; their order is kept.
        people: Tells whose a path is.
    """
    scopes = dict.fromkeys(people.scope_of(record.path) for record in records)
    users = [scope for scope in scopes if scope_user(scope) is not None]
    if len(users) <= MAX_USERS:
        return list(records), []
    left_out = frozenset(users[MAX_USERS:])
    reason = f"{len(users)} accounts have unit files, of which {MAX_USERS} are looked at"
    gap = Gap(Area.FILES, EVERY_USER, ReadStatus.TRUNCATED, None, reason)
    return [record for record in records if people.scope_of(record.path) not in left_out], [gap]
