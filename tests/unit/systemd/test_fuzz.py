"""Any bytes into every parser: nothing comes out but a value or a `ParseError`."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fleetscan.probe
import fleetscan.systemd
from fleetscan.errors import ParseError, VisitError
from fleetscan.model.coverage import ReadStatus
from fleetscan.model.ids import SYSTEM, Sha256
from fleetscan.model.origin import Origin
from fleetscan.model.unit import Directive
from fleetscan.probe.assemble import assemble_listing
from fleetscan.probe.attributes import parse_attributes
from fleetscan.probe.audit_rules import parse_audit_rules
from fleetscan.probe.contents import Offer, Request, parse_contents
from fleetscan.probe.facts import parse_facts
from fleetscan.probe.managers import read_managers
from fleetscan.probe.mounts import parse_mounts
from fleetscan.probe.packages import parse_packages
from fleetscan.probe.people import People, parse_people
from fleetscan.probe.processes import parse_processes
from fleetscan.probe.times import parse_times
from fleetscan.probe.traces import parse_audit_log, parse_journal
from fleetscan.probe.walk import parse_hashes, parse_walk
from fleetscan.probe.wire import Frame, FrameReader
from fleetscan.systemd.cadence import next_runs
from fleetscan.systemd.calendar import normalise_calendar
from fleetscan.systemd.dbus_services import parse_dbus_service
from fleetscan.systemd.exec_check import check_exec
from fleetscan.systemd.exec_line import parse_exec
from fleetscan.systemd.list_timers import parse_list_timers_json, parse_list_timers_text
from fleetscan.systemd.listing import load_objects, split_rows
from fleetscan.systemd.merge import merge_directives
from fleetscan.systemd.names import expand_specifiers, is_unit_name, unescape_unit_name
from fleetscan.systemd.os_release import parse_os_release, parse_systemd_version
from fleetscan.systemd.references import parse_references
from fleetscan.systemd.refusal import find_fatal_fault
from fleetscan.systemd.shell_text import find_commands
from fleetscan.systemd.show import parse_show, stable_properties
from fleetscan.systemd.syntax import parse_unit
from fleetscan.systemd.timespan import parse_timespan
from fleetscan.systemd.udev_rules import parse_udev_rules
from fleetscan.systemd.unit_files import parse_unit_files_json, parse_unit_files_text
from tests.unit.systemd.host_disk import HostDisk

SENTINEL = "0123456789abcdef0123456789abcdef"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PEOPLE = People(names={0: "root"}, groups={}, homes={"/home/a": "a"}, runtime={}, gaps=())
HASH = Sha256("0" * 64)
SECTIONS = (
    "facts", "os-release", "systemd", "users", "homes", "runtimes", "denied", "walk", "hashes", "timers",
    "timers-json", "unit-files", "show", "attributes", "mounts", "packages", "processes", "journal", "audit",
    "audit-rules",
)  # fmt: skip
# Pieces of all grammars at once: what is sense to one parser is nonsense to its neighbour.
PIECES = (
    b"\n", b"\n\n", b"\r\n", b"\0", b" ", b"\t", b"\x0b", b"=", b"[Service]", b"[Timer]\n", b"ExecStart=",
    b"OnCalendar=", b"Unit=", b"\\", b"\\\n", b"\\x41", b"\\ud800", b"\\U00110000", b"\\777", b'"', b"'", b";", b"#",
    b"%", b"%i", b"%I", b"/", b"..", b"@", b"a.timer", b"b@c.service", b"-", b"~", b"*", b":", b",", b"*-*-* 04:00:00",
    b"Mon", b"UTC", b"Europe/Berlin", b"9" * 30, b"18446744073709551615", b"4294967296", b"-1", b"1.5", b"infinity",
    b"5min", b"\xce\xbcs", b"[", b"]", b"{", b"}", b'[{"unit":"a.timer","next":', b'"activates":["', b"null", b"true",
    b"1e999", b"\xff\xfe", b"\xed\xa0\x80", b"\xc3\xa9", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\x1b[31m", b"{ path=",
    b" ; argv[]=", b" }", b"Id=", b"TimersCalendar=", b"NEXT LEFT\n", b"1 timers listed.",
    b"Mon 2026-01-05 00:00:00 UTC", b"XXXX-XX-XX XX:XX:XX", b"n/a", b"enabled", b"ID=debian\n", b"systemd 252",
    b"0m1.5s 0m2.5s", b"." * 9, SENTINEL.encode(), b"@" + SENTINEL.encode() + b" facts ok 3 system\n",
    b"root:x:0:0::/:", b"type=EXECVE msg=audit(1700000000.123:45): ", b"argc=1 a0=", b'{"MESSAGE":"',
    b"__REALTIME_TIMESTAMP", b"-w /etc -p wa", b"\xd9\xa5", b"\xc2\xb2", b"ENV{SYSTEMD_WANTS}", b'+="',
    b"SystemdService=", b"tmpfs", b"\\040", b"f 644 0 0 1", b"0" * 64,
)  # fmt: skip


def text_of(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def directive(data: bytes, section: str, key: str) -> Directive:
    return Directive(section, key, text_of(data), Origin("x", 1))


def frame(section: str, data: bytes, scope: str = "system") -> Frame:
    return Frame(section, scope, ReadStatus.OK, "ok", data)


def assemble(data: bytes) -> object:
    try:
        return assemble_listing([frame(section, data) for section in SECTIONS], SENTINEL)
    except VisitError as error:  # a host without systemd is an outcome
        return error


def feed(data: bytes) -> object:
    reader = FrameReader(SENTINEL, max_bytes=10_000)
    return [reader.feed(data[:7]), reader.feed(data[7:]), reader.rest]


def resolve(data: bytes) -> object:
    disk = HostDisk().write("/etc/systemd/system/a@.timer", data).write("/etc/systemd/system/a@.service", data)
    disk.write("/etc/systemd/system/a@.service.d/b.conf", data)
    return disk.resolve("a@b.timer"), disk.resolve("a@b.service"), disk.resolve("a@.service")


def merge(data: bytes) -> object:
    keys = (("Service", "ExecStart"), ("Timer", "Unit"), ("Timer", "AccuracySec"), ("Service", "Type"), ("X", "Y"))
    return merge_directives([directive(data, *place) for place in keys], names=("a.timer",))


PARSERS: dict[str, Callable[[bytes], object]] = {
    "parse_unit": lambda data: [parse_unit(data, path="x", systemd_version=v) for v in (0, 219, 239, 245, 252)],
    "parse_references": lambda data: parse_references(data, 252),
    "parse_udev_rules": parse_udev_rules,
    "parse_dbus_service": parse_dbus_service,
    "parse_show": lambda data: [stable_properties(block) for block in parse_show(data)],
    "parse_list_timers_json": lambda data: parse_list_timers_json(data, systemd_version=0, scope=SYSTEM),
    "parse_list_timers_text": lambda data: parse_list_timers_text(data, SYSTEM),
    "parse_unit_files_json": parse_unit_files_json,
    "parse_unit_files_text": parse_unit_files_text,
    "split_rows": lambda data: split_rows(data, "NEXT "),
    "load_objects": load_objects,
    "parse_os_release": parse_os_release,
    "parse_systemd_version": parse_systemd_version,
    "parse_attributes": lambda data: parse_attributes(data, SENTINEL, truncated=False),
    "parse_audit_rules": parse_audit_rules,
    "parse_mounts": lambda data: parse_mounts(data, truncated=True),
    "parse_processes": lambda data: parse_processes(data, PEOPLE),
    "parse_times": parse_times,
    "parse_journal": lambda data: parse_journal(data, PEOPLE),
    "parse_audit_log": lambda data: parse_audit_log(data, PEOPLE),
    "parse_walk": lambda data: parse_walk(data, SENTINEL, truncated=False),
    "parse_hashes": lambda data: [*parse_hashes(data, "-", 1, truncated=False)],
}
"""Parsers of bytes, by their names; those of text, of frames and of several values at once stand below."""

OTHERS: dict[str, Callable[[bytes], object]] = {
    "normalise_calendar": lambda data: next_runs(normalise_calendar(text_of(data)), NOON, "UTC", 2),
    "parse_timespan": lambda data: parse_timespan(text_of(data)),
    "parse_exec": lambda data: parse_exec(directive(data, "Service", "ExecStart")),
    "check_exec": lambda data: [check_exec(text_of(data), "a@b.service", version) for version in (0, 219, 252, 262)],
    "find_fatal_fault": lambda data: find_fatal_fault(directive(data, "Service", "User"), ("a.service",)),
    "merge_directives": merge,
    "names": lambda data: (
        is_unit_name(text_of(data)),
        unescape_unit_name(text_of(data)),
        expand_specifiers(text_of(data), "a@b.timer"),
    ),
    "find_commands": lambda data: find_commands(text_of(data)),
    "resolve_unit": resolve,
    "FrameReader": feed,
    "assemble_listing": assemble,
    "parse_facts": lambda data: parse_facts({(name, "system"): frame(name, data) for name in SECTIONS}),
    "parse_people": lambda data: parse_people(frame("users", data), frame("homes", data), frame("runtimes", data)),
    "parse_packages": lambda data: parse_packages(frame("packages", data), {"/usr/bin/x": HASH}, merged_usr=True),
    "read_managers": lambda data: read_managers(
        {(name, "system"): frame(name, data) for name in SECTIONS}, 252, merged_usr=True
    ),
    "parse_contents": lambda data: parse_contents(Request(((HASH, Offer(1, 3)),)), frame("content", data, "1")),
}


def list_parsers() -> Iterator[str]:
    """Give the public functions of both rooms that make sense of bytes."""
    for package in (fleetscan.systemd, fleetscan.probe):
        for info in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(info.name)
            for name, function in inspect.getmembers(module, inspect.isfunction):
                parameters = [*inspect.signature(function).parameters.values()]
                is_own = function.__module__ == info.name and not name.startswith("_")
                if is_own and parameters and parameters[0].annotation is bytes:
                    yield name


def test_no_parser_of_bytes_is_left_out() -> None:
    assert set(list_parsers()) <= PARSERS.keys()


@pytest.mark.parametrize("name", [*PARSERS, *OTHERS])
@settings(max_examples=120, deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=6), max_size=12).map(b"".join))
def test_any_bytes_give_a_value_or_a_parse_error(name: str, data: bytes) -> None:
    with suppress(ParseError):
        (PARSERS | OTHERS)[name](data)
