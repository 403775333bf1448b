"""What a visit needs of a transport.

`ssh` provides the real one, `tests/fakes.py` a fake; one contract suite runs on both.
"""

import asyncio
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Protocol, Self

from fleetscan.model.host import Host


class Channel(Protocol):
    """One running command: bytes in, bytes out."""

    async def write(self, data: bytes) -> None:
        """Send bytes to the command's standard input and wait until they are accepted."""

    async def read(self, max_bytes: int) -> bytes:
        """Give the next bytes of standard output, at most `max_bytes`; empty at the end."""

    async def close_input(self) -> None:
        """Send end of file to the command."""

    async def wait_closed(self) -> int | None:
        """Wait for the end; give the exit status, None when the host sent none (killed, or the connection was lost)."""

    def stderr_tail(self) -> bytes:
        """Give the last bytes of standard error, at most 4 KiB."""


class Session(Protocol):
    """A logged-in, verified connection."""

    @property
    def host_key(self) -> str:
        """`SHA256:…` of the verified host key."""

    def run(self, command: str) -> AbstractAsyncContextManager[Channel]:
        """Start one command. Leaving the context aborts it.

        Raises:
            VisitError: The host refused, or the connection was lost.
        """


class Transport(Protocol):
    """Makes sessions. One instance per run; keys and known hosts are prepared once."""

    def connect(self, host: Host) -> AbstractAsyncContextManager[Session]:
        """Open a verified session; leaving the context closes it.

        Raises:
            VisitError: Unreachable, timeout, auth failed, host key changed or unknown, protocol error.
        """


class RunTransport(Transport, Protocol):
    """A transport with the resources of one run, opened and closed with it."""

    def prepare_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        """Set the loop up before the first connection."""

    async def __aenter__(self) -> Self:
        """Open what the run shares."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it again."""
