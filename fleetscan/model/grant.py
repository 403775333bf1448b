"""What a rule of sudo or polkit lets somebody reach, as far as units are concerned."""

from enum import StrEnum


class Reach(StrEnum):
    """Why a grant matters; the property `reaches` of a `GRANT`. From the strongest to the weakest.

    Source:
        ATT&CK M1026, T1053.006.
    """

    ALL = "all commands"
    SHELL = "a shell"
    """A shell, or to become another account by other means (`su`, `usermod`)."""
    ESCAPE = "escapes to a shell"
    """A program from which a shell can be started: editors, pagers, interpreters, package tools."""
    RUN = "systemd-run"
    """To have a manager run something, by `systemd-run` or on its bus."""
    SYSTEMCTL = "systemctl"
    EDIT = "edits units"
    """To write, replace or remove unit files, or files wherever they lie."""
    POLKIT = "polkit"
    """To ask a manager over its bus without being root."""
