"""Hosts with package databases, and the real probe asked about their files."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from fleetscan.demo.answers import SHIM
from fleetscan.demo.tree import HostTree, TreeFile
from fleetscan.model.ids import Sha256
from fleetscan.probe.contents import DONE
from fleetscan.probe.packages import PackageFacts, parse_packages
from tests.integration.probe.probe_runs import run_probe

UNITS = "usr/lib/systemd/system"
TIMER = "[Timer]\nOnCalendar=daily\n"
DPKG = "var/lib/dpkg"


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def ask(shell: Sequence[str], root: Path, paths: Iterable[str] = (), *, user: int | None = None) -> PackageFacts:
    """Ask the real probe about paths and all units of the walk, and understand the answer."""
    asked = list(paths)
    request = f"packages {len(asked)}\n" + "".join(f"{path}\n" for path in asked)
    run = run_probe(shell, root, requests=request.encode("utf-8", "surrogateescape") + DONE, user=user)
    assert run.stderr == b""
    digests: dict[str, Sha256 | None] = {
        f"/{path}": Sha256(hashlib.sha256((root / path).read_bytes()).hexdigest()) for path in asked
    }
    for path, artifact in run.files.items():
        if artifact.sha256:
            digests[path] = artifact.sha256
    return parse_packages(run.section("packages"), digests, merged_usr=True)


# With busybox for a shell also the tools are its own, as far as they read a database.
APPLETS = ("awk", "grep", "gzip", "md5sum", "sed", "sha1sum", "sort")


def without_database(shell: Sequence[str], tree: HostTree) -> HostTree:
    """Take the package database from a healthy host."""
    if shell[0] == "busybox":
        tree.files |= {f"{SHIM}/{name}": TreeFile(f'#!/bin/sh\nexec busybox {name} "$@"\n', 0o755) for name in APPLETS}
    for path in [path for path in tree.files if path.startswith(DPKG)]:
        del tree.files[path]
    tree.links |= {"bin": "usr/bin", "sbin": "usr/sbin"}
    tree.directories |= {"usr/bin", "usr/sbin"}
    return tree
