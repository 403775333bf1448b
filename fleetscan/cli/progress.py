"""Progress of a sweep: a live line on a terminal, a plain line now and then elsewhere."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from fleetscan.cli.output import Terminal
from fleetscan.model.outcome import HostOutcome, Outcome, outcome_of
from fleetscan.operations.sweep_fleet import Observer

_PLAIN_EVERY_S = 10.0


@contextmanager
def show_progress(terminal: Terminal, total: int, *, what: str = "sweep") -> Iterator[Observer]:
    """Give an observer that keeps the reader informed.

    Args:
        terminal: Its error stream shows the progress.
        total: Hosts to visit.
        what: What is going on, in one word.
    """
    if terminal.talk.quiet:
        yield lambda _: None
    elif terminal.talk.is_terminal:
        with _show_live(terminal, total, what) as observer:
            yield observer
    else:
        yield _PlainLines(terminal, total, what).note


@contextmanager
def _show_live(terminal: Terminal, total: int, what: str) -> Iterator[Observer]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("[yellow]{task.fields[partial]} partial[/] [red]{task.fields[failed]} failed[/]"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    counts = _Counts()
    with Progress(*columns, console=terminal.talk, transient=True) as progress:
        task = progress.add_task(what, total=total, partial=0, failed=0, rate="")

        def note(outcome: HostOutcome) -> None:
            counts.add(outcome)
            progress.update(
                task, advance=1, partial=counts.partial, failed=counts.failed, rate=f"{counts.rate:.1f} hosts/s"
            )

        yield note


class _Counts:
    def __init__(self) -> None:
        self._began = time.monotonic()
        self.done = self.partial = self.failed = 0

    def add(self, result: HostOutcome) -> None:
        self.done += 1
        outcome = outcome_of(result)
        self.partial += outcome is Outcome.PARTIAL
        self.failed += not outcome.has_state

    @property
    def rate(self) -> float:
        return self.done / max(time.monotonic() - self._began, 0.001)


class _PlainLines:
    """A line every ten seconds and one at the end."""

    def __init__(self, terminal: Terminal, total: int, what: str) -> None:
        self._terminal = terminal
        self._total = total
        self._what = what
        self._counts = _Counts()
        self._next = time.monotonic() + _PLAIN_EVERY_S
        self._lock = threading.Lock()

    def note(self, outcome: HostOutcome) -> None:
        with self._lock:
            counts = self._counts
            counts.add(outcome)
            now = time.monotonic()
            if counts.done != self._total and now < self._next:
                return
            self._next = now + _PLAIN_EVERY_S
            self._terminal.say(
                f"{self._what}: {counts.done} of {self._total} hosts, {counts.partial} partial, "
                f"{counts.failed} failed, {counts.rate:.1f} hosts/s"
            )
