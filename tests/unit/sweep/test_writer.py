"""Outcomes are committed in batches by one thread; nothing that was taken is lost without an error."""

import threading
from collections.abc import Iterable, Sequence
from itertools import count, islice

import pytest

from fleetscan.errors import StoreError
from fleetscan.model.ids import HostName
from fleetscan.model.outcome import FailureKind, HostFailure, HostOutcome
from fleetscan.sweep.writer import OutcomeWriter
from tests.unit.sweep.probed_host import NOW


def outcome(number: int) -> HostOutcome:
    return HostFailure(
        host=HostName(f"web-{number}"),
        kind=FailureKind.UNREACHABLE,
        reason="connection refused",
        started_at=NOW,
        duration_s=0.1,
    )


OUTCOMES = [outcome(number) for number in range(20)]


class Disk:
    """Keeps what is saved; waits at a gate and fails when told to."""

    def __init__(self, *, closed: bool = False, fails_at: int | None = None) -> None:
        self.batches: list[list[HostOutcome]] = []
        self.committed: list[HostOutcome] = []
        self.began = threading.Event()
        self.gate = threading.Event()
        self._fails_at = fails_at
        if not closed:
            self.gate.set()

    def save(self, batch: Sequence[HostOutcome]) -> None:
        self.began.set()
        assert self.gate.wait(10)
        if len(self.batches) == self._fails_at:
            raise StoreError("disk full")
        self.batches.append(list(batch))

    def commit(self, batch: Sequence[HostOutcome]) -> None:
        self.committed += batch

    @property
    def saved(self) -> list[HostOutcome]:
        return [outcome for batch in self.batches for outcome in batch]


def sweep(disk: Disk, outcomes: Iterable[HostOutcome], *, ends_with: BaseException | None = None) -> None:
    """Hand over outcomes one by one, each a commit of its own."""
    with OutcomeWriter(disk.save, disk.commit, batch=1) as writer:
        for given in outcomes:
            writer.put(given)
        if ends_with is not None:
            raise ends_with


def test_everything_is_committed_in_order_when_the_context_ends() -> None:
    disk = Disk()
    with OutcomeWriter(disk.save, disk.commit) as writer:
        for given in OUTCOMES:
            writer.put(given)
    assert disk.saved == disk.committed == OUTCOMES


def test_everything_is_committed_when_the_sweep_is_interrupted() -> None:
    disk = Disk()
    with pytest.raises(KeyboardInterrupt):
        sweep(disk, OUTCOMES, ends_with=KeyboardInterrupt())
    assert disk.saved == OUTCOMES


def test_outcomes_that_wait_share_commits_of_bounded_size() -> None:
    disk = Disk(closed=True)
    with OutcomeWriter(disk.save, disk.commit, batch=8) as writer:
        writer.put(OUTCOMES[0])
        assert disk.began.wait(10)
        for given in OUTCOMES[1:]:
            writer.put(given)
        disk.gate.set()
    assert [len(batch) for batch in disk.batches] == [1, 8, 8, 3]


def test_an_empty_sweep_saves_nothing() -> None:
    disk = Disk()
    with OutcomeWriter(disk.save, disk.commit):
        pass
    assert disk.batches == []


def test_an_error_while_saving_is_raised_at_the_end() -> None:
    disk = Disk(fails_at=0)
    with pytest.raises(StoreError, match="disk full"):
        sweep(disk, OUTCOMES[:1])
    assert disk.committed == []


def test_an_error_while_saving_stops_the_sweep_at_one_of_the_next_outcomes() -> None:
    disk = Disk(fails_at=0)
    endless = count()
    with pytest.raises(StoreError, match="disk full"):
        sweep(disk, (OUTCOMES[0] for _ in islice(endless, 1_000_000)))
    assert next(endless) < 1_000_000


def test_nothing_is_saved_after_an_error() -> None:
    disk = Disk(fails_at=1)
    with pytest.raises(StoreError, match="disk full"):
        sweep(disk, OUTCOMES)
    assert disk.saved == disk.committed == OUTCOMES[:1]


def test_an_error_while_saving_is_told_rather_than_what_a_task_group_made_of_it() -> None:
    disk = Disk(fails_at=0)
    with pytest.raises(StoreError, match="disk full"):
        sweep(disk, OUTCOMES[:1], ends_with=ExceptionGroup("unhandled errors", [StoreError("disk full")]))


def test_an_error_of_the_observer_is_raised() -> None:
    def observe(_batch: Sequence[HostOutcome]) -> None:
        raise ValueError("broken pipe")

    disk = Disk()
    with pytest.raises(ValueError, match="broken pipe"), OutcomeWriter(disk.save, observe) as writer:
        writer.put(OUTCOMES[0])


def test_an_error_of_the_sweep_itself_passes() -> None:
    with pytest.raises(ZeroDivisionError):
        sweep(Disk(), OUTCOMES, ends_with=ZeroDivisionError())


def test_a_slow_disk_holds_the_sweep_back() -> None:
    disk = Disk(closed=True)
    taken: list[HostOutcome] = []
    full = threading.Event()

    def hand_over(writer: OutcomeWriter) -> None:
        for given in OUTCOMES[:4]:
            if len(taken) == 2:
                full.set()
            writer.put(given)
            taken.append(given)

    with OutcomeWriter(disk.save, disk.commit, batch=1, capacity=2) as writer:
        writer.put(outcome(99))
        assert disk.began.wait(10)
        thread = threading.Thread(target=hand_over, args=(writer,))
        thread.start()
        assert full.wait(10)
        thread.join(0.05)  # time enough to hand over a third, if that were possible
        held_back = list(taken)
        disk.gate.set()
        thread.join(10)
    assert held_back == OUTCOMES[:2]
    assert disk.saved == [outcome(99), *OUTCOMES[:4]]
