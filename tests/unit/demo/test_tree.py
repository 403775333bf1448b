"""The generated trees are what a Debian host would hold and systemd would accept."""

import os
import stat
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path, PurePosixPath

import pytest
from oncalendar import OnCalendar

from fleetscan.demo.furnish import furnish_tree
from fleetscan.demo.image import ADMIN, VENDOR, DemoHost, build_tree, cast_fleet
from fleetscan.demo.intruder import TREE_TROUBLES, Trouble, choose_plants
from fleetscan.demo.loaded import load_units
from fleetscan.demo.schedule import NORMAL_FORMS, format_span, parse_span, plan_calendar, plan_monotonic
from fleetscan.demo.settings import read_settings
from fleetscan.demo.tree import HostTree, TreeFile

NOW = datetime(2026, 3, 4, 7, 8, 9, tzinfo=UTC)
HOSTS = cast_fleet(24)
SCHEDULES = ("OnCalendar", "OnBootSec", "OnStartupSec", "OnUnitActiveSec")


def host_named(name: str) -> DemoHost:
    return next(host for host in HOSTS if host.name == name)


def unit_texts(tree: HostTree) -> dict[str, str]:
    return {path: file.text for path, file in tree.files.items() if path.endswith((".timer", ".service"))}


def spoiled_tree(trouble: Trouble) -> tuple[DemoHost, HostTree]:
    plant = next(plant for plant in choose_plants(HOSTS) if plant.trouble is trouble)
    host = host_named(plant.host)
    tree = build_tree(host)
    TREE_TROUBLES[trouble](tree)
    return host, tree


@pytest.mark.parametrize("host", HOSTS[:2] + HOSTS[-2:], ids=lambda host: host.name)
def test_every_timer_has_a_schedule_and_starts_a_service_with_a_command(host: DemoHost) -> None:
    texts = unit_texts(build_tree(host))
    timers = [path for path in texts if path.endswith(".timer")]
    assert len(timers) >= 13
    for path in timers:
        timer = read_settings(texts[path])
        assert any(("Timer", key) in timer for key in SCHEDULES), path
        service = read_settings(texts[path.removesuffix(".timer") + ".service"])
        assert service["Service", "ExecStart"], path
        assert timer["Unit", "Description"]


@pytest.mark.parametrize("host", HOSTS[:2] + HOSTS[-2:], ids=lambda host: host.name)
def test_enabling_links_name_units_that_exist(host: DemoHost) -> None:
    tree = build_tree(host)
    links = {path: target for path, target in tree.links.items() if ".wants/" in path}
    assert len(links) >= 13
    for path, target in links.items():
        place = PurePosixPath("/", path).parent / target
        canonical = os.path.normpath(str(place)).replace("/lib/", "/usr/lib/", 1).replace("/usr/usr/", "/usr/")
        assert canonical.lstrip("/") in tree.files, (path, target)


def test_tmpfiles_clean_is_wanted_by_the_vendor_and_has_no_install_section() -> None:
    tree = build_tree(HOSTS[0])
    assert tree.links[f"{VENDOR}/timers.target.wants/systemd-tmpfiles-clean.timer"] == "../systemd-tmpfiles-clean.timer"
    units = {unit.name: unit for unit in load_units(HOSTS[0], tree, NOW)}
    assert units["systemd-tmpfiles-clean.timer"].state == "static"
    assert units["systemd-tmpfiles-clean.timer"].wanted


def test_hosts_of_one_role_and_release_differ_only_in_identity() -> None:
    one, other = build_tree(host_named("web-01")), build_tree(host_named("web-03"))
    assert one.links == other.links
    different = {path for path in one.files if one.files[path] != other.files.get(path)}
    assert different == {"etc/machine-id", "etc/hostname"}


def test_machine_ids_are_valid_and_unique() -> None:
    ids = {build_tree(host).files["etc/machine-id"].text.strip() for host in HOSTS}
    assert len(ids) == len(HOSTS)
    assert all(len(text) == 32 and int(text, 16) for text in ids)


def test_each_role_runs_on_both_releases() -> None:
    cohorts = {(host.role.name, host.release.version_id) for host in HOSTS}
    assert cohorts == {("web", "12"), ("web", "13"), ("db", "12"), ("db", "13")}


def test_a_fleet_too_small_to_compare_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 12"):
        cast_fleet(11)


@pytest.mark.parametrize("count", [12, 13, 24, 60])
def test_seven_different_hosts_are_in_trouble_whatever_the_size(count: int) -> None:
    hosts = cast_fleet(count)
    assert len(hosts) == count
    plants = choose_plants(hosts)
    assert {plant.trouble for plant in plants} == set(Trouble)
    assert len({plant.host for plant in plants}) == 7


def test_all_calendar_expressions_have_the_normal_form_they_mean() -> None:
    used = set[str]()
    for host in HOSTS:
        for text in unit_texts(build_tree(host)).values():
            used.update(read_settings(text).get(("Timer", "OnCalendar"), []))
    assert used <= NORMAL_FORMS.keys()
    for written, normal in NORMAL_FORMS.items():
        assert list(islice(OnCalendar(written, NOW), 5)) == list(islice(OnCalendar(normal, NOW), 5)), written


def test_next_run_is_ahead_and_last_run_is_behind() -> None:
    for host in HOSTS:
        for unit in load_units(host, build_tree(host), NOW):
            if unit.wanted and unit.name.endswith(".timer"):
                assert unit.runs.next_at is not None
                assert unit.runs.next_at > NOW
                assert unit.runs.last_at is not None
                assert unit.runs.last_at <= NOW


