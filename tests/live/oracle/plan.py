"""Everything that is planted, and the names of which both sides are asked."""

from fleetscan.systemd.names import is_unit_name
from tests.live.oracle.seed import Seed
from tests.live.oracle.seed_drop_ins import DROP_INS
from tests.live.oracle.seed_exec import EXECS
from tests.live.oracle.seed_names import ALIASES, INSTANCES, LINKED, MASKS, TEMPLATES
from tests.live.oracle.seed_texts import TEXTS
from tests.live.oracle.seed_timers import TIMERS
from tests.live.oracle.seed_users import USER_INSTANCES, USERS

SEED: Seed = {**ALIASES, **MASKS, **LINKED, **TEMPLATES, **DROP_INS, **TIMERS, **EXECS, **TEXTS, **USERS}

_USERS = frozenset({"ug", "uo"})


def planted_names(*, user: bool) -> frozenset[str]:
    """Give the units of the seed that a manager could know, and instances of its templates."""
    names = {path.rpartition("/")[2] for path in SEED if path.split("/")[-2] in {"system", "user"}}
    own = {name for name in names if is_unit_name(name) and (name[:2] in _USERS) is user}
    return frozenset(own | set(USER_INSTANCES if user else INSTANCES))


def invented_names() -> frozenset[str]:
    """Give the instances that exist only because they are asked for: no file and no link on the host has their name."""
    written = {path.rpartition("/")[2] for path in SEED}
    return frozenset(name for name in (*INSTANCES, *USER_INSTANCES) if name not in written)
