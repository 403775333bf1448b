"""Which files a service names, and what was found of them."""

from hypothesis import given
from hypothesis import strategies as st

from fleetscan.model.ids import SYSTEM, Scope, user_scope
from fleetscan.model.program import Presence, Program, ProgramRole, Verification
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.model.unit import EffectiveUnit
from fleetscan.systemd.commands import parse_commands
from fleetscan.systemd.jobs import build_jobs
from fleetscan.systemd.programs import DEFAULT_PATH, MAX_PER_UNIT, ProgramRef, find_places, find_programs
from fleetscan.systemd.resolve import resolve_unit
from fleetscan.systemd.tree import UnitTree
from tests.unit.systemd.host_disk import HostDisk, find_job

ETC = "/etc/systemd/system"
HOME = "/home/alice/.config/systemd/user"
EXECUTABLE, SCRIPT, ENVIRONMENT = ProgramRole.EXECUTABLE, ProgramRole.SCRIPT, ProgramRole.ENVIRONMENT


def references(
    text: str, *, name: str = "a.service", scope: Scope = SYSTEM, home: str | None = None
) -> tuple[ProgramRef, ...]:
    unit = resolve_service(text, name=name, scope=scope)
    return find_programs(unit, parse_commands(unit), home)


def resolve_service(text: str, *, name: str = "a.service", scope: Scope = SYSTEM) -> EffectiveUnit:
    disk = HostDisk().write(f"{ETC if scope == SYSTEM else HOME}/{name}", text)
    return resolve_unit(UnitTree.of(disk.facts, disk.artifacts), scope, name, disk.read, 252)


def named(text: str, **more: str) -> list[tuple[ProgramRole, tuple[str, ...]]]:
    section = "".join(f"{key}={value}\n" for key, value in more.items())
    return [(ref.role, ref.candidates) for ref in references(f"[Service]\n{section}ExecStart={text}\n")]


def test_every_command_of_every_exec_line_names_its_executable() -> None:
    refs = references(
        "[Service]\nType=oneshot\nExecStartPre=-/opt/first\nExecStart=@/opt/second argv0\n"
        "ExecStart=+/opt/third ; /opt/fourth\nExecStopPost=!!/opt/last\n"
    )
    assert [(ref.directive, ref.candidates[0]) for ref in refs] == [
        ("ExecStartPre", "/opt/first"),
        ("ExecStart", "/opt/second"),
        ("ExecStart", "/opt/third"),
        ("ExecStart", "/opt/fourth"),
        ("ExecStopPost", "/opt/last"),
    ]


def test_a_bare_name_is_looked_for_where_systemd_looks() -> None:
    assert named("tool") == [(EXECUTABLE, tuple(f"{folder}/tool" for folder in DEFAULT_PATH))]
    assert named("tool", ExecSearchPath="/opt/a:/opt/b") == [(EXECUTABLE, ("/opt/a/tool", "/opt/b/tool"))]


def test_wrappers_and_interpreters_lead_to_what_they_run() -> None:
    assert named("/usr/bin/env X=1 /usr/bin/python3 -u /opt/x.py --all") == [
        (EXECUTABLE, ("/usr/bin/env",)),
        (EXECUTABLE, ("/usr/bin/python3",)),
        (SCRIPT, ("/opt/x.py",)),
    ]


def test_the_text_of_a_shell_names_programs_and_scripts() -> None:
    assert named("/bin/sh -c '/opt/a.sh | logger; exec /usr/bin/python3 /opt/b.py'") == [
        (EXECUTABLE, ("/bin/sh",)),
        (EXECUTABLE, ("/opt/a.sh",)),
        (EXECUTABLE, ("/usr/bin/python3",)),
        (SCRIPT, ("/opt/b.py",)),
    ]


def test_a_relative_script_starts_at_the_working_directory() -> None:
    assert named("/bin/bash job.sh", WorkingDirectory="/srv/app")[1][1][0] == "/srv/app/job.sh"
    assert named("/usr/bin/perl sub/job", WorkingDirectory="-/srv/app")[1] == (SCRIPT, ("/srv/app/sub/job",))


def test_variables_of_the_unit_are_put_in_and_others_are_not_guessed() -> None:
    assert named("/bin/sh ${DIR}/x.sh", Environment='"DIR=/opt/a b"')[1] == (SCRIPT, ("/opt/a b/x.sh",))
    assert named("/bin/sh $ELSEWHERE/x.sh")[1] == (SCRIPT, ())
    assert named("/bin/sh /opt/a$$b.sh")[1] == (SCRIPT, ("/opt/a$b.sh",))


def test_specifiers_are_expanded_as_far_as_they_are_the_same_everywhere() -> None:
    refs = references("[Service]\nExecStart=/opt/%p/%i\nExecStop=/opt/%H\n", name="foo@bar.service")
    assert [ref.candidates for ref in refs] == [("/opt/foo/bar",), ()]


