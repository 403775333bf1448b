"""The surroundings as one answer: each reader is believed as far as its rights go, and what did not arrive is a gap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.model.coverage import Area, ReadStatus
from fleetscan.model.ids import SYSTEM, Sha256, user_scope
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.probe.people import parse_people
from fleetscan.probe.surroundings import Surroundings, merge_attributes, read_surroundings
from fleetscan.probe.walk import HashedFile
from fleetscan.probe.wire import Frame
from tests.unit.probe.frames import ETC, SENTINEL, TOKEN, Entry, frame

PEOPLE = parse_people(
    frame("users", "root:0:0:/root:/bin/sh\nann:1000:1000:/home/ann:/bin/sh\n"),
    frame("homes", "ok:root:0:/root\nok:ann:1000:/home/ann\n"),
    None,
)
GENERATOR = "etc/systemd/system-generators/a"
HASHED = {f"/{GENERATOR}": HashedFile(3, f"/{GENERATOR}", Sha256("ab" * 32), "-")}
WAY = TOKEN + " d {} {} {} - 2 - - - ./{}//"


def complete(**changed: Frame | None) -> dict[tuple[str, str], Frame]:
    sections: dict[str, Frame | None] = {
        "activators": frame("activators"),
        "around": frame("around", Entry(path=GENERATOR, data=b"#!/bin/sh\n").record),
        "attributes": frame("attributes", f"told lsattr acl\n{WAY.format('755', 0, 0, 'etc')}", scope="-"),
        "mounts": frame("mounts", "8:1 / / rw ext4 /dev/sda1 -"),
        **changed,
    }
    return {(given.section, given.scope): given for given in sections.values() if given is not None}


def read(frames: dict[tuple[str, str], Frame]) -> Surroundings:
    return read_surroundings(frames, SENTINEL, PEOPLE, HASHED)


def kinds(found: Surroundings) -> list[tuple[ArtifactKind, str]]:
    return [(artifact.kind, artifact.name) for artifact in found.artifacts]


def test_a_host_that_told_everything_has_no_gap() -> None:
    found = read(complete())
    assert found.gaps == ()
    assert kinds(found) == [(ArtifactKind.GENERATOR, f"/{GENERATOR}"), (ArtifactKind.DIRECTORY, "/etc")]
    assert [offer.number for offer in found.offers.values()] == [3]
    assert (list(found.times), dict(found.attributes)) == ([f"/{GENERATOR}"], {})


@pytest.mark.parametrize(
    ("section", "areas"),
    [
        ("activators", {Area.ACTIVATORS}),
        ("around", {Area.GENERATORS, Area.ACTIVATORS, Area.MOUNTS}),
        ("attributes", {Area.ATTRIBUTES}),
        ("mounts", {Area.MOUNTS}),
    ],
)
def test_a_section_that_did_not_arrive_or_ended_badly_is_a_gap_of_its_areas(section: str, areas: set[Area]) -> None:
    assert {(gap.area, gap.status) for gap in read(complete(**{section: None})).gaps} == {
        (area, ReadStatus.FAILED) for area in areas
    }
    scope = "-" if section == "attributes" else SYSTEM
    for word, status in (("timeout", ReadStatus.TIMED_OUT), ("missing", ReadStatus.MISSING_TOOL)):
        found = read(complete(**{section: frame(section, status=word, scope=scope)}))
        assert {(gap.area, gap.status) for gap in found.gaps} == {(area, status) for area in areas}


@pytest.mark.parametrize("section", ["activators", "around"])
def test_that_find_ended_with_1_is_usual(section: str) -> None:
    assert read(complete(**{section: frame(section, status="failed-1")})).gaps == ()


def test_that_awk_ended_with_1_is_a_gap() -> None:
    (gap,) = read(complete(mounts=frame("mounts", status="failed-1"))).gaps
    assert (gap.area, gap.status) == (Area.MOUNTS, ReadStatus.FAILED)


def test_a_host_without_lsattr_is_complete_all_the_same() -> None:
    found = read(complete(attributes=frame("attributes", "told acl", scope="-")))
    assert [(gap.area, gap.status) for gap in found.gaps] == [(Area.ATTRIBUTES, ReadStatus.MISSING_TOOL)]


@pytest.mark.parametrize(
    ("section", "payload"), [("around", f"{TOKEN} x\n"), ("activators", f"{TOKEN} x\n"), ("mounts", "x")]
)
def test_what_cannot_be_read_is_a_gap(section: str, payload: str) -> None:
    assert all("cannot be read" in gap.reason for gap in read(complete(**{section: frame(section, payload)})).gaps)
    assert read(complete(**{section: frame(section, payload)})).gaps


def test_lines_of_attributes_that_cannot_be_read_are_a_gap() -> None:
    (gap,) = read(complete(attributes=frame("attributes", "told lsattr acl\nx", scope="-"))).gaps
    assert (gap.area, gap.status) == (Area.ATTRIBUTES, ReadStatus.FAILED)


def test_an_accounts_own_process_is_believed_of_its_own_files_only() -> None:
    lines = (
        "told lsattr acl",
        "----i---- home/ann/.config/systemd/user/a.timer",
        f"----i---- {ETC}/a.timer",
        WAY.format("777", 1000, 1000, "home/ann/.config"),
        WAY.format("777", 0, 0, "home"),
    )
    found = read(complete(users=frame("attributes", "\n".join(lines), scope="1000")))
    assert dict(found.attributes) == {"/home/ann/.config/systemd/user/a.timer": (("attributes", "i"),)}
    ways = {artifact.name: artifact.scope for artifact in found.artifacts if artifact.kind is ArtifactKind.DIRECTORY}
    assert ways == {"/etc": SYSTEM, "/home/ann/.config": user_scope("ann")}


def test_an_account_that_could_not_be_asked_is_a_gap_of_that_account() -> None:
    (gap,) = read(complete(users=frame("attributes", status="timeout", scope="1000"))).gaps
    assert (gap.area, gap.scope, gap.status) == (Area.ATTRIBUTES, user_scope("ann"), ReadStatus.TIMED_OUT)


def test_folders_on_the_way_are_told_with_mode_and_owner() -> None:
    lines = f"told lsattr acl\n{WAY.format('1777', 1000, 50, '.')}"
    found = read(complete(attributes=frame("attributes", lines, scope="-"), around=frame("around")))
    assert found.artifacts == (
        Artifact(kind=ArtifactKind.DIRECTORY, scope=SYSTEM, name="/", mode=0o1777, owner="ann", group="50"),
    )


def test_attributes_join_the_properties_of_an_artifact_in_order() -> None:
    artifact = Artifact(kind=ArtifactKind.FILE, scope=SYSTEM, name="/a", properties=(("links", "2"),))
    found = {"/a": (("acl", "yes"), ("selinux", "x"))}
    assert merge_attributes(artifact, found) == (("acl", "yes"), ("links", "2"), ("selinux", "x"))
    assert merge_attributes(artifact, {}) == (("links", "2"),)


@given(
    st.sampled_from(["activators", "around", "attributes", "mounts"]),
    st.binary(max_size=200),
    st.sampled_from(["ok", "truncated", "failed-1"]),
    st.sampled_from([SYSTEM, "-", "1000", "99999999999"]),
)
def test_other_bytes_never_raise(section: str, data: bytes, status: str, scope: str) -> None:
    for payload in (data, b"told\n" + data, TOKEN.encode() + b" " + data):
        read(complete(extra=frame(section, payload, status=status, scope=scope)))
