"""The lists of a subject that conditions look into: commands, files, directives, links, what is launched."""

import re
from collections.abc import Iterable, Iterator

from fleetscan.analyse.launched import launched_paths
from fleetscan.analyse.places import is_hidden, is_in_home, is_temporary, normalise_path, place_of_unit
from fleetscan.analyse.rules.element import MAX_ELEMENTS, Element, Value, cut
from fleetscan.analyse.rules.trust import Trust
from fleetscan.errors import ParseError
from fleetscan.model.finding import EvidenceLine
from fleetscan.model.program import Presence
from fleetscan.model.subject import Piece, PieceRole, Subject
from fleetscan.model.unit import ExecCommand, SourceKind, Trigger
from fleetscan.systemd.cadence import shortest_interval_s
from fleetscan.systemd.interpreter import interpreter_script, started_programs

_KERNEL_THREAD = re.compile(
    r"\A\[[^\]]*\]?\Z|\A\[?(?:kworker|kthreadd|ksoftirqd|kswapd|migration|rcu_|jbd2|khugepaged|kdevtmpfs|watchdogd)\b"
)
_LOADER_VARIABLES = re.compile(
    r"(?:\A|[\s\"'])(LD_(?:PRELOAD|AUDIT|LIBRARY_PATH|BIND_NOT|PROFILE)|GCONV_PATH|PYTHONPATH|PYTHONSTARTUP|PYTHONHOME"
    r"|PERL5LIB|PERL5OPT|PERLLIB|RUBYLIB|RUBYOPT|NODE_OPTIONS|NODE_PATH|BASH_ENV|ENV|PROMPT_COMMAND|SHELLOPTS|BASH_FUNC[^=]*"
    r"|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|GIT_SSH_COMMAND|GIT_SSH|PAGER|EDITOR|OPENSSL_CONF|GLIBC_TUNABLES|LOCPATH"
    r"|MALLOC_CHECK_|GTK_MODULES|QT_PLUGIN_PATH|PHPRC|PHP_INI_SCAN_DIR|LUA_INIT|PATH)="
)
_UNIT_ROLES = (PieceRole.FRAGMENT, PieceRole.DROP_IN)
_DOOR = re.compile(r"\A(?P<path>.*) (?P<owner>[^ :]*):(?P<group>[^ :]*) (?P<mode>[0-7]+)\Z", re.DOTALL)


def list_commands(subject: Subject, trust: Trust) -> tuple[Element, ...]:
    """Give the commands, in the order in which they are run."""
    return tuple(_of_command(c, trust, subject) for c in subject.commands[:MAX_ELEMENTS])


def _of_command(command: ExecCommand, trust: Trust, subject: Subject) -> Element:
    script = interpreter_script(command)
    argv0 = command.argv[0] if command.argv else ""
    base = command.path.rpartition("/")[2]
    path = normalise_path(command.path)
    values: dict[str, Value] = {
        "directive": command.directive,
        "path": cut(path),
        "name": cut(base),
        "line": cut(" ".join((command.path, *command.argv[1:]))),
        "argv0": cut(argv0),
        "prefixes": command.prefixes,
        "interpreter": script.interpreter if script else "",
        "inline": script is not None and script.text is not None,
        "programs": tuple(cut(normalise_path(p)) for p in started_programs(command)),
        "bare": "/" not in command.path,
        "resolved": _resolve(command, subject),
        "dressed": "@" in command.prefixes and argv0.rpartition("/")[2] not in (base, f"-{base}", ""),
        "kernel_thread": any(_KERNEL_THREAD.match(word) for word in (argv0, base)) or _renames_itself(command),
        "raw": cut(command.raw),
        "origin": origin_of(command.origin.path, subject),
        "origin_path": command.origin.path,
        "foreign": trust.is_foreign_at(command.origin.path),
    }
    line = EvidenceLine(cut(f"{command.directive}={command.raw}"), command.origin.path, command.origin.line)
    return Element(values, line)


def _resolve(command: ExecCommand, subject: Subject) -> str:
    """Give where a name without path was found, empty when it has one or was not found."""
    if "/" in command.path:
        return ""
    found = (p for p in subject.pieces if p.role is PieceRole.EXECUTABLE and p.presence is Presence.FOUND)
    return next((piece.path for piece in found if piece.path.rpartition("/")[2] == command.path), "")


def _renames_itself(command: ExecCommand) -> bool:
    """Tell whether a shell starts something under the name of a kernel thread, by `exec -a`."""
    text = " ".join(command.argv)[:4096]
    found = re.search(r"\bexec\s+(?:-[cl]\s+)?-a\s*[\"']?(\S{1,64})", text)
    return found is not None and _KERNEL_THREAD.match(found[1].strip("\"'")) is not None


