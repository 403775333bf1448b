"""One running command over SSH: bytes in, bytes out, never more in memory than agreed."""

import asyncio
from collections import deque
from typing import TYPE_CHECKING

import asyncssh

if TYPE_CHECKING:
    _ByteSession = asyncssh.SSHClientSession[bytes]
else:
    _ByteSession = asyncssh.SSHClientSession

READ_AHEAD_BYTES = 512 * 1024
WINDOW_BYTES = 512 * 1024
"""What the host may send unasked. With the read-ahead: about 1 MiB a command, whatever the host does; asyncssh ends a
connection that sends more than its window."""

_STDERR_TAIL_BYTES = 4096


class SshChannel(_ByteSession):
    """A command's input and output; `fleetscan.sweep.ports.Channel`.

    Reading is paused while more than `READ_AHEAD_BYTES` wait to be read, so a flood stops at the host. Of standard
    error only the end is kept.
    """

    def __init__(self) -> None:
        self._channel: asyncssh.SSHClientChannel[bytes] | None = None
        self._chunks: deque[bytes] = deque()
        self._buffered_bytes = 0
        self._paused = False
        self._discarding = False
        self._ended = False
        self._stderr = b""
        self._status: int | None = None
        self._readable = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._closed = asyncio.Event()

    async def write(self, data: bytes) -> None:
        """Send bytes and wait until they are accepted.

        Bytes for a command that has ended are dropped, as a pipe in a shell does it: the reader finds the end of the
        output and the exit status, which say more than a broken pipe.
        """
        if self._channel is None or self._closed.is_set():
            return
        try:
            self._channel.write(data)
        except OSError:
            return  # the host closed its end meanwhile
        await self._writable.wait()

    async def read(self, max_bytes: int) -> bytes:
        """Give the next bytes, at most `max_bytes`; empty at the end, also when the connection was lost."""
        while not self._chunks and not self._ended:
            self._readable.clear()
            await self._readable.wait()
        if not self._chunks:
            return b""
        chunk = self._chunks.popleft()
        if len(chunk) > max_bytes:
            self._chunks.appendleft(chunk[max_bytes:])
            chunk = chunk[:max_bytes]
        self._buffered_bytes -= len(chunk)
        if self._paused and self._buffered_bytes <= READ_AHEAD_BYTES // 2:
            self._resume()
        return chunk

    async def close_input(self) -> None:
        """Send end of file."""
        if self._channel is None or self._closed.is_set():
            return
        try:
            self._channel.write_eof()
        except OSError:
            return  # the host closed its end meanwhile

    async def wait_closed(self) -> int | None:
        """Wait for the end and give the exit status; None when the host sent none. Unread output is dropped."""
        self._discarding = True
        self._chunks.clear()
        self._buffered_bytes = 0
        self._resume()
        await self._closed.wait()
        return self._status

    def stderr_tail(self) -> bytes:
        """Give the last bytes of standard error, at most 4 KiB."""
        return self._stderr

    def connection_made(self, chan: "asyncssh.SSHClientChannel[bytes]") -> None:
        """Note the channel (called by asyncssh, as all below)."""
        self._channel = chan

    def data_received(self, data: bytes, datatype: int | None) -> None:
        """Keep output for the reader, and ask the host to stop when too much waits."""
        if datatype == asyncssh.EXTENDED_DATA_STDERR:
            self._stderr = (self._stderr + data)[-_STDERR_TAIL_BYTES:]
            return
        if self._discarding:
            return
        self._chunks.append(data)
        self._buffered_bytes += len(data)
        self._readable.set()
        if self._buffered_bytes > READ_AHEAD_BYTES and self._channel is not None and not self._paused:
            self._paused = True
            self._channel.pause_reading()

    def eof_received(self) -> bool:
        """End the output; the input stays open until the caller closes it."""
        self._end()
        return True

    def exit_status_received(self, status: int) -> None:
        """Note the exit status."""
        self._status = status

    def pause_writing(self) -> None:
        """Make writers wait."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Let writers go on."""
        self._writable.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncssh's signature
        """End everything; without a status it is a lost command."""
        self._end()
        self._writable.set()
        self._closed.set()

    def _end(self) -> None:
        self._ended = True
        self._readable.set()

    def _resume(self) -> None:
        if self._paused and self._channel is not None:
            self._paused = False
            self._channel.resume_reading()
