"""`fleetscan init`, `fleetscan config show`, `fleetscan schema`, `fleetscan probe show`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from fleetscan.cli.invocation import invocation_of
from fleetscan.cli.options import FormatOption
from fleetscan.cli.output import Column, Format, print_records

config_app = typer.Typer(help="Settings and where they come from.", no_args_is_help=True)
probe_app = typer.Typer(help="What runs on your hosts.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command("init", epilog="Example: fleetscan init /srv/fleetscan")(initialise)
    app.add_typer(config_app, name="config")
    app.add_typer(probe_app, name="probe")
    app.command("schema", epilog="Example: fleetscan schema drift > drift.schema.json")(show_schema)


def initialise(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Where to start; made if missing.", metavar="DIR")] = Path(),
) -> None:
    """Write fleetscan.toml and inventory.yaml with comments, and create the database. Never overwrites."""
    from fleetscan.operations.initialise import start_project

    terminal = invocation_of(context).terminal  # a wrong setting is told before anything is written
    made = start_project(folder)
    for path in made:
        terminal.say(f"wrote {path}")
    terminal.say("next: edit inventory.yaml, then `fleetscan inventory check`, then `fleetscan hosts enroll`")


@config_app.command("show", epilog="Example: FLEETSCAN_CONCURRENCY=50 fleetscan config show")
def show_config(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """Show every setting, its value, and which layer gave it."""
    from fleetscan.config import find_setting, render_value, setting_table
    from fleetscan.export.records import SettingRecord

    invocation = invocation_of(context)
    loaded = invocation.load()
    records = [
        SettingRecord(
            name=info.name,
            value=render_value(find_setting(loaded.settings, info.name)),
            origin=str(loaded.origins[info.name]),
            flag=info.flag,
            environment=info.env,
            help=info.help,
        )
        for info in setting_table()
    ]
    columns: list[Column[SettingRecord]] = [
        Column("setting", lambda r: r.name, no_wrap=True),
        Column("value", lambda r: r.value),
        Column("from", lambda r: r.origin, style="cyan"),
        Column("flag", lambda r: r.flag, style="dim"),
        Column("variable", lambda r: r.environment, style="dim"),
    ]
    print_records(invocation.terminal, form, "settings", records, columns, empty="no settings")


@probe_app.command(
    "show",
    epilog="Examples: fleetscan probe show | sha256sum | fleetscan --quiet probe show > fleetscan-probe",
)
def show_probe(context: typer.Context) -> None:
    """Print exactly the text that runs on a host, sent or installed; its SHA-256 goes to standard error.

    The same text is the file of an installed probe: `fleetscan --quiet probe show > fleetscan-probe`.
    """
    from fleetscan.model.host import DEFAULT_PROBE_PATH
    from fleetscan.probe.script import installed_command, load_probe, remote_command

    probe = load_probe()
    typer.echo(probe.text, nl=False)  # bytes: what is installed from this has to have the same hash in any locale
    terminal = invocation_of(context).terminal
    terminal.say(f"sha256 {probe.sha256}")
    for words, sudo in (("", False), (" with `sudo: true`", True)):
        terminal.say(f"sent{words}, it is started as: {remote_command(sudo=sudo)}")
        terminal.say(f"installed{words}, it is started as: {installed_command(DEFAULT_PROBE_PATH, sudo=sudo)}")


def show_schema(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Which schema; without it, their names.")] = None,
) -> None:
    """Print the JSON Schema of what `--format json` gives."""
    from fleetscan.errors import UsageError
    from fleetscan.export.encode import json_schema
    from fleetscan.export.records import SCHEMAS

    del context
    if name is None:
        sys.stdout.write("\n".join(sorted(SCHEMAS)) + "\n")
        return
    if name not in SCHEMAS:
        raise UsageError(f"there is no schema {name!r}", hint=f"one of: {', '.join(sorted(SCHEMAS))}")
    sys.stdout.write(json.dumps(json_schema(name), indent=2) + "\n")
