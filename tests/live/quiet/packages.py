"""Packages for hosts without a network: the originals they were made of, and other versions made from them."""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from tests.live.attacks.shell import put, service, timer
from tests.live.conftest import Lab, LabHost

_CACHE = Path(os.environ.get("FLEET_LAB_DIR", "/var/tmp/fleet-lab")) / "debs"
_SHELF = "/root/shelf"
CHANGED = ("logrotate", "man-db", "php-common", "sysstat")
"""Packages with timers of which other versions are made."""
REMOVED = "plocate"
ADDED = "tidy-spool"
"""A package that no host has before."""
UNITS = {"php-common": ("phpsessionclean",), "plocate": ("plocate-updatedb",)}
"""Beginnings of the names of a package's units, where they are not its own."""

# A new version: another digest of every program that is a script, another schedule, one more option in the service.
_REPACK = r"""
dpkg-deb -R "$package.deb" "$package"
cd "$package"
sed -i 's/^Version: .*/&+fleet1/' DEBIAN/control
units=$(find . -name '*.timer' -type f)
test -n "$units"
for timer in $units; do
  echo '# of the next version' >>"$timer"
  sed -i 's/^Description=.*/& (revised)/; s/^OnCalendar=daily$/OnCalendar=*-*-* 05:15/' "$timer"
  service=${timer%.timer}.service
  test ! -f "$service" || sed -i '/^\[Service\]/a Nice=11' "$service"
done
for program in $(find . -path '*/bin/*' -type f -o -path '*/sbin/*' -type f -o -path ./usr/lib/php/sessionclean); do
  printf '\n' >>"$program"
done
find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | xargs -0 md5sum >DEBIAN/md5sums
cd ..
dpkg-deb --root-owner-group -b "$package" "$package.next.deb"
rm -r "$package"
"""

_TREE = {
    f"usr/bin/{ADDED}": "#!/bin/sh\nexit 0\n",
    f"usr/lib/systemd/system/{ADDED}.timer": timer("OnCalendar=weekly\nPersistent=true", about="Tidy the spool"),
    f"usr/lib/systemd/system/{ADDED}.service": service(f"/usr/bin/{ADDED} --quiet", about="Tidy the spool"),
    "DEBIAN/control": f"Package: {ADDED}\nVersion: 1.0-1\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\n"
    "Description: tidies the spool\n",
    "DEBIAN/postinst": "#!/bin/sh\nset -e\nsystemctl daemon-reload\n"
    f'test "$1" != configure || systemctl enable --now {ADDED}.timer\n',
    "DEBIAN/prerm": f'#!/bin/sh\nset -e\ntest "$1" != remove || systemctl disable --now {ADDED}.timer\n',
    "DEBIAN/postrm": "#!/bin/sh\nset -e\nsystemctl daemon-reload\n"
    f'test "$1" != purge || rm -f /var/lib/systemd/timers/stamp-{ADDED}.timer\n',
}
_DIGEST = "find . -path ./DEBIAN -prune -o -type f -printf '%P\\0' | xargs -0 md5sum >DEBIAN/md5sums\n"
_BUILD = (
    f"mkdir -p {ADDED}\ncd {ADDED}\n"
    + "".join(put(path, text, "0644" if "." in path or "control" in path else "0755") for path, text in _TREE.items())
    + _DIGEST
    + f"cd ..\ndpkg-deb --root-owner-group -b {ADDED} {ADDED}.deb\nrm -r {ADDED}\n"
)


def stock_shelf(lab: Lab, host: LabHost) -> None:
    """Put onto a host the packages it was made of, and make their next versions there."""
    lab.exec(host.name, "mkdir", "-p", _SHELF)
    for package in (*CHANGED, REMOVED):
        original = _find_original(lab, host, package)
        lab.exec(host.name, "sh", "-c", 'cat >"$0"', f"{_SHELF}/{package}.deb", stdin=original.read_bytes())
    # The image's timers are enabled though the package was told not to: its next version would disable them.
    lab.exec(host.name, "debconf-set-selections", stdin=b"sysstat sysstat/enable boolean true\n")
    lab.exec(host.name, "sed", "-i", 's/^ENABLED=.*/ENABLED="true"/', "/etc/default/sysstat")
    for package in CHANGED:
        _run(lab, host, f"cd {_SHELF}\npackage={package}\n{_REPACK}")
    _run(lab, host, f"cd {_SHELF}\n{_BUILD}")


def clear_shelf(lab: Lab, host: LabHost) -> None:
    """Take the packages away again."""
    lab.exec(host.name, "rm", "-rf", _SHELF)


def install(packages: Sequence[str], suffix: str = "") -> str:
    """Give the line that installs packages from the shelf; `.next` are the newer ones."""
    files = shlex.join(f"{_SHELF}/{package}{suffix}.deb" for package in packages)
    return f"DEBIAN_FRONTEND=noninteractive dpkg --force-confdef --force-confold -i {files}\n"


def remove(package: str, *, purge: bool) -> str:
    """Give the line that removes a package."""
    return f"DEBIAN_FRONTEND=noninteractive dpkg --{'purge' if purge else 'remove'} {package}\n"


def _find_original(lab: Lab, host: LabHost, package: str) -> Path:
    """Find the file that the host's image was made of: the same version, kept by the lab."""
    version = lab.exec(host.name, "dpkg-query", "-W", "-f", "${Version}", package).stdout.decode()
    found = sorted((_CACHE / host.suite).glob(f"{package}_{version.replace(':', '%3a')}_*.deb"))
    assert found, f"the lab keeps no {package} {version} in {_CACHE / host.suite}: build the image anew"
    return found[0]


def _run(lab: Lab, host: LabHost, lines: str) -> None:
    done = lab.exec(host.name, "sh", "-e", stdin=lines.encode(), check=False)
    assert done.returncode == 0, f"{host.name}: {done.stdout.decode()}\n{done.stderr.decode()}"
