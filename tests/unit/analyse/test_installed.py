from hypothesis import given
from hypothesis import strategies as st

from fleetscan.analyse.case import Setting
from fleetscan.analyse.install_section import read_install
from fleetscan.analyse.installed import Installed, find_common_versions
from fleetscan.model.coverage import Coverage
from tests.model_data import read_stored, store_text


def test_the_version_of_most_hosts_is_the_common_one() -> None:
    old, new = Setting(packages=(("cron", "1"),)), Setting(packages=(("cron", "2"), ("at", "")))
    assert find_common_versions([(old, 3), (new, 2)]) == {"cron": "1"}
    assert find_common_versions([(old, 2), (new, 3)]) == {"cron": "2"}


@given(st.lists(st.tuples(st.sampled_from("123"), st.integers(1, 3)), max_size=8))
def test_common_versions_do_not_depend_on_order(found: list[tuple[str, int]]) -> None:
    settings = [(Setting(packages=(("cron", version),)), hosts) for version, hosts in found]
    assert find_common_versions(settings) == find_common_versions(settings[::-1])


def test_packages_are_named_with_what_happened_to_them() -> None:
    installed = Installed(versions={"a": "2", "b": "1", "c": "1", "d": ""}, expected={"a": "1", "b": "1", "e": "9"})
    assert installed.describe(["a"]) == "a 1 → 2"
    assert installed.describe(["b", "b", ""]) == "b 1"
    assert installed.describe(["d", "e"]) == "d, e 9"
    assert installed.describe("abcde") == "a 1 → 2, b 1, c 1 and 2 more"


def test_a_package_whose_timers_are_listed_is_installed() -> None:
    setting = Setting(package_timers=(("cron", "cron.timer"), ("cron", "cron-2.timer")))
    installed = Installed.of(setting, Coverage(), {})
    assert not installed.is_gone("cron")
    assert installed.is_gone("at")
    assert not installed.is_gone("")
    assert installed.still_owns(["cron-2.timer"])
    assert not installed.still_owns(["cron-3.timer"])


def test_install_sections_are_joined_and_expanded() -> None:
    first = store_text("[Install]\nWantedBy=a.target b.target\nAlias=%p-alias.timer x@.timer\n")
    second = store_text("[Install]\nWantedBy=\nRequiredBy=c.target\nUpheldBy=d.service\n")
    found = read_install("x.timer", [first, None, second], read_stored)
    assert found.folders == {"c.target.requires", "d.service.upholds"}
    assert found.aliases == {"x-alias.timer"}
    assert found.asks_for("/etc/systemd/system/c.target.requires/x.timer", "x.timer")
    assert not found.asks_for("/etc/systemd/system/c.target.wants/x.timer", "x.timer")
    assert not found.asks_for("/etc/systemd/system/c.target.requires/y.timer", "x.timer")


def test_of_a_template_only_the_default_instance_is_asked_for() -> None:
    text = store_text("[Install]\nWantedBy=timers.target\nDefaultInstance=main\n")
    name = "x@other.timer"
    found = read_install(name, [text], read_stored)
    assert not found.asks_for(f"/etc/systemd/system/timers.target.wants/{name}", name)
    assert found.asks_for("/etc/systemd/system/timers.target.wants/x@main.timer", "x@main.timer")


def test_a_text_that_nobody_has_asks_for_nothing() -> None:
    assert read_install("x.timer", [store_text("x")], lambda _: None).is_empty
