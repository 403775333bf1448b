"""The whole journey on real hosts, by the command line: enroll, sweep, approve, find what was planted, tell people."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message

from tests.live.conftest import Lab, RunCli
from tests.live.project import Project, put_file

CLOCK = "clock-sync.timer"
NIGHTLY = "cache-nightly.timer"
USER_UNITS = "/home/viewer/.config/systemd/user"
_TIMER = "[Unit]\nDescription=Keep the clock right\n[Timer]\nOnCalendar=*:0/7\n[Install]\nWantedBy=timers.target\n"
_SERVICE = "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'exec /usr/local/sbin/clock-sync --quiet'\n"
_USER_TIMER = "[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=timers.target\n"
_USER_SERVICE = "[Service]\nExecStart=/home/viewer/.cache/.x/run\n"


class Inbox(Message):
    """Keeps whole messages as they came in."""

    def __init__(self) -> None:
        super().__init__()
        self.received: list[EmailMessage] = []

    def prepare_message(self, session: Any, envelope: Any) -> EmailMessage:  # noqa: ANN401, ARG002 - aiosmtpd's
        message = message_from_bytes(envelope.content, _class=EmailMessage, policy=default)
        message["X-RcptTo"] = ",".join(envelope.rcpt_tos)
        return message

    def handle_message(self, message: Any) -> None:  # noqa: ANN401 - aiosmtpd's
        self.received.append(message)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def smtp_port(inbox: Inbox, unused_tcp_port: int) -> Iterator[int]:
    controller = Controller(inbox, hostname="127.0.0.1", port=unused_tcp_port)
    controller.start()
    yield unused_tcp_port
    controller.stop()


@contextmanager
def intruder(lab: Lab, pair: str, transient: str, user: str) -> Iterator[None]:
    """Plant a timer pair on one host, a `systemd-run` timer on a second, a user's timer on a third; then clean up."""
    put_file(lab, pair, f"/etc/systemd/system/{CLOCK}", _TIMER)
    put_file(lab, pair, "/etc/systemd/system/clock-sync.service", _SERVICE)
    lab.exec(pair, "systemctl", "daemon-reload")
    lab.exec(pair, "systemctl", "enable", "--now", CLOCK)
    said = lab.exec(transient, "systemd-run", "--on-calendar=hourly", "/bin/sh", "-c", "exec /tmp/.stage2")
    named = re.search(rb"run-\S+?\.timer", said.stdout + said.stderr)
    assert named, said
    run_timer = named[0].decode()
    put_file(lab, user, f"{USER_UNITS}/{NIGHTLY}", _USER_TIMER)
    put_file(lab, user, f"{USER_UNITS}/cache-nightly.service", _USER_SERVICE)
    wants = f"{USER_UNITS}/timers.target.wants"
    lab.exec(user, "mkdir", "-p", wants)
    lab.exec(user, "ln", "-s", f"../{NIGHTLY}", f"{wants}/{NIGHTLY}")
    lab.exec(user, "chown", "-R", "viewer:viewer", "/home/viewer/.config")
    try:
        yield
    finally:
        lab.exec(pair, "systemctl", "disable", "--now", CLOCK)
        lab.exec(pair, "rm", "-f", f"/etc/systemd/system/{CLOCK}", "/etc/systemd/system/clock-sync.service")
        lab.exec(pair, "systemctl", "daemon-reload")
        lab.exec(transient, "systemctl", "stop", run_timer)
        lab.exec(user, "rm", "-rf", "/home/viewer/.config")


def test_three_planted_timers_are_found_on_their_hosts_and_told_to_the_owners_once(
    lab: Lab, tmp_path: Path, run_cli: RunCli, inbox: Inbox, smtp_port: int
) -> None:
    project = Project.start(tmp_path, lab, run_cli)
    project.run("inventory", "check")
    names = {host.name for host in lab.hosts}
    bookworm, trixie, other = (host.name for host in (lab.hosts[0], lab.hosts[1], lab.hosts[2]))

    project.enroll()
    project.run("sweep")
    assert project.outcomes() == dict.fromkeys(names, "complete")
    for host in (bookworm, trixie):
        assert_all_timers_are_told(project, host)
    project.approve()
    project.run("sweep")
    assert project.drift(exits=0) == set()

    with intruder(lab, pair=bookworm, transient=trixie, user=other):
        project.run("sweep", exits=1)
        found = project.items("drift", exits=1)
        assert_exactly_the_planted(found, pair=bookworm, transient=trixie, user=other)
        assert_report_tells(project, found)
        assert_mail_goes_out_once(project, inbox, smtp_port)

    project.run("sweep")
    assert project.drift(exits=0) == set()


