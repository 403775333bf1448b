"""Files that claim to be older than they can be."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from fleetscan.model.drift import DriftKind, Severity
from fleetscan.model.finding import EvidenceLine, Finding, Hit, RuleId, Technique
from fleetscan.model.program import Verification
from fleetscan.model.snapshot import FileTimes

RULE = RuleId("FS-033")
"""Told beside other rules only: whoever copies files with their times does the same."""

_MARGIN = timedelta(days=1)
_LATEST_S = 253_402_300_799  # year 9999


def tell_older_claims(finding: Finding, times: Mapping[str, FileTimes]) -> Finding:
    """Add to a finding of something new that its files say to be older than the visit that did not see them.

    The time of the last change of bytes (mtime) can be set to anything; that of the inode (ctime) is the kernel's.

    Args:
        finding: As rules found it; its severity stays.
        times: Of files outside the vendors' directories, by path.
    """
    lines = tuple(_find_claims(finding, times))
    if not lines:
        return finding
    hit = Hit(
        rule=RULE,
        title="Files claim to be older than they are",
        severity=Severity.LOW,
        technique=Technique.ATTRIBUTES,
        attack=("T1070.006",),
        evidence=lines,
    )
    techniques = tuple(dict.fromkeys((*finding.techniques, Technique.ATTRIBUTES)))
    return replace(finding, hits=(*finding.hits, hit), techniques=techniques)


def _find_claims(finding: Finding, times: Mapping[str, FileTimes]) -> Iterator[EvidenceLine]:
    for item in finding.drift:
        absent = item.last_absent_at
        if item.kind not in (DriftKind.ADDED, DriftKind.CHANGED, DriftKind.TARGET) or absent is None:
            continue
        known = {(piece.path, piece.sha256) for piece in item.expected.pieces} if item.expected else set()
        for piece in item.subject.pieces:
            found = times.get(piece.real_path or piece.path) or times.get(piece.path)
            is_new = (piece.path, piece.sha256) not in known and piece.verification is not Verification.VERIFIED
            if found is None or not is_new:
                continue
            modified, changed = _instant(found.modified_s), _instant(found.changed_s)
            if modified is not None and changed is not None and modified < absent - _MARGIN < changed:
                text = f"modified {modified:%Y-%m-%d}, and not there on {absent:%Y-%m-%d}; changed {changed:%Y-%m-%d}"
                yield EvidenceLine(text, piece.path)


def _instant(seconds: int) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if 0 <= seconds <= _LATEST_S else None
