"""The dialogue with one running probe: frames in, requests out."""

from collections.abc import Mapping
from typing import NoReturn

from fleetscan.errors import VisitError
from fleetscan.model.ids import Sha256
from fleetscan.model.outcome import FailureKind
from fleetscan.probe.contents import DONE, Offer, Request, parse_contents, plan_requests, split_request
from fleetscan.probe.questions import Question
from fleetscan.probe.wire import Frame, FrameReader
from fleetscan.sweep.ports import Channel

_READ_BYTES = 256 * 1024


class Dialogue:
    """Speaks with a probe through a channel.

    Args:
        channel: The running command.
        reader: Takes what it prints.
    """

    def __init__(self, channel: Channel, reader: FrameReader) -> None:
        self._channel = channel
        self._reader = reader
        self._pending: list[Frame] = []

    @property
    def bytes_received(self) -> int:
        """Bytes of output so far."""
        return self._reader.bytes_received

    async def send(self, data: bytes) -> None:
        """Send bytes to the probe."""
        await self._channel.write(data)

    async def read_until(self, section: str) -> list[Frame]:
        """Read frames up to and including the first of that section.

        Raises:
            VisitError: The probe ended before.
            ParseError: What it prints is not bounded as it should be.
        """
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

    async def ask(self, question: Question, section: str) -> list[Frame]:
        """Ask about paths; give the frames of the answer, the one of that section last."""
        await self.send(question.data)
        return await self.read_until(section)

    async def fetch(self, offers: Mapping[Sha256, Offer], wanted: frozenset[Sha256]) -> dict[Sha256, bytes]:
        """Ask for contents in batches, and once more by themselves for those that did not come as announced."""
        contents: dict[Sha256, bytes] = {}
        for request in plan_requests(offers, wanted):
            found = await self._request(request)
            if len(found) < len(request.expected) > 1:
                for single in split_request(request):
                    if single.expected[0][0] not in found:
                        found |= await self._request(single)
            contents |= found
        return contents

    async def _request(self, request: Request) -> dict[Sha256, bytes]:
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

    async def _explain_end(self) -> NoReturn:
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
            hint="The account may have no shell (nologin) or a forced command; /bin/sh must be allowed to run. "
            "Where the probe is installed, say `probe: installed` in the inventory.",
        )
