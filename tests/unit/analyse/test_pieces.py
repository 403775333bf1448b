"""The files behind a subject, joined from all evidence of a visit."""

from dataclasses import replace

from fleetscan.analyse.pieces import Pieces, doors_of, identity_of, payload_of
from fleetscan.analyse.subjects import build_subjects
from fleetscan.model.ids import SYSTEM, Sha256
from fleetscan.model.program import Presence, Verification
from fleetscan.model.snapshot import Artifact, ArtifactKind, HostFacts
from fleetscan.model.subject import Piece, PieceRole, Subject
from tests.model_data import ETC, read_stored, store_text

FACTS = HostFacts(os_id="debian", os_version_id="12", systemd_version=252)
TIMER = "[Timer]\nOnCalendar=daily\n"
SERVICE = "[Service]\nEnvironmentFile=/etc/default/x\nExecStart=/bin/sh /opt/x/run.sh\n"


def file(path: str, text: str, **properties: str) -> Artifact:
    return Artifact(
        kind=ArtifactKind.FILE,
        scope=SYSTEM,
        name=path,
        mode=0o644,
        owner="root",
        group="root",
        size_bytes=len(text),
        sha256=store_text(text),
        properties=tuple(sorted(properties.items())),
    )


def program(path: str, target: str = "", **properties: str) -> Artifact:
    found = replace(file(path, path, **properties), kind=ArtifactKind.PROGRAM, mode=0o755)
    return replace(found, target=target)


def link(path: str, target: str) -> Artifact:
    return Artifact(kind=ArtifactKind.LINK, scope=SYSTEM, name=path, target=target, owner="root", group="root")


def folder(path: str, mode: int) -> Artifact:
    return Artifact(kind=ArtifactKind.DIRECTORY, scope=SYSTEM, name=path, mode=mode, owner="root", group="root")


PAIR = (file(f"{ETC}/x.timer", TIMER), file(f"{ETC}/x.service", SERVICE))


def only(*artifacts: Artifact) -> Subject:
    jobs = [s for s in build_subjects(FACTS, artifacts, read_stored) if s.key.name == "x.timer"]
    assert len(jobs) == 1
    return jobs[0]


def by_role(subject: Subject) -> dict[PieceRole, Piece]:
    return {piece.role: piece for piece in subject.pieces}


def test_a_job_is_made_of_its_files_its_links_and_what_it_runs_and_reads() -> None:
    environment = replace(
        file("/etc/default/x", "LD_PRELOAD=/x.so\n", LD_PRELOAD="/x.so", variables="LD_PRELOAD"),
        kind=ArtifactKind.ENVIRONMENT,
    )
    subject = only(
        *PAIR,
        link(f"{ETC}/timers.target.wants/x.timer", "../x.timer"),
        program("/bin/sh", "/usr/bin/dash", package="dash", verified="verified"),
        program("/opt/x/run.sh", verified="unowned", exposed="/opt/x deploy:deploy 0775"),
        environment,
    )
    pieces = by_role(subject)
    assert [piece.role for piece in subject.pieces] == [
        PieceRole.FRAGMENT,
        PieceRole.FRAGMENT,
        PieceRole.LINK,
        PieceRole.EXECUTABLE,
        PieceRole.SCRIPT,
        PieceRole.ENVIRONMENT,
    ]
    assert pieces[PieceRole.LINK].real_path == f"{ETC}/x.timer"
    shell, script = pieces[PieceRole.EXECUTABLE], pieces[PieceRole.SCRIPT]
    assert (shell.path, shell.real_path, shell.package) == ("/bin/sh", "/usr/bin/dash", "dash")
    assert (script.verification, script.exposed) == (Verification.UNOWNED, ("/opt/x deploy:deploy 0775",))
    assert pieces[PieceRole.ENVIRONMENT].values == ("LD_PRELOAD=/x.so",)
    assert len(payload_of(subject.pieces)) == 3


def test_a_program_that_nobody_looked_at_is_unread_and_not_absent() -> None:
    assert {piece.presence for piece in payload_of(only(*PAIR).pieces)} <= {Presence.UNREAD}


def test_open_folders_on_the_way_to_where_a_unit_links_are_doors_and_unit_directories_are_told_once() -> None:
    away = file("/srv/units/x.service", SERVICE)
    subject = only(
        PAIR[0],
        link(f"{ETC}/x.service", "/srv/units/x.service"),
        away,
        folder("/srv/units", 0o777),
        folder(ETC, 0o757),
    )
    assert doors_of(subject.pieces) == ("/srv/units root:root 0777",)


def test_a_link_in_a_circle_ends() -> None:
    pieces = Pieces.of([link("/a", "/b"), link("/b", "/a")])
    starter = pieces.of_artifact(link("/a", "/b"))
    assert (starter.path, starter.real_path) == ("/a", "/b")
    only(PAIR[0], link(f"{ETC}/x.service", f"{ETC}/y.service"), link(f"{ETC}/y.service", f"{ETC}/x.service"))


def test_the_package_stands_for_the_bytes_only_where_its_digest_verifies() -> None:
    piece = Piece(role=PieceRole.EXECUTABLE, path="/usr/bin/x", sha256=Sha256("a" * 64), package="x")
    other = replace(piece, sha256=Sha256("b" * 64))
    for verification in Verification:
        one, two = (identity_of(replace(p, verification=verification)) for p in (piece, other))
        assert (one == two) is (verification is Verification.VERIFIED)


def test_another_package_another_end_and_absence_are_another_program() -> None:
    piece = Piece(role=PieceRole.EXECUTABLE, path="/usr/bin/x", sha256=Sha256("a" * 64), package="x")
    verified = replace(piece, verification=Verification.VERIFIED)
    assert identity_of(verified) != identity_of(replace(verified, package="y"))
    assert identity_of(piece) != identity_of(replace(piece, real_path="/tmp/x"))
    assert identity_of(replace(piece, presence=Presence.ABSENT)) == "absent"
    assert identity_of(replace(piece, sha256=None)) == "not hashed"