def origin_of(path: str, subject: Subject) -> str:
    """Name what a value comes from: `fragment`, `drop-in`, `prefix drop-in`, `type drop-in` or `memory`."""
    source = next((s for s in subject.sources if s.path == path), None)
    folder = path.rpartition("/")[0].rpartition("/")[2]
    if not folder.endswith(".d"):
        return "fragment" if source is not None or path else "memory"
    owner = folder.removesuffix(".d")
    stem, dot, _suffix = owner.rpartition(".")
    if not dot:
        return "type drop-in"
    return "prefix drop-in" if stem.endswith("-") else "drop-in"


def list_launched(subject: Subject, trust: Trust) -> tuple[Element, ...]:
    """Give every path that a subject comes to run, as written and as found, each once."""
    found: dict[tuple[str, str], Element] = {}
    unit_files = {normalise_path(s.link_target) for s in subject.sources if s.link_target}
    foreign = not trust.by_path or any(trust.by_path.values())
    for path in launched_paths(subject):
        place = normalise_path(path)
        how = "unit" if place in unit_files else "folder" if place in _folders(subject) else "program"
        found.setdefault((how, place), _of_launched(place, how, cut(place), foreign=foreign))
    for piece in subject.pieces:
        if not piece.is_payload:
            continue
        for path in dict.fromkeys((piece.path, piece.real_path)):
            if path and piece.presence is Presence.FOUND:
                key = ("program", normalise_path(path))
                text = f"{piece.role.value} {piece.path}" + (f" is {path}" if path != piece.path else "")
                is_bad = Trust.is_foreign(piece)
                found[key] = _of_launched(key[1], "program", cut(text), foreign=is_bad or foreign)
    return tuple(found.values())[:MAX_ELEMENTS]


def _folders(subject: Subject) -> frozenset[str]:
    keys = ("WorkingDirectory", "RootDirectory")
    values = (d.value.lstrip("-") for _unit, d in subject.directives if d.key in keys)
    return frozenset(map(normalise_path, values))


def _of_launched(path: str, how: str, text: str, *, foreign: bool) -> Element:
    values: dict[str, Value] = {
        "path": cut(path),
        "how": how,
        "temporary": is_temporary(path),
        "hidden": is_hidden(path),
        "home": is_in_home(path),
        "foreign": foreign,
    }
    return Element(values, EvidenceLine(text))


def list_files(pieces: Iterable[Piece]) -> tuple[Element, ...]:
    """Give the files, in the order of the pieces."""
    return tuple(map(file_element, tuple(pieces)[:MAX_ELEMENTS]))


def file_element(piece: Piece) -> Element:
    """Give one file as conditions see it."""
    is_unit = piece.role in (*_UNIT_ROLES, PieceRole.LINK)
    end = piece.real_path or piece.path
    mode = f"{piece.mode:04o}" if piece.mode is not None else ""
    values: dict[str, Value] = {
        "role": piece.role.value,
        "path": cut(piece.path),
        "name": cut(piece.path.rpartition("/")[2]),
        "place": place_of_unit(piece.path) if is_unit else "",
        "folder": piece.path.rpartition("/")[0].rpartition("/")[2],
        "real_path": cut(piece.real_path),
        "real_place": place_of_unit(piece.real_path) if is_unit and piece.real_path else "",
        "presence": piece.presence.value,
        "verification": piece.verification.value,
        "package": piece.package,
        "foreign": Trust.is_foreign(piece),
        "owner": piece.owner,
        "group": piece.group,
        "mode": mode,
        "setuid": bool(piece.mode is not None and piece.mode & 0o6000),
        "size": piece.size_bytes,
        "attributes": piece.attributes,
        "acl": piece.acl,
        "selinux": piece.selinux,
        "directive": piece.directive,
        "values": tuple(cut(value) for value in piece.values[:MAX_ELEMENTS]),
        "loader": any(_LOADER_VARIABLES.match(value) for value in piece.values[:MAX_ELEMENTS]),
        "open": bool(piece.exposed),
        "payload": piece.is_payload,
        "temporary": is_temporary(normalise_path(end)),
        "hidden": is_hidden(normalise_path(end)),
        "home": is_in_home(end),
        "renamed": bool(piece.real_path) and piece.real_path.rpartition("/")[2] != piece.path.rpartition("/")[2],
    }
    where = f"{piece.path} → {piece.real_path}" if piece.real_path else piece.path
    owner = f" {piece.owner}:{piece.group} {mode}" if piece.owner else ""
    told = piece.package or piece.verification.value
    return Element(values, EvidenceLine(cut(f"{piece.role.value} {where}{owner} ({told})"), piece.path))


