"""Mail to owners through a real SMTP server: once for each owner and sweep, whatever happens in between."""

import os
import signal
import socket
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.integration.cli.console import Answer, Console, Site, assert_one_clear_line, open_site

OWNERS = ("data@example.org", "storefront@example.org")


# ruff: noqa: ARG002 - names and arguments of the handler are aiosmtpd's
class PostOffice:
    """Takes mail; refuses and kills as told."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []
        self.refused: dict[str, str] = {}
        self.kill_at: int = 0
        self.killed_while: str = ""
        self.victim: subprocess.Popen[str] | None = None

    @property
    def recipients(self) -> Counter[str]:
        return Counter(envelope.rcpt_tos[0] for envelope in self.taken)

    async def handle_RCPT(  # noqa: N802 - the name is aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.victim and self.killed_while == "RCPT" and len(self.taken) == self.kill_at:
            self._kill()
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - likewise
        self.taken.append(envelope)
        if self.victim and self.killed_while == "DATA" and len(self.taken) == self.kill_at:
            self._kill()
        return "250 taken"

    def _kill(self) -> None:
        assert self.victim is not None
        os.kill(self.victim.pid, signal.SIGKILL)


@contextmanager
def open_post_office() -> Iterator[tuple[PostOffice, int]]:
    office = PostOffice()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    controller = Controller(office, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield office, port
    finally:
        controller.stop()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A project whose sweeps give both owners something to do."""
    with open_site(tmp_path_factory.mktemp("mail")) as site:
        assert site.console("sweep").code == 0
        site.running.plant()
        yield site


@pytest.fixture
def run(site: Site) -> Console:
    """Commands after a new sweep, of which nobody was mailed."""
    assert site.console("-q", "sweep", "--limit", "db-0[145],web-02,web-07").code == 1
    return site.console


@pytest.fixture
def office() -> Iterator[tuple[PostOffice, int]]:
    with open_post_office() as opened:
        yield opened


def flags(port: int, *more: str) -> tuple[str, ...]:
    return (
        *("--smtp-host", "127.0.0.1", "--smtp-port", str(port), "--smtp-security", "none"),
        *("--smtp-sender", "Fleet <fleet@example.org>", *more),
    )


def states(run: Console) -> dict[str, str]:
    return {mail["recipient"]: mail["state"] for mail in run.read("mails")}


def test_each_owner_gets_one_mail_about_their_own_hosts_also_when_repeated(
    run: Console, office: tuple[PostOffice, int]
) -> None:
    inbox, port = office
    first = run(*flags(port), "mail", "--format", "json")
    assert first.code == 0, first.err
    assert {item["recipient"]: item["notice"] for item in first.items} == dict.fromkeys(OWNERS, "sent")
    second = run(*flags(port), "mail", "--format", "json")
    assert second.code == 0
    assert {item["notice"] for item in second.items} == {"already sent"}
    assert inbox.recipients == Counter(OWNERS)
    assert states(run) == dict.fromkeys(OWNERS, "sent")
    for envelope in inbox.taken:
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, _class=EmailMessage, policy=default)
        assert envelope.mail_from == "fleet@example.org"
        text = mail.get_body(("plain",))
        assert text is not None
        mine, other = ("db-05", "web-02") if envelope.rcpt_tos == ["data@example.org"] else ("web-02", "db-05")
        assert mine in text.get_content()
        assert other not in text.get_content()


def test_a_dry_run_sends_nothing_and_keeps_nobody_from_their_mail(run: Console, office: tuple[PostOffice, int]) -> None:
    inbox, port = office
    assert run(*flags(port), "mail", "--dry-run", "--out", "outbox").code == 0
    assert inbox.taken == []
    assert run(*flags(port), "mail").code == 0
    assert inbox.recipients == Counter(OWNERS)


def kill_while_mailing(run: Console, office: tuple[PostOffice, int], moment: str, at: int) -> None:
    inbox, port = office
    inbox.killed_while, inbox.kill_at = moment, at
    with run.start(*flags(port), "mail", stdin=subprocess.DEVNULL) as process:
        inbox.victim = process
        process.communicate(timeout=120)
        inbox.victim = None
    assert process.returncode == -signal.SIGKILL


