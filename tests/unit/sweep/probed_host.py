"""A scripted host that speaks the probe's side of the dialogue."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from fleetscan.model.digest import digest_bytes
from fleetscan.model.host import Connection, Host, Owner
from fleetscan.model.ids import HostName
from fleetscan.probe.wire import Frame
from fleetscan.sweep.known import KnownContents
from tests.fakes import FakePipe, FakeStreams
from tests.unit.probe.frames import ETC, Entry, complete_visit, encode, frame, walk_and_hashes

NOTHING_NEW = KnownContents(lambda _hashes: frozenset(), lambda _hashes: {})
NOW = datetime(2026, 3, 4, 7, 8, 9, tzinfo=UTC)
TIMES = b"0m0.010s 0m0.020s\n0m0.100s 0m0.200s\n"
TIMER, SERVICE = b"[Timer]\nOnCalendar=daily\n", b"[Service]\nExecStart=/usr/bin/backup\n"
FILES = {f"{ETC}/backup.timer": TIMER, f"{ETC}/backup.service": SERVICE}


def host_named(
    name: str = "web-01", *, visit_timeout_s: float | None = None, domain: str = "", sudo: bool = False
) -> Host:
    return Host(
        name=HostName(name),
        address="127.0.0.1",
        connection=Connection(user="scan", sudo=sudo, visit_timeout_s=visit_timeout_s),
        owner=Owner("ops", "ops@example.org"),
        failure_domain=domain,
    )


class Lines:
    """Reads a pipe by line or by count."""

    def __init__(self, pipe: FakePipe) -> None:
        self._pipe = pipe
        self._held = b""

    async def line(self) -> bytes:
        while b"\n" not in self._held:
            data = await self._pipe.read(65536)
            if not data:
                return b""
            self._held += data
        line, _, self._held = self._held.partition(b"\n")
        return line

    async def exactly(self, count: int) -> bytes:
        while len(self._held) < count:
            self._held += await self._pipe.read(65536)
        data, self._held = self._held[:count], self._held[count:]
        return data


@dataclass(kw_only=True)
class ProbedHost:
    """The program of a `FakeHost` that answers as the probe does.

    Attributes:
        files: What is hashed, by path.
        read: What is read when contents are asked for, where that differs.
        changed: Sections that differ from a complete visit.
        before: Printed before the first frame.
        requests: Lines that were received after the script, without the paths that follow some of them.
        links: What is walked besides the files.
        disk: What lies elsewhere, by path relative to the root.
    """

    files: Mapping[str, bytes] = field(default_factory=lambda: dict(FILES))
    read: Mapping[str, bytes] = field(default_factory=dict)
    changed: Mapping[str, Frame | None] = field(default_factory=dict)
    before: bytes = b""
    after: bytes = TIMES
    commands: list[str] = field(default_factory=list)
    headers: list[bytes] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)
    links: tuple[Entry, ...] = ()
    disk: Mapping[str, Entry] = field(default_factory=dict)
    _hashed: list[Entry] = field(default_factory=list)

    async def __call__(self, command: str, streams: FakeStreams) -> int | None:
        self.commands.append(command)
        lines = Lines(streams.stdin)
        header = await lines.line()
        self.headers.append(header)
        sentinel = header.split(b" ")[2].decode()
        await lines.exactly(int(header.split(b" ")[3]))
        await streams.stdout.write(self.before + self._listing(sentinel))
        while (request := await lines.line()) not in (b"done", b""):
            self.requests.append(request)
            verb, *words = request.decode().split(" ")
            answers: tuple[Frame, ...]
            if verb == "fetch":
                answers = (self._answer(request),)
            else:
                asked = [(await lines.line()).decode() for _ in range(int(words[-1]))]
                answers = self._answer_paths(verb, words[0], asked, sentinel)
            for answer in answers:
                await streams.stdout.write(encode(answer, sentinel))
        self.requests.append(request)
        await streams.stdout.write(encode(frame("end"), sentinel) + self.after)
        return 0

    def _answer_paths(self, verb: str, reader: str, asked: list[str], sentinel: str) -> tuple[Frame, ...]:
        found = [self.disk[path] for path in asked if path in self.disk]
        if verb == "stat":
            records = "".join(entry.record for entry in found).replace("012345 ", f"{sentinel[:6]} ")
            return (frame("stat", records, scope=reader),)
        if verb == "list":
            inside = [entry for path, entry in self.disk.items() if path.rpartition("/")[0] in asked]
            records = "".join(entry.record for entry in inside).replace("012345 ", f"{sentinel[:6]} ")
            return (frame("list", records, scope=reader),)
        if verb == "hash":
            first = len(self._hashed) + 1
            self._hashed += [entry for entry in found if entry.type == "f" and entry.hashed]
            new = self._hashed[first - 1 :]
            lines = "".join(f"{digest_bytes(entry.data)}  {entry.path}\n" for entry in new)
            marks = "".join("#!" if entry.data.startswith(b"#!") else ".." for entry in new)
            return (frame("hashes", lines, scope=f"{reader} {first}"), frame("marks", marks, scope=reader))
        if verb == "packages":
            return (frame("packages", "database dpkg\nend ok\n"),)
        return (frame(verb, scope=reader),)

    def _listing(self, sentinel: str) -> bytes:
        self._hashed = [Entry(path=path, data=data) for path, data in self.files.items()]
        walked = walk_and_hashes(*self._hashed, *self.links)
        records = walked["walk"].payload.replace(b"012345 ", sentinel[:6].encode() + b" ")
        walked["walk"] = replace(walked["walk"], payload=records)
        return b"".join(encode(given, sentinel) for given in complete_visit(**{**walked, **self.changed}).values())

    def _answer(self, request: bytes) -> Frame:
        numbers = request.decode().split(" ")[1:]
        hashed = [self._hashed[int(number) - 1] for number in numbers]
        data = b"".join(self.read.get(entry.path, entry.data) for entry in hashed)
        return frame("content", base64.encodebytes(data), scope=" ".join(numbers))
