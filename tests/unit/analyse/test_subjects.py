"""From evidence to subjects, through the real resolution of units."""

from hypothesis import given
from hypothesis import strategies as st

from fleetscan.analyse.cohorts import cohort_of
from fleetscan.analyse.subjects import build_subjects
from fleetscan.model.digest import digest_bytes
from fleetscan.model.host import Connection, Host, Owner
from fleetscan.model.ids import SYSTEM, HostName, Scope, Sha256, user_scope
from fleetscan.model.snapshot import Artifact, ArtifactKind, HostFacts
from fleetscan.model.subject import Subject, SubjectKind
from tests.model_data import ETC, read_stored, store_text

FACTS = HostFacts(os_id="debian", os_version_id="12", systemd_version=252)
VENDOR = "/usr/lib/systemd/system"


def file(path: str, text: str, scope: Scope = SYSTEM) -> Artifact:
    data = text.encode()
    return Artifact(kind=ArtifactKind.FILE, scope=scope, name=path, sha256=store_text(data), size_bytes=len(data))


def unread(path: str) -> Artifact:
    return Artifact(kind=ArtifactKind.FILE, scope=SYSTEM, name=path, size_bytes=10)


def link(path: str, target: str, scope: Scope = SYSTEM) -> Artifact:
    return Artifact(kind=ArtifactKind.LINK, scope=scope, name=path, target=target)


def unit_file(name: str, state: str) -> Artifact:
    return Artifact(kind=ArtifactKind.UNIT_FILE, scope=SYSTEM, name=name, properties=(("state", state),))


def pair(stem: str, folder: str = ETC, scope: Scope = SYSTEM) -> list[Artifact]:
    return [
        file(
            f"{folder}/{stem}.timer", "[Unit]\nDescription=x\n[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=x\n", scope
        ),
        file(f"{folder}/{stem}.service", "[Service]\nExecStart=/usr/bin/rsync -a /srv /mnt\nUser=ops\n", scope),
    ]


def build(*artifacts: Artifact) -> tuple[Subject, ...]:
    return build_subjects(FACTS, artifacts, read_stored)


def test_a_timer_becomes_a_job_with_all_that_a_reader_needs() -> None:
    (subject,) = build(*pair("backup"), link(f"{ETC}/timers.target.wants/backup.timer", f"{ETC}/backup.timer"))
    assert (subject.key.kind, subject.key.scope, subject.key.name) == (SubjectKind.JOB, SYSTEM, "backup.timer")
    assert subject.unit_names == ("backup.timer", "backup.service")
    assert subject.summary == "runs /usr/bin/rsync -a /srv /mnt as ops, daily"
    assert [(unit, d.key) for unit, d in subject.directives] == [
        ("backup.timer", "OnCalendar"),
        ("backup.service", "ExecStart"),
        ("backup.service", "User"),
    ]
    assert subject.links == (f"{ETC}/timers.target.wants/backup.timer",)
    assert [source.path for source in subject.sources] == [f"{ETC}/backup.timer", f"{ETC}/backup.service"]
    assert (subject.unreadable, subject.masked) == ((), ())


def test_a_masked_timer_says_so_and_a_masked_service_as_well() -> None:
    vendor = pair("apt-daily", VENDOR)
    (timer,) = build(*vendor, link(f"{ETC}/apt-daily.timer", "/dev/null"))
    assert timer.masked == ("apt-daily.timer",)
    (service,) = build(*vendor, link(f"{ETC}/apt-daily.service", "/dev/null"))
    assert service.masked == ("apt-daily.service",)
    (plain,) = build(*vendor)
    assert len({s.fingerprint.state for s in (timer, service, plain)}) == 3


def test_an_unread_file_is_named() -> None:
    (subject,) = build(pair("backup")[0], unread(f"{ETC}/backup.service"))
    assert subject.unreadable == (f"{ETC}/backup.service",)


def test_a_file_whose_content_nobody_has_is_unreadable() -> None:
    lost = Artifact(
        kind=ArtifactKind.FILE,
        scope=SYSTEM,
        name=f"{ETC}/backup.service",
        sha256=Sha256(digest_bytes(b"never stored")),
        size_bytes=12,
    )
    (subject,) = build(pair("backup")[0], lost)
    assert subject.unreadable == (f"{ETC}/backup.service",)


