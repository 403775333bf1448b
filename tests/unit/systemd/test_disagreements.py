import random
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.model.coverage import Area, Coverage, Gap, ReadStatus
from fleetscan.model.ids import SYSTEM, Scope, user_scope
from fleetscan.model.relation import Disagreement, DisagreementKind
from fleetscan.systemd.jobs import build_jobs
from tests.unit.systemd.host_disk import SERVICE, TIMER, HostDisk, find_job

ETC = "/etc/systemd/system"
USR = "/usr/lib/systemd/system"
ALICE = user_scope("alice")
HOME = "/home/alice/.config/systemd/user"
DAILY = "{ OnCalendar=*-*-* 00:00:00 }"
TRUE = "{ path=/usr/bin/true ; argv[]=/usr/bin/true ; ignore_errors=no }"
ALL_READ = Coverage()


def disagreements(
    disk: HostDisk, name: str = "a.timer", scope: Scope = SYSTEM, coverage: Coverage | None = ALL_READ
) -> tuple[Disagreement, ...]:
    return find_job(build_jobs(disk.facts, disk.artifacts, disk.read, coverage), name, scope).disagreements


def kinds(disk: HostDisk, name: str = "a.timer", coverage: Coverage | None = ALL_READ) -> list[tuple[str, str]]:
    return [(d.kind.name, d.unit) for d in disagreements(disk, name, coverage=coverage)]


def gap(area: Area, path: str | None = None, scope: Scope = SYSTEM) -> Coverage:
    return Coverage.of([Gap(area, scope, ReadStatus.DENIED, path, "denied")])


def load_timer(disk: HostDisk, name: str = "a.timer", scope: str = SYSTEM, **other: str) -> HostDisk:
    properties = {
        "LoadState": "loaded", "ActiveState": "active", "Listed": "yes", "NeedDaemonReload": "no",
        "FragmentPath": f"{ETC}/{name}", "TimersCalendar": DAILY, "Unit": name.replace(".timer", ".service"),
    }  # fmt: skip
    return disk.loaded(name, Scope(scope), **{key: value for key, value in {**properties, **other}.items() if value})


def load_service(disk: HostDisk, name: str = "a.service", scope: str = SYSTEM, **other: str) -> HostDisk:
    properties = {"LoadState": "loaded", "FragmentPath": f"{ETC}/{name}", "ExecStart": TRUE, "NeedDaemonReload": "no"}
    return disk.loaded(name, Scope(scope), **{key: value for key, value in {**properties, **other}.items() if value})


def host(timer: str = TIMER, service: str = SERVICE, version: int = 252, **in_memory: str) -> HostDisk:
    return remember(
        HostDisk(version=version).write(f"{ETC}/a.timer", timer).write(f"{ETC}/a.service", service), in_memory
    )


def remember(disk: HostDisk, in_memory: Mapping[str, str]) -> HostDisk:
    """Load the pair; the values are the service's, or the timer's when only timers have them."""
    of_timer = {key: value for key, value in in_memory.items() if key in {"TimersCalendar", "TimersMonotonic", "Unit"}}
    of_service = {key: value for key, value in in_memory.items() if key not in of_timer}
    return load_service(load_timer(disk, **of_timer), **of_service)


def exec_of(path: str, argv: str, ignore_errors: str = "no") -> str:
    return f"{{ path={path} ; argv[]={argv} ; ignore_errors={ignore_errors} }}"


def test_a_host_whose_views_agree_has_no_disagreement() -> None:
    assert disagreements(host()) == ()


# --- memory without a file ----------------------------------------------------------------------------------------


def test_a_loaded_timer_whose_file_is_gone_is_told() -> None:
    (found,) = disagreements(load_timer(HostDisk()))
    assert found.kind is DisagreementKind.NO_FILE
    assert found.detail == f"in memory (active), but no unit file is there; it was loaded from {ETC}/a.timer"


def test_a_timer_that_goes_on_after_a_reload_without_its_file_is_told() -> None:
    disk = load_timer(HostDisk(), LoadState="not-found", FragmentPath="", TimersCalendar="")
    assert kinds(disk) == [("NO_FILE", "a.timer")]


