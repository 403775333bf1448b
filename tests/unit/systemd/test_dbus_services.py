import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.systemd.dbus_services import DbusService, parse_dbus_service


def test_a_service_file_names_the_unit_to_start() -> None:
    text = b"# x\n[D-BUS Service]\nName=org.example.A\nExec=/bin/false\nUser=root\nSystemdService = a.service \n"
    assert parse_dbus_service(text) == DbusService("a.service", 6)


def test_without_a_unit_the_bus_runs_the_program_itself() -> None:
    assert parse_dbus_service(b"[D-BUS Service]\nName=org.example.A\nExec=/bin/x\n") == DbusService("", 0)


@pytest.mark.parametrize("text", ["SystemdService=a.service\n", "[Other]\nSystemdService=a.service\n", ""])
def test_only_the_group_of_the_bus_counts(text: str) -> None:
    assert parse_dbus_service(text.encode()).unit == ""


def test_the_last_assignment_counts() -> None:
    text = b"[D-BUS Service]\nSystemdService=a.service\nSystemdService=b.service\n"
    assert parse_dbus_service(text) == DbusService("b.service", 3)


@given(st.binary(max_size=200))
def test_no_bytes_raise(data: bytes) -> None:
    parse_dbus_service(data)
    parse_dbus_service(b"[D-BUS Service]\nSystemdService=" + data)
