"""The newest state of the fleet, judged, for commands that ask about it."""

from typing import TYPE_CHECKING

from fleetscan.cli.invocation import Invocation

if TYPE_CHECKING:
    from fleetscan.model.finding import Finding
    from fleetscan.report.inputs import ReportInputs


def review_fleet(invocation: Invocation, sweep: int | None) -> "ReportInputs":
    """Judge a sweep, the newest by default, and bring the life of its findings up to date."""
    from fleetscan.bootstrap import index_hosts, judge_options, utc_now
    from fleetscan.operations.publish import gather_inputs
    from fleetscan.operations.sweep_fleet import latest_sweep

    settings = invocation.settings
    known = index_hosts(invocation.inventory())
    with invocation.store() as store:
        return gather_inputs(store, known, latest_sweep(store, sweep), utc_now(), judge_options(settings))


def find_finding(inputs: "ReportInputs", beginning: str) -> "Finding":
    """Give the open finding whose id begins so.

    Raises:
        UsageError: None does, or several do.
    """
    from fleetscan.errors import UsageError

    found = [finding for finding in (*inputs.findings, *inputs.unseen) if finding.id.startswith(beginning)]
    if len(found) != 1:
        what = "no finding begins" if not found else f"{len(found)} findings begin"
        raise UsageError(f"{what} with {beginning!r}", hint="`fleetscan findings list` shows the ids")
    return found[0]
