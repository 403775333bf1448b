"""All plants, in the order in which they are dealt to hosts."""

from tests.live.attacks.plant import Plant
from tests.live.attacks.plants.defences import HIDING, IDENTITY, MANAGERS, PRIVILEGE
from tests.live.attacks.plants.drop_ins import DROP_INS
from tests.live.attacks.plants.evasion import EVASION
from tests.live.attacks.plants.impairment import IMPAIRMENT
from tests.live.attacks.plants.oddities import ATTRIBUTES, LEFTOVERS
from tests.live.attacks.plants.overlays import RETARGETS, SHADOWS
from tests.live.attacks.plants.pairs import PAIRS
from tests.live.attacks.plants.passing import DELETED, SHORT_LIVED, TRANSIENT
from tests.live.attacks.plants.payloads import PAYLOADS, WRITABLE
from tests.live.attacks.plants.places import DORMANT, LINKS, PLACES
from tests.live.attacks.plants.stand_ins import STAND_INS
from tests.live.attacks.plants.starters import GENERATORS, INDIRECT
from tests.live.attacks.plants.users import USERS
from tests.live.attacks.plants.vantage import VANTAGE

CATALOGUE: tuple[Plant, ...] = (
    *VANTAGE,  # few hosts will do for these: they choose first
    *ATTRIBUTES,
    *PAIRS,
    *STAND_INS,
    *TRANSIENT,
    *DELETED,
    *SHORT_LIVED,
    *USERS,
    *PLACES,
    *LINKS,
    *DORMANT,
    *DROP_INS,
    *SHADOWS,
    *RETARGETS,
    *GENERATORS,
    *INDIRECT,
    *PAYLOADS,
    *WRITABLE,
    *IMPAIRMENT,
    *MANAGERS,
    *HIDING,
    *PRIVILEGE,
    *EVASION,
    *LEFTOVERS,
    *IDENTITY,
)
ATOMIC = ("pair-every-minute", "transient-user-every-minute", "transient-every-minute")
"""The three ways that Atomic Red Team tests of T1053.006."""
