"""What stands in the demo's own unit files. Enough for them, not a general parser: the demo does not lean on ours."""

import shlex

Settings = dict[tuple[str, str], list[str]]
_LISTS = frozenset({"Environment", "EnvironmentFile", "OnCalendar", "OnBootSec", "OnUnitActiveSec"})
_PREFIXES = "-@:+!"


def read_settings(*texts: str) -> Settings:
    """Merge unit texts in order, by section and key; an empty value clears."""
    merged: Settings = {}
    for text in texts:
        section = ""
        for line in text.splitlines():
            if line.startswith("["):
                section = line.strip("[]")
            elif "=" in line and not line.startswith(("#", ";")):
                key, _, value = line.partition("=")
                is_list = key in _LISTS or key.startswith("Exec")
                earlier = merged.get((section, key), []) if is_list and value else []
                merged[section, key] = [*earlier, value] if value else []
    return merged


def split_command(value: str) -> tuple[str, list[str]]:
    """Split the value of an Exec key into its prefixes and its words, without their quoting."""
    bare = value.lstrip(_PREFIXES)
    return value[: len(value) - len(bare)], shlex.split(bare)
