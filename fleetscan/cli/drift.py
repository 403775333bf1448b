"""`fleetscan drift`: differences between hosts and what they are expected to look like."""

from typing import Annotated

import typer

from fleetscan.cli.invocation import invocation_of
from fleetscan.cli.options import FailOnOption, FormatOption, SweepOption
from fleetscan.cli.output import Format


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command(
        "drift", epilog="Examples: fleetscan drift --diff web-017 | fleetscan drift --format json --min-severity high"
    )(drift)


def drift(
    context: typer.Context,
    hosts: Annotated[list[str] | None, typer.Argument(help="Only these hosts.", metavar="HOST")] = None,
    sweep: SweepOption = None,
    min_severity: Annotated[
        str, typer.Option(help="Leave out what is below: info, low, medium, high, critical.")
    ] = "info",
    diff: Annotated[bool, typer.Option("--diff", "-d", help="Show directive changes and text diffs too.")] = False,
    fail_on: FailOnOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Compare the hosts of a sweep with their baselines, or with their peers while there is none.

    What could not be read is never reported as removed; it is listed as not compared.
    """
    from fleetscan.bootstrap import index_hosts, judge_options, utc_now
    from fleetscan.cli.judged import STYLES, drift_exit_code, drift_records, print_drift, print_verdict
    from fleetscan.errors import UsageError
    from fleetscan.operations.publish import gather_inputs
    from fleetscan.operations.sweep_fleet import latest_sweep

    if min_severity not in STYLES:
        raise UsageError(f"{min_severity!r} is no severity", hint=f"one of: {', '.join(reversed(STYLES))}")
    invocation = invocation_of(context)
    settings = invocation.load({"fail_on": fail_on}).settings
    terminal = invocation.terminal
    inventory = invocation.inventory()
    known = index_hosts(inventory)
    with invocation.store() as store:
        inputs = gather_inputs(store, known, latest_sweep(store, sweep), utc_now(), judge_options(settings))
    strangers = sorted(set(hosts or ()) - {str(v.host) for v in inputs.visits})
    if strangers:
        raise UsageError(
            f"not in sweep {inputs.sweep.id}: {', '.join(strangers)}", hint="`fleetscan sweeps show` lists its hosts"
        )
    ranks = list(STYLES)
    shown = [
        r
        for r in drift_records(inputs)
        if ranks.index(r.severity) <= ranks.index(min_severity) and (not hosts or r.host in hosts)
    ]
    print_drift(terminal, form, shown)
    if form is Format.TABLE:
        if diff:
            from fleetscan.cli.differences import print_differences

            print_differences(terminal, shown)
        for compared in inputs.drifts:
            if not hosts or compared.host in hosts:
                for line in compared.not_compared:
                    terminal.say(f"{compared.host}: not compared: {line}", style="yellow")
        print_verdict(terminal, inputs)
    raise typer.Exit(drift_exit_code(inputs, settings.fail_on))
