"""Packages of what a visit found."""

from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import SYSTEM, user_scope
from fleetscan.model.program import Verification
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.probe.packages import PackageFacts
from fleetscan.sweep.provenance import mark_owned

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
    return Artifact(kind=kind, scope=scope, name=name, target=target, sha256=SHA256, properties=(("links", "x"),))


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


def test_unowned_and_unknown_are_told_apart() -> None:
    found = marked(artifact(ArtifactKind.PROGRAM, "/opt/x"), artifact(ArtifactKind.PROGRAM, "/opt/never-asked"))
    assert found["/opt/x"] == (("links", "x"), ("verified", "unowned"))
    assert found["/opt/never-asked"] == (("links", "x"),)


def test_what_lies_in_a_home_and_what_is_no_file_has_no_package() -> None:
    mine = artifact(ArtifactKind.FILE, "/usr/bin/dash", user="ann")
    stamp = artifact(ArtifactKind.STAMP, "/opt/x")
    assert list(mark_owned([mine, stamp], PACKAGES)) == [mine, stamp]
