"""Which Exec lines systemd refuses, and whether the whole unit goes with them."""

import re
from typing import NamedTuple

from fleetscan.systemd.exec_line import split_commands, split_prefixes
from fleetscan.systemd.names import expand_specifiers
from fleetscan.systemd.specifiers import find_unknown, is_open

_FATAL_SINCE = 234
_UNKNOWN_SPECIFIERS_SINCE = 236
_BARE_NAMES_SINCE = 239
_ASSUMED_VERSION = 256
_LENGTHS_SINCE = 250  # not by 247, by 252
_NO_FINAL_DOT_SINCE = 253  # not by 252, by 257
_NO_PATTERNS_SINCE = 258  # not by 257, by 262
_UNSAFE = re.compile(r"[\x01-\x1f\"'\\\x7f]")
_PATTERN = re.compile(r"[*?\[]")
_MAX_NAME_BYTES = 255
_MAX_PATH_BYTES = 4095


class ExecCheck(NamedTuple):
    """What systemd makes of one line.

    Attributes:
        accepted: How many of its commands the unit gets; those before the fault stay.
        fault: Why the rest is refused, empty when nothing is.
        is_fatal: The unit is refused, too. A `-` in front of the command makes it harmless.
    """

    accepted: int
    fault: str = ""
    is_fatal: bool = False


def check_exec(text: str, unit_name: str, systemd_version: int = 0) -> ExecCheck:
    """Judge the value of an Exec directive as systemd does on loading.

    A bare name is taken for one that exists: whether it does is for the host's disk to say.

    Args:
        text: The value.
        unit_name: For the specifiers in it.
        systemd_version: Major version, 0 for a current one.

    Source:
        config_parse_exec() of systemd 219 to 258.
    """
    version = systemd_version or _ASSUMED_VERSION
    accepted = 0
    for words, is_closed in split_commands(text):
        if len(words) == 1 and not is_closed:
            return ExecCheck(accepted, "unbalanced quotes")
        prefixes, program = split_prefixes(words[0], version)
        fault = _find_path_fault(program, unit_name, version, is_shell_text="|" in prefixes)
        if not fault and not is_closed:
            fault = "unbalanced quotes"
        if not fault and "@" in prefixes and len(words) == 1 and "|" not in prefixes:
            fault = "no word for the program's name"
        if not fault and version >= _UNKNOWN_SPECIFIERS_SINCE and any(map(find_unknown, words)):
            fault = "unknown specifier"
        if fault:
            return ExecCheck(accepted, fault, is_fatal="-" not in prefixes and version >= _FATAL_SINCE)
        accepted += 1
    return ExecCheck(accepted)


def _find_path_fault(program: str, unit_name: str, version: int, *, is_shell_text: bool) -> str:
    path = expand_specifiers(program, unit_name)
    parts = path.encode("utf-8", "surrogateescape").split(b"/")
    is_bare_name = len(parts) == 1 and path not in {".", ".."}
    if not path:
        fault = "no program"
    elif is_shell_text:
        fault = ""
    elif _UNSAFE.search(path) or (version >= _NO_PATTERNS_SINCE and _PATTERN.search(path)):
        fault = "special characters in the program's name"
    elif is_open(program, unit_name):
        fault = ""
    elif path.endswith("/") or (version >= _NO_FINAL_DOT_SINCE and path.endswith("/.")):
        fault = "the program is a directory"
    elif version >= _LENGTHS_SINCE and (
        max(map(len, parts)) > _MAX_NAME_BYTES or sum(map(len, parts)) + len(parts) - 1 > _MAX_PATH_BYTES
    ):
        fault = "the program's name is too long"
    elif not path.startswith("/") and not (is_bare_name and version >= _BARE_NAMES_SINCE):
        fault = "the program has neither an absolute path nor a simple name"
    else:
        fault = ""
    return fault
