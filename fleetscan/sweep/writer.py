"""One writer behind a bounded queue: network tasks never wait for a disk, and many outcomes share one commit."""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from fleetscan.model.outcome import HostOutcome

SaveOutcomes = Callable[[Sequence[HostOutcome]], None]


class OutcomeWriter:
    """Saves outcomes from a thread of its own.

    Leaving the context waits until everything is committed, also after Ctrl-C.

    Args:
        save: Commits a batch in one transaction.
        committed: Called after each commit with its batch, from the writer's thread.
        batch: Most outcomes in one commit.
        interval_s: Seconds between two commits, unless `batch` outcomes wait or the sweep ends. A commit costs as much
            as two outcomes in it, so one for each would treble the price of an unchanged host.
        capacity: Most outcomes that may wait; beyond it `put` blocks, which slows the sweep down to the disk's speed.
    """

    def __init__(
        self,
        save: SaveOutcomes,
        committed: Callable[[Sequence[HostOutcome]], None],
        *,
        batch: int = 50,
        interval_s: float = 0.5,
        capacity: int = 400,
    ) -> None:
        self._save = save
        self._committed = committed
        self._batch = batch
        self._interval_s = interval_s
        self._queue: queue.Queue[HostOutcome | None] = queue.Queue(capacity)
        self._thread = threading.Thread(target=self._run, name="outcome-writer")
        self._error: BaseException | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._queue.put(None)
        self._thread.join()
        if self._error is not None and not isinstance(error, KeyboardInterrupt):
            # what a task group made of it on its way through the event loop tells the user nothing
            raise self._error from None

    def put(self, outcome: HostOutcome) -> None:
        """Hand over one outcome.

        Raises:
            BaseException: Whatever stopped the writer; nothing that is put after that would be kept.
        """
        if self._error is not None:
            raise self._error
        self._queue.put(outcome)

    def _run(self) -> None:
        ended = False
        due_at_s = 0.0
        while not ended:
            batch, ended = self._collect(due_at_s)
            if batch and self._error is None:
                self._commit(batch)
                due_at_s = time.monotonic() + self._interval_s

    def _collect(self, due_at_s: float) -> tuple[list[HostOutcome], bool]:
        """Take what waits, until the next commit is due; give it, and whether the sweep ended."""
        batch: list[HostOutcome] = []
        while len(batch) < self._batch:
            try:
                timeout_s = max(0.0, due_at_s - time.monotonic()) if batch else None
                item = self._queue.get(timeout=timeout_s)
            except queue.Empty:
                break
            if item is None:
                return batch, True
            batch.append(item)
        return batch, False

    def _commit(self, batch: Sequence[HostOutcome]) -> None:
        try:
            self._save(batch)
            self._committed(batch)
        except BaseException as error:  # noqa: BLE001 - kept and raised again in the thread that sweeps
            self._error = error
