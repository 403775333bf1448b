"""Which plant goes to which host, and in which round: the same for the same fleet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.live.attacks.plant import Plant

_RELEASES_IN_TURN = (
    ("root", "deploy", "root", "viewer"),
    ("deploy", "root", "deploy", "root"),
    ("root", "root", "root", "deploy"),
)
ACCOUNTS = tuple(account for hosts in _RELEASES_IN_TURN for account in hosts)
"""By which account the hosts are visited, in turn: every release by root and by sudo, one host by a plain account."""


@dataclass(frozen=True, slots=True)
class Target:
    """One host as plants choose it."""

    name: str
    suite: str
    account: str
    systemd: int
    programs: frozenset[str] = frozenset()

    def suits(self, plant: Plant) -> bool:
        """Tell whether a plant works here, and can be seen by whoever visits the host."""
        first, last = plant.systemd
        seen = self.account == plant.account if plant.account else self.account != "viewer"
        return seen and first <= self.systemd <= last and self.programs.issuperset(plant.needs)


@dataclass(slots=True)
class Deal:
    """The plants of every round by host, and those for which no host will do."""

    rounds: list[dict[str, Plant]] = field(default_factory=list)
    left_over: list[Plant] = field(default_factory=list)


def deal(plants: Iterable[Plant], targets: Sequence[Target]) -> Deal:
    """Give each plant to the suitable host that has the fewest so far; releases take turns where hosts are equal."""
    hands: dict[str, list[Plant]] = {target.name: [] for target in targets}
    by_suite = dict.fromkeys((target.suite for target in targets), 0)
    dealt = Deal()
    for plant in plants:
        suitable = [target for target in targets if target.suits(plant)]
        if not suitable:
            dealt.left_over.append(plant)
            continue
        chosen = min(suitable, key=lambda t: (len(hands[t.name]), by_suite[t.suite], targets.index(t)))
        hands[chosen.name].append(plant)
        by_suite[chosen.suite] += 1
    for number in range(max(map(len, hands.values()), default=0)):
        dealt.rounds.append({name: hand[number] for name, hand in hands.items() if number < len(hand)})
    return dealt
