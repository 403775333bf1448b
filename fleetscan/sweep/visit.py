"""One visit: connect, send the probe, read what it says, fetch unseen contents. Every end of it is an outcome."""

import asyncio
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from fleetscan.errors import ParseError, VisitError
from fleetscan.model.coverage import Area, Coverage, Gap, ReadStatus
from fleetscan.model.host import Host
from fleetscan.model.ids import SYSTEM, Clock, HostName, Sha256
from fleetscan.model.outcome import FailureKind, HostFailure, HostOutcome
from fleetscan.model.snapshot import ArtifactKind, HostSnapshot, RuntimeState
from fleetscan.probe.assemble import assemble_listing
from fleetscan.probe.launch import plan_launch
from fleetscan.probe.script import ProbeScript, Terms
from fleetscan.probe.times import parse_times
from fleetscan.probe.wire import FrameReader
from fleetscan.sweep.dialogue import Dialogue
from fleetscan.sweep.known import KnownContents
from fleetscan.sweep.plan import Planner
from fleetscan.sweep.ports import Session, Transport
from fleetscan.sweep.reach import Reach

# How much of a visit's time the listing may take, and how much all of it: what was read by then is kept even when the
# rest is late.
_SHARE_OF_LISTING, _SHARE_OF_ALL = 0.6, 0.9
_CLOSING_S = 10.0
# A listing of so many bytes takes seconds to understand, in which the other visits shall go on.
_LONG_LISTING = 2 * 1024 * 1024
# Logs are read from a little before the last visit on, for the host's clock may be behind.
_OVERLAP_S = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitOptions:
    """Limits of one visit.

    Attributes:
        timeout_s: Seconds for everything, unless the host's own settings say otherwise.
        max_output_bytes: Most bytes to take from one host.
    """

    timeout_s: float = 60.0
    max_output_bytes: int = 64 * 1024 * 1024


