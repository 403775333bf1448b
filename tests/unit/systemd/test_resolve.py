import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from fleetscan.model.ids import SYSTEM, user_scope
from fleetscan.model.unit import LoadState, SourceKind
from tests.unit.systemd.host_disk import SERVICE, TIMER, HostDisk, values

ETC = "/etc/systemd/system"
USR = "/usr/lib/systemd/system"


def test_the_effective_unit_names_all_its_files_and_origins() -> None:
    disk = HostDisk().write(f"{USR}/a.service", "[Service]\nUser=daemon\nExecStart=/a\n")
    disk.write(f"{ETC}/a.service.d/9.conf", "[Service]\nUser=root\n").write(
        f"{USR}/service.d/1.conf", "[Service]\nNice=1\n"
    )
    unit = disk.resolve("a.service")
    assert unit.load is LoadState.LOADED
    assert [(s.kind, s.path) for s in unit.sources] == [
        (SourceKind.FRAGMENT, f"{USR}/a.service"),
        (SourceKind.DROP_IN, f"{USR}/service.d/1.conf"),
        (SourceKind.DROP_IN, f"{ETC}/a.service.d/9.conf"),
    ]
    (user,) = unit.values("Service", "User")
    assert (user.value, user.origin.path, user.origin.line) == ("root", f"{ETC}/a.service.d/9.conf", 2)
    assert [d.key for d in unit.directives] == ["ExecStart", "Nice", "User"]


def test_lists_grow_and_an_empty_value_clears_only_its_own() -> None:
    text = "[Service]\nExecStart=/a\nExecStartPre=/p\nExecStart=/b\nExecStart=\nExecStart=/c\n"
    text += "Environment=A=1\nEnvironment=B=2\n"
    unit = HostDisk().write(f"{ETC}/a.service", text).resolve("a.service")
    assert values(unit, "Service", "ExecStart") == ["/c"]
    assert values(unit, "Service", "ExecStartPre") == ["/p"]
    assert values(unit, "Service", "Environment") == ["A=1", "B=2"]


def test_any_empty_timer_directive_takes_back_all_triggers_of_both_kinds() -> None:
    disk = HostDisk().write(
        f"{ETC}/a.timer", "[Timer]\nOnCalendar=daily\nOnBootSec=1\nOnUnitActiveSec=5\nPersistent=yes\n"
    )
    disk.write(f"{ETC}/a.timer.d/x.conf", "[Timer]\nOnBootSec=\nOnCalendar=weekly\n")
    unit = disk.resolve("a.timer")
    assert [(d.key, d.value) for d in unit.directives] == [("Persistent", "yes"), ("OnCalendar", "weekly")]


def test_the_first_valid_unit_setting_wins_also_over_drop_ins() -> None:
    text = "[Timer]\nUnit=\nUnit=nonsense\nUnit=a.timer\nUnit=%p-work.service\nUnit=b.service\nOnCalendar=daily\n"
    disk = HostDisk().write(f"{ETC}/a.timer", text).write(f"{ETC}/a.timer.d/x.conf", "[Timer]\nUnit=evil.service\n")
    unit = disk.resolve("a.timer")
    assert values(unit, "Timer", "Unit") == ["%p-work.service"]
    assert len(unit.problems) == 5


def test_dependencies_can_only_be_added() -> None:
    text = "[Unit]\nWants=a.service\nWants=\nAfter=x.target\nAfter=\nDescription=x\nDescription=\n" + SERVICE
    unit = HostDisk().write(f"{ETC}/a.service", text).resolve("a.service")
    assert values(unit, "Unit", "Wants") == ["a.service"]
    assert values(unit, "Unit", "After") == ["x.target"]
    assert values(unit, "Unit", "Description") == []


def test_an_empty_condition_clears_conditions_of_every_kind_but_no_assertion() -> None:
    text = "[Unit]\nConditionPathExists=/x\nConditionHost=y\nAssertHost=z\nConditionUser=\n" + SERVICE
    unit = HostDisk().write(f"{ETC}/a.service", text).resolve("a.service")
    assert [d.key for d in unit.directives] == ["AssertHost", "ExecStart"]


def test_a_broken_boolean_does_not_replace_a_good_one() -> None:
    unit = (
        HostDisk().write(f"{ETC}/a.timer", TIMER + "Persistent=yes\nPersistent=\nPersistent=maybe\n").resolve("a.timer")
    )
    assert values(unit, "Timer", "Persistent") == ["yes"]
    assert len(unit.problems) == 2


