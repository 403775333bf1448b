"""Mounts and extensions: what is put over unit directories is told, how hosts are usually made is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.model.coverage import Area
from fleetscan.model.ids import GLOBAL_USER, SYSTEM, user_scope
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.probe.mounts import build_extensions, build_mounts, parse_mounts
from fleetscan.probe.people import parse_people
from fleetscan.probe.walk import parse_walk
from tests.unit.probe.frames import SENTINEL, Entry, frame

PEOPLE = parse_people(
    frame("users", "root:0:0:/root:/bin/sh\nann:1000:1000:/home/ann:/bin/sh\n"),
    frame("homes", "ok:ann:1000:/home/ann\n"),
    None,
)
ROOT = "8:1 / / rw,relatime ext4 /dev/sda1 -"
LAYERS = "ro,lowerdir=/run/systemd/sysext/meta/usr:/run/systemd/sysext/extensions/{}/usr:/usr"


def mounts(*lines: str) -> dict[str, Artifact]:
    found, bad = parse_mounts("\n".join(lines).encode("utf-8", "surrogateescape"), truncated=False)
    assert bad == 0
    return {artifact.name: artifact for artifact in build_mounts(found, PEOPLE)}


def extensions(*entries: Entry, layers: tuple[str, ...] = ()) -> list[Artifact]:
    records, _ = parse_walk("".join(entry.record for entry in entries).encode(), SENTINEL, truncated=False)
    found, _ = parse_mounts("\n".join(layers).encode(), truncated=False)
    return build_extensions(records, found, PEOPLE)[0]


def test_a_bind_mount_over_a_unit_directory_is_told() -> None:
    found = mounts(ROOT, "8:1 /srv/evil /etc/systemd/system ro,nosuid ext4 /dev/sda1 -")
    assert found == {
        "/etc/systemd/system": Artifact(
            kind=ArtifactKind.MOUNT,
            scope=SYSTEM,
            name="/etc/systemd/system",
            properties=(("fstype", "ext4"), ("options", "ro"), ("root", "/srv/evil"), ("source", "/dev/sda1")),
        )
    }


@pytest.mark.parametrize(
    "line",
    [
        "0:40 / / rw overlay overlay -",
        "8:2 / /usr ro ext4 /dev/sda2 -",
        "8:1 /usr /usr ro ext4 /dev/sda1 -",
        "8:1 /etc /etc rw ext4 /dev/sda1 -",
    ],
)
def test_how_hosts_are_made_is_not_told(line: str) -> None:
    assert mounts(ROOT, line) == {}


def test_a_subvolume_beside_that_of_the_root_is_not_told() -> None:
    assert mounts("0:25 /@ / rw btrfs /dev/sda1 -", "0:25 /@usr /usr ro btrfs /dev/sda1 -") == {}


def test_a_deployment_bound_onto_itself_is_not_told() -> None:
    deployed = "/ostree/deploy/os/deploy/abc.0"
    assert mounts(f"8:1 {deployed} / rw xfs /dev/sda1 -", f"8:1 {deployed}/usr /usr ro xfs /dev/sda1 -") == {}


@pytest.mark.parametrize(
    "lines",
    [
        ("0:50 / /usr ro overlay sysext lowerdir=/usr",),
        ("8:1 /srv/evil /usr rw ext4 /dev/sda1 -",),
        ("8:2 / /usr rw ext4 /dev/sda2 -", "8:3 / /usr rw ext4 /dev/sdb1 -"),
    ],
)
def test_what_replaces_a_hierarchy_is_told(lines: tuple[str, ...]) -> None:
    assert list(mounts(ROOT, *lines)) == ["/usr"]


def test_of_stacked_mounts_the_last_is_told_with_their_number() -> None:
    found = mounts("0:1 / /etc/systemd rw tmpfs one -", "0:2 / /etc/systemd rw tmpfs two -")["/etc/systemd"]
    assert (found.property("source"), found.property("stacked")) == ("two", "2")


def test_numbers_that_change_at_each_boot_are_left_out() -> None:
    sources = ("/dev/loop17", "/dev/dm-3", "/dev/loop2p1", "/dev/sda3", "tmpfs")
    found = mounts(*(f"7:1 / /etc/systemd/{n} rw ext4 {source} -" for n, source in enumerate(sources)))
    told = ["/dev/loop", "/dev/dm-", "/dev/loop", "/dev/sda3", "tmpfs"]
    assert [artifact.property("source") for artifact in found.values()] == told
    assert "7:1" not in str(found)


def test_the_same_mounts_after_a_boot_are_the_same_artifacts() -> None:
    lines = "{} / /etc/systemd/system rw squashfs /dev/loop{} -"
    assert mounts(lines.format("7:1", 1)) == mounts(lines.format("7:9", 9))


def test_a_mount_belongs_to_whose_directory_it_covers() -> None:
    found = mounts("0:1 / /home/ann/.config rw tmpfs x -", "0:1 / /etc/systemd/user rw tmpfs x -")
    assert [artifact.scope for artifact in found.values()] == [user_scope("ann"), GLOBAL_USER]


def test_escapes_of_the_kernel_are_undone() -> None:
    (found,) = mounts(r"0:1 /a\011b /etc/systemd/x\040y\134\012 rw tmpfs \043x -").values()
    assert (found.name, found.property("root"), found.property("source")) == ("/etc/systemd/x y\\\n", "/a\tb", "#x")


def test_long_texts_are_cut() -> None:
    (found,) = mounts(f"0:1 / /etc/systemd rw fuse.x {'s' * 5000} -").values()
    assert len(found.property("source")) == 1024


def test_extensions_are_told_and_whether_they_are_merged() -> None:
    found = extensions(
        Entry(path="var/lib/extensions", type="d", mode="755"),
        Entry(path="var/lib/extensions/docker.raw", size=9),
        Entry(path="run/extensions/tools", type="l", target="/srv/tools"),
        Entry(path="var/lib/confexts/docker.raw", size=9),
        layers=(f"0:50 / /usr ro overlay sysext {LAYERS.format('docker')}",),
    )
    assert [(artifact.kind, artifact.name, artifact.property("merged")) for artifact in found] == [
        (ArtifactKind.DIRECTORY, "/var/lib/extensions", ""),
        (ArtifactKind.EXTENSION, "/var/lib/extensions/docker.raw", "yes"),
        (ArtifactKind.EXTENSION, "/run/extensions/tools", "no"),
        (ArtifactKind.EXTENSION, "/var/lib/confexts/docker.raw", "no"),
    ]


def test_an_extension_that_is_merged_without_an_image_is_told_by_its_name() -> None:
    layers = "lowerdir+=/run/systemd/sysext/extensions/gone/usr,lowerdir+=/usr"
    (found,) = extensions(layers=(f"0:50 / /usr ro overlay sysext {layers}",))
    assert (found.kind, found.name, found.property("merged")) == (ArtifactKind.EXTENSION, "gone", "yes")


def test_a_closed_directory_of_extensions_is_a_gap() -> None:
    records, _ = parse_walk(Entry(path="var/lib/extensions", type="!").record.encode(), SENTINEL, truncated=False)
    (gap,) = build_extensions(records, (), PEOPLE)[1]
    assert (gap.area, gap.path) == (Area.MOUNTS, "/var/lib/extensions")


def test_a_cut_line_is_left_out_and_lines_that_are_none_are_counted() -> None:
    data = f"{ROOT}\nnonsense\n8:1 /a /etc/systemd rw ext4 /dev".encode()
    assert len(parse_mounts(data, truncated=True)[0]) == 1
    assert parse_mounts(data, truncated=False)[1] == 2


@given(st.binary(max_size=200), st.booleans())
def test_other_bytes_never_raise(data: bytes, truncated: bool) -> None:
    for payload in (data, b"8:1 / /usr rw overlay x " + data, b"8:1 / /" + data + b" rw ext4 x -"):
        found, _ = parse_mounts(payload, truncated=truncated)
        list(build_mounts(found, PEOPLE))
        build_extensions((), found, PEOPLE)
