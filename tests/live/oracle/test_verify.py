"""What is refused and what is ignored, beside the words of `systemd-analyze verify`."""

import re
from collections.abc import Mapping
from dataclasses import replace

from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import SYSTEM, Sha256
from fleetscan.model.snapshot import Artifact, ArtifactKind, HostFacts
from fleetscan.model.unit import EffectiveUnit, LoadState
from fleetscan.systemd.names import is_template
from fleetscan.systemd.resolve import resolve_unit
from fleetscan.systemd.tree import UnitTree
from fleetscan.systemd.triggers import build_triggers
from tests.live.oracle.conftest import Oracle
from tests.live.oracle.differences import VERIFY_DIFFERENCES
from tests.live.oracle.hosts import OracleHost
from tests.live.oracle.seed import SYSTEM as UNITS
from tests.live.oracle.seed import Seed, pack_seed
from tests.live.oracle.seed_exec import EXECS
from tests.live.oracle.seed_texts import TEXTS
from tests.live.oracle.seed_timers import TIMERS

_SCRATCH = "/run/oracle"
_FILES: Seed = {
    path.replace(UNITS, _SCRATCH): text for path, text in {**TIMERS, **EXECS, **TEXTS}.items() if not is_template(path)
}
_VERIFY = f"systemd-analyze --man=no verify {_SCRATCH}/* 2>&1; rm -rf {_SCRATCH}"
_COMPLAINT = re.compile(rf"^{_SCRATCH}/([^:]+):(\d+): (.*)", re.MULTILINE)
_REFUSED = re.compile(r"^Unit (\S+) (?:has a bad unit file setting|failed to load properly)", re.MULTILINE)
_OURS = re.compile(rf"{_SCRATCH}/([^:]+):(?: line)? ?(\d+): ")
# Complaints that leave the value in force, or are about keys that this version does not have: we know no list of keys.
_NO_REFUSAL = re.compile(
    r"Unknown (?:key|section|lvalue)|Ignoring unknown escape|The !! modifier|Standard output type|Special user nobody"
)


def ask_systemd(host: OracleHost) -> tuple[frozenset[str], frozenset[str]]:
    """Give the files that are refused, and `file:line` of each assignment that is ignored."""
    host.run("tar", "-x", "-p", "-C", "/", stdin=pack_seed(_FILES))
    said = host.run("sh", "-c", _VERIFY).decode("utf-8", "surrogateescape")
    said = re.sub(r"\x1b\[[0-9;]*m", "", said)
    complaints = _COMPLAINT.findall(said)
    assert len(complaints) >= len(_FILES) // 2
    ignored = {f"{name}:{line}" for name, line, text in complaints if not _NO_REFUSAL.match(text)}
    return frozenset(_REFUSED.findall(said)), frozenset(ignored)


def ask_ours(facts: HostFacts) -> tuple[frozenset[str], frozenset[str]]:
    contents: Mapping[Sha256, bytes] = {digest_bytes(t): t for t in _FILES.values() if isinstance(t, bytes)}
    artifacts = [
        Artifact(kind=ArtifactKind.FILE, scope=SYSTEM, name=path, size_bytes=len(text), sha256=digest_bytes(text))
        for path, text in _FILES.items()
        if isinstance(text, bytes)
    ]
    tree = UnitTree.of(replace(facts, unit_path=(_SCRATCH, *facts.unit_path)), artifacts)
    names = [path.rpartition("/")[2] for path in _FILES]
    units = [resolve_unit(tree, SYSTEM, name, contents.get, facts.systemd_version) for name in names]
    refused = {str(unit.name) for unit in units if unit.load is LoadState.BAD}
    ignored = {line for unit in units for line in list_ignored(unit, facts.systemd_version)}
    return frozenset(refused), frozenset(ignored)


def list_ignored(unit: EffectiveUnit, version: int) -> set[str]:
    lines = {":".join(match.groups()) for problem in unit.problems if (match := _OURS.match(problem))}
    without_form = [t.origin for t in build_triggers(unit, version) if not t.normal]
    return lines | {f"{origin.path.rpartition('/')[2]}:{origin.line}" for origin in without_form}


def test_what_is_refused_and_what_is_ignored_is_what_verify_says(oracle: Oracle) -> None:
    facts = oracle.snapshot.facts
    theirs, ours = ask_systemd(oracle.host), ask_ours(facts)
    differing: set[str] = set()
    for kind, their, our in zip(("verify: refused files", "verify: ignored lines"), theirs, ours, strict=True):
        assert len(their) >= 30
        differing |= their ^ our
        oracle.tally.equal[oracle.release, kind] += len(their & our)
        for place in their ^ our:
            known = place in VERIFY_DIFFERENCES
            (oracle.tally.expected if known else oracle.tally.unexpected)[oracle.release, kind] += 1
    oracle.tally.equal[oracle.release, "verify: refused files"] += len(_FILES) - len(theirs[0] | ours[0])
    version = facts.systemd_version
    expected = {p for p, (_name, (first, last)) in VERIFY_DIFFERENCES.items() if first <= version <= last}
    only_ours = (ours[0] | ours[1]) - (theirs[0] | theirs[1])
    assert differing - expected == set(), f"of these, we alone say {sorted(only_ours)}"
    assert expected - differing == set(), "these differences are expected and were not met"
