"""Sudoers: lines of rules and aliases into grants, one for each account and command.

Source: sudoers(5), "SUDOERS FILE FORMAT"; toke.l and gram.y of sudo 1.9.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from fleetscan.model.grant import Reach
from fleetscan.probe.sudo_reach import find_reach
from fleetscan.probe.sudoers_words import CommandSpec, Item, Line, Scanner, WordError

_ALIAS = re.compile(r"(User|Runas|Host|Cmnd|Cmd)_Alias[ \t]+")
_DEFAULTS = re.compile(
    r"Defaults(?:(?P<of>[@:>!])(?P<whom>[^ \t,]+(?:[ \t]*,[ \t]*[^ \t,]+)*))?[ \t]+(?P<settings>.*)", re.DOTALL
)
_INCLUDE = re.compile(r"[@#]include(?:dir)?(?:[ \t]|\Z)")
_AUTHENTICATE = re.compile(r"(?:^|,)[ \t]*(!*)[ \t]*authenticate[ \t]*(?=,|\Z)")
_MAX_LINE = 65_536
_MAX_TEXT = 524_288
_MAX_SPARED = 100
_MAX_EXPANDED = 200_000
_MAX_DEPTH = 16


@dataclass(frozen=True, slots=True)
class SudoRule:
    """One account or group, and one command.

    Attributes:
        who: Account, `%group`, `#uid`, `+netgroup` or `ALL`; what a list leaves out stands behind it (`ALL,!bob`).
        host: On which hosts, aliases resolved: `ALL` or names with commas.
        run_as: `root`, `ALL:ALL`, `:group`; as written, without spaces.
        tags: In capitals, sorted; without those about the password.
        command: Path and arguments, or `ALL`; with a digest before it where one is asked for.
        excluded: Commands that the same list leaves out, sorted.
        asks_password: Whether sudo asks for one.
        reach: Why it matters.
        source: `FILE:LINE`.
    """

    who: str
    host: str
    run_as: str
    tags: tuple[str, ...]
    command: str
    excluded: tuple[str, ...]
    asks_password: bool
    reach: Reach
    source: str


@dataclass(slots=True)
class Sudoers:
    """All rules of a host that let somebody reach units.

    Attributes:
        rules: In the order of the files.
        bad: `FILE:LINE` of what cannot be understood.
        truncated: Whether there is more than is taken.
    """

    rules: list[SudoRule] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)
    truncated: bool = False


def parse_sudoers(lines: Iterable[Line], *, max_rules: int) -> Sudoers:
    """Understand logical lines of all files, in the order in which sudo reads them.

    Args:
        lines: Comments and continuations resolved.
        max_rules: More rules are left out.
    """
    reading = _Reading(max_rules)
    rest: list[Line] = []
    left = _MAX_TEXT
    # An alias may be used before it is defined, and settings hold for all rules.
    for line in lines:
        left -= len(line.text)
        if left < 0:
            reading.found.truncated = True
            break
        if len(line.text) > _MAX_LINE:
            reading.found.bad.append(line.source)
        elif not reading.take_definition(line):
            rest.append(line)
    for line in rest:
        try:
            reading.take_rule(line)
        except WordError:
            reading.found.bad.append(line.source)
        if reading.found.truncated:
            break
    return reading.found


class _Reading:
    def __init__(self, max_rules: int) -> None:
        self.found = Sudoers()
        self._max_rules = max_rules
        self._aliases: dict[tuple[str, str], tuple[Item, ...]] = {}
        self._spared: list[tuple[str, frozenset[str], bool]] = []
        self._left = _MAX_EXPANDED

    def take_definition(self, line: Line) -> bool:
        """Take an alias or a setting; tell whether it was one."""
        try:
            if match := _ALIAS.match(line.text):
                self._take_aliases("Cmnd" if match[1] == "Cmd" else match[1], Scanner(line.text, match.end()))
                return True
        except WordError:
            self.found.bad.append(line.source)
            return True
        if match := _DEFAULTS.fullmatch(line.text):
            for setting in _AUTHENTICATE.finditer(match["settings"]):
                whom = frozenset(name.strip() for name in (match["whom"] or "").split(",") if name)
                self._spared.append((match["of"] or "", whom, len(setting[1]) % 2 == 1))
            self.found.truncated |= len(self._spared) > _MAX_SPARED
            del self._spared[_MAX_SPARED:]
            return True
        return line.text.startswith("Defaults") or _INCLUDE.match(line.text) is not None

    def _take_aliases(self, kind: str, scanner: Scanner) -> None:
        while True:
            name = scanner.read_word()
            scanner.expect("=")
            items = [spec.item for spec in scanner.read_commands()] if kind == "Cmnd" else scanner.read_list()
            self._aliases.setdefault((kind, name.text), tuple(items))
            if not scanner.skip(":"):
                break
        scanner.expect_end()

    def take_rule(self, line: Line) -> None:
        """Take `users hosts = commands : hosts = commands`."""
        scanner = Scanner(line.text)
        users = scanner.read_list()
        while True:
            hosts = scanner.read_list()
            scanner.expect("=")
            self._add(line, users, hosts, scanner.read_commands())
            if not scanner.skip(":"):
                break
        scanner.expect_end()

    def _add(self, line: Line, users: Sequence[Item], hosts: Sequence[Item], specs: Sequence[CommandSpec]) -> None:
        commands = [(spec, item) for spec in specs for item in self._expand("Cmnd", [spec.item])]
        wanted = [
            (spec, item.text, reach)
            for spec, item in commands
            if not item.is_negated and (reach := find_reach(item.text, is_noexec="NOEXEC" in spec.tags))
        ]
        if not wanted:
            return
        # of a list the last word about an account counts
        members = {item.text: item.is_negated for item in self._expand("User", users)}
        left_out = "".join(f",!{user}" for user, is_negated in sorted(members.items()) if is_negated)
        host = ",".join(sorted({_spell(item) for item in self._expand("Host", hosts)}))
        excluded = tuple(sorted({item.text for _, item in commands if item.is_negated}))
        for spec, command, reach in wanted:
            run_as = self._run_as(spec.run_as)
            for user in (user for user, is_negated in members.items() if not is_negated):
                if len(self.found.rules) >= self._max_rules:
                    self.found.truncated = True
                    return
                rule = SudoRule(
                    who=user + left_out,
                    host=host,
                    run_as=run_as,
                    tags=tuple(sorted(spec.tags - {"PASSWD", "NOPASSWD"})),
                    command=command,
                    excluded=excluded,
                    asks_password=self._asks(spec.tags, user, command),
                    reach=reach,
                    source=line.source,
                )
                self.found.rules.append(rule)

    def _asks(self, tags: frozenset[str], user: str, command: str) -> bool:
        if tags & {"PASSWD", "NOPASSWD"}:
            return "NOPASSWD" not in tags
        asks = True
        for of, whom, is_spared in self._spared:
            about = {"": user, ":": user, "!": command.partition(" ")[0]}.get(of)
            named = set(whom)
            for name in whom:
                kind = "User" if of == ":" else "Cmnd"
                named |= {item.text for item in self._expand(kind, [Item(name)])}
            # what holds for a host or an account to become is taken to hold here
            if of == "" or about is None or about in named or "ALL" in named:
                asks = not is_spared
        return asks

    def _run_as(self, text: str | None) -> str:
        if text is None:
            return "root"
        users, colon, groups = text.partition(":")
        told = [
            ",".join(_spell(item) for item in self._expand("Runas", Scanner(part).read_list()))
            for part in (users, groups)
            if part.strip()
        ]
        if not users.strip():
            return f":{told[0]}" if told else "root"
        return ":".join(told) if colon else told[0]

    def _expand(self, kind: str, items: Iterable[Item]) -> list[Item]:
        """Resolve aliases; each thing once, of all lines together no more than `_MAX_EXPANDED`."""
        found: dict[Item, None] = {}
        for item in self._walk(kind, items, 0, set()):
            found.setdefault(item)
            self._left -= 1
            if self._left < 0:
                self.found.truncated = True
                break
        return list(found)

    def _walk(self, kind: str, items: Iterable[Item], depth: int, seen: set[tuple[str, bool]]) -> Iterator[Item]:
        for item in items:
            within = self._aliases.get((kind, item.text))
            if within is None or depth > _MAX_DEPTH:
                yield item
            elif (item.text, item.is_negated) not in seen:  # each once, so that aliases of aliases do not multiply
                seen.add((item.text, item.is_negated))
                turned = [Item(inner.text, inner.is_negated != item.is_negated) for inner in within]
                yield from self._walk(kind, turned, depth + 1, seen)


def _spell(item: Item) -> str:
    return ("!" if item.is_negated else "") + item.text
