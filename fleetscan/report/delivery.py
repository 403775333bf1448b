"""Why a message was not delivered, and whether trying again helps."""

import smtplib
import socket
import ssl
from enum import StrEnum

from fleetscan.errors import MailError
from fleetscan.report.visible import visible_text


class DeliveryFault(StrEnum):
    """What to do with a message that failed."""

    TEMPORARY = "temporary"
    """Nothing was sent; trying again later can help."""
    PERMANENT = "permanent"
    """Nothing was sent; the same message will fail again until somebody changes a setting or an address."""
    UNCERTAIN = "uncertain"
    """The server may have accepted it; sending again could send it twice."""


class DeliveryError(MailError):
    """A message was not handed over, or nobody knows whether it was."""

    def __init__(self, message: str, *, fault: DeliveryFault, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.fault = fault


def translate_reply(code: int, reply: bytes, what: str) -> DeliveryError:
    """Turn an answer that is no consent into an error. The server's own words are foreign text, and shown as such."""
    fault = DeliveryFault.TEMPORARY if 400 <= code < 500 else DeliveryFault.PERMANENT
    words = visible_text(reply.decode("utf-8", "backslashreplace"), 200)
    hint = "it will be tried again" if fault is DeliveryFault.TEMPORARY else "check the address and the mail settings"
    return DeliveryError(f"the mail server refused {what}: {code} {words}", fault=fault, hint=hint)


def translate_error(error: Exception, where: str, when_lost: DeliveryFault, *, timed_out: bool) -> DeliveryError:
    """Turn anything that smtplib, ssl and sockets raise into a delivery error.

    Args:
        error: What was caught.
        where: `host:port`, for the message.
        when_lost: What it means when the connection was lost at this moment.
        timed_out: Whether our own deadline closed the connection.
    """
    # smtplib turns a socket's own timeout into "disconnected"; which of the two clocks rings first is chance
    late = timed_out or isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)
    if when_lost is DeliveryFault.UNCERTAIN:
        reason = "did not answer in time" if late else "hung up"
        message = f"mail server {where} {reason} after the message was sent; it may have arrived"
        return DeliveryError(message, fault=when_lost, hint="ask the owner before sending it again")
    if late:
        return DeliveryError(f"mail server {where} did not answer in time", fault=when_lost, hint="check host and port")
    if isinstance(error, smtplib.SMTPAuthenticationError):
        # Without the server's words: it could repeat what it was given.
        fault = DeliveryFault.TEMPORARY if 400 <= error.smtp_code < 500 else DeliveryFault.PERMANENT
        message = f"mail server {where} refused the login ({error.smtp_code})"
        return DeliveryError(message, fault=fault, hint="check the mail user and password")
    if isinstance(error, smtplib.SMTPResponseException):
        reply = error.smtp_error
        return translate_reply(error.smtp_code, reply if isinstance(reply, bytes) else reply.encode(), "to talk to us")
    for kind, what, hint, own_fault in _WORDS:
        if isinstance(error, kind):
            return DeliveryError(f"mail server {where} {what}", fault=own_fault or when_lost, hint=hint)
    what = f"cannot be spoken to: {type(error).__name__}"
    return DeliveryError(f"mail server {where} {what}", fault=DeliveryFault.PERMANENT, hint="check the mail settings")


_WORDS: tuple[tuple[type[Exception], str, str, DeliveryFault | None], ...] = (
    (
        smtplib.SMTPNotSupportedError,
        "does not offer what is needed (login, or addresses outside ASCII)",
        "check mail port and security",
        DeliveryFault.PERMANENT,
    ),
    (
        ssl.SSLCertVerificationError,
        "has a certificate that is not valid for it",
        "check the host name, or set the CA file of the mail server",
        DeliveryFault.PERMANENT,
    ),
    (
        ssl.SSLError,
        "speaks no TLS here",
        "tls is for port 465, starttls for ports 587 and 25",
        DeliveryFault.PERMANENT,
    ),
    (socket.gaierror, "is not a known name", "check the mail host", None),
    (ConnectionRefusedError, "refused the connection", "check the mail port", None),
    (smtplib.SMTPException, "ended the connection", "try again later", None),
    (OSError, "cannot be reached", "check the mail host, its port and the network", None),
)
"""The more special kind first; no fault of its own means that of the moment."""
