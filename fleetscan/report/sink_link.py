"""A connection to a receiver: verified, and bounded in time as a whole."""

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fleetscan.report.sink_fault import SinkError, SinkFault, translate_error

LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkOptions:
    """Where to connect.

    Attributes:
        tls: Whether the connection is protected; the certificate is always checked.
        ca_file: Certificates to trust instead of the system's; None for the system's.
        timeout_s: Seconds for connecting, and again for all that follows, however slowly the other side talks.
    """

    host: str
    port: int
    tls: bool
    ca_file: str | None = None
    timeout_s: float = 10.0

    @property
    def where(self) -> str:
        """Name it in messages."""
        return f"{self.host}:{self.port}"


@contextmanager
def open_link(options: LinkOptions) -> Iterator[socket.socket]:
    """Connect, and translate whatever goes wrong until the end of the context.

    A socket's own timeout begins anew with every byte; so a timer ends the connection when time is up.

    Raises:
        SinkError: The receiver cannot be reached, is not who it should be, or was late.
    """
    context = _make_context(options) if options.tls else None
    expired = threading.Event()
    try:
        with contextlib.ExitStack() as stack:
            raw = stack.enter_context(socket.create_connection((options.host, options.port), options.timeout_s))
            spare = stack.enter_context(raw.dup())  # TLS takes the other one over
            timer = threading.Timer(options.timeout_s, _cut, (spare, expired))
            timer.daemon = True
            stack.callback(_stop, timer)
            timer.start()
            link = raw if context is None else context.wrap_socket(raw, server_hostname=options.host)
            yield stack.enter_context(link)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise translate_error(error, options.where, timed_out=expired.is_set()) from error


def _cut(link: socket.socket, expired: threading.Event) -> None:
    expired.set()
    # Shut down, not closed: the thread that waits on it wakes up with an end of file.
    with contextlib.suppress(OSError):
        link.shutdown(socket.SHUT_RDWR)


def _stop(timer: threading.Timer) -> None:
    timer.cancel()
    timer.join()


def _make_context(options: LinkOptions) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=options.ca_file)
    except OSError as error:
        raise SinkError(
            f"the CA file {options.ca_file} cannot be read: {error.strerror or 'no certificate in it'}",
            fault=SinkFault.SETTINGS,
            hint="give a PEM file with the certificates to trust",
        ) from error
