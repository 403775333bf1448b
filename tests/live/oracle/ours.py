"""Our side: what the pure semantics make of a visit's files, in the terms of `systemctl show`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import SYSTEM, Scope, Sha256, user_scope
from fleetscan.model.snapshot import Artifact, ArtifactKind, HostSnapshot
from fleetscan.model.unit import EffectiveUnit, ExecCommand
from fleetscan.systemd.exec_check import check_exec
from fleetscan.systemd.exec_line import parse_exec
from fleetscan.systemd.names import expand_specifiers, unit_type
from fleetscan.systemd.resolve import resolve_unit
from fleetscan.systemd.tree import UnitTree
from tests.live.oracle.hosts import OracleHost
from tests.live.oracle.seed import ELSEWHERE, Link, Seed
from tests.live.oracle.shown import EXEC_INTERFACES, Command

DEPLOY = user_scope("deploy")
_SPECIFIERS = """
. /etc/os-release
h=$(uname -n)
printf '%s\\n' "$h" "${h%%.*}" "$(cat /etc/machine-id)" "$(tr -d - </proc/sys/kernel/random/boot_id)" "$(uname -r)"
case $(uname -m) in x86_64) echo x86-64 ;; aarch64) echo arm64 ;; *) uname -m ;; esac
printf '%s\\n' "$ID" "$VERSION_ID" "$BUILD_ID" "$IMAGE_ID" "$IMAGE_VERSION" "$VARIANT_ID" "$h"
"""
_SYSTEM_PLACES = {
    "u": "root",
    "U": "0",
    "g": "root",
    "G": "0",
    "h": "/root",
    "s": "/bin/bash",
    "t": "/run",
    "S": "/var/lib",
    "C": "/var/cache",
    "L": "/var/log",
    "E": "/etc",
    "T": "/tmp",
    "V": "/var/tmp",
}
_USER_PLACES = {
    "u": "deploy",
    "U": "1000",
    "g": "deploy",
    "G": "1000",
    "h": "/home/deploy",
    "s": "/bin/bash",
    "t": "/run/user/1000",
    "S": "/home/deploy/.config",
    "C": "/home/deploy/.cache",
    "L": "/home/deploy/.config/log",
    "E": "/home/deploy/.config",
    "T": "/tmp",
    "V": "/var/tmp",
}
_FLAGS = {"-": "ignore-failure", "+": "privileged", ":": "no-env-expand", "|": "via-shell"}


@dataclass(frozen=True, slots=True)
class Ours:
    """A host's unit files, ready to be resolved, and what its specifiers stand for."""

    tree: UnitTree
    contents: Mapping[Sha256, bytes]
    specifiers: Mapping[Scope, Mapping[str, str]]

    @staticmethod
    def of(host: OracleHost, snapshot: HostSnapshot, seed: Seed) -> "Ours":
        """Take a visit, and add what visits leave out by design: files behind links out of the unit directories."""
        artifacts, contents = _add_unvisited(snapshot, seed)
        tree = UnitTree.of(snapshot.facts, artifacts)
        specifiers = {scope: read_specifiers(host, user=scope != SYSTEM) for scope in (SYSTEM, DEPLOY)}
        return Ours(tree, contents, specifiers)

    def resolve(self, scope: Scope, name: str) -> EffectiveUnit:
        """Resolve one unit from disk."""
        return resolve_unit(self.tree, scope, name, self.contents.get, self.tree.systemd_version)

    def real_name(self, scope: Scope, name: str) -> str:
        """Give the name under which a unit's specifiers are expanded."""
        fragment = self.tree.names(scope).find(name)
        return fragment.name if fragment else name

    def expand(self, scope: Scope, text: str, name: str) -> str:
        """Replace all specifiers, those of the unit's name and those of this host."""
        values = self.specifiers[scope]
        held = re.sub(r"%(.)", lambda m: values[m[1]].replace("%", "%%") if m[1] in values else m[0], text)
        return expand_specifiers(held, name)

    def commands(self, scope: Scope, unit: EffectiveUnit, name: str) -> Mapping[str, tuple[Command, ...]]:
        """Give the commands that the manager would hold, by directive; specifiers are those of `name`."""
        kind = unit_type(unit.name) or ""
        section, suffix = kind.capitalize(), "" if kind == "socket" else "Ex"
        version = self.tree.systemd_version
        found: dict[str, list[Command]] = {}
        for directive in unit.directives:
            if directive.section == section and f"{directive.key}{suffix}" in EXEC_INTERFACES.get(kind, ()):
                accepted = check_exec(directive.value, name, version).accepted
                for command in parse_exec(directive, version)[:accepted]:
                    found.setdefault(directive.key, []).append(self._expand_command(scope, command, name))
        return {key: tuple(commands) for key, commands in found.items()}

    def _expand_command(self, scope: Scope, command: ExecCommand, name: str) -> Command:
        flags = {_FLAGS[p] for p in command.prefixes if p in _FLAGS}
        if "!" in command.prefixes:
            flags.add("ambient" if command.prefixes.count("!") == 2 else "no-setuid")
        path, argv = command.path, command.argv
        if "|" in command.prefixes:  # the manager shows the shell; ours is what the shell is given
            path, argv = "/bin/sh", ("-sh" if "@" in command.prefixes else "sh", *argv)
        return Command(
            self.expand(scope, path, name), tuple(self.expand(scope, word, name) for word in argv), frozenset(flags)
        )


def _add_unvisited(snapshot: HostSnapshot, seed: Seed) -> tuple[Sequence[Artifact], Mapping[Sha256, bytes]]:
    """Add what the visit left out: what the seed put outside of the unit directories, and files that are too large."""
    artifacts = {a.name: a for a in snapshot.artifacts if a.kind in {ArtifactKind.FILE, ArtifactKind.LINK}}
    contents = dict(snapshot.contents)
    for path, content in seed.items():
        found = artifacts.get(path)
        if found is not None and (found.kind is ArtifactKind.LINK or found.sha256 in contents):
            continue
        if isinstance(content, Link):
            if path.startswith(ELSEWHERE):
                artifacts[path] = Artifact(kind=ArtifactKind.LINK, scope=SYSTEM, name=path, target=content.target)
        elif path.startswith(ELSEWHERE) or (found is not None and found.size_bytes):
            sha256 = digest_bytes(content)
            contents[sha256] = content
            artifacts[path] = Artifact(
                kind=ArtifactKind.FILE, scope=SYSTEM, name=path, size_bytes=len(content), sha256=sha256
            )
    others = [a for a in snapshot.artifacts if a.kind not in {ArtifactKind.FILE, ArtifactKind.LINK}]
    return (*artifacts.values(), *others), contents


def read_specifiers(host: OracleHost, *, user: bool) -> Mapping[str, str]:
    """Give what the specifiers stand for that depend on the machine and the manager, and not on the unit."""
    values = host.run("sh", "-c", _SPECIFIERS, user=user).decode().split("\n")
    found = dict(zip("HlmbvaowBMAWq", values, strict=False))
    places = _USER_PLACES if user else _SYSTEM_PLACES
    return {**found, **places}
