"""What lies around the unit directories, told by the real probe in real shells."""

import errno
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from fleetscan.demo.tree import HostTree, TreeFile
from fleetscan.model.coverage import SUPPLEMENTARY, Area, Gap, ReadStatus
from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import GLOBAL_USER, SYSTEM, user_scope
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.probe.contents import DONE
from fleetscan.probe.files import read_hashes
from fleetscan.probe.people import parse_people
from fleetscan.probe.surroundings import Surroundings, read_surroundings
from tests.integration.probe.probe_runs import SENTINEL, Run, photograph, run_probe

ETC = "etc/systemd/system"
GENERATORS = "usr/lib/systemd/system-generators"
RULES = "etc/udev/rules.d"
DEPLOYS = "home/deploy/.config/systemd/user"
SCRIPT = "#!/bin/sh\n"
WANTS = 'SUBSYSTEM=="usb", TAG+="systemd", ENV{SYSTEMD_WANTS}+="a.service"\n'
NOBODY = 65534
# version 2; owner rw-, user 1000 rwx, group r--, mask rwx, others r--
_NOBODY_ID = 0xFFFFFFFF
ACCESS_LIST = struct.pack(
    "<IHHIHHIHHIHHIHHI",
    *(2, 1, 6, _NOBODY_ID, 2, 7, 1000, 4, 4, _NOBODY_ID, 16, 7, _NOBODY_ID, 32, 4, _NOBODY_ID),
)
needs_lsattr = pytest.mark.skipif(shutil.which("lsattr") is None, reason="install e2fsprogs to test attributes")


def surroundings(run: Run) -> Surroundings:
    frames = {(frame.section, frame.scope): frame for frame in run.frames}
    users, homes, runtimes = (frames.get((section, SYSTEM)) for section in ("users", "homes", "runtimes"))
    people = parse_people(users, homes, runtimes)
    hashed, _ = read_hashes(run.frames, people)
    return read_surroundings(frames, SENTINEL, people, hashed)


def look(shell: Sequence[str], root: Path, *, user: int | None = None) -> Surroundings:
    run = run_probe(shell, root, user=user)
    assert run.stderr == b""
    return surroundings(run)


def by_name(found: Surroundings, *kinds: ArtifactKind) -> dict[str, Artifact]:
    return {artifact.name: artifact for artifact in found.artifacts if artifact.kind in kinds}


def gaps(found: Surroundings) -> list[Gap]:
    """Give the gaps that make a visit partial; whether this machine has lsattr is not the point."""
    return [gap for gap in found.gaps if gap.area not in SUPPLEMENTARY]


