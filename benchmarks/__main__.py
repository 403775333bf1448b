"""`python -m benchmarks [--hosts N] [--rounds N] [--concurrency N] [--quick] [--out DIR]`."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.machine import describe_machine
from benchmarks.results import Results
from benchmarks.servers import MissingProgramError, SimulatedFleet
from benchmarks.tools import Bench
from benchmarks.trees import write_trees
from fleetscan.bootstrap import utc_now

_HERE = Path(__file__).parent


def main() -> int:
    arguments = _parse_arguments()
    began, load_before = time.monotonic(), os.getloadavg()[0]
    measured_at = utc_now()
    with (
        tempfile.TemporaryDirectory(prefix="fleetscan-bench-") as name,
        tempfile.TemporaryDirectory(prefix="fleetscan-bench-", dir=_memory_folder()) as trees,
    ):
        folder = Path(name)
        fleet = SimulatedFleet(folder, Path(trees), arguments.hosts, arguments.concurrency)
        try:
            with fleet.running():
                print(f"writing {arguments.hosts} hosts", file=sys.stderr)
                write_trees(fleet.trees, fleet.cast, measured_at)
                bench = Bench(folder, fleet)
                negotiated = bench.negotiated()
                rounds = []
                for number in range(1, arguments.rounds + 1):
                    print(f"round {number} of {arguments.rounds}", file=sys.stderr)
                    rounds.append(bench.run_round())
                stages = _measure_stages(folder, bench.database_url)
        except MissingProgramError as error:
            print(f"benchmarks: {error}", file=sys.stderr)
            return 2
    results = Results(
        rounds=rounds,
        stages=stages,
        load=(load_before, os.getloadavg()[0]),
        machine=describe_machine(),
        negotiated=negotiated,
        concurrency=arguments.concurrency,
        measured_at=f"{measured_at:%Y-%m-%d %H:%M} UTC",
        seconds=time.monotonic() - began,
    )
    results.save(arguments.out)
    print(results.render())
    return 3 if any(sample.failed for samples in rounds for sample in samples) else 0


def _measure_stages(folder: Path, database_url: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.stages", str(folder / "targets.json"), database_url]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd=_HERE.parent)
    report = json.loads(done.stdout)
    if report["failed"]:
        print(f"stages: {report['failed']} hosts failed", file=sys.stderr)
    stages: dict[str, float] = report["ms_per_host"]
    return stages


def _memory_folder() -> str | None:
    """Give a folder in memory for the trees (5 MB a host), None when there is none: writing them to a disk is slow."""
    place = Path("/dev/shm")  # noqa: S108 - a private folder is made in it
    if not os.access(place, os.W_OK) or os.statvfs(place).f_flag & os.ST_NOEXEC:
        return None
    return str(place)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure scanner CPU per host.")
    parser.add_argument("--hosts", type=int, help="simulated hosts (100; at least 12)")
    parser.add_argument("--rounds", type=int, help="interleaved rounds (3)")
    parser.add_argument("--concurrency", type=int, default=20, help="visits at one time, for every tool (20)")
    parser.add_argument("--quick", action="store_true", help="24 hosts, 2 rounds; under a minute, less exact")
    parser.add_argument("--out", type=Path, default=_HERE, help="where RESULTS.md and results.json go")
    arguments = parser.parse_args()
    arguments.hosts = arguments.hosts or (24 if arguments.quick else 100)
    arguments.rounds = arguments.rounds or (2 if arguments.quick else 3)
    if not 12 <= arguments.hosts <= 60_000:
        parser.error("--hosts must be between 12 and 60000")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
