"""The documents in a file of evidence."""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime

from fleetscan.model.digest import JsonValue
from fleetscan.model.ids import Sha256
from fleetscan.model.snapshot import Artifact, ArtifactKind, RuntimeState
from fleetscan.model.subject import Piece, Subject
from fleetscan.model.sweep import Visit
from fleetscan.operations.job_parts import show_mode
from fleetscan.store.store import Store

_WITHOUT_A_PLACE = frozenset({ArtifactKind.ACCOUNT, ArtifactKind.PACKAGE})


def describe_visit(store: Store, visit: Visit, runtime: RuntimeState | None, version: str) -> JsonValue:
    """Tell of the visit: whose clock said what, with which versions, and what could not be read.

    Args:
        store: Where the sweep and the host's identities are.
        visit: That saw the finding.
        runtime: Of the same visit, None when it is not kept.
        version: Of the program that packs.
    """
    sweep = store.sweeps.read_sweep(visit.sweep)
    facts = visit.facts
    keys = [
        identity.host_key
        for identity in store.visits.read_identities(visit.host)
        if identity.first_sweep <= visit.sweep <= identity.last_sweep
        and (facts is None or (identity.machine_id, identity.hostname) == (facts.machine_id, facts.hostname))
    ]
    return {
        "host": visit.host,
        "sweep": visit.sweep,
        "outcome": visit.outcome.value,
        "reason": visit.reason,
        "evidence": list(visit.evidence),
        "started_at": _time(visit.started_at),
        "duration_s": visit.duration_s,
        "host_clock_at": _time(runtime.remote_at if runtime is not None else None),
        "swept_by": sweep.author,
        "swept_with": f"fleetscan {sweep.tool_version}",
        "packed_with": f"fleetscan {version}",
        "probe_sha256": sweep.probe_sha256,
        "host_key": keys[-1] if keys else "",
        "machine_id": facts.machine_id if facts else "",
        "hostname": facts.hostname if facts else "",
        "os": facts.os_name if facts else "",
        "kernel": facts.kernel if facts else "",
        "systemd": facts.systemd_version_text if facts else "",
        "zone": facts.zone if facts else "",
        "login": facts.login if facts else "",
        "privilege": facts.privilege.value if facts else "",
        "not_read": [
            {
                "area": gap.area.value,
                "scope": gap.scope or "",
                "status": gap.status.value,
                "path": gap.path or "",
                "reason": gap.reason,
            }
            for gap in visit.coverage.gaps
        ],
    }


def describe_files(
    subject: Subject, artifacts: Iterable[Artifact], runtime: RuntimeState | None, contents: Collection[Sha256]
) -> JsonValue:
    """Tell of every file that a subject is about what the visit saw of it, in the order of their paths."""
    wanted = {*subject.paths, *subject.unit_names, subject.key.name}
    pieces: dict[str, Piece] = {piece.path: piece for piece in subject.pieces}
    found = [a for a in artifacts if a.name in wanted and a.kind not in _WITHOUT_A_PLACE]
    return [
        _describe(artifact, pieces.get(artifact.name), runtime, contents)
        for artifact in sorted(found, key=lambda artifact: (artifact.name, artifact.key))
    ]


def describe_runtime(subject: Subject, runtime: RuntimeState | None) -> JsonValue:
    """Tell what of a subject's units changes by itself; null when it is not kept of that visit."""
    if runtime is None:
        return None
    names = {*subject.unit_names, subject.key.name}
    return {
        "timers": [
            {"scope": t.scope, "unit": t.unit, "next_at": _time(t.next_at), "last_at": _time(t.last_at)}
            for t in runtime.timers
            if t.unit in names
        ],
        "processes": [
            {
                "scope": p.scope,
                "unit": p.unit,
                "pid": p.pid,
                "parent_pid": p.parent_pid,
                "user": p.user,
                "started_at": _time(p.started_at),
                "command": p.command,
                "executable": p.executable,
            }
            for p in runtime.processes
            if p.unit in names
        ],
        "traces": [
            {
                "source": t.source.value,
                "at": _time(t.at),
                "unit": t.unit,
                "command": t.command,
                "user": t.user,
                "event": t.event,
            }
            for t in runtime.traces
            if t.unit in names
        ],
    }


def _describe(
    artifact: Artifact, piece: Piece | None, runtime: RuntimeState | None, contents: Collection[Sha256]
) -> JsonValue:
    properties: Mapping[str, JsonValue] = dict(artifact.properties)
    return {
        "path": artifact.name,
        "kind": artifact.kind.value,
        "scope": artifact.scope,
        "role": piece.role.value if piece else "",
        "mode": show_mode(artifact.mode),
        "owner": artifact.owner,
        "group": artifact.group,
        "size_bytes": artifact.size_bytes,
        "target": artifact.target,
        "sha256": artifact.sha256 or "",
        "bytes": f"files/{artifact.sha256}" if artifact.sha256 in contents else "",
        "times": _times(artifact.name, runtime),
        "open_to_others": list(piece.exposed) if piece else [],
        "properties": dict(properties),
    }


def _times(path: str, runtime: RuntimeState | None) -> JsonValue:
    known = runtime.times.get(path) if runtime is not None else None
    if known is None:
        return None
    return {"modified_s": known.modified_s, "changed_s": known.changed_s, "inode": known.inode}


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat()
