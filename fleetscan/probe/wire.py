"""Frames ↔ bytes. Everything that arrives is bounded, nothing of it is trusted.

A frame is `@SENTINEL SECTION STATUS LENGTH SCOPE`, a newline, LENGTH bytes, a newline. The sentinel is random and new
for every visit, so file contents and names cannot imitate a frame. Whatever stands before the first frame (a login
shell that prints, with or without a line end) or between two frames is noise: skipped and counted.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from fleetscan.errors import ParseError
from fleetscan.model.coverage import ReadStatus

MAX_NOISE_BYTES = 256 * 1024
MAX_FRAMES = (
    50_000  # a host has some fifteen, three more for each user who is logged in, one for each batch of contents
)
MAX_FRAME_BYTES = 17 * 1024 * 1024

_STATUS = {
    "ok": ReadStatus.OK,
    "denied": ReadStatus.DENIED,
    "missing": ReadStatus.MISSING_TOOL,
    "truncated": ReadStatus.TRUNCATED,
    "timeout": ReadStatus.TIMED_OUT,
}


@dataclass(frozen=True, slots=True)
class Frame:
    """One section as it arrived.

    Attributes:
        section: `facts`, `walk`, …
        scope: `system` or `user:NAME`; for contents the numbers of the files.
        status: How the probe says that reading it ended; `failed` when the frame itself is damaged.
        detail: The probe's own word for the status (`failed-1` carries an exit status).
        payload: The bytes.
    """

    section: str
    scope: str
    status: ReadStatus
    detail: str
    payload: bytes


Frames = Mapping[tuple[str, str], Frame]
"""Frames by section and scope; the first of each counts."""


class FrameReader:
    """Takes bytes in pieces of any size and gives whole frames.

    Args:
        sentinel: The one that was sent in the header.
        max_bytes: Most bytes to accept in all.
    """

    def __init__(self, sentinel: str, *, max_bytes: int) -> None:
        self._mark = b"@" + sentinel.encode("ascii") + b" "
        self._header = re.compile(
            re.escape(self._mark) + rb"([a-z-]{1,32}) ([a-z0-9-]{1,32}) (\d{1,9}) ([^\n]{0,4096})\n"
        )
        self._buffer = bytearray()
        self._max_bytes = max_bytes
        self.bytes_received = 0
        self.noise = bytearray()
        self._frames = 0

    @property
    def rest(self) -> bytes:
        """What has arrived and is not part of a frame yet."""
        return bytes(self._buffer)

    def feed(self, data: bytes) -> list[Frame]:
        """Take the next bytes and give the frames that they complete.

        Raises:
            ParseError: Too many bytes or frames, too much noise, or a frame of impossible size.
        """
        self.bytes_received += len(data)
        if self.bytes_received > self._max_bytes:
            raise ParseError(f"more than {self._max_bytes} bytes of output")
        self._buffer += data
        frames = []
        while (frame := self._next_frame()) is not None:
            self._frames += 1
            if self._frames > MAX_FRAMES:
                raise ParseError(f"more than {MAX_FRAMES} sections")
            frames.append(frame)
        return frames

    def _next_frame(self) -> Frame | None:
        start = self._buffer.find(self._mark)
        # what is left when there is no mark may be the beginning of one
        self._skip(start if start >= 0 else len(self._buffer) - len(self._mark) + 1)
        if start < 0:
            return None
        match = self._header.match(self._buffer)
        if match is None:
            if b"\n" in self._buffer or len(self._buffer) > 8192:
                raise ParseError("a frame header cannot be read")
            return None
        section, status, length, scope = (group.decode("utf-8", "surrogateescape") for group in match.groups())
        size = int(length)
        if size > MAX_FRAME_BYTES:
            raise ParseError(f"section {section} claims {size} bytes")
        end = match.end() + size
        if len(self._buffer) <= end:
            return None
        payload = bytes(self._buffer[match.end() : end])
        whole = self._buffer[end : end + 1] == b"\n"
        del self._buffer[: end + 1 if whole else end]
        known = _STATUS.get(status, ReadStatus.FAILED)
        return Frame(section, scope, known if whole else ReadStatus.FAILED, status if whole else "damaged", payload)

    def _skip(self, count: int) -> None:
        if count <= 0:
            return
        self.noise += self._buffer[:count]
        del self._buffer[:count]
        if len(self.noise) > MAX_NOISE_BYTES:
            raise ParseError("the host prints text that is not the probe's, without end")
