"""Package databases of other distributions in real shells: rpm, pacman and apk."""

import base64
import gzip
import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from fleetscan.demo.answers import SHIM
from fleetscan.demo.tree import HostTree, TreeFile
from fleetscan.model.coverage import Area, ReadStatus
from fleetscan.model.program import Verification
from tests.integration.probe.package_hosts import TIMER, UNITS, ask, md5, sha256, without_database


@pytest.fixture
def host(shell: Sequence[str], tree: HostTree) -> HostTree:
    """A healthy host without any package database."""
    return without_database(shell, tree)


# What rpm 4.18 says of a package with a unit, a configuration file, a ghost and a program in /sbin, in its own words.
RPM = r"""#!/bin/sh
# stand-in for rpm: -qf names owners, -q tells all files of one
case $1 in
-qf)
  shift
  for path in "$@"; do
    case $path in
    */good.timer | */bad.timer | */tool | /etc/*/conf.timer | */ghost.timer) echo '=tiny-1.2-3.noarch' ;;
    /dev/null/end) echo 'error: file /dev/null/end: Not a directory' >&2 ;;
    /--* | --* | =*) ;;
    *) echo "file $path is not owned by any package" ;;
    esac
  done
  [ ! -e "${0%/*}/broken" ] || echo 'error: cannot open Packages database in /var/lib/rpm' >&2
  exit 124
  ;;
-q)
  printf '\t@GOOD@\ttiny\t0:1.2-3\t/usr/lib/systemd/system/good.timer\n'
  printf '\t0000000000000000000000000000000000000000000000000000000000000000\ttiny\t0:1.2-3\t%s\n' \
    /usr/lib/systemd/system/bad.timer
  printf 'cn\t0000000000000000000000000000000000000000000000000000000000000000\ttiny\t0:1.2-3\t%s\n' \
    /etc/systemd/system/conf.timer
  printf 'g\t\ttiny\t0:1.2-3\t/usr/lib/systemd/system/ghost.timer\n\t@TOOL@\ttiny\t0:1.2-3\t/sbin/tool\n'
  ;;
*) exit 1 ;;
esac
"""


def write_rpm(tree: HostTree) -> None:
    names = ("good", "bad", "ghost", "stray")
    tree.files |= {f"{UNITS}/{name}.timer": TreeFile(TIMER) for name in names}
    tree.files |= {"etc/systemd/system/conf.timer": TreeFile(TIMER), "usr/sbin/tool": TreeFile("tool", 0o755)}
    tree.files["var/lib/rpm/rpmdb.sqlite"] = TreeFile("x")
    tree.files[f"{SHIM}/rpm"] = TreeFile(RPM.replace("@GOOD@", sha256(TIMER)).replace("@TOOL@", sha256("tool")), 0o755)


def test_rpm_is_asked_once_for_owners_and_once_for_digests(shell: Sequence[str], host: HostTree, root: Path) -> None:
    write_rpm(host)
    host.write(root)
    facts = ask(shell, root, ["usr/sbin/tool"])
    assert facts.gaps == ()
    assert facts.versions == {"tiny": "1.2-3"}
    assert facts.timers == {"tiny": {"timers": "bad.timer conf.timer ghost.timer good.timer"}}
    assert facts.owner(f"/{UNITS}/good.timer") == ("tiny", Verification.VERIFIED)
    assert facts.owner(f"/{UNITS}/bad.timer") == ("tiny", Verification.CHANGED)
    assert facts.owner("/etc/systemd/system/conf.timer") == ("tiny", Verification.CONFIGURATION)
    assert facts.owner(f"/{UNITS}/ghost.timer") == ("tiny", Verification.OWNED)
    assert facts.owner("/usr/sbin/tool") == ("tiny", Verification.VERIFIED)
    assert facts.owner(f"/{UNITS}/stray.timer") == ("", Verification.UNOWNED)


def test_an_rpm_database_that_cannot_be_opened_owns_nothing_which_proves_nothing(
    shell: Sequence[str], host: HostTree, root: Path
) -> None:
    write_rpm(host)
    host.files[f"{SHIM}/broken"] = TreeFile("")
    host.write(root)
    facts = ask(shell, root)
    assert [gap.status for gap in facts.gaps] == [ReadStatus.FAILED]
    assert facts.owner(f"/{UNITS}/stray.timer") == ("", Verification.UNKNOWN)


