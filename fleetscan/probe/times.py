"""The shell's `times`: what the visit cost the host."""

import re

_PAIR = re.compile(rb"(\d{1,9})m([\d.]{1,12})s (\d{1,9})m([\d.]{1,12})s")


def parse_times(tail: bytes) -> float | None:
    """Add up user and system seconds of the probe's shell and all that it started; None when they are not there."""
    pairs = _PAIR.findall(tail)
    if not pairs:
        return None
    try:
        return sum(60 * int(um) + float(us) + 60 * int(sm) + float(ss) for um, us, sm, ss in pairs[-2:])
    except ValueError:
        return None
