"""Figures of all rounds as JSON and as a page to read."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from benchmarks.tools import Sample

BUDGET_MS = 20.0
GOAL_UNCHANGED_MS = 6.0
_PAIRS = (
    ("fleetscan: connect, `true`", "ssh by xargs: `true`, curve25519 kex"),
    ("fleetscan: visit, first sweep", "ssh by xargs: probe, curve25519 kex"),
    ("fleetscan: visit, unchanged", "ssh by xargs: probe, curve25519 kex"),
    ("`fleetscan sweep`, unchanged, judged", "ssh by xargs: probe, curve25519 kex"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """All that was measured.

    Attributes:
        rounds: Samples of each round, in one order.
        stages: CPU milliseconds per host and stage of an unchanged visit.
        load: Load average of one minute, before and after.
        machine: Processor, cores, versions.
        negotiated: Key exchange and cipher by client.
    """

    rounds: Sequence[Sequence[Sample]]
    stages: dict[str, float]
    load: tuple[float, float]
    machine: dict[str, str]
    negotiated: dict[str, str]
    concurrency: int
    measured_at: str
    seconds: float

    def column(self, row: str, field: str) -> list[float]:
        """Give one figure of a row, round by round; empty when the row has no such figure."""
        samples = [sample for samples in self.rounds for sample in samples if sample.row == row]
        values = [asdict(sample).get(field, sample.notes.get(field)) for sample in samples]
        return [value for value in values if value is not None]

    def rows(self) -> list[str]:
        """Give the rows' names in order."""
        return [sample.row for sample in self.rounds[0]]

    def save(self, folder: Path) -> None:
        """Write results.json and RESULTS.md."""
        (folder / "results.json").write_text(json.dumps(asdict(self), indent=1) + "\n")
        (folder / "RESULTS.md").write_text(self.render())

    def render(self) -> str:
        """Write the page."""
        hosts = self.rounds[0][0].hosts
        unchanged = "fleetscan: visit, unchanged"
        paragraphs = [
            "# What a visit costs the scanner",
            "Written by `make bench`; run it again for your machine. Lower is better.",
            (
                f"{hosts} simulated hosts over real sshd on loopback, {self.concurrency} visits at one time, "
                f"{len(self.rounds)} interleaved rounds; median (lowest–highest). Host keys are verified in every row."
            ),
            render_table(
                ("row", "hosts", "CPU ms/host", "with start", "hosts' own CPU ms/host", "wall s", "failed"),
                [self._cells(row) for row in self.rows()],
            ),
            (
                "CPU is user and system time of the tool's process and all processes below it. The servers are not "
                "below it: their time, with that of the probe, stands in a column of its own. Starting Python and "
                f"importing takes {_spread(self.column(unchanged, 'start_cpu_s'), 2)} CPU seconds a run, however many "
                "hosts there are; the column `with start` spreads it over these. The row `fleetscan sweep` is the "
                "whole program, with inventory, comparison of the hosts and printing."
            ),
            "Same key exchange, same round, fleetscan against ssh:",
            "\n".join(self._ratio(*pair) for pair in _PAIRS),
            (
                f"Limit for a visit: {BUDGET_MS:g} ms: {self._verdict('fleetscan: visit, first sweep', BUDGET_MS)}. "
                f"Aim for an unchanged one: {GOAL_UNCHANGED_MS:g} ms: {self._verdict(unchanged, GOAL_UNCHANGED_MS)}."
            ),
            "## Where an unchanged visit's CPU goes",
            render_table(
                ("stage", "CPU ms/host"),
                [(name, f"{value:.2f}") for name, value in (*self.stages.items(), ("sum", sum(self.stages.values())))],
            ),
            (
                f"Peak resident memory: {_spread(self.column(unchanged, 'rss_mb'))} MB. "
                f"Received: {_spread(self.column(unchanged, 'bytes_per_host'), 0)} bytes a host unchanged, "
                f"{_spread(self.column('fleetscan: visit, first sweep', 'bytes_per_host'), 0)} in the first sweep. "
                f"Hosts whose state differed between the two: {max(self.column(unchanged, 'changed_hosts')):g}."
            ),
            "## How it was measured",
            "\n".join(f"- {fact}" for fact in self._circumstances()),
        ]
        return "\n\n".join(paragraphs) + "\n"

    def _circumstances(self) -> Iterator[str]:
        for name, value in {**self.machine, **self.negotiated}.items():
            yield f"{name}: {value}"
        before, after = self.load
        yield f"load average before and after: {before:.2f}, {after:.2f}"
        yield f"{self.seconds:.0f} s in all; {self.measured_at}"
        yield (
            "The hosts are simulated: a real login through OpenSSH's sshd, then a generated tree with about 265 unit "
            "files and a stand-in for systemctl. The probe itself runs as on any host."
        )
        yield (
            "OpenSSH's default key exchange is a post-quantum one that costs many times the rest of a login; its rows "
            "run on fewer hosts and are no comparison with the others."
        )
        yield "ssh's probe rows include a shell for each ssh, which opens its input; about 0.5 ms."

    def _cells(self, row: str) -> tuple[str, ...]:
        spreads = [_spread(self.column(row, field)) for field in ("cpu_ms", "run_cpu_ms", "fleet_cpu_ms", "wall_s")]
        return (row, f"{self.column(row, 'hosts')[0]:g}", *spreads, f"{sum(self.column(row, 'failed')):g}")

    def _ratio(self, ours: str, theirs: str) -> str:
        ratios = {
            field: [
                one / other for one, other in zip(self.column(ours, field), self.column(theirs, field), strict=False)
            ]
            for field in ("cpu_ms", "run_cpu_ms")
        }
        work, whole = _spread(ratios["cpu_ms"], 2), _spread(ratios["run_cpu_ms"], 2)
        return f"- {ours} ÷ {theirs}: {work}; with the start of the program {whole}"

    def _verdict(self, row: str, limit_ms: float) -> str:
        value = median(self.column(row, "cpu_ms"))
        return f"{'kept' if value <= limit_ms else 'missed'} ({value:.1f} ms)"


def _spread(values: Sequence[float], digits: int = 1) -> str:
    if not values:
        return "–"
    return f"{median(values):,.{digits}f} ({min(values):,.{digits}f}–{max(values):,.{digits}f})"


def render_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table of the page."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows))
