"""Package databases in real shells: four kinds, both spellings of merged /usr, diversions, and databases that fail."""

import base64
import gzip
import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pytest

from fleetscan.demo.answers import SHIM
from fleetscan.demo.tree import HostTree, TreeFile
from fleetscan.model.coverage import Area, ReadStatus
from fleetscan.model.ids import Sha256
from fleetscan.model.program import Verification
from fleetscan.probe.contents import DONE
from fleetscan.probe.packages import PackageFacts, parse_packages
from tests.integration.probe.probe_runs import photograph, run_probe

UNITS = "usr/lib/systemd/system"
TIMER = "[Timer]\nOnCalendar=daily\n"
DPKG = "var/lib/dpkg"
NOBODY = 65534


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


@pytest.fixture
def host(shell: Sequence[str], tree: HostTree) -> HostTree:
    """A healthy host without any package database."""
    if shell[0] == "busybox":
        tree.files |= {f"{SHIM}/{name}": TreeFile(f'#!/bin/sh\nexec busybox {name} "$@"\n', 0o755) for name in APPLETS}
    for path in [path for path in tree.files if path.startswith(DPKG)]:
        del tree.files[path]
    tree.links |= {"bin": "usr/bin", "sbin": "usr/sbin"}
    tree.directories |= {"usr/bin", "usr/sbin"}
    return tree


def write_dpkg(
    tree: HostTree,
    packages: Mapping[str, Mapping[str, str | None]],
    *,
    conffiles: str = "",
    diversions: str = "",
) -> None:
    """Add a dpkg database: for each package the paths of its list with the texts of which it has digests."""
    status = ""
    for package, files in packages.items():
        name = package.partition(":")[0]
        tree.files[f"{DPKG}/info/{package}.list"] = TreeFile("/.\n" + "".join(f"{path}\n" for path in files))
        sums = "".join(f"{md5(text)}  {path.lstrip('/')}\n" for path, text in files.items() if text is not None)
        tree.files[f"{DPKG}/info/{package}.md5sums"] = TreeFile(sums)
        status += f"Package: {name}\nStatus: install ok installed\nVersion: 1:2.0-3+b1\n"
        status += f"Conffiles:\n{conffiles}" if conffiles else ""
        status += f"Description: x\n Conffiles:\n /not/one {md5('')}\n\n"
    tree.files[f"{DPKG}/status"] = TreeFile(status)
    if diversions:
        tree.files[f"{DPKG}/diversions"] = TreeFile(diversions)


def test_dpkg_tells_owners_versions_and_what_was_changed(shell: Sequence[str], host: HostTree, root: Path) -> None:
    odd = f"{UNITS}/a b\\x2dc.timer"
    for path in (f"{UNITS}/good.timer", f"{UNITS}/bad.timer", f"{UNITS}/stray.timer", f"{UNITS}/bare.timer", odd):
        host.files[path] = TreeFile(TIMER)
    write_dpkg(
        host,
        {
            "good": {f"/{UNITS}/good.timer": TIMER, f"/{odd}": TIMER, f"/{UNITS}/good.timer.d": None},
            "multi:amd64": {"/lib/systemd/system/bad.timer": "[Timer]\nOnCalendar=weekly\n"},
            "none": {f"/{UNITS}/bare.timer": None},
        },
    )
    host.write(root)
    facts = ask(shell, root)
    assert facts.gaps == ()
    assert facts.owner(f"/{UNITS}/good.timer") == ("good", Verification.VERIFIED)
    assert facts.owner(f"/{odd}") == ("good", Verification.VERIFIED)
    assert facts.owner(f"/{UNITS}/bad.timer") == facts.owner("/lib/systemd/system/bad.timer")
    assert facts.owner(f"/{UNITS}/bad.timer") == ("multi", Verification.CHANGED)
    assert facts.owner(f"/{UNITS}/bare.timer") == ("none", Verification.OWNED)
    assert facts.owner(f"/{UNITS}/stray.timer") == ("", Verification.UNOWNED)
    assert facts.versions == {"good": "1:2.0-3+b1", "multi": "1:2.0-3+b1", "none": "1:2.0-3+b1"}


