import random

from hypothesis import given
from hypothesis import strategies as st

from fleetscan.model.ids import GLOBAL_USER, SYSTEM, user_scope
from fleetscan.model.unit import EffectiveUnit, Job, LoadState
from fleetscan.systemd.jobs import EACH_USER, MAX_JOBS, build_jobs, build_loose_units, count_timers
from fleetscan.systemd.tree_names import MAX_ALIASES
from tests.unit.systemd.host_disk import SERVICE, TIMER, HostDisk, find_job, values

ETC = "/etc/systemd/system"
USR = "/usr/lib/systemd/system"
TRANSIENT = "/run/systemd/transient"
HOME = "/home/alice/.config/systemd/user"
ALICE = user_scope("alice")


def jobs_of(disk: HostDisk) -> tuple[Job, ...]:
    return build_jobs(disk.facts, disk.artifacts, disk.read)


def loose_of(disk: HostDisk) -> dict[tuple[str, str], EffectiveUnit]:
    units = build_loose_units(disk.facts, disk.artifacts, disk.read, jobs_of(disk))
    return {(unit.scope, str(unit.name)): unit for unit in units}


def test_a_job_is_the_timer_with_the_service_of_its_stem() -> None:
    disk = HostDisk().pair("a").link(f"{ETC}/timers.target.wants/a.timer", f"{ETC}/a.timer")
    disk.unit_file("a.timer", "enabled").loaded("a.timer", ActiveState="active", UnitFileState="enabled", Listed="yes")
    (job,) = jobs_of(disk)
    assert (job.scope, job.name, job.unit_names) == (SYSTEM, "a.timer", ("a.timer", "a.service"))
    assert job.activates is not None
    assert job.activates.load is LoadState.LOADED
    assert [t.directive for t in job.triggers] == ["OnCalendar"]
    assert [c.path for c in job.commands] == ["/usr/bin/true"]
    assert job.run_as == "root"
    assert job.links == (f"{ETC}/timers.target.wants/a.timer",)
    assert (job.state.enabled, job.state.active, job.state.listed) == ("enabled", "active", True)


def test_a_retargeted_timer_starts_the_other_unit() -> None:
    disk = HostDisk().pair("a").write(f"{ETC}/evil.service", "[Service]\nExecStart=/tmp/x\nUser=nobody\n")
    disk.write(f"{ETC}/a.timer.d/x.conf", "[Timer]\nUnit=evil.service\n")
    (job,) = jobs_of(disk)
    assert job.unit_names == ("a.timer", "evil.service")
    assert [c.path for c in job.commands] == ["/tmp/x"]
    assert job.run_as == "nobody"


def test_all_exec_lines_of_the_service_and_its_drop_ins_are_commands() -> None:
    disk = HostDisk().pair("a").write(f"{ETC}/service.d/a.conf", "[Service]\nExecStartPost=/hook\n")
    disk.write(f"{ETC}/a.service.d/x.conf", "[Socket]\nExecStartPre=/not-here\n[Service]\nExecStop=-/bye ; /two\n")
    disk.write(f"{ETC}/a.service.d/y.conf", "[Service]\nExecStop=/last\n")
    found = [(c.directive, c.path) for c in find_job(jobs_of(disk), "a.timer").commands]
    assert found == [
        ("ExecStart", "/usr/bin/true"),
        ("ExecStartPost", "/hook"),
        ("ExecStop", "/bye"),
        ("ExecStop", "/two"),
        ("ExecStop", "/last"),
    ]


