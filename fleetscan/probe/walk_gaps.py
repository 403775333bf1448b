"""What the walk cannot have seen, or cannot be believed about, as its own records show."""

import posixpath
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from fleetscan.model.coverage import Area, Gap, ReadStatus
from fleetscan.probe.people import People
from fleetscan.probe.walk import WalkRecord
from fleetscan.systemd.names import canonical_path, is_unit_name

# systemd follows a link in place of such a folder, the walk does not.
_UNIT_FOLDERS = (".d", ".wants", ".requires", ".upholds")


def find_walk_gaps(records: Sequence[WalkRecord], people: People) -> Iterator[Gap]:
    """Give a gap for each link that leads out of what was walked, and for each path that is told of more than once.

    `find` tells of nothing twice. Its command line, with the token that records begin with, stands in the host's list
    of processes while it runs: a user who is quick enough can put a record of his own into the text of a link, before
    the true one of the same path.
    """
    folders = {record.path for record in records if record.type == "d"}
    for record in records:
        if record.type == "l" and record.path.endswith(_UNIT_FOLDERS) and not _leads_to(record, folders):
            reason = "a link in place of a directory; it is not followed"
            yield Gap(Area.FILES, people.scope_of(record.path), ReadStatus.NOT_TRIGGERED, record.path, reason)
        elif record.type == "l" and _names_text(record.path) and not _leads_into(record, folders):
            reason = f"a link to {record.target[:200]}, which is not read"
            yield Gap(Area.CONTENT, people.scope_of(record.path), ReadStatus.NOT_TRIGGERED, record.path, reason)
    for path, count in Counter(record.path for record in records).items():
        if count > 1:
            reason = f"the walk tells of it {count} times; a record of it may be forged"
            yield Gap(Area.FILES, people.scope_of(path), ReadStatus.FAILED, path, reason)


def _names_text(path: str) -> bool:
    """Tell whether systemd would read the text behind this path: of links in `.wants` and the like only names count."""
    folder, _, base = path.rpartition("/")
    if folder.endswith(".d"):
        return base.endswith(".conf")
    return not folder.endswith(_UNIT_FOLDERS) and is_unit_name(base)


def _leads_into(link: WalkRecord, folders: Collection[str]) -> bool:
    """Tell whether a link's target lies in a directory that was walked, or is a mask."""
    target = posixpath.join(posixpath.dirname(link.path), link.target)
    if posixpath.normpath(target) == "/dev/null":
        return True
    return any(posixpath.dirname(canonical_path(target, merged_usr=merged)) in folders for merged in (False, True))


def _leads_to(link: WalkRecord, folders: Collection[str]) -> bool:
    """Tell whether a link's target is a directory that was walked, however `/lib` is spelled."""
    target = posixpath.join(posixpath.dirname(link.path), link.target)
    return any(canonical_path(target, merged_usr=merged) in folders for merged in (False, True))