def test_a_mask_has_no_directives_and_keeps_its_source() -> None:
    disk = HostDisk().write(f"{USR}/a.timer", TIMER).link(f"{ETC}/a.timer", "/dev/null")
    unit = disk.write(f"{ETC}/a.timer.d/x.conf", TIMER).resolve("a.timer")
    assert unit.load is LoadState.MASKED
    assert unit.directives == ()
    assert [(s.path, s.link_target) for s in unit.sources] == [(f"{ETC}/a.timer", "/dev/null")]


def test_unreadable_text_is_never_absence() -> None:
    assert HostDisk().hide(f"{ETC}/a.timer").resolve("a.timer").load is LoadState.UNREADABLE
    half = HostDisk().write(f"{ETC}/a.timer", TIMER).hide(f"{ETC}/a.timer.d/x.conf").resolve("a.timer")
    assert half.load is LoadState.UNREADABLE
    assert values(half, "Timer", "OnCalendar") == ["daily"]
    assert half.sources[1].sha256 is None
    lost = HostDisk().write(f"{ETC}/a.timer", TIMER)
    lost.blobs.clear()
    assert lost.resolve("a.timer").load is LoadState.UNREADABLE
    assert HostDisk().resolve("a.timer").load is LoadState.NOT_FOUND


def test_a_linked_unit_has_the_text_of_its_target() -> None:
    disk = HostDisk().link(f"{ETC}/a.service", "/opt/app/a.service")
    gone = disk.resolve("a.service")
    assert gone.load is LoadState.NOT_FOUND
    assert gone.sources[0].link_target == "/opt/app/a.service"
    found = disk.write("/opt/app/a.service", SERVICE).resolve("a.service")
    assert found.load is LoadState.LOADED
    assert found.sources[0].sha256 is not None
    assert found.directives[0].origin.path == f"{ETC}/a.service"


def test_a_refused_fragment_is_bad_and_what_was_read_of_it_is_kept() -> None:
    unit = HostDisk().write(f"{ETC}/a.service", SERVICE.encode() + b"X=\xff\n").resolve("a.service")
    assert unit.load is LoadState.BAD
    assert values(unit, "Service", "ExecStart") == ["/usr/bin/true"]
    assert "not UTF-8" in unit.problems[0]


def test_a_refused_drop_in_counts_up_to_its_fault() -> None:
    disk = HostDisk().write(f"{ETC}/a.service", SERVICE)
    disk.write(f"{ETC}/a.service.d/x.conf", b"[Service]\nUser=a\nX=\xff\nUser=b\n")
    unit = disk.resolve("a.service")
    assert unit.load is LoadState.LOADED
    assert values(unit, "Service", "User") == ["a"]


def test_a_timer_that_can_never_elapse_is_bad() -> None:
    disk = (
        HostDisk()
        .write(f"{ETC}/a.timer", "[Timer]\nPersistent=yes\n")
        .write(f"{ETC}/b.timer", "[Timer]\nOnClockChange=1\n")
    )
    assert disk.resolve("a.timer").load is LoadState.BAD
    disk.write(f"{ETC}/c.timer", "[Timer]\nOnCalendar=never ever\n").write(
        f"{ETC}/d.timer", TIMER + "OnCalendar=nonsense\n"
    )
    assert disk.resolve("b.timer").load is LoadState.LOADED
    assert disk.resolve("c.timer").load is LoadState.BAD
    assert disk.resolve("d.timer").load is LoadState.LOADED


def test_drop_ins_without_a_fragment_are_shown_but_load_nothing() -> None:
    unit = HostDisk().write(f"{ETC}/a.service.d/x.conf", "[Service]\nUser=a\n").resolve("a.service")
    assert unit.load is LoadState.NOT_FOUND
    assert values(unit, "Service", "User") == ["a"]


def test_an_alias_resolves_to_its_units_text_and_drop_ins() -> None:
    disk = HostDisk().write(f"{USR}/ssh.service", SERVICE).link(f"{ETC}/sshd.service", f"{USR}/ssh.service")
    disk.write(f"{ETC}/sshd.service.d/x.conf", "[Service]\nUser=a\n")
    by_alias, by_name = disk.resolve("sshd.service"), disk.resolve("ssh.service")
    assert by_alias.name == "sshd.service"
    assert replace(by_alias, name=by_name.name) == by_name
    assert values(by_name, "Service", "User") == ["a"]


