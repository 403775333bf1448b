"""Rules of sudo and polkit, monitors and accounts, read by the real probe in real shells."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from fleetscan.demo.tree import HostTree, TreeFile
from fleetscan.model.coverage import Area, ReadStatus
from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import SYSTEM
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.probe.allowed import read_allowed
from fleetscan.probe.people import parse_people
from tests.integration.probe.probe_runs import SENTINEL, Run, photograph, run_probe

NOBODY = 65534
SUDOERS = "root ALL=(ALL:ALL) ALL\n"
RULES = "usr/share/polkit-1/rules.d"
JAVASCRIPT = "polkit.addRule(function(action, subject) {{ if ({}) return polkit.Result.{}; }});\n"
HASH = "$y$j9T$salt=salt$VERYSECRETHASH/nobody.may.see.it"
of_root = pytest.mark.skipif(os.getuid() != 0, reason="run the tests as root to give files to others")


def look(shell: Sequence[str], root: Path, *, user: int | None = None) -> Run:
    run = run_probe(shell, root, user=user)
    assert run.stderr == b""
    return run


def grants(run: Run) -> dict[str, Artifact]:
    return {found.name: found for found in run.listing.artifacts if found.kind is ArtifactKind.GRANT}


def gaps(run: Run) -> set[tuple[Area, ReadStatus, str | None]]:
    areas = (Area.GRANTS, Area.ACCOUNTS, Area.AUDIT)
    return {(gap.area, gap.status, gap.path) for gap in run.listing.gaps if gap.area in areas}


def test_rules_are_read_from_the_folder_but_for_names_that_sudo_skips(
    shell: Sequence[str], tree: HostTree, root: Path
) -> None:
    tree.files["etc/sudoers"] = TreeFile(
        "# ann ALL=ALL\nDefaults secure_path=/secret\n" + SUDOERS + "#includedir /etc/sudoers.d\n"
    )
    for name in ("good", "a b", "c=d", "README.md", "old~", "x.dpkg-new"):
        tree.files[f"etc/sudoers.d/{name}"] = TreeFile(f"u{len(name)} ALL = NOPASSWD: \\\n  /bin/systemctl restart *\n")
    tree.write(root)
    before = photograph(root)
    run = look(shell, root)
    assert photograph(root) == before
    assert grants(run).keys() == {
        "root ALL=(ALL:ALL) ALL",
        "u4 ALL=(root) NOPASSWD: /bin/systemctl restart *",
        "u3 ALL=(root) NOPASSWD: /bin/systemctl restart *",
    }
    assert grants(run)["u4 ALL=(root) NOPASSWD: /bin/systemctl restart *"].property("source") == "/etc/sudoers.d/good:1"
    assert gaps(run) == set()
    told = run.section("grants").payload
    assert b"secure_path" not in told
    assert b"# ann" not in told


def test_what_sudoers_includes_from_elsewhere_is_followed(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.files |= {
        "etc/sudoers": TreeFile(
            '@include "/etc/other rules"\n@includedir /opt/sudo/\n@include local\n@include /none\n'
        ),
        "etc/other rules": TreeFile("ann ALL=ALL\n"),
        "etc/local": TreeFile("bob ALL=ALL\n@include /etc/sudoers\n"),
        "opt/sudo/one": TreeFile("eve ALL=ALL\n@include /opt/deep\n"),
        "opt/sudo/two.bak": TreeFile("mal ALL=ALL\n"),
        "opt/deep": TreeFile("dan ALL=ALL\n"),
    }
    tree.write(root)
    run = look(shell, root)
    assert [name.partition(" ")[0] for name in grants(run)] == ["ann", "bob", "dan", "eve"]
    assert gaps(run) == set()


def test_an_endless_chain_of_includes_ends_with_a_gap(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.files["etc/sudoers"] = TreeFile("@include /etc/s1\n")
    tree.files |= {f"etc/s{n}": TreeFile(f"u{n} ALL=ALL\n@include /etc/s{n + 1}\n") for n in range(1, 9)}
    tree.write(root)
    run = look(shell, root)
    assert [name.partition(" ")[0] for name in grants(run)] == ["u1", "u2", "u3"]
    assert gaps(run) == {(Area.GRANTS, ReadStatus.DENIED, "/etc/s4")}


def test_members_of_groups_that_rules_name_are_told_and_of_no_other(
    shell: Sequence[str], tree: HostTree, root: Path
) -> None:
    tree.files["etc/sudoers"] = TreeFile("%ops ALL=ALL\n@include /etc/more\n")
    tree.files["etc/more"] = TreeFile("%late ALL=ALL\n")
    tree.files["etc/group"] = TreeFile("ops:x:70:bob,ann\nlate:x:71:eve\nother:x:72:mal\n")
    tree.write(root)
    run = look(shell, root)
    assert {name: told.property("members") for name, told in grants(run).items()} == {
        "%ops ALL=(root) ALL": "ann bob",
        "%late ALL=(root) ALL": "eve",
    }
    assert b"mal" not in run.section("grants").payload


def test_no_part_of_a_password_leaves_the_host(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.files["etc/passwd"] = TreeFile(
        f"root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/:/bin/sh\nbob:{HASH}:1001:1001::/:/bin/sh\n"
        "eve::1002:1002::/:/bin/sh\nmal:x:1003:1003::/:/bin/sh\nnew:x:1004:1004::/:/bin/sh\n"
    )
    tree.files["etc/shadow"] = TreeFile(
        f"root:!{HASH}:1:0:99999:7:::\nann:{HASH}:1:0:99999:7::19000:\nmal::1:0:99999:7:::\nnew:!!:1:0:99999:7:::\n"
    )
    tree.write(root)
    run = look(shell, root)
    accounts = {found.name: found for found in run.listing.artifacts if found.kind is ArtifactKind.ACCOUNT}
    told = {
        name: (a.property("locked"), a.property("password"), a.property("expired"))
        for name, a in accounts.items()
        if not a.property("listed")
    }
    assert told == {
        "root": ("yes", "", ""),
        "ann": ("no", "", "2022-01-08"),
        "bob": ("no", "", ""),
        "eve": ("no", "none", ""),
        "mal": ("no", "none", ""),
        "new": ("yes", "", ""),
    }
    sent = b"".join(frame.payload for frame in run.frames)
    assert not [piece for piece in HASH.split("$") if len(piece) > 3 and piece.encode() in sent]


@pytest.mark.parametrize(
    ("text", "allows"),
    [
        (JAVASCRIPT.format('action.id == "org.freedesktop.systemd1.manage-units"', "YES"), "systemd1"),
        (JAVASCRIPT.format('subject.isInGroup("ops")', "YES"), "everything"),
        (JAVASCRIPT.format("action.id.indexOf('org.freedesktop.') == 0", "YES"), "everything"),
        (JAVASCRIPT.format(r'action.id == "org.freedesktop.\x73ystemd1.manage-units"', "YES"), "everything"),
        (JAVASCRIPT.format('action.id == "org.freedesktop.login1.reboot"', "YES"), ""),
        (JAVASCRIPT.format('subject.isInGroup("ops")', "AUTH_ADMIN"), ""),
        ("// org.freedesktop.systemd1\n", ""),
    ],
    ids=["units", "all", "prefix", "escaped", "other", "asks", "comment"],
)
def test_a_polkit_rule_is_told_when_it_reaches_units(
    shell: Sequence[str], tree: HostTree, root: Path, text: str, allows: str
) -> None:
    tree.files |= {"etc/sudoers": TreeFile(SUDOERS), f"{RULES}/.a b.rules": TreeFile(text)}
    tree.files |= {
        f"{RULES}/note.txt": TreeFile("org.freedesktop.systemd1"),
        "etc/polkit-1/rules.d/z.rules": TreeFile(""),
    }
    tree.write(root)
    run = look(shell, root)
    found = {name: told for name, told in grants(run).items() if told.property("by") == "polkit"}
    assert {name: told.property("allows") for name, told in found.items()} == (
        {f"/{RULES}/.a b.rules": allows} if allows else {}
    )
    assert {told.sha256 for told in found.values()} <= {digest_bytes(text.encode())}
    assert b"subject" not in run.section("grants").payload


@pytest.mark.parametrize(
    ("action", "result", "allows"),
    [
        ("org.freedesktop.systemd1.manage-units", "ResultAny=yes", "systemd1"),
        ("*", "ResultActive=yes", "everything"),
        ("org.example.a;org.freedesktop.*", "ResultInactive=yes", "everything"),
        ("org.freedesktop.*", "ResultAny=auth_admin", ""),
        ("org.freedesktop.network*", "ResultAny=yes", ""),
        ("org.freedesktop.login1.reboot", "ResultAny=yes", ""),
    ],
)
def test_an_entry_of_old_polkit_is_told_when_it_reaches_units(
    shell: Sequence[str], tree: HostTree, root: Path, action: str, result: str, allows: str
) -> None:
    path = "var/lib/polkit-1/localauthority/10-vendor.d/a.pkla"
    tree.files[path] = TreeFile(f"[x]\nIdentity=unix-group:ops\nAction={action}\n{result}\n")
    tree.write(root)
    assert {told.property("allows") for name, told in grants(look(shell, root)).items() if name == f"/{path}"} == (
        {allows} if allows else set()
    )


def test_paths_that_monitors_watch_are_told_and_nothing_else_of_their_settings(
    shell: Sequence[str], tree: HostTree, root: Path
) -> None:
    tree.files |= {
        "etc/aide/aide.conf": TreeFile("# /etc x\nkey=hush\n/etc/$ FULL\n!/etc/systemd/network\n=/home FULL\n/srv X\n"),
        "var/ossec/etc/ossec.conf": TreeFile(
            "<directories realtime='yes'>/etc,/usr/bin,/usr/lib</directories>\n<ignore>/etc/systemd/user</ignore>\n"
        ),
        "etc/osquery/osquery.conf": TreeFile('{"etc": ["/etc/systemd/system/%%", "/home/%"], "secret": "hush"}\n'),
    }
    tree.write(root)
    run = look(shell, root)
    assert {found.name for found in run.listing.artifacts if found.kind is ArtifactKind.INTEGRITY_RULE} == {
        "aide /etc",
        "aide !/etc/systemd/network",
        "wazuh /etc",
        "wazuh /usr/lib",
        "wazuh !/etc/systemd/user",
        "osquery /etc/systemd/system",
    }
    told = run.section("grants").payload
    assert b"hush" not in told
    assert b"/home" not in told


@of_root
def test_an_account_without_rights_tells_what_it_could_not_read(
    shell: Sequence[str], tree: HostTree, root: Path
) -> None:
    tree.files |= {
        "etc/sudoers.d/a": TreeFile(SUDOERS),
        "etc/polkit-1/rules.d/a.rules": TreeFile("x"),
        "etc/aide/aide.conf": TreeFile("/etc F\n", 0o600),
    }
    tree.files["etc/sudoers"] = TreeFile(SUDOERS, 0o440)
    tree.files["etc/shadow"] = TreeFile("root:*:1::::::\n", 0o640)
    tree.write(root)
    (root / "etc/sudoers.d").chmod(0o750)
    (root / "etc/polkit-1").chmod(0o700)
    run = look(shell, root, user=NOBODY)
    assert gaps(run) == {
        (Area.GRANTS, ReadStatus.DENIED, "/etc/sudoers"),
        (Area.GRANTS, ReadStatus.DENIED, "/etc/sudoers.d"),
        (Area.GRANTS, ReadStatus.DENIED, "/etc/polkit-1/rules.d"),
        (Area.GRANTS, ReadStatus.DENIED, "/etc/polkit-1/localauthority"),
        (Area.ACCOUNTS, ReadStatus.DENIED, "/etc/shadow"),
        (Area.AUDIT, ReadStatus.DENIED, "/etc/aide/aide.conf"),
    }
    assert not grants(run)


@of_root
def test_a_link_or_file_of_another_account_gives_away_nothing(shell: Sequence[str], root: Path) -> None:
    bare = HostTree()  # the demo's hosts say that all is root's
    bare.files |= {
        "etc/sudoers": TreeFile(SUDOERS + "@includedir /etc/sudoers.d\n"),
        "etc/passwd": TreeFile("root:x:0:0::/root:/bin/sh\n"),
        "etc/shadow": TreeFile("root:*:1::::::\n"),
        "etc/secret": TreeFile("password=hush\n", 0o600),
        "etc/sudoers.d/own": TreeFile("mal ALL=ALL\n"),
        "etc/sudoers.d/real": TreeFile("ann ALL=ALL\n"),
        "etc/rule": TreeFile("bob ALL=ALL\n"),
    }
    bare.links |= {"etc/sudoers.d/theirs": "../secret", "etc/sudoers.d/roots": "../rule"}
    bare.write(root)
    for name in ("theirs", "own"):
        os.lchown(root / "etc/sudoers.d" / name, NOBODY, NOBODY)
    told = run_probe(shell, root).section("grants")
    found = read_allowed({("grants", SYSTEM): told}, SENTINEL, parse_people(None, None, None), ())
    assert [name.name.partition(" ")[0] for name in found.artifacts] == ["ann", "bob", "root"]
    assert b"hush" not in told.payload
    assert found.gaps == ()


def test_a_fifo_or_a_socket_in_the_way_hangs_nothing(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.files["etc/sudoers"] = TreeFile(SUDOERS + "@include /etc/pipe\n@includedir /etc/sudoers.d\n")
    tree.directories |= {"etc/sudoers.d", RULES}
    tree.write(root)
    for path in ("etc/pipe", "etc/sudoers.d/pipe", f"{RULES}/a.rules"):
        os.mkfifo(root / path)
    assert list(grants(look(shell, root))) == ["root ALL=(ALL:ALL) ALL"]


def test_a_host_without_sudo_polkit_and_passwords_has_no_grants(
    shell: Sequence[str], tree: HostTree, root: Path
) -> None:
    tree.files = {path: file for path, file in tree.files.items() if not path.startswith(("etc/sudoers", "etc/shadow"))}
    tree.write(root)
    shutil.rmtree(root / "etc/polkit-1", ignore_errors=True)
    run = look(shell, root)
    assert not grants(run)
    assert gaps(run) == {(Area.ACCOUNTS, ReadStatus.FAILED, "/etc/shadow")}
