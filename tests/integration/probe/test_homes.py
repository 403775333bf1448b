"""What users own is read where it may be and told where it may not; no link leads out of a home."""

import os
import shutil
import signal
import socket
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from fleetscan.demo.tree import HostTree, TreeFile
from fleetscan.model.coverage import Area, Coverage, ReadStatus
from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import user_scope
from tests.integration.probe.probe_runs import HANGS_AFTER_S, run_probe

ETC = "etc/systemd/system"
DEPLOYS = "home/deploy/.config/systemd/user"
DEPLOY = user_scope("deploy")
NOBODY = 65534
TIMER = "[Timer]\nOnCalendar=daily\n"


def add_accounts(tree: HostTree, *lines: str) -> None:
    tree.files["etc/passwd"] = TreeFile(tree.files["etc/passwd"].text + "".join(f"{line}\n" for line in lines))


def test_homes_that_are_no_directories_are_harmless(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    add_accounts(
        tree,
        "loop:x:2001:2001::/home/loop:/bin/sh",
        "pipe:x:2002:2002::/home/pipe:/bin/sh",
        "file:x:2003:2003::/home/file:/bin/sh",
        "star:x:2004:2004::/home/*:/bin/sh",
        "none:x:2005:2005:::/bin/sh",
        "here:x:2006:2006::home/deploy:/bin/sh",
        "gone:x:2007:2007::/home/not there:/bin/sh",
    )
    tree.links["home/loop"] = "loop"
    tree.files["home/file"] = TreeFile("x")
    tree.write(root)
    os.mkfifo(root / "home/pipe")
    run = run_probe(shell, root)
    assert run.listing.gaps == ()
    assert run.section("homes").payload.splitlines()[-1] == b"ok:ops:1001:/home/ops"


def test_a_link_out_of_a_home_is_not_followed_and_is_a_gap(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.files["srv/elsewhere/systemd/user/a.timer"] = TreeFile(TIMER)
    tree.links["home/deploy/.config"] = "../../srv/elsewhere"
    tree.write(root)
    run = run_probe(shell, root)
    (gap,) = run.listing.gaps
    assert (gap.area, gap.scope, gap.path) == (Area.FILES, DEPLOY, "/home/deploy")
    assert not [name for name in run.files if name.startswith("/home") or "elsewhere" in name]


def test_a_link_within_a_home_is_followed(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.files["home/deploy/dotfiles/systemd/user/a.timer"] = TreeFile(TIMER)
    tree.links["home/deploy/.config"] = "dotfiles"
    tree.write(root)
    run = run_probe(shell, root)
    assert run.listing.gaps == ()
    assert run.files[f"/{DEPLOYS}/a.timer"].scope == DEPLOY


@pytest.mark.parametrize("home", ["/home/extra/", "/home//extra", "//home/extra", "/home/extra///"])
def test_a_home_with_odd_slashes_is_read_under_its_plain_name(
    shell: Sequence[str], tree: HostTree, root: Path, home: str
) -> None:
    add_accounts(tree, f"extra:x:2000:2000::{home}:/bin/sh")
    tree.files["home/extra/.config/systemd/user/a.timer"] = TreeFile(TIMER)
    tree.write(root)
    found = run_probe(shell, root).files["/home/extra/.config/systemd/user/a.timer"]
    assert (found.scope, found.sha256) == (user_scope("extra"), digest_bytes(TIMER.encode()))


def test_a_home_with_a_space_is_read(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    add_accounts(tree, "extra:x:2000:2000::/home/first last:/bin/sh")
    tree.files["home/first last/.config/systemd/user/a.timer"] = TreeFile(TIMER)
    tree.write(root)
    assert "/home/first last/.config/systemd/user/a.timer" in run_probe(shell, root).files


def test_a_home_of_two_accounts_is_walked_once(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    add_accounts(tree, "twin:x:1000:1000::/home/deploy:/bin/sh")
    tree.files[f"{DEPLOYS}/a.timer"] = TreeFile(TIMER)
    tree.write(root)
    run = run_probe(shell, root)
    assert run.section("walk", "1000").payload.count(b"user/a.timer//") == 1
    assert run.files[f"/{DEPLOYS}/a.timer"].scope == DEPLOY


def test_a_remote_home_is_not_touched(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.files[f"{DEPLOYS}/a.timer"] = TreeFile(TIMER)
    mounts = tree.files["proc/self/mountinfo"].text
    tree.files["proc/self/mountinfo"] = TreeFile(f"{mounts}90 25 0:50 / /home rw - nfs4 server:/home rw\n")
    tree.write(root)
    run = run_probe(shell, root)
    assert {(gap.scope, gap.path) for gap in run.listing.gaps} == {
        (DEPLOY, "/home/deploy"),
        (user_scope("ops"), "/home/ops"),
    }
    assert all("nfs4" in gap.reason for gap in run.listing.gaps)
    assert f"/{DEPLOYS}/a.timer" not in run.files


def test_a_runtime_directory_that_is_a_link_is_a_gap(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.files["srv/elsewhere/transient/a.timer"] = TreeFile(TIMER)
    tree.directories.add("run/user/1000")
    tree.links["run/user/1000/systemd"] = "/srv/elsewhere"
    tree.write(root)
    gaps = run_probe(shell, root).listing.gaps
    assert (Area.FILES, DEPLOY, "/run/user/1000/systemd") in {(gap.area, gap.scope, gap.path) for gap in gaps}


def test_a_manager_that_cannot_be_asked_is_a_gap(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.files["run/user/1000/systemd/transient/a.timer"] = TreeFile(TIMER)
    tree.directories.add("run/user/70001/systemd")
    for uid in (1000, 70001):
        tree.files[f".shim/show/user@{uid}.service"] = TreeFile("ActiveState=active\n")
    tree.write(root)
    run = run_probe(shell, root)
    stranger = user_scope("70001")
    views = (Area.TIMERS, Area.LOADED, Area.UNIT_FILES)
    assert {(gap.area, gap.scope) for gap in run.listing.gaps} == {
        *((area, scope) for area in views for scope in (DEPLOY, stranger)),
        (Area.FILES, stranger),
    }
    assert run.files["/run/user/1000/systemd/transient/a.timer"].scope == DEPLOY


@pytest.mark.parametrize(
    "closed", ["home/deploy", "home/deploy/.config", "home/deploy/.config/systemd", DEPLOYS], ids=lambda path: path
)
def test_a_closed_directory_of_a_home_is_denied(shell: Sequence[str], tree: HostTree, root: Path, closed: str) -> None:
    tree.files[f"{DEPLOYS}/a.timer"] = TreeFile(TIMER)
    tree.write(root)
    (root / closed).chmod(0)
    try:
        # for root no door is closed, so the probe runs as somebody else; others are kept out by the mode itself
        run = run_probe(shell, root, user=NOBODY if os.getuid() == 0 else None)
    finally:
        (root / closed).chmod(0o755)
    (gap,) = Coverage(run.listing.gaps).decisive
    path = f"/{DEPLOYS}" if closed == DEPLOYS else "/home/deploy"
    assert (gap.area, gap.scope, gap.status, gap.path) == (Area.FILES, DEPLOY, ReadStatus.DENIED, path)
    assert f"/{DEPLOYS}/a.timer" not in run.files


def test_a_closed_unit_and_a_closed_directory_are_denied_each_with_its_path(
    shell: Sequence[str], tree: HostTree, root: Path
) -> None:
    tree.files[f"{ETC}/closed.service"] = TreeFile("[Service]\n", 0o000)
    tree.files[f"{ETC}/closed.timer.d/a.conf"] = TreeFile(TIMER)
    tree.files["var/lib/systemd/linger/deploy"] = TreeFile("")
    tree.write(root)
    closed = [root / ETC / "closed.timer.d", root / "var/lib/systemd/linger"]
    for folder in closed:
        folder.chmod(0)
    try:
        run = run_probe(shell, root, user=NOBODY if os.getuid() == 0 else None)
    finally:
        for folder in closed:
            folder.chmod(0o755)
    assert {(gap.area, gap.status, gap.path) for gap in Coverage(run.listing.gaps).decisive} == {
        (Area.CONTENT, ReadStatus.DENIED, f"/{ETC}/closed.service"),
        (Area.FILES, ReadStatus.DENIED, f"/{ETC}/closed.timer.d"),
        (Area.LINGER, ReadStatus.DENIED, "/var/lib/systemd/linger"),
    }


ASKED = ".shim/asked"
SYSTEMCTL = """#!/bin/sh
user=
for word; do
  shift
  if [ "$word" = --user ]; then user=1; else set -- "$@" "$word"; fi
done
[ -z "$user" ] || %s
exec "${0%%/*}/systemctl-of-the-host" "$@"
"""
TIMEOUT = """#!/bin/sh
shift 3
seconds=20
case "$*" in
*--user*) seconds=%s; echo asked >>"${0%%/*}/asked" ;;
'head -c '*) seconds=1 ;;
esac
exec %s -k 1 "$seconds" "$@"
"""


def add_users_manager(tree: HostTree, *, answer: str, limit_s: float) -> None:
    """Let `systemctl --user` do something of its own, with another time limit; note each time that it is asked."""
    tree.files[".shim/systemctl-of-the-host"] = tree.files.pop(".shim/systemctl")
    tree.files[".shim/systemctl"] = TreeFile(SYSTEMCTL % answer, 0o755)
    tree.files[".shim/timeout"] = TreeFile(TIMEOUT % (limit_s, shutil.which("timeout")), 0o755)
    tree.directories.add("run/user/0/systemd")


def write_with_socket(tree: HostTree, root: Path, place: str = "run/user/0/systemd") -> None:
    tree.write(root)
    with socket.socket(socket.AF_UNIX) as manager:
        before = Path.cwd()
        os.chdir(root / place)  # names of sockets are short
        try:
            manager.bind("private")
        finally:
            os.chdir(before)


def test_a_running_users_manager_is_asked_for_its_own_timers(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    add_users_manager(tree, answer=":", limit_s=20)
    write_with_socket(tree, root)
    run = run_probe(shell, root)
    scopes = {(frame.section, frame.scope) for frame in run.frames}
    assert {("timers-json", "user:root"), ("loaded", "user:root")} <= scopes
    assert run.listing.gaps == ()
    assert user_scope("root") in {row.scope for row in run.listing.timers}


def test_a_users_manager_that_hangs_is_asked_once_and_is_a_gap(
    shell: Sequence[str], tree: HostTree, root: Path
) -> None:
    add_users_manager(tree, answer="exec sleep 1000", limit_s=0.2)
    write_with_socket(tree, root)
    run = run_probe(shell, root)
    assert {(gap.area, gap.scope, gap.status) for gap in run.listing.gaps} == {
        (Area.TIMERS, user_scope("root"), ReadStatus.TIMED_OUT),
        (Area.LOADED, user_scope("root"), ReadStatus.TIMED_OUT),
        (Area.UNIT_FILES, user_scope("root"), ReadStatus.TIMED_OUT),
    }
    assert len((root / ASKED).read_text().splitlines()) == 1


def test_a_user_who_holds_the_output_of_what_speaks_to_his_manager_holds_up_nothing(
    shell: Sequence[str], tree: HostTree, root: Path
) -> None:
    """The one who is spoken to can trace the speaker, and let it start something that outlives it."""
    add_users_manager(tree, answer='{ setsid sleep 300 & echo $! >>"${0%/*}/held"; exit 0; }', limit_s=20)
    write_with_socket(tree, root)
    began = time.monotonic()
    try:
        run = run_probe(shell, root)
    finally:
        for held in (root / ".shim/held").read_text().split():
            os.kill(int(held), signal.SIGKILL)
    assert time.monotonic() - began < HANGS_AFTER_S / 2
    assert (Area.TIMERS, ReadStatus.TIMED_OUT) in {(gap.area, gap.status) for gap in run.listing.gaps}
    assert len((root / ASKED).read_text().splitlines()) == 1