def test_killed_between_two_messages_only_the_rest_is_sent_afterwards(
    run: Console, office: tuple[PostOffice, int]
) -> None:
    kill_while_mailing(run, office, "RCPT", 1)
    inbox, port = office
    assert len(inbox.taken) == 1
    answer = run(*flags(port), "mail", "--format", "json")
    assert answer.code == 0
    assert sorted(item["notice"] for item in answer.items) == ["already sent", "sent"]
    assert inbox.recipients == Counter(OWNERS)


def test_killed_while_the_server_takes_a_message_it_is_never_sent_twice_and_said_so(
    run: Console, office: tuple[PostOffice, int]
) -> None:
    kill_while_mailing(run, office, "DATA", 1)
    inbox, port = office
    for _ in range(2):
        answer = run(*flags(port), "mail", "--format", "json")
        assert answer.code == 4
        assert "uncertain" in {item["notice"] for item in answer.items}
        assert inbox.recipients == Counter(OWNERS)
    assert sorted(states(run).values()) == ["sent", "uncertain"]


def test_two_runs_at_the_same_time_send_each_mail_once(run: Console, office: tuple[PostOffice, int]) -> None:
    inbox, port = office
    with run.start(*flags(port), "mail") as one, run.start(*flags(port), "mail") as other:
        said = one.communicate(timeout=120)[1] + other.communicate(timeout=120)[1]
    assert "Traceback" not in said
    assert "internal error" not in said
    assert inbox.recipients == Counter(OWNERS)


def test_one_refused_owner_does_not_keep_the_other_from_their_mail_and_is_tried_again(
    run: Console, office: tuple[PostOffice, int]
) -> None:
    inbox, port = office
    inbox.refused = {"data@example.org": "451 greylisted, come back \x1b[31mlater"}
    for _ in range(2):
        answer = run(*flags(port), "mail")
        assert answer.code == 4
        assert "\x1b" not in answer.out + answer.err
        assert "hint: " in answer.err
        assert inbox.recipients == Counter(["storefront@example.org"])
        assert states(run) == {"data@example.org": "failed", "storefront@example.org": "sent"}
    inbox.refused = {}
    assert run(*flags(port), "mail").code == 0
    assert inbox.recipients == Counter(OWNERS)


def test_a_server_that_refuses_the_connection_is_told_and_nothing_is_lost(run: Console) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        answer = run(*flags(closed.getsockname()[1]), "mail")
    assert answer.code == 4
    assert "refused the connection" in answer.out
    assert "Traceback" not in answer.err
    assert states(run) == dict.fromkeys(OWNERS, "failed")
    with open_post_office() as (inbox, port):
        assert run(*flags(port), "mail").code == 0
        assert inbox.recipients == Counter(OWNERS)


def test_a_server_that_hangs_is_given_up_after_the_timeout(run: Console) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hung:
        held: list[socket.socket] = []
        thread = threading.Thread(target=lambda: held.extend(hung.accept()[0] for _ in OWNERS))
        thread.start()
        answer = run(*flags(hung.getsockname()[1], "--smtp-timeout", "0.3"), "mail")
        thread.join()
        for link in held:
            link.close()
    assert answer.code == 4
    assert "did not answer in time" in answer.out
    assert states(run) == dict.fromkeys(OWNERS, "failed")


def test_an_owner_without_drift_or_unread_hosts_gets_no_mail(site: Site, office: tuple[PostOffice, int]) -> None:
    inbox, port = office
    run = site.console
    run("-q", "sweep", "--limit", "web-01,web-03,web-06")
    answer = run(*flags(port), "mail")
    assert (answer.code, answer.out) == (0, "")
    assert "no owner has anything to do" in answer.err
    assert inbox.taken == []


@pytest.mark.parametrize("pointer", ["env:FLEET_MAIL_PASSWORD", "file:/nonexistent/password"])
def test_a_mail_password_that_cannot_be_fetched_is_told_before_anything_is_sent(
    run: Console, office: tuple[PostOffice, int], pointer: str
) -> None:
    inbox, port = office
    answer = run(*flags(port, "--smtp-user", "fleet", "--smtp-password", pointer), "mail")
    assert answer.code == 2
    assert_one_clear_line(answer, pointer.partition(":")[2])
    assert inbox.taken == []


def test_a_password_on_the_command_line_is_refused_and_not_repeated(run: Console, tmp_path: Path) -> None:
    answer: Answer = run(*flags(25, "--smtp-password", "hunter2-Pa55"), "mail")
    assert answer.code == 2
    assert "hunter2" not in answer.out + answer.err