def test_a_name_that_is_only_wanted_is_not_in_memory() -> None:
    disk = load_timer(HostDisk(), LoadState="not-found", FragmentPath="", ActiveState="inactive")
    assert kinds(disk.link(f"{ETC}/timers.target.wants/a.timer", "../a.timer")) == []


def test_a_transient_timer_needs_no_file() -> None:
    assert kinds(load_timer(HostDisk(), Transient="yes", FragmentPath="/run/systemd/transient/a.timer")) == []


@pytest.mark.parametrize(
    "coverage", [None, gap(Area.FILES, ETC), gap(Area.FILES, f"{ETC}/a.timer"), gap(Area.FILES), gap(Area.CONTENT)]
)
def test_a_file_that_could_be_there_unseen_is_not_gone(coverage: Coverage | None) -> None:
    assert kinds(load_timer(HostDisk()), coverage=coverage) == []


def test_a_gap_elsewhere_does_not_hide_a_missing_file() -> None:
    assert kinds(load_timer(HostDisk()), coverage=gap(Area.FILES, "/home/bob")) == [("NO_FILE", "a.timer")]


def test_a_file_where_nobody_looks_is_not_gone() -> None:
    assert kinds(load_timer(HostDisk(), FragmentPath="/opt/units/a.timer")) == []


def test_a_linked_unit_is_gone_with_the_target_of_its_link_only() -> None:
    disk = load_timer(HostDisk().link(f"{ETC}/a.timer", "/opt/a.timer"))
    assert kinds(disk) == []
    disk = load_timer(HostDisk().link(f"{ETC}/a.timer", f"{USR}/a.timer"))
    disk.link(f"{ETC}/a.timer", f"{ETC}/b.timer")
    assert kinds(disk, coverage=gap(Area.CONTENT, f"{ETC}/a.timer")) == []


def test_a_users_deleted_timer_is_told_when_his_home_was_read() -> None:
    disk = load_timer(HostDisk(), scope=ALICE, FragmentPath=f"{HOME}/a.timer")
    assert [d.kind for d in disagreements(disk, scope=ALICE)] == [DisagreementKind.NO_FILE]
    assert disagreements(disk, scope=ALICE, coverage=gap(Area.FILES, "/home/alice", ALICE)) == ()


# --- file without memory ------------------------------------------------------------------------------------------


def test_a_timer_on_disk_that_no_manager_has_is_told_with_its_enablement() -> None:
    disk = load_timer(HostDisk().pair("a"), ActiveState="inactive", Listed="").unit_file("a.timer", "disabled")
    (found,) = disagreements(disk)
    assert found.kind is DisagreementKind.NEVER_LOADED
    assert found.detail == f"disabled; {ETC}/a.timer is neither in memory nor listed"
    assert kinds(HostDisk().pair("a")) == [("NEVER_LOADED", "a.timer")]


@pytest.mark.parametrize("coverage", [None, gap(Area.LOADED), gap(Area.TIMERS)])
def test_without_the_managers_word_a_timer_may_be_in_memory(coverage: Coverage | None) -> None:
    assert kinds(HostDisk().pair("a"), coverage=coverage) == []


def test_an_inactive_timer_that_is_listed_is_in_memory() -> None:
    assert kinds(load_timer(HostDisk().pair("a"), ActiveState="inactive")) == []
    assert kinds(load_timer(HostDisk().pair("a"), ActiveState="failed", Listed="")) == []


def test_templates_and_masks_are_never_loaded_and_that_is_right() -> None:
    disk = HostDisk().pair("t@").link(f"{ETC}/m.timer", "/dev/null")
    assert kinds(disk, "t@.timer") == kinds(disk, "m.timer") == []


def test_a_users_timer_is_dormant_only_beside_a_manager_that_runs() -> None:
    disk = HostDisk().pair("a", HOME)
    assert disagreements(disk, scope=ALICE) == ()
    disk.loaded("other.timer", ALICE, LoadState="loaded", Transient="yes", Listed="yes", ActiveState="active")
    assert [d.kind for d in disagreements(disk, scope=ALICE)] == [DisagreementKind.NEVER_LOADED]


def test_an_active_timer_that_is_not_listed_is_told() -> None:
    assert kinds(load_service(load_timer(HostDisk().pair("a"), Listed="no"))) == [("NOT_LISTED", "a.timer")]


