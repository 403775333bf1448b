"""Time zone names: which are valid, and the rules behind them."""

import re
from zoneinfo import ZoneInfo

_NAME = re.compile(r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*")
_LONGEST = 100


def load_zone(name: str) -> ZoneInfo | None:
    """Give the rules of an IANA zone; None when the name is not one. Host text is safe to pass."""
    if len(name) > _LONGEST or not _NAME.fullmatch(name):
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown (KeyError), not a zone file, a directory such as `Europe`
        return None


def is_zone_name(name: str) -> bool:
    """Tell whether a text is an IANA zone name that the scanner's zone database knows."""
    return load_zone(name) is not None
