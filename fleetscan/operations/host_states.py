"""States of hosts as they are compared and judged; equal states are read and understood once."""

from collections.abc import Iterable, Mapping
from datetime import date

from fleetscan.analyse.case import Account, Setting
from fleetscan.analyse.census import Member
from fleetscan.analyse.processes import find_odd_processes
from fleetscan.analyse.subjects import build_subjects
from fleetscan.analyse.traces import build_traces
from fleetscan.model.coverage import Coverage
from fleetscan.model.ids import HostName, Sha256, UnitName
from fleetscan.model.snapshot import Artifact, ArtifactKind, HostFacts, RuntimeState, UnitProcess
from fleetscan.model.subject import Subject
from fleetscan.model.sweep import Visit
from fleetscan.store.store import Store

_TRUTH = {"yes": True, "no": False, "shell": True, "nologin": False}


class StateReader:
    """Reads states and subjects of visits."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._contents: dict[Sha256, bytes | None] = {}
        self._artifacts: dict[int, tuple[Artifact, ...]] = {}
        self._subjects: dict[tuple[int, HostFacts, Coverage], tuple[Subject, ...]] = {}
        self._settings: dict[tuple[int, int, date], Setting] = {}

    def content(self, sha256: Sha256) -> bytes | None:
        """Give a file's bytes, None when they were never fetched."""
        if sha256 not in self._contents:
            self._contents[sha256] = self._store.contents.read_content(sha256)
        return self._contents[sha256]

    def artifacts(self, manifest: int) -> tuple[Artifact, ...]:
        """Give a state's artifacts."""
        if manifest not in self._artifacts:
            self._artifacts[manifest] = self._store.visits.read_artifacts(manifest)
        return self._artifacts[manifest]

    def subjects(self, manifest: int, facts: HostFacts, coverage: Coverage) -> tuple[Subject, ...]:
        """Give a state's subjects."""
        general = facts.without_identity()
        key = (manifest, general, coverage)
        if key not in self._subjects:
            self._subjects[key] = build_subjects(general, self.artifacts(manifest), self.content, coverage)
        return self._subjects[key]

    def setting(self, manifest: int, facts: HostFacts, today: date) -> Setting:
        """Give what rules may ask of a host beside its subjects; accounts expire on a day."""
        key = (manifest, facts.systemd_version, today)
        if key not in self._settings:
            self._settings[key] = _build_setting(facts, self.artifacts(manifest), today)
        return self._settings[key]

    def member(self, visit: Visit, runtime: RuntimeState | None = None, before: Visit | None = None) -> Member | None:
        """Give a host as a member of its cohort, None when the visit gave no state.

        Args:
            visit: Of any sweep.
            runtime: Of the same visit; what the logs told since the visit before is a subject, too.
            before: The visit before that gave state: what the logs tell of units that it saw is no news.
        """
        if visit.facts is None or visit.manifest is None:
            return None
        subjects = self.subjects(visit.manifest, visit.facts, visit.coverage)
        if runtime is not None and runtime.traces:
            seen = [*subjects, *(self._subjects_of(before) if before is not None else ())]
            names = {(subject.key.scope, name) for subject in seen for name in subject.unit_names}
            subjects = tuple(sorted((*subjects, *build_traces(runtime, names)), key=lambda subject: subject.key))
        return Member(
            visit.host, subjects, visit.coverage, self.setting(visit.manifest, visit.facts, visit.started_at.date())
        )

    def _subjects_of(self, visit: Visit) -> tuple[Subject, ...]:
        if visit.facts is None or visit.manifest is None:
            return ()
        return self.subjects(visit.manifest, visit.facts, visit.coverage)


def find_processes(
    runtimes: Mapping[HostName, RuntimeState],
) -> Mapping[HostName, Mapping[UnitName, tuple[UnitProcess, ...]]]:
    """Give the odd processes of timer units, by host and unit."""
    odd = {host: find_odd_processes(runtime.processes) for host, runtime in runtimes.items()}
    return {host: found for host, found in odd.items() if found}


def _build_setting(facts: HostFacts, artifacts: Iterable[Artifact], today: date) -> Setting:
    accounts: list[Account] = []
    lingering: set[str] = set()
    packages: list[tuple[str, str]] = []
    timers: list[tuple[str, str]] = []
    for artifact in artifacts:
        if artifact.kind is ArtifactKind.ACCOUNT:
            accounts.append(_build_account(artifact, today))
        elif artifact.kind is ArtifactKind.LINGER:
            lingering.add(artifact.name)
        elif artifact.kind is ArtifactKind.PACKAGE:
            packages.append((artifact.name, artifact.property("version")))
            timers += [(artifact.name, unit) for unit in artifact.property("timers").split()]
    return Setting(
        systemd_version=facts.systemd_version,
        accounts=tuple(sorted(accounts, key=lambda account: account.name)),
        lingering=frozenset(lingering),
        packages=tuple(sorted(packages)),
        package_timers=tuple(sorted(timers)),
    )


def _has_expired(day: str, today: date) -> bool:
    """Tell whether an account's last day, `2026-03-31` or none, has come."""
    return bool(day) and day <= today.isoformat()


def _build_account(artifact: Artifact, today: date) -> Account:
    uid = artifact.property("uid")
    return Account(
        name=artifact.name,
        uid=int(uid) if uid.isascii() and uid.isdecimal() and len(uid) <= 10 else None,
        login=_TRUTH.get(artifact.property("login")),
        locked=_TRUTH.get(artifact.property("locked")),
        expired=_has_expired(artifact.property("expired"), today),
    )
