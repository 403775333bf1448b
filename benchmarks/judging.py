"""What judging costs: `python -m benchmarks.judging [--hosts N] [--artifacts N] [--out DIR]`.

Measured are a proposal of all baselines, their approval, and the judgement of a second sweep (drift, rules, findings),
in a process that did nothing else.
"""

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from benchmarks.judged_fleet import COHORTS, FIRST_NIGHT, fill_store, list_hosts
from benchmarks.machine import describe_program
from benchmarks.results import render_table
from fleetscan.bootstrap import judge_options, utc_now
from fleetscan.config import Settings
from fleetscan.model.host import Host
from fleetscan.operations.manage_baselines import approve_baselines
from fleetscan.operations.propose_baselines import propose_baselines
from fleetscan.operations.publish import gather_inputs
from fleetscan.store.schema import create_database
from fleetscan.store.store import open_store

LIMIT_S = 60.0
GOAL_S = 20.0
LIMIT_MB = 1024.0
_HERE = Path(__file__).parent


def _measure(url: str, hosts: Sequence[Host]) -> dict[str, float]:
    """Propose, approve, judge; give CPU seconds of each, and the most memory."""
    inventory = {host.name: host for host in hosts}
    options = judge_options(Settings())
    figures: dict[str, float] = {}
    with open_store(url, clock=lambda: FIRST_NIGHT) as store:
        sweeps = store.sweeps.list_sweeps(2)
        newest, first = sweeps[0], sweeps[1]
        began = time.process_time()
        saved = propose_baselines(
            store, inventory, first, role=None, min_prevalence=0.5, author="bench", at=FIRST_NIGHT
        )
        figures["proposal"] = time.process_time() - began
        approve_baselines(store, tuple(p.id for p in saved), author="bench", reason="bench", at=FIRST_NIGHT)
        began = time.process_time()
        inputs = gather_inputs(store, inventory, newest, FIRST_NIGHT + timedelta(days=1), options)
        figures["judgement"] = time.process_time() - began
    figures["findings"] = float(len(inputs.findings))
    figures["memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return figures


def render_judging(figures: Mapping[str, float], facts: Mapping[str, str]) -> str:
    """Write the page; limits are told beside the figures and hold for the fleet that they were set for."""
    seconds, memory = figures["proposal"] + figures["judgement"], figures["memory_mb"]
    paragraphs = [
        "# What judging costs",
        "Written by `make bench`; run it again for your machine. Lower is better.",
        (
            f"{figures['hosts']:,.0f} hosts of {figures['artifacts']:g} artifacts in {COHORTS} cohorts, one host in a "
            f"hundred drifted, from a SQLite database in a process that did nothing else."
        ),
        render_table(
            ("step", "CPU s"),
            [
                ("propose all baselines", f"{figures['proposal']:.1f}"),
                ("compare, judge, date and sort the next sweep", f"{figures['judgement']:.1f}"),
                ("sum", f"{seconds:.1f}"),
            ],
        ),
        f"Findings: {figures['findings']:g}. Peak resident memory: {memory:.0f} MB.",
        (f"For 10,000 hosts of 400 artifacts the limits are {LIMIT_S:g} s (aim: {GOAL_S:g} s) and {LIMIT_MB:g} MB."),
        "## How it was measured",
        "\n".join(f"- {name}: {value}" for name, value in facts.items()),
    ]
    return "\n\n".join(paragraphs) + "\n"


def main() -> int:
    arguments = _parse_arguments()
    load_before, measured_at = os.getloadavg()[0], utc_now()
    hosts = list_hosts(arguments.hosts)
    with tempfile.TemporaryDirectory(prefix="fleetscan-bench-") as folder:
        url = f"sqlite:///{folder}/fleetscan.db"
        create_database(url)
        child = os.fork()  # what filled the database must not count for the memory of what judges it
        if child == 0:
            with open_store(url, clock=lambda: FIRST_NIGHT) as store:
                fill_store(store, hosts, arguments.artifacts)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            return 1
        figures = _measure(url, hosts)
    figures |= {"hosts": float(arguments.hosts), "artifacts": float(arguments.artifacts)}
    facts = describe_program() | {
        "load average before and after": f"{load_before:.2f}, {os.getloadavg()[0]:.2f}",
        "when": f"{measured_at:%Y-%m-%d %H:%M} UTC",
    }
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "judging.json").write_text(json.dumps({**figures, "facts": facts}, indent=1) + "\n")
    page = render_judging(figures, facts)
    (arguments.out / "JUDGING.md").write_text(page)
    print(page)
    return 0


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.judging", description="Measure CPU of judging.")
    parser.add_argument("--hosts", type=int, default=10_000)
    parser.add_argument("--artifacts", type=int, default=400, help="artifacts of each host")
    parser.add_argument("--out", type=Path, default=_HERE, help="where JUDGING.md and judging.json go")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
