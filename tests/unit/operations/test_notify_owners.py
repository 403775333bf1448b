"""Each owner is mailed once; what cannot be known is not sent again."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from fleetscan.model.host import Owner
from fleetscan.model.ids import SweepId
from fleetscan.operations.notify_owners import Notice, Notification, send_digests, write_digests
from fleetscan.report.delivery import DeliveryError, DeliveryFault
from fleetscan.report.digest import OwnerDigest, build_digests
from fleetscan.report.mail import MailOptions
from fleetscan.report.smtp import SmtpSender
from fleetscan.store.mails import MailState
from fleetscan.store.store import Store
from tests.report_data import NOW, make_inputs

OPTIONS = MailOptions(sender="fleet@example.org")
DIGESTS = build_digests(make_inputs())
FIRST = DIGESTS[0].owner.email


# ruff: noqa: ARG002 - the arguments are those of the store
@dataclass
class Outbox:
    """The store's outbox, in memory."""

    states: dict[str, MailState] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def list_mails(self, sweep: SweepId) -> list[SimpleNamespace]:
        return [SimpleNamespace(recipient=recipient, state=state) for recipient, state in self.states.items()]

    def claim_mail(self, sweep: SweepId, recipient: str, kind: str, message_id: str, at: datetime) -> bool:
        assert message_id or recipient in self.states
        match self.states.get(recipient):
            case None | MailState.FAILED | MailState.QUEUED:
                self.states[recipient] = MailState.SENDING
                return True
            case MailState.SENDING:
                self.states[recipient] = MailState.UNCERTAIN
                return False
            case MailState.SENT | MailState.UNCERTAIN:
                return False

    def mark_sent(self, sweep: SweepId, recipient: str, kind: str) -> None:
        self.states[recipient] = MailState.SENT

    def mark_failed(self, sweep: SweepId, recipient: str, kind: str, error: str) -> None:
        self.states[recipient] = MailState.FAILED
        self.errors[recipient] = error


@dataclass
class Server:
    """Takes messages; for the first owner it does what the test says, before or after the claim."""

    before: Callable[[], None] | None = None
    after: Callable[[], None] | None = None
    taken: list[str] = field(default_factory=list)

    def send(self, message: EmailMessage, before_data: Callable[[], None]) -> None:
        recipient = message["To"].addresses[0].addr_spec
        if recipient == FIRST and self.before:
            self.before()
        before_data()
        if recipient == FIRST and self.after:
            self.after()
        self.taken.append(recipient)


def fail(fault: DeliveryFault) -> Callable[[], None]:
    def failing() -> None:
        raise DeliveryError("no", fault=fault, hint="look")

    return failing


def send(outbox: Outbox, server: Server) -> dict[str, Notification]:
    store = cast("Store", SimpleNamespace(mails=outbox))
    done = send_digests(store, DIGESTS, cast("SmtpSender", server), OPTIONS, lambda: NOW)
    assert len(done) == len(DIGESTS)
    return {note.recipient: note for note in done}


def test_there_are_several_owners() -> None:
    assert len(DIGESTS) > 1


def test_every_owner_is_mailed_and_a_repetition_mails_nobody() -> None:
    outbox, server = Outbox(), Server()
    assert {note.notice for note in send(outbox, server).values()} == {Notice.SENT}
    assert {note.notice for note in send(outbox, server).values()} == {Notice.ALREADY_SENT}
    assert sorted(server.taken) == sorted(digest.owner.email for digest in DIGESTS)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("fault", [DeliveryFault.TEMPORARY, DeliveryFault.PERMANENT])
def test_a_refused_mail_is_failed_and_tried_again(moment: str, fault: DeliveryFault) -> None:
    outbox, server = Outbox(), Server()
    setattr(server, moment, fail(fault))
    for _ in range(2):
        notes = send(outbox, server)
        assert (notes[FIRST].notice, notes[FIRST].detail, notes[FIRST].hint) == (Notice.FAILED, "no", "look")
        assert outbox.states[FIRST] is MailState.FAILED
    setattr(server, moment, None)
    assert send(outbox, server)[FIRST].notice is Notice.SENT
    assert server.taken.count(FIRST) == 1


def test_a_mail_of_which_nobody_knows_is_never_sent_again() -> None:
    outbox, server = Outbox(), Server(after=fail(DeliveryFault.UNCERTAIN))
    assert send(outbox, server)[FIRST].notice is Notice.UNCERTAIN
    server.after = None
    for _ in range(2):
        assert send(outbox, server)[FIRST].notice is Notice.UNCERTAIN
        assert outbox.states[FIRST] is MailState.UNCERTAIN
    assert FIRST not in server.taken


def test_a_mail_that_another_process_takes_meanwhile_is_left_to_it() -> None:
    outbox = Outbox()
    server = Server(before=lambda: outbox.mark_sent(DIGESTS[0].sweep, FIRST, "digest"))
    assert send(outbox, server)[FIRST].notice is Notice.ALREADY_SENT
    assert FIRST not in server.taken


def test_a_refusal_does_not_undo_what_another_process_sent_meanwhile() -> None:
    outbox = Outbox()

    def sent_elsewhere_then_refused() -> None:
        outbox.mark_sent(DIGESTS[0].sweep, FIRST, "digest")
        fail(DeliveryFault.TEMPORARY)()

    assert send(outbox, Server(before=sent_elsewhere_then_refused))[FIRST].notice is Notice.ALREADY_SENT
    assert outbox.states[FIRST] is MailState.SENT
    again = Server()
    send(outbox, again)
    assert FIRST not in again.taken


def test_an_address_that_cannot_stand_in_a_header_keeps_nobody_else_from_their_mail() -> None:
    outbox, server = Outbox(), Server()
    store = cast("Store", SimpleNamespace(mails=outbox))
    digests = (rename(DIGESTS[0], "ä@example.org"), DIGESTS[1])
    bad, good = send_digests(store, digests, cast("SmtpSender", server), OPTIONS, lambda: NOW)
    assert (bad.notice, good.notice) == (Notice.FAILED, Notice.SENT)
    assert "no e-mail address" in bad.detail


def test_nobody_to_mail_needs_no_server() -> None:
    store = cast("Store", None)
    assert send_digests(store, (), cast("SmtpSender", None), OPTIONS, lambda: NOW) == ()


def rename(digest: OwnerDigest, address: str) -> OwnerDigest:
    return replace(digest, owner=Owner("Somebody", address))


def test_mails_to_similar_addresses_are_written_to_files_of_their_own(tmp_path: Path) -> None:
    addresses = [
        "a+b@example.org",
        "a_b@example.org",
        "A_B@example.org",
        "a" * 64 + "@example.org",
        "a" * 64 + "@example.net",
    ]
    done = write_digests(tuple(rename(DIGESTS[0], address) for address in addresses), OPTIONS, tmp_path / "outbox")
    assert len({note.detail.lower() for note in done}) == len(addresses)
    for note in done:
        assert note.recipient.encode() in Path(note.detail).read_bytes()


def test_an_address_cannot_leave_the_folder(tmp_path: Path) -> None:
    (note,) = write_digests((rename(DIGESTS[0], '"../../x"@example.org'),), OPTIONS, tmp_path / "outbox")
    assert Path(note.detail).parent == tmp_path / "outbox"
