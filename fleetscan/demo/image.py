"""From a release and a role to the tree of one host."""

import hashlib
from dataclasses import dataclass

from fleetscan.demo.dpkg import build_database
from fleetscan.demo.programs import plant_programs
from fleetscan.demo.release import Release
from fleetscan.demo.roles import ROLES, Role
from fleetscan.demo.stock import stock_masks, stock_units, stock_user_units
from fleetscan.demo.tree import HostTree, TreeFile

VENDOR = "usr/lib/systemd/system"
ADMIN = "etc/systemd/system"
_ACCOUNTS = (
    "root:x:0:0:root:/root:/bin/bash",
    "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin",
    "man:x:6:12:man:/var/cache/man:/usr/sbin/nologin",
    "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin",
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin",
    "sshd:x:101:65534::/run/sshd:/usr/sbin/nologin",
)
_PEOPLE = ("deploy:x:1000:1000::/home/deploy:/bin/bash", "ops:x:1001:1001::/home/ops:/bin/bash")
_EMPTY_DIRECTORIES = (
    "var/lib/systemd/linger",
    "run/systemd/system",
    "run/systemd/generator",
    "usr/local/lib/systemd/system",
    "etc/systemd/user",
    "run/user",
    "root",
    "home/deploy",
    "home/ops",
)
_STICKY = {"tmp": 0o1777, "var/tmp": 0o1777}


@dataclass(frozen=True, slots=True)
class DemoHost:
    """One host of the demo: its name, what it is for, and what it runs."""

    name: str
    role: Role
    release: Release


def cast_fleet(count: int) -> tuple[DemoHost, ...]:
    """Deal out names, roles and releases: seven web hosts to five database hosts, releases in turn.

    Raises:
        ValueError: Fewer than 12 hosts, with which there is nothing to compare and no room for the intruder.
    """
    if count < 12:
        raise ValueError(f"the demo needs at least 12 hosts, not {count}")
    web, db = ROLES
    webs = (count * 7 + 11) // 12
    names = [(f"web-{i:02d}", web) for i in range(1, webs + 1)]
    names += [(f"db-{i:02d}", db) for i in range(1, count - webs + 1)]
    return tuple(DemoHost(name, role, role.releases[i % 2]) for i, (name, role) in enumerate(names))


def build_tree(host: DemoHost) -> HostTree:
    """Build what the host has before anything bad happens. The same host gives the same tree."""
    tree = HostTree(directories=set(_EMPTY_DIRECTORIES), modes=dict(_STICKY))
    _add_identity(tree, host)
    vendor = stock_units(host.release)
    for name, text in vendor.items():
        tree.files[f"{VENDOR}/{name}"] = TreeFile(text)
    for name in stock_masks(host.release):
        tree.links[f"{VENDOR}/{name}"] = "/dev/null"
    for name, text in stock_user_units(host.release).items():
        tree.files[f"usr/lib/systemd/user/{name}"] = TreeFile(text)
    tree.links[f"{VENDOR}/timers.target.wants/systemd-tmpfiles-clean.timer"] = "../systemd-tmpfiles-clean.timer"
    tree.links[f"{ADMIN}/sshd.service"] = f"{host.release.vendor_dir}/ssh.service"
    for name, text in vendor.items():
        enable_unit(tree, name, text, f"{host.release.vendor_dir}/{name}")
    for name, text in host.role.units.items():
        tree.files[f"{ADMIN}/{name}"] = TreeFile(text)
        enable_unit(tree, name, text, f"/{ADMIN}/{name}")
    for path, text in host.role.scripts.items():
        tree.files[path] = TreeFile(text, 0o755)
    plant_programs(tree, host.release)
    tree.files.update(build_database(host.release, tree))
    return tree


_SUDOERS = "root\tALL=(ALL:ALL) ALL\n%sudo\tALL=(ALL:ALL) ALL\n\n@includedir /etc/sudoers.d\n"


def enable_unit(tree: HostTree, name: str, text: str, target: str, folder: str = ADMIN) -> None:
    """Do what `systemctl enable` would do with a unit's WantedBy."""
    for line in text.splitlines():
        if line.startswith("WantedBy="):
            tree.links[f"{folder}/{line.removeprefix('WantedBy=')}.wants/{name}"] = target


def _add_identity(tree: HostTree, host: DemoHost) -> None:
    """Add what makes the host this host: names, accounts, machine-id, and what of /proc a reader looks at."""
    accounts = (*_ACCOUNTS, *host.role.accounts, *_PEOPLE)
    machine_id = hashlib.sha256(f"fleetscan demo {host.name}".encode()).hexdigest()[:32]
    texts = {
        "usr/lib/os-release": host.release.os_release,
        "etc/machine-id": f"{machine_id}\n",
        "etc/hostname": f"{host.name}\n",
        "etc/passwd": "".join(f"{line}\n" for line in accounts),
        "proc/1/comm": "systemd\n",
        "var/log/journal/local/system.journal": "",  # what would be in it, journalctl tells
        "proc/self/mountinfo": "25 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n26 25 0:23 / /run rw - tmpfs tmpfs rw\n",
    }
    for path, text in texts.items():
        tree.files[path] = TreeFile(text)
    shadow = "".join(f"{line.partition(':')[0]}:!*:19800:0:99999:7:::\n" for line in accounts)
    tree.files["etc/shadow"] = TreeFile(shadow, 0o640)
    tree.files["etc/sudoers"] = TreeFile(_SUDOERS, 0o440)
    tree.links["etc/os-release"] = "../usr/lib/os-release"