def test_masked_dangling_and_orphaned_timers_are_jobs_too() -> None:
    disk = HostDisk().link(f"{ETC}/masked.timer", "/dev/null").link(f"{ETC}/out.timer", "/tmp/gone.timer")
    disk.link(f"{ETC}/timers.target.wants/orphan.timer", f"{ETC}/orphan.timer").hide(f"{ETC}/secret.timer")
    disk.write(f"{ETC}/alone.timer", TIMER).write(f"{USR}/masked.service", SERVICE)
    found = {job.name: job for job in jobs_of(disk)}
    assert {name: job.timer.load for name, job in found.items()} == {
        "masked.timer": LoadState.MASKED,
        "out.timer": LoadState.NOT_FOUND,
        "orphan.timer": LoadState.NOT_FOUND,
        "secret.timer": LoadState.UNREADABLE,
        "alone.timer": LoadState.LOADED,
    }
    assert found["secret.timer"].activates is None
    assert found["orphan.timer"].links == (f"{ETC}/timers.target.wants/orphan.timer",)
    alone = found["alone.timer"].activates
    assert alone is not None
    assert alone.load is LoadState.NOT_FOUND
    masked = found["masked.timer"].activates
    assert masked is not None
    assert masked.load is LoadState.LOADED


def test_a_template_and_each_known_instance_are_jobs() -> None:
    disk = HostDisk().pair("a@").link(f"{ETC}/timers.target.wants/a@x.timer", f"{ETC}/a@.timer")
    disk.loaded("a@y.timer", LoadState="loaded")
    found = {job.name: job for job in jobs_of(disk)}
    assert sorted(found) == ["a@.timer", "a@x.timer", "a@y.timer"]
    assert found["a@x.timer"].unit_names == ("a@x.timer", "a@x.service")
    assert found["a@x.timer"].timer.load is LoadState.LOADED
    assert [c.path for c in found["a@y.timer"].commands] == ["/usr/bin/true"]


def test_a_timer_that_only_lives_in_memory_is_rebuilt_from_what_the_manager_says() -> None:
    disk = HostDisk().loaded(
        "ghost.timer",
        LoadState="loaded",
        FragmentPath=f"{ETC}/ghost.timer",
        TimersCalendar="OnCalendar=*-*-* 00:00:00; OnCalendar=*-*-* *:00:00",
        TimersMonotonic="{ OnBootUSec=15min ; next_elapse=0 }",
        Unit="work.service",
        Persistent="yes",
        AccuracyUSec="1min",
    )
    disk.loaded(
        "work.service",
        LoadState="loaded",
        ExecStart="{ path=/tmp/x ; argv[]=/tmp/x -a ; ignore_errors=yes ; pid=0 }",
        User="daemon",
    )
    (job,) = jobs_of(disk)
    assert job.timer.load is LoadState.NOT_FOUND
    assert values(job.timer, "Timer", "OnCalendar") == ["*-*-* 00:00:00", "*-*-* *:00:00"]
    assert values(job.timer, "Timer", "OnBootSec") == ["15min"]
    assert values(job.timer, "Timer", "Persistent") == ["yes"]
    assert values(job.timer, "Timer", "AccuracySec") == []
    assert {(d.origin.path, d.origin.line) for d in job.timer.directives} == {("systemctl show", 0)}
    assert job.unit_names == ("ghost.timer", "work.service")
    assert [(c.prefixes, c.path, c.argv) for c in job.commands] == [("-", "/tmp/x", ("/tmp/x", "-a"))]
    assert job.run_as == "daemon"


def test_a_name_that_another_unit_merely_mentions_is_no_job() -> None:
    disk = HostDisk().loaded("nobody.timer", LoadState="not-found", Listed="no")
    assert jobs_of(disk) == ()
    assert len(jobs_of(disk.loaded("listed.timer", LoadState="not-found", Listed="yes"))) == 1


def test_a_file_that_the_manager_knows_and_we_did_not_see_is_unreadable() -> None:
    (job,) = jobs_of(HostDisk().unit_file("a.timer", "enabled"))
    assert job.timer.load is LoadState.UNREADABLE
    assert job.state.enabled == "enabled"


def test_being_listed_is_unknown_until_the_view_was_read() -> None:
    disk = HostDisk().pair("a").pair("b").loaded("a.timer", ActiveState="inactive").loaded("b.timer", Listed="no")
    found = {job.name: job.state.listed for job in jobs_of(disk)}
    assert found == {"a.timer": None, "b.timer": False}