def test_what_a_user_runs_starts_at_the_users_home() -> None:
    (ref,) = references("[Service]\nExecStart=%h/bin/x\n", scope=user_scope("alice"), home="/home/alice")
    assert ref.candidates == ("/home/alice/bin/x",)
    (ref,) = references("[Service]\nExecStart=%h/bin/x\n", scope=user_scope("alice"))
    assert ref.candidates == ()


def test_another_root_is_put_in_front_and_an_image_hides_all() -> None:
    assert named("/bin/x", RootDirectory="/srv/root") == [(EXECUTABLE, ("/srv/root/bin/x",))]
    assert named("/bin/x", RootImage="/srv/image.raw") == [(EXECUTABLE, ())]


def test_environment_files_are_named_and_patterns_are_left_open() -> None:
    refs = references("[Service]\nEnvironmentFile=-/etc/default/x\nEnvironmentFile=/etc/x.d/*.conf\nExecStart=/bin/x\n")
    assert [(ref.role, ref.candidates) for ref in refs][1:] == [
        (ENVIRONMENT, ("/etc/default/x",)),
        (ENVIRONMENT, ()),
    ]


@given(st.text(alphabet="/bin sh-c$%{}'\"\\;:@+|~*.\n", max_size=80))
def test_any_command_gives_absolute_candidates_and_no_more_than_a_unit_may_have(text: str) -> None:
    refs = references(f"[Service]\nExecStart={text}\n")
    assert len(refs) <= 64
    assert all(path.startswith("/") for ref in refs for path in ref.candidates)


def test_each_file_is_told_with_the_commands_that_name_it() -> None:
    text = "[Service]\nEnvironmentFile=/etc/x\nExecStart=/opt/a\nExecStart=/bin/sh /opt/b\nExecStart=/opt/a x\n"
    unit = resolve_service(text)
    places = find_places(unit, parse_commands(unit))
    assert [(ref.candidates[0], list(numbers)) for ref, numbers in places.items()] == [
        ("/opt/a", [0, 2]),
        ("/bin/sh", [1]),
        ("/opt/b", [1]),
        ("/etc/x", []),
    ]


def test_a_unit_of_very_many_commands_is_read_once() -> None:
    unit = resolve_service("[Service]\n" + "".join(f"ExecStart=/opt/{number}\n" for number in range(20_000)))
    places = find_places(unit, parse_commands(unit))
    assert [list(numbers) for numbers in places.values()] == [[number] for number in range(MAX_PER_UNIT)]


def program_of(disk: HostDisk, *artifacts: Artifact) -> Program:
    disk.artifacts.extend(artifacts)
    (program,) = find_job(build_jobs(disk.facts, disk.artifacts, disk.read), "a.timer").programs
    return program


def found(name: str, *properties: tuple[str, str], target: str = "") -> Artifact:
    return Artifact(
        kind=ArtifactKind.PROGRAM,
        scope=SYSTEM,
        name=name,
        mode=0o755,
        owner="root",
        target=target,
        properties=properties,
    )


def test_a_job_carries_its_programs_as_they_were_found() -> None:
    properties = (
        ("exposed", "/usr/bin root:staff 0775\n/opt/a b deploy:deploy 0755"),
        ("links", "/usr/bin/true → /opt/a b/true"),
        ("package", "coreutils"),
        ("verified", "changed"),
    )
    program = program_of(HostDisk().pair("a", ETC), found("/usr/bin/true", *properties, target="/opt/a b/true"))
    assert (program.presence, program.real_path) == (Presence.FOUND, "/opt/a b/true")
    assert (program.package, program.verification) == ("coreutils", Verification.CHANGED)
    assert program.links == ("/usr/bin/true → /opt/a b/true",)
    assert program.exposed == ("/usr/bin root:staff 0775", "/opt/a b deploy:deploy 0755")


def test_what_only_the_jobs_own_account_may_write_is_no_open_door() -> None:
    disk = HostDisk().write(f"{ETC}/a.timer", "[Timer]\nOnCalendar=daily\n")
    disk.write(f"{ETC}/a.service", "[Service]\nUser=deploy\nExecStart=/opt/x\n")
    exposed = "/opt deploy:deploy 0775\n/opt/y deploy:staff 0775\n/opt/z deploy:deploy 0757\n/opt/x ann:ann 0755"
    program = program_of(disk, found("/opt/x", ("exposed", exposed)))
    assert program.exposed == ("/opt/y deploy:staff 0775", "/opt/z deploy:deploy 0757", "/opt/x ann:ann 0755")


def test_components_that_were_left_out_may_be_open_to_anybody() -> None:
    exposed = "/opt root:root 0777\n… and 3 more"
    program = program_of(HostDisk().pair("a", ETC), found("/usr/bin/true", ("exposed", exposed)))
    assert program.exposed == ("/opt root:root 0777", "… and 3 more")


def test_absent_and_unread_are_told_apart() -> None:
    absent = Artifact(kind=ArtifactKind.PROGRAM, scope=SYSTEM, name="/usr/bin/true", properties=(("state", "absent"),))
    assert program_of(HostDisk().pair("a", ETC), absent).presence is Presence.ABSENT
    assert program_of(HostDisk().pair("a", ETC)).presence is Presence.UNREAD
