import pytest

from fleetscan.model.unit import EffectiveUnit, LoadState
from tests.unit.systemd.host_disk import TIMER, HostDisk, values

FOLDER = "/etc/systemd/system"


def service(text: str, *, version: int = 252, drop_in: str = "") -> EffectiveUnit:
    disk = HostDisk(version=version).write(f"{FOLDER}/a.service", f"[Service]\n{text}")
    if drop_in:
        disk.write(f"{FOLDER}/a.service.d/b.conf", f"[Service]\n{drop_in}")
    return disk.resolve("a.service")


@pytest.mark.parametrize(
    "text",
    [
        "Type=oneshot\nExecStart=/bin/a\nExecStart=/bin/b\n",
        "ExecStop=/bin/a\nRemainAfterExit=yes\n",
        "Type=dbus\nBusName=a.b\nExecStart=/bin/a\n",
        "Type=oneshot\nExecStart=/bin/a\nRestart=on-failure\n",
        "[Unit]\nSuccessAction=poweroff\n[Service]\n",
        "ExecStart=/bin/a\nUser=a.b$\n",
        "ExecStart=/bin/a\nUser=%H\n",
        "ExecStart=/bin/a\nUser=4294967294\n",
        "ExecStart=/bin/a\nUser=\x0c065534\n",
    ],
)
def test_services_that_systemd_takes_are_loaded(text: str) -> None:
    assert service(text).load is LoadState.LOADED


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Type=oneshot\n",
        "ExecStart=/bin/a\nExecStart=/bin/b\n",
        "ExecStart=/bin/a ; /bin/b\n",
        "ExecStop=/bin/a\n",
        "Type=simple\nExecStop=/bin/a\nRemainAfterExit=yes\n",
        "Type=dbus\nExecStart=/bin/a\n",
        "Type=oneshot\nExecStart=/bin/a\nRestart=always\n",
        "ExecStart=./a\n",
        "ExecStart=/bin/a\nExecStopPost=@/bin/b\n",
        "ExecStart=/bin/a\nUser=a:b\n",
        "ExecStart=/bin/a\nUser=65535\n",
        "ExecStart=/bin/a\nUser=007\n",
        "ExecStart=/bin/a\nGroup=a/b\n",
        "ExecStart=/bin/a\nDynamicUser=perhaps\n",
        "ExecStart=/bin/a\nDynamicUser=\n",
    ],
)
def test_services_that_systemd_refuses_are_bad_with_the_reason(text: str) -> None:
    unit = service(text)
    assert unit.load is LoadState.BAD
    assert unit.problems[-1].endswith("refused")


def test_a_fatal_line_ends_a_drop_in_and_leaves_the_unit() -> None:
    unit = service("ExecStart=/bin/a\n", drop_in="Environment=A=1\nUser=a:b\nUser=bob\nEnvironment=B=2\n")
    assert unit.load is LoadState.LOADED
    assert values(unit, "Service", "Environment") == ["A=1"]
    assert values(unit, "Service", "User") == []


def test_commands_before_a_fatal_fault_stay_in_a_drop_in() -> None:
    unit = service("ExecStart=/bin/a\n", drop_in="ExecStartPost=/bin/b ; ./c\nExecStartPost=/bin/d\n")
    assert unit.load is LoadState.LOADED
    assert values(unit, "Service", "ExecStartPost") == ["/bin/b ; ./c"]


def test_an_ignored_value_leaves_the_earlier_one() -> None:
    unit = service("ExecStart=/bin/a\nType=exec\nType=\nType=fast\nRemainAfterExit=yes\nRemainAfterExit=2\n")
    assert values(unit, "Service", "Type") == ["exec"]
    assert values(unit, "Service", "RemainAfterExit") == ["yes"]


def test_a_command_whose_failure_is_ignored_is_not_there_when_it_is_bad() -> None:
    assert values(service("ExecStart=/bin/a\nExecStartPre=-./b\n"), "Service", "ExecStartPre") == []


def test_the_greek_letter_makes_a_span_only_for_newer_systemd() -> None:
    text = "[Timer]\nOnBootSec=3\u03bcs\nAccuracySec=5s\nAccuracySec=3\u03bcs\n"
    old, new = (HostDisk(version=v).write(f"{FOLDER}/a.timer", text).resolve("a.timer") for v in (247, 252))
    assert (old.load, values(old, "Timer", "AccuracySec")) == (LoadState.BAD, ["5s"])
    assert (new.load, values(new, "Timer", "AccuracySec")) == (LoadState.LOADED, ["3\u03bcs"])


def test_a_timer_names_only_what_is_the_name_of_a_unit() -> None:
    text = f"{TIMER}Unit==a.service\nUnit=.service\nUnit=caf\u00e9.service\nUnit=%H.service\n"
    unit = HostDisk().write(f"{FOLDER}/a.timer", text).resolve("a.timer")
    assert values(unit, "Timer", "Unit") == ["%H.service"]


@pytest.mark.parametrize(("header", "fine", "refused"), [("[]", 257, 262), ("[a[b]", 257, 262), ("[a'b]", 247, 252)])
def test_odd_section_names_are_refused_by_newer_systemd(header: str, fine: int, refused: int) -> None:
    text = f"ExecStart=/bin/a\n{header}\n"
    assert service(text, version=fine).load is LoadState.LOADED
    assert service(text, version=refused).load is LoadState.BAD
