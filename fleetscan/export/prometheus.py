"""The state of the fleet as a Prometheus textfile."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from fleetscan.model.drift import DriftKind, Severity
from fleetscan.model.finding import FindingState
from fleetscan.model.outcome import Outcome

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetNumbers:
    """What is counted of one sweep.

    Attributes:
        hosts: By outcome, for all hosts that were asked for; `unvisited` counts those without one.
        findings: By severity and state; fixed ones are not among them.
        drift: By severity and kind.
        gaps: What could not be read, by area and status.
        hosts_with_gaps: Hosts that were read, but not all of what decides.
    """

    sweep: int
    version: str
    started_at: datetime
    ended_at: datetime | None
    generated_at: datetime
    hosts: Mapping[Outcome, int]
    unvisited: int
    findings: Mapping[tuple[Severity, FindingState], int]
    suppressed: int
    drift: Mapping[tuple[Severity, DriftKind], int]
    gaps: Mapping[tuple[str, str], int]
    hosts_with_gaps: int


def render_metrics(numbers: FleetNumbers) -> str:
    """Write the textfile. Every series that can be is there, with 0 where there is nothing: absence means nothing.

    Source:
        Prometheus, "Text-based format", version 0.0.4.
    """
    ended = numbers.ended_at
    open_states = [state for state in FindingState if state is not FindingState.FIXED]
    drifts = [kind for kind in DriftKind if kind is not DriftKind.STANDING]
    families = [
        _family("sweep_info", "The sweep that the other series tell of.", [(_sweep_labels(numbers), 1)]),
        _family("sweep_started_timestamp_seconds", "When it began.", [((), numbers.started_at.timestamp())]),
        _family("sweep_ended_timestamp_seconds", "When it ended; 0 while it runs.", [((), _seconds(ended))]),
        _family(
            "sweep_age_seconds",
            "Its age when this file was written.",
            [((), (numbers.generated_at - (ended or numbers.started_at)).total_seconds())],
        ),
        _family("generated_timestamp_seconds", "When this was written.", [((), numbers.generated_at.timestamp())]),
        _family(
            "hosts",
            "Hosts that were asked for, by what their visit gave.",
            [
                *(((("outcome", outcome.value),), numbers.hosts.get(outcome, 0)) for outcome in Outcome),
                ((("outcome", "not visited"),), numbers.unvisited),
            ],
        ),
        _family("hosts_with_gaps", "Hosts read in part.", [((), numbers.hosts_with_gaps)]),
        _family(
            "findings",
            "Findings that are open.",
            [
                (
                    (("severity", severity.label), ("state", state.value)),
                    numbers.findings.get((severity, state), 0),
                )
                for severity in Severity
                for state in open_states
            ],
        ),
        _family("findings_suppressed", "Findings that an exception holds for.", [((), numbers.suppressed)]),
        _family(
            "drift_items",
            "Differences between hosts and what they are compared with.",
            [
                ((("severity", severity.label), ("kind", kind.value)), numbers.drift.get((severity, kind), 0))
                for severity in Severity
                for kind in drifts
            ],
        ),
        _family(
            "coverage_gaps",
            "What could not be read; without a series nothing was missed.",
            [((("area", area), ("status", status)), count) for (area, status), count in sorted(numbers.gaps.items())],
        ),
    ]
    return "".join(families)


def escape_label(value: str) -> str:
    """Escape the value of a label; it may be any text."""
    printable = value.encode("utf-8", "backslashreplace").decode()
    return printable.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _family(name: str, help_text: str, samples: Iterable[tuple[Labels, float]]) -> str:
    full = f"fleetscan_{name}"
    lines = [f"# HELP {full} {help_text}", f"# TYPE {full} gauge"]
    for labels, value in samples:
        inner = ",".join(f'{key}="{escape_label(text)}"' for key, text in labels)
        lines.append(f"{full}{{{inner}}} {value:.15g}" if inner else f"{full} {value:.15g}")
    return "\n".join(lines) + "\n"


def _sweep_labels(numbers: FleetNumbers) -> Labels:
    return (("sweep", str(numbers.sweep)), ("version", numbers.version))


def _seconds(at: datetime | None) -> float:
    return 0.0 if at is None else at.timestamp()
