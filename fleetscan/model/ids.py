"""Names and identifiers, each a type of its own so that they cannot be confused."""

from collections.abc import Callable
from datetime import datetime
from typing import NewType

HostName = NewType("HostName", str)
"""The inventory name of a host."""

UnitName = NewType("UnitName", str)
"""A full unit name with its suffix, `apt-daily.timer`."""

SweepId = NewType("SweepId", int)
"""The number of a sweep, counted from 1 in each database."""

Sha256 = NewType("Sha256", str)
"""64 lower-case hexadecimal digits."""

Scope = NewType("Scope", str)
"""`system`, `global-user` (every user's manager) or `user:NAME`."""

SYSTEM = Scope("system")
GLOBAL_USER = Scope("global-user")
_USER_PREFIX = "user:"
EVERY_USER = Scope("user:*")
"""Of a gap that concerns the own units of all users; nothing lies in it."""

Clock = Callable[[], datetime]
"""Gives the current instant as an aware UTC datetime. Time is always an argument."""


def user_scope(user_name: str) -> Scope:
    """Name the scope of one user's own units."""
    return Scope(_USER_PREFIX + user_name)


def scope_user(scope: Scope) -> str | None:
    """Give the user of a `user:NAME` scope, None for the two other scopes."""
    return scope.removeprefix(_USER_PREFIX) if scope.startswith(_USER_PREFIX) else None
