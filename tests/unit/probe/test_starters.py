"""Generators and activators: what is executed or started is told with its hash, and what was not read is a gap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.model.coverage import Area, ReadStatus
from fleetscan.model.ids import GLOBAL_USER, SYSTEM, Scope, Sha256
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.probe.files import EMPTY_SHA256
from fleetscan.probe.people import parse_people
from fleetscan.probe.starters import Starters, plain_path, read_starters, read_unsearched
from fleetscan.probe.walk import HashedFile, parse_walk
from tests.unit.probe.frames import SENTINEL, TOKEN, Entry, frame

PEOPLE = parse_people(frame("users", "root:0:0:/root:/bin/sh\n"), None, None)
HASH = Sha256("ab" * 32)
LOCAL = "usr/local/lib/systemd/system-generators/evil"
VENDOR = "usr/lib/systemd/system-generators/systemd-fstab-generator"
RULE = "etc/udev/rules.d/99-usb.rules"


def read(*entries: Entry, hashed: bool = True) -> Starters:
    records, bad = parse_walk("".join(entry.record for entry in entries).encode(), SENTINEL, truncated=False)
    assert bad == 0
    hashes = {f"/{entry.path}": HashedFile(7, f"/{entry.path}", HASH, "-") for entry in entries}
    return read_starters(records, hashes if hashed else {}, PEOPLE)


def only(found: Starters) -> Artifact:
    (artifact,) = found.artifacts
    return artifact


def test_a_generator_is_told_with_mode_owner_size_and_hash() -> None:
    found = read(Entry(path=LOCAL, data=b"#!/bin/sh\n", mode="4755"))
    assert only(found) == Artifact(
        kind=ArtifactKind.GENERATOR,
        scope=SYSTEM,
        name=f"/{LOCAL}",
        mode=0o4755,
        owner="root",
        group="root",
        size_bytes=10,
        sha256=HASH,
    )
    assert found.gaps == []
    assert f"/{LOCAL}" in found.times


@pytest.mark.parametrize(
    ("folder", "scope"),
    [
        ("run/systemd/system-generators", SYSTEM),
        ("etc/systemd/system-environment-generators", SYSTEM),
        ("usr/lib/systemd/user-generators", GLOBAL_USER),
        ("lib/systemd/user-environment-generators", GLOBAL_USER),
    ],
)
def test_generators_of_user_managers_concern_every_user(folder: str, scope: Scope) -> None:
    found = read(Entry(path=folder, type="d", mode="777"), Entry(path=f"{folder}/a", data=b"1"))
    assert [(artifact.kind, artifact.scope, artifact.name) for artifact in found.artifacts] == [
        (ArtifactKind.DIRECTORY, scope, f"/{folder}"),
        (ArtifactKind.GENERATOR, scope, f"/{folder}/a"),
    ]


def test_masks_are_told_and_are_no_gaps() -> None:
    folder = "etc/systemd/system-generators"
    found = read(
        Entry(path=f"{folder}/empty"),
        Entry(path=f"{folder}/null", type="l", target="../../../dev/null"),
        hashed=False,
    )
    assert found.gaps == []
    assert [(artifact.sha256, artifact.target) for artifact in found.artifacts] == [
        (EMPTY_SHA256, ""),
        (None, "../../../dev/null"),
    ]


def test_a_linked_generator_has_the_hash_of_what_would_run_and_is_not_offered() -> None:
    found = read(Entry(path=LOCAL, type="l", target="/usr/libexec/podman/quadlet"))
    assert (only(found).sha256, only(found).mode, only(found).size_bytes) == (HASH, None, None)
    assert (found.gaps, found.offers) == ([], {})


def test_a_linked_generator_without_a_hash_is_a_gap() -> None:
    (gap,) = read(Entry(path=LOCAL, type="l", target="/srv/x"), hashed=False).gaps
    assert (gap.area, gap.status, gap.path) == (Area.GENERATORS, ReadStatus.NOT_TRIGGERED, f"/{LOCAL}")


@pytest.mark.parametrize(("size", "status"), [(5, ReadStatus.DENIED), (10**8, ReadStatus.OVERSIZE)])
def test_a_generator_without_a_hash_is_a_gap(size: int, status: ReadStatus) -> None:
    (gap,) = read(Entry(path=LOCAL, size=size), hashed=False).gaps
    assert (gap.area, gap.scope, gap.status, gap.path) == (Area.GENERATORS, SYSTEM, status, f"/{LOCAL}")


@pytest.mark.parametrize(
    ("path", "size", "offered"),
    [
        (LOCAL, 262_144, True),
        (LOCAL, 262_145, False),
        (VENDOR, 8192, True),
        (VENDOR, 8193, False),
        (RULE, 20_000, True),
    ],
)
def test_contents_are_offered_where_they_tell_more_than_the_hash(path: str, size: int, offered: bool) -> None:
    found = read(Entry(path=path, size=size))
    assert (HASH in found.offers, found.paths) == (offered, {HASH: [f"/{path}"]} if offered else {})


def test_activators_are_of_the_system_or_of_every_users_bus() -> None:
    found = read(
        Entry(path=RULE, data=b"1"),
        Entry(path="usr/share/dbus-1/system-services/a.service", data=b"1"),
        Entry(path="usr/share/dbus-1/services/a.service", data=b"1"),
    )
    assert {artifact.kind for artifact in found.artifacts} == {ArtifactKind.ACTIVATOR}
    assert [artifact.scope for artifact in found.artifacts] == [SYSTEM, SYSTEM, GLOBAL_USER]


def test_what_a_linked_activator_starts_is_not_known() -> None:
    (gap,) = read(Entry(path=RULE, type="l", target="/srv/x.rules")).gaps
    assert (gap.area, gap.status, gap.path) == (Area.ACTIVATORS, ReadStatus.NOT_TRIGGERED, f"/{RULE}")


def test_a_directory_of_generators_that_is_a_link_is_told_with_what_it_leads_to() -> None:
    folder = "etc/systemd/system-generators"
    found = read(
        Entry(path=folder, type="l", target="/srv/gen"),
        Entry(path=f"{folder}/.", type="d", mode="777"),
        Entry(path=f"{folder}/./a", data=b"1"),
    )
    assert [(artifact.kind, artifact.name, artifact.sha256) for artifact in found.artifacts] == [
        (ArtifactKind.LINK, f"/{folder}", None),
        (ArtifactKind.DIRECTORY, f"/{folder}", None),
        (ArtifactKind.GENERATOR, f"/{folder}/a", HASH),
    ]


@pytest.mark.parametrize(("links", "artifacts"), [(2, 1), (0, 0)])
def test_a_closed_directory_is_a_gap_and_told_only_if_it_was_seen(links: int, artifacts: int) -> None:
    found = read(Entry(path="etc/systemd/system-generators", type="!", links=links))
    assert len(found.artifacts) == artifacts
    (gap,) = found.gaps
    assert (gap.area, gap.status, gap.path) == (
        Area.GENERATORS,
        ReadStatus.DENIED,
        "/etc/systemd/system-generators",
    )


def test_what_lies_elsewhere_or_in_folders_within_is_neither() -> None:
    found = read(
        Entry(path="etc/shadow", data=b"1"),
        Entry(path="etc/systemd/system-generators/x", type="d"),
        Entry(path="etc/systemd/system-generators/x/y", data=b"1"),
    )
    assert found == Starters()


def test_a_fifo_among_generators_is_told_as_what_it_is() -> None:
    assert only(read(Entry(path=LOCAL, type="p"), hashed=False)).property("type") == "p"


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        (RULE, 10, ReadStatus.DENIED),
        (RULE, 10**7, ReadStatus.OVERSIZE),
        ("etc/udev/rules.d/a\n.rules", 10, ReadStatus.UNSUPPORTED),
    ],
)
def test_a_rule_that_could_not_be_searched_is_told_and_is_a_gap(path: str, size: int, status: ReadStatus) -> None:
    record = Entry(path=path, size=size).record
    found = read_unsearched(parse_walk(record.encode(), SENTINEL, truncated=False)[0], PEOPLE)
    assert (only(found).kind, only(found).name) == (ArtifactKind.ACTIVATOR, f"/{path}")
    (gap,) = found.gaps
    assert (gap.area, gap.status, gap.path) == (Area.ACTIVATORS, status, f"/{path}")


def test_a_record_of_another_place_is_no_activator() -> None:
    record = Entry(path="etc/shadow").record
    assert read_unsearched(parse_walk(record.encode(), SENTINEL, truncated=False)[0], PEOPLE) == Starters()


def test_a_directory_of_rules_that_could_not_be_searched_is_a_gap() -> None:
    record = Entry(path="etc/udev/rules.d", type="!").record
    found = read_unsearched(parse_walk(record.encode(), SENTINEL, truncated=False)[0], PEOPLE)
    assert [(gap.area, gap.path) for gap in found.gaps] == [(Area.ACTIVATORS, "/etc/udev/rules.d")]


@pytest.mark.parametrize(
    ("told", "plain"),
    [("/./etc", "/etc"), ("/./.", "/"), ("/.", "/"), ("/etc/a/./b", "/etc/a/b"), ("/etc/a/.", "/etc/a"), ("/a", "/a")],
)
def test_paths_lose_the_dot_that_tells_how_they_were_reached(told: str, plain: str) -> None:
    assert plain_path(told) == plain


@given(st.binary(max_size=120), st.sampled_from(["etc/udev/rules.d/", "etc/systemd/system-generators/", ""]))
def test_no_record_raises(tail: bytes, folder: str) -> None:
    data = f"{TOKEN} f 644 0 0 5 1 - - - {folder}".encode() + tail + b"//\n" + TOKEN.encode() + b" " + tail
    records, _ = parse_walk(data, SENTINEL, truncated=False)
    for found in (read_starters(records, {}, PEOPLE), read_unsearched(records, PEOPLE)):
        assert all(artifact.name.startswith("/") for artifact in found.artifacts)
