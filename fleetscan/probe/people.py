"""Users, homes and runtime directories of a host: whose a path is."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from fleetscan.model.coverage import Area, Gap, ReadStatus
from fleetscan.model.ids import GLOBAL_USER, SYSTEM, Scope, scope_user, user_scope
from fleetscan.model.snapshot import ManagerFacts
from fleetscan.probe.wire import Frame
from fleetscan.systemd.search_path import GLOBAL_USER_DIRS

_HOME_STATUS = {
    "denied": (ReadStatus.DENIED, "the home may not be entered"),
    "link-out": (ReadStatus.NOT_TRIGGERED, "a link leads out of the home; it is not followed"),
}
# Service accounts may live here (`systemd-timesync` in /run/systemd): what lies here is the system's all the same.
_SYSTEM_PREFIXES = (
    "/etc/systemd/", "/run/systemd/", "/usr/lib/systemd/", "/usr/local/lib/systemd/", "/lib/systemd/",
    "/var/lib/systemd/",
)  # fmt: skip
_PATH_MAX = 4096
_NOBODY = 65534
_GLOBAL_USER_PREFIXES = tuple(directory + "/" for directory in GLOBAL_USER_DIRS)
# The probe does not go there for a user's manager either.
_NEVER_OF_USERS = ("/etc/", "/usr/", "/lib/", "/run/systemd/", *_SYSTEM_PREFIXES)


@dataclass(frozen=True, slots=True)
class People:
    """What the probe said of users.

    Attributes:
        names: User name by uid.
        groups: Name by gid, for users that have a group of their own.
        homes: User name by home; of several users of one home the first.
        runtime: User name by runtime directory `/run/user/UID`.
        unit_dirs: User name by directory elsewhere that the user's running manager searches, empty for those of the
            system. A manager of a user says what the user likes: in the home of another it is not believed.
        gaps: Homes and runtime directories that were not read.
    """

    names: dict[int, str]
    groups: dict[int, str]
    homes: dict[str, str]
    runtime: dict[str, str]
    gaps: tuple[Gap, ...]
    unit_dirs: Mapping[str, str] = field(default_factory=dict)
    # Many files lie in few folders.
    _scopes: dict[str, Scope] = field(default_factory=dict, init=False, repr=False, compare=False)

    def owner_name(self, uid: int) -> str:
        """Name the owner of a file; the number when the host has no name for it."""
        return self.names.get(uid, str(uid))

    def group_name(self, gid: int) -> str:
        """Name the group of a file, likewise."""
        return self.groups.get(gid, str(gid))

    def uid_of(self, name: str) -> int:
        """Give the uid of a user; for a name that is not known, that of nobody, who has no rights at all."""
        for uid, known in self.names.items():
            if known == name:
                return uid
        return int(name) if is_id(name) else _NOBODY

    def scope_of(self, path: str) -> Scope:
        """Tell whose manager would read a path."""
        if path in GLOBAL_USER_DIRS:
            return GLOBAL_USER
        folder = path.rpartition("/")[0] + "/"
        scope = self._scopes.get(folder)
        if scope is None:
            scope = self._scopes[folder] = self._scope_in(folder)
        return scope

    def _scope_in(self, folder: str) -> Scope:
        if folder.startswith(_GLOBAL_USER_PREFIXES):
            return GLOBAL_USER
        if folder.startswith(_SYSTEM_PREFIXES):
            return SYSTEM
        # From the inside out, so that the cost does not grow with the number of homes; no path is longer than PATH_MAX.
        directory = folder[:_PATH_MAX].rpartition("/")[0]
        claimed: str | None = None
        while directory:
            user = self.runtime.get(directory) or self.homes.get(directory)
            if user is not None:
                return user_scope(user)
            if claimed is None:
                claimed = self.unit_dirs.get(directory)
            directory = directory.rpartition("/")[0]
        return user_scope(claimed) if claimed else SYSTEM


def parse_people(
    users: Frame | None,
    homes: Frame | None,
    runtimes: Frame | None,
    managers: Iterable[ManagerFacts] = (),
    system_dirs: Iterable[str] = (),
) -> People:
    """Read the three sections about users; lines that do not fit are left out, a missing section is not told here.

    Args:
        users: Accounts.
        homes: Their homes, and how looking into them ended.
        runtimes: Runtime directories.
        managers: What running managers of users said of themselves.
        system_dirs: Where the manager of the system searches.
    """
    names: dict[int, str] = {}
    groups: dict[int, str] = {}
    for line in _lines(users):
        fields = line.split(":")
        if len(fields) >= 4 and is_id(fields[1]) and is_id(fields[2]):
            uid, gid = int(fields[1]), int(fields[2])
            names.setdefault(uid, fields[0])
            if uid == gid:
                groups.setdefault(gid, fields[0])
    found: dict[str, str] = {}
    gaps = []
    for line in _lines(homes):
        fields = line.split(":", 3)
        if len(fields) != 4:
            continue
        status, name, _uid, home = fields
        found.setdefault(home.rstrip("/"), name)
        if status != "ok":
            read_status, reason = _HOME_STATUS.get(status, (ReadStatus.NOT_TRIGGERED, _remote_reason(status)))
            gaps.append(Gap(Area.FILES, user_scope(name), read_status, home, reason))
    runtime = {}
    for line in _lines(runtimes):
        status, _, uid_text = line.partition(":")
        if not is_id(uid_text):
            continue
        user = names.get(int(uid_text), uid_text)
        directory = f"/run/user/{uid_text}"
        runtime[directory] = user
        gaps += _runtime_gaps(status, user, directory, known=int(uid_text) in names)
    return People(
        names, groups, found, runtime, tuple(gaps), {**_unit_dirs(managers), **dict.fromkeys(system_dirs, "")}
    )


def _unit_dirs(managers: Iterable[ManagerFacts]) -> Mapping[str, str]:
    """Give the directories that users' managers search and that belong neither to the system nor to all users."""
    found: dict[str, str] = {}
    for manager in managers:
        for directory in manager.unit_path:
            if not (directory + "/").startswith(_NEVER_OF_USERS):
                found.setdefault(directory, scope_user(manager.scope) or "")
    return found


def _runtime_gaps(status: str, user: str, directory: str, *, known: bool) -> Iterator[Gap]:
    if not known:
        # accounts of a directory service are often not enumerated, so their homes are not known either
        reason = "somebody without a listed account is logged in; the home is not known"
        yield Gap(Area.FILES, user_scope(user), ReadStatus.FAILED, None, reason)
    if status != "ok":
        for area in (Area.FILES, Area.LOADED, Area.TIMERS):
            yield Gap(area, user_scope(user), ReadStatus.DENIED, directory, "another user's runtime directory")


def _remote_reason(status: str) -> str:
    return f"the home lies on {status.removeprefix('remote-')}; it is not mounted or waited for"


def is_id(text: str) -> bool:
    """Tell a uid or gid; both have 32 bits."""
    return text.isascii() and text.isdecimal() and len(text) <= 10


def _lines(frame: Frame | None) -> list[str]:
    return (
        [] if frame is None else [line for line in frame.payload.decode("utf-8", "surrogateescape").split("\n") if line]
    )
