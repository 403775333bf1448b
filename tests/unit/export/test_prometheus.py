"""The textfile for Prometheus, read back by a strict reader."""

import re
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from fleetscan.export.prometheus import FleetNumbers, escape_label, render_metrics
from fleetscan.model.drift import DriftKind, Severity
from fleetscan.model.finding import FindingState
from fleetscan.model.outcome import Outcome
from tests.outgoing_data import ANY_TEXT, SEEN_AT

_SAMPLE = re.compile(r'(fleetscan_[a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (-?[0-9.e+]+)')
_LABEL = re.compile(r'([a-z_]+)="((?:[^"\\\n]|\\[\\"n])*)"')


def read_metrics(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    assert text.endswith("\n")
    samples: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
    typed: set[str] = set()
    for line in text[:-1].split("\n"):
        if line.startswith("# TYPE "):
            assert line.split()[2] not in typed, "a family stands in one piece"
            typed.add(line.split()[2])
        elif not line.startswith("# HELP "):
            match = _SAMPLE.fullmatch(line)
            assert match, line
            assert match[1] in typed
            key = (match[1], tuple(_LABEL.findall(match[2] or "")))
            assert key not in samples
            samples[key] = float(match[3])
    return samples


def numbers(version: str = "1.2", *, gaps: dict[tuple[str, str], int] | None = None) -> FleetNumbers:
    return FleetNumbers(
        sweep=12,
        version=version,
        started_at=SEEN_AT,
        ended_at=SEEN_AT + timedelta(minutes=5),
        generated_at=SEEN_AT + timedelta(hours=1),
        hosts={Outcome.COMPLETE: 10, Outcome.PARTIAL: 2, Outcome.UNREACHABLE: 1},
        unvisited=3,
        findings={(Severity.HIGH, FindingState.NEW): 4},
        suppressed=1,
        drift={(Severity.LOW, DriftKind.ADDED): 6},
        gaps=gaps or {("unit files", "denied"): 2},
        hosts_with_gaps=2,
    )


def test_age_hosts_findings_drift_and_gaps_are_told() -> None:
    samples = read_metrics(render_metrics(numbers()))
    assert samples["fleetscan_sweep_age_seconds", ()] == 3300
    assert samples["fleetscan_sweep_ended_timestamp_seconds", ()] == SEEN_AT.timestamp() + 300
    assert samples["fleetscan_hosts", (("outcome", "complete"),)] == 10
    assert samples["fleetscan_hosts", (("outcome", "not visited"),)] == 3
    assert samples["fleetscan_findings", (("severity", "high"), ("state", "new"))] == 4
    assert samples["fleetscan_drift_items", (("severity", "low"), ("kind", "added"))] == 6
    assert samples["fleetscan_coverage_gaps", (("area", "unit files"), ("status", "denied"))] == 2
    assert samples["fleetscan_sweep_info", (("sweep", "12"), ("version", "1.2"))] == 1


def test_what_was_not_seen_is_zero_and_not_missing() -> None:
    samples = read_metrics(render_metrics(numbers()))
    assert samples["fleetscan_findings", (("severity", "critical"), ("state", "returned"))] == 0
    assert samples["fleetscan_hosts", (("outcome", "host key changed"),)] == 0


@given(ANY_TEXT, st.dictionaries(st.tuples(ANY_TEXT, ANY_TEXT), st.integers(0, 9), min_size=1, max_size=3))
def test_any_text_in_a_label_leaves_the_file_readable(version: str, gaps: dict[tuple[str, str], int]) -> None:
    samples = read_metrics(render_metrics(numbers(version, gaps=gaps)))
    assert sum(name == "fleetscan_coverage_gaps" for name, _ in samples) == len(gaps)


def test_labels_are_escaped_as_the_format_says() -> None:
    assert escape_label('a"b\\c\nd') == 'a\\"b\\\\c\\nd'