def test_run_as_follows_scope_user_and_dynamic_user() -> None:
    disk = HostDisk().pair("a", HOME).pair("g", "/etc/systemd/user").pair("d").pair("i@")
    disk.write(f"{ETC}/d.service.d/x.conf", "[Service]\nDynamicUser=yes\n").loaded("i@bob.timer")
    disk.write(f"{ETC}/i@.service.d/x.conf", "[Service]\nUser=%i\n")
    disk.write(f"{ETC}/t.timer", TIMER + "Unit=x.target\n")
    found = {job.name: job.run_as for job in jobs_of(disk)}
    assert found == {
        "a.timer": "alice",
        "g.timer": EACH_USER,
        "d.timer": "d",
        "i@.timer": "",
        "i@bob.timer": "bob",
        "t.timer": "",
    }


def test_a_timer_starts_what_the_name_says_by_which_it_was_loaded() -> None:
    disk = HostDisk().write(f"{ETC}/a.timer", TIMER + "Unit=%p-work.service\n").link(f"{ETC}/b.timer", "a.timer")
    disk.write(f"{ETC}/c.timer", TIMER + "Unit=copy@.service\n")
    targets = {job.name: job.activates.name for job in jobs_of(disk) if job.activates is not None}
    assert targets == {"a.timer": "a-work.service", "b.timer": "b-work.service", "c.timer": "copy@c.service"}


def test_a_global_timer_is_one_job_whoever_has_it_loaded() -> None:
    disk = HostDisk().pair("g", "/usr/lib/systemd/user").pair("own", HOME)
    disk.loaded("g.timer", ALICE, FragmentPath="/usr/lib/systemd/user/g.timer", LoadState="loaded")
    assert [(job.scope, job.name) for job in jobs_of(disk)] == [(GLOBAL_USER, "g.timer"), (ALICE, "own.timer")]


def test_what_a_user_changes_of_a_global_timer_is_the_users_job() -> None:
    base = HostDisk().pair("g", "/usr/lib/systemd/user")
    for path in (f"{HOME}/g.timer.d/x.conf", f"{HOME}/g.timer"):
        disk = HostDisk(artifacts=list(base.artifacts), blobs=base.blobs).write(path, "[Timer]\nOnCalendar=minutely\n")
        assert find_job(jobs_of(disk), "g.timer", ALICE).triggers[-1].value == "minutely"
    disk = HostDisk(artifacts=list(base.artifacts), blobs=base.blobs)
    disk.link(f"{HOME}/timers.target.wants/g.timer", "/usr/lib/systemd/user/g.timer")
    assert find_job(jobs_of(disk), "g.timer", ALICE).timer.load is LoadState.LOADED


def test_a_timer_only_in_a_users_memory_is_the_users_job() -> None:
    disk = HostDisk().pair("g", "/usr/lib/systemd/user").loaded("x.timer", ALICE, LoadState="loaded", Unit="x.service")
    disk.loaded("g.timer", ALICE, LoadState="loaded", Transient="yes")
    assert [job.name for job in jobs_of(disk) if job.scope == ALICE] == ["g.timer", "x.timer"]


def transient(name: str, command: str = "/tmp/x", schedule: str = "minutely") -> HostDisk:
    disk = HostDisk().write(
        f"{TRANSIENT}/{name}.timer", f"[Unit]\nDescription={name}\n[Timer]\nOnCalendar={schedule}\n"
    )
    return disk.write(f"{TRANSIENT}/{name}.service", f"[Unit]\nDescription={name}\n[Service]\nExecStart={command}\n")


def test_invented_names_are_replaced_by_content() -> None:
    (first,) = jobs_of(transient("run-u1"))
    (second,) = jobs_of(transient("run-rabcdef0123456789abcdef0123456789"))
    (other,) = jobs_of(transient("run-u1", command="/tmp/y"))
    (later,) = jobs_of(transient("run-u1", schedule="hourly"))
    assert first.name.startswith("run-*.timer#")
    assert len(first.name) == len("run-*.timer#") + 12
    assert first.name == second.name
    assert len({first.name, other.name, later.name}) == 3
    assert first.unit_names == ("run-u1.timer", "run-u1.service")
    assert first.timer.transient


