"""Why a receiver did not take something, and what helps."""

import http.client
import socket
import ssl
from enum import StrEnum

from fleetscan.errors import FleetscanError


class SinkFault(StrEnum):
    """What to do with what was not taken."""

    TEMPORARY = "temporary"
    """Nobody answered, or the receiver asked to come again. It may have arrived; it is sent again."""
    REFUSED = "refused"
    """The receiver answered that it will not have this; something else it may take."""
    SETTINGS = "settings"
    """Nothing is taken until somebody changes a setting, here or there."""


class SinkError(FleetscanError):
    """Something was not handed over. The message never has a secret in it, nor the path of a URL that may be one.

    Args:
        message: One line.
        fault: What to do.
        retry_after_s: When the receiver said when to come again.
    """

    def __init__(self, message: str, *, fault: SinkFault, hint: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.fault = fault
        self.retry_after_s = retry_after_s


def translate_error(error: Exception, where: str, *, timed_out: bool) -> SinkError:
    """Turn what sockets, ssl and http.client raise into a sink error; their own words are not repeated.

    Args:
        error: What was caught.
        where: `host:port`.
        timed_out: Whether our own deadline ended it.
    """
    if timed_out or isinstance(error, TimeoutError):
        return SinkError(f"{where} did not answer in time", fault=SinkFault.TEMPORARY, hint="check host and port")
    for kind, what, hint, fault in _WORDS:
        if isinstance(error, kind):
            return SinkError(f"{where} {what}", fault=fault, hint=hint)
    return SinkError(f"{where} cannot be spoken to: {type(error).__name__}", fault=SinkFault.TEMPORARY)


_WORDS: tuple[tuple[type[Exception], str, str, SinkFault], ...] = (
    (
        ssl.SSLCertVerificationError,
        "has a certificate that is not valid for it",
        "check the host name, or set ca_file to the authority that signed it",
        SinkFault.SETTINGS,
    ),
    (ssl.SSLEOFError, "ended the connection", "", SinkFault.TEMPORARY),
    (ssl.SSLError, "speaks no TLS here", "check the port", SinkFault.SETTINGS),
    (socket.gaierror, "is not a known name", "check the host name", SinkFault.TEMPORARY),
    (ConnectionRefusedError, "refused the connection", "check host and port", SinkFault.TEMPORARY),
    (http.client.RemoteDisconnected, "ended the connection without an answer", "", SinkFault.TEMPORARY),
    (http.client.HTTPException, "answered with something that is no HTTP", "check the URL", SinkFault.TEMPORARY),
    (ConnectionError, "ended the connection", "", SinkFault.TEMPORARY),
    (OSError, "cannot be reached", "check host, port and the network", SinkFault.TEMPORARY),
)
"""The more special kind first."""
