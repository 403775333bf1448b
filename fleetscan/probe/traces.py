"""What the journal and the audit log tell of transient units that may be gone."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from fleetscan.model.ids import UnitName
from fleetscan.model.snapshot import RunTrace, TraceSource
from fleetscan.probe.people import People

_MAX_COMMAND = 1024
_MAX_UNIT = 255
_LATEST_S = 253_402_300_799  # year 9999
_UNSET_UID = 4_294_967_295
_EVENTS = {
    "39f53479d3a045ac8e11786248231fbf": "started",
    "be02cf6855d2428ba40df7e9d022f03d": "failed",
    "7ad2d189f7e94e70a38c781354912448": "ended",
    "d9b373ed55a64feb8242e02dbe79a49c": "ended",
}
_SAID = re.compile(r"(?:Started|Finished|Failed to start) (.*)\.", re.DOTALL)
_MADE_BY_RUN = "[systemd-run] "
_RECORD = re.compile(rb"type=([A-Z_]{1,32}) msg=audit\((\d{1,12})\.(\d{3}):(\d{1,20})\): ?(.*)", re.DOTALL)
_WORD = re.compile(rb'(?:^| )a(\d{1,5})(?:\[(\d{1,5})\])?=(?:"([^"]*)"|([0-9A-F]+))(?= |$)')
_SERVICE = re.compile(rb"[ ']unit=([^ '\"]{1,255})")
_NUMBER = re.compile(rb" (a?uid)=(\d{1,10})(?= |$)")
_PROGRAM = re.compile(rb' exe="([^"]{1,4096})"')


@dataclass(frozen=True, slots=True)
class TraceLog:
    """What one log gave.

    Attributes:
        traces: Oldest first.
        unread: Records that could not be understood.
    """

    traces: tuple[RunTrace, ...] = ()
    unread: int = 0


def parse_journal(payload: bytes, people: People) -> TraceLog:
    """Read records of the journal, JSON, one a line.

    Only fields that the journal itself adds are believed: a record about a unit of the system must come from process 1,
    and one about a user's unit is that of the account that wrote it. What others wrote is left out.

    Source:
        systemd.journal-fields(7); journal export formats, JSON; systemd's catalog for the message ids.
    """
    traces = []
    unread = 0
    for line in payload.split(b"\n"):
        if not line:
            continue
        record = _load(line)
        at = None if record is None else _instant(_text(record, "__REALTIME_TIMESTAMP"), 1_000_000)
        if record is None or at is None:
            unread += 1
        elif (trace := _journal_trace(record, at, people)) is not None:
            traces.append(trace)
    return TraceLog(_sorted(traces), unread)


def _journal_trace(record: Mapping[str, object], at: datetime, people: People) -> RunTrace | None:
    event = _EVENTS.get(_text(record, "MESSAGE_ID"))
    unit, user = _text(record, "UNIT"), ""
    if not unit:
        unit, uid = _text(record, "USER_UNIT"), _text(record, "_UID")
        if not uid.isascii() or not uid.isdecimal() or len(uid) > 10:
            return None
        user = people.owner_name(int(uid))
    elif _text(record, "_PID") != "1":
        return None
    if event is None or not unit or len(unit) > _MAX_UNIT:
        return None
    command = _command(_text(record, "MESSAGE"), unit)
    return RunTrace(source=TraceSource.JOURNAL, at=at, unit=UnitName(unit), command=command, user=user, event=event)


def _command(message: str, unit: str) -> str:
    """Take the command line from what systemd said: the description that systemd-run gives when it is given none.

    247 leaves the unit's name out, 257 marks the description with systemd-run's name.
    """
    match = _SAID.fullmatch(message)
    text = "" if match is None else match[1].removeprefix(f"{unit} - ")
    if text.startswith(_MADE_BY_RUN):
        return text.removeprefix(_MADE_BY_RUN)[:_MAX_COMMAND]
    return text[:_MAX_COMMAND] if text.startswith(("/", '"/')) else ""


def _load(line: bytes) -> Mapping[str, object] | None:
    try:
        value = json.loads(line.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _text(record: Mapping[str, object], name: str) -> str:
    """Give a field as text. What is not printable comes as numbers of bytes; what is too long, as null."""
    value = record.get(name)
    if isinstance(value, list):
        if all(isinstance(byte, int) and 0 <= byte <= 255 for byte in value):
            return bytes(value).decode("utf-8", "surrogateescape")
        value = value[0]  # a field that was given more than once
    return value if isinstance(value, str) else ""


@dataclass(slots=True)
class _Event:
    """The records of one audit event."""

    at: datetime
    uids: dict[bytes, int] = field(default_factory=dict)
    program: str = ""
    words: list[tuple[int, int, str]] = field(default_factory=list)


def parse_audit_log(payload: bytes, people: People) -> TraceLog:
    """Read records of the audit log: what ran systemd-run, by whom, and which services began and ended.

    Source:
        ausearch(8); the audit message dictionary, EXECVE, SYSCALL, SERVICE_START. Arguments that hold a space or an odd
        byte are written in hexadecimal.
    """
    traces = []
    unread = 0
    events: dict[tuple[bytes, ...], _Event] = {}
    for line in payload.split(b"\n"):
        if not line or line == b"absent":
            continue
        match = _RECORD.fullmatch(line)
        at = None if match is None else _instant((match[2] + match[3]).decode("ascii"), 1000)
        if match is None or at is None:
            unread += 1
            continue
        # an enriched record repeats its fields with names behind this byte
        kind, rest = match[1].decode("ascii"), b" " + match[5].partition(b"\x1d")[0]
        if kind in ("SYSCALL", "EXECVE"):
            _add_record(events.setdefault((match[2], match[3], match[4]), _Event(at)), kind, rest)
        elif (named := _SERVICE.search(rest)) is not None:
            unit = UnitName(f"{_decode(named[1])}.service")
            traces.append(RunTrace(source=TraceSource.AUDIT, at=at, unit=unit, command="", user="", event=kind))
        else:
            unread += 1
    traces.extend(_audit_traces(events, people))
    return TraceLog(_sorted(traces), unread)


def _add_record(event: _Event, kind: str, rest: bytes) -> None:
    if kind == "SYSCALL":
        event.uids = {name: int(number) for name, number in _NUMBER.findall(rest)}
        program = _PROGRAM.search(rest)
        event.program = "" if program is None else _decode(program[1])
        return
    for index, part, quoted, hexadecimal in _WORD.findall(rest):
        text = quoted if not hexadecimal else bytes.fromhex(hexadecimal[: len(hexadecimal) // 2 * 2].decode("ascii"))
        event.words.append((int(index), int(part or 0), _decode(text)))


def _audit_traces(events: Mapping[tuple[bytes, ...], _Event], people: People) -> Iterator[RunTrace]:
    for event in events.values():
        words: dict[int, str] = {}
        for index, _, text in sorted(event.words):
            words[index] = words.get(index, "") + text
        login = event.uids.get(b"auid", _UNSET_UID)
        uid = event.uids.get(b"uid") if login == _UNSET_UID else login
        yield RunTrace(
            source=TraceSource.AUDIT,
            at=event.at,
            unit=UnitName(""),
            command=(" ".join(words.values()) or event.program)[:_MAX_COMMAND],
            user="" if uid is None else people.owner_name(uid),
            event="EXECVE" if words else "SYSCALL",
        )


def _sorted(traces: list[RunTrace]) -> tuple[RunTrace, ...]:
    return tuple(sorted(traces, key=lambda trace: (trace.at, trace.unit, trace.event, trace.command)))


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _instant(digits: str, per_second: int) -> datetime | None:
    if not digits.isascii() or not digits.isdecimal() or len(digits) > 19:
        return None
    seconds, rest = divmod(int(digits), per_second)
    if seconds > _LATEST_S:
        return None
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest * (1_000_000 // per_second))
