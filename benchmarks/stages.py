"""Where a visit's CPU goes: `python -m benchmarks.stages TARGETS.json DATABASE_URL`, after a first sweep.

Three passes over the hosts in one process: connect and hang up; whole visits into memory, with the parse of frames and
the assembly of the snapshot timed where they are called; then the commit of what came. What remains of the visits is
the conversation.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ParamSpec, TypeVar
from unittest.mock import patch

from benchmarks.scan import bench_settings, build_hosts, open_transport, touch_hosts
from benchmarks.targets import Targets
from fleetscan.bootstrap import sweep_options, utc_now
from fleetscan.model.outcome import HostOutcome
from fleetscan.model.snapshot import HostSnapshot
from fleetscan.model.sweep import Selection, SweepState
from fleetscan.probe.assemble import assemble_listing
from fleetscan.probe.script import load_probe
from fleetscan.probe.wire import FrameReader
from fleetscan.store.store import Store, open_store
from fleetscan.sweep.known import KnownContents
from fleetscan.sweep.local import run_local
from fleetscan.sweep.visit import Visitor

P = ParamSpec("P")
R = TypeVar("R")

_COMMIT_BATCH = 10
"""Outcomes in one commit: what comes between two of them when hosts and scanner share two cores, roughly."""


class Stopwatch:
    """Adds up this thread's CPU time inside the functions that it wraps."""

    def __init__(self) -> None:
        self.cpu_s = 0.0

    def wrap(self, function: Callable[P, R]) -> Callable[P, R]:
        """Give the function with its time counted; it must not await."""

        def timed(*args: P.args, **kwargs: P.kwargs) -> R:
            began = time.thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                self.cpu_s += time.thread_time() - began

        return timed


def visit_hosts(targets: Targets, store: Store) -> tuple[list[HostOutcome], dict[str, float]]:
    """Visit all hosts; give the outcomes, and CPU seconds of the whole and of each part that can be timed."""
    hosts, settings = build_hosts(targets), bench_settings(targets)
    transport = open_transport(targets, settings, hosts)
    options = sweep_options(settings)
    outcomes: list[HostOutcome] = []
    frames, assembly, lookup = Stopwatch(), Stopwatch(), Stopwatch()
    contents = store.contents
    known = KnownContents(lookup.wrap(contents.missing_contents), lookup.wrap(contents.read_contents))
    visitor = Visitor(transport, load_probe(), known, utc_now, options.visit)
    with (
        patch("fleetscan.sweep.visit.assemble_listing", assembly.wrap(assemble_listing)),
        patch.object(FrameReader, "feed", frames.wrap(FrameReader.feed)),
    ):
        began = time.process_time()
        run_local(hosts, transport, visitor, outcomes.append, options.shard)
        whole_s = time.process_time() - began
    return outcomes, {
        "whole": whole_s,
        "frames": frames.cpu_s,
        "assemble": assembly.cpu_s,
        "lookup": lookup.cpu_s,
    }


def store_outcomes(store: Store, outcomes: Sequence[HostOutcome]) -> float:
    """Commit outcomes as a sweep does; give the CPU seconds."""
    probe = load_probe()
    sweep = store.sweeps.begin_sweep(
        Selection(),
        hosts=len(outcomes),
        author="benchmark",
        tool_version="benchmark",
        probe_sha256=probe.sha256,
        started_at=utc_now(),
    )
    began = time.process_time()
    for start in range(0, len(outcomes), _COMMIT_BATCH):
        store.save_outcomes(sweep.id, outcomes[start : start + _COMMIT_BATCH])
    spent_s = time.process_time() - began
    store.sweeps.end_sweep(sweep.id, SweepState.COMPLETE, utc_now())
    return spent_s


def main() -> None:
    targets = Targets.load(Path(sys.argv[1]))
    began = time.process_time()
    connected = touch_hosts(targets, None)
    connect_s = time.process_time() - began
    with open_store(sys.argv[2], clock=utc_now) as store:
        outcomes, visits = visit_hosts(targets, store)
        store_s = store_outcomes(store, outcomes)
    stages = {
        "connect": connect_s,
        "converse": visits["whole"] - connect_s - visits["frames"] - visits["assemble"] - visits["lookup"],
        "cut frames": visits["frames"],
        "assemble": visits["assemble"],
        "ask the store what is new": visits["lookup"],
        "store": store_s,
    }
    failed = len(targets.hosts) - connected["complete"]
    failed += sum(not isinstance(outcome, HostSnapshot) for outcome in outcomes)
    per_host = {name: seconds * 1000 / len(targets.hosts) for name, seconds in stages.items()}
    print(json.dumps({"ms_per_host": per_host, "failed": failed}))


if __name__ == "__main__":
    main()
