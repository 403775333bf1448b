"""Every unit of a host: what systemd has in memory beside what we make of its files."""

from collections import Counter

from fleetscan.model.ids import SYSTEM
from fleetscan.systemd.names import instantiate, is_template
from tests.live.oracle.comparison import compare
from tests.live.oracle.conftest import Oracle
from tests.live.oracle.differences import EXPECTED, NOT_SHOWN, Case
from tests.live.oracle.ours import DEPLOY
from tests.live.oracle.plan import planted_names
from tests.live.oracle.shown import list_names, show_units

INSTANCE = "oracle"
# A stock host has more than this; fewer means that a listing failed.
FEWEST = {SYSTEM: 200 + len(planted_names(user=False)), DEPLOY: 25 + len(planted_names(user=True))}


def test_every_unit_is_what_systemd_says_it_is(oracle: Oracle) -> None:
    seen: Counter[str] = Counter()
    unexpected: list[str] = []
    for scope in (SYSTEM, DEPLOY):
        user = scope == DEPLOY
        listed = list_names(oracle.host, user=user)
        asked = {instantiate(n, INSTANCE) if is_template(n) else n for n in listed | planted_names(user=user)}
        shown = show_units(oracle.host, asked, user=user)
        assert len(shown) >= FEWEST[scope]
        assert asked - shown.keys() == ({n for n, versions in NOT_SHOWN.items() if _is_in(oracle, versions)} & asked)
        for unit in shown.values():
            for kind, (ours, theirs) in compare(oracle.ours, scope, unit).items():
                key = (oracle.release, kind)
                if ours == theirs:
                    oracle.tally.equal[key] += 1
                    continue
                case = Case(oracle.ours, scope, unit, kind, ours, theirs)
                names = [difference.name for difference in EXPECTED if difference.covers(case)]
                seen.update(names[:1])
                (oracle.tally.expected if names else oracle.tally.unexpected)[key] += 1
                if not names:
                    unexpected.append(f"{scope} {unit.name} {kind}\n    ours   {ours}\n    theirs {theirs}")
    assert not unexpected, "\n".join(unexpected)
    stale = {d.name for d in EXPECTED if _is_in(oracle, d.versions)} - seen.keys()
    assert not stale, "these differences are expected and were not met"


def _is_in(oracle: Oracle, versions: tuple[int, int]) -> bool:
    return versions[0] <= oracle.snapshot.facts.systemd_version <= versions[1]
