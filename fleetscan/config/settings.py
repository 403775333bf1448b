"""All settings, with their defaults and what they mean. A new setting is one field here and nothing elsewhere."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from fleetscan.config.sinks import SinkSettings, parse_sinks
from fleetscan.config.values import (
    parse_ciphers,
    parse_cohort,
    parse_database,
    parse_file,
    parse_files,
    parse_line,
    parse_mail_domain,
    parse_number,
    parse_optional_file,
    parse_pointer,
    parse_sender,
    parse_severity,
    parse_web_url,
    parse_whole_number,
)
from fleetscan.model.drift import Severity
from fleetscan.model.host import SecretRef

_FROZEN = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

FILE_ONLY = frozenset({"sinks"})
"""Settings that are tables and have neither a flag nor a variable."""
_DAY_S = 86_400
_Text = Annotated[str, BeforeValidator(parse_line)]
_File = Annotated[Path, BeforeValidator(parse_file)]
_Seconds = Annotated[float, BeforeValidator(parse_number(_DAY_S))]


class SmtpSettings(BaseModel):
    """How mail is handed over."""

    model_config = _FROZEN

    host: _Text = ""
    """Mail server; empty: mail can only be written to files."""
    port: Annotated[int, BeforeValidator(parse_whole_number(1, 65535))] = 587
    """TCP port of the mail server: 587 for starttls, 465 for tls, 25 for none."""
    security: Literal["none", "starttls", "tls"] = "starttls"
    """How the connection is protected; with starttls a server that does not offer it is refused."""
    user: _Text = ""
    """Account to log in with; empty: no login."""
    password: Annotated[SecretRef | None, BeforeValidator(parse_pointer)] = None
    """Where the password comes from: env:NAME, file:PATH or command:CMD. Never the password itself."""
    sender: Annotated[str, BeforeValidator(parse_sender)] = ""
    """From address: fleetscan@example.org or Fleetscan <fleetscan@example.org>."""
    ca_file: Annotated[Path | None, BeforeValidator(parse_optional_file)] = None
    """Certificate authorities that the server's certificate is checked with; empty: those of the system."""
    timeout_s: _Seconds = 30.0
    """Seconds to wait for each answer of the mail server."""
    list_domain: Annotated[str, BeforeValidator(parse_mail_domain)] = ""
    """Domain of the List-Id header, by which owners can filter; empty: the sender's domain."""
    report_url: Annotated[str, BeforeValidator(parse_web_url)] = ""
    """Address of the published report that mails link to; empty: no link."""


class Settings(BaseModel):
    """Everything that a user can set, checked. Stages get their own small options from it, never the whole."""

    model_config = _FROZEN

    inventory: _File = Path("inventory.yaml")
    """The inventory file."""
    database: Annotated[str, BeforeValidator(parse_database)] = Field(default="sqlite:///fleetscan.db", repr=False)
    """Where sweeps are kept: sqlite:///FILE or postgresql://USER@HOST/NAME."""
    concurrency: Annotated[int, BeforeValidator(parse_whole_number(1, 10_000))] = 100
    """Hosts visited at the same time."""
    handshakes: Annotated[int, BeforeValidator(parse_whole_number(1, 10_000))] = 40
    """Connections being opened at the same time; opening is the costly part of a visit."""
    connect_timeout_s: _Seconds = 10.0
    """Seconds for connecting and logging in to one host, unless the inventory says otherwise."""
    visit_timeout_s: _Seconds = 60.0
    """Seconds for the whole visit of one host, unless the inventory says otherwise."""
    max_output_bytes: Annotated[int, BeforeValidator(parse_whole_number(65_536, 1 << 32))] = 64 * 1024 * 1024
    """Most bytes taken from one host; a host that sends more is read in part and reported so."""
    known_hosts: Annotated[tuple[Path, ...], BeforeValidator(parse_files)] = ()
    """known_hosts files to trust beside the enrolled keys; @cert-authority and @revoked lines are honoured."""
    ciphers: Annotated[tuple[str, ...], BeforeValidator(parse_ciphers)] = ()
    """SSH ciphers in order of preference; empty: the fast AES-GCM first, then the usual ones."""
    fail_on: Annotated[Severity, BeforeValidator(parse_severity)] = Severity.MEDIUM
    """Lowest severity that makes the exit code 1: info, low, medium, high or critical."""
    min_prevalence: Annotated[float, BeforeValidator(parse_number(1))] = 0.5
    """Share of a cohort's hosts that must have a thing before a baseline proposal takes it in, above 0 up to 1."""
    cohort: Annotated[tuple[str, ...], BeforeValidator(parse_cohort)] = ("group", "os_id", "os_version_id")
    """What tells cohorts apart, the most telling first: group, os_id, os_version_id, zone, owner, tags."""
    min_cohort: Annotated[int, BeforeValidator(parse_whole_number(1, 10_000))] = 5
    """Hosts that a cohort must have; the hosts of a smaller one are compared in the next wider cohort."""
    approvers: Annotated[int, BeforeValidator(parse_whole_number(1, 2))] = 1
    """Persons who must approve a baseline or a rollback before it counts: 1 or 2."""
    rules: Annotated[tuple[Path, ...], BeforeValidator(parse_files)] = ()
    """Folders with rules of your own, beside those that come along."""
    report_dir: _File = Path("report")
    """Folder that reports are written to."""
    log_level: Literal["debug", "info", "warning", "error"] = "warning"
    """Least important log lines to show on standard error."""
    log_format: Literal["text", "json"] = "text"
    """Log lines for people or for machines."""
    color: Literal["auto", "always", "never"] = "auto"
    """Colour on the terminal; auto also obeys NO_COLOR."""
    locale: Literal["en"] = "en"
    """Language of reports and mails; English is the only one so far."""
    smtp: SmtpSettings = SmtpSettings()
    """Mail."""
    sinks: Annotated[tuple[SinkSettings, ...], BeforeValidator(parse_sinks)] = ()
    """Other systems that findings are sent to: tables [[sinks]] in fleetscan.toml, and nowhere else."""
