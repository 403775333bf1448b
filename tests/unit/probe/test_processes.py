"""Processes of what timers start, from the lines that the probe writes of them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.errors import ParseError
from fleetscan.model.ids import SYSTEM, UnitName, user_scope
from fleetscan.model.snapshot import UnitProcess
from fleetscan.probe.people import People
from fleetscan.probe.processes import activated_only, parse_processes, unit_of_group

PEOPLE = People({0: "root", 1000: "ann"}, {}, {}, {}, ())
BOOT_S = 1_700_000_000
ANN_GROUP = "/user.slice/user-1000.slice/user@1000.service/app.slice"


def lines(
    *words: str,
    numbers: str = "31 1 250 0",
    group: str = "/system.slice/backup.service",
    executable: str = "/usr/bin/dash",
    boot: str = f"b {BOOT_S}\n",
) -> bytes:
    text = f"{boot}p {numbers}\ng {group}\ne {executable}\n" + "".join(f"c {word}\n" for word in words) + "\n"
    return text.encode("utf-8", "surrogateescape")


def only(payload: bytes) -> UnitProcess:
    (found,) = parse_processes(payload, PEOPLE)
    return found


def test_a_process_is_told_with_its_unit_account_beginning_and_command() -> None:
    assert only(lines("/bin/sh", "-c", "sleep 5; true")) == UnitProcess(
        scope=SYSTEM,
        unit=UnitName("backup.service"),
        pid=31,
        parent_pid=1,
        user="root",
        started_at=datetime.fromtimestamp(BOOT_S + 2, UTC),
        command="/bin/sh -c sleep 5; true",
        executable="/usr/bin/dash",
    )


@pytest.mark.parametrize(
    ("group", "place"),
    [
        ("/system.slice/backup.service", (SYSTEM, "backup.service")),
        ("/system.slice/system-backup.slice/backup@a.service", (SYSTEM, "backup@a.service")),
        ("/system.slice/backup.service/payload/system.slice/inner.service", (SYSTEM, "backup.service")),
        (f"{ANN_GROUP}/sync.service", (user_scope("ann"), "sync.service")),
        ("/user.slice/user-7.slice/user@7.service/sync.service", (user_scope("7"), "sync.service")),
        (f"{ANN_GROUP}/user@7.service", (user_scope("ann"), "user@7.service")),
        ("/system.slice/user@mine.service", (SYSTEM, "user@mine.service")),
        ("/user.slice/user-1000.slice/user@1000.service/init.scope", None),
        ("/user.slice/user-1000.slice/session-3.scope", None),
        ("/", None),
    ],
)
def test_the_control_group_tells_whose_manager_runs_which_service(group: str, place: tuple[str, str] | None) -> None:
    assert unit_of_group(group, PEOPLE) == place


def test_processes_are_sorted_by_scope_unit_and_pid() -> None:
    payload = (
        lines(numbers="9 1 1 0", group=f"{ANN_GROUP}/a.service")
        + lines(numbers="8 1 1 0", boot="")
        + lines(numbers="7 1 1 0", boot="")
    )
    assert [(p.scope, p.pid) for p in parse_processes(payload, PEOPLE)] == [
        ("system", 7),
        ("system", 8),
        ("user:ann", 9),
    ]


@pytest.mark.parametrize("numbers", ["31   0", "31 1 250 ", "31", "", "31 1 250 ²", f"31 {'9' * 20} 250 0"])
def test_a_process_that_ended_while_it_was_read_is_left_out(numbers: str) -> None:
    kept = lines(numbers="32 1 250 0", boot="")
    assert [p.pid for p in parse_processes(lines("x", numbers=numbers) + kept, PEOPLE)] == [32]


@pytest.mark.parametrize("payload", [lines(boot=""), lines(boot="b x\n"), lines(numbers=f"31 1 {'9' * 19} 0")])
def test_a_beginning_that_is_not_known_is_none(payload: bytes) -> None:
    assert only(payload).started_at is None


def test_a_long_command_line_is_cut() -> None:
    assert only(lines("x" * 2000)).command == "x" * 1024


def test_bytes_that_are_not_text_are_kept() -> None:
    assert only(lines("\udcff")).command == "\udcff"


@pytest.mark.parametrize("line", [b"x 1", b"c", b"going on"])
def test_a_line_that_the_probe_does_not_write_is_no_process(line: bytes) -> None:
    with pytest.raises(ParseError) as caught:
        parse_processes(b"b 1\n" + line, PEOPLE)
    assert caught.value.line == 2


def test_only_units_that_a_timer_of_the_same_manager_starts_are_kept() -> None:
    found = parse_processes(lines() + lines(group=f"{ANN_GROUP}/backup.service", boot=""), PEOPLE)
    kept = activated_only(found, frozenset({(user_scope("ann"), "backup.service"), (SYSTEM, "other.service")}))
    assert [process.scope for process in kept] == ["user:ann"]


@given(st.binary(max_size=300) | st.text("bpgec 0129\n/.service@", max_size=120).map(str.encode))
def test_any_bytes_are_processes_or_a_parse_error(payload: bytes) -> None:
    try:
        found = parse_processes(payload, PEOPLE)
    except ParseError:
        return
    assert all(len(process.command) <= 1024 and process.unit.endswith(".service") for process in found)
