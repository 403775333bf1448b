"""Messages reach a real server, and every way to fail says what to do with the message."""

import socket
from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from pathlib import Path

import pytest

from fleetscan.report.digest import build_digests
from fleetscan.report.mail import MailOptions, render_mail
from fleetscan.report.smtp import DeliveryError, DeliveryFault, SmtpOptions, SmtpSecurity, SmtpSender, send_message
from tests.integration.mail.conftest import Certificate, Inbox, check_login
from tests.report_data import make_inputs

StartServer = Callable[..., int]
StartRude = Callable[[list[bytes]], int]
SENDER = "fleetscan@example.org"
PASSWORD = "s3cret"
TEMPORARY, PERMANENT, UNCERTAIN = DeliveryFault.TEMPORARY, DeliveryFault.PERMANENT, DeliveryFault.UNCERTAIN


def make_messages() -> list[EmailMessage]:
    return [render_mail(digest, MailOptions(sender=SENDER)) for digest in build_digests(make_inputs())]


def options_for(port: int, *, security: SmtpSecurity = SmtpSecurity.NONE, timeout_s: float = 10.0) -> SmtpOptions:
    return SmtpOptions(host="localhost", port=port, sender=SENDER, security=security, timeout_s=timeout_s)


def secure_options(
    port: int, certificate: Certificate, security: SmtpSecurity, *, password: str | Callable[[], str] = PASSWORD
) -> SmtpOptions:
    return SmtpOptions(
        host="localhost", port=port, sender=SENDER, security=security, user="scanner", password=password,
        ca_file=str(certificate.certificate), timeout_s=10.0,
    )  # fmt: skip


def fail_to_send(options: SmtpOptions, *, marks: int) -> DeliveryError:
    """Send one message, expect a failure, and check how often it was marked as perhaps sent."""
    marked: list[bool] = []
    with pytest.raises(DeliveryError) as caught:
        send_message(options, make_messages()[0], lambda: marked.append(True))
    assert len(marked) == marks
    assert caught.value.hint
    return caught.value


def test_messages_arrive_unchanged_over_one_connection(start_server: StartServer) -> None:
    inbox, messages, marked = Inbox(), make_messages(), []
    with SmtpSender(options_for(start_server(inbox))) as sender:
        for message in messages:
            sender.send(message, lambda: marked.append(len(inbox.messages)))
    assert [envelope.rcpt_tos for envelope in inbox.messages] == [
        ["anna.weber@example.org"],
        ["boris@example.org"],
        ["clara@example.org"],
    ]
    for envelope, sent in zip(inbox.messages, messages, strict=True):
        assert isinstance(envelope.content, bytes)
        assert envelope.content == sent.as_bytes()
        assert envelope.mail_from == SENDER
    assert marked == [0, 1, 2], "each is marked before it goes out"


def test_a_line_that_begins_with_a_dot_arrives_with_its_dot(start_server: StartServer) -> None:
    inbox, message = Inbox(), EmailMessage(policy=SMTP)
    message["To"] = "boris@example.org"
    message.set_content(".\n..\n.hidden\n")
    send_message(options_for(start_server(inbox)), message, lambda: None)
    content = inbox.messages[0].content
    assert isinstance(content, bytes)
    assert message_from_bytes(content, policy=default).get_content() == ".\r\n..\r\n.hidden\r\n"


@pytest.mark.parametrize("password", ["s3cret", lambda: "s3cret"], ids=["text", "function"])
def test_starttls_and_login_work(
    start_server: StartServer, certificate: Certificate, password: str | Callable[[], str]
) -> None:
    inbox = Inbox()
    port = start_server(
        inbox, tls_context=certificate.server_context(), require_starttls=True, authenticator=check_login,
        auth_required=True,
    )  # fmt: skip
    options = secure_options(port, certificate, SmtpSecurity.STARTTLS, password=password)
    send_message(options, make_messages()[0], lambda: None)
    assert len(inbox.messages) == 1


