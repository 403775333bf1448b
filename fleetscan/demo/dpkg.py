"""The demo hosts' package database: dpkg's own files, made from what the tree holds."""

import hashlib
from collections.abc import Sequence

from fleetscan.demo.packages import find_owner, find_version
from fleetscan.demo.release import BOOKWORM, Release
from fleetscan.demo.tree import HostTree, TreeFile

DATABASE = "var/lib/dpkg"
_CONFIGURATION = "etc/"
# What bookworm's packages still have outside of `usr`: all units, and of the demo's programs these.
_UNITS = "usr/lib/systemd/"
_MOVED_LATE = frozenset({"bash", "dash", "e2scrub_all", "fstrim", "sh", "systemd-tmpfiles"})


def build_database(release: Release, tree: HostTree) -> dict[str, TreeFile]:
    """Give the files of a database in which every file and link that came with a package belongs to it.

    Paths are spelled as the release's packages spell them: `/lib/systemd/…` until the merge of `/usr` was finished.
    """
    lists: dict[str, list[str]] = {}
    sums: dict[str, list[str]] = {}
    configuration: dict[str, list[str]] = {}
    for path in sorted(tree.files.keys() | tree.links.keys()):
        package = find_owner(path)
        if package is None:
            continue
        spelled = _spell(path, release)
        lists.setdefault(package, []).append(f"/{spelled}\n")
        if file := tree.files.get(path):
            digest = hashlib.md5(file.text.encode(), usedforsecurity=False).hexdigest()
            if path.startswith(_CONFIGURATION):
                configuration.setdefault(package, []).append(f" /{spelled} {digest}\n")
            else:
                sums.setdefault(package, []).append(f"{digest}  {spelled}\n")
    files = {f"info/{package}.list": "/.\n" + "".join(lines) for package, lines in lists.items()}
    files |= {f"info/{package}.md5sums": "".join(lines) for package, lines in sums.items()}
    files["status"] = "\n".join(
        _describe(package, find_version(package, release), configuration.get(package, ())) for package in sorted(lists)
    )
    return {f"{DATABASE}/{name}": TreeFile(text) for name, text in files.items()}


def _spell(path: str, release: Release) -> str:
    is_outside = path.startswith(_UNITS) or path.rpartition("/")[2] in _MOVED_LATE
    return path.removeprefix("usr/") if is_outside and release is BOOKWORM else path


def _describe(package: str, version: str, configuration: Sequence[str]) -> str:
    text = f"Package: {package}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n"
    return text + ("Conffiles:\n" + "".join(configuration) if configuration else "")