def test_pacman_tells_owners_from_its_lists_and_digests_from_its_manifests(
    shell: Sequence[str], host: HostTree, root: Path
) -> None:
    odd = f"{UNITS}/a b\\x2d.timer"
    etc = "etc/systemd/system/conf.timer"
    for path in (f"{UNITS}/good.timer", f"{UNITS}/bad.timer", f"{UNITS}/stray.timer", odd, etc):
        host.files[path] = TreeFile(TIMER)
    folder = "var/lib/pacman/local"
    owned = ("usr/", f"{UNITS}/good.timer", f"{UNITS}/bad.timer", f"{UNITS}/gone.timer", odd, etc)
    host.files[f"{folder}/ALPM_DB_VERSION"] = TreeFile("9\n")
    host.files[f"{folder}/tiny-pkg-1:2.0-3/files"] = TreeFile(
        "%FILES%\n" + "".join(f"{path}\n" for path in owned) + f"\n%BACKUP%\n{etc}\t{md5('')}\n\n"
    )
    manifest = (
        "#mtree\n/set type=file uid=0 gid=0 mode=644\n./.PKGINFO time=1.0 size=3 sha256digest=00\n./usr type=dir\n"
        f"./{UNITS}/good.timer time=1.0 size=9 md5digest={md5(TIMER)} sha256digest={sha256(TIMER)}\n"
        f"./{UNITS}/bad.timer time=1.0 size=9 sha256digest={sha256('')}\n"
        f"./{UNITS}/a\\040b\\134x2d.timer time=1.0 size=9 md5digest={md5(TIMER)}\n"
        f"./{etc} time=1.0 sha256digest={sha256('')}\n"
    )
    host.write(root)
    (root / folder / "tiny-pkg-1:2.0-3/mtree").write_bytes(gzip.compress(manifest.encode()))
    facts = ask(shell, root)
    assert facts.gaps == ()
    assert facts.versions == {"tiny-pkg": "1:2.0-3"}
    assert facts.timers == {"tiny-pkg": {"timers": "bad.timer conf.timer gone.timer good.timer"}}
    assert facts.owner(f"/{UNITS}/good.timer") == ("tiny-pkg", Verification.VERIFIED)
    assert facts.owner(f"/{UNITS}/bad.timer") == ("tiny-pkg", Verification.CHANGED)
    assert facts.owner(f"/{odd}") == ("tiny-pkg", Verification.VERIFIED)
    assert facts.owner(f"/{etc}") == ("tiny-pkg", Verification.CONFIGURATION)
    assert facts.owner(f"/{UNITS}/stray.timer") == ("", Verification.UNOWNED)
    (root / folder / "tiny-pkg-1:2.0-3/mtree").write_bytes(b"not compressed")
    facts = ask(shell, root)
    assert [gap.area for gap in facts.gaps] == [Area.PACKAGES]
    assert facts.owner(f"/{UNITS}/good.timer") == ("tiny-pkg", Verification.OWNED)
    assert facts.owner(f"/{UNITS}/stray.timer") == ("", Verification.UNKNOWN)


def q1(text: str) -> str:
    return "Q1" + base64.b64encode(hashlib.sha1(text.encode(), usedforsecurity=False).digest()).decode()


def q2(text: str) -> str:
    return "Q2" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@pytest.mark.parametrize("place", ["lib/apk/db/installed", "usr/lib/apk/db/installed"])
def test_apk_tells_everything_in_one_file(shell: Sequence[str], host: HostTree, root: Path, place: str) -> None:
    if place.startswith("lib/"):
        del host.links["lib"]
    names = ("good", "bad", "bare", "second", "stray")
    host.files |= {f"{UNITS}/{name}.timer": TreeFile(TIMER) for name in names}
    host.files["etc/systemd/system/conf.timer"] = TreeFile(TIMER)
    host.files[place] = TreeFile(
        f"C:{q1('x')}\nP:tiny\nV:1.2-r3\nA:x86_64\nS:1\nF:usr\nF:{UNITS}\nM:0:0:755\nR:bare.timer\nR:good.timer\na:0:0:644\n"
        f"Z:{q1(TIMER)}\nR:bad.timer\nZ:{q1('')}\nF:etc/systemd/system\nR:conf.timer\nZ:{q1('')}\n\n"
        f"C:{q1('y')}\nP:other\nV:2.0-r0\nF:{UNITS}\nR:second.timer\nZ:{q2(TIMER)}\n\n"
    )
    host.write(root)
    facts = ask(shell, root)
    assert facts.gaps == ()
    assert facts.versions == {"other": "2.0-r0", "tiny": "1.2-r3"}
    assert facts.timers == {
        "other": {"timers": "second.timer"},
        "tiny": {"timers": "bad.timer bare.timer conf.timer good.timer"},
    }
    assert {name: facts.owner(f"/{UNITS}/{name}.timer") for name in names} == {
        "good": ("tiny", Verification.VERIFIED),
        "bad": ("tiny", Verification.CHANGED),
        "bare": ("tiny", Verification.OWNED),
        "second": ("other", Verification.VERIFIED),
        "stray": ("", Verification.UNOWNED),
    }
    assert facts.owner("/etc/systemd/system/conf.timer") == ("tiny", Verification.CONFIGURATION)
