"""Findings as SARIF 2.1.0, for viewers of code analysis and for what collects them."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from fleetscan.export.finding_records import FindingRecord, HitRecord
from fleetscan.export.outgoing import Occasion, OutgoingFinding, fit_text, fit_value, plain_time

SCHEMA_URI = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_HOME = "https://attack.mitre.org/techniques/T1053/006/"
_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
_SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "3.0", "info": "0.0"}
_STATES = {
    Occasion.NEW: "new",
    Occasion.RETURNED: "new",
    Occasion.CHANGED: "updated",
    Occasion.KNOWN: "unchanged",
    Occasion.FIXED: "absent",
}
_MAX_LOCATIONS = 20


def render_sarif(news: Sequence[OutgoingFinding], *, version: str, sweep: int, ended_at: datetime) -> str:
    """Write one log with one run.

    Args:
        news: The findings, in the order in which they are written.
        version: Of this program.
        sweep: Its number; runs are told apart by it.
        ended_at: Of the sweep.

    Source:
        SARIF 2.1.0, OASIS Standard.
    """
    hits = {hit.rule: hit for one in news for hit in one.record.hits}
    rules = sorted(hits)
    numbers = {rule: number for number, rule in enumerate(rules)}
    run = {
        "tool": {
            "driver": {
                "name": "fleetscan",
                "version": version,
                "informationUri": _HOME,
                "rules": [_build_rule(fit_value(hits[rule])) for rule in rules],
            }
        },
        "automationDetails": {"id": f"fleetscan/sweep/{sweep}"},
        "invocations": [{"executionSuccessful": True, "endTimeUtc": plain_time(ended_at)}],
        "columnKind": "unicodeCodePoints",
        "results": [_build_result(one, numbers) for one in news],
    }
    return json.dumps({"$schema": SCHEMA_URI, "version": "2.1.0", "runs": [run]}, indent=2)


def _build_rule(hit: HitRecord) -> dict[str, Any]:
    return {
        "id": hit.rule,
        "shortDescription": {"text": _literal(hit.title) or hit.rule},
        "defaultConfiguration": {"level": _LEVELS[hit.severity]},
        "properties": {"tags": ["security", *hit.attack], "security-severity": _SCORES[hit.severity]},
    }


def _build_result(news: OutgoingFinding, numbers: dict[str, int]) -> dict[str, Any]:
    record = news.fitted.record
    result: dict[str, Any] = {
        "ruleId": record.rule,
        "level": _LEVELS[record.severity],
        "kind": "fail",
        "message": {"text": _literal(record.sentence) or record.id},
        "locations": [_build_location(news.record, path, line) for path, line in _places(news.record)]
        or [_build_location(news.record, "", 0)],
        "partialFingerprints": {"fleetscanFinding/v1": record.id, "fleetscanContent/v1": record.content},
        "baselineState": _STATES[news.occasion],
        "properties": {
            "host": record.host,
            "owner": record.owner_email,
            "cohort": record.cohort,
            "scope": record.scope,
            "severity": record.severity,
            "occasion": news.occasion.value,
            "techniques": list(record.techniques),
            "attack": list(record.attack),
            "provenance": record.provenance,
            "prevalence": f"{record.prevalence_count} of {record.prevalence_of_hosts}",
            "why": list(record.why),
        },
    }
    if record.rule in numbers:
        result["ruleIndex"] = numbers[record.rule]
    if record.suppressed_by is not None:
        result["suppressions"] = [{"kind": "external", "justification": f"exception {record.suppressed_by}"}]
    return result


def _places(record: FindingRecord) -> Iterable[tuple[str, int]]:
    """Give the files of a finding, those that evidence names first, each once."""
    lines = [(line.path, line.line) for hit in record.hits for line in hit.evidence if line.path]
    places: dict[str, int] = {}
    for path, line in [*lines, *((path, 0) for path in record.paths)]:
        places.setdefault(path, line)
    return list(places.items())[:_MAX_LOCATIONS]


def _build_location(record: FindingRecord, path: str, line: int) -> dict[str, Any]:
    unit = {
        "name": fit_text(record.name),
        "fullyQualifiedName": fit_text(f"{record.host}/{record.scope}/{record.name}"),
    }
    location: dict[str, Any] = {"logicalLocations": [unit | {"kind": "resource"}]}
    if path.startswith("/"):
        physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(record.host, path)}}
        if line > 0:
            physical["region"] = {"startLine": line}
        location["physicalLocation"] = physical
    return location


def _uri(host: str, path: str) -> str:
    """Name a file on a host: as bytes, since a path may hold any."""
    name = quote(host.encode("utf-8", "surrogatepass"), safe="")
    return f"file://{name}{quote(_as_bytes(path[:4096]))}"


def _as_bytes(path: str) -> bytes:
    """Give a path's bytes; text that no path can be decoded to (a lone surrogate of another kind) is kept readable."""
    try:
        return path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return path.encode("utf-8", "backslashreplace")


def _literal(text: str) -> str:
    """Keep text from being read as links and placeholders.

    Source:
        SARIF 2.1.0, sections 3.11.5 (braces are doubled) and 3.11.6 (brackets are escaped).
    """
    doubled = text.replace("{", "{{").replace("}", "}}")
    return doubled.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
