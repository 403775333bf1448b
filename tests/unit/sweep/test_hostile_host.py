"""Whatever a host answers, its visit ends in an outcome that can be kept and read again: all else ends a sweep."""

import base64
import random
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.model.ids import Sha256
from fleetscan.model.outcome import HostFailure, HostOutcome
from fleetscan.model.snapshot import Artifact, ArtifactKind, HostFacts, HostSnapshot
from fleetscan.probe.assemble import Listing, assemble_listing
from fleetscan.probe.script import ProbeScript
from fleetscan.probe.wire import Frame
from fleetscan.store.codec import decode_value, encode_value
from fleetscan.sweep.known import KnownContents
from fleetscan.sweep.plan import Plan, Planner
from fleetscan.sweep.visit import VisitOptions, Visitor
from fleetscan.systemd.jobs import build_jobs
from tests.fakes import FakeHost, FakeStreams, FakeTransport
from tests.unit.probe.frames import ETC, Entry, complete_visit, frame, walk_and_hashes
from tests.unit.sweep.probed_host import NOW, Lines, ProbedHost, host_named

ANNS = "home/ann/.config/systemd/user"
UNITS = {
    f"{ETC}/backup.timer": b"[Timer]\nOnCalendar=daily\n",
    f"{ETC}/backup.service": b"[Service]\nEnvironment=D=/opt X=\\ud800\nEnvironmentFile=-/opt/env\n"
    b"EnvironmentFile=/opt/env.d/*.env\nExecStart=/bin/sh -c '. /opt/tool.sh; $D/x && exec ../%n'\n"
    b"ExecStart=@/usr/bin/python3 x /opt/tool.sh\nExecStop=+-/opt/\xff\\xfe/\\n\n.include /opt/link\n",
    f"{ETC}/backup.service.d/a.conf": b"[Service]\nExecStartPre=/opt/link/../../x\nWorkingDirectory=-/opt\n",
    f"{ANNS}/own.timer": b"[Timer]\nOnBootSec=1\nUnit=own.service\n",
    f"{ANNS}/own.service": b"[Service]\nExecStart=%h/run.sh\nWorkingDirectory=~\nEnvironmentFile=%h/*\n",
}
LINKS = (
    Entry(path=f"{ETC}/linked.timer", type="l", target="/opt/units/linked.timer"),
    Entry(path=f"{ETC}/backup.timer.d", type="l", target="../../../opt/env.d"),
    Entry(path=f"{ETC}/loop.service", type="l", target="loop.service"),
)
DISK = {
    path: Entry(path=path, type=kind, data=data, target=target, mode="777")
    for path, kind, data, target in (
        ("opt", "d", b"", ""), ("bin", "l", b"", "usr/bin"), ("usr", "d", b"", ""), ("usr/bin", "d", b"", ""),
        ("usr/bin/sh", "l", b"", "dash"), ("usr/bin/dash", "f", b"\x7fELF", ""),
        ("opt/tool.sh", "f", b"#!/bin/sh\n", ""),
        ("opt/env", "f", b"A=1\n", ""), ("opt/env.d", "d", b"", ""), ("opt/env.d/a.env", "f", b"LD_PRELOAD=x\n", ""),
        ("opt/env.d/b.conf", "f", b"[Timer]\nOnCalendar=hourly\n", ""), ("opt/link", "l", b"", "/opt/../opt/./env"),
        ("home", "d", b"", ""), ("home/ann", "d", b"", ""), ("home/ann/run.sh", "p", b"", ""),
    )
}  # fmt: skip
PIECES = (
    b"\n", b"\0", b"//", b" ", b":", b"=", b"-", b"\xff\xfe", b"\xed\xa0\x80", b"\\ud800", b"\\", b"/", b"../", b"%",
    b"!", b"~", b"9" * 30, b"-1", b"0", b"variables", b"exposed", b"user:ann", b"Id=", b"package ",
    b"database rpm\n", b"end ok\n",
    b"a" * 300, b"/a" * 3000, b"[", b"{", b"\"", b"type=EXECVE msg=audit(1.000:1): a0=", b"1e999",
    b"NaN", b"\x1d",
    "\N{SUPERSCRIPT TWO}\N{ARABIC-INDIC DIGIT NINE}".encode(),
)  # fmt: skip
SCOPES = (
    "-",
    "system",
    "user:ann",
    "user:",
    "1000",
    "0",
    "- 1",
    "1000 1",
    "- 999999999",
    "4294967296",
    "x y z",
    "\udc80",
)
STATUSES = ("ok", "denied", "missing", "truncated", "timeout", "failed-1", "failed-137", "x")