def assert_all_timers_are_told(project: Project, host: str) -> None:
    """What `fleetscan timers` says of the system is what systemctl says on the host: no timer more, none less."""
    listed = project.fleet.lab.exec(host, "systemctl", "list-timers", "--all", "--no-legend", "--no-pager").stdout
    filed = project.fleet.lab.exec(
        host, "systemctl", "list-unit-files", "--type=timer", "--no-legend", "--no-pager"
    ).stdout
    expected = {name.decode() for name in re.findall(rb"\S+\.timer", listed + filed)}
    timers = [item for item in project.items("timers", host) if item["scope"] == "system"]
    assert {item["unit"] for item in timers} == expected
    assert len(expected) > 8
    assert all(item["executes"] and item["schedule"] and item["user"] for item in timers)


def assert_exactly_the_planted(found: list[dict[str, Any]], *, pair: str, transient: str, user: str) -> None:
    by_host = {item["host"]: item for item in found}
    assert len(found) == 3, [(item["host"], item["name"], item["sentence"]) for item in found]
    told = {host: (i["kind"], i["subject"], i["scope"]) for host, i in by_host.items()}
    assert told == {
        pair: ("added", "job", "system"),
        transient: ("added", "job", "system"),
        user: ("added", "job", "user:viewer"),
    }
    assert (by_host[pair]["name"], by_host[user]["name"]) == (CLOCK, NIGHTLY)
    assert by_host[transient]["name"].startswith("run-*.timer")
    assert "/tmp/.stage2" in by_host[transient]["sentence"]
    assert f"/etc/systemd/system/timers.target.wants/{CLOCK}" in by_host[pair]["paths"]
    assert f"{USER_UNITS}/cache-nightly.service" in by_host[user]["paths"]
    for item in found:
        assert item["is_new"]
        assert item["last_absent_at"] < item["first_seen_at"]
        assert (item["prevalence_count"], item["prevalence_of_hosts"], item["reference"]) == (1, 3, "baseline 1")


def assert_report_tells(project: Project, found: list[dict[str, Any]]) -> None:
    page = Path(project.run("report", "--out", "report").stdout.strip())
    html = (project.fleet.path / page).read_text(encoding="utf-8")
    for item in found:
        assert item["name"] in html
        assert item["host"] in html
    assert not re.search(r"""(?:src|href)=["']?https?://""", html)


def assert_mail_goes_out_once(project: Project, inbox: Inbox, port: int) -> None:
    smtp = ("--smtp-host", "127.0.0.1", "--smtp-port", str(port), "--smtp-security", "none")
    command = (*smtp, "--smtp-sender", "fleetscan@example.org", "mail")
    first = {note["recipient"]: note["notice"] for note in project.items(*command)}
    assert first == {"platform@example.org": "sent", "payments@example.org": "sent"}
    again = {note["recipient"]: note["notice"] for note in project.items(*command)}
    assert again == dict.fromkeys(first, "already sent")
    arrived = {message["X-RcptTo"]: message for message in inbox.received}
    assert len(inbox.received) == len(arrived) == 2
    assert arrived.keys() == first.keys()
    platform, payments = (text_of(arrived[f"{team}@example.org"]) for team in ("platform", "payments"))
    # the pair and the user's timer are on hosts of platform, the transient one on a host of payments
    assert CLOCK in platform
    assert NIGHTLY in platform
    assert CLOCK not in payments
    assert NIGHTLY not in payments
    assert "/tmp/.stage2" in payments
    assert "/tmp/.stage2" not in platform
    assert {mail["state"] for mail in project.items("mails")} == {"sent"}


def text_of(message: EmailMessage) -> str:
    plain = message.get_body(("plain",))
    assert plain
    text: str = plain.get_content()
    return text