def test_equal_transient_timers_are_one_job_with_all_names() -> None:
    disk, twin = transient("run-u1"), transient("run-u2")
    disk.artifacts += twin.artifacts
    disk.blobs |= twin.blobs
    (job,) = jobs_of(disk)
    assert job.unit_names == ("run-u1.timer", "run-u1.service", "run-u2.timer", "run-u2.service")


def test_a_chosen_name_of_a_transient_timer_stays() -> None:
    (job,) = jobs_of(transient("backup"))
    assert job.name == "backup.timer"
    assert job.timer.transient


def test_an_alias_of_a_timer_starts_what_the_timer_starts() -> None:
    disk = HostDisk().pair("real").link(f"{ETC}/alias.timer", "real.timer")
    found = {job.name: job.unit_names for job in jobs_of(disk)}
    assert found == {
        "alias.timer": ("alias.timer", "real.service", "real.timer"),
        "real.timer": ("real.timer", "real.service", "alias.timer"),
    }


def test_names_that_are_no_unit_names_make_no_job() -> None:
    disk = HostDisk().write(f"{ETC}/evil name.timer", TIMER).write(f"{ETC}/a.timer~", TIMER).loaded("x y.timer")
    assert jobs_of(disk) == ()


def test_loose_units_are_placed_units_that_no_job_reaches() -> None:
    disk = HostDisk().pair("job").write(f"{ETC}/own.service", SERVICE).write(f"{USR}/vendor.service", SERVICE)
    disk.write("/run/systemd/generator/gen.service", SERVICE).write(f"{USR}/changed.service", SERVICE)
    disk.write(f"{ETC}/changed.service.d/x.conf", "[Service]\nExecStartPost=/x\n").link(
        f"{ETC}/off.service", "/dev/null"
    )
    disk.link(f"{ETC}/alias.service", f"{USR}/vendor.service").write(f"{ETC}/own.socket", "[Socket]\n")
    disk.write(f"{USR}/user@.service.d/10.conf", "[Service]\nNice=1\n")
    disk.write(f"{ETC}/multi-user.target.wants/x.conf", "")
    found = loose_of(disk)
    assert sorted(found) == [
        (SYSTEM, "changed.service"),
        (SYSTEM, "off.service"),
        (SYSTEM, "own.service"),
        (SYSTEM, "own.socket"),
    ]
    assert found[SYSTEM, "off.service"].load is LoadState.MASKED


def test_drop_ins_for_families_and_for_absent_timers_are_loose() -> None:
    disk = HostDisk().pair("foo-bar").write(f"{ETC}/foo-.service.d/x.conf", "[Service]\nNice=1\n")
    disk.write(f"{ETC}/zip-.service.d/x.conf", "[Service]\nNice=1\n").write(f"{ETC}/gone.timer.d/x.conf", TIMER)
    assert sorted(name for _scope, name in loose_of(disk)) == ["gone.timer", "zip-.service"]


def test_drop_ins_for_a_whole_type_are_pseudo_units() -> None:
    disk = HostDisk().write(f"{USR}/service.d/10.conf", "[Service]\nNice=1\n").write(f"{HOME}/timer.d/x.conf", TIMER)
    disk.write(f"{ETC}/service.d/20.conf", "[Service]\nExecStartPost=/hook\n").write(f"{ETC}/own.service", SERVICE)
    found = loose_of(disk)
    assert sorted(found) == [(SYSTEM, "own.service"), (SYSTEM, "service.d"), (ALICE, "timer.d")]
    assert [s.path for s in found[SYSTEM, "service.d"].sources] == [
        f"{USR}/service.d/10.conf",
        f"{ETC}/service.d/20.conf",
    ]
    assert values(found[SYSTEM, "service.d"], "Service", "ExecStartPost") == ["/hook"]
    disk.version = 239
    assert loose_of(disk)[SYSTEM, "service.d"].problems != ()


