"""`fleetscan report`: the HTML drift report."""

import typer

from fleetscan.cli.invocation import invocation_of
from fleetscan.cli.options import OutOption, SweepOption


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command("report", epilog="Example: fleetscan report --out /srv/www/fleetscan")(report)


def report(context: typer.Context, out: OutOption = None, sweep: SweepOption = None) -> None:
    """Write the report of a sweep: one page for the fleet, one for each owner. Nothing in them loads from a network."""
    from fleetscan.bootstrap import index_hosts, judge_options, utc_now
    from fleetscan.cli.judged import print_verdict
    from fleetscan.operations.publish import gather_inputs
    from fleetscan.operations.sweep_fleet import latest_sweep
    from fleetscan.report.html import write_report
    from fleetscan.report.view import build_report_view

    invocation = invocation_of(context)
    settings = invocation.settings
    inventory = invocation.inventory()
    with invocation.store() as store:
        inputs = gather_inputs(
            store, index_hosts(inventory), latest_sweep(store, sweep), utc_now(), judge_options(settings)
        )
    path = write_report(build_report_view(inputs), out or settings.report_dir)
    print_verdict(invocation.terminal, inputs)
    typer.echo(str(path))
