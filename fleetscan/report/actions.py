"""What a reader can do about a drift: look, stop it, or accept it. Commands are quoted, to be copied as they are."""

from dataclasses import replace

from fleetscan.model.drift import DriftItem, DriftKind
from fleetscan.model.ids import scope_user
from fleetscan.model.subject import SubjectKind
from fleetscan.model.unit import SourceKind
from fleetscan.report.pieces import ActionView
from fleetscan.report.quoting import join_words
from fleetscan.report.visible import bounded_text

_MAX_WORDS = 12
_MAX_WORD_CHARS = 1024
_MAX_COMMAND_CHARS = 16_384


def build_actions(item: DriftItem) -> tuple[ActionView, ...]:
    """Propose what to do, in the order a careful person would do it. Commands run on the host unless said otherwise."""
    actions = _choose_actions(item)
    return tuple(replace(action, commands=tuple(filter(_fits, action.commands))) for action in actions)


def _fits(command: str) -> bool:
    """Tell whether a command can be shown; a cut one would be a different command."""
    return len(command) <= _MAX_COMMAND_CHARS


def _choose_actions(item: DriftItem) -> tuple[ActionView, ...]:
    host = bounded_text(item.host, 200)
    inspect = ActionView(title="Inspect", why=f"on {host}; reads only", commands=_inspect(item))
    accept = ActionView(
        title="Accept",
        why="if this is wanted: on the scanner, propose a new baseline, read it, and approve it with a reason",
        commands=("fleetscan baseline propose",),
    )
    if item.kind is DriftKind.REMOVED or _is_disarmed(item):
        why = f"on {host}, if it should be there"
        return (inspect, ActionView(title="Restore", why=why, commands=_restore(item)), accept)
    if item.raw_only:
        return (inspect, accept)
    contain = ActionView(title="Contain", why=f"on {host}; keeps the files as evidence", commands=_contain(item))
    return (inspect, contain, accept)


def _is_disarmed(item: DriftItem) -> bool:
    words = item.state_after.replace(",", " ").split()
    return item.kind is DriftKind.STATE and bool({"masked", "disabled", "masked-runtime"} & set(words))


def _systemctl(item: DriftItem, *words: str) -> str:
    user = scope_user(item.key.scope)
    if user is not None:
        return join_words("sudo", "systemctl", "--user", f"--machine={user}@.host", *words)
    if item.key.scope == "global-user":
        return join_words("sudo", "systemctl", "--global", *words)
    return join_words("sudo", "systemctl", *words)


def _files(item: DriftItem) -> tuple[str, ...]:
    """Give the files concerned that the host itself has: units and drop-ins first, then what they execute."""
    subject = item.subject
    paths = [source.path for source in subject.sources]
    paths += [text.path for text in item.texts]
    paths += [command.path for command in subject.commands if command.path.startswith("/")]
    short = (path for path in dict.fromkeys(paths) if len(path) <= _MAX_WORD_CHARS)
    return tuple(short)[:_MAX_WORDS]


def _units(item: DriftItem) -> tuple[str, ...]:
    return tuple(name for name in item.subject.unit_names if len(name) <= _MAX_WORD_CHARS)[:_MAX_WORDS]


def _inspect(item: DriftItem) -> tuple[str, ...]:
    commands: list[str] = []
    if item.key.kind is SubjectKind.LINGER:
        return (
            join_words("loginctl", "user-status", "--", item.key.name),
            join_words("sudo", "last", "--", item.key.name),
        )
    if item.key.kind is SubjectKind.STAMP:
        return (join_words("sudo", "stat", "--", item.key.name),)
    units, files = _units(item), _files(item)
    # A user's manager is not asked: that would start it.
    if units and item.key.scope == "system":
        commands.append(join_words("systemctl", "cat", "--", *units))
    elif files:
        commands.append(join_words("sudo", "cat", "--", *(s.path for s in item.subject.sources[:_MAX_WORDS])))
    if files:
        commands.append(join_words("sudo", "stat", "--", *files))
        commands.append(join_words("sudo", "sha256sum", "--", *files))
    if units and item.key.scope == "system":
        pairs = [word for unit in units for word in ("-u", unit)]
        commands.append(join_words("sudo", "journalctl", "--no-pager", "--since=-2d", *pairs))
    return tuple(commands)


def _contain(item: DriftItem) -> tuple[str, ...]:
    if item.key.kind is SubjectKind.LINGER:
        return (join_words("sudo", "loginctl", "disable-linger", "--", item.key.name),)
    commands: list[str] = []
    files = () if item.expected is None else tuple(dict.fromkeys([*(t.path for t in item.texts), *_payloads(item)]))
    files = files or _files(item)
    if files:
        commands.append(join_words("sudo", "mkdir", "-p", "-m", "0700", "/root/quarantine"))
        commands.append(
            join_words("sudo", "cp", "-a", "--parents", "-t", "/root/quarantine", "--", *files[:_MAX_WORDS])
        )
    units, drop_ins = _units(item), _new_drop_ins(item)
    # A drop-in is taken out of the way by its name alone; the unit it was put on is wanted and goes on running.
    commands += [join_words("sudo", "mv", "--", path, path + ".disabled") for path in drop_ins]
    if drop_ins:
        commands.append(_systemctl(item, "daemon-reload"))
    elif units:
        timers = tuple(unit for unit in units if unit.endswith(".timer")) or units
        commands.append(_systemctl(item, "disable", "--now", "--", *timers))
        commands.append(_systemctl(item, "stop", "--", *units))
    return tuple(commands)


def _new_drop_ins(item: DriftItem) -> tuple[str, ...]:
    """Give the drop-ins that turned an accepted unit into another one."""
    if item.expected is None:
        return ()
    known = {source.path for source in item.expected.sources}
    paths = (source.path for source in item.subject.sources if source.kind is SourceKind.DROP_IN)
    return tuple(path for path in paths if path not in known and len(path) <= _MAX_WORD_CHARS)[:_MAX_WORDS]


def _payloads(item: DriftItem) -> list[str]:
    """Give the executables that the expected form does not run."""
    known = {command.path for command in item.expected.commands} if item.expected else set()
    paths = [command.path for command in item.subject.commands]
    return [path for path in paths if path.startswith("/") and path not in known and len(path) <= _MAX_WORD_CHARS]


def _restore(item: DriftItem) -> tuple[str, ...]:
    if item.key.kind is SubjectKind.LINGER:
        return (join_words("sudo", "loginctl", "enable-linger", "--", item.key.name),)
    units = tuple(unit for unit in _units(item) if unit.endswith(".timer")) or _units(item)
    commands: list[str] = []
    if "masked" in item.state_after:
        commands.append(_systemctl(item, "unmask", "--", *units))
    packaged = [
        s.path for s in item.subject.sources if s.path.startswith("/usr/lib/") and len(s.path) <= _MAX_WORD_CHARS
    ]
    if item.kind is DriftKind.REMOVED and packaged:
        commands.append(
            join_words("dpkg", "-S", *packaged[:_MAX_WORDS]) + "  # or: rpm -qf; then reinstall the package"
        )
    if units:
        commands.append(_systemctl(item, "enable", "--now", "--", *units))
    return tuple(commands)
