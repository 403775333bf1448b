"""Findings as events of the Open Cybersecurity Schema Framework: class Detection Finding, 2004."""

import json
from collections.abc import Iterable
from typing import Any

from fleetscan.export.finding_records import FindingRecord
from fleetscan.export.outgoing import Occasion, OutgoingFinding, epoch_ms

VERSION = "1.3.0"
_CLASS = 2004
_SEVERITIES = {
    "info": (1, "Informational"),
    "low": (2, "Low"),
    "medium": (3, "Medium"),
    "high": (4, "High"),
    "critical": (5, "Critical"),
}
_ACTIVITIES = {
    Occasion.NEW: (1, "Create"),
    Occasion.CHANGED: (2, "Update"),
    Occasion.RETURNED: (2, "Update"),
    Occasion.KNOWN: (2, "Update"),
    Occasion.FIXED: (3, "Close"),
}
_HOST_NAME = 1
_FILE_PATH = 45
"""Types of observables."""
_TACTICS = (("TA0002", "Execution"), ("TA0003", "Persistence"), ("TA0004", "Privilege Escalation"))


def render_ocsf(news: Iterable[OutgoingFinding], *, version: str) -> str:
    """Write one event a line, ASCII.

    Args:
        news: The findings.
        version: Of this program.

    Source:
        OCSF 1.3.0, class Detection Finding and profile Host; times are in milliseconds since 1970.
    """
    return "\n".join(json.dumps(build_event(one, version=version), separators=(",", ":")) for one in news)


def build_event(news: OutgoingFinding, *, version: str) -> dict[str, Any]:
    """Give one event as JSON-ready data."""
    record = news.fitted.record
    activity_id, activity = _ACTIVITIES[news.occasion]
    severity_id, severity = _SEVERITIES[record.severity]
    status_id, status = _status(record, news.occasion)
    return {
        "class_uid": _CLASS,
        "class_name": "Detection Finding",
        "category_uid": 2,
        "category_name": "Findings",
        "activity_id": activity_id,
        "activity_name": activity,
        "type_uid": _CLASS * 100 + activity_id,
        "type_name": f"Detection Finding: {activity}",
        "time": epoch_ms(news.at),
        "severity_id": severity_id,
        "severity": severity,
        "status_id": status_id,
        "status": status,
        "message": record.sentence,
        "metadata": {
            "version": VERSION,
            "uid": news.uid,
            "profiles": ["host"],
            "product": {"name": "fleetscan", "vendor_name": "fleetscan", "version": version},
        },
        "device": {"hostname": record.host, "type_id": 0, "type": "Unknown"},
        "finding_info": _build_info(record),
        "resources": [{"name": record.host, "type": "host", "owner": {"email_addr": record.owner_email or "-"}}],
        "evidences": [{"data": item} for item in _evidence(record)],
        "observables": [
            {"name": "device.hostname", "type_id": _HOST_NAME, "type": "Hostname", "value": record.host},
            *(
                {"name": "unmapped.paths", "type_id": _FILE_PATH, "type": "File Path", "value": path}
                for path in record.paths
            ),
        ],
        "unmapped": {
            "occasion": news.occasion.value,
            "cohort": record.cohort,
            "scope": record.scope,
            "units": list(record.units),
            "paths": list(record.paths),
            "provenance": record.provenance,
            "prevalence": {"count": record.prevalence_count, "of_hosts": record.prevalence_of_hosts},
            "content": record.content,
            "sweep": record.sweep,
            "why": list(record.why),
            "suppressed_by": record.suppressed_by,
        },
    }


def _build_info(record: FindingRecord) -> dict[str, Any]:
    title = record.hits[0].title if record.hits else record.rule
    info: dict[str, Any] = {
        "uid": record.id,
        "title": title,
        "desc": record.sentence,
        "types": list(record.techniques),
        "analytic": {"uid": record.rule, "name": title, "type_id": 1, "type": "Rule"},
        "attacks": [_build_attack(technique) for technique in record.attack],
        "data_sources": ["systemd"],
    }
    times = (("first_seen_time", record.first_seen_at), ("last_seen_time", record.last_seen_at))
    return info | {key: epoch_ms(at) for key, at in times if at is not None}


def _build_attack(technique: str) -> dict[str, Any]:
    parent, dot, _ = technique.partition(".")
    attack: dict[str, Any] = {"technique": {"uid": parent}, "version": "17.1"}
    if dot:
        attack["sub_technique"] = {"uid": technique}
    if technique == "T1053.006":
        attack["tactics"] = [{"uid": uid, "name": name} for uid, name in _TACTICS]
    return attack


def _evidence(record: FindingRecord) -> list[dict[str, object]]:
    return [
        {"rule": hit.rule, "text": line.text, "path": line.path, "line": line.line}
        for hit in record.hits
        for line in hit.evidence
    ][:50]


def _status(record: FindingRecord, occasion: Occasion) -> tuple[int, str]:
    if occasion is Occasion.FIXED:
        return 4, "Resolved"
    if record.suppressed_by is not None:
        return 3, "Suppressed"
    return (2, "In Progress") if record.acknowledged_by else (1, "New")
