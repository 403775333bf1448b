"""Answer the checklist for every host of a sweep."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from fleetscan.analyse.controls.checklist import check_state, check_unread, check_visit, sort_results
from fleetscan.analyse.controls.evidence import StateEvidence, VisitEvidence
from fleetscan.analyse.traces import build_traces
from fleetscan.model.baseline import Baseline
from fleetscan.model.control import ControlResult, HostControls
from fleetscan.model.coverage import Coverage
from fleetscan.model.drift import HostDrift
from fleetscan.model.host import Host
from fleetscan.model.ids import HostName
from fleetscan.model.snapshot import HostFacts, RuntimeState
from fleetscan.model.sweep import Sweep, Visit
from fleetscan.operations.host_states import StateReader
from fleetscan.operations.judge_sweep import JudgeOptions, judge_sweep
from fleetscan.store.store import Store


def check_controls(
    store: Store, hosts: Mapping[HostName, Host], sweep: Sweep, options: JudgeOptions
) -> tuple[HostControls, ...]:
    """Answer all controls for all hosts that a sweep visited.

    Args:
        store: Where the sweep is.
        hosts: The inventory; it decides cohorts.
        sweep: Which sweep.
        options: Of the comparison; no rule is asked.

    Returns:
        One for each visit, by host; a host that gave no state has every control not readable.
    """
    reader = StateReader(store)
    judgement = judge_sweep(store, hosts, sweep, reader, replace(options, rules=()))
    checker = _Checker(
        reader,
        dict(store.visits.runtimes_of(sweep.id)),
        {drift.host: drift for drift in judgement.drifts},
        tuple(judgement.baselines),
    )
    return tuple(HostControls(host=visit.host, results=checker.check(visit)) for visit in judgement.visits)


class _Checker:
    """Answers visits; mitigations of equal states once."""

    def __init__(
        self,
        reader: StateReader,
        runtimes: Mapping[HostName, RuntimeState],
        drifts: Mapping[HostName, HostDrift],
        baselines: tuple[Baseline, ...],
    ) -> None:
        self._reader = reader
        self._runtimes = runtimes
        self._drifts = drifts
        self._baselines = {baseline.cohort: baseline for baseline in baselines}
        self._of_state: dict[tuple[int, HostFacts, Coverage, date], tuple[ControlResult, ...]] = {}

    def check(self, visit: Visit) -> tuple[ControlResult, ...]:
        if visit.facts is None or visit.manifest is None:
            return check_unread(visit)
        facts = visit.facts.without_identity()
        today = visit.started_at.date()
        state = StateEvidence(
            facts=facts,
            artifacts=self._reader.artifacts(visit.manifest),
            coverage=visit.coverage,
            subjects=self._reader.subjects(visit.manifest, visit.facts, visit.coverage),
            today=today,
        )
        key = (visit.manifest, facts, visit.coverage, today)
        if key not in self._of_state:
            self._of_state[key] = check_state(state)
        return sort_results((*self._check_visit(visit, state), *self._of_state[key]))

    def _check_visit(self, visit: Visit, state: StateEvidence) -> tuple[ControlResult, ...]:
        runtime = self._runtimes.get(visit.host)
        drift = self._drifts.get(visit.host)
        names = {(subject.key.scope, name) for subject in state.subjects for name in subject.unit_names}
        evidence = VisitEvidence(
            state=state,
            runtime=runtime,
            drift=drift,
            baseline=self._baselines.get(drift.cohort) if drift is not None else None,
            traces=build_traces(runtime, names) if runtime is not None else (),
        )
        return check_visit(evidence)
