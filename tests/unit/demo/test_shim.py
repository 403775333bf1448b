"""The stand-in commands answer what the probe asks, and nothing else."""

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fleetscan.demo.furnish import furnish_tree
from fleetscan.demo.image import build_tree, cast_fleet
from fleetscan.demo.intruder import mask_update_timer, plant_user_timer

NOW = datetime(2026, 3, 4, 7, 8, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A written tree with a masked timer and a user timer."""
    folder = tmp_path_factory.mktemp("a host")
    host = cast_fleet(12)[0]
    tree = build_tree(host)
    mask_update_timer(tree)
    plant_user_timer(tree)
    furnish_tree(host, tree, NOW)
    tree.write(folder)
    return folder


def ask(root: Path, *command: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": f"{root}/.shim:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
    return subprocess.run(
        ["/bin/sh", "-c", '"$@"', "sh", *command], cwd=root, env=env, capture_output=True, text=True, check=False
    )


def test_version_is_the_release_of_the_tree(root: Path) -> None:
    assert ask(root, "systemctl", "--version").stdout.startswith("systemd 252 (252.39-1~deb12u2)\n+PAM ")


def test_list_timers_takes_its_options_before_or_behind(root: Path) -> None:
    behind = ask(root, "systemctl", "list-timers", "--all", "--no-pager", "--output=json")
    before = ask(root, "systemctl", "--no-pager", "--no-ask-password", "--full", "--all", "-o", "json", "list-timers")
    assert behind.returncode == 0
    assert behind.stdout == before.stdout
    assert "apt-daily-upgrade.timer" not in {row["unit"] for row in json.loads(behind.stdout)}
    assert ask(root, "systemctl", "list-timers", "--all").stdout.startswith("NEXT ")


def test_show_gives_only_the_properties_asked_for_and_a_blank_line_between_blocks(root: Path) -> None:
    done = ask(root, "systemctl", "show", "-p", "Id,LoadState", "--", "apt-daily.timer", "cron.service")
    assert done.stdout == "Id=apt-daily.timer\nLoadState=loaded\n\nId=cron.service\nLoadState=loaded\n"


def test_show_keeps_empty_properties_only_when_they_are_asked_for(root: Path) -> None:
    assert ask(root, "systemctl", "show", "-p", "DropInPaths", "cron.service").stdout == "DropInPaths=\n"
    assert "DropInPaths" not in ask(root, "systemctl", "show", "cron.service").stdout


def test_show_of_an_unknown_unit_is_a_block_that_says_not_found(root: Path) -> None:
    done = ask(root, "systemctl", "show", "-p", "Id,LoadState,Description", "no-such.timer")
    assert done.returncode == 0
    assert done.stdout == "Id=no-such.timer\nDescription=no-such.timer\nLoadState=not-found\n"


def test_masked_timer_is_masked_in_every_view(root: Path) -> None:
    shown = ask(
        root, "systemctl", "show", "-p", "LoadState,Triggers,UnitFileState,FragmentPath", "apt-daily-upgrade.timer"
    )
    assert shown.stdout == (
        "Triggers=\nLoadState=masked\nFragmentPath=/etc/systemd/system/apt-daily-upgrade.timer\nUnitFileState=masked\n"
    )
    rows = json.loads(ask(root, "systemctl", "list-unit-files", "--output=json").stdout)
    assert {"unit_file": "apt-daily-upgrade.timer", "state": "masked", "preset": "enabled"} in rows


def test_show_without_a_name_is_the_manager(root: Path) -> None:
    done = ask(root, "systemctl", "--no-pager", "show", "-p", "Version,UnitPath")
    version, unit_path = done.stdout.splitlines()
    assert version == "Version=252.39-1~deb12u2"
    assert unit_path.startswith("UnitPath=/etc/systemd/system.control ")
    assert unit_path.endswith(" /lib/systemd/system /usr/lib/systemd/system /run/systemd/generator.late")


def test_environment_of_the_manager(root: Path) -> None:
    assert ask(root, "systemctl", "show-environment").stdout.startswith("LANG=C.UTF-8\n")


@pytest.mark.parametrize(
    "command",
    [("start", "cron.service"), ("--user", "list-timers"), ("list-timers", "--recursive"), ("show", "-p"), ()],
)
def test_anything_else_is_refused_with_a_reason(root: Path, command: tuple[str, ...]) -> None:
    done = ask(root, "systemctl", *command)
    assert (done.returncode, done.stdout) == (1, "")
    assert "demo systemctl:" in done.stderr


def test_names_are_those_of_the_tree(root: Path) -> None:
    assert ask(root, "hostname").stdout == ask(root, "uname", "-n").stdout == "web-01\n"
    assert ask(root, "uname", "-r").stdout == "6.1.0-40-amd64\n"
    assert ask(root, "id", "-u").stdout == "0\n"
    assert ask(root, "id", "-un").stdout == "root\n"


def test_accounts_are_those_of_the_tree(root: Path) -> None:
    assert ask(root, "getent", "passwd").stdout == (root / "etc/passwd").read_text()
    assert ask(root, "getent", "passwd", "deploy").stdout.startswith("deploy:x:1000:")
    assert ask(root, "getent", "group").returncode == 1


@pytest.mark.parametrize(
    ("ids", "of_root", "of_deploy"), [("%U %G", "0 0", "1000 1000"), ("%u %g", "root root", "deploy deploy")]
)
def test_files_belong_to_root_and_homes_to_their_user(root: Path, ids: str, of_root: str, of_deploy: str) -> None:
    paths = ("etc/systemd/system", "home/deploy/.config/systemd/user")
    done = ask(root, "find", "-H", *paths, "-maxdepth", "1", "-type", "f", "-printf", f"K %y %m {ids} %s %p//\\n")
    owners = {line.split(" ", 6)[6]: " ".join(line.split(" ")[3:5]) for line in done.stdout.splitlines()}
    assert owners["etc/systemd/system/cache-warm.timer//"] == of_root
    assert owners["home/deploy/.config/systemd/user/desktop-index.timer//"] == of_deploy


def test_find_without_owners_is_the_real_one(root: Path) -> None:
    done = ask(root, "find", "etc", "-maxdepth", "1", "-name", "no-such", "-o", "-name", "hostname")
    assert (done.returncode, done.stdout) == (0, "etc/hostname\n")
    assert ask(root, "find", "no-such").returncode != 0