def test_tls_from_the_first_byte_works(start_server: StartServer, certificate: Certificate) -> None:
    inbox = Inbox()
    port = start_server(
        inbox, ssl_context=certificate.server_context(), authenticator=check_login, auth_require_tls=False
    )
    send_message(secure_options(port, certificate, SmtpSecurity.TLS), make_messages()[0], lambda: None)
    assert len(inbox.messages) == 1


def test_a_wrong_password_is_permanent_and_never_shown(start_server: StartServer, certificate: Certificate) -> None:
    port = start_server(
        Inbox(), tls_context=certificate.server_context(), require_starttls=True, authenticator=check_login,
        auth_required=True,
    )  # fmt: skip
    options = secure_options(port, certificate, SmtpSecurity.STARTTLS, password="hunter2")
    error = fail_to_send(options, marks=0)
    assert (error.fault, "login" in error.message) == (PERMANENT, True)
    assert "hunter2" not in f"{error!r} {error.hint} {options!r}"


def test_a_server_without_starttls_gets_nothing_when_it_was_asked_for(start_server: StartServer) -> None:
    inbox = Inbox()
    error = fail_to_send(options_for(start_server(inbox), security=SmtpSecurity.STARTTLS), marks=0)
    assert (error.fault, inbox.messages) == (PERMANENT, [])
    assert "does not offer STARTTLS" in error.message


def test_an_unknown_certificate_gets_nothing(start_server: StartServer, certificate: Certificate) -> None:
    port = start_server(Inbox(), tls_context=certificate.server_context())
    error = fail_to_send(options_for(port, security=SmtpSecurity.STARTTLS), marks=0)
    assert (error.fault, "certificate" in error.message) == (PERMANENT, True)


def test_a_certificate_for_another_name_gets_nothing(start_server: StartServer, certificate: Certificate) -> None:
    port = start_server(Inbox(), tls_context=certificate.server_context())
    options = SmtpOptions(
        host="127.0.0.1", port=port, sender=SENDER, security=SmtpSecurity.STARTTLS, ca_file=str(certificate.certificate)
    )
    assert fail_to_send(options, marks=0).fault is PERMANENT


def test_a_missing_ca_file_is_named(tmp_path: Path) -> None:
    options = SmtpOptions(host="localhost", port=1, sender=SENDER, ca_file=str(tmp_path / "none.pem"))
    assert "none.pem" in fail_to_send(options, marks=0).message


def test_a_password_is_never_sent_unprotected_over_a_network() -> None:
    options = SmtpOptions(
        host="mail.example.org", port=25, sender=SENDER, security=SmtpSecurity.NONE, user="scanner", password="s3cret"
    )
    assert "unprotected" in fail_to_send(options, marks=0).message


@pytest.mark.parametrize(
    ("answer", "fault"), [("550 no such user", PERMANENT), ("451 come back later", TEMPORARY), ("452 full", TEMPORARY)]
)
def test_a_refused_recipient_says_whether_to_try_again(
    start_server: StartServer, answer: str, fault: DeliveryFault
) -> None:
    inbox = Inbox(rcpt_answer=answer)
    error = fail_to_send(options_for(start_server(inbox)), marks=0)
    assert (error.fault, inbox.messages) == (fault, [])
    assert answer in error.message


def test_the_servers_words_cannot_steer_a_terminal(start_rude_server: StartRude) -> None:
    error = fail_to_send(options_for(start_rude_server([b"554 \x1b[2Jno \xff" + b"x" * 500 + b"\r\n"])), marks=0)
    assert error.message.isprintable()
    assert len(error.message) < 300
    assert r"\x1b[2J" in error.message


def test_one_refused_recipient_does_not_keep_the_others_from_their_mail(start_server: StartServer) -> None:
    inbox, messages = Inbox(rcpt_answer="550 no such user"), make_messages()
    with SmtpSender(options_for(start_server(inbox))) as sender:
        with pytest.raises(DeliveryError):
            sender.send(messages[0], lambda: None)
        inbox.rcpt_answer = ""
        sender.send(messages[1], lambda: None)
    assert [envelope.rcpt_tos for envelope in inbox.messages] == [["boris@example.org"]]


