"""The demo hosts' package database: dpkg's own files, made from what the tree holds below `usr`."""

import hashlib
from collections.abc import Mapping

from fleetscan.demo.release import BOOKWORM, TRIXIE, Release
from fleetscan.demo.tree import HostTree, TreeFile

DATABASE = "var/lib/dpkg"
_UNITS = "usr/lib/systemd/"
_LOCAL = "usr/local/"
# Beginnings of file names, and the packages that have them in Debian.
_OWNERS = {
    "anacron": "anacron",
    "apt": "apt",
    "cron": "cron",
    "dpkg": "dpkg",
    "e2scrub": "e2fsprogs",
    "fstrim": "util-linux",
    "logrotate": "logrotate",
    "man": "man-db",
    "os-release": "base-files",
    "plocate": "plocate",
    "sa1": "sysstat",
    "sa2": "sysstat",
    "ssh": "openssh-server",
    "sudo": "sudo",
    "sysstat": "sysstat",
    "updatedb": "plocate",
}
_VERSIONS: Mapping[str, Mapping[str, str]] = {
    BOOKWORM.codename: {
        "anacron": "2.3-36",
        "apt": "2.6.1",
        "base-files": "12.4+deb12u12",
        "cron": "3.0pl1-162",
        "dpkg": "1.21.22",
        "e2fsprogs": "1.47.0-2+b2",
        "logrotate": "3.21.0-1",
        "man-db": "2.11.2-2",
        "openssh-server": "1:9.2p1-2+deb12u7",
        "plocate": "1.1.18-1",
        "sudo": "1.9.13p3-1+deb12u2",
        "sysstat": "12.6.1-1",
        "util-linux": "2.38.1-5+deb12u3",
    },
    TRIXIE.codename: {
        "anacron": "2.3-43",
        "apt": "3.0.3",
        "base-files": "13.8",
        "cron": "3.0pl1-197",
        "dpkg": "1.22.21",
        "e2fsprogs": "1.47.2-3",
        "logrotate": "3.22.0-1",
        "man-db": "2.13.1-1",
        "openssh-server": "1:10.0p1-7",
        "plocate": "1.1.23-1",
        "sudo": "1.9.16p2-3",
        "sysstat": "12.7.5-2",
        "util-linux": "2.41-5",
    },
}


def build_database(release: Release, tree: HostTree) -> dict[str, TreeFile]:
    """Give the files of a database in which every file and link of the vendor belongs to a package.

    Paths are spelled as the release's packages spell them: `/lib/systemd/…` until the merge of `/usr` was finished.
    """
    lists: dict[str, list[str]] = {}
    sums: dict[str, list[str]] = {}
    for path in sorted(tree.files.keys() | tree.links.keys()):
        if not path.startswith("usr/") or path.startswith(_LOCAL):
            continue
        package = find_owner(path)
        spelled = path.removeprefix("usr/") if path.startswith(_UNITS) and release is BOOKWORM else path
        lists.setdefault(package, []).append(f"/{spelled}\n")
        if file := tree.files.get(path):
            digest = hashlib.md5(file.text.encode(), usedforsecurity=False).hexdigest()
            sums.setdefault(package, []).append(f"{digest}  {spelled}\n")
    files = {f"info/{package}.list": "/.\n" + "".join(lines) for package, lines in lists.items()}
    files |= {f"info/{package}.md5sums": "".join(lines) for package, lines in sums.items()}
    files["status"] = "\n".join(_describe(package, release) for package in sorted(lists))
    return {f"{DATABASE}/{name}": TreeFile(text) for name, text in files.items()}


def find_owner(path: str) -> str:
    """Name the package of a vendor's file; what has no name of its own here is systemd's, as its masks are."""
    name = path.rpartition("/")[2]
    return next((package for prefix, package in _OWNERS.items() if name.startswith(prefix)), "systemd")


def _describe(package: str, release: Release) -> str:
    version = release.package if package == "systemd" else _VERSIONS[release.codename][package]
    return f"Package: {package}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n"