class HostileHost(ProbedHost):
    """Answers as the probe does, but now and then something else.

    Args:
        seed: Decides what.
        share: Of the frames that are changed.
    """

    def __init__(self, seed: int, share: float) -> None:
        super().__init__(files=dict(UNITS), links=LINKS, disk=DISK)
        self._random = random.Random(seed)  # noqa: S311 - not for secrets
        self._share = share

    def spoil(self, plain: Frame, sentinel: str) -> bytes:
        """Give the bytes of a frame, perhaps of another one."""
        chance = self._random
        given, detail, length = plain, plain.detail, None
        if chance.random() < self._share:
            data = bytearray(given.payload)
            for _ in range(chance.choice((0, 1, 1, 3, 20))):
                at = chance.randrange(len(data) + 1)
                piece = chance.choice(
                    (*PIECES, sentinel[:6].encode() + b" ", f"@{sentinel} end ok 0 system\n".encode())
                )
                data[at : at + chance.choice((0, 0, 1, len(piece), 40))] = piece
            if chance.random() < 0.1:
                data = data[: chance.randrange(len(data) + 1)]
            scope = chance.choice(SCOPES) if chance.random() < 0.1 else given.scope
            given = replace(given, payload=bytes(data), scope=scope)
            detail = chance.choice(STATUSES) if chance.random() < 0.3 else detail
            length = chance.choice((0, 10**9 - 1)) if chance.random() < 0.01 else None
        size = len(given.payload) if length is None else length
        header = f"@{sentinel} {given.section} {detail} {size} {given.scope}\n"
        return header.encode("utf-8", "surrogateescape") + given.payload + b"\n"

    async def __call__(self, command: str, streams: FakeStreams) -> int | None:
        self.commands.append(command)
        lines = Lines(streams.stdin)
        header = (await lines.line()).split(b" ")
        sentinel = header[2].decode()
        await lines.exactly(int(header[3]))
        self._hashed = []
        sections = self._sections(sentinel)
        if self._random.random() < self._share:
            sections.pop(self._random.randrange(len(sections) - 1))
        for section in sections:
            await streams.stdout.write(self.spoil(section, sentinel))
        while (request := await lines.line()) not in (b"done", b""):
            verb, *words = request.decode().split(" ")
            if verb == "fetch":
                answers: tuple[Frame, ...] = (self._fetched(words),)
            else:
                asked = [(await lines.line()).decode("utf-8", "surrogateescape") for _ in range(int(words[-1]))]
                answers = self._answer_paths(verb, words[0], asked, sentinel)
            for answer in answers:
                await streams.stdout.write(self.spoil(answer, sentinel))
        await streams.stdout.write(self.spoil(frame("end"), sentinel) + self.after)
        return self._random.choice((0, 1, None))

    def _sections(self, sentinel: str) -> list[Frame]:
        """Give a listing whose user's files are read by the user."""
        entries = [Entry(path=path, data=data) for path, data in self.files.items()]
        own = [entry for entry in entries if not entry.path.startswith(ANNS)]
        anns = [replace(entry, uid=1000) for entry in entries if entry.path.startswith(ANNS)]
        self._hashed = [*own, *anns]
        system, user = walk_and_hashes(*own, *self.links), walk_and_hashes(*anns)
        sections = list(complete_visit(walk=system["walk"], hashes=system["hashes"]).values())
        extra = [
            replace(user["walk"], scope="1000"),
            replace(user["hashes"], scope=f"1000 {len(own) + 1}"),
            frame("manager", "UnitPath=/home/ann/.config/systemd/user /srv\nEnvironment=X=1\n", scope="user:ann"),
            frame("attributes", f"told lsattr acl\n----i---- {ANNS}/own.timer\n", scope="1000"),
            frame("timers-text", "", scope="user:ann"),
        ]
        sections[-1:-1] = extra
        token = sentinel[:6].encode() + b" "
        return [replace(given, payload=given.payload.replace(b"012345 ", token)) for given in sections]

    def _fetched(self, numbers: Sequence[str]) -> Frame:
        known = [self._hashed[int(number) - 1] for number in numbers if int(number) <= len(self._hashed)]
        data = b"".join(entry.data for entry in known)
        return frame("content", base64.encodebytes(data), scope=" ".join(numbers))