def test_programs_are_found_under_both_spellings(shell: Sequence[str], host: HostTree, root: Path) -> None:
    programs = ("usr/bin/tool", "usr/sbin/daemon", "usr/bin/toolbox")
    for path in programs:
        host.files[path] = TreeFile("#!/bin/sh\n", 0o755)
    write_dpkg(host, {"tool": {"/bin/tool": "#!/bin/sh\n"}, "daemon": {"/usr/sbin/daemon": "#!/bin/sh\n"}})
    host.write(root)
    facts = ask(shell, root, programs)
    assert facts.owner("/usr/bin/tool") == facts.owner("/bin/tool") == ("tool", Verification.VERIFIED)
    assert facts.owner("/usr/sbin/daemon") == ("daemon", Verification.VERIFIED)
    assert facts.owner("/usr/bin/toolbox") == ("", Verification.UNOWNED)


def test_without_merged_usr_the_two_spellings_are_two_files(shell: Sequence[str], host: HostTree, root: Path) -> None:
    del host.links["lib"], host.links["bin"]
    host.files |= {"usr/bin/tool": TreeFile("a", 0o755), "bin/tool": TreeFile("b", 0o755)}
    host.files["etc/os-release"] = TreeFile("ID=x\n")
    del host.links["etc/os-release"]
    write_dpkg(host, {"tool": {"/bin/tool": "b"}})
    host.write(root)
    run = run_probe(shell, root, requests=b"packages 2\nusr/bin/tool\nbin/tool\n" + DONE)
    facts = parse_packages(run.section("packages"), {"/usr/bin/tool": None, "/bin/tool": None}, merged_usr=False)
    assert facts.owner("/bin/tool") == ("tool", Verification.VERIFIED)
    assert facts.owner("/usr/bin/tool") == ("", Verification.UNOWNED)


def test_an_administrator_may_change_a_conffile(shell: Sequence[str], host: HostTree, root: Path) -> None:
    etc = "etc/systemd/system"
    for name in ("same", "changed", "obsolete", "new"):
        host.files[f"{etc}/{name}.timer"] = TreeFile(TIMER)
    write_dpkg(
        host,
        {"conf": {f"/{etc}/{name}.timer": None for name in ("same", "changed", "obsolete", "new")}},
        conffiles=f" /{etc}/same.timer {md5(TIMER)}\n /{etc}/changed.timer {md5('')}\n"
        f" /{etc}/obsolete.timer {md5('')} obsolete\n /{etc}/new.timer newconffile\n",
    )
    host.write(root)
    facts = ask(shell, root)
    told = {name: facts.owner(f"/{etc}/{name}.timer") for name in ("same", "changed", "obsolete", "new")}
    assert told == {
        "same": ("conf", Verification.VERIFIED),
        "changed": ("conf", Verification.CONFIGURATION),
        "obsolete": ("conf", Verification.CONFIGURATION),
        "new": ("conf", Verification.OWNED),
    }


def test_a_diverted_file_belongs_to_whoever_diverted_it(shell: Sequence[str], host: HostTree, root: Path) -> None:
    for name, text in (("tool", "new"), ("tool.distrib", "old"), ("mine", "local"), ("mine.distrib", "theirs")):
        host.files[f"usr/bin/{name}"] = TreeFile(text, 0o755)
    write_dpkg(
        host,
        {"stock": {"/bin/tool": "old", "/usr/bin/mine": "theirs"}, "better": {"/bin/tool": "new"}},
        diversions="/bin/tool\n/bin/tool.distrib\nbetter\n/usr/bin/mine\n/usr/bin/mine.distrib\n:\n",
    )
    host.write(root)
    names = ("tool", "tool.distrib", "mine", "mine.distrib")
    facts = ask(shell, root, [f"usr/bin/{name}" for name in names])
    assert {name: facts.owner(f"/usr/bin/{name}") for name in names} == {
        "tool": ("better", Verification.VERIFIED),
        "tool.distrib": ("stock", Verification.VERIFIED),
        "mine": ("", Verification.UNOWNED),
        "mine.distrib": ("stock", Verification.VERIFIED),
    }


