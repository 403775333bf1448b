"""The demo's package database says of each vendor file whose it is; nobody owns the units that were added."""

import hashlib

import pytest

from fleetscan.demo.dpkg import DATABASE
from fleetscan.demo.image import DemoHost, build_tree, cast_fleet
from fleetscan.demo.release import BOOKWORM

HOSTS = cast_fleet(12)


def lines_of(host: DemoHost, ending: str) -> dict[str, list[str]]:
    files = build_tree(host).files
    found = [path for path in files if path.startswith(f"{DATABASE}/info/") and path.endswith(ending)]
    return {path.rpartition("/")[2].removesuffix(ending): files[path].text.splitlines() for path in found}


@pytest.mark.parametrize("host", [HOSTS[0], HOSTS[1], HOSTS[-1]], ids=lambda host: host.name)
def test_every_vendor_unit_is_in_one_list_with_its_digest(host: DemoHost) -> None:
    tree = build_tree(host)
    listed = [path for lines in lines_of(host, ".list").values() for path in lines if path != "/."]
    sums: dict[str, str] = {}
    for line in (line for lines in lines_of(host, ".md5sums").values() for line in lines):
        digest, _, path = line.partition("  ")
        sums[path] = digest
    vendor = {path for path in tree.files if path.startswith("usr/lib/systemd/")}
    assert len(vendor) > 20
    assert len(listed) == len(set(listed))
    for path in vendor:
        spelled = path.removeprefix("usr/") if host.release is BOOKWORM else path
        assert f"/{spelled}" in listed
        assert sums[spelled] == hashlib.md5(tree.files[path].text.encode(), usedforsecurity=False).hexdigest()


def test_nobody_owns_the_units_that_the_administrator_added() -> None:
    for package, lines in lines_of(HOSTS[0], ".list").items():
        assert not [line for line in lines if line.startswith(("/etc/systemd/", "/var/"))]
        assert package == "storefront-jobs" or not [line for line in lines if line.startswith("/usr/local/")]


def test_files_of_settings_are_configuration_and_not_verified_as_programs_are() -> None:
    files = build_tree(HOSTS[0]).files
    digest = hashlib.md5(files["etc/default/anacron"].text.encode(), usedforsecurity=False).hexdigest()
    assert f"\nConffiles:\n /etc/default/anacron {digest}\n" in files[f"{DATABASE}/status"].text
    assert "/etc/default/anacron" in lines_of(HOSTS[0], ".list")["anacron"]
    assert not [line for line in lines_of(HOSTS[0], ".md5sums")["anacron"] if "etc/" in line]


@pytest.mark.parametrize("host", HOSTS[:2], ids=lambda host: host.name)
def test_every_package_has_a_version(host: DemoHost) -> None:
    stanzas = build_tree(host).files[f"{DATABASE}/status"].text.split("\n\n")
    told = {stanza.split("\n")[0].removeprefix("Package: ") for stanza in stanzas if "\nVersion: " in stanza}
    assert told == lines_of(host, ".list").keys()
    assert {"apt", "logrotate", "openssh-server", "systemd", "util-linux"} <= told
