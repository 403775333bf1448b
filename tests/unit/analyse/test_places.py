"""Where paths lie."""

import pytest

from fleetscan.analyse.places import is_hidden, is_in_home, is_temporary, normalise_path, place_of_unit


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/etc/systemd/system/a.timer", "etc"),
        ("/etc/systemd/system/a.service.d/x.conf", "etc"),
        ("/etc/systemd/system/timers.target.wants/a.timer", "etc"),
        ("/usr/lib/systemd/system/a.timer", "vendor"),
        ("/lib/systemd/system/a.timer", "vendor"),
        ("/usr/local/lib/systemd/system/a.timer", "local"),
        ("/usr/local/share/systemd/user/a.timer", "local"),
        ("/run/systemd/system/a.timer", "run"),
        ("/run/systemd/transient/a.timer", "transient"),
        ("/run/user/1000/systemd/transient/a.timer", "transient"),
        ("/run/systemd/generator/a.timer", "generated"),
        ("/run/systemd/generator.late/a.timer", "generated"),
        ("/run/systemd/generator.early/a.timer", "early"),
        ("/etc/systemd/system.control/a.service.d/50.conf", "control"),
        ("/home/ann/.config/systemd/user.control/a.timer", "control"),
        ("/run/systemd/system.attached/a.timer", "attached"),
        ("/etc/systemd/user/a.timer", "global"),
        ("/home/ann/.config/systemd/user/a.timer", "home"),
        ("/srv/ann/.local/share/systemd/user/a.timer", "home"),
        ("/run/user/1000/systemd/user/a.timer", "runtime"),
        ("/opt/a/a.timer", "elsewhere"),
        ("", "elsewhere"),
    ],
)
def test_the_kind_of_a_unit_directory(path: str, place: str) -> None:
    assert place_of_unit(path) == place


@pytest.mark.parametrize("path", ["/tmp/x", "/var/tmp/a/b", "/dev/shm/k", "/run/user/0/x", "/boot/x", "/var/log/x.sh"])
def test_temporary_places(path: str) -> None:
    assert is_temporary(path)


@pytest.mark.parametrize("path", ["/dev/null", "/tmpfiles/x", "/usr/bin/tmp", "/var/lib/x", "tmp/x", "/run/foo"])
def test_other_places(path: str) -> None:
    assert not is_temporary(path)


@pytest.mark.parametrize(
    ("path", "plain"),
    [("/usr/../tmp//x/.", "/tmp/x"), ("%T/x", "/tmp/x"), ("x/../y", "x/../y"), ("/..", "/"), ("", "")],
)
def test_winding_paths(path: str, plain: str) -> None:
    assert normalise_path(path) == plain


def test_hidden_is_what_a_listing_does_not_show() -> None:
    assert is_hidden("/opt/.b/x")
    assert is_hidden("/home/ann/.x/y")
    assert not is_hidden("/home/ann/.local/bin/y")
    assert is_hidden("/opt/.local/y")
    assert not is_hidden("/opt/a.b/c")
    assert is_in_home("/root/x")
    assert not is_in_home("/rooted/x")
