"""A rule's own tests: hosts made of text go the way of every visit, and the rule is asked of what comes out."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from fleetscan.analyse.census import Member
from fleetscan.analyse.compare import Assembly, judge_cohort
from fleetscan.analyse.judge import Bench
from fleetscan.analyse.rules.rule import Rule
from fleetscan.analyse.subjects import build_subjects
from fleetscan.analyse.traces import build_traces
from fleetscan.model.baseline import Cohort
from fleetscan.model.coverage import Coverage
from fleetscan.model.finding import Finding
from fleetscan.model.ids import SYSTEM, HostName, Sha256, UnitName
from fleetscan.model.snapshot import RuntimeState, RunTrace, TraceSource, UnitProcess
from fleetscan.rulebook.entries import RuleEntry, Trial
from fleetscan.rulebook.hosts import HostEntry
from fleetscan.rulebook.stage import Stage, build_stage

_HOST = HostName("host")
_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class TrialOutcome:
    """How one test of a rule ended.

    Attributes:
        expected: Whether the rule had to match.
        matched: Whether it did.
    """

    rule: str
    name: str
    expected: bool
    matched: bool

    @property
    def passed(self) -> bool:
        """Whether it is as it has to be."""
        return self.expected == self.matched


def run_trials(entry: RuleEntry, rule: Rule) -> tuple[TrialOutcome, ...]:
    """Run all tests of a rule."""
    alone = (replace(rule, weight_only=False),)
    cases = [(True, trial) for trial in entry.tests.must_match]
    cases += [(False, trial) for trial in entry.tests.must_not_match]
    return tuple(
        TrialOutcome(entry.id, trial.name, expected, bool(judge_trial(trial, alone))) for expected, trial in cases
    )


def judge_trial(trial: Trial, rules: tuple[Rule, ...]) -> tuple[Finding, ...]:
    """Give what rules find on the host of a trial, worst first."""
    stage = build_stage(trial)
    contents: dict[Sha256, bytes] = dict(stage.contents)
    own = _build_member(_HOST, trial, stage)
    members = [own]
    if trial.before is not None:
        before = build_stage(trial.before)
        contents.update(before.contents)
        normal = _build_member(HostName("other"), trial.before, before)
        for number in range(trial.others):
            form = own if number < trial.like else normal
            members.append(replace(form, host=HostName(f"other-{number:04}")))
    cohort = Cohort("sample", "debian", "12")
    bench = Bench(
        rules=rules,
        contents=contents.get,
        vendor_names=frozenset(trial.vendor_names),
        processes={_HOST: _build_processes(trial)},
    )
    verdicts = judge_cohort(Assembly(cohort, members, {_HOST: cohort}), None, bench)
    return next(verdict.findings for verdict in verdicts if verdict.drift.host == _HOST)


def _build_member(host: HostName, entry: HostEntry, stage: Stage) -> Member:
    coverage = Coverage()
    subjects = build_subjects(stage.facts, stage.artifacts, stage.contents.get, coverage)
    traces = build_traces(RuntimeState(traces=_build_traces(entry)), ())
    ordered = tuple(sorted((*subjects, *traces), key=lambda subject: subject.key))
    return Member(host, ordered, coverage, stage.setting)


def _build_traces(entry: HostEntry) -> tuple[RunTrace, ...]:
    return tuple(
        RunTrace(
            source=TraceSource.JOURNAL,
            at=_LONG_AGO,
            unit=UnitName(trace.unit),
            command=trace.command,
            user=trace.user,
            event="started",
        )
        for trace in entry.traces
    )


def _build_processes(entry: HostEntry) -> dict[UnitName, tuple[UnitProcess, ...]]:
    found: dict[UnitName, tuple[UnitProcess, ...]] = {}
    for number, process in enumerate(entry.processes, start=100):
        unit = UnitName(process.unit)
        one = UnitProcess(
            scope=SYSTEM,
            unit=unit,
            pid=number,
            parent_pid=1,
            user="root",
            started_at=None,
            command=process.command or process.executable,
            executable=process.executable,
        )
        found[unit] = (*found.get(unit, ()), one)
    return found
