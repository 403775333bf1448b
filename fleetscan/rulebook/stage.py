"""From a host in a few words to the evidence that a visit of it would give."""

import base64
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from fleetscan.analyse.case import Account, Setting
from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import GLOBAL_USER, SYSTEM, Scope, Sha256, user_scope
from fleetscan.model.program import ProgramRole, Verification
from fleetscan.model.snapshot import Artifact, ArtifactKind, HostFacts
from fleetscan.model.unit import SourceKind
from fleetscan.rulebook.hosts import FileEntry, HostEntry, ThingEntry
from fleetscan.systemd.jobs import build_jobs, build_loose_units
from fleetscan.systemd.reached import find_homes, find_references

_USER_HOME = re.compile(r"\A/home/([^/]+)/")
_GLOBAL = re.compile(r"\A/(?:etc|etc/xdg|run|usr/lib|usr/share|usr/local/lib|usr/local/share)/systemd/user/")
_PACKAGED = ("/usr/", "/bin/", "/sbin/", "/lib/")
_PACKAGE = "sample"


@dataclass(frozen=True)
class Stage:
    """The evidence of one host.

    Attributes:
        contents: Bytes by hash.
    """

    facts: HostFacts
    artifacts: tuple[Artifact, ...]
    setting: Setting
    contents: Mapping[Sha256, bytes] = field(default_factory=dict)


def build_stage(entry: HostEntry) -> Stage:
    """Give the evidence that a visit of the host would give."""
    builder = _Builder(entry)
    facts = HostFacts(
        os_id=entry.os,
        os_version_id="12",
        systemd_version=entry.systemd,
        unit_path=entry.unit_path,
        environment=tuple(f"{name}={value}" for name, value in entry.environment.items()),
        kernel_arguments=entry.kernel_arguments,
    )
    found = {artifact.key: artifact for artifact in builder.build()}
    for artifact in builder.build_memory(facts, tuple(found.values())):
        found.setdefault(artifact.key, artifact)
    artifacts = tuple(found[key] for key in sorted(found))
    for artifact in builder.build_programs(facts, artifacts):
        found.setdefault(artifact.key, artifact)
    accounts = (
        Account(name=a.name, uid=a.uid, login=a.login, locked=a.locked, expired=a.expired) for a in entry.accounts
    )
    setting = Setting(
        systemd_version=entry.systemd,
        vendor_names=frozenset(entry.vendor_names),
        accounts=tuple(accounts),
        packages=((_PACKAGE, "1"),),
        lingering=frozenset(thing.name for thing in entry.things if thing.kind is ArtifactKind.LINGER),
    )
    return Stage(facts, tuple(found[key] for key in sorted(found)), setting, builder.contents)


