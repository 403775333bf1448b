"""The demo fleet for code that is not asynchronous: it lives in a thread with an event loop of its own."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from fleetscan.demo.fleet import DemoFleet
from fleetscan.demo.intruder import Plant


class ThreadedFleet:
    """A running fleet as seen from another thread; see `run_in_thread`."""

    def __init__(self, fleet: DemoFleet, loop: asyncio.AbstractEventLoop) -> None:
        self.fleet = fleet
        self._loop = loop

    def plant(self) -> tuple[Plant, ...]:
        """Let everything go wrong, as `DemoFleet.plant`, and wait until it has."""
        return asyncio.run_coroutine_threadsafe(self.fleet.plant(), self._loop).result()


@contextmanager
def run_in_thread(fleet: DemoFleet) -> Iterator[ThreadedFleet]:
    """Run a fleet beside the caller; leaving the context stops it and ends the thread.

    Raises:
        OSError: The fleet could not be started.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="demo-fleet", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(fleet.__aenter__(), loop).result()
        try:
            yield ThreadedFleet(fleet, loop)
        finally:
            asyncio.run_coroutine_threadsafe(fleet.__aexit__(None, None, None), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