@pytest.mark.parametrize("closed", ["info", "info/good.list", "status", "diversions"])
def test_a_database_that_may_not_be_read_owns_everything_and_nothing(
    shell: Sequence[str], host: HostTree, root: Path, closed: str
) -> None:
    host.files |= {f"{UNITS}/good.timer": TreeFile(TIMER), f"{UNITS}/stray.timer": TreeFile(TIMER)}
    write_dpkg(host, {"good": {f"/{UNITS}/good.timer": TIMER}}, diversions="/a\n/b\nc\n")
    host.write(root)
    (root / DPKG / closed).chmod(0)
    facts = ask(shell, root, user=NOBODY if os.geteuid() == 0 else None)  # root may read what is closed
    one_list = closed.endswith(".list")
    assert [(gap.area, gap.status) for gap in facts.gaps] == [
        (Area.PACKAGES, ReadStatus.FAILED if one_list else ReadStatus.DENIED)
    ]
    assert facts.owner(f"/{UNITS}/stray.timer") == ("", Verification.UNKNOWN)


def test_a_packaged_file_that_cannot_be_read_is_not_verified(shell: Sequence[str], host: HostTree, root: Path) -> None:
    host.files[f"{UNITS}/good.timer"] = TreeFile(TIMER)
    write_dpkg(host, {"good": {f"/{UNITS}/good.timer": TIMER, "/usr/bin/gone": TIMER}})
    host.write(root)
    run = run_probe(shell, root, requests=b"packages 1\nusr/bin/gone\n" + DONE)
    facts = parse_packages(run.section("packages"), {"/usr/bin/gone": None}, merged_usr=True)
    assert facts.owner("/usr/bin/gone") == ("good", Verification.UNKNOWN)


def test_without_a_database_nothing_is_known_and_no_program_of_the_scanner_is_asked(
    shell: Sequence[str], host: HostTree, root: Path
) -> None:
    for name in ("rpm", "dpkg-query", "pacman", "apk"):
        host.files[f"{SHIM}/{name}"] = TreeFile('#!/bin/sh\n: >"${0%/*}/asked"\n', 0o755)
    host.write(root)
    facts = ask(shell, root)
    (gap,) = facts.gaps
    assert (gap.area, gap.status) == (Area.PACKAGES, ReadStatus.MISSING_TOOL)
    assert facts.owner(f"/{UNITS}/fstrim.timer") == ("", Verification.UNKNOWN)
    assert not (root / SHIM / "asked").exists()


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
    owned = ("usr/", f"{UNITS}/good.timer", f"{UNITS}/bad.timer", odd, etc)
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
    assert {name: facts.owner(f"/{UNITS}/{name}.timer") for name in names} == {
        "good": ("tiny", Verification.VERIFIED),
        "bad": ("tiny", Verification.CHANGED),
        "bare": ("tiny", Verification.OWNED),
        "second": ("other", Verification.VERIFIED),
        "stray": ("", Verification.UNOWNED),
    }
    assert facts.owner("/etc/systemd/system/conf.timer") == ("tiny", Verification.CONFIGURATION)


def test_a_demo_host_shows_whose_its_units_are(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.write(root)
    facts = ask(shell, root)
    assert facts.gaps == ()
    assert facts.owner(f"/{UNITS}/fstrim.timer") == ("util-linux", Verification.VERIFIED)
    vendor = {f"/{path}" for path in tree.files if path.startswith("usr/lib/systemd/")}
    assert {facts.owner(path)[1] for path in vendor} == {Verification.VERIFIED}
    assert facts.owner("/etc/systemd/system/tls-renew.timer") == ("", Verification.UNOWNED)


def test_reading_databases_writes_nothing(shell: Sequence[str], host: HostTree, root: Path) -> None:
    host.files[f"{UNITS}/good.timer"] = TreeFile(TIMER)
    write_dpkg(host, {"good": {f"/{UNITS}/good.timer": TIMER}})
    host.directories |= {"tmp", "root"}
    host.write(root)
    before = photograph(root)
    ask(shell, root)
    assert photograph(root) == before
