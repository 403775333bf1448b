"""One visit: connect, send the probe, read what it says, fetch unseen contents. Every end of it is an outcome."""

import asyncio
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fleetscan.errors import ParseError, VisitError
from fleetscan.model.coverage import Area, Coverage, Gap, ReadStatus
from fleetscan.model.host import Host
from fleetscan.model.ids import SYSTEM, Clock, Sha256
from fleetscan.model.outcome import FailureKind, HostFailure, HostOutcome
from fleetscan.model.snapshot import Artifact, HostSnapshot, RuntimeState
from fleetscan.probe.assemble import Listing, assemble_listing
from fleetscan.probe.contents import DONE, Request, parse_contents, plan_requests, split_request
from fleetscan.probe.launch import plan_launch
from fleetscan.probe.script import ProbeScript
from fleetscan.probe.times import parse_times
from fleetscan.probe.wire import Frame, FrameReader
from fleetscan.sweep.ports import Channel, Session, Transport

_READ_BYTES = 256 * 1024

WantedContents = Callable[[Iterable[Sha256]], frozenset[Sha256]]
"""Tells which of these contents the store does not have yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitOptions:
    """Limits of one visit.

    Attributes:
        timeout_s: Seconds for everything, unless the host's own settings say otherwise.
        max_output_bytes: Most bytes to take from one host.
    """

    timeout_s: float = 60.0
    max_output_bytes: int = 64 * 1024 * 1024


class Visitor:
    """Visits hosts, one call each; holds what all visits of a run share.

    Args:
        transport: Makes sessions.
        script: What runs on the hosts.
        wanted: Which contents are new.
        clock: Now.
        options: Limits.
    """

    def __init__(
        self, transport: Transport, script: ProbeScript, wanted: WantedContents, clock: Clock, options: VisitOptions
    ) -> None:
        self._transport = transport
        self._script = script
        self._wanted = wanted
        self._clock = clock
        self._options = options

    async def visit(self, host: Host) -> HostOutcome:
        """Visit one host. Never raises for anything that the host or the network does; bugs do propagate."""
        started_at, began = self._clock(), time.monotonic()
        timeout_s = host.connection.visit_timeout_s or self._options.timeout_s
        try:
            async with asyncio.timeout(timeout_s):
                return await self._visit(host, began)
        except TimeoutError:
            error = VisitError(
                FailureKind.TIMEOUT,
                f"no complete answer within {timeout_s:g} s",
                hint="If the host is merely slow, raise visit_timeout for it in the inventory or use --timeout.",
            )
        except ParseError as parse_error:
            error = VisitError(FailureKind.PROTOCOL_ERROR, parse_error.message, hint=parse_error.hint)
        except VisitError as visit_error:
            error = visit_error
        return HostFailure(
            host=host.name,
            kind=error.kind,
            reason=error.message,
            evidence=error.evidence,
            hint=error.hint,
            started_at=started_at,
            duration_s=time.monotonic() - began,
        )

    async def _visit(self, host: Host, began: float) -> HostSnapshot:
        async with self._transport.connect(host) as session:
            return await self._converse(host, session, began)

    async def _converse(self, host: Host, session: Session, began: float) -> HostSnapshot:
        sentinel = secrets.token_hex(16)
        launch = plan_launch(self._script, host.connection, sentinel)
        taken_at = self._clock()
        async with session.run(launch.command) as channel:
            conversation = _Conversation(channel, FrameReader(sentinel, max_bytes=self._options.max_output_bytes))
            await conversation.send(launch.first_input)
            frames = await conversation.read_until("ready")
            launch.verify(frames)
            listing = assemble_listing(frames, sentinel)
            wanted = self._wanted(listing.offers)
            contents = await conversation.fetch(listing, wanted)
            tail = await conversation.finish()
        gaps = [*listing.gaps, *_unfetched(listing, wanted - contents.keys())]
        return HostSnapshot(
            host=host.name,
            facts=listing.facts,
            artifacts=listing.artifacts,
            coverage=Coverage.of(gaps),
            runtime=RuntimeState(
                timers=listing.timers,
                times=listing.times,
                remote_at=listing.remote_at,
                host_cpu_s=parse_times(tail),
                bytes_received=conversation.bytes_received,
            ),
            taken_at=taken_at,
            duration_s=time.monotonic() - began,
            host_key=session.host_key,
            contents=contents,
        )


class _Conversation:
    """The dialogue with one running probe."""

    def __init__(self, channel: Channel, reader: FrameReader) -> None:
        self._channel = channel
        self._reader = reader
        self._pending: list[Frame] = []

    @property
    def bytes_received(self) -> int:
        return self._reader.bytes_received

    async def send(self, data: bytes) -> None:
        await self._channel.write(data)

    async def read_until(self, section: str) -> list[Frame]:
        """Read frames up to and including the one of that section."""
        frames: list[Frame] = []
        while True:
            while self._pending:
                frame = self._pending.pop(0)
                frames.append(frame)
                if frame.section == section:
                    return frames
            data = await self._channel.read(_READ_BYTES)
            if not data:
                await self._explain_end()
            self._pending += self._reader.feed(data)

    async def fetch(self, listing: Listing, wanted: frozenset[Sha256]) -> dict[Sha256, bytes]:
        """Ask for contents in batches, and once more by themselves for those that did not come as announced."""
        contents: dict[Sha256, bytes] = {}
        for request in plan_requests(listing.offers, wanted):
            found = await self._ask(request)
            if len(found) < len(request.expected) > 1:
                for single in split_request(request):
                    if single.expected[0][0] not in found:
                        found |= await self._ask(single)
            contents |= found
        return contents

    async def _ask(self, request: Request) -> dict[Sha256, bytes]:
        await self.send(request.line)
        frame = (await self.read_until("content"))[-1]
        return parse_contents(request, frame) if frame.scope == request.numbers else {}

    async def finish(self) -> bytes:
        """End the dialogue; give what follows the last frame."""
        await self.send(DONE)
        await self.read_until("end")
        while data := await self._channel.read(_READ_BYTES):
            self._reader.feed(data)
        await self._channel.wait_closed()
        return bytes(self._reader.noise) + self._reader.rest

    async def _explain_end(self) -> None:
        """Say why a probe ended before its last frame.

        Raises:
            VisitError: Always.
        """
        status = await self._channel.wait_closed()
        last = (bytes(self._reader.noise) + self._reader.rest + b"\n" + self._channel.stderr_tail()).strip()
        said = last[-300:].decode("utf-8", "backslashreplace").strip().replace("\n", " | ")
        evidence = (f"the host said: {said}",) if said else ()
        if status is None:
            raise VisitError(
                FailureKind.PROTOCOL_ERROR,
                "the connection was lost before the probe ended",
                evidence=evidence,
                hint="Try again; if it repeats, look for a session limit or a killed process on the host.",
            )
        raise VisitError(
            FailureKind.PROTOCOL_ERROR,
            f"the probe did not run to its end (exit status {status})",
            evidence=evidence,
            hint="The account may have no shell (nologin) or a forced command; /bin/sh must be allowed to run.",
        )


def _unfetched(listing: Listing, missing: frozenset[Sha256]) -> Iterable[Gap]:
    """Give a gap for every file whose content was wanted and did not come as its hash promised."""
    if not missing:
        return
    scopes = {artifact.name: artifact.scope for artifact in listing.artifacts if _is_file(artifact)}
    for sha256 in missing:
        for path in listing.paths.get(sha256, ()):
            yield Gap(
                Area.CONTENT,
                scopes.get(path, SYSTEM),
                ReadStatus.CHANGED,
                path,
                "its bytes are not those that were hashed",
            )


def _is_file(artifact: Artifact) -> bool:
    return artifact.sha256 is not None
