"""Host trees of the size of a small Debian server, from the demo's generator."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from fleetscan.demo.answers import SHIM
from fleetscan.demo.furnish import furnish_tree
from fleetscan.demo.image import VENDOR, DemoHost, build_tree, cast_fleet
from fleetscan.demo.tree import HostTree, TreeFile

_FURTHER_UNITS = 180
"""A minimal Debian 12 has about 265 unit files, the demo's tree about 85: this many more are the missing ones."""

_TEXT = """[Unit]
Description=Vendor service number {number}
Documentation=man:vendor-{number}(8)
After=network.target local-fs.target
ConditionPathExists=/usr/lib/vendor/{number}

[Service]
Type=simple
ExecStart=/usr/lib/vendor/{number}/daemon --foreground --config=/etc/vendor/{number}.conf
Restart=on-failure
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
MemoryDenyWriteExecute=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
"""


def write_trees(folder: Path, hosts: Mapping[str, DemoHost], now: datetime) -> None:
    """Write one tree for each address, in a folder of that name.

    Trees of one role and release differ in host name and machine-id only, as machines made from one image do; so
    answers are generated once for each kind and not once for each host.
    """
    kinds: dict[tuple[str, str], HostTree] = {}
    for address, host in hosts.items():
        kind = (host.role.name, host.release.package)
        if kind not in kinds:
            kinds[kind] = _furnished(host, now)
        own = build_tree(host).files
        files = dict(kinds[kind].files)
        files |= {path: own[path] for path in ("etc/machine-id", "etc/hostname")}
        files[f"{SHIM}/out/hostname"] = TreeFile(f"{host.name}\n")
        HostTree(files, kinds[kind].links, kinds[kind].directories, kinds[kind].modes).write(folder / address)


def cast_hosts(addresses: Sequence[str]) -> dict[str, DemoHost]:
    """Give every address a host of the demo's roles and releases."""
    return dict(zip(addresses, cast_fleet(max(12, len(addresses))), strict=False))


def _furnished(host: DemoHost, now: datetime) -> HostTree:
    tree = build_tree(host)
    for number in range(_FURTHER_UNITS):
        tree.files[f"{VENDOR}/vendor-{number}.service"] = TreeFile(_TEXT.format(number=number))
    furnish_tree(host, tree, now)
    return tree
