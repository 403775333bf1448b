"""The states that a question about the whole fleet is asked of; hosts in equal states are asked once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fleetscan.analyse.subjects import build_subjects
from fleetscan.model.coverage import Coverage
from fleetscan.model.ids import Sha256
from fleetscan.model.snapshot import Artifact, HostFacts
from fleetscan.model.subject import Subject
from fleetscan.model.sweep import Visit
from fleetscan.store.state_periods import StatePeriod
from fleetscan.store.store import Store

MAX_CACHED_BYTES = 64 * 1024 * 1024
"""Bytes of files that are kept at hand; beyond that they are read anew."""


@dataclass(frozen=True, slots=True)
class StateKey:
    """What a state's subjects depend on: equal keys, equal subjects."""

    manifest: int
    facts: HostFacts
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class SharedState:
    """One state and all periods, of any host, that were in it."""

    key: StateKey
    periods: tuple[StatePeriod, ...]


class ContentCache:
    """Bytes by hash, bounded."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._contents: dict[Sha256, bytes | None] = {}
        self._size = 0

    def read(self, sha256: Sha256) -> bytes | None:
        """Give the bytes of a hash, None when they were never fetched."""
        if sha256 not in self._contents:
            data = self._store.contents.read_content(sha256)
            self._size += len(data or b"")
            if self._size > MAX_CACHED_BYTES:
                self._contents.clear()
                self._size = len(data or b"")
            self._contents[sha256] = data
        return self._contents[sha256]


def key_of(visit: Visit) -> StateKey | None:
    """Give what the subjects of a visit depend on; None when it gave no state."""
    if visit.manifest is None or visit.facts is None:
        return None
    return StateKey(visit.manifest, visit.facts.without_identity(), visit.coverage)


def share_states(periods: Iterable[StatePeriod]) -> tuple[SharedState, ...]:
    """Put periods of equal states together, in the order of their first ones."""
    shared: dict[StateKey, list[StatePeriod]] = {}
    for period in periods:
        key = key_of(period.visit)
        if key is not None:
            shared.setdefault(key, []).append(period)
    return tuple(SharedState(key, tuple(found)) for key, found in shared.items())


def read_states(
    store: Store, states: Iterable[SharedState], contents: ContentCache
) -> Iterator[tuple[SharedState, tuple[Artifact, ...], tuple[Subject, ...]]]:
    """Give each state with its evidence and its subjects, one at a time so that none needs to be kept."""
    for state in states:
        artifacts = store.visits.read_artifacts(state.key.manifest)
        yield state, artifacts, build_subjects(state.key.facts, artifacts, contents.read, state.key.coverage)
