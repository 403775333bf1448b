"""The program: its own options, and the commands by noun."""

from pathlib import Path
from typing import Annotated

import typer

import fleetscan
from fleetscan.cli import (
    baseline,
    configure,
    controls,
    database,
    demonstrate,
    diff,
    doctor,
    drift,
    evidence,
    exceptions,
    export,
    findings,
    history,
    hosts,
    hunt,
    inventory,
    mail,
    publish,
    rules,
    send,
    show,
    spread,
    sweep,
    timeline,
    waves,
)
from fleetscan.cli.invocation import Invocation
from fleetscan.cli.pipe import PipeGroup

app = typer.Typer(
    name="fleetscan",
    cls=PipeGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start: fleetscan init, then edit inventory.yaml, "
    "then fleetscan hosts enroll, fleetscan doctor, fleetscan sweep. "
    "Exit codes: 0 clean, 1 drift at or above --fail-on, 2 usage, 3 a host was not (fully) read, 4 our own failure.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"fleetscan {fleetscan.__version__}")
        raise typer.Exit


_SMTP = "Mail"
_LIMITS = "Limits"


@app.callback()
def program(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option("--config", help="Settings file; fleetscan.toml by default.", metavar="FILE")
    ] = None,
    inventory: Annotated[str | None, typer.Option(help="The inventory file.", metavar="FILE")] = None,
    database: Annotated[str | None, typer.Option(help="sqlite:///FILE or postgresql://USER@HOST/NAME.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log details; tracebacks for bugs.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Nothing but data and errors.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours; NO_COLOR does the same.")] = False,
    color: Annotated[str | None, typer.Option(help="auto, always or never.")] = None,
    locale: Annotated[str | None, typer.Option(help="Language of reports and mails.")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.")] = None,
    log_format: Annotated[str | None, typer.Option(help="text or json.")] = None,
    concurrency: Annotated[str | None, typer.Option(help="Hosts visited at one time.", rich_help_panel=_LIMITS)] = None,
    handshakes: Annotated[
        str | None, typer.Option(help="Connections being opened at one time.", rich_help_panel=_LIMITS)
    ] = None,
    connect_timeout: Annotated[
        str | None, typer.Option(help="Seconds for connecting and logging in.", rich_help_panel=_LIMITS)
    ] = None,
    timeout: Annotated[str | None, typer.Option(help="Seconds for a whole visit.", rich_help_panel=_LIMITS)] = None,
    max_output_bytes: Annotated[
        str | None, typer.Option(help="Most bytes from one host.", rich_help_panel=_LIMITS)
    ] = None,
    known_hosts: Annotated[
        list[str] | None, typer.Option(help="known_hosts file to honour too; may be repeated.", metavar="FILE")
    ] = None,
    ciphers: Annotated[list[str] | None, typer.Option(help="Preferred SSH cipher; may be repeated.")] = None,
    fail_on: Annotated[str | None, typer.Option(help="Lowest severity for exit code 1.")] = None,
    min_prevalence: Annotated[str | None, typer.Option(help="Share of hosts a baseline proposal asks for.")] = None,
    cohort: Annotated[
        list[str] | None, typer.Option(help="What tells cohorts apart: group, os_id, …; may be repeated.")
    ] = None,
    min_cohort: Annotated[str | None, typer.Option(help="Hosts that a cohort must have.")] = None,
    approvers: Annotated[str | None, typer.Option(help="Persons who must approve a baseline: 1 or 2.")] = None,
    rules: Annotated[
        list[str] | None, typer.Option(help="Folder with rules of your own; may be repeated.", metavar="DIR")
    ] = None,
    report_dir: Annotated[str | None, typer.Option(help="Folder for reports.", metavar="DIR")] = None,
    smtp_host: Annotated[str | None, typer.Option(help="Mail server.", rich_help_panel=_SMTP)] = None,
    smtp_port: Annotated[str | None, typer.Option(help="Its port.", rich_help_panel=_SMTP)] = None,
    smtp_security: Annotated[str | None, typer.Option(help="none, starttls or tls.", rich_help_panel=_SMTP)] = None,
    smtp_user: Annotated[str | None, typer.Option(help="Account to log in with.", rich_help_panel=_SMTP)] = None,
    smtp_password: Annotated[
        str | None,
        typer.Option(help="Where the password is: env:NAME, file:PATH or command:CMD.", rich_help_panel=_SMTP),
    ] = None,
    smtp_sender: Annotated[str | None, typer.Option(help="From address.", rich_help_panel=_SMTP)] = None,
    smtp_ca_file: Annotated[
        str | None, typer.Option(help="Certificate authorities.", rich_help_panel=_SMTP, metavar="FILE")
    ] = None,
    smtp_timeout: Annotated[str | None, typer.Option(help="Seconds for each answer.", rich_help_panel=_SMTP)] = None,
    smtp_list_domain: Annotated[str | None, typer.Option(help="Domain of List-Id.", rich_help_panel=_SMTP)] = None,
    smtp_report_url: Annotated[
        str | None, typer.Option(help="Where the report is published.", rich_help_panel=_SMTP)
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Tell every systemd timer of a fleet of Linux hosts, what it executes, and what of it is not normal.

    Agentless: connects over SSH, reads, and leaves. Watches ATT&CK T1053.006 (Systemd Timers).
    """
    del version
    flags: dict[str, object] = {
        "inventory": inventory,
        "database": database,
        "color": "never" if no_color else color,
        "locale": locale,
        "log_level": log_level,
        "log_format": log_format,
        "concurrency": concurrency,
        "handshakes": handshakes,
        "connect_timeout_s": connect_timeout,
        "visit_timeout_s": timeout,
        "max_output_bytes": max_output_bytes,
        "known_hosts": known_hosts,
        "ciphers": ciphers,
        "fail_on": fail_on,
        "min_prevalence": min_prevalence,
        "cohort": cohort,
        "min_cohort": min_cohort,
        "approvers": approvers,
        "rules": rules,
        "report_dir": report_dir,
        "smtp.host": smtp_host,
        "smtp.port": smtp_port,
        "smtp.security": smtp_security,
        "smtp.user": smtp_user,
        "smtp.password": smtp_password,
        "smtp.sender": smtp_sender,
        "smtp.ca_file": smtp_ca_file,
        "smtp.timeout_s": smtp_timeout,
        "smtp.list_domain": smtp_list_domain,
        "smtp.report_url": smtp_report_url,
    }
    given = {key: value for key, value in flags.items() if value not in (None, [])}
    context.obj = Invocation(flags=given, config_path=config, quiet=quiet, verbose=verbose)


for command in (
    configure,
    database,
    inventory,
    hosts,
    doctor,
    sweep,
    show,
    timeline,
    baseline,
    drift,
    findings,
    evidence,
    hunt,
    history,
    spread,
    diff,
    waves,
    exceptions,
    controls,
    rules,
    publish,
    mail,
    export,
    send,
    demonstrate,
):
    command.register(app)
