"""`fleetscan inventory`: who would be visited."""

import typer

from fleetscan.cli.invocation import invocation_of
from fleetscan.cli.options import ExcludeOption, FormatOption, GroupOption, LimitOption, selection_flags
from fleetscan.cli.output import Column, Format, print_records

inventory_app = typer.Typer(help="The hosts, their groups and owners.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.add_typer(inventory_app, name="inventory")


@inventory_app.command("check", epilog="Example: fleetscan --inventory fleet.yaml inventory check")
def check(context: typer.Context) -> None:
    """Read the inventory and say all that is wrong with it, before any packet is sent."""
    from fleetscan.report.verdict import count_of

    invocation = invocation_of(context)
    inventory = invocation.inventory()
    owners = {host.owner.email for host in inventory.hosts}
    counts = (
        count_of(len(inventory.hosts), "host"),
        count_of(len(inventory.groups), "group"),
        count_of(len(owners), "owner"),
    )
    typer.echo(f"{inventory.path}: {', '.join(counts)}")


@inventory_app.command("list", epilog="Example: fleetscan inventory list --group web --format csv")
def list_hosts(
    context: typer.Context,
    group: GroupOption = None,
    limit: LimitOption = None,
    exclude: ExcludeOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List hosts as they are resolved: defaults, groups and their own settings merged."""
    from fleetscan.export.records import HostRecord
    from fleetscan.inventory.selection import select_hosts
    from fleetscan.model.sweep import Selection

    invocation = invocation_of(context)
    hosts = select_hosts(invocation.inventory(), Selection(**selection_flags(group, limit, exclude)))
    records = [
        HostRecord(
            name=host.name,
            address=host.address,
            port=host.connection.port,
            user=host.connection.user,
            groups=host.groups,
            role=host.role,
            owner=host.owner.name,
            owner_email=host.owner.email,
            zone=host.zone,
            jump=host.jump.name if host.jump else "",
            tags=tuple(sorted(host.tags)),
            sudo=host.connection.sudo,
            probe=host.connection.probe.value,
            probe_path=host.connection.probe_path,
        )
        for host in hosts
    ]
    columns: list[Column[HostRecord]] = [
        Column("host", lambda r: r.name),
        Column("address", lambda r: f"{r.user}@{r.address}:{r.port}"),
        Column("groups", lambda r: ", ".join(r.groups)),
        Column("owner", lambda r: r.owner_email),
        Column("through", lambda r: r.jump or "-"),
        Column("sudo", lambda r: "yes" if r.sudo else "no"),
    ]
    print_records(invocation.terminal, form, "hosts", records, columns, empty="no hosts")
