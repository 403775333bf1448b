"""Messages to the SMTP server. Every failure says whether trying again can help, and whether it could do harm."""

import re
import smtplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from types import TracebackType
from typing import Self

from fleetscan.report.delivery import DeliveryError, DeliveryFault, translate_error, translate_reply
from fleetscan.report.smtp_connection import Deadline, SmtpOptions, SmtpSecurity, open_connection

__all__ = ["DeliveryError", "DeliveryFault", "SmtpOptions", "SmtpSecurity", "SmtpSender", "send_message"]

_LEADING_DOT = re.compile(rb"(?m)^\.")


class SmtpSender:
    """Sends messages over one connection, which is opened when the first message needs it. Use as a context."""

    def __init__(self, options: SmtpOptions) -> None:
        self._options = options
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Say goodbye and close the connection, whatever state it is in."""
        if self._smtp is not None:
            with suppress(DeliveryError), self._watched(DeliveryFault.TEMPORARY):
                self._smtp.quit()
        self._drop()

    def send(self, message: EmailMessage, before_data: Callable[[], None]) -> None:
        """Hand over one message to its one recipient.

        Args:
            message: With From and exactly one To.
            before_data: Called when the server has accepted sender and recipient, right before the message goes out;
                the place to write down that it may have been sent. What it raises is passed on, and nothing is sent.

        Raises:
            DeliveryError: It was not sent, or (`DeliveryFault.UNCERTAIN`) nobody can know.
        """
        recipient = message["To"].addresses[0].addr_spec
        payload = message.as_bytes()
        with self._watched(DeliveryFault.TEMPORARY) as deadline:
            smtp = self._ready(deadline)
            _expect(
                smtp.mail(self._options.sender, [f"size={len(payload)}"] if smtp.has_extn("size") else []), "the sender"
            )
            _expect(smtp.rcpt(recipient), f"the recipient {recipient}")
        try:
            before_data()
        except BaseException:
            self._drop()
            raise
        with self._watched(DeliveryFault.TEMPORARY):
            _expect(smtp.docmd("DATA"), "the message", codes=(354,))
        # From here on the server may have taken it even when we never hear so.
        with self._watched(DeliveryFault.UNCERTAIN):
            end = b".\r\n" if payload.endswith(b"\r\n") else b"\r\n.\r\n"
            smtp.send(_LEADING_DOT.sub(b"..", payload) + end)
            _expect(smtp.getreply(), "the message", codes=(250,))

    @contextmanager
    def _watched(self, when_lost: DeliveryFault) -> Iterator[Deadline]:
        """Bound the time, translate every foreign error, and never use a connection again after a failure."""
        deadline = Deadline(self._options.timeout_s)
        if self._smtp is not None:
            deadline.watch(self._smtp)
        try:
            with deadline:
                yield deadline
        except DeliveryError:
            self._drop()
            raise
        except (smtplib.SMTPException, OSError, ValueError) as error:
            self._drop()
            where = f"{self._options.host}:{self._options.port}"
            raise translate_error(error, where, when_lost, timed_out=deadline.expired) from error

    def _ready(self, deadline: Deadline) -> smtplib.SMTP:
        """Give a connection that answers; servers hang up on idle ones."""
        if self._smtp is not None:
            with suppress(smtplib.SMTPException, OSError):
                if self._smtp.noop()[0] == 250:
                    return self._smtp
            self._drop()
        self._smtp = open_connection(self._options, deadline)
        return self._smtp

    def _drop(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()


def send_message(options: SmtpOptions, message: EmailMessage, before_data: Callable[[], None]) -> None:
    """Send one message over a connection of its own; see `SmtpSender.send`.

    Raises:
        DeliveryError: It was not sent, or nobody can know.
    """
    with SmtpSender(options) as sender:
        sender.send(message, before_data)


def _expect(answer: tuple[int, bytes], what: str, codes: tuple[int, ...] = (250, 251)) -> None:
    if answer[0] not in codes:
        # -1 is smtplib's way to say that the connection ended.
        if answer[0] == -1:
            raise smtplib.SMTPServerDisconnected("connection ended")
        raise translate_reply(*answer, what)