def test_a_timer_whose_service_is_nowhere_means_something_else() -> None:
    (whole,), (half,) = build(*pair("backup")), build(pair("backup")[0])
    assert ("", "LoadState", "not-found") in [(d.section, d.key, d.value) for _unit, d in half.directives]
    assert half.fingerprint.meaning != whole.fingerprint.meaning


def test_install_sections_and_descriptions_are_no_meaning() -> None:
    timer, service = pair("backup")
    bare = file(timer.name, "[Timer]\nOnCalendar=*-*-* 00:00:00\n")
    (one,), (two,) = build(timer, service), build(bare, service)
    assert one.fingerprint.meaning == two.fingerprint.meaning
    assert one.fingerprint.raw != two.fingerprint.raw


def test_a_loose_service_is_a_unit_with_its_state() -> None:
    agent = file(f"{ETC}/agent.service", "[Service]\nExecStart=/opt/agent\n")
    (subject,) = build(agent, unit_file("agent.service", "enabled"))
    assert (subject.key.kind, subject.key.name) == (SubjectKind.UNIT, "agent.service")
    assert (subject.state.enabled, subject.summary) == ("enabled", "runs /opt/agent as root")


def test_drop_ins_for_a_whole_type_are_a_unit() -> None:
    (subject,) = build(file(f"{ETC}/service.d/x.conf", "[Service]\nExecStartPost=/opt/x\n"))
    assert (subject.key.kind, subject.key.name) == (SubjectKind.UNIT, "service.d")
    assert [command.path for command in subject.commands] == ["/opt/x"]


def test_a_lingering_user_is_a_subject_of_that_users_scope() -> None:
    (subject,) = build(Artifact(kind=ArtifactKind.LINGER, scope=SYSTEM, name="bob"))
    assert (subject.key.kind, subject.key.scope, subject.key.name) == (SubjectKind.LINGER, user_scope("bob"), "bob")


def test_only_a_stamp_whose_timer_is_in_no_view_is_a_subject() -> None:
    def stamp(timer: str) -> Artifact:
        return Artifact(kind=ArtifactKind.STAMP, scope=SYSTEM, name=f"/var/lib/systemd/timers/stamp-{timer}")

    template = file(f"{VENDOR}/pg@.timer", "[Timer]\nOnCalendar=daily\n")
    subjects = build(
        *pair("backup"),
        template,
        unit_file("seen.timer", "disabled"),
        *(stamp(name) for name in ("backup.timer", "seen.timer", "pg@main.timer", "gone.timer")),
    )
    assert [s.key.name for s in subjects if s.key.kind is SubjectKind.STAMP] == ["gone.timer"]


def test_two_transient_timers_with_one_content_are_one_subject() -> None:
    run = "/run/systemd/transient"
    twins = [*pair("run-u7", run), *pair("run-r0123456789abcdef0123456789abcdef", run)]
    (subject,) = build(*twins)
    assert subject.key.name.startswith("run-*.timer#")
    (other,) = build(*pair("run-u99", run))
    assert (other.key, other.fingerprint.meaning) == (subject.key, subject.fingerprint.meaning)


def test_a_cohort_is_role_and_release() -> None:
    host = Host(
        name=HostName("web-1"),
        address="192.0.2.1",
        connection=Connection(user="scan"),
        owner=Owner("Ann", "ann@example.org"),
        groups=("web", "all"),
    )
    assert str(cohort_of(host, FACTS)) == "web/debian-12"


@given(st.permutations([*pair("backup"), *pair("apt-daily", VENDOR), unit_file("backup.timer", "enabled")]))
def test_subjects_do_not_depend_on_the_order_of_evidence(artifacts: list[Artifact]) -> None:
    subjects = build(*artifacts)
    assert subjects == build(*pair("backup"), *pair("apt-daily", VENDOR), unit_file("backup.timer", "enabled"))
    assert list(subjects) == sorted(subjects, key=lambda subject: subject.key)
