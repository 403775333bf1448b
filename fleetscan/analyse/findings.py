"""From a judged case to a finding: its name, its content and its sentence."""

import hashlib
from collections.abc import Sequence

from fleetscan.analyse.pieces import doors_of
from fleetscan.analyse.processes import may_be_update
from fleetscan.analyse.sentence import cut_text, name_subject
from fleetscan.analyse.targets import telling_disagreements
from fleetscan.model.digest import JsonValue, digest_json
from fleetscan.model.drift import DriftItem, DriftKind
from fleetscan.model.finding import FindingId, Hit
from fleetscan.model.ids import HostName, Sha256
from fleetscan.model.snapshot import UnitProcess
from fleetscan.model.subject import Subject, SubjectKey

_ORDER = tuple(DriftKind)


def finding_id(host: HostName, key: SubjectKey) -> FindingId:
    """Name what is found of one thing on one host; the same in every sweep."""
    words = [host, key.kind.value, key.scope, key.name]
    return FindingId(hashlib.sha256("\0".join(words).encode("utf-8", "surrogatepass")).hexdigest()[:16])


def content_of(subject: Subject, drift: Sequence[DriftItem] = (), processes: Sequence[UnitProcess] = ()) -> Sha256:
    """Give the digest of what a thing is, on whichever host: an exception holds for this and for nothing else.

    Bytes of programs count here, also those that a package vouches for, and so do who may write them, whether anything
    starts it, and where the views of it contradict each other. In which state it is counts where that is what differs.
    What it is compared with does not count: the same thing is the same before and after a baseline. Of what is gone
    only that it is gone counts. What runs in its name and is no file counts, and what runs from a temporary place; not
    that a package's program was replaced below a process.
    """
    kinds = {item.kind for item in drift}
    if DriftKind.REMOVED in kinds:
        # In which form others have it today is no part of what is missing here.
        return digest_json({"gone": [subject.key.kind.value, subject.key.name]})
    pieces: list[JsonValue] = [
        [p.role.value, p.sha256 or p.presence.value, p.real_path] for p in subject.pieces if p.is_payload
    ]
    told: dict[str, JsonValue] = {
        "meaning": subject.fingerprint.meaning,
        "payload": pieces,
        "doors": list[JsonValue](sorted(doors_of(subject.pieces))),
        "state": subject.fingerprint.state if DriftKind.STATE in kinds else "",
        "started": bool(subject.links) or subject.state.active == "active",
        "views": list[JsonValue](sorted({d.kind.value for d in telling_disagreements(subject)})),
    }
    foreign = {process.executable for process in processes if not may_be_update(process)}
    if foreign:
        told["processes"] = list[JsonValue](sorted(foreign))
    return digest_json(told)


def say_finding(host: HostName, subject: Subject, hits: Sequence[Hit], drift: Sequence[DriftItem]) -> str:
    """Say in one sentence what was found; what differs comes first, or else what the leading rule says."""
    if drift:
        return min(drift, key=lambda item: _ORDER.index(item.kind)).sentence
    first = hits[0]
    shown = f": {cut_text(first.evidence[0].text)}" if first.evidence else ""
    return f"{host} has {name_subject(subject.key)}: {first.title[:1].lower()}{first.title[1:]}{shown}"
