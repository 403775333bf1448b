"""What a user or a layout of a host can do to a probe: hide things, stop it, or make it slow."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from fleetscan.demo.answers import SHIM
from fleetscan.demo.tree import HostTree, TreeFile
from fleetscan.model.coverage import Area, ReadStatus
from tests.integration.probe.probe_runs import run_probe

ETC = "etc/systemd/system"
DEPLOYS = "home/deploy/.config/systemd/user"
NOBODY = 65534
TIMER = "[Timer]\nOnCalendar=daily\n"
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

# Has one timer in memory, and writes down how often it was asked. Ends as systemctl does at a name that is none, tells
# of all others.
STRICT_SHOW = """#!/bin/sh
case "$*" in
*" show "*" -- *.timer"*) ;;
*) exit 1 ;;
esac
while [ "$1" != -- ]; do shift; done
shift
echo asked >>%s
for unit in "$@"; do [ ${#unit} -le 255 ] || exit 1; done
for unit in "$@"; do
  [ "$unit" != '*.timer' ] || unit=loaded.timer
  printf 'Id=%%s\\nLoadState=loaded\\n\\n' "$unit"
done
"""


@needs_root
@pytest.mark.parametrize("closed", ["etc/systemd", "etc"])
def test_a_directory_behind_a_closed_one_is_denied_and_not_absent(
    shell: Sequence[str], tree: HostTree, root: Path, closed: str
) -> None:
    tree.write(root)
    (root / closed).chmod(0o700)
    gaps = run_probe(shell, root, user=NOBODY).listing.gaps
    assert f"/{ETC}" in {gap.path for gap in gaps if gap.area is Area.FILES and gap.status is ReadStatus.DENIED}


@needs_root
def test_a_home_far_behind_a_closed_directory_is_denied_and_not_absent(
    shell: Sequence[str], tree: HostTree, root: Path
) -> None:
    tree.write(root)
    home = next(line.split(":")[5] for line in passwd_of(root) if line.startswith("deploy:"))
    assert home == "/home/deploy"
    moved = (root / "etc/passwd").read_text().replace("/home/deploy", "/srv/closed/homes/deploy")
    (root / "etc/passwd").write_text(moved)
    (root / "srv/closed/homes/deploy").mkdir(parents=True)
    (root / "srv/closed").chmod(0o700)
    gaps = run_probe(shell, root, user=NOBODY).listing.gaps
    assert "/srv/closed/homes/deploy" in {gap.path for gap in gaps if gap.status is ReadStatus.DENIED}


def passwd_of(root: Path) -> list[str]:
    return (root / "etc/passwd").read_text().splitlines()


def test_a_mount_of_a_users_own_over_his_units_is_not_looked_at_and_not_absent(
    shell: Sequence[str], tree: HostTree, root: Path
) -> None:
    mount = "40 22 0:50 / /home/deploy/.config/systemd rw,nosuid - fuse.evil evil rw,user_id=1000\n"
    tree.files["proc/self/mountinfo"] = TreeFile(mount)
    tree.directories.add("home/deploy/.config")
    tree.write(root)
    gaps = run_probe(shell, root).listing.gaps
    assert [(gap.path, gap.scope, gap.status) for gap in gaps] == [
        ("/home/deploy", "user:deploy", ReadStatus.NOT_TRIGGERED)
    ]


def test_a_home_that_looks_like_an_option_ends_no_walk(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.write(root)
    with (root / "etc/passwd").open("a") as passwd:
        passwd.write("odd:x:4711:4711::/-delete:/bin/sh\n")
    (root / "-delete/.config/systemd/user").mkdir(parents=True)
    run = run_probe(shell, root)
    assert run.section("walk").status is ReadStatus.OK
    assert [(gap.path, gap.scope) for gap in run.listing.gaps] == [("/-delete", "user:odd")]


def test_a_manager_is_asked_about_what_it_has_in_memory_and_about_nothing_that_only_lies_on_disk(
    shell: Sequence[str], tree: HostTree, root: Path
) -> None:
    tree.files[f"{ETC}/a.timer"] = TreeFile(TIMER)
    tree.links[f"{ETC}/b.timer"] = "x" * 300 + ".timer"
    tree.write(root)
    shim, asked = root / SHIM / "systemctl", root / "asked"
    shim.unlink()
    shim.write_text(STRICT_SHOW % f"'{str(asked).replace(chr(39), chr(39) + chr(92) + chr(39) + chr(39))}'")
    shim.chmod(0o755)
    loaded = run_probe(shell, root).section("loaded")
    assert loaded.status is ReadStatus.OK
    assert loaded.payload.split() == [b"Id=loaded.timer", b"LoadState=loaded"]
    assert asked.read_text().count("asked") == 1