def test_a_healthy_host_has_nothing_around_but_folders(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.write(root)
    found = look(shell, root)
    assert gaps(found) == []
    assert {artifact.kind for artifact in found.artifacts} == {ArtifactKind.DIRECTORY}
    assert {"/", "/etc", "/etc/systemd", "/usr/lib/systemd"} <= by_name(found, ArtifactKind.DIRECTORY).keys()
    assert dict(found.attributes) == {}


def test_generators_are_told_with_hash_mask_and_link(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.files[f"{GENERATORS}/a"] = TreeFile(SCRIPT, 0o755)
    tree.files["usr/libexec/b"] = TreeFile("b", 0o755)
    tree.files["run/systemd/user-generators/empty"] = TreeFile("")
    tree.links[f"{GENERATORS}/b"] = "../../../libexec/b"
    tree.links["etc/systemd/system-generators/a"] = "/dev/null"
    tree.links["usr/local/lib/systemd/user-environment-generators"] = "../../../../srv/gen"
    tree.files["srv/gen/c"] = TreeFile("c", 0o777)
    tree.write(root)
    os.mkfifo(root / GENERATORS / "pipe")
    found = look(shell, root)
    told = by_name(found, ArtifactKind.GENERATOR)
    assert {name: (told[name].scope, told[name].sha256) for name in told} == {
        f"/{GENERATORS}/a": (SYSTEM, digest_bytes(SCRIPT.encode())),
        f"/{GENERATORS}/b": (SYSTEM, digest_bytes(b"b")),
        f"/{GENERATORS}/pipe": (SYSTEM, None),
        "/run/systemd/user-generators/empty": (GLOBAL_USER, digest_bytes(b"")),
        "/etc/systemd/system-generators/a": (SYSTEM, None),
        "/usr/local/lib/systemd/user-environment-generators/c": (GLOBAL_USER, digest_bytes(b"c")),
    }
    assert (told[f"/{GENERATORS}/a"].mode, told["/etc/systemd/system-generators/a"].target) == (0o755, "/dev/null")
    assert list(by_name(found, ArtifactKind.LINK)) == ["/usr/local/lib/systemd/user-environment-generators"]
    assert gaps(found) == []


def test_rules_and_services_that_start_units_are_told_and_no_others(
    shell: Sequence[str], tree: HostTree, root: Path
) -> None:
    split = 'ENV{SYSTEMD\\\n_WANTS}+="a.service"\n'
    service = "[D-BUS Service]\nName=a.b\nSystemdService=a.service\n"
    tree.files[f"{RULES}/99 usb.rules"] = TreeFile(WANTS)
    tree.files[f"{RULES}/98-user.rules"] = TreeFile(WANTS.replace("SYSTEMD", "SYSTEMD_USER"))
    tree.files["usr/lib/udev/rules.d/split.rules"] = TreeFile(split)
    tree.files["usr/share/dbus-1/services/a.service"] = TreeFile(service)
    tree.files["etc/dbus-1/system-services/a.service"] = TreeFile(service)
    tree.files[f"{RULES}/other.rules"] = TreeFile('KERNEL=="sda", ATTR{a}="b"\n')
    tree.files[f"{RULES}/readme"] = TreeFile(WANTS)
    tree.write(root)
    os.mkfifo(root / RULES / "pipe.rules")
    found = look(shell, root)
    told = by_name(found, ArtifactKind.ACTIVATOR)
    assert {(artifact.name, artifact.scope) for artifact in told.values()} == {
        (f"/{RULES}/99 usb.rules", SYSTEM),
        (f"/{RULES}/98-user.rules", SYSTEM),
        ("/usr/lib/udev/rules.d/split.rules", SYSTEM),
        ("/usr/share/dbus-1/services/a.service", GLOBAL_USER),
        ("/etc/dbus-1/system-services/a.service", SYSTEM),
    }
    assert told[f"/{RULES}/99 usb.rules"].sha256 == digest_bytes(WANTS.encode())
    assert gaps(found) == []


def test_what_is_offered_can_be_fetched(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.files[f"{RULES}/99-usb.rules"] = TreeFile(WANTS)
    tree.files[f"{GENERATORS}/a b"] = TreeFile(SCRIPT, 0o755)
    tree.write(root)
    offers = look(shell, root).offers
    assert offers.keys() == {digest_bytes(WANTS.encode()), digest_bytes(SCRIPT.encode())}
    requests = b"".join(b"fetch %d\n" % offer.number for offer in offers.values())
    contents = run_probe(shell, root, requests=requests + DONE).contents()
    assert [digest_bytes(content) for content in contents] == list(offers)


def test_a_rule_whose_name_has_a_line_end_is_a_gap(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.files[f"{RULES}/a\nb.rules"] = TreeFile(WANTS)
    tree.write(root)
    found = look(shell, root)
    (gap,) = gaps(found)
    assert (gap.area, gap.status, gap.path) == (Area.ACTIVATORS, ReadStatus.UNSUPPORTED, f"/{RULES}/a\nb.rules")
    assert list(by_name(found, ArtifactKind.ACTIVATOR)) == [f"/{RULES}/a\nb.rules"]


def test_what_may_not_be_read_is_a_gap(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.files[f"{RULES}/a.rules"] = TreeFile(WANTS, 0o000)
    tree.files["usr/lib/udev/rules.d/b.rules"] = TreeFile(WANTS)
    tree.files[f"{GENERATORS}/a"] = TreeFile(SCRIPT, 0o000)
    tree.files["etc/systemd/user-generators/a"] = TreeFile(SCRIPT)
    tree.write(root)
    closed = [root / "usr/lib/udev/rules.d", root / "etc/systemd/user-generators", root / "usr/local/lib"]
    closed[-1].mkdir(parents=True, exist_ok=True)
    for folder in closed:
        folder.chmod(0)
    try:
        found = look(shell, root, user=NOBODY if os.getuid() == 0 else None)
    finally:
        for folder in closed:
            folder.chmod(0o755)
    told = {(gap.area, gap.status, gap.path) for gap in gaps(found)}
    assert {
        (Area.ACTIVATORS, ReadStatus.DENIED, f"/{RULES}/a.rules"),
        (Area.ACTIVATORS, ReadStatus.DENIED, "/usr/lib/udev/rules.d"),
        (Area.ACTIVATORS, ReadStatus.DENIED, "/usr/local/lib/udev/rules.d"),
        (Area.GENERATORS, ReadStatus.DENIED, f"/{GENERATORS}/a"),
        (Area.GENERATORS, ReadStatus.DENIED, "/etc/systemd/user-generators"),
        (Area.GENERATORS, ReadStatus.DENIED, "/usr/local/lib/systemd/system-generators"),
    } <= told


@pytest.fixture
def flagged(root: Path) -> Iterator[Path]:
    """Give the path of a unit file that may be made immutable, and undo it."""
    path = root / ETC / "flagged.timer"
    yield path
    if path.exists():
        subprocess.run(["chattr", "-ia", path], check=False, capture_output=True)


@needs_lsattr
def test_immutable_and_append_only_files_are_told(
    shell: Sequence[str], tree: HostTree, root: Path, flagged: Path
) -> None:
    tree.files[f"{ETC}/flagged.timer"] = TreeFile("[Timer]\n")
    tree.links[f"{ETC}/link.timer"] = "flagged.timer"
    tree.write(root)
    if subprocess.run(["chattr", "+ia", flagged], check=False, capture_output=True).returncode != 0:
        pytest.skip("run as root on a file system with attributes to test them")
    assert dict(look(shell, root).attributes) == {f"/{ETC}/flagged.timer": (("attributes", "ai"),)}


def test_access_control_lists_are_told_of_files_and_directories(
    shell: Sequence[str], tree: HostTree, root: Path
) -> None:
    tree.files[f"{ETC}/a b.timer"] = TreeFile("[Timer]\n")
    tree.files[f"{ETC}/a\nb.timer"] = TreeFile("[Timer]\n")
    tree.files[f"{GENERATORS}/a"] = TreeFile(SCRIPT, 0o755)
    tree.write(root)
    for path in (f"{ETC}/a b.timer", f"{ETC}/a\nb.timer", GENERATORS):
        try:
            os.setxattr(root / path, "system.posix_acl_access", ACCESS_LIST)
        except OSError as problem:
            if problem.errno != errno.EOPNOTSUPP:
                raise
            pytest.skip("this file system has no access control lists")
    found = look(shell, root)
    assert dict(found.attributes) == {f"/{ETC}/a b.timer": (("acl", "yes"),), f"/{GENERATORS}": (("acl", "yes"),)}


def test_an_ls_that_tells_of_no_access_control_lists_is_a_gap(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.files[".shim/find-of-the-host"] = tree.files.pop(".shim/find")
    # as with that of busybox, which does not know the option and prints nothing
    tree.files[".shim/find"] = TreeFile(
        '#!/bin/sh\n"${0%/*}/find-of-the-host" "$@" | sed \'/^[-d][-rwx]\\{9\\} /d\'\n', 0o755
    )
    tree.write(root)
    found = look(shell, root)
    assert (Area.ATTRIBUTES, ReadStatus.UNSUPPORTED) in {(gap.area, gap.status) for gap in found.gaps}
    assert gaps(found) == []


def test_labels_are_told_where_they_are_not_those_of_unit_files(
    shell: Sequence[str], tree: HostTree, root: Path
) -> None:
    tree.files["sys/fs/selinux/enforce"] = TreeFile("1")
    tree.files[f"{ETC}/moved.timer"] = TreeFile("[Timer]\n")
    tree.files[".shim/find-of-the-host"] = tree.files.pop(".shim/find")
    # a host without SELinux has no labels to print: this one gives them by name
    tree.files[".shim/find"] = TreeFile(
        '#!/bin/sh\n"${0%/*}/find-of-the-host" "$@" | sed '
        "-e 's/^[?]* \\(.*moved.timer\\)$/unconfined_u:object_r:user_tmp_t:s0 \\1/' "
        "-e 's/^[?]* \\([a-z].*\\)$/system_u:object_r:systemd_unit_file_t:s0 \\1/'\n",
        0o755,
    )
    tree.write(root)
    found = look(shell, root)
    assert dict(found.attributes) == {
        f"/{ETC}/moved.timer": (("selinux", "unconfined_u:object_r:user_tmp_t:s0"),),
    }


def test_folders_on_the_way_are_told_with_their_modes(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.files[f"{DEPLOYS}/a.timer"] = TreeFile("[Timer]\n")
    tree.write(root)
    (root / "etc/systemd").chmod(0o777)
    (root / "home/deploy/.config").chmod(0o775)
    told = by_name(look(shell, root), ArtifactKind.DIRECTORY)
    assert told["/etc/systemd"].mode == 0o777
    assert (told["/home/deploy"].scope, told["/home"].scope) == (SYSTEM, SYSTEM)
    config = told["/home/deploy/.config"]
    assert (config.scope, config.mode) == (user_scope("deploy"), 0o775)


def test_no_link_of_a_user_is_followed_to_tell_of_folders(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.links["home/deploy/.config"] = "../../srv/secret"
    tree.files["srv/secret/systemd/user/a.timer"] = TreeFile("[Timer]\n")
    tree.write(root)
    assert not [artifact.name for artifact in look(shell, root).artifacts if "/srv" in artifact.name]


def test_mounts_over_unit_directories_are_told(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    lines = (
        "25 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw",
        "26 25 0:23 / /run rw - tmpfs tmpfs rw",
        "27 25 8:2 / /usr ro shared:2 master:3 - ext4 /dev/sda2 rw",
        "28 25 8:3 / /home rw - ext4 /dev/sda3 rw",
        "29 26 0:30 / /run/user/1000 rw - tmpfs tmpfs rw",
        "30 25 0:31 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw,lowerdir=/a",
        "31 25 8:1 /srv/evil /etc/systemd/system ro shared:9 - ext4 /dev/sda1 rw",
        "32 25 0:32 / /etc/systemd/system/a\\040b.timer rw - tmpfs x\\040y rw",
        "33 28 0:33 / /home/deploy/.config/systemd rw - fuse.sshfs me@host: rw",
        "34 25 0:34 / /etc ro - overlay confext ro,lowerdir=/run/systemd/confext/extensions/site/etc:/etc",
        "35 25 0:35 / /usr/lib/systemd rw - tmpfs tmpfs rw",
    )
    tree.files["proc/self/mountinfo"] = TreeFile("".join(f"{line}\n" for line in lines))
    tree.files["var/lib/confexts/site.raw"] = TreeFile("image")
    tree.write(root)
    found = look(shell, root)
    told = by_name(found, ArtifactKind.MOUNT)
    assert {name: told[name].property("source") for name in told} == {
        "/etc/systemd/system": "/dev/sda1",
        "/etc/systemd/system/a b.timer": "x y",
        "/home/deploy/.config/systemd": "me@host:",
        "/etc": "confext",
        "/usr/lib/systemd": "tmpfs",
    }
    (extension,) = by_name(found, ArtifactKind.EXTENSION).values()
    assert (extension.name, extension.property("merged")) == ("/var/lib/confexts/site.raw", "yes")
    assert extension.sha256 is None


def test_a_host_without_a_list_of_mounts_is_a_gap(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    del tree.files["proc/self/mountinfo"]
    tree.write(root)
    assert Area.MOUNTS in {gap.area for gap in surroundings(run_probe(shell, root)).gaps}


def test_nothing_is_written(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.files[f"{GENERATORS}/a"] = TreeFile(SCRIPT, 0o755)
    tree.files[f"{RULES}/a.rules"] = TreeFile(WANTS)
    tree.write(root)
    before = photograph(root)
    look(shell, root)
    assert photograph(root) == before
