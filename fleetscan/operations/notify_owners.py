"""Mail every owner once per sweep, whatever happens in between."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal

from fleetscan.errors import MailError, OutputError
from fleetscan.model.ids import Clock, SweepId
from fleetscan.report.delivery import DeliveryError, DeliveryFault
from fleetscan.report.digest import OwnerDigest
from fleetscan.report.mail import MailOptions, render_mail
from fleetscan.report.smtp import SmtpSender
from fleetscan.store.mails import MailState
from fleetscan.store.store import Store

_KIND = "digest"
_MAX_NAME_CHARS = 60
"""Of a file named by an address; letters outside ASCII take up to four bytes, and file systems allow 255."""


class Notice(StrEnum):
    """What became of one owner's mail in this run."""

    SENT = "sent"
    ALREADY_SENT = "already sent"
    UNCERTAIN = "uncertain"
    FAILED = "failed"
    WRITTEN = "written"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One owner's mail.

    Attributes:
        detail: Why it failed, or where it was written.
    """

    recipient: str
    subject: str
    notice: Notice
    detail: str = ""
    hint: str = ""


class _AlreadyClaimedError(Exception):
    """Another process sent or is sending this mail."""


def send_digests(
    store: Store, digests: tuple[OwnerDigest, ...], sender: SmtpSender, options: MailOptions, clock: Clock
) -> tuple[Notification, ...]:
    """Send what was not sent yet. One owner's failure does not keep the others from their mail."""
    if not digests:
        return ()
    sent = {mail.recipient: mail.state for mail in store.mails.list_mails(digests[0].sweep)}
    return tuple(_send(store, digest, sent.get(digest.owner.email), sender, options, clock) for digest in digests)


def write_digests(digests: tuple[OwnerDigest, ...], options: MailOptions, folder: Path) -> tuple[Notification, ...]:
    """Write the messages as .eml files instead of sending them.

    Raises:
        OutputError: The folder cannot be written to.
    """
    done = []
    taken: set[str] = set()
    for digest in digests:
        message = render_mail(digest, options)
        path = folder / f"sweep-{digest.sweep}-{_choose_name(digest.owner.email, taken)}.eml"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_bytes(message.as_bytes())
        except OSError as error:
            hint = "choose a folder that this account may write to with --out"
            raise OutputError(f"cannot write {path}: {error.strerror}", hint=hint) from error
        done.append(
            Notification(recipient=digest.owner.email, subject=digest.subject, notice=Notice.WRITTEN, detail=str(path))
        )
    return tuple(done)


def _choose_name(address: str, taken: set[str]) -> str:
    """Give a file name for an address; two addresses never share one, also where case does not count."""
    plain = "".join(c if c.isalnum() or c in "-_.@" else "_" for c in address)[:_MAX_NAME_CHARS]
    name = plain
    number = 1
    while name.lower() in taken:
        number += 1
        name = f"{plain}-{number}"
    taken.add(name.lower())
    return name


def _send(
    store: Store,
    digest: OwnerDigest,
    state: MailState | None,
    sender: SmtpSender,
    options: MailOptions,
    clock: Clock,
) -> Notification:
    recipient = digest.owner.email
    detail = hint = ""
    if state is MailState.SENT:
        notice = Notice.ALREADY_SENT
    elif state in (MailState.UNCERTAIN, MailState.SENDING):
        if state is MailState.SENDING:
            store.mails.claim_mail(digest.sweep, recipient, _KIND, "", clock())
        notice, detail = Notice.UNCERTAIN, "an earlier run ended while the server was taking it"
    else:
        try:
            notice = _hand_over(store, digest, sender, options, clock)
            if notice is Notice.ALREADY_SENT:
                detail = "by another process"
        except MailError as error:
            is_uncertain = isinstance(error, DeliveryError) and error.fault is DeliveryFault.UNCERTAIN
            notice = Notice.UNCERTAIN if is_uncertain else Notice.FAILED
            detail, hint = error.message, error.hint
    return Notification(recipient=recipient, subject=digest.subject, notice=notice, detail=detail, hint=hint)


def _hand_over(
    store: Store, digest: OwnerDigest, sender: SmtpSender, options: MailOptions, clock: Clock
) -> Literal[Notice.SENT, Notice.ALREADY_SENT]:
    """Send one mail that was not sent yet.

    Raises:
        MailError: It could not be made or was not taken.
    """
    recipient = digest.owner.email
    message = render_mail(digest, options)
    claim = _Claim(store, digest.sweep, recipient, str(message["Message-ID"]), clock)
    try:
        sender.send(message, claim.take)
    except _AlreadyClaimedError:
        return Notice.ALREADY_SENT
    except DeliveryError as error:
        if error.fault is DeliveryFault.UNCERTAIN:
            raise  # it stays `sending`; the next run finds it so and calls it uncertain
        # refused before the claim: only who holds it may say so, another process may have sent the mail meanwhile
        if not claim.held and not claim.try_to_take():
            return Notice.ALREADY_SENT
        store.mails.mark_failed(digest.sweep, recipient, _KIND, error.message)
        raise
    store.mails.mark_sent(digest.sweep, recipient, _KIND)
    return Notice.SENT


class _Claim:
    """The right to send one mail, taken at the last moment."""

    def __init__(self, store: Store, sweep: SweepId, recipient: str, message_id: str, clock: Clock) -> None:
        self._store = store
        self._mail = (sweep, recipient, _KIND, message_id)
        self._clock = clock
        self.held = False

    def take(self) -> None:
        """Take it.

        Raises:
            _AlreadyClaimedError: Another process has it, or the mail was sent.
        """
        if not self.try_to_take():
            raise _AlreadyClaimedError

    def try_to_take(self) -> bool:
        """Take it, and tell whether that went well."""
        self.held = self._store.mails.claim_mail(*self._mail, self._clock())
        return self.held
