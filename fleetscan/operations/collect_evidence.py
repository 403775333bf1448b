"""All that is kept of one finding, in one file that others can check: raw bytes, facts, and a hash of each."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import fleetscan
from fleetscan.errors import OutputError, UsageError
from fleetscan.export.encode import encode_jsonl
from fleetscan.export.finding_records import FindingRecord
from fleetscan.export.question_records import EvidenceFileRecord
from fleetscan.model.digest import JsonValue, digest_bytes
from fleetscan.model.finding import Finding
from fleetscan.model.ids import Sha256, SweepId
from fleetscan.model.snapshot import RuntimeState
from fleetscan.model.subject import Subject, SubjectKind
from fleetscan.model.sweep import Visit
from fleetscan.operations.evidence_documents import describe_files, describe_runtime, describe_visit
from fleetscan.operations.host_states import StateReader
from fleetscan.store.store import Store

MAX_FILES = 500
"""Contents that are put in; a hostile unit may have any number of drop-ins."""

MAX_BYTES = 64 * 1024 * 1024
"""Bytes of contents that are put in."""

_README = """\
Evidence of one finding of fleetscan.

finding.json  the finding, with the rules that matched and why
visit.json    the visit that saw it: host, clocks, versions, what could not be read
files.json    every file it is about: owner, mode, hash, package; times where they are known
runtime.json  processes, timers and traces of its units, when the visit was the host's last
files/HASH    raw bytes of unit files and scripts, each named by its SHA-256; files.json says where they lay
SHA256SUMS    hash of every file here: sha256sum -c SHA256SUMS

These are an intruder's files, perhaps. Do not run them.
"""
_OLDEST = (1980, 1, 1, 0, 0, 0)
_READABLE_BY_OWNER = 0o600


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file of evidence.

    Attributes:
        data: A zip; the same finding and database give the same bytes.
        missing: Paths of which there are hashes and no bytes.
    """

    data: bytes
    visit: Visit
    contents: int
    missing: tuple[str, ...]


def collect_evidence(store: Store, finding: Finding, record: FindingRecord) -> Evidence:
    """Put together what is kept of a finding.

    Args:
        store: Where it is.
        finding: Open or fixed.
        record: The same, as lists give it.

    Raises:
        UsageError: The host never gave a state.
    """
    visit = _find_visit(store, finding, SweepId(record.sweep))
    reader = StateReader(store)
    subject = _find_subject(reader, visit, finding)
    runtime = _find_runtime(store, visit)
    artifacts = reader.artifacts(visit.manifest) if visit.manifest is not None else ()
    contents = dict(_choose_contents(reader, subject))
    documents: dict[str, JsonValue] = {
        "finding.json": json.loads(encode_jsonl("findings", [record])),
        "visit.json": describe_visit(store, visit, runtime, fleetscan.__version__),
        "files.json": describe_files(subject, artifacts, runtime, contents.keys()),
        "runtime.json": describe_runtime(subject, runtime),
    }
    members = {"README.txt": _README.encode("ascii")}
    members |= {name: _encode(document) for name, document in documents.items()}
    members |= {f"files/{sha256}": data for sha256, data in contents.items()}
    known = {piece.sha256: piece.path for piece in subject.pieces if piece.sha256 is not None}
    missing = sorted(path for sha256, path in known.items() if sha256 not in contents)
    return Evidence(_pack(members), visit, len(contents), tuple(missing))


def save_evidence(evidence: Evidence, path: Path, record: FindingRecord) -> EvidenceFileRecord:
    """Write a file of evidence that only its owner may read, and give the record of it.

    Raises:
        UsageError: The file is there already: evidence is never overwritten.
        OutputError: It cannot be written.
    """
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _READABLE_BY_OWNER)
    except FileExistsError as error:
        raise UsageError(f"{path} is there already", hint="choose another name") from error
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}", hint="choose another folder") from error
    try:
        with os.fdopen(number, "wb") as file:
            file.write(evidence.data)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise OutputError(f"cannot write {path}: {error.strerror or error}", hint="is the disk full?") from error
    return EvidenceFileRecord(
        finding=record.id,
        host=record.host,
        sweep=evidence.visit.sweep,
        file=str(path),
        sha256=digest_bytes(evidence.data),
        size_bytes=len(evidence.data),
        contents=evidence.contents,
        missing=evidence.missing,
    )


def _find_visit(store: Store, finding: Finding, sweep: SweepId) -> Visit:
    """Give the last visit that had the finding, or of hosts that cannot be read the visit that failed."""
    last = finding.life.last_sweep or sweep
    visit = None
    if finding.key.kind is SubjectKind.IDENTITY:  # a refused host key is a visit that failed
        visit = next((found for found in store.visits.read_visits(last) if found.host == finding.host), None)
    visit = visit or store.visits.state_at(finding.host, last) or store.visits.latest_visit(finding.host)
    if visit is None:
        raise UsageError(f"{finding.host!r} was never visited", hint="fleetscan sweeps list")
    return visit


def _find_subject(reader: StateReader, visit: Visit, finding: Finding) -> Subject:
    """Give the subject as that visit saw it; of what only the logs or the host key tell, what the finding says."""
    if visit.manifest is not None and visit.facts is not None:
        for subject in reader.subjects(visit.manifest, visit.facts, visit.coverage):
            if subject.key == finding.key:
                return subject
    return finding.subject


def _find_runtime(store: Store, visit: Visit) -> RuntimeState | None:
    """Give what changes by itself; it is kept of a host's last state only."""
    latest = store.visits.latest_state(visit.host)
    return store.visits.read_runtime(visit.host) if latest is not None and latest.sweep == visit.sweep else None


def _choose_contents(reader: StateReader, subject: Subject) -> Iterator[tuple[Sha256, bytes]]:
    """Give the bytes of its files that are at hand: unit files before what they run, while there is room."""
    hashes = [source.sha256 for source in subject.sources] + [piece.sha256 for piece in subject.pieces]
    size = count = 0
    for sha256 in dict.fromkeys(hashes):
        data = reader.content(sha256) if sha256 is not None else None
        if sha256 is None or data is None or size + len(data) > MAX_BYTES:
            continue
        size += len(data)
        count += 1
        yield sha256, data
        if count == MAX_FILES:
            return


def _encode(document: JsonValue) -> bytes:
    return (json.dumps(document, indent=2) + "\n").encode("ascii")


def _pack(members: Mapping[str, bytes]) -> bytes:
    """Make a zip in which nothing depends on when, where or by which library it was made: stored, no times."""
    sums = "".join(f"{digest_bytes(data)}  {name}\n" for name, data in sorted(members.items()))
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_STORED) as archive:
        for name, data in sorted({**members, "SHA256SUMS": sums.encode("ascii")}.items()):
            info = ZipInfo(name, _OLDEST)
            info.create_system = 3
            info.external_attr = _READABLE_BY_OWNER << 16
            archive.writestr(info, data)
    return buffer.getvalue()
