"""Many hosts at once: bounded, structured, each outcome handed on as soon as it is there."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from fleetscan.model.host import Host
from fleetscan.model.outcome import HostOutcome
from fleetscan.sweep.visit import Visitor

OutcomeSink = Callable[[HostOutcome], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardOptions:
    """How many visits run at one time.

    Attributes:
        concurrency: Open sessions in all.
        per_failure_domain: Open sessions for hosts that share a failure domain.
    """

    concurrency: int = 100
    per_failure_domain: int = 5


async def run_shard(hosts: Sequence[Host], visitor: Visitor, sink: OutcomeSink, options: ShardOptions) -> None:
    """Visit all hosts and hand every outcome to `sink`, in the order in which they come.

    A fixed number of workers takes hosts from one iterator, so memory does not grow with the fleet. Cancelling ends the
    visits under way; their hosts have no outcome and are visited again when the sweep is resumed.
    """
    domains: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(options.per_failure_domain))
    remaining = iter(hosts)
    async with asyncio.TaskGroup() as group:
        for _ in range(min(options.concurrency, len(hosts))):
            group.create_task(_work(remaining, visitor, sink, domains))


async def _work(
    hosts: Iterable[Host], visitor: Visitor, sink: OutcomeSink, domains: defaultdict[str, asyncio.Semaphore]
) -> None:
    for host in hosts:
        if host.failure_domain:
            async with domains[host.failure_domain]:
                outcome = await visitor.visit(host)
        else:
            outcome = await visitor.visit(host)
        sink(outcome)
