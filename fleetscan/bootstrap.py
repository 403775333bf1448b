"""The composition root: settings in, stages out. The only place that picks implementations."""

import getpass
import os
import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parseaddr

from fleetscan.analyse.cohorts import CohortRule, Dimension
from fleetscan.config import Settings
from fleetscan.config.sinks import SinkSettings
from fleetscan.errors import ConfigError
from fleetscan.inventory.reader import Inventory, load_inventory
from fleetscan.model.host import Host
from fleetscan.model.hostkey import KnownKey
from fleetscan.model.ids import HostName
from fleetscan.operations.judge_sweep import JudgeOptions
from fleetscan.operations.open_sinks import open_sink
from fleetscan.operations.sinks import Sink
from fleetscan.operations.sweep_fleet import SweepOptions
from fleetscan.report.mail import MailOptions
from fleetscan.report.smtp import SmtpSender
from fleetscan.report.smtp_connection import SmtpOptions, SmtpSecurity
from fleetscan.rulebook.load import load_rules
from fleetscan.ssh.connect import SshTransport
from fleetscan.ssh.credentials import Credentials
from fleetscan.ssh.hostkeys import HostKeyTable
from fleetscan.ssh.known_hosts import load_known_hosts
from fleetscan.ssh.options import FAST_CIPHERS, SshOptions
from fleetscan.ssh.secret import fetch_secret
from fleetscan.store.store import Store, open_store
from fleetscan.sweep.shard import ShardOptions
from fleetscan.sweep.visit import VisitOptions


def utc_now() -> datetime:
    """Give the current instant."""
    return datetime.now(UTC)


def current_author() -> str:
    """Name the person at the keyboard, `user@machine`; sudo's caller when there is one."""
    try:
        user = os.environ.get("SUDO_USER") or getpass.getuser()
    except (OSError, KeyError):
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def open_project_store(settings: Settings) -> Store:
    """Open the database of the settings."""
    return open_store(settings.database, clock=utc_now)


def load_project_inventory(settings: Settings) -> Inventory:
    """Read the inventory of the settings."""
    return load_inventory(settings.inventory)


def index_hosts(inventory: Inventory) -> Mapping[HostName, Host]:
    """Give the inventory's hosts by name."""
    return {host.name: host for host in inventory.hosts}


def collect_known_keys(settings: Settings, store: Store) -> tuple[KnownKey, ...]:
    """Give all accepted keys: those enrolled, and those of the known_hosts files that the settings name."""
    keys = list(store.keys.list_known_keys())
    for path in settings.known_hosts:
        keys.extend(load_known_hosts(path, added_at=utc_now()))
    return tuple(keys)


def build_transport(settings: Settings, known_keys: tuple[KnownKey, ...]) -> SshTransport:
    """Build the SSH transport; host keys are indexed once, here."""
    options = SshOptions(
        connect_timeout_s=settings.connect_timeout_s,
        max_handshakes=settings.handshakes,
        ciphers=settings.ciphers or FAST_CIPHERS,
    )
    return SshTransport(options, HostKeyTable.of(known_keys), Credentials())


def sweep_options(settings: Settings) -> SweepOptions:
    """Take a sweep's bounds from the settings."""
    return SweepOptions(
        visit=VisitOptions(timeout_s=settings.visit_timeout_s, max_output_bytes=settings.max_output_bytes),
        shard=ShardOptions(concurrency=settings.concurrency),
    )


def judge_options(settings: Settings) -> JudgeOptions:
    """Take from the settings by what a sweep is judged; the user's rules are read here.

    Raises:
        ConfigError: A rule cannot be used.
    """
    rule = CohortRule(tuple(Dimension(word) for word in settings.cohort))
    rules = load_rules(settings.rules)
    return JudgeOptions(at=utc_now(), rules=rules, cohorts=rule, min_cohort=settings.min_cohort)


def mail_options(settings: Settings, *, sender_needed: bool) -> MailOptions:
    """Take the look of mails from the settings.

    Raises:
        ConfigError: Mail is to be sent and no sender is set.
    """
    sender = settings.smtp.sender
    if not sender:
        if sender_needed:
            raise ConfigError(
                "no sender address is set", hint='set smtp.sender in fleetscan.toml, e.g. "fleetscan@example.org"'
            )
        sender = "fleetscan@localhost.localdomain"
    return MailOptions(sender=sender, report_url=settings.smtp.report_url)


def build_sink(settings: SinkSettings) -> Sink:
    """Build one receiver of findings."""
    return open_sink(settings, lambda pointer: fetch_secret(pointer).reveal())


def build_smtp_sender(settings: Settings) -> SmtpSender:
    """Build the connection to the mail server.

    Raises:
        ConfigError: No server is set, or the password cannot be fetched.
    """
    smtp = settings.smtp
    if not smtp.host:
        raise ConfigError(
            "no mail server is set", hint="set smtp.host in fleetscan.toml, or write the mails to files with --dry-run"
        )
    password = fetch_secret(smtp.password).reveal() if smtp.password else ""
    return SmtpSender(
        SmtpOptions(
            host=smtp.host,
            port=smtp.port,
            sender=parseaddr(smtp.sender)[1],
            security=SmtpSecurity(smtp.security),
            user=smtp.user,
            password=password,
            ca_file=str(smtp.ca_file) if smtp.ca_file else None,
            timeout_s=smtp.timeout_s,
        )
    )
