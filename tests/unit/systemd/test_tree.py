import itertools

from fleetscan.model.ids import GLOBAL_USER, SYSTEM, user_scope
from tests.unit.systemd.host_disk import SERVICE, TIMER, HostDisk

ETC = "/etc/systemd/system"
RUN = "/run/systemd/system"
USR = "/usr/lib/systemd/system"
ALICE = user_scope("alice")


def drop_in_paths(disk: HostDisk, *names: str) -> list[str]:
    return [a.name for a in disk.tree.drop_ins(SYSTEM, names)]


def test_the_first_directory_wins_for_the_whole_file() -> None:
    tree = HostDisk().write(f"{USR}/a.service", "vendor").write(f"{ETC}/a.service", "admin").tree
    fragment = tree.names(SYSTEM).find("a.service")
    assert fragment is not None
    assert fragment.entry.name == f"{ETC}/a.service"


def test_the_managers_own_search_path_decides_the_order() -> None:
    disk = HostDisk(unit_path=("/opt/units", ETC, "/lib/systemd/system"))
    tree = disk.write(f"{ETC}/a.service", "x").write("/opt/units/a.service", "y").tree
    fragment = tree.names(SYSTEM).find("a.service")
    assert fragment is not None
    assert fragment.entry.name == "/opt/units/a.service"


def test_an_alias_stands_for_its_target_by_name() -> None:
    disk = (
        HostDisk().write(f"{USR}/ssh.service", SERVICE).link(f"{ETC}/sshd.service", "/lib/systemd/system/ssh.service")
    )
    fragment = disk.tree.names(SYSTEM).find("sshd.service")
    assert fragment is not None
    assert fragment.names == ("ssh.service", "sshd.service")
    shadowed = disk.write(f"{RUN}/ssh.service", SERVICE).tree.names(SYSTEM).find("sshd.service")
    assert shadowed is not None
    assert shadowed.entry.name == f"{RUN}/ssh.service"


def test_a_link_to_a_file_of_its_own_name_has_no_effect() -> None:
    disk = HostDisk().write(f"{USR}/a.timer", TIMER).link(f"{ETC}/a.timer", f"{USR}/a.timer")
    fragment = disk.tree.names(SYSTEM).find("a.timer")
    assert fragment is not None
    assert fragment.entry.name == f"{USR}/a.timer"


def test_an_alias_of_another_type_is_ignored_and_said() -> None:
    disk = HostDisk().write(f"{USR}/a.service", SERVICE).link(f"{ETC}/a.timer", f"{USR}/a.service")
    names = disk.tree.names(SYSTEM)
    assert names.find("a.timer") is None
    assert "a.timer" in names.rejected


def test_links_that_chase_each_other_lead_nowhere() -> None:
    disk = HostDisk().link(f"{ETC}/a.timer", "b.timer").link(f"{ETC}/b.timer", "a.timer")
    tree = disk.tree
    assert tree.names(SYSTEM).find("a.timer") is None
    outside = HostDisk().link("/tmp/x.timer", "/tmp/y.timer").link("/tmp/y.timer", "/tmp/x.timer")
    loop = outside.link(f"{ETC}/x.timer", "/tmp/x.timer")
    assert loop.tree.follow(loop.artifacts[-1]) is None
    assert not loop.tree.is_mask(loop.artifacts[-1])


def test_an_instance_takes_its_template_unless_it_has_a_file() -> None:
    disk = HostDisk().write(f"{USR}/a@.timer", TIMER).write(f"{USR}/a@own.timer", TIMER)
    disk.link(f"{ETC}/b@.timer", f"{USR}/a@.timer").link(f"{ETC}/c@x.timer", f"{USR}/a@.timer")
    names = disk.tree.names(SYSTEM)
    plain = names.find("a@y.timer")
    assert plain is not None
    assert plain.entry.name == f"{USR}/a@.timer"
    assert plain.names == ("a@y.timer", "b@y.timer")
    own = names.find("a@own.timer")
    assert own is not None
    assert own.entry.name == f"{USR}/a@own.timer"
    one = names.find("c@x.timer")
    assert one is not None
    assert one.names == ("a@x.timer", "b@x.timer", "c@x.timer")
    assert names.find("c@y.timer") is None


def test_an_alias_instance_keeps_its_name_where_the_templates_instance_is_another_unit() -> None:
    disk = HostDisk().write(f"{USR}/a@.service", SERVICE).write(f"{USR}/a@x.service", SERVICE)
    fragment = disk.link(f"{ETC}/b@.service", f"{USR}/a@.service").tree.names(SYSTEM).find("b@x.service")
    assert fragment is not None
    assert fragment.entry.name == f"{USR}/a@.service"
    assert fragment.names == ("b@x.service", "a@x.service")


