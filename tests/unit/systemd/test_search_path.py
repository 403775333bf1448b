from hypothesis import given
from hypothesis import strategies as st

from fleetscan.systemd.search_path import (
    GLOBAL_USER_DIRS,
    SYSTEM_DIRS,
    global_user_dirs,
    is_generated_dir,
    is_transient_dir,
    is_vendor_dir,
    locate_user_roots,
    merge_search_path,
    system_dirs,
    user_dirs,
)


def test_el7_knows_neither_control_nor_transient_nor_attached_directories() -> None:
    assert system_dirs(219) == (
        "/run/systemd/generator.early",
        "/etc/systemd/system",
        "/run/systemd/system",
        "/run/systemd/generator",
        "/usr/local/lib/systemd/system",
        "/usr/lib/systemd/system",
        "/lib/systemd/system",
        "/run/systemd/generator.late",
    )
    assert "/etc/systemd/system.attached" not in system_dirs(239)
    assert system_dirs(0) == SYSTEM_DIRS == system_dirs(257)


def test_etc_xdg_is_searched_up_to_256() -> None:
    assert "/etc/xdg/systemd/user" in global_user_dirs(256)
    assert "/etc/xdg/systemd/user" not in global_user_dirs(257)
    assert global_user_dirs(0) == GLOBAL_USER_DIRS


def test_a_users_own_directories_stand_before_and_among_the_global_ones() -> None:
    path = user_dirs("/home/a", "/run/user/7", 252)
    order = [
        "/home/a/.config/systemd/user.control",
        "/run/user/7/systemd/transient",
        "/home/a/.config/systemd/user",
        "/etc/systemd/user",
        "/run/user/7/systemd/user",
        "/run/systemd/user",
        "/run/user/7/systemd/generator",
        "/home/a/.local/share/systemd/user",
        "/usr/share/systemd/user",
        "/usr/lib/systemd/user",
        "/run/user/7/systemd/generator.late",
    ]
    assert [d for d in path if d in order] == order
    assert len(set(path)) == len(path)


def test_global_directories_are_searched_even_without_home_and_runtime_directory() -> None:
    assert sorted(user_dirs(None, None, 0)) == sorted(GLOBAL_USER_DIRS)


def test_homes_are_found_in_the_paths_of_unit_files() -> None:
    homes, runtimes = locate_user_roots(
        [
            "/srv/home/a/.config/systemd/user/x.timer",
            "/root/.local/share/systemd/user/timers.target.wants/y.timer",
            "/run/user/0/systemd/transient/z.timer",
            "/etc/systemd/user/q.timer",
            "/.config/systemd/user/x.timer",
        ]
    )
    assert homes == ("", "/root", "/srv/home/a")
    assert runtimes == ("/run/user/0",)


def test_the_managers_order_wins_and_missing_directories_keep_their_rank() -> None:
    stated = ("/opt/units", "/lib/systemd/system", "/etc/systemd/system", "/usr/lib/systemd/system")
    standard = ("/run/a", "/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/run/late")
    assert merge_search_path(stated, standard, merged_usr=True) == (
        "/opt/units",
        "/run/systemd/system",
        "/usr/lib/systemd/system",
        "/run/a",
        "/etc/systemd/system",
        "/run/late",
    )


@given(st.lists(st.sampled_from(SYSTEM_DIRS)), st.lists(st.sampled_from(SYSTEM_DIRS)))
def test_merging_loses_no_directory_and_repeats_none(stated: list[str], standard: list[str]) -> None:
    merged = merge_search_path(stated, standard, merged_usr=False)
    assert set(merged) == {*stated, *standard}
    assert len(set(merged)) == len(merged)
    assert [d for d in merged if d in stated] == list(dict.fromkeys(stated))


def test_the_kinds_of_directories_are_told_apart() -> None:
    assert is_vendor_dir("/usr/lib/systemd/system")
    assert not is_vendor_dir("/usr/local/lib/systemd/system")
    assert is_generated_dir("/run/systemd/generator.late")
    assert is_generated_dir("/run/user/1/systemd/generator")
    assert not is_generated_dir("/usr/lib/systemd/system-generators")
    assert is_transient_dir("/run/systemd/transient")