def test_random_delay_differs_by_host_and_stays_below_its_limit() -> None:
    ahead = {plan_calendar("daily", 3600, f"web-{i} x.timer", NOW).next_at for i in range(20)}
    assert len(ahead) > 10
    midnight = datetime(2026, 3, 5, tzinfo=UTC)
    assert all(at is not None and midnight <= at < midnight + timedelta(hours=1) for at in ahead)


def test_monotonic_timer_repeats_from_boot() -> None:
    runs = plan_monotonic(900, 86400, NOW)
    assert runs.next_at is not None
    assert runs.last_at is not None
    assert runs.next_at - runs.last_at == timedelta(days=1)
    assert runs.last_at <= NOW < runs.next_at


@pytest.mark.parametrize(
    ("written", "printed"), [("12h", "12h"), ("100min", "1h 40min"), ("6000", "1h 40min"), ("60", "1min"), ("0", "0")]
)
def test_time_spans_are_printed_as_systemd_does(written: str, printed: str) -> None:
    assert format_span(parse_span(written)) == printed


def test_persistent_timers_leave_a_stamp_dated_at_their_last_run(tmp_path: Path) -> None:
    host, tree = HOSTS[0], build_tree(HOSTS[0])
    furnish_tree(host, tree, NOW)
    tree.write(tmp_path)
    stamps = {path.name for path in (tmp_path / "var/lib/systemd/timers").iterdir()}
    assert "stamp-logrotate.timer" in stamps
    assert "stamp-sysstat-collect.timer" not in stamps
    midnight = datetime(2026, 3, 4, tzinfo=UTC).timestamp()
    assert (tmp_path / "var/lib/systemd/timers/stamp-logrotate.timer").stat().st_mtime == midnight


def test_written_tree_has_exact_modes_under_any_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        files = {"a/plain": TreeFile("x"), "a/run": TreeFile("y", 0o755)}
        HostTree(files=files, directories={"b/c"}, modes={"open": 0o1777}).write(tmp_path)
    finally:
        os.umask(before)
    modes = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a", "b", "b/c", "open")}
    assert modes == {"a": 0o755, "b": 0o755, "b/c": 0o755, "open": 0o1777}
    assert stat.S_IMODE((tmp_path / "a/plain").stat().st_mode) == 0o644
    assert stat.S_IMODE((tmp_path / "a/run").stat().st_mode) == 0o755


def test_second_writing_touches_only_what_changed(tmp_path: Path) -> None:
    tree = HostTree(files={"same": TreeFile("1"), "gone": TreeFile("2"), "other": TreeFile("3")}, links={"l": "same"})
    tree.write(tmp_path)
    untouched = (tmp_path / "same").stat().st_mtime_ns, (tmp_path / "same").stat().st_ino
    del tree.files["gone"]
    tree.files["other"] = TreeFile("4")
    tree.links["l"] = "/dev/null"
    tree.write(tmp_path)
    assert ((tmp_path / "same").stat().st_mtime_ns, (tmp_path / "same").stat().st_ino) == untouched
    assert not (tmp_path / "gone").exists()
    assert (tmp_path / "other").read_text() == "4"
    assert (tmp_path / "l").readlink() == Path("/dev/null")


def test_planted_timer_pair_is_enabled_and_runs_every_minute() -> None:
    host, tree = spoiled_tree(Trouble.TIMER_PAIR)
    unit = {unit.name: unit for unit in load_units(host, tree, NOW)}["dbus-cache-refresh.timer"]
    assert (unit.state, unit.wanted) == ("enabled", True)
    assert unit.runs.next_at == datetime(2026, 3, 4, 7, 9, tzinfo=UTC)
    assert "/var/tmp/.cache/upd" in tree.files[f"{ADMIN}/dbus-cache-refresh.service"].text


def test_planted_user_timer_lingers() -> None:
    _, tree = spoiled_tree(Trouble.USER_TIMER)
    folder = "home/deploy/.config/systemd/user"
    assert tree.links[f"{folder}/timers.target.wants/desktop-index.timer"] == f"/{folder}/desktop-index.timer"
    assert "var/lib/systemd/linger/deploy" in tree.files


def test_planted_drop_in_leaves_the_unit_itself_alone() -> None:
    host, tree = spoiled_tree(Trouble.DROP_IN)
    assert tree.files[f"{VENDOR}/logrotate.service"] == build_tree(host).files[f"{VENDOR}/logrotate.service"]
    unit = {unit.name: unit for unit in load_units(host, tree, NOW)}["logrotate.service"]
    assert "curl" in unit.value("Service", "ExecStartPost")
    assert unit.drop_ins == ("/etc/systemd/system/logrotate.service.d/10-compress.conf",)


def test_masked_timer_is_not_loaded_any_more() -> None:
    host, tree = spoiled_tree(Trouble.MASK)
    unit = {unit.name: unit for unit in load_units(host, tree, NOW)}["apt-daily-upgrade.timer"]
    assert (unit.state, unit.wanted) == ("masked", False)


def test_empty_assignment_clears_a_list_and_scalars_take_the_last() -> None:
    merged = read_settings("[Service]\nExecStart=/a\nUser=x\n", "[Service]\nExecStart=\nExecStart=/b\nUser=y\n")
    assert merged["Service", "ExecStart"] == ["/b"]
    assert merged["Service", "User"] == ["y"]
