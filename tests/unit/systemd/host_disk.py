"""A host's unit directories as artifacts, written down file by file."""

from dataclasses import dataclass, field

from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import GLOBAL_USER, SYSTEM, Scope, Sha256, user_scope
from fleetscan.model.snapshot import Artifact, ArtifactKind, HostFacts
from fleetscan.model.unit import EffectiveUnit, Job
from fleetscan.systemd.resolve import resolve_unit
from fleetscan.systemd.search_path import GLOBAL_USER_DIRS
from fleetscan.systemd.tree import UnitTree

TIMER = "[Timer]\nOnCalendar=daily\n"
SERVICE = "[Service]\nExecStart=/usr/bin/true\n"


def scope_of(path: str) -> Scope:
    if path.startswith(tuple(f"{d}/" for d in GLOBAL_USER_DIRS)):
        return GLOBAL_USER
    if path.startswith("/home/"):
        return user_scope(path.split("/")[2])
    if path.startswith("/run/user/1000/"):
        return user_scope("alice")
    return SYSTEM


@dataclass
class HostDisk:
    """Files are readable unless said otherwise; `/home/NAME` and `/run/user/1000` (alice's) belong to users."""

    version: int = 252
    unit_path: tuple[str, ...] = ()
    artifacts: list[Artifact] = field(default_factory=list)
    blobs: dict[Sha256, bytes] = field(default_factory=dict)

    def write(self, path: str, text: str | bytes = "") -> "HostDisk":
        data = text if isinstance(text, bytes) else text.encode()
        digest = digest_bytes(data)
        self.blobs[digest] = data
        return self._add(ArtifactKind.FILE, path, sha256=digest, size_bytes=len(data))

    def hide(self, path: str) -> "HostDisk":
        return self._add(ArtifactKind.FILE, path, size_bytes=100)

    def link(self, path: str, target: str) -> "HostDisk":
        return self._add(ArtifactKind.LINK, path, target=target)

    def pair(self, stem: str, directory: str = "/etc/systemd/system") -> "HostDisk":
        self.write(f"{directory}/{stem}.timer", TIMER)
        return self.write(f"{directory}/{stem}.service", SERVICE)

    def unit_file(self, name: str, state: str, scope: Scope = SYSTEM) -> "HostDisk":
        self.artifacts.append(
            Artifact(kind=ArtifactKind.UNIT_FILE, scope=scope, name=name, properties=(("state", state),))
        )
        return self

    def loaded(self, name: str, scope: Scope = SYSTEM, **properties: str) -> "HostDisk":
        pairs = tuple(sorted(properties.items()))
        self.artifacts.append(Artifact(kind=ArtifactKind.LOADED, scope=scope, name=name, properties=pairs))
        return self

    def _add(
        self,
        kind: ArtifactKind,
        path: str,
        *,
        target: str = "",
        sha256: Sha256 | None = None,
        size_bytes: int | None = None,
    ) -> "HostDisk":
        artifact = Artifact(
            kind=kind, scope=scope_of(path), name=path, target=target, sha256=sha256, size_bytes=size_bytes
        )
        self.artifacts.append(artifact)
        return self

    @property
    def facts(self) -> HostFacts:
        return HostFacts(systemd_version=self.version, unit_path=self.unit_path)

    @property
    def tree(self) -> UnitTree:
        return UnitTree.of(self.facts, self.artifacts)

    def read(self, sha256: Sha256) -> bytes | None:
        return self.blobs.get(sha256)

    def resolve(self, name: str, scope: Scope = SYSTEM) -> EffectiveUnit:
        return resolve_unit(self.tree, scope, name, self.read, self.version)


def values(unit: EffectiveUnit, section: str, key: str) -> list[str]:
    return [directive.value for directive in unit.values(section, key)]


def find_job(jobs: tuple[Job, ...], name: str, scope: Scope = SYSTEM) -> Job:
    (job,) = [job for job in jobs if (job.scope, job.name) == (scope, name)]
    return job
