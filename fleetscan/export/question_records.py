"""The records that answer an analyst's questions; parts of the published, versioned schema.

Prevalence is always two numbers: on how many hosts, of how many that could have shown it.
"""

from dataclasses import dataclass
from datetime import datetime

from fleetscan.export.change_records import ChangeRecord, DiffRecord, TargetChangeRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchRecord:
    """What matched, and where it stands.

    `criterion` is exec, path, sha256, text, user, schedule, provenance or rare; `line` is 0 for a whole file.
    """

    criterion: str
    text: str
    path: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HuntRecord:
    """One thing on one host that matches all that was asked.

    `sweep` is the newest one that saw it so. `present` tells whether the host still was in that state when it was last
    read. `first_seen_at` is the first visit that saw the files that matched.
    """

    host: str
    subject: str
    scope: str
    name: str
    units: tuple[str, ...]
    summary: str
    user: str
    schedule: str
    provenance: str
    matches: tuple[MatchRecord, ...]
    first_seen_at: datetime | None
    last_seen_at: datetime
    sweep: int
    present: bool
    prevalence_count: int
    prevalence_of_hosts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceRecord:
    """One difference between two states, or (`kind` is `not compared`) why something could not be compared.

    `before` and `after` name the states: a host, or a host and a sweep.
    """

    before: str
    after: str
    kind: str
    subject: str
    scope: str
    name: str
    sentence: str
    changes: tuple[ChangeRecord, ...] = ()
    targets: tuple[TargetChangeRecord, ...] = ()
    diffs: tuple[DiffRecord, ...] = ()
    doors: tuple[str, ...] = ()
    state_before: str = ""
    state_after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRecord:
    """One event in the life of a thing on a host.

    `event` is first seen, changed, gone, back or last seen. It happened after `before_at`, the last visit that saw
    things otherwise, and not later than `at`; without `before_at` it was so at the first visit already. Of `last seen`
    `at` is the last visit that saw it. `present` tells whether what is told holds for the newest state of the host.
    """

    host: str
    at: datetime
    before_at: datetime | None
    event: str
    subject: str
    scope: str
    name: str
    sentence: str
    present: bool
    changes: tuple[ChangeRecord, ...] = ()
    targets: tuple[TargetChangeRecord, ...] = ()
    diffs: tuple[DiffRecord, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineRecord:
    """One job on the hosts where it is the same, with its runs in the time that was asked about.

    `basis` tells how the runs are known: `calendar` (computed in the host's time zone), `list-timers` (what systemd
    said was next) or `repeats` (that, and the interval after it). `next_at` is the earliest first run on any host and
    `latest_next_at` the latest. `runs` counts one host's runs, `more_runs` tells that there are more than were counted;
    `times` are the first of them, on the host that is first. `delay` is the random delay that systemd may add.
    """

    next_at: datetime
    latest_next_at: datetime
    basis: str
    runs: int
    more_runs: bool
    times: tuple[datetime, ...]
    zone: str
    delay: str
    scope: str
    name: str
    activates: str
    user: str
    schedule: str
    executes: tuple[str, ...]
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpreadRecord:
    """One host that a file or unit reached, in order of arrival.

    `rank` 1 is the first host seen with it. It arrived after `last_absent_at`, the last visit that could have seen it
    and did not; null when there is none. `day` is that of its arrival in UTC, and `total` how many hosts had shown it
    by the end of that day.
    """

    rank: int
    host: str
    day: str
    first_seen_at: datetime
    last_absent_at: datetime | None
    last_seen_at: datetime
    present: bool
    paths: tuple[str, ...]
    total: int
    of_hosts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceFileRecord:
    """The file of evidence that was written; `missing` are the files whose bytes were never fetched."""

    finding: str
    host: str
    sweep: int
    file: str
    sha256: str
    size_bytes: int
    contents: int
    missing: tuple[str, ...]
