"""A fleet that exists in a database only: 8 cohorts of equal hosts, one host in 100 drifted, each in its own way."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from fleetscan.model.coverage import Coverage
from fleetscan.model.digest import digest_bytes
from fleetscan.model.host import Connection, Host, Owner
from fleetscan.model.ids import SYSTEM, HostName, Sha256
from fleetscan.model.snapshot import Artifact, ArtifactKind, HostFacts, HostSnapshot, RuntimeState
from fleetscan.model.sweep import Selection, SweepState
from fleetscan.store.store import Store

FIRST_NIGHT = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
COHORTS = 8
_BATCH = 500
_VENDOR = "/usr/lib/systemd/system"
_PER_JOB = 8


def list_hosts(count: int) -> list[Host]:
    """Give the inventory: two roles, of four releases each."""
    owner = Owner("Bench", "bench@example.org")
    return [
        Host(
            name=HostName(f"host{number:05d}"),
            address="127.0.0.1",
            connection=Connection(user="bench"),
            owner=owner,
            groups=(f"role{number % COHORTS % 2}",),
        )
        for number in range(count)
    ]


def fill_store(store: Store, hosts: Sequence[Host], artifacts_each: int) -> None:
    """Write two sweeps: all hosts as they should be, then one in a hundred drifted."""
    contents: dict[Sha256, bytes] = {}
    images = []
    for cohort in range(COHORTS):
        found = [a for n in range(artifacts_each // _PER_JOB) for a in _build_job(cohort, n, contents)]
        images.append(tuple(sorted(found, key=lambda artifact: artifact.key)))
    for night in range(2):
        at = FIRST_NIGHT + timedelta(days=night)
        sweep = store.sweeps.begin_sweep(
            Selection(), hosts=len(hosts), author="bench", tool_version="bench", probe_sha256="0" * 64, started_at=at
        )
        batch = []
        for number, host in enumerate(hosts):
            artifacts = images[number % COHORTS]
            if night and number % 100 == 0:
                artifacts = tuple(sorted((*artifacts, *_build_drift(number // 100, contents)), key=lambda a: a.key))
            batch.append(_snapshot(host.name, str(9 + number % COHORTS // 2), artifacts, contents, at))
            if len(batch) == _BATCH or number == len(hosts) - 1:
                store.save_outcomes(sweep.id, batch)
                batch = []
        store.sweeps.end_sweep(sweep.id, SweepState.COMPLETE, at + timedelta(minutes=9))


def _write(path: str, text: str, *, package: str = "") -> tuple[Artifact, bytes]:
    data = text.encode()
    owned = {"package": package, "verified": "verified"} if package else {"verified": "unowned"}
    artifact = Artifact(
        kind=ArtifactKind.FILE,
        scope=SYSTEM,
        name=path,
        mode=0o644,
        owner="root",
        group="root",
        size_bytes=len(data),
        sha256=digest_bytes(data),
        properties=tuple(sorted(owned.items())),
    )
    return artifact, data


def _build_job(cohort: int, number: int, contents: dict[Sha256, bytes]) -> Iterator[Artifact]:
    """Give the eight artifacts of one timer, as a package would bring it."""
    name, package = f"task{number:03d}", f"package{number:03d}"
    timer, service = f"{name}.timer", f"{name}.service"
    program = f"/usr/libexec/{name}"
    texts = {
        timer: f"[Timer]\nOnCalendar=*-*-* {number % 24:02d}:{cohort:02d}:00\nPersistent=true\n",
        service: f"[Unit]\nDescription=Task {number}\n[Service]\nType=oneshot\nExecStart={program} --all\n",
    }
    for unit, text in texts.items():
        artifact, data = _write(f"{_VENDOR}/{unit}", text, package=package)
        contents[digest_bytes(data)] = data
        yield artifact
    yield Artifact(
        kind=ArtifactKind.LINK,
        scope=SYSTEM,
        name=f"/etc/systemd/system/timers.target.wants/{timer}",
        owner="root",
        group="root",
        target=f"{_VENDOR}/{timer}",
    )
    yield Artifact(
        kind=ArtifactKind.UNIT_FILE, scope=SYSTEM, name=timer, properties=(("preset", "enabled"), ("state", "enabled"))
    )
    calendar = texts[timer].partition("OnCalendar=")[2].partition("\n")[0]
    said = {
        "ActiveState": "active",
        "FragmentPath": f"{_VENDOR}/{timer}",
        "Listed": "yes",
        "LoadState": "loaded",
        "TimersCalendar": f"{{ OnCalendar={calendar} }}",
    }
    yield Artifact(kind=ArtifactKind.LOADED, scope=SYSTEM, name=timer, properties=tuple(sorted(said.items())))
    yield Artifact(kind=ArtifactKind.UNIT_FILE, scope=SYSTEM, name=service, properties=(("state", "static"),))
    yield Artifact(
        kind=ArtifactKind.PROGRAM,
        scope=SYSTEM,
        name=program,
        mode=0o755,
        owner="root",
        group="root",
        size_bytes=4096,
        sha256=digest_bytes(program.encode()),
        properties=(("package", package), ("verified", "verified")),
    )
    yield Artifact(kind=ArtifactKind.PACKAGE, scope=SYSTEM, name=package, properties=(("version", f"1.{cohort}"),))


def _build_drift(number: int, contents: dict[Sha256, bytes]) -> Iterator[Artifact]:
    """Give what one drifted host has beside the others: a pair of its own, or a drop-in on a task."""
    if number % 2:
        texts = {
            f"/etc/systemd/system/extra{number}.timer": "[Timer]\nOnCalendar=minutely\n",
            f"/etc/systemd/system/extra{number}.service": f"[Service]\nExecStart=/opt/extra/{number}\n",
        }
    else:
        path = f"/etc/systemd/system/task{number % 40:03d}.service.d/{number}.conf"
        texts = {path: f"[Service]\nExecStartPost=/usr/local/bin/after {number}\n"}
    for path, text in texts.items():
        artifact, data = _write(path, text)
        contents[digest_bytes(data)] = data
        yield artifact


def _snapshot(
    host: HostName, version: str, artifacts: tuple[Artifact, ...], contents: dict[Sha256, bytes], at: datetime
) -> HostSnapshot:
    return HostSnapshot(
        host=host,
        facts=HostFacts(
            os_id="debian",
            os_version_id=version,
            machine_id=digest_bytes(host.encode())[:32],
            hostname=host,
            systemd_version=252,
        ),
        artifacts=artifacts,
        coverage=Coverage(),
        runtime=RuntimeState(remote_at=at),
        taken_at=at,
        duration_s=0.4,
        host_key=f"SHA256:{digest_bytes(host.encode())[:43]}",
        contents=contents,
    )
