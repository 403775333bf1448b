"""One writer behind a bounded queue: network tasks never wait for a disk, and many outcomes share one commit."""

import queue
import threading
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
        capacity: Most outcomes that may wait; beyond it `put` blocks, which slows the sweep down to the disk's speed.
    """

    def __init__(
        self,
        save: SaveOutcomes,
        committed: Callable[[Sequence[HostOutcome]], None],
        *,
        batch: int = 50,
        capacity: int = 400,
    ) -> None:
        self._save = save
        self._committed = committed
        self._batch = batch
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
        while not ended:
            item = self._queue.get()
            batch: list[HostOutcome] = []
            while item is not None:
                batch.append(item)
                if len(batch) == self._batch:
                    break
                try:
                    item = self._queue.get_nowait()
                except queue.Empty:
                    break
            ended = item is None
            if batch and self._error is None:
                self._commit(batch)

    def _commit(self, batch: Sequence[HostOutcome]) -> None:
        try:
            self._save(batch)
            self._committed(batch)
        except BaseException as error:  # noqa: BLE001 - kept and raised again in the thread that sweeps
            self._error = error
