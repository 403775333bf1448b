"""A connection to the SMTP server: protected as asked, logged in, and bounded in time."""

import contextlib
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Self

from fleetscan.report.delivery import DeliveryError, DeliveryFault

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class SmtpSecurity(StrEnum):
    """How the connection is protected; what is asked for is never weakened."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpOptions:
    """How to reach the server.

    Attributes:
        sender: Envelope sender, a bare address; bounces go there.
        user: Account to log in with; empty for none.
        password: The password, or a function that gives it when it is needed. Never shown.
        ca_file: Certificates to trust instead of the system's; None for the system's.
        timeout_s: Seconds for connecting, and again for each step of a message, however slowly the server answers.
    """

    host: str
    port: int
    sender: str
    security: SmtpSecurity = SmtpSecurity.STARTTLS
    user: str = ""
    password: str | Callable[[], str] = field(default="", repr=False)
    ca_file: str | None = None
    timeout_s: float = 30.0


class Deadline:
    """Closes a connection when time is up, also when the server keeps it busy with a byte now and then.

    A socket's own timeout begins anew with every byte, so it bounds nothing when the other side is not kind.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timer = threading.Timer(timeout_s, self._expire)
        self._timer.daemon = True
        self._smtp: smtplib.SMTP | None = None
        self.expired = False

    def watch(self, smtp: smtplib.SMTP) -> None:
        """Name the connection to close."""
        self._smtp = smtp
        if self.expired:
            self._cut()

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        self._timer.join()

    def _expire(self) -> None:
        self.expired = True
        self._cut()

    def _cut(self) -> None:
        link = self._smtp.sock if self._smtp else None
        if link is not None:
            # Shut down, not closed: the thread that waits on it wakes up with an end of file.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(link, socket.SHUT_RDWR)


def open_connection(options: SmtpOptions, deadline: Deadline) -> smtplib.SMTP:
    """Connect, protect, log in.

    Raises:
        DeliveryError: The server does not offer STARTTLS, or a password would go out unprotected.
        smtplib.SMTPException: As smtplib has it; so for `OSError` and `ValueError`. The caller translates.
    """
    if options.user and options.security is SmtpSecurity.NONE and options.host not in _LOOPBACK:
        message = f"the password would go to {options.host} unprotected"
        raise DeliveryError(message, fault=DeliveryFault.PERMANENT, hint="set the mail security to starttls or tls")
    context = None if options.security is SmtpSecurity.NONE else _make_context(options.ca_file)
    if options.security is SmtpSecurity.TLS:
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(timeout=options.timeout_s, context=context)
    else:
        smtp = smtplib.SMTP(timeout=options.timeout_s)
    # smtplib takes the name that certificates are checked against from its constructor, which would connect at once and
    # leave nothing for the deadline to close. May go when it offers another way.
    smtp._host = options.host  # type: ignore[attr-defined]  # noqa: SLF001 - see above
    deadline.watch(smtp)
    try:
        _greet(smtp, options)
        if options.security is SmtpSecurity.STARTTLS:
            _start_tls(smtp, context, options)
        if options.user:
            smtp.login(options.user, options.password() if callable(options.password) else options.password)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _greet(smtp: smtplib.SMTP, options: SmtpOptions) -> None:
    code, reply = smtp.connect(options.host, options.port)
    if code != 220:
        raise smtplib.SMTPConnectError(code, reply)
    smtp.ehlo_or_helo_if_needed()


def _start_tls(smtp: smtplib.SMTP, context: ssl.SSLContext | None, options: SmtpOptions) -> None:
    if not smtp.has_extn("starttls"):
        raise DeliveryError(
            f"mail server {options.host}:{options.port} does not offer STARTTLS; nothing was sent",
            fault=DeliveryFault.PERMANENT,
            hint="use port 465 with tls; somebody on the way may also have removed the offer",
        )
    code, reply = smtp.starttls(context=context)
    if code != 220:
        raise smtplib.SMTPResponseException(code, reply)
    smtp.ehlo()


def _make_context(ca_file: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise DeliveryError(
            f"the mail server's CA file {ca_file} cannot be read: {error.strerror or 'no certificate in it'}",
            fault=DeliveryFault.PERMANENT,
            hint="give a PEM file with the certificates to trust",
        ) from error
