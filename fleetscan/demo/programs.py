"""What the units of a demo host run and read: a file wherever one of them names one, so that no new unit is forgotten.

Nothing of it is ever executed. Programs have the first bytes of a real one, scripts the right interpreter.
"""

import re
from collections.abc import Iterator

from fleetscan.demo.release import Release
from fleetscan.demo.settings import Settings, read_settings, split_command
from fleetscan.demo.tree import HostTree, TreeFile

MERGED = ("bin", "lib", "sbin")
"""Top directories that are links into `usr`."""

_SHELL = "usr/bin/dash"
_SH = "usr/bin/sh"
_UNIT_FOLDERS = ("etc/systemd/", "usr/lib/systemd/")
_ELF = "\x7fELF\x02\x01\x01" + "\0" * 9
# What of the demo's programs is a script in Debian, too.
_INTERPRETERS = {
    "apt.systemd.daily": "/bin/sh",
    "dpkg-db-backup": "/bin/sh",
    "e2scrub_all": "/bin/bash",
    "sa1": "/bin/sh",
    "sa2": "/bin/sh",
    "vacuumdb": "/usr/bin/perl",
}
_VARIABLE = re.compile(r"\$\{?([A-Z_]+)")
_SHEBANG = re.compile(r"#! ?(/\S+)")


def plant_programs(tree: HostTree, release: Release) -> None:
    """Add what the units of a tree name and the tree has not yet: programs, their interpreters, environment files."""
    for top in MERGED:
        tree.links[top] = f"usr/{top}"
    _plant(tree, _SHELL, release)
    tree.links[_SH] = "dash"
    texts = [file.text for path, file in sorted(tree.files.items()) if path.startswith(_UNIT_FOLDERS)]
    for settings in map(read_settings, texts):
        commands = [split_command(value)[1] for value in _command_lines(settings)]
        for words in commands:
            _plant(tree, real_path(words[0]), release)
        variables = sorted({name for words in commands for word in words for name in _VARIABLE.findall(word)})
        for value in settings.get(("Service", "EnvironmentFile"), []):
            text = "# Options of the daemon, see its manual page\n" + "".join(f'{name}=""\n' for name in variables)
            tree.files.setdefault(real_path(value.removeprefix("-")), TreeFile(text))
    for file in list(tree.files.values()):
        if interpreter := _SHEBANG.match(file.text):
            _plant(tree, real_path(interpreter[1]), release)


def real_path(name: str) -> str:
    """Give the place in the tree of a program as a unit names it: bare, or below a top directory that is a link."""
    if not name.startswith("/"):
        return f"usr/bin/{name}"
    top = name.split("/")[1]
    return f"usr{name}" if top in MERGED else name.removeprefix("/")


def _command_lines(settings: Settings) -> Iterator[str]:
    for (section, key), values in settings.items():
        if section == "Service" and key.startswith("Exec"):
            yield from values


def _plant(tree: HostTree, path: str, release: Release) -> None:
    """Add a program that is not there; its bytes are those of the release, the same on all hosts."""
    if path in tree.files or path in tree.links:
        return
    name = path.rpartition("/")[2]
    interpreter = _INTERPRETERS.get(name)
    start = f"#!{interpreter}\n# " if interpreter else _ELF
    text = f"{start}{name} as {release.codename} has it on the hosts of the demo; it does nothing.\n"
    tree.files[path] = TreeFile(text, 0o755)