def test_masks_are_links_to_dev_null_and_empty_files() -> None:
    disk = (
        HostDisk().write(f"{ETC}/a.timer").link(f"{ETC}/b.timer", "../../../dev/null").link(f"{ETC}/c.timer", "/tmp/e")
    )
    disk.write("/tmp/e").write(f"{ETC}/d.timer", TIMER).link(f"{ETC}/e.timer", "/tmp/gone")
    tree = disk.tree
    assert {n for n, a in tree.entries(ETC).items() if tree.is_mask(a)} == {"a.timer", "b.timer", "c.timer"}


def test_drop_ins_are_deduplicated_by_directory_before_specificity() -> None:
    disk = HostDisk()
    disk.write(f"{ETC}/foo-.service.d/10.conf", "x").write(f"{USR}/foo-bar.service.d/10.conf", "y")
    disk.write(f"{USR}/foo-bar.service.d/05.conf", "z").write(f"{ETC}/service.d/05.conf", "q")
    assert drop_in_paths(disk, "foo-bar.service") == [
        f"{USR}/foo-bar.service.d/05.conf",
        f"{ETC}/foo-.service.d/10.conf",
    ]


def test_drop_ins_apply_in_the_order_of_their_names_wherever_they_lie() -> None:
    disk = HostDisk().write(f"{ETC}/a.service.d/b.conf", "x").write(f"{RUN}/a.service.d/Z.conf", "x")
    disk.write(f"{USR}/service.d/a.conf", "x").write(f"{USR}/a.service.d/é.conf", "x")
    assert [p.rpartition("/")[2] for p in drop_in_paths(disk, "a.service")] == ["Z.conf", "a.conf", "b.conf", "é.conf"]


def test_an_empty_drop_in_masks_the_one_behind_it() -> None:
    disk = HostDisk().write(f"{ETC}/foo-bar.service.d/10.conf").write(f"{USR}/service.d/10.conf", "x")
    disk.link(f"{ETC}/foo-bar.service.d/20.conf", "/dev/null").write(f"{USR}/foo-bar.service.d/20.conf", "x")
    assert drop_in_paths(disk, "foo-bar.service") == []


def test_only_visible_conf_files_are_drop_ins() -> None:
    disk = HostDisk().write(f"{ETC}/a.service.d/.x.conf", "x").write(f"{ETC}/a.service.d/x.conf~", "x")
    assert drop_in_paths(disk.write(f"{ETC}/a.service.d/x.txt", "x"), "a.service") == []


def test_an_instance_takes_drop_ins_of_template_and_prefixes_as_252_was_seen_to() -> None:
    disk = HostDisk()
    for name in ("foo-bar@x", "foo-bar@", "foo-@x", "foo-@", "foo-"):
        disk.write(f"{ETC}/{name}.service.d/{name}.conf", "x")
    disk.write(f"{ETC}/foo-bar.service.d/no.conf", "x").write(f"{ETC}/foo@.service.d/no.conf", "x")
    assert len(drop_in_paths(disk, "foo-bar@x.service")) == 5


def test_old_versions_read_neither_prefix_nor_type_level_drop_ins() -> None:
    disk = HostDisk().write(f"{ETC}/foo-.service.d/p.conf", "x").write(f"{ETC}/service.d/t.conf", "x")
    found = {}
    for version in (219, 238, 239, 243, 244):
        disk.version = version
        found[version] = [p.rpartition("/")[2] for p in drop_in_paths(disk, "foo-bar.service")]
    assert found == {219: [], 238: [], 239: ["p.conf"], 243: ["p.conf"], 244: ["p.conf", "t.conf"]}


def test_drop_ins_of_an_alias_count_for_the_unit() -> None:
    disk = HostDisk().write(f"{ETC}/old.service.d/x.conf", "x")
    assert drop_in_paths(disk, "new.service", "old.service") == [f"{ETC}/old.service.d/x.conf"]


def test_a_drop_in_folder_linked_from_elsewhere_is_followed() -> None:
    disk = HostDisk().link(f"{ETC}/a.service.d", "/opt/x.d").write("/opt/x.d/x.conf", "x")
    assert drop_in_paths(disk, "a.service") == ["/opt/x.d/x.conf"]


