"""Who may start or edit units, or become who may: rules of sudo and polkit; and what watches over unit files."""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping

from fleetscan.model.coverage import Area, Gap, ReadStatus
from fleetscan.model.digest import digest_bytes
from fleetscan.model.grant import Reach
from fleetscan.model.ids import SYSTEM
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.probe.grant_lines import GrantLines
from fleetscan.probe.people import People
from fleetscan.probe.sudoers import SudoRule, parse_sudoers
from fleetscan.probe.sudoers_words import Line, join_lines

_ROOTS = ("/etc/sudoers", "/usr/etc/sudoers")
_OTHER_ROOT = "/etc/sudoers-rs"
_SHADOW = "/etc/shadow"
_ACCOUNT_FILES = frozenset({"/etc/passwd", _SHADOW})
_REASONS = {_SHADOW: "whether accounts are locked or expired is for root alone to read"}
_MONITORS = {
    "/etc/aide": "aide",
    "/etc/tripwire": "tripwire",
    "/etc/samhain": "samhain",
    "/etc/osquery": "osquery",
    "/var/ossec": "wazuh",
    "/etc/falco": "falco",
    "/etc/auditbeat": "auditbeat",
}
_MAX_RULES = 1000
_MAX_NAME = 1024
_MAX_MEMBERS = 100
_MAX_SOURCES = 5
_MAX_OPENED = 500
_MAX_BAD = 20
_HASHED_BYTES = 4096 * 1024


def build_grants(
    told: GrantLines, people: People, primary: Mapping[int, Iterable[str]]
) -> tuple[list[Artifact], list[Gap]]:
    """Make artifacts of rules and monitors.

    Args:
        told: The section.
        people: Names of the owners of files.
        primary: Accounts by the number of their own group.

    Returns:
        `GRANT`s and `INTEGRITY_RULE`s, no key twice, and gaps of the areas `GRANTS`, `ACCOUNTS` and `AUDIT`.
    """
    gaps = list(_unread(told))
    files, lines, is_cut = _follow(told)
    if is_cut:
        reason = f"sudo includes more files than are followed; the first {_MAX_OPENED} are"
        gaps.append(Gap(Area.GRANTS, None, ReadStatus.TRUNCATED, None, reason))
    sudoers = parse_sudoers(lines, max_rules=_MAX_RULES)
    if sudoers.truncated:
        reason = f"more rules than are understood; the first {_MAX_RULES} that matter are told"
        gaps.append(Gap(Area.GRANTS, None, ReadStatus.TRUNCATED, None, reason))
    for source in sudoers.bad[:_MAX_BAD]:
        file, _, number = source.rpartition(":")
        gaps.append(Gap(Area.GRANTS, None, ReadStatus.FAILED, file, f"line {number} is no rule that can be understood"))
    if len(sudoers.bad) > _MAX_BAD:
        reason = f"{len(sudoers.bad)} lines are no rules that can be understood"
        gaps.append(Gap(Area.GRANTS, None, ReadStatus.FAILED, None, reason))
    named = {path for file in files for _, path in told.includes.get(file, ()) if "%" in path}
    reason = "what sudo includes has a name that depends on the host"
    gaps += [Gap(Area.GRANTS, None, ReadStatus.UNSUPPORTED, path, reason) for path in sorted(named)[:_MAX_BAD]]
    known = {"files"} if told.has_daemon else {"files", "sss"}
    elsewhere = sorted(set(told.services) - known) if files else []
    if elsewhere:
        reason = f"rules of sudo come also from {', '.join(elsewhere)[:200]}; those are not read"
        gaps.append(Gap(Area.GRANTS, None, ReadStatus.UNSUPPORTED, "/etc/nsswitch.conf", reason))
    artifacts = [
        *_build_sudo(sudoers.rules, told, people, primary),
        *(_build_polkit(path, what, told, people) for path, what in sorted(told.polkit.items())),
        *_build_monitors(told),
    ]
    return artifacts, gaps


def _follow(told: GrantLines) -> tuple[list[str], list[Line], bool]:
    """Give the files and lines that sudo reads, in its order, and whether that is not all of them.

    What nothing includes is no rule.
    """
    given = {*told.read, *told.records, *told.unseen}
    roots = [*[root for root in _ROOTS if root in given][:1], *([_OTHER_ROOT] if _OTHER_ROOT in given else [])]
    opened: dict[str, None] = {}
    is_cut = False
    waiting = deque(roots)
    while waiting and len(opened) < _MAX_OPENED:
        file = waiting.popleft()
        if file in opened:
            continue
        opened[file] = None
        included: list[str] = []
        includes = told.includes.get(file, ())
        is_cut = is_cut or len(includes) > _MAX_OPENED
        for kind, path in includes[:_MAX_OPENED]:
            included += [path] if kind == "file" else sorted(name for name in told.read if _is_in(name, path))
        waiting.extendleft(reversed(included))
    is_cut = is_cut or any(file not in opened for file in waiting)
    return list(opened), [line for file in opened for line in join_lines(file, told.sudo.get(file, ()))], is_cut


def _is_in(path: str, folder: str) -> bool:
    """Tell whether sudo reads a file of a folder: none with a dot in its name, or `~` behind it."""
    parent, _, name = path.rpartition("/")
    return parent == folder.rstrip("/") and "." not in name and not name.endswith("~")


