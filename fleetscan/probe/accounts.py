"""Accounts that matter for timers: who may log in, is locked or expired."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from fleetscan.model.coverage import Area, Gap, ReadStatus
from fleetscan.model.ids import SYSTEM, scope_user, user_scope
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.probe.grant_lines import Password
from fleetscan.probe.people import is_id
from fleetscan.probe.wire import Frame

MAX_ACCOUNTS = 1000
_NO_SHELLS = frozenset({"nologin", "false", "true", "sync", "halt", "shutdown"})
_OWN = frozenset(
    {ArtifactKind.FILE, ArtifactKind.LINK, ArtifactKind.UNIT_FILE, ArtifactKind.LOADED, ArtifactKind.STAMP}
)
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the section `users`; of several lines of one name the first."""

    name: str
    uid: int
    gid: int
    shell: str

    @property
    def may_log_in(self) -> bool:
        """Whether its shell is one; passwd(5): none is `/bin/sh`."""
        return self.shell.rpartition("/")[2] not in _NO_SHELLS


def parse_listed(users: Frame | None) -> dict[str, Listed]:
    """Read the accounts of a host by name; lines that do not fit are left out."""
    found: dict[str, Listed] = {}
    for line in (users.payload if users else b"").decode("utf-8", "surrogateescape").split("\n"):
        fields = line.split(":")
        if len(fields) >= 5 and fields[0] and all(is_id(text) for text in fields[1:3]):
            found.setdefault(fields[0], Listed(fields[0], int(fields[1]), int(fields[2]), fields[4][:256] or "/bin/sh"))
    return found


def group_by_gid(listed: Mapping[str, Listed]) -> Mapping[int, list[str]]:
    """Give names of accounts by the number of their own group."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for account in listed.values():
        found[account.gid].append(account.name)
    return found


def build_accounts(
    listed: Mapping[str, Listed], passwords: Mapping[str, Password], artifacts: Iterable[Artifact], *, is_whole: bool
) -> tuple[list[Artifact], list[Gap]]:
    """Choose the accounts that matter and say what is known of them.

    These are the local ones that have a login shell or uid 0, and any that lingers, has units or a running manager, or
    is named by `User=` of a service that a timer starts. One of these that nobody lists has no property but `listed`.

    Args:
        listed: Accounts by name.
        passwords: Of local accounts.
        artifacts: Of files and managers.
        is_whole: Whether all accounts are listed; if not, none is called unlisted.
    """
    wanted = [name for name, known in listed.items() if name in passwords and (known.may_log_in or known.uid == 0)]
    chosen = sorted({*wanted, *_find_used(listed, artifacts)})
    gaps: list[Gap] = []
    if len(chosen) > MAX_ACCOUNTS:
        reason = f"{len(chosen)} accounts, of which {MAX_ACCOUNTS} are told"
        gaps.append(Gap(Area.ACCOUNTS, None, ReadStatus.TRUNCATED, None, reason))
    found: list[Artifact] = []
    for name in chosen[:MAX_ACCOUNTS]:
        account, password = listed.get(name), passwords.get(name)
        if account is None and not is_whole:
            continue
        if account is not None and password is None:
            reason = "not a local account: only its directory knows whether it is locked or expired"
            gaps.append(Gap(Area.ACCOUNTS, user_scope(name), ReadStatus.UNSUPPORTED, None, reason))
        properties = {"listed": "no"} if account is None else _describe(account, password)
        artifact = Artifact(
            kind=ArtifactKind.ACCOUNT, scope=user_scope(name), name=name, properties=tuple(sorted(properties.items()))
        )
        found.append(artifact)
    return found, gaps


def _find_used(listed: Mapping[str, Listed], artifacts: Iterable[Artifact]) -> Iterator[str]:
    by_number = {str(account.uid): account.name for account in reversed(list(listed.values()))}
    for artifact in artifacts:
        if artifact.kind is ArtifactKind.LINGER:
            yield artifact.name
        elif artifact.kind in _OWN and (user := scope_user(artifact.scope)) is not None:
            yield user
        elif artifact.kind is ArtifactKind.LOADED and artifact.scope == SYSTEM and (user := artifact.property("User")):
            name = by_number.get(user, user)
            # the account of DynamicUser= exists while the service runs
            if name in listed or artifact.property("DynamicUser") != "yes":
                yield name[:256]


def _describe(account: Listed, password: Password | None) -> dict[str, str]:
    state = password.state if password else "shadow"
    told = {
        "uid": str(account.uid),
        "gid": str(account.gid),
        "shell": account.shell,
        "login": "shell" if account.may_log_in else "nologin",
        "locked": {"locked": "yes", "shadow": "unknown"}.get(state, "no"),
    }
    if state == "none":
        told["password"] = "none"  # noqa: S105 - that there is none
    if password is not None and password.expires_day is not None:
        told["expired"] = _date_of(password.expires_day)
    return told


def _date_of(day: int) -> str:
    """Give the day from which an account has expired; what lies behind the year 9999 is never."""
    ordinal = _EPOCH + day
    return date.fromordinal(ordinal).isoformat() if ordinal <= date.max.toordinal() else ""
