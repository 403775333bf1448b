"""The measured process for fleetscan's rows: `python -m benchmarks.scan MODE TARGETS.json [DATABASE_URL]`.

It prints one JSON object. CPU up to the first line of `main` is the interpreter's start and the imports; it is paid
once a run, so it is told apart from the work.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from pathlib import Path

import uvloop

from benchmarks.targets import Targets
from fleetscan.bootstrap import build_transport, sweep_options, utc_now
from fleetscan.config import Settings
from fleetscan.errors import VisitError
from fleetscan.model.host import Connection, Host, Owner
from fleetscan.model.ids import HostName
from fleetscan.model.sweep import Selection
from fleetscan.operations.sweep_fleet import sweep_fleet
from fleetscan.ssh.connect import SshTransport
from fleetscan.ssh.known_hosts import load_known_hosts
from fleetscan.store.store import Store, open_store


def build_hosts(targets: Targets) -> list[Host]:
    """Give the targets as an inventory would."""
    connection = Connection(user=targets.user, port=targets.port, identity_files=(targets.identity_file,))
    owner = Owner("Benchmark", "benchmark@example.org")
    return [
        Host(name=HostName(name), address=address, connection=connection, owner=owner, groups=(targets.roles[name],))
        for name, address in targets.hosts.items()
    ]


def open_transport(targets: Targets, settings: Settings, hosts: list[Host]) -> SshTransport:
    """Build the transport as a sweep does, host keys from the same known_hosts file that ssh uses."""
    transport = build_transport(settings, load_known_hosts(targets.known_hosts, added_at=utc_now()))
    transport.prepare(hosts)
    return transport


def bench_settings(targets: Targets) -> Settings:
    """Give the defaults with the benchmark's concurrency."""
    return Settings(concurrency=targets.concurrency)


def touch_hosts(targets: Targets, command: str | None) -> Counter[str]:
    """Connect to every host and execute one command, or none; give the outcomes' counts."""
    hosts = build_hosts(targets)
    transport = open_transport(targets, bench_settings(targets), hosts)
    outcomes: Counter[str] = Counter()
    remaining = iter(hosts)

    async def work() -> None:
        for host in remaining:
            outcomes[await _touch(transport, host, command)] += 1

    async def run() -> None:
        transport.prepare_loop(asyncio.get_running_loop())
        async with transport, asyncio.TaskGroup() as group:
            for _ in range(targets.concurrency):
                group.create_task(work())

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())
    return outcomes


def sweep_hosts(targets: Targets, store: Store) -> Counter[str]:
    """Sweep all hosts into a database; give the outcomes' counts."""
    hosts = build_hosts(targets)
    settings = bench_settings(targets)
    result = sweep_fleet(
        hosts,
        Selection(),
        store=store,
        transport=open_transport(targets, settings, hosts),
        options=sweep_options(settings),
        author="benchmark",
        clock=utc_now,
        observer=lambda _: None,
    )
    return Counter({outcome.value: count for outcome, count in result.outcomes.items()})


def count_changed(store: Store) -> int:
    """Tell how many hosts had another state in the newest sweep than in the one before it."""
    newest, before = store.sweeps.list_sweeps(2)
    states = {visit.host: visit.manifest for visit in store.visits.read_visits(before.id)}
    return sum(visit.manifest != states.get(visit.host) for visit in store.visits.read_visits(newest.id))


def peak_rss_mb() -> float:
    """Give this process's greatest resident size. `ru_maxrss` would count that of the process that started it."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


async def _touch(transport: SshTransport, host: Host, command: str | None) -> str:
    try:
        async with transport.connect(host) as session:
            if command is None:
                return "complete"
            async with session.run(command) as channel:
                status = await channel.wait_closed()
    except VisitError as error:
        return error.kind.value
    return "complete" if status == 0 else f"exit status {status}"


def main() -> None:
    began_cpu_s = time.process_time()
    mode, targets = sys.argv[1], Targets.load(Path(sys.argv[2]))
    report: dict[str, object] = {"start_cpu_s": began_cpu_s}
    if mode == "transport":
        outcomes = touch_hosts(targets, "true")
        report["work_cpu_s"] = time.process_time() - began_cpu_s
    else:
        with open_store(sys.argv[3], clock=utc_now) as store:
            outcomes = sweep_hosts(targets, store)
            report["work_cpu_s"] = time.process_time() - began_cpu_s
            report["rss_mb"] = peak_rss_mb()
            if mode == "unchanged":
                report["changed_hosts"] = count_changed(store)
            visits = store.visits.read_visits(store.sweeps.list_sweeps(1)[0].id)
            report["bytes_per_host"] = sum(visit.bytes_received for visit in visits) / max(1, len(visits))
    report.setdefault("rss_mb", peak_rss_mb())
    report["outcomes"] = dict(outcomes)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
