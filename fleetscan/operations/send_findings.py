"""Tell other systems of findings, through an outbox: at least once, and never again after a receiver said yes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from fleetscan.errors import ConfigError
from fleetscan.model.ids import Clock, SweepId
from fleetscan.operations.collect_news import collect_news, read_news
from fleetscan.operations.sinks import Bodies, Sink, name_delivery
from fleetscan.report.inputs import ReportInputs
from fleetscan.report.sink_fault import SinkError, SinkFault
from fleetscan.store.codec import CodecError
from fleetscan.store.deliveries import ClaimedNews, DeliveryState, DeliveryStore

_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=6)
_LONGEST_PAUSE_S = 30.0
_LEASE_RESERVE = timedelta(minutes=2)

Pause = Callable[[float], None]
"""Waits for some seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkRun:
    """What one run did for one sink.

    Attributes:
        queued: News that was put into the outbox.
        error: Why not all was sent; empty when it was.
    """

    queued: int = 0
    sent: int = 0
    failed: int = 0
    refused: int = 0
    error: str = ""
    hint: str = ""


def queue_news(deliveries: DeliveryStore, inputs: ReportInputs, sink: Sink, clock: Clock) -> int:
    """Put into the outbox what a sink was not told of a sweep; give how much that was."""
    news = collect_news(deliveries, inputs, sink)
    return deliveries.enqueue(sink.options.name, SweepId(inputs.sweep.id), news, clock())


def preview_news(deliveries: DeliveryStore, inputs: ReportInputs, sink: Sink) -> Bodies:
    """Give what would be sent, and change nothing.

    Raises:
        SinkError: It cannot be rendered.
    """
    done = (DeliveryState.SENT, DeliveryState.REFUSED)
    states = deliveries.states(sink.options.name)
    news = [one for one in collect_news(deliveries, inputs, sink) if states.get(one.key) not in done]
    outgoing = [read_news(one.payload, sink) for one in news]
    size = sink.options.batch
    return tuple(
        body for start in range(0, len(outgoing), size) for body in sink.render(outgoing[start : start + size])
    )


def send_news(deliveries: DeliveryStore, sink: Sink, clock: Clock, pause: Pause, *, retry: bool = False) -> SinkRun:
    """Send what is due, oldest first, until nothing is or the receiver has a problem with more than one piece.

    Args:
        deliveries: The outbox.
        sink: Whom to.
        clock: Now.
        pause: Waits between tries.
        retry: Also what waits for a later time, and what was refused.
    """
    if retry:
        deliveries.revive(sink.options.name, clock())
    shift = _Shift(deliveries, sink, clock, pause)
    shift.work()
    return SinkRun(sent=shift.sent, failed=shift.failed, refused=shift.refused, error=shift.error, hint=shift.hint)


class _Shift:
    """One run for one sink."""

    def __init__(self, deliveries: DeliveryStore, sink: Sink, clock: Clock, pause: Pause) -> None:
        self._deliveries = deliveries
        self._sink = sink
        self._clock = clock
        self._pause = pause
        options = sink.options
        # Each try connects and then talks; addresses of one name are tried one after the other.
        tries_s = options.tries * (4 * options.timeout_s + _LONGEST_PAUSE_S)
        self._lease = timedelta(seconds=tries_s) + _LEASE_RESERVE
        self._stopped = False
        self.sent = self.failed = self.refused = 0
        self.error = self.hint = ""

    def work(self) -> None:
        name, size = self._sink.options.name, self._sink.options.batch
        while not self._stopped:
            claimed = self._deliveries.claim(name, self._clock(), limit=size, lease=self._lease)
            if not claimed:
                return
            self._hand_over(claimed)

    def _hand_over(self, claimed: Sequence[ClaimedNews]) -> None:
        """Send some news in one piece, and in halves when the receiver will not have them together."""
        if not claimed:
            return
        if self._stopped:
            self._put_back(claimed, self.error)
            return
        try:
            self._try(claimed)
        except SinkError as error:
            self.error, self.hint = error.message, error.hint
            if error.fault is not SinkFault.REFUSED:
                self._stopped = True
                self._put_back(claimed, error.message)
            elif len(claimed) > 1:
                middle = len(claimed) // 2
                for half in (claimed[:middle], claimed[middle:]):
                    self._hand_over(self._deliveries.renew(half, self._clock(), self._lease))
            else:
                self._deliveries.mark_refused(claimed, error.message, self._clock())
                self.refused += 1
        else:
            self._deliveries.mark_sent(claimed, self._clock())
            self.sent += len(claimed)

    def _try(self, claimed: Sequence[ClaimedNews]) -> None:
        """Hand over some news, again after a while when nobody answered.

        Raises:
            SinkError: It was not taken, or nobody knows.
        """
        try:
            outgoing = [read_news(one.payload, self._sink) for one in claimed]
        except CodecError as error:
            raise SinkError(error.message, fault=SinkFault.REFUSED, hint=error.hint) from error
        bodies = self._sink.render(outgoing)
        key = name_delivery(outgoing)
        for number in range(self._sink.options.tries):
            try:
                self._sink.deliver(bodies, key)
            except ConfigError as error:
                raise SinkError(error.message, fault=SinkFault.SETTINGS, hint=error.hint) from error
            except SinkError as error:
                wait_s = error.retry_after_s if error.retry_after_s is not None else float(2**number)
                is_last = number + 1 == self._sink.options.tries
                if error.fault is not SinkFault.TEMPORARY or is_last or wait_s > _LONGEST_PAUSE_S:
                    raise
                self._pause(wait_s)
            else:
                return

    def _put_back(self, claimed: Sequence[ClaimedNews], message: str) -> None:
        now = self._clock()
        tried = max(one.attempts for one in claimed)
        self._deliveries.mark_waiting(claimed, message, now, now + next_wait(tried))
        self.failed += len(claimed)


def next_wait(attempts: int) -> timedelta:
    """Say how long to wait after some failed runs: a minute, doubled each time, at most six hours."""
    return min(_FIRST_WAIT * (1 << min(attempts - 1, 20)), _LONGEST_WAIT)
