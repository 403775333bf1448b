"""A small fleet and its sweeps, for tests of the store."""

from datetime import UTC, datetime, timedelta

from fleetscan.model.coverage import Coverage, Gap
from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import SYSTEM, HostName, Scope, Sha256
from fleetscan.model.outcome import FailureKind, HostFailure
from fleetscan.model.snapshot import Artifact, ArtifactKind, HostFacts, HostSnapshot, RuntimeState
from fleetscan.model.sweep import Selection, Sweep, SweepState
from fleetscan.store.store import Store

NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
WEB = HostName("web1")
DB = HostName("db1")
DAY = timedelta(days=1)


def file(name: str, content: bytes = b"[Timer]\n", *, scope: Scope = SYSTEM) -> Artifact:
    return Artifact(
        kind=ArtifactKind.FILE,
        scope=scope,
        name=name,
        mode=0o644,
        owner="root",
        group="root",
        size_bytes=len(content),
        sha256=digest_bytes(content),
    )


VENDOR = (
    file("/usr/lib/systemd/system/logrotate.timer"),
    Artifact(
        kind=ArtifactKind.LOADED,
        scope=SYSTEM,
        name="logrotate.timer",
        properties=(("ActiveState", "active"), ("FragmentPath", "/usr/lib/systemd/system/logrotate.timer")),
    ),
)
EXTRA = file("/etc/systemd/system/extra.timer")


def snapshot(
    host: HostName = WEB,
    artifacts: tuple[Artifact, ...] = VENDOR,
    *,
    at: datetime = NOW,
    gaps: tuple[Gap, ...] = (),
    contents: dict[Sha256, bytes] | None = None,
) -> HostSnapshot:
    return HostSnapshot(
        host=host,
        facts=HostFacts(
            os_id="debian", os_version_id="12", machine_id=f"id of {host}", hostname=host, systemd_version=252
        ),
        artifacts=tuple(sorted(artifacts, key=lambda artifact: artifact.key)),
        coverage=Coverage.of(gaps),
        runtime=RuntimeState(host_cpu_s=0.125, bytes_received=4321),
        taken_at=at,
        duration_s=0.5,
        host_key="SHA256:abc",
        contents=contents or {},
    )


def failure(host: HostName, at: datetime = NOW) -> HostFailure:
    return HostFailure(
        host=host,
        kind=FailureKind.HOST_KEY_CHANGED,
        reason="the host key is not the accepted one",
        started_at=at,
        duration_s=0.25,
        evidence=("expected SHA256:a", "presented SHA256:b"),
        hint="enroll the host again",
    )


def begin(store: Store, at: datetime = NOW) -> Sweep:
    return store.sweeps.begin_sweep(
        Selection(groups=("web",)), hosts=2, author="ana", tool_version="0.1", probe_sha256="f" * 64, started_at=at
    )


def sweep_day(store: Store, day: int, *outcomes: HostSnapshot | HostFailure) -> Sweep:
    sweep = begin(store, NOW + day * DAY)
    store.save_outcomes(sweep.id, outcomes)
    return store.sweeps.end_sweep(sweep.id, SweepState.COMPLETE, NOW + day * DAY + timedelta(minutes=5))