def test_transient_and_generated_units_are_marked() -> None:
    disk = (
        HostDisk()
        .write("/run/systemd/transient/a.service", SERVICE)
        .write("/run/systemd/generator.late/b.service", SERVICE)
    )
    disk.write("/run/systemd/system/c.service", "# Transient stub").write(f"{ETC}/d.service", "# Transient stub\n")
    assert disk.resolve("a.service").transient
    assert disk.resolve("b.service").generated
    assert disk.resolve("c.service").transient
    assert not disk.resolve("d.service").transient
    assert not disk.resolve("a.service").generated


def test_old_systemd_reads_included_files_in_place() -> None:
    disk = HostDisk(version=219).write(f"{USR}/a.service", "[Service]\nUser=vendor\nExecStart=/v\n")
    disk.write(f"{ETC}/a.service", f".include {USR}/a.service\n[Service]\nExecStart=/mine\n")
    unit = disk.resolve("a.service")
    assert values(unit, "Service", "ExecStart") == ["/v", "/mine"]
    assert [s.path for s in unit.sources] == [f"{ETC}/a.service", f"{USR}/a.service"]
    disk.version = 252
    assert values(disk.resolve("a.service"), "Service", "ExecStart") == ["/mine"]


def test_an_included_file_that_was_not_read_makes_the_unit_unreadable() -> None:
    unit = HostDisk(version=219).write(f"{ETC}/a.service", ".include /opt/x\n" + SERVICE).resolve("a.service")
    assert unit.load is LoadState.UNREADABLE
    assert unit.sources[1].path == "/opt/x"


def test_files_that_include_each_other_come_to_an_end() -> None:
    unit = HostDisk(version=239).write(f"{ETC}/a.service", ".include a.service\n" + SERVICE).resolve("a.service")
    assert any("too many includes" in p for p in unit.problems)


def test_drop_ins_may_not_include() -> None:
    disk = (
        HostDisk(version=239)
        .write(f"{ETC}/a.service", SERVICE)
        .write(f"{ETC}/a.service.d/x.conf", f".include {ETC}/a.service\n")
    )
    unit = disk.resolve("a.service")
    assert values(unit, "Service", "ExecStart") == ["/usr/bin/true"]
    assert unit.problems != ()


PATHS = st.sampled_from(
    [
        f"{directory}/{name}"
        for directory in (ETC, USR, "/run/systemd/transient", "/home/alice/.config/systemd/user", "/etc/systemd/user")
        for name in ("a.timer", "a.timer.d/x.conf", "timer.d/x.conf", "b.timer", "a@.timer", "a@x.timer")
    ]
)
TEXTS = st.sampled_from(
    [b"", TIMER.encode(), b"[Timer]\nOnBootSec=\nUnit=b.timer\n", b"[Timer]\n\xff", b".include a.timer\n"]
)
TARGETS = st.sampled_from(["a.timer", "b.timer", "/dev/null", "/tmp/x", f"{USR}/a@.timer", "..", ""])


@given(
    st.dictionaries(PATHS, TEXTS | TARGETS, max_size=12),
    st.sampled_from([0, 219, 239, 257]),
    st.sampled_from(["a.timer", "b.timer", "a@x.timer", "a@.timer"]),
    st.randoms(use_true_random=False),
)
def test_resolving_raises_nothing_and_does_not_depend_on_order(
    disk_text: dict[str, bytes | str], version: int, name: str, rng: random.Random
) -> None:
    disk = HostDisk(version=version)
    for path, content in disk_text.items():
        if isinstance(content, bytes):
            disk.write(path, content)
        else:
            disk.link(path, content)
    scopes = (SYSTEM, user_scope("alice"))
    first = [disk.resolve(name, scope) for scope in scopes]
    rng.shuffle(disk.artifacts)
    assert [disk.resolve(name, scope) for scope in scopes] == first


def test_a_bad_dynamic_user_refuses_the_service() -> None:
    unit = HostDisk().write(f"{ETC}/a.service", SERVICE + "DynamicUser=perhaps\n").resolve("a.service")
    assert unit.load is LoadState.BAD