class Visitor:
    """Visits hosts, one call each; holds what all visits of a run share.

    Args:
        transport: Makes sessions.
        script: What runs on the hosts.
        known: Which contents are new, and the bytes of the others.
        clock: Now.
        options: Limits.
        last_read: Tells when a host last gave a state, None for never.
    """

    def __init__(
        self,
        transport: Transport,
        script: ProbeScript,
        known: KnownContents,
        clock: Clock,
        options: VisitOptions,
        last_read: Callable[[HostName], datetime | None] = lambda _host: None,
    ) -> None:
        self._last_read = last_read
        self._transport = transport
        self._script = script
        self._known = known
        self._planner = Planner()
        self._clock = clock
        self._options = options

    async def visit(self, host: Host) -> HostOutcome:
        """Visit one host. Never raises for anything that the host or the network does; bugs do propagate."""
        started_at, began = self._clock(), time.monotonic()
        timeout_s = host.connection.visit_timeout_s or self._options.timeout_s
        try:
            async with asyncio.timeout(timeout_s) as deadline:
                return await self._visit(host, began, deadline)
        except TimeoutError:
            error = VisitError(
                FailureKind.TIMEOUT,
                f"no complete answer within {timeout_s:g} s",
                hint="If the host is merely slow, raise visit_timeout for it in the inventory or use --timeout.",
            )
        except ParseError as parse_error:
            error = VisitError(FailureKind.PROTOCOL_ERROR, parse_error.message, hint=parse_error.hint)
        except VisitError as visit_error:
            error = visit_error
        return HostFailure(
            host=host.name,
            kind=error.kind,
            reason=error.message,
            evidence=error.evidence,
            hint=error.hint,
            started_at=started_at,
            duration_s=time.monotonic() - began,
        )

    async def _visit(self, host: Host, began: float, deadline: asyncio.Timeout) -> HostSnapshot:
        async with self._transport.connect(host) as session:
            found = await self._converse(host, session, began, deadline)
            deadline.reschedule(asyncio.get_running_loop().time() + _CLOSING_S)
        return found

    async def _converse(self, host: Host, session: Session, began: float, deadline: asyncio.Timeout) -> HostSnapshot:
        sentinel = secrets.token_hex(16)
        timeout_s = host.connection.visit_timeout_s or self._options.timeout_s
        launch = plan_launch(self._script, host.connection, sentinel, self._terms(host, timeout_s))
        taken_at = self._clock()
        async with session.run(launch.command) as channel:
            dialogue = Dialogue(channel, FrameReader(sentinel, max_bytes=self._options.max_output_bytes))
            await dialogue.send(launch.first_input)
            frames = await dialogue.read_until("ready")
            launch.verify(frames)
            # From here on there is something to keep, and what follows has a limit of its own. Were both over while the
            # scanner computes, the outer one would take the listing with it.
            deadline.reschedule(None)
            if sum(len(frame.payload) for frame in frames) > _LONG_LISTING:
                listing = await asyncio.to_thread(assemble_listing, frames, sentinel)
            else:
                listing = assemble_listing(frames, sentinel)
            reach = Reach(listing, dialogue, sentinel, self._known, self._planner)
            tail, cut = await self._explore(reach, dialogue, began + timeout_s * _SHARE_OF_ALL)
        missing = self._known.wanted(reach.offers) - reach.contents.keys()
        gaps = [*reach.gaps, *_unfetched(reach, missing, cut)]
        return HostSnapshot(
            host=host.name,
            facts=listing.facts,
            artifacts=tuple(reach.artifacts[key] for key in sorted(reach.artifacts)),
            coverage=Coverage.of(gaps).folded(),
            runtime=RuntimeState(
                timers=listing.timers,
                times=listing.times,
                processes=listing.processes,
                traces=listing.traces,
                remote_at=listing.remote_at,
                host_cpu_s=parse_times(tail),
                bytes_received=dialogue.bytes_received,
            ),
            taken_at=taken_at,
            duration_s=time.monotonic() - began,
            host_key=session.host_key,
            contents=reach.contents,
        )

    def _terms(self, host: Host, timeout_s: float) -> Terms:
        last = self._last_read(host.name)
        since = None if last is None else max(int(last.timestamp()) - _OVERLAP_S, 0)
        return Terms(sudo=host.connection.sudo, seconds=max(int(timeout_s * _SHARE_OF_LISTING), 1), since=since)

    async def _explore(self, reach: Reach, dialogue: Dialogue, until: float) -> tuple[bytes, ReadStatus]:
        """Complete what the listing began; when that fails or is late, what there is stays, with a gap.

        Returns:
            What the probe said last, empty when it was not heard to its end; and why not, `OK` when it was.
        """
        try:
            async with asyncio.timeout(until - time.monotonic()):
                await reach.explore()
                return await dialogue.finish(), ReadStatus.OK
        except TimeoutError:
            status, reason = ReadStatus.TIMED_OUT, "what jobs run was not looked at in time"
        except VisitError as error:
            status, reason = ReadStatus.FAILED, f"what jobs run was not looked at to its end: {error.message}"
        reach.gaps.append(Gap(Area.PROGRAMS, None, status, None, reason))
        return b"", status


def _unfetched(reach: Reach, missing: frozenset[Sha256], cut: ReadStatus) -> Iterable[Gap]:
    """Give a gap for every file whose content was wanted and did not come as its hash promised.

    Args:
        reach: What the visit has.
        missing: Hashes of what did not come.
        cut: Why no more was asked for; `OK` when all was.
    """
    if not missing:
        return
    found = {artifact.name: artifact for artifact in reach.artifacts.values() if artifact.sha256 is not None}
    for sha256 in missing:
        for path in reach.paths.get(sha256, ()):
            artifact = found.get(path)
            is_program = artifact is not None and artifact.kind is ArtifactKind.PROGRAM
            if cut is not ReadStatus.OK:
                reason = "the visit ended before its text was fetched"
            elif is_program:
                reason = "its text was not given: it changed, or is no program by mode, first line or name"
            else:
                reason = "its bytes are not those that were hashed"
            yield Gap(
                Area.PROGRAMS if is_program else Area.CONTENT,
                SYSTEM if artifact is None else artifact.scope,
                ReadStatus.CHANGED if cut is ReadStatus.OK else cut,
                path,
                reason,
            )
