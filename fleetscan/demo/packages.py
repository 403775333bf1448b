"""The packages of the demo hosts: which of them has a file, and in which version a release has them."""

from collections.abc import Mapping

from fleetscan.demo.release import BOOKWORM, TRIXIE, Release

# Beginnings of file names, and the packages that have them in Debian.
_OWNERS = {
    "anacron": "anacron",
    "apt": "apt",
    "bash": "bash",
    "cron": "cron",
    "dash": "dash",
    "dpkg": "dpkg",
    "e2scrub": "e2fsprogs",
    "find": "findutils",
    "fstrim": "util-linux",
    "install": "coreutils",
    "logrotate": "logrotate",
    "man": "man-db",
    "os-release": "base-files",
    "perl": "perl-base",
    "plocate": "plocate",
    "sa1": "sysstat",
    "sa2": "sysstat",
    "sh": "dash",
    "ssh": "openssh-server",
    "sudo": "sudo",
    "sysstat": "sysstat",
    "updatedb": "plocate",
    "vacuumdb": "postgresql-client-common",
}
_IN_HOUSE = {"cache-warm": "storefront-jobs", "pg-backup": "data-jobs", "tls-renew": "storefront-jobs"}
"""Programs below /usr/local: the teams ship theirs as packages of their own."""

_IN_HOUSE_VERSIONS = {"data-jobs": "2.4.0", "storefront-jobs": "3.8.1"}
_VERSIONS: Mapping[str, Mapping[str, str]] = {
    BOOKWORM.codename: {
        "anacron": "2.3-36",
        "apt": "2.6.1",
        "base-files": "12.4+deb12u12",
        "bash": "5.2.15-2+b8",
        "coreutils": "9.1-1",
        "cron": "3.0pl1-162",
        "dash": "0.5.12-2",
        "dpkg": "1.21.22",
        "e2fsprogs": "1.47.0-2+b2",
        "findutils": "4.9.0-4",
        "logrotate": "3.21.0-1",
        "man-db": "2.11.2-2",
        "openssh-server": "1:9.2p1-2+deb12u7",
        "perl-base": "5.36.0-7+deb12u3",
        "plocate": "1.1.18-1",
        "postgresql-client-common": "248+deb12u1",
        "sudo": "1.9.13p3-1+deb12u2",
        "sysstat": "12.6.1-1",
        "util-linux": "2.38.1-5+deb12u3",
    },
    TRIXIE.codename: {
        "anacron": "2.3-43",
        "apt": "3.0.3",
        "base-files": "13.8",
        "bash": "5.2.37-2+b5",
        "coreutils": "9.7-3",
        "cron": "3.0pl1-197",
        "dash": "0.5.12-12",
        "dpkg": "1.22.21",
        "e2fsprogs": "1.47.2-3",
        "findutils": "4.10.0-3",
        "logrotate": "3.22.0-1",
        "man-db": "2.13.1-1",
        "openssh-server": "1:10.0p1-7",
        "perl-base": "5.40.1-6",
        "plocate": "1.1.23-1",
        "postgresql-client-common": "278",
        "sudo": "1.9.16p2-3",
        "sysstat": "12.7.5-2",
        "util-linux": "2.41-5",
    },
}


def find_owner(path: str) -> str | None:
    """Name the package of a file of the vendor's or of a team's own; None for what an administrator added.

    Below `usr`, what has no name of its own here is systemd's, as its masks are.
    """
    name = path.rpartition("/")[2]
    if path.startswith("usr/local/"):
        return _IN_HOUSE.get(name)
    if not path.startswith(("usr/", "etc/default/")):
        return None
    return next((package for prefix, package in _OWNERS.items() if name.startswith(prefix)), "systemd")


def find_version(package: str, release: Release) -> str:
    """Give the version of a package that a release has."""
    if package == "systemd":
        return release.package
    return _IN_HOUSE_VERSIONS.get(package) or _VERSIONS[release.codename][package]