class _Builder:
    def __init__(self, entry: HostEntry) -> None:
        self._entry = entry
        self.contents: dict[Sha256, bytes] = {}

    def build(self) -> Iterator[Artifact]:
        entry = self._entry
        for path, file in self._unit_files().items():
            yield self._build_file(path, _as_file(file))
        for name, properties in entry.memory.items():
            if name == self._usual_timer:
                continue
            shown = {"LoadState": "loaded", "ActiveState": "active", **properties}
            scope = Scope(shown.pop("scope", "system"))
            yield Artifact(kind=ArtifactKind.LOADED, scope=scope, name=name, properties=tuple(sorted(shown.items())))
        for name, state in entry.states.items():
            yield Artifact(kind=ArtifactKind.UNIT_FILE, scope=SYSTEM, name=name, properties=(("state", state),))
        for thing in entry.things:
            yield self._build_thing(thing)

    def build_memory(self, facts: HostFacts, artifacts: tuple[Artifact, ...]) -> Iterator[Artifact]:
        """Give what the system's manager has in memory of an enabled timer, as its files say."""
        for job in build_jobs(facts, artifacts, self.contents.get):
            if job.name != self._usual_timer or job.scope != SYSTEM or not job.timer.sources:
                continue
            drop_ins = [source.path for source in job.timer.sources if source.kind is SourceKind.DROP_IN]
            calendars = [t.normal for t in job.triggers if t.directive == "OnCalendar"]
            spans = [(t.directive.removesuffix("Sec"), t.normal) for t in job.triggers if t.directive != "OnCalendar"]
            shown = {
                "ActiveState": "active",
                "DropInPaths": " ".join(drop_ins),
                "FragmentPath": job.timer.sources[0].path,
                "Listed": "yes",
                "LoadState": job.timer.load.value,
                "TimersCalendar": "\n".join(f"{{ OnCalendar={normal} }}" for normal in calendars),
                "TimersMonotonic": "\n".join(f"{{ {name}USec={span} }}" for name, span in spans),
                **self._entry.memory.get(job.name, {}),
            }
            pairs = tuple((name, value) for name, value in sorted(shown.items()) if value)
            yield Artifact(kind=ArtifactKind.LOADED, scope=SYSTEM, name=job.name, properties=pairs)

    def build_programs(self, facts: HostFacts, artifacts: tuple[Artifact, ...]) -> Iterator[Artifact]:
        """Give the files that jobs and units run and read."""
        jobs = build_jobs(facts, artifacts, self.contents.get)
        loose = build_loose_units(facts, artifacts, self.contents.get, jobs)
        references, _cut = find_references(jobs, loose, find_homes(artifacts))
        for reference in references:
            kind = ArtifactKind.ENVIRONMENT if reference.role is ProgramRole.ENVIRONMENT else ArtifactKind.PROGRAM
            named = next((path for path in reference.candidates if path in self._entry.programs), None)
            # A bare name is found where packages put programs.
            usual = next((p for p in reference.candidates if p.startswith("/usr/bin/")), None)
            path = named or usual or next(iter(reference.candidates), None)
            if path is not None:
                entry = self._entry.programs.get(path, "")
                yield self._build_program(kind, reference.scope, path, _as_file(entry, mode="0755"))

    @property
    def _usual_timer(self) -> str:
        """The timer that is in memory as its files say; empty when none is enabled."""
        entry = self._entry
        is_usual = entry.timer and entry.enabled and _scope_of(entry.dir + "/") == SYSTEM
        return f"{entry.unit}.timer" if is_usual else ""

    def _unit_files(self) -> dict[str, str | FileEntry]:
        entry = self._entry
        found: dict[str, str | FileEntry] = {}
        if entry.timer:
            timer = f"{entry.unit}.timer"
            found[f"{entry.dir}/{timer}"] = entry.timer
            if entry.enabled:
                folder = "/etc/systemd/system" if entry.dir.startswith(("/usr", "/etc/systemd/system")) else entry.dir
                found[f"{folder}/timers.target.wants/{timer}"] = f"-> {entry.dir}/{timer}"
        if entry.service:
            found[f"{entry.dir}/{entry.unit}.service"] = entry.service
        return {**found, **entry.files}

    def _build_file(self, path: str, file: FileEntry) -> Artifact:
        data = base64.b64decode(file.base64) if file.base64 else file.text.encode("utf-8", "surrogateescape")
        properties = {**file.properties, **_owned(path, file)}
        return Artifact(
            kind=ArtifactKind.LINK if file.link else ArtifactKind.FILE,
            scope=Scope(file.scope) if file.scope else _scope_of(path),
            name=path,
            mode=0o777 if file.link else int(file.mode, 8),
            owner=file.owner,
            group=file.group,
            size_bytes=None if file.link else (file.size or len(data)),
            target=file.link,
            sha256=None if file.link else self._keep(data),
            properties=tuple(sorted(properties.items())) if not file.link else (),
        )

    def _build_program(self, kind: ArtifactKind, scope: Scope, path: str, file: FileEntry) -> Artifact:
        if file.absent:
            return Artifact(kind=kind, scope=scope, name=path, properties=(("state", "absent"),))
        end = file.real_path or path
        properties = {**file.properties, **_owned(end, file)}
        if file.exposed:
            properties["exposed"] = "\n".join(file.exposed)
        if kind is ArtifactKind.ENVIRONMENT:
            properties["variables"] = " ".join(sorted(file.properties))
        data = file.text.encode("utf-8", "surrogateescape")
        return Artifact(
            kind=kind,
            scope=scope,
            name=posixpath.normpath(path),
            mode=int(file.mode, 8),
            owner=file.owner,
            group=file.group,
            size_bytes=file.size or len(data),
            target=file.real_path,
            sha256=self._keep(data),
            properties=tuple(sorted(properties.items())),
        )

    def _build_thing(self, thing: ThingEntry) -> Artifact:
        return Artifact(
            kind=thing.kind,
            scope=Scope(thing.scope),
            name=thing.name,
            mode=int(thing.mode, 8),
            owner=thing.owner,
            group=thing.group,
            target=thing.target,
            sha256=self._keep(thing.text.encode()) if thing.text else None,
            size_bytes=len(thing.text) if thing.text else None,
            properties=tuple(sorted(thing.properties.items())),
        )

    def _keep(self, data: bytes) -> Sha256:
        digest = digest_bytes(data)
        self.contents[digest] = data
        return digest


def _as_file(entry: str | FileEntry, *, mode: str = "0644") -> FileEntry:
    if isinstance(entry, FileEntry):
        return entry if "mode" in entry.model_fields_set else entry.model_copy(update={"mode": mode})
    if entry.startswith("-> "):
        return FileEntry(link=entry.removeprefix("-> ").strip())
    return FileEntry(text=entry, mode=mode)


def _owned(path: str, file: FileEntry) -> dict[str, str]:
    is_packaged = path.startswith(_PACKAGED) and not path.startswith("/usr/local/")
    verification = file.package or (Verification.VERIFIED if is_packaged else Verification.UNOWNED)
    has_owner = verification not in (Verification.UNOWNED, Verification.UNKNOWN)
    found = {"package": _PACKAGE} if has_owner else {}
    return found if verification is Verification.UNKNOWN else {**found, "verified": verification.value}


def _scope_of(path: str) -> Scope:
    home = _USER_HOME.match(path)
    if home:
        return user_scope(home[1])
    if path.startswith("/root/"):
        return user_scope("root")
    return GLOBAL_USER if _GLOBAL.match(path) else SYSTEM
