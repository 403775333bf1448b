"""dpkg's database in real shells: both spellings of merged /usr, conffiles, diversions, and what may not be read."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from fleetscan.demo.answers import SHIM
from fleetscan.demo.tree import HostTree, TreeFile
from fleetscan.model.coverage import Area, ReadStatus
from fleetscan.model.program import Verification
from fleetscan.probe.contents import DONE
from fleetscan.probe.packages import parse_packages
from tests.integration.probe.package_hosts import DPKG, TIMER, UNITS, ask, md5, without_database
from tests.integration.probe.probe_runs import photograph, run_probe

NOBODY = 65534


@pytest.fixture
def host(shell: Sequence[str], tree: HostTree) -> HostTree:
    """A healthy host without any package database."""
    return without_database(shell, tree)


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


def test_the_timers_of_packages_are_told_also_when_their_files_are_gone(
    shell: Sequence[str], host: HostTree, root: Path
) -> None:
    host.files[f"{UNITS}/there.timer"] = TreeFile(TIMER)
    write_dpkg(
        host,
        {
            "gone": {
                "/lib/systemd/system/gone.timer": TIMER,
                f"/{UNITS}/gone.service": TIMER,
                f"/{UNITS}/x.service": None,
            },
            "moved": {"/etc/systemd/user/mine@.timer": None, f"/{UNITS}/there.timer": TIMER},
            "served": {f"/{UNITS}/served.service": None, f"/{UNITS}/deep.d/a.timer": None, "/opt/b.timer": None},
        },
    )
    host.write(root)
    facts = ask(shell, root)
    assert facts.gaps == ()
    assert facts.timers == {
        "gone": {"timers": "gone.service gone.timer"},
        "moved": {"timers": "there.timer", "user_timers": "mine@.timer"},
    }
    assert facts.versions == dict.fromkeys(("gone", "moved"), "1:2.0-3+b1")


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
def test_behind_a_database_that_may_not_be_read_no_file_is_unowned(
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
