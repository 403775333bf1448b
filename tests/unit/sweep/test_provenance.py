"""Packages of what a visit found."""

from dataclasses import replace

from fleetscan.model.coverage import Area, ReadStatus
from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import SYSTEM, user_scope
from fleetscan.model.program import Verification
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.probe.packages import PackageFacts
from fleetscan.probe.questions import MAX_PATHS
from fleetscan.probe.wire import FrameReader
from fleetscan.sweep.dialogue import Dialogue
from fleetscan.sweep.provenance import mark_owned, read_packages
from tests.fakes import FakeChannel, FakeStreams
from tests.unit.probe.frames import SENTINEL, encode, frame

SHA256 = digest_bytes(b"x")
PACKAGES = PackageFacts(
    owners={
        "/usr/bin/dash": ("dash", Verification.VERIFIED),
        "/usr/lib/systemd/system/a.timer": ("a", Verification.CHANGED),
    },
    versions={"dash": "0.5"},
    gaps=(),
    unowned=frozenset({"/opt/x"}),
    merged_usr=True,
)


def artifact(kind: ArtifactKind, name: str, *, target: str = "", user: str = "") -> Artifact:
    scope = user_scope(user) if user else SYSTEM
    return Artifact(
        kind=kind, scope=scope, name=name, target=target, size_bytes=1, sha256=SHA256, properties=(("links", "x"),)
    )


def marked(*artifacts: Artifact) -> dict[str, tuple[tuple[str, str], ...]]:
    return {found.name: found.properties for found in mark_owned(artifacts, PACKAGES)}


def test_a_program_belongs_to_the_package_of_the_file_behind_its_links() -> None:
    found = marked(artifact(ArtifactKind.PROGRAM, "/bin/sh", target="/usr/bin/dash"))
    assert found["/bin/sh"] == (("links", "x"), ("package", "dash"), ("verified", "verified"))
    assert found["dash"] == (("version", "0.5"),)


def test_a_changed_unit_file_is_marked_and_its_package_told() -> None:
    found = marked(artifact(ArtifactKind.FILE, "/usr/lib/systemd/system/a.timer"))
    assert ("verified", "changed") in found["/usr/lib/systemd/system/a.timer"]
    assert found["a"] == ()


def test_a_package_with_timers_is_told_though_none_of_its_files_was_found() -> None:
    packages = replace(PACKAGES, timers={"cron": {"timers": "cron.timer"}}, versions={"cron": "1"})
    (found,) = mark_owned([], packages)
    assert (found.kind, found.name) == (ArtifactKind.PACKAGE, "cron")
    assert found.properties == (("timers", "cron.timer"), ("version", "1"))


def test_a_polkit_file_belongs_to_its_package() -> None:
    found = marked(replace(artifact(ArtifactKind.GRANT, "/opt/x"), properties=()))
    assert found["/opt/x"] == (("verified", "unowned"),)


def test_unowned_and_unknown_are_told_apart() -> None:
    found = marked(artifact(ArtifactKind.PROGRAM, "/opt/x"), artifact(ArtifactKind.PROGRAM, "/opt/never-asked"))
    assert found["/opt/x"] == (("links", "x"), ("verified", "unowned"))
    assert found["/opt/never-asked"] == (("links", "x"),)


def test_what_lies_in_a_home_and_what_is_no_file_has_no_package() -> None:
    mine = artifact(ArtifactKind.FILE, "/usr/bin/dash", user="ann")
    stamp = artifact(ArtifactKind.STAMP, "/opt/x")
    assert list(mark_owned([mine, stamp], PACKAGES)) == [mine, stamp]


async def ask_about(*artifacts: Artifact) -> tuple[list[str], PackageFacts]:
    """Give the paths that a host was asked about, and what follows when it knows of none of them."""
    asked: list[str] = []

    async def program(_command: str, streams: FakeStreams) -> int:
        text = b""
        while text.count(b"\n") < int((text or b"packages 0\n").split(b"\n")[0].split(b" ")[1]) + 1:
            text += await streams.stdin.read(65536)
        asked.extend(text.decode().split("\n")[1:-1])
        await streams.stdout.write(encode(frame("packages", "database dpkg\nend ok\n")))
        return 0

    channel = FakeChannel("", program)
    dialogue = Dialogue(channel, FrameReader(SENTINEL, max_bytes=1_000_000))
    facts = await read_packages(dialogue, artifacts, merged_usr=True)
    await channel.wait_closed()
    return asked, facts


async def test_files_that_were_not_asked_about_are_not_taken_for_nobodys() -> None:
    scripts = [artifact(ArtifactKind.GENERATOR, f"/opt/{number}") for number in range(MAX_PATHS)]
    program = artifact(ArtifactKind.PROGRAM, "/opt/program")
    asked, facts = await ask_about(*scripts, program)
    assert (len(asked), asked[0]) == (MAX_PATHS, "opt/program")
    assert facts.owner("/opt/program") == ("", Verification.UNOWNED)
    assert facts.owner(f"/opt/{MAX_PATHS - 1}") == ("", Verification.UNKNOWN)
    assert [(gap.area, gap.status) for gap in facts.gaps] == [(Area.PACKAGES, ReadStatus.TRUNCATED)]


async def test_unit_files_are_asked_about_by_the_probe_but_for_those_that_lie_elsewhere() -> None:
    walked = artifact(ArtifactKind.FILE, "/usr/lib/systemd/system/b.timer")
    linked = artifact(ArtifactKind.FILE, "/usr/lib/app/b.timer")
    mine = artifact(ArtifactKind.FILE, "/home/ann/.config/systemd/user/b.timer", user="ann")
    asked, facts = await ask_about(walked, linked, mine)
    assert asked == ["usr/lib/app/b.timer"]
    assert facts.owner(walked.name) == facts.owner(linked.name) == ("", Verification.UNOWNED)
    assert facts.owner(mine.name) == ("", Verification.UNKNOWN)
    assert facts.gaps == ()
