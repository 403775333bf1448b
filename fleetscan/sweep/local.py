"""The local runner: one event loop in this process."""

import asyncio
import signal
from collections.abc import Sequence
from contextlib import suppress

import uvloop

from fleetscan.model.host import Host
from fleetscan.sweep.ports import RunTransport
from fleetscan.sweep.shard import OutcomeSink, ShardOptions, run_shard
from fleetscan.sweep.visit import Visitor


def run_local(
    hosts: Sequence[Host], transport: RunTransport, visitor: Visitor, sink: OutcomeSink, options: ShardOptions
) -> bool:
    """Visit all hosts and return when each has an outcome, or when Ctrl-C or SIGTERM ends the run.

    Args:
        hosts: Whom to visit, in order.
        transport: Opened for the time of the run.
        visitor: Visits one host.
        sink: Gets every outcome, in this thread.
        options: Bounds.

    Returns:
        Whether the run went through; False when it was interrupted.
    """
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_run(hosts, transport, visitor, sink, options))
    except KeyboardInterrupt:
        return False


async def _run(
    hosts: Sequence[Host], transport: RunTransport, visitor: Visitor, sink: OutcomeSink, options: ShardOptions
) -> bool:
    loop = asyncio.get_running_loop()
    transport.prepare_loop(loop)
    terminated = False
    this = asyncio.current_task()

    def terminate() -> None:
        nonlocal terminated
        terminated = True
        if this is not None:
            this.cancel()

    with suppress(NotImplementedError, RuntimeError, ValueError):  # only the main thread may listen for signals
        loop.add_signal_handler(signal.SIGTERM, terminate)
    try:
        async with transport:
            await run_shard(hosts, visitor, sink, options)
    except asyncio.CancelledError:
        if terminated:
            return False
        raise
    return True