def test_a_type_level_drop_in_does_not_make_every_vendor_unit_loose() -> None:
    disk = HostDisk().write(f"{ETC}/service.d/x.conf", "[Service]\nNice=1\n").write(f"{USR}/v.service", SERVICE)
    disk.write(f"{USR}/v.service.d/y.conf", "[Service]\nNice=2\n")
    assert sorted(name for _scope, name in loose_of(disk)) == ["service.d"]


def test_a_users_change_of_a_global_service_is_seen() -> None:
    disk = (
        HostDisk()
        .pair("g", "/usr/lib/systemd/user")
        .write(f"{HOME}/g.service.d/x.conf", "[Service]\nExecStartPost=/x\n")
    )
    assert (ALICE, "g.service") in loose_of(disk)


def test_a_transient_service_is_named_by_content() -> None:
    first = loose_of(HostDisk().write(f"{TRANSIENT}/run-u7.service", SERVICE))
    second = loose_of(HostDisk().write(f"{TRANSIENT}/run-p1-i2.service", SERVICE))
    assert list(first) == list(second)
    assert next(iter(first))[1].startswith("run-*.service#")


PATHS = st.sampled_from(
    [
        f"{directory}/{name}"
        for directory in (ETC, USR, TRANSIENT, HOME, "/usr/lib/systemd/user")
        for name in (
            "a.timer",
            "a.service",
            "a.service.d/x.conf",
            "timers.target.wants/a.timer",
            "run-u1.timer",
            "b@.timer",
        )
    ]
)
CONTENT = st.sampled_from(
    [b"", TIMER.encode(), SERVICE.encode(), b"[Timer]\nUnit=b@x.service\n\xff", "a.timer", "/dev/null"]
)


@given(st.dictionaries(PATHS, CONTENT, max_size=12), st.text(max_size=20), st.randoms(use_true_random=False))
def test_jobs_do_not_depend_on_the_order_of_artifacts(
    disk_text: dict[str, bytes | str], hostile: str, rng: random.Random
) -> None:
    disk = HostDisk().loaded("a.timer", ALICE, Unit=hostile, TimersCalendar=hostile, ExecStart=hostile)
    disk.loaded("m.timer", Unit=hostile, TimersMonotonic=f"OnBootUSec={hostile}").loaded("m.service", ExecStart=hostile)
    for path, content in disk_text.items():
        if isinstance(content, bytes):
            disk.write(path, content)
        else:
            disk.link(path, content)
    jobs, loose = jobs_of(disk), loose_of(disk)
    keys = [(job.scope, job.name) for job in jobs]
    assert keys == sorted(set(keys))
    rng.shuffle(disk.artifacts)
    assert jobs_of(disk) == jobs
    assert loose_of(disk) == loose


def test_a_unit_with_thousands_of_aliases_stays_cheap_and_keeps_the_first_of_them() -> None:
    disk = HostDisk().pair("a")
    for number in range(300):
        disk.link(f"{ETC}/l{number:03}.timer", f"{ETC}/a.timer")
    jobs = jobs_of(disk)
    assert len(jobs) == 301
    assert max(len(job.unit_names) for job in jobs) <= MAX_ALIASES + 3


def test_of_more_timers_than_are_looked_at_those_in_memory_come_first() -> None:
    disk = HostDisk()
    for number in range(MAX_JOBS + 50):
        disk.link(f"{ETC}/timers.target.wants/l{number:05}.timer", f"{ETC}/none.timer")
    disk.loaded("zzz.timer", ActiveState="active", Listed="yes")
    jobs = jobs_of(disk)
    assert len(jobs) == MAX_JOBS
    assert jobs[-1].name == "zzz.timer"
    assert count_timers(disk.facts, disk.artifacts) == {SYSTEM: MAX_JOBS + 51, GLOBAL_USER: 0}