@pytest.mark.parametrize(("answer", "fault"), [("554 spam", PERMANENT), ("451 try later", TEMPORARY)])
def test_a_message_refused_after_data_was_certainly_not_sent(
    start_server: StartServer, answer: str, fault: DeliveryFault
) -> None:
    assert fail_to_send(options_for(start_server(Inbox(data_answer=answer))), marks=1).fault is fault


def test_a_server_that_dies_between_data_and_its_answer_leaves_it_uncertain(start_server: StartServer) -> None:
    inbox = Inbox(hang_up_after_data=True)
    error = fail_to_send(options_for(start_server(inbox)), marks=1)
    assert (error.fault, len(inbox.messages)) == (UNCERTAIN, 1)
    assert "may have arrived" in error.message


HELLO = [b"220 hi\r\n", b"250 hi\r\n", b"250 sender\r\n", b"250 recipient\r\n"]


@pytest.mark.parametrize(
    ("lines", "fault", "marks"),
    [
        ([b""], TEMPORARY, 0),
        ([b"220 h"], TEMPORARY, 0),
        ([b"220 hi\r\n", b""], TEMPORARY, 0),
        ([*HELLO[:3], b"250-"], TEMPORARY, 0),
        ([*HELLO, b""], TEMPORARY, 1),
    ],
    ids=["silent", "drops of greeting", "silent after hello", "drops at the recipient", "silent at DATA"],
)
def test_a_hanging_server_is_given_up_in_time(
    start_rude_server: StartRude, lines: list[bytes], fault: DeliveryFault, marks: int
) -> None:
    # Where the steps before must succeed, a busy machine gets more time for them.
    timeout_s = 3.0 if marks else 0.4
    error = fail_to_send(options_for(start_rude_server(lines), timeout_s=timeout_s), marks=marks)
    assert error.fault is fault
    assert "in time" in error.message


def test_silence_after_the_message_leaves_it_uncertain(start_rude_server: StartRude) -> None:
    port = start_rude_server([*HELLO, b"354 go\r\n", b""])
    error = fail_to_send(options_for(port, timeout_s=3.0), marks=1)
    assert (error.fault, "in time" in error.message) == (UNCERTAIN, True)


@pytest.mark.parametrize(
    "greeting", [b"554 go away\r\n", b"421 busy\r\n", b"HTTP/1.1 400 Bad Request\r\n", b"\xff\x00\r\n"]
)
def test_a_greeting_that_is_none_is_a_delivery_error(start_rude_server: StartRude, greeting: bytes) -> None:
    error = fail_to_send(options_for(start_rude_server([greeting])), marks=0)
    assert error.fault is (TEMPORARY if greeting.startswith(b"421") else error.fault)


def test_a_closed_port_and_an_unknown_name_can_be_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    assert fail_to_send(options_for(port), marks=0).fault is TEMPORARY
    nowhere = SmtpOptions(host="mail.invalid", port=25, sender=SENDER, security=SmtpSecurity.NONE, timeout_s=5.0)
    assert fail_to_send(nowhere, marks=0).fault is TEMPORARY


def test_nothing_is_sent_when_the_mark_cannot_be_written(start_server: StartServer) -> None:
    inbox = Inbox()

    def fail() -> None:
        raise RuntimeError("the outbox is full")

    with pytest.raises(RuntimeError, match="outbox"):
        send_message(options_for(start_server(inbox)), make_messages()[0], fail)
    assert inbox.messages == []


def test_a_connection_that_went_stale_is_made_anew(start_server: StartServer) -> None:
    inbox, messages = Inbox(), make_messages()
    with SmtpSender(options_for(start_server(inbox, timeout=0.2))) as sender:
        sender.send(messages[0], lambda: None)
        assert sender._smtp
        assert sender._smtp.sock
        # The server hangs up by itself; this waits for its end of file without taking it away.
        sender._smtp.sock.settimeout(10)
        while sender._smtp.sock.recv(1, socket.MSG_PEEK):
            sender._smtp.sock.recv(4096)
        sender.send(messages[1], lambda: None)
    assert len(inbox.messages) == 2