def _unread(told: GrantLines) -> Iterator[Gap]:
    for path in dict.fromkeys(told.unseen):
        if path not in told.read:
            yield Gap(_area_of(path), None, ReadStatus.DENIED, path, _REASONS.get(path, "it may not be read"))
    is_hidden = any(password.state == "shadow" for password in told.passwords.values())
    if is_hidden and not {_SHADOW} & {*told.read, *told.unseen, *told.records}:
        yield Gap(
            Area.ACCOUNTS, None, ReadStatus.FAILED, _SHADOW, "accounts have their passwords in it; it is not there"
        )
    for path, record in told.records.items():
        if path in told.read or path in told.unseen or record.size == 0:
            continue
        if record.size is not None and record.size >= _HASHED_BYTES:
            yield Gap(_area_of(path), None, ReadStatus.OVERSIZE, path, f"{record.size} bytes; more than is read")
        elif not ("/sudoers" in path and record.uid):  # of others than root sudo takes no rules
            yield Gap(_area_of(path), None, ReadStatus.FAILED, path, "it is not root's, or ended while it was read")
    if told.bad:
        reason = f"{told.bad} lines of section grants cannot be read"
        yield from (Gap(area, None, ReadStatus.FAILED, None, reason) for area in (Area.GRANTS, Area.ACCOUNTS))


def _area_of(path: str) -> Area:
    if path in _ACCOUNT_FILES:
        return Area.ACCOUNTS
    return Area.AUDIT if _monitor_of(path) else Area.GRANTS


def _monitor_of(path: str) -> str:
    return next((name for place, name in _MONITORS.items() if path.startswith(place)), "")


def _build_sudo(
    rules: Iterable[SudoRule], told: GrantLines, people: People, primary: Mapping[int, Iterable[str]]
) -> Iterator[Artifact]:
    by_name: defaultdict[str, list[SudoRule]] = defaultdict(list)
    for rule in rules:
        by_name[_spell(rule)].append(rule)
    for name, alike in sorted(by_name.items()):
        rule = alike[0]
        record = told.records.get(rule.source.rpartition(":")[0])
        properties = {
            "by": "sudo",
            "source": ", ".join(list(dict.fromkeys(one.source for one in alike))[:_MAX_SOURCES]),
            "to": rule.who,
            "host": rule.host[:_MAX_NAME],
            "run_as": rule.run_as[:_MAX_NAME],
            "nopasswd": "no" if rule.asks_password else "yes",
            "reaches": rule.reach.value,
        }
        if rule.excluded:
            properties["except"] = ", ".join(rule.excluded)[:_MAX_NAME]
        if members := _members(rule.who, told, primary):
            properties["members"] = members
        yield Artifact(
            kind=ArtifactKind.GRANT,
            scope=SYSTEM,
            name=name,
            mode=record.mode if record and record.type == "f" else None,
            owner=people.owner_name(record.uid) if record else "",
            group=people.group_name(record.gid) if record else "",
            properties=tuple(sorted(properties.items())),
        )


def _spell(rule: SudoRule) -> str:
    """Write a rule in one spelling, with a hash in place of what is too long."""
    tags = "".join(f"{tag}:" for tag in (*([] if rule.asks_password else ["NOPASSWD"]), *rule.tags))
    text = f"{rule.who} {rule.host}=({rule.run_as}) {tags}{' ' if tags else ''}{rule.command}"
    if len(text) <= _MAX_NAME:
        return text
    return f"{text[: _MAX_NAME - 80]}… {digest_bytes(text.encode('utf-8', 'surrogateescape'))}"


def _members(who: str, told: GrantLines, primary: Mapping[int, Iterable[str]]) -> str:
    """Name who is in a local group; empty for anything else."""
    found = told.groups.get(who.partition(",")[0].removeprefix("%")) if who.startswith("%") else None
    if found is None:
        return ""
    names = sorted({*found[1], *primary.get(found[0], ())})
    rest = len(names) - _MAX_MEMBERS
    return " ".join(names[:_MAX_MEMBERS]) + (f" and {rest} more" if rest > 0 else "")


def _build_polkit(path: str, what: str, told: GrantLines, people: People) -> Artifact:
    record = told.records.get(path)
    return Artifact(
        kind=ArtifactKind.GRANT,
        scope=SYSTEM,
        name=path,
        mode=record.mode if record and record.type == "f" else None,
        owner=people.owner_name(record.uid) if record else "",
        group=people.group_name(record.gid) if record else "",
        size_bytes=record.size if record and record.type == "f" else None,
        sha256=told.hashes.get(path),
        properties=(("allows", what), ("by", "polkit"), ("reaches", Reach.POLKIT.value), ("source", path)),
    )


def _build_monitors(told: GrantLines) -> Iterator[Artifact]:
    sources: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for file, paths in told.watches.items():
        for path in paths:
            sources[_monitor_of(file), path].append(file)
    for (monitor, path), files in sorted(sources.items()):
        if monitor:
            source = ", ".join(sorted(set(files))[:_MAX_SOURCES])
            properties = (("by", monitor), ("source", source), ("watches", path))
            yield Artifact(
                kind=ArtifactKind.INTEGRITY_RULE, scope=SYSTEM, name=f"{monitor} {path}", properties=properties
            )