def test_a_listed_timer_whose_files_cannot_be_read_is_told() -> None:
    disk = load_service(load_timer(HostDisk().hide(f"{ETC}/a.timer").write(f"{ETC}/a.service", SERVICE)))
    (found,) = disagreements(disk)
    assert (found.kind, found.detail) == (DisagreementKind.UNREADABLE, f"the timer is listed; not read: {ETC}/a.timer")
    disk = load_service(load_timer(HostDisk().write(f"{ETC}/a.timer", TIMER).hide(f"{ETC}/a.service")))
    assert kinds(disk) == [("UNREADABLE", "a.service")]
    disk = load_timer(HostDisk().hide(f"{ETC}/a.timer"), Listed="", ActiveState="inactive")
    assert [kind for kind, _unit in kinds(disk)] == ["NEVER_LOADED"]


# --- values -------------------------------------------------------------------------------------------------------

CHANGES = [
    {"ExecStart": exec_of("/tmp/x", "/tmp/x")},
    {"ExecStart": exec_of("/usr/bin/true", "/usr/bin/true -x")},
    {"ExecStart": f"{TRUE}\n{TRUE}"},
    {"ExecStartPost": TRUE},
    {"ExecStart": ""},
    {"User": "nobody"},
    {"FragmentPath": f"{USR}/a.service"},
    {"DropInPaths": f"{ETC}/a.service.d/x.conf"},
    {"TimersCalendar": "{ OnCalendar=*-*-* 01:00:00 }"},
    {"TimersCalendar": f"{DAILY}\n{DAILY}"},
    {"TimersMonotonic": "{ OnBootUSec=1min }"},
    {"Unit": "evil.service"},
    {"LoadState": "masked"},
]


@pytest.mark.parametrize("in_memory", CHANGES)
def test_other_values_in_memory_than_on_disk_are_told(in_memory: dict[str, str]) -> None:
    (found,) = disagreements(remember(HostDisk().pair("a"), in_memory))
    (name,) = in_memory
    assert found.kind is DisagreementKind.VALUES_DIFFER
    assert found.detail.startswith(f"{name}: in memory ")
    assert found.unit == ("a.timer" if name in {"TimersCalendar", "TimersMonotonic", "Unit"} else "a.service")


def test_what_waits_for_a_reload_is_told_only_when_a_value_differs() -> None:
    assert disagreements(host(NeedDaemonReload="yes")) == ()
    (found,) = disagreements(host(NeedDaemonReload="yes", User="nobody"))
    assert found == Disagreement(
        DisagreementKind.CHANGED_SINCE_LOAD, found.unit, "User: in memory 'nobody', on disk none"
    )


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        (["ExecStart=-/bin/sh -c 'a b' \"c\\x20d\""], [exec_of("/bin/sh", "/bin/sh -c a b c d", "yes")]),
        (["ExecStart=@/bin/sh name x"], [exec_of("/bin/sh", "name x")]),
        (["ExecStart=+/bin/x %n %% $HOME"], [exec_of("/bin/x", "/bin/x a.service % $HOME")]),
        (["ExecStart=/bin/x %H-%m"], [exec_of("/bin/x", "/bin/x host-0123")]),
        (["ExecStart=%h/x"], [exec_of("/root/x", "/root/x")]),
        (["ExecStart=true x"], [exec_of("true", "true x")]),
        (["ExecStart=true x"], [exec_of("/usr/bin/true", "true x")]),
        (["ExecStart=/bin//./x"], [exec_of("/bin/./x", "/bin//./x")]),
        (["ExecStart=/bin/x ; /bin/y"], [exec_of("/bin/x", "/bin/x"), exec_of("/bin/y", "/bin/y")]),
        (["ExecStart=/bin/x 'a ; b }'", "ExecStart=/y"], [exec_of("/bin/x", "/bin/x a ; b }"), exec_of("/y", "/y")]),
        (["ExecStart=/bin/x", "ExecStart=", "ExecStart=/bin/y"], [exec_of("/bin/y", "/bin/y")]),
        (["ExecStart=/bin/x ; nosuch ; /bin/y"], [exec_of("/bin/x", "/bin/x"), exec_of("/bin/y", "/bin/y")]),
    ],
)
def test_commands_are_the_same_however_they_are_spelled(lines: list[str], shown: list[str]) -> None:
    service = "[Service]\nType=oneshot\n" + "\n".join(lines) + "\n"
    assert disagreements(host(service=service, ExecStart="\n".join(shown))) == ()