def list_directives(subject: Subject, trust: Trust) -> tuple[Element, ...]:
    """Give all directives in force."""
    found = []
    for unit, directive in subject.directives[:MAX_ELEMENTS]:
        values: dict[str, Value] = {
            "unit": unit,
            "section": directive.section,
            "key": directive.key,
            "value": cut(directive.value),
            "path": directive.origin.path,
            "place": place_of_unit(directive.origin.path),
            "origin": origin_of(directive.origin.path, subject),
            "foreign": trust.is_foreign_at(directive.origin.path),
            "loader": is_loader(directive.key, directive.value),
        }
        text = cut(f"{directive.key}={directive.value}")
        found.append(Element(values, EvidenceLine(text, directive.origin.path, directive.origin.line)))
    return tuple(found)


def is_loader(key: str, value: str) -> bool:
    """Tell whether a setting steers what programs load, or where they are looked for."""
    if key in ("Environment", "PassEnvironment", "SetEnvironment", "DefaultEnvironment", "ManagerEnvironment"):
        text = value if key != "PassEnvironment" else f"{value}="
        return _LOADER_VARIABLES.search(text[:4096]) is not None
    return key == "ExecSearchPath"


def list_doors(doors: Iterable[str]) -> tuple[Element, ...]:
    """Give what others may write."""
    found = []
    for door in tuple(doors)[:MAX_ELEMENTS]:
        match = _DOOR.match(door)
        mode = int(match["mode"], 8) if match else 0
        group = match["group"] if match else ""
        by = "everyone" if mode & 0o002 else "group" if mode & 0o020 and group not in ("root", "0") else "owner"
        values: dict[str, Value] = {
            "path": match["path"] if match else door,
            "owner": match["owner"] if match else "",
            "group": group,
            "by": by,
            "home": is_in_home(match["path"] if match else door),
        }
        found.append(Element(values, EvidenceLine(cut(f"open to {by}: {door}"))))
    return tuple(found)


def list_triggers(subject: Subject) -> tuple[Element, ...]:
    """Give the lines that make a timer elapse."""
    return tuple(map(_of_trigger, subject.triggers[:MAX_ELEMENTS]))


def _of_trigger(trigger: Trigger) -> Element:
    values: dict[str, Value] = {
        "directive": trigger.directive,
        "value": cut(trigger.value),
        "normal": cut(trigger.normal),
        "interval_s": interval_of((trigger,)),
    }
    text = cut(f"{trigger.directive}={trigger.value}")
    return Element(values, EvidenceLine(text, trigger.origin.path, trigger.origin.line))


def interval_of(triggers: Iterable[Trigger]) -> int | None:
    """Give the shortest time between two runs in seconds; None when nothing repeats or it cannot be read."""
    try:
        return shortest_interval_s(triggers)
    except ParseError:
        return None


def list_links(subject: Subject) -> tuple[Element, ...]:
    """Give the enabling links, with the folder that they lie in."""
    real = {piece.path: piece for piece in subject.pieces if piece.role is PieceRole.LINK}
    found = []
    for path in subject.links[:MAX_ELEMENTS]:
        piece = real.get(path)
        end = piece.real_path if piece else ""
        values: dict[str, Value] = {
            "path": path,
            "name": path.rpartition("/")[2],
            "folder": path.rpartition("/")[0].rpartition("/")[2],
            "place": place_of_unit(path),
            "real_path": end,
            "dangling": piece is not None and piece.presence is Presence.ABSENT,
        }
        found.append(Element(values, EvidenceLine(f"link {path}" + (f" → {end}" if end else ""), path)))
    return tuple(found)


def list_linked_units(subject: Subject) -> Iterator[Element]:
    """Give the unit files that are links, by the texts of the links."""
    pieces = {piece.path: piece for piece in subject.pieces if piece.role in _UNIT_ROLES}
    for source in subject.sources[:MAX_ELEMENTS]:
        if not source.link_target or source.link_target == "/dev/null":
            continue
        piece = pieces.get(source.path)
        folder = source.path.rpartition("/")[0]
        target = source.link_target
        end = piece.real_path if piece and piece.real_path else normalise_path(
            target if target.startswith("/") else f"{folder}/{target}"
        )  # fmt: skip
        values: dict[str, Value] = {
            "path": source.path,
            "text": cut(target),
            "end": cut(end),
            "place": place_of_unit(source.path),
            "end_place": place_of_unit(end),
            "out": place_of_unit(end) == "elsewhere",
            "dangling": source.sha256 is None,
            "drop_in": source.kind is SourceKind.DROP_IN,
            "temporary": is_temporary(end),
            "home": is_in_home(end),
            "hidden": is_hidden(end),
            "foreign": piece is None or Trust.is_foreign(piece),
        }
        yield Element(values, EvidenceLine(cut(f"link {source.path} → {target}"), source.path))