def test_a_link_to_another_folder_of_the_search_path_was_followed_until_250() -> None:
    for version, expected in ((247, [f"{ETC}/b.service.d/x.conf"]), (252, []), (0, [])):
        disk = HostDisk(version).link(f"{ETC}/a.service.d", "b.service.d").write(f"{ETC}/b.service.d/x.conf", "x")
        assert drop_in_paths(disk, "a.service") == expected
    wants = (
        HostDisk().link(f"{ETC}/a.target.wants", "b.target.wants").link(f"{ETC}/b.target.wants/x.timer", "../x.timer")
    )
    assert wants.tree.links(SYSTEM).find(["x.timer"]) == (f"{ETC}/b.target.wants/x.timer",)


def test_an_instance_asked_for_by_an_alias_does_not_take_the_aliases_of_its_real_name() -> None:
    disk = HostDisk().write(f"{ETC}/a@.service", SERVICE).link(f"{ETC}/b@.service", "a@.service")
    names = disk.link(f"{ETC}/c@x.service", "a@x.service").tree.names(SYSTEM)
    found = {name: names.find(name) for name in ("a@x.service", "b@x.service")}
    assert {name: None if f is None else f.names for name, f in found.items()} == {
        "a@x.service": ("a@x.service", "b@x.service", "c@x.service"),
        "b@x.service": ("a@x.service", "b@x.service"),
    }


def test_links_enable_by_their_name_in_every_directory() -> None:
    disk = (
        HostDisk()
        .link(f"{USR}/timers.target.wants/a.timer", "../a.timer")
        .link(f"{ETC}/x.service.requires/a.timer", "/q")
    )
    disk.link(f"{ETC}/x.wants/a.timer", "/not-a-unit").write(f"{ETC}/x.target.wants/a.timer", "no link")
    assert disk.tree.links(SYSTEM).find(["a.timer"]) == (
        f"{ETC}/x.service.requires/a.timer",
        f"{USR}/timers.target.wants/a.timer",
    )


def test_a_masked_enabling_link_enables_nothing() -> None:
    disk = HostDisk().link(f"{USR}/timers.target.wants/a.timer", "../a.timer")
    disk.link(f"{ETC}/timers.target.wants/a.timer", "/dev/null")
    assert disk.tree.links(SYSTEM).find(["a.timer"]) == ()


def test_upholds_links_count_since_254() -> None:
    disk = HostDisk(version=253).link(f"{ETC}/x.target.upholds/a.timer", "../a.timer")
    assert disk.tree.links(SYSTEM).find(["a.timer"]) == ()
    disk.version = 254
    assert disk.tree.links(SYSTEM).find(["a.timer"]) != ()


def test_global_units_are_searched_for_a_user_but_are_not_the_users_own() -> None:
    disk = HostDisk().write("/etc/systemd/user/g.timer", TIMER).write("/home/alice/.config/systemd/user/a.timer", TIMER)
    tree = disk.tree
    assert tree.unit_names(ALICE) == {"a.timer"}
    assert tree.unit_names(GLOBAL_USER) == {"g.timer"}
    assert tree.names(ALICE).find("g.timer") is not None
    assert tree.names(GLOBAL_USER).find("a.timer") is None
    assert tree.names(SYSTEM).find("g.timer") is None


def test_a_users_config_beats_the_global_directory_and_that_beats_local_share() -> None:
    disk = (
        HostDisk()
        .write("/etc/systemd/user/g.timer", TIMER)
        .write("/home/alice/.local/share/systemd/user/g.timer", TIMER)
    )
    fragment = disk.tree.names(ALICE).find("g.timer")
    assert fragment is not None
    assert fragment.entry.name == "/etc/systemd/user/g.timer"
    disk.write("/home/alice/.config/systemd/user/g.timer", TIMER)
    fragment = disk.tree.names(ALICE).find("g.timer")
    assert fragment is not None
    assert fragment.entry.name == "/home/alice/.config/systemd/user/g.timer"


def test_drop_in_units_are_those_of_the_scopes_own_directories() -> None:
    disk = HostDisk().write("/home/alice/.config/systemd/user/g.timer.d/x.conf", "x")
    disk.write(f"{ETC}/a.service.d/x.conf", "x").write(f"{ETC}/service.d/x.conf", "x")
    assert disk.tree.drop_in_units(ALICE) == {"g.timer"}
    assert disk.tree.drop_in_units(SYSTEM) == {"a.service"}


def test_the_order_of_artifacts_does_not_matter() -> None:
    disk = HostDisk().pair("a").link(f"{ETC}/b.timer", "a.timer").write(f"{USR}/a.timer", TIMER)
    disk.artifacts.append(disk.artifacts[0])
    disk.write(f"{ETC}/a.timer", "[Timer]\nOnCalendar=weekly\n")
    expected = disk.tree
    for order in itertools.islice(itertools.permutations(disk.artifacts), 0, None, 97):
        disk.artifacts = list(order)
        assert disk.tree == expected