def test_what_a_shell_makes_of_a_command_is_not_compared() -> None:
    service = "[Service]\nExecStart=|echo x\n"
    assert disagreements(host(service=service, version=258, ExecStart=exec_of("/bin/sh", "sh -c echo x"))) == ()


@pytest.mark.parametrize(
    ("lines", "calendars", "spans"),
    [
        ("OnCalendar=*:0/10", "{ OnCalendar=*-*-* *:00/10:00 }", ""),
        ("OnCalendar=weekly\nOnCalendar=daily", f"{DAILY}\n{{ OnCalendar=Mon *-*-* 00:00:00 }}", ""),
        ("OnCalendar=daily\nOnCalendar=never-ever", DAILY, ""),
        ("OnCalendar=daily\nOnCalendar=10:00 MSK", f"{DAILY}\n{{ OnCalendar=*-*-* 10:00:00 MSK }}", ""),
        ("OnBootSec=90\nOnUnitActiveSec=1 day", "", "{ OnUnitActiveUSec=1d }\n{ OnBootUSec=1min 30s }"),
        ("OnBootSec=0.5s", "", "{ OnBootUSec=500ms }"),
        ("OnClockChange=yes", "", ""),
        ("OnBootSec=1\nOnCalendar=\nOnCalendar=daily", DAILY, ""),
    ],
)
def test_triggers_are_the_same_however_they_are_spelled(lines: str, calendars: str, spans: str) -> None:
    disk = host(timer=f"[Timer]\n{lines}\n", TimersCalendar=calendars, TimersMonotonic=spans)
    assert disagreements(disk) == ()


def test_what_a_version_does_not_show_is_not_missing() -> None:
    assert disagreements(host(version=219, TimersCalendar="")) == ()
    service = f"{SERVICE}ExecCondition=/bin/x\n"
    assert disagreements(host(service=service, version=242)) == ()
    assert kinds(host(service=service, version=243)) == [("VALUES_DIFFER", "a.service")]


@pytest.mark.parametrize("stored", ["$(date)", "\\$(date)", "$$(date)"])
def test_the_escaping_of_a_transient_unit_is_no_difference(stored: str) -> None:
    folder = "/run/systemd/transient"
    disk = HostDisk().write(f"{folder}/a.timer", TIMER)
    disk.write(f"{folder}/a.service", f'[Service]\nExecStart="/bin/sh" "-c" "{stored}"\n')
    load_timer(disk, FragmentPath=f"{folder}/a.timer", Transient="yes")
    command = exec_of("/bin/sh", "/bin/sh -c $(date)")
    load_service(disk, FragmentPath=f"{folder}/a.service", Transient="yes", ExecStart=command)
    assert disagreements(disk) == ()


def test_another_command_of_a_transient_unit_is_told() -> None:
    folder = "/run/systemd/transient"
    disk = HostDisk().write(f"{folder}/a.timer", TIMER).write(f"{folder}/a.service", SERVICE)
    load_timer(disk, FragmentPath=f"{folder}/a.timer", Transient="yes")
    load_service(disk, FragmentPath=f"{folder}/a.service", Transient="yes", ExecStart=exec_of("/x", "/x"))
    assert kinds(disk) == [("VALUES_DIFFER", "a.service")]


def test_an_invented_user_is_no_difference() -> None:
    assert disagreements(host(service=f"{SERVICE}DynamicUser=yes\n", User="a")) == ()
    assert disagreements(host(service=f"{SERVICE}User=%H\n", User="host")) == ()


def test_a_value_that_was_cut_is_not_compared() -> None:
    assert disagreements(host(ExecStart=TRUE + "x" * 16_400)) == ()


def test_a_timer_may_name_an_alias_or_a_template() -> None:
    disk = host(timer=f"{TIMER}Unit=b.service\n", Unit="a.service")
    assert disagreements(disk.link(f"{ETC}/b.service", f"{ETC}/a.service")) == ()
    assert disagreements(host(timer=f"{TIMER}Unit=t@.service\n", Unit="t@a.service")) == ()
    assert disagreements(host(timer=f"{TIMER}Unit=%H.service\n", Unit="host.service")) == ()


