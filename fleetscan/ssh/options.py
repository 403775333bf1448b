"""Knobs of the SSH stage, and the event loop's part of them."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

FAST_CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com")
"""Asked for first; asyncssh's own defaults follow, so that nothing it supports is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SshOptions:
    """How connections are made.

    Attributes:
        connect_timeout_s: TCP, key exchange and login together, for hosts that set none of their own.
        close_timeout_s: How long an orderly goodbye may take before the connection is dropped.
        max_handshakes: Handshakes at one time in the whole run; an open session does not count.
        max_handshakes_per_jump: Handshakes at one time through one jump host.
        jump_retry_after_s: A jump host that could not be reached is not tried again before that.
        keepalive_s: How long a connection may be silent before it is asked whether it lives.
        ciphers: Preferred ciphers, in order. They come before asyncssh's defaults and replace none.
        resolver_threads: Name look-ups at one time.
    """

    connect_timeout_s: float = 10.0
    close_timeout_s: float = 2.0
    max_handshakes: int = 32
    max_handshakes_per_jump: int = 8
    jump_retry_after_s: float = 10.0
    keepalive_s: float = 15.0
    ciphers: tuple[str, ...] = FAST_CIPHERS
    resolver_threads: int = 32


def prepare_loop(loop: asyncio.AbstractEventLoop, options: SshOptions) -> None:
    """Give the loop enough threads for name resolution; its own default is six on a small machine."""
    loop.set_default_executor(ThreadPoolExecutor(options.resolver_threads, thread_name_prefix="resolve"))
