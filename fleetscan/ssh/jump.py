"""Jump hosts: one verified connection to each, shared by all hosts behind it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import asyncssh

from fleetscan.errors import VisitError
from fleetscan.model.host import Host

OpenConnection = Callable[[Host], AbstractAsyncContextManager[asyncssh.SSHClientConnection]]


class JumpPool:
    """Lends connections to jump hosts.

    A connection is opened by the first host that needs it and closed after the last, or, while the pool is held, when
    the holder ends. A lost one is opened again by the next host. When a jump host cannot be reached, all hosts that
    wait for it get the same answer at once, and so do those that ask within `retry_after_s`.
    """

    def __init__(self, open_connection: OpenConnection, *, retry_after_s: float) -> None:
        self._open_connection = open_connection
        self._retry_after_s = retry_after_s
        self._lines: dict[Host, _Line] = {}
        self._held = False

    @asynccontextmanager
    async def borrow(self, jump: Host) -> AsyncIterator[asyncssh.SSHClientConnection]:
        """Lend the connection to one jump host.

        Raises:
            VisitError: It cannot be reached; the message names it.
        """
        line = self._lines.get(jump)
        if line is None:
            line = self._lines[jump] = _Line(jump, self._open_connection, self._retry_after_s)
        line.users += 1
        try:
            yield await line.connection()
        finally:
            line.users -= 1
            if line.users == 0 and not self._held:
                # Taken out first: who asks while it closes gets a new line.
                del self._lines[jump]
                await line.close()

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[None]:
        """Keep connections open between hosts until the context ends."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
            # Lines behind other lines borrow those, so an unused one may appear only after another is closed.
            while idle := [jump for jump, line in self._lines.items() if line.users == 0]:
                for jump in idle:
                    await self._lines.pop(jump).close()


class _Line:
    """The connection to one jump host, and how many use it."""

    def __init__(self, jump: Host, open_connection: OpenConnection, retry_after_s: float) -> None:
        self.users = 0
        self._jump = jump
        self._open_connection = open_connection
        self._retry_after_s = retry_after_s
        self._opening: asyncio.Task[asyncssh.SSHClientConnection] | None = None
        self._open = AsyncExitStack()
        self._failed_at_s = 0.0

    async def connection(self) -> asyncssh.SSHClientConnection:
        if self._opening is None or self._is_stale(self._opening):
            self._opening = asyncio.create_task(self._reopen())
        try:
            # Shielded: a host that reaches its deadline must not take the connection away from the others.
            return await asyncio.shield(self._opening)
        except VisitError as error:
            raise VisitError(
                error.kind, f"jump host {self._jump.name}: {error.message}", evidence=error.evidence, hint=error.hint
            ) from error

    async def close(self) -> None:
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait([self._opening])
            if not self._opening.cancelled():
                self._opening.exception()  # looked at, so that asyncio does not report it as forgotten
        await self._open.aclose()

    def _is_stale(self, opening: "asyncio.Task[asyncssh.SSHClientConnection]") -> bool:
        if not opening.done():
            return False
        if opening.cancelled():
            return True
        if opening.exception() is not None:
            return asyncio.get_running_loop().time() >= self._failed_at_s + self._retry_after_s
        return opening.result().is_closed()

    async def _reopen(self) -> asyncssh.SSHClientConnection:
        await self._open.aclose()
        try:
            return await self._open.enter_async_context(self._open_connection(self._jump))
        except VisitError:
            self._failed_at_s = asyncio.get_running_loop().time()
            raise