def test_which_of_several_names_the_manager_took_is_not_known() -> None:
    service = "[Service]\nExecStart=/bin/x %n\n"
    disk = host(service=service, ExecStart=exec_of("/bin/x", "/bin/x b.service"))
    assert kinds(disk) == [("VALUES_DIFFER", "a.service")]
    assert disagreements(disk.link(f"{ETC}/b.service", f"{ETC}/a.service")) == ()


@pytest.mark.parametrize("path", [f"{ETC}/a.service", f"{ETC}/b.service", "/opt/c.service"])
def test_a_link_may_be_named_by_either_end(path: str) -> None:
    disk = load_timer(HostDisk().write(f"{ETC}/a.timer", TIMER))
    disk.link(f"{ETC}/a.service", "/opt/b.service").link("/opt/b.service", "c.service").write("/opt/c.service", SERVICE)
    load_service(disk, FragmentPath=path)
    assert kinds(disk) == ([("VALUES_DIFFER", "a.service")] if path == f"{ETC}/b.service" else [])


def test_drop_ins_that_say_nothing_do_not_count() -> None:
    folder = f"{ETC}/a.service.d"
    disk = host(DropInPaths=" ".join(f"{folder}/{name}.conf" for name in ("1", "2", "3", "4")))
    disk.write(f"{folder}/1.conf", "[Unit]\n").write(f"{folder}/2.conf", "").link(f"{folder}/3.conf", "/dev/null")
    disk.write(f"{folder}/4.conf/inner", "x")
    assert disagreements(disk) == ()


def test_drop_ins_with_unusual_names_are_not_compared() -> None:
    disk = host().write(f"{ETC}/a.service.d/x y.conf", "[Unit]\n")
    assert disagreements(disk) == ()


@pytest.mark.parametrize("coverage", [None, gap(Area.FILES, f"{ETC}/a.service.d")])
def test_a_unit_with_a_drop_in_that_may_be_there_unseen_is_not_compared(coverage: Coverage | None) -> None:
    disk = host(DropInPaths=f"{ETC}/a.service.d/x.conf", User="nobody")
    assert kinds(disk, coverage=coverage) == []
    assert kinds(disk) == [("VALUES_DIFFER", "a.service")]


def test_merged_directories_are_spelled_once() -> None:
    disk = HostDisk().pair("a", USR)
    load_timer(disk, FragmentPath="/lib/systemd/system/a.timer")
    assert disagreements(load_service(disk, FragmentPath="/lib/systemd/system/a.service")) == ()


def test_a_unit_that_systemd_refuses_is_not_compared() -> None:
    assert disagreements(host(LoadState="bad-setting", ExecStart="")) == ()


def test_long_values_are_shortened_in_the_detail() -> None:
    (found,) = disagreements(host(ExecStart=exec_of("/x", "x" * 5000)))
    assert len(found.detail) < 600


def test_twins_share_the_disagreements_of_each() -> None:
    disk = HostDisk()
    for digit in "12":
        disk.pair(f"run-r{digit * 32}", "/run/systemd/transient")
        load_timer(disk, f"run-r{digit * 32}.timer", Listed="no", Transient="yes", FragmentPath="")
    (job,) = build_jobs(disk.facts, disk.artifacts, disk.read, ALL_READ)
    assert [d.unit for d in job.disagreements] == [f"run-r{digit * 32}.timer" for digit in "12"]


@given(st.randoms(use_true_random=False))
def test_the_order_of_artifacts_does_not_matter(rng: random.Random) -> None:
    disk = host(User="nobody", TimersCalendar=f"{DAILY}\n{DAILY}")
    before = disagreements(disk)
    rng.shuffle(disk.artifacts)
    assert disagreements(disk) == before
    assert len(before) == 2


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_no_text_in_memory_raises(commands: str, triggers: str, path: str) -> None:
    disagreements(host(ExecStart=commands, TimersCalendar=triggers, TimersMonotonic=triggers, Unit=path))
    disagreements(host(FragmentPath=path, DropInPaths=path, User=commands))
