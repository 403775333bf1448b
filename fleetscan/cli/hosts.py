"""`fleetscan hosts`: which host keys are accepted."""

from pathlib import Path
from typing import Annotated

import typer

from fleetscan.cli.clock import show_time
from fleetscan.cli.invocation import invocation_of
from fleetscan.cli.options import AuthorOption, ExcludeOption, FormatOption, GroupOption, LimitOption, selection_flags
from fleetscan.cli.output import Column, Format, print_records

hosts_app = typer.Typer(help="Accept and forget host keys.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.add_typer(hosts_app, name="hosts")


@hosts_app.command(
    "enroll",
    epilog="Examples: fleetscan hosts enroll --group web | "
    "fleetscan hosts enroll --yes --fingerprints fingerprints.txt",
)
def enroll(
    context: typer.Context,
    group: GroupOption = None,
    limit: LimitOption = None,
    exclude: ExcludeOption = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing; only with --fingerprints, and only keys that stand there.")
    ] = False,
    fingerprints: Annotated[
        Path | None,
        typer.Option("--fingerprints", help="Lines `HOST SHA256:…`, or output of ssh-keygen -lf.", metavar="FILE"),
    ] = None,
    author: AuthorOption = None,
) -> None:
    """Fetch host keys, show their SHA-256 fingerprints for review, and store those you accept, with who and when.

    Compare the fingerprints with what the host's console or your provisioning says; the network is not a witness.
    """
    from fleetscan.bootstrap import build_transport, collect_known_keys, current_author, utc_now
    from fleetscan.errors import UsageError
    from fleetscan.inventory.selection import select_hosts
    from fleetscan.model.sweep import Selection
    from fleetscan.operations.enroll_hosts import KeyStanding, accept_keys, fetch_keys
    from fleetscan.report.verdict import count_of
    from fleetscan.ssh.fingerprints import load_fingerprints

    if yes and fingerprints is None:
        raise UsageError(
            "--yes needs --fingerprints FILE to compare with",
            hint="without a list of fingerprints a person has to look at them: leave --yes out",
        )
    invocation = invocation_of(context)
    settings, terminal = invocation.settings, invocation.terminal
    expected = load_fingerprints(fingerprints) if fingerprints else None
    hosts = select_hosts(invocation.inventory(), Selection(**selection_flags(group, limit, exclude)))
    with invocation.store() as store:
        known_keys = collect_known_keys(settings, store)
        transport = build_transport(settings, known_keys)
        result = fetch_keys(
            hosts, transport, known_keys, expected=expected, author=author or current_author(), clock=utc_now
        )
        for failure in result.failures:
            terminal.say(f"{failure.host}: {failure.reason}", style="red")
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for header in ("host", "key type", "fingerprint", "standing"):
            # a fingerprint in two pieces cannot be compared at a glance, nor searched for
            table.add_column(header, overflow="fold", no_wrap=header == "fingerprint")
        for candidate in result.candidates:
            style = {KeyStanding.KNOWN: "dim", KeyStanding.NEW: "", KeyStanding.LISTED: "green"}
            table.add_row(
                Text(candidate.host),
                Text(candidate.key.algorithm),
                Text(candidate.key.fingerprint),
                Text(candidate.standing.value, style=style.get(candidate.standing, "bold red")),
            )
        if result.candidates:
            terminal.out.print(table)
        fresh = result.acceptable(listed_only=yes)
        changed = result.contradicted
        if changed:
            terminal.say(
                f"in contradiction to what was accepted before: {count_of(len(changed), 'key')}; find out why, then "
                "`fleetscan hosts forget ADDRESS` (or correct the known_hosts file) and enroll again",
                style="bold red",
            )
        if fresh and not yes and not _confirm(f"Accept {count_of(len(fresh), 'new key')}?"):
            terminal.say("nothing accepted")
            raise typer.Exit(3)
        accept_keys(store, fresh)
    terminal.say(
        f"{count_of(len(fresh), 'key')} accepted, {result.known_count} known before, "
        f"{count_of(len(result.failures), 'host')} not reached"
    )
    if result.failures or changed or result.mismatched:
        raise typer.Exit(3)


def _confirm(question: str) -> bool:
    """Ask; no answer at all (end of input, Ctrl-C) is a no."""
    try:
        return typer.confirm(question, err=True)
    except typer.Abort:
        typer.echo(err=True)
        return False


@hosts_app.command("keys", epilog="Example: fleetscan hosts keys --format json")
def list_keys(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """List accepted keys: the enrolled ones and those of the known_hosts files in the settings."""
    from fleetscan.bootstrap import collect_known_keys
    from fleetscan.export.records import KeyRecord

    invocation = invocation_of(context)
    with invocation.store() as store:
        keys = collect_known_keys(invocation.settings, store)
    records = [
        KeyRecord(
            pattern=key.pattern,
            marker=key.marker.value,
            algorithm=key.algorithm,
            fingerprint=key.fingerprint,
            added_at=key.added_at,
            added_by=key.added_by,
            source=key.source,
        )
        for key in keys
    ]
    columns: list[Column[KeyRecord]] = [
        Column("host", lambda r: f"{r.marker} {r.pattern}".strip()),
        Column("key type", lambda r: r.algorithm),
        Column("fingerprint", lambda r: r.fingerprint, no_wrap=True),
        Column("accepted", lambda r: show_time(r.added_at)),
        Column("by", lambda r: r.added_by or r.source),
    ]
    print_records(
        invocation.terminal, form, "keys", records, columns, empty="no keys yet; `fleetscan hosts enroll` fetches them"
    )


@hosts_app.command("forget", epilog="Example: fleetscan hosts forget 192.0.2.17")
def forget(
    context: typer.Context,
    pattern: Annotated[str, typer.Argument(help="Address as `hosts keys` shows it: ADDRESS or [ADDRESS]:PORT.")],
) -> None:
    """Forget the accepted keys of one address, after a reinstallation for example."""
    from fleetscan.errors import UsageError
    from fleetscan.report.verdict import count_of

    invocation = invocation_of(context)
    with invocation.store() as store:
        count = store.keys.forget_keys(pattern)
    if not count:
        raise UsageError(f"no enrolled key for {pattern!r}", hint="`fleetscan hosts keys` lists them")
    invocation.terminal.say(f"{count_of(count, 'key')} forgotten")