def read_again(found: HostSnapshot) -> None:
    """Keep what was found as the store does, read it, and build jobs of it."""
    artifacts = decode_value(encode_value(found.artifacts, tuple[Artifact, ...]), tuple[Artifact, ...])
    assert artifacts == found.artifacts
    assert len({artifact.key for artifact in artifacts}) == len(artifacts)
    for value in (found.facts, found.coverage, found.runtime):
        assert decode_value(encode_value(value, type(value)), type(value)) == value
    build_jobs(found.facts, artifacts, found.contents.get, found.coverage)


async def visit(host: HostileHost) -> HostOutcome:
    transport = FakeTransport({host_named().name: FakeHost(host)})
    known = KnownContents(frozenset, lambda _hashes: {})
    script = ProbeScript(b"# a probe\n", Sha256("ab" * 32))
    outcome = await Visitor(transport, script, known, lambda: NOW, VisitOptions(timeout_s=20)).visit(host_named())
    assert transport.open_sessions == 0
    return outcome


@given(seed=st.integers(0, 2**32), share=st.sampled_from((0.02, 0.1, 0.5)))
async def test_every_visit_of_a_hostile_host_ends_in_an_outcome(seed: int, share: float) -> None:
    outcome = await visit(HostileHost(seed, share))
    assert isinstance(outcome, HostSnapshot | HostFailure)
    if isinstance(outcome, HostSnapshot):
        read_again(outcome)


class LongHost(HostileHost):
    """Answers well, at length.

    Args:
        records: In the walk, besides those of its files.
        text: How many services have a long text.
    """

    def __init__(self, records: int = 0, text: int = 0) -> None:
        super().__init__(0, 0.0)
        self._records = records
        line = b"ExecStart=/a" + b"/a" * 500 + b"\n"
        texts = {f"{ETC}/long{number}.service": b"#%d\n[Service]\n" % number + line * 200 for number in range(text)}
        self.files = {**self.files, **texts}

    def _sections(self, sentinel: str) -> list[Frame]:
        sections = super()._sections(sentinel)
        more = "".join(
            f"{sentinel[:6]} f 644 0 0 5 1 1.5 1.5 7 {ETC}/d/u{number}.service//\n" for number in range(self._records)
        )
        walk = next(index for index, section in enumerate(sections) if section.section == "walk")
        sections[walk] = replace(sections[walk], payload=sections[walk].payload + more.encode())
        return sections


@pytest.mark.parametrize(
    ("host", "computes_long"),
    [
        (HostileHost(0, 0.0), set()),
        (LongHost(records=40_000), {"assemble_listing", "plan"}),
        (LongHost(text=12), {"plan"}),
    ],
)
async def test_other_visits_go_on_while_a_long_answer_is_understood(
    monkeypatch: pytest.MonkeyPatch, host: HostileHost, computes_long: set[str]
) -> None:
    in_threads = set()

    def assemble(frames: Sequence[Frame], sentinel: str) -> Listing:
        if threading.current_thread() is not threading.main_thread():
            in_threads.add("assemble_listing")
        return assemble_listing(frames, sentinel)

    class Noted(Planner):
        def plan(self, facts: HostFacts, artifacts: Sequence[Artifact], contents: Mapping[Sha256, bytes]) -> Plan:
            if threading.current_thread() is not threading.main_thread():
                in_threads.add("plan")
            return super().plan(facts, artifacts, contents)

    monkeypatch.setattr("fleetscan.sweep.visit.assemble_listing", assemble)
    monkeypatch.setattr("fleetscan.sweep.visit.Planner", Noted)
    assert isinstance(await visit(host), HostSnapshot)
    assert in_threads == computes_long


async def test_the_host_reaches_every_question_when_it_answers_well() -> None:
    outcome = await visit(HostileHost(0, 0.0))
    assert isinstance(outcome, HostSnapshot)
    read_again(outcome)
    kinds = {artifact.kind for artifact in outcome.artifacts}
    assert {ArtifactKind.PROGRAM, ArtifactKind.ENVIRONMENT, ArtifactKind.LINK, ArtifactKind.LOADED} <= kinds
    assert len(outcome.contents) == len(UNITS) + 2  # a script and a drop-in behind a link, too
