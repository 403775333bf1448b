"""Commits cost more than outcomes: those that come one by one share them."""

from fleetscan.sweep.writer import OutcomeWriter
from tests.unit.sweep.test_writer import OUTCOMES, Disk


def test_the_first_outcome_is_committed_at_once_and_those_that_trickle_in_after_it_share_a_commit() -> None:
    disk = Disk()
    with OutcomeWriter(disk.save, disk.commit, interval_s=600) as writer:
        writer.put(OUTCOMES[0])
        assert disk.began.wait(10)
        for given in OUTCOMES[1:]:
            writer.put(given)
    assert disk.batches == [OUTCOMES[:1], OUTCOMES[1:]]


def test_a_full_batch_does_not_wait_for_the_interval() -> None:
    disk = Disk()
    with OutcomeWriter(disk.save, disk.commit, batch=4, interval_s=600) as writer:
        writer.put(OUTCOMES[0])
        assert disk.began.wait(10)
        disk.began.clear()
        for given in OUTCOMES[1:5]:
            writer.put(given)
        assert disk.began.wait(10)
    assert [len(batch) for batch in disk.batches] == [1, 4]
