"""Where raw settings come from: fleetscan.toml, the environment, flags. Nothing is checked here but names."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fleetscan.config.settings import FILE_ONLY
from fleetscan.config.sinks import anchor_sinks
from fleetscan.config.table import ENV_PREFIX, setting_table
from fleetscan.config.values import anchor_database
from fleetscan.errors import ConfigError
from fleetscan.inventory.suggestion import phrase_suggestion

CONFIG_VARIABLE = "FLEETSCAN_CONFIG"
SECRET_PREFIX = "FLEETSCAN_SECRET_"  # noqa: S105  # the name of variables, not a secret
"""Variables of this name are the user's own, for `env:` pointers; they are no settings."""

_MAX_FILE_BYTES = 1024 * 1024
_SECTION = re.compile(r"\s*\[\[?\s*([A-Za-z0-9_-]+)\s*\]")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+(?:\s*\.\s*[A-Za-z0-9_-]+)*)\s*=")
_PATHS = frozenset({"path", "list of paths"})


@dataclass(frozen=True, slots=True)
class SettingOrigin:
    """Where the value in force was set.

    Attributes:
        where: `--concurrency`, `FLEETSCAN_CONCURRENCY`, `fleetscan.toml:12`; empty for the default.
    """

    source: Literal["flag", "environment", "file", "default"]
    where: str

    def __str__(self) -> str:
        return self.where or self.source


Layer = dict[str, tuple[object, SettingOrigin]]
"""Setting → raw value and where it is set."""


def read_flags(flags: Mapping[str, object], problems: list[str]) -> Layer:
    """Take the flags that were given; None and empty lists mean that a flag was not."""
    known = {info.name: info for info in setting_table()}
    layer: Layer = {}
    for name, value in flags.items():
        if name not in known:
            problems.append(f"there is no setting {name!r}{phrase_suggestion(name, known)}")
        elif value is not None and value not in ([], ()):
            layer[name] = (value, SettingOrigin("flag", known[name].flag))
    return layer


def read_environment(environ: Mapping[str, str], problems: list[str]) -> Layer:
    """Take all `FLEETSCAN_*` variables; an empty one counts as not set."""
    known = {info.env: info.name for info in setting_table()}
    layer: Layer = {}
    for variable, value in environ.items():
        if not variable.startswith(ENV_PREFIX) or variable.startswith(SECRET_PREFIX) or variable == CONFIG_VARIABLE:
            continue
        if variable not in known:
            near = phrase_suggestion(variable, [*known, CONFIG_VARIABLE])
            problems.append(f"{variable}: no setting has this environment variable{near}")
        elif value:
            layer[known[variable]] = (value, SettingOrigin("environment", variable))
    return layer


def read_file(path: Path, problems: list[str]) -> Layer:
    """Take the settings of a TOML file; relative paths in it start at its folder.

    Raises:
        ConfigError: The file cannot be read or is not TOML.
    """
    text = _load_text(path)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        hint = "text values stand in double quotes; `fleetscan config show` lists all settings"
        raise ConfigError(f"{path}: not valid TOML: {error}", hint=hint) from error
    except RecursionError as error:
        raise ConfigError(f"{path}: not valid TOML: nested too deep") from error
    known = {info.name: info for info in setting_table()}
    sections = {name.partition(".")[0] for name in known if "." in name}
    lines = find_key_lines(text)
    layer: Layer = {}
    for name, value in _flatten(data, sections).items():
        where = f"{path}:{lines[name]}" if name in lines else str(path)
        shown = name if name.isprintable() else ascii(name)[1:-1]
        if name in FILE_ONLY:
            layer[name] = (anchor_sinks(value, path.parent), SettingOrigin("file", where))
        elif name in sections:
            problems.append(f"{where}: {shown}: expected a table, [{shown}]")
        elif name not in known:
            problems.append(f"{where}: {shown[:80]}: unknown key{phrase_suggestion(name, known)}")
        else:
            origin = SettingOrigin("file", where)
            layer[name] = (_anchor(name, known[name].type, value, path.parent), origin)
    return layer


def find_key_lines(text: str) -> dict[str, int]:
    """Give the 1-based line of each plainly written key; tomllib does not tell it.

    Quoted keys are not found. In the middle of a multi-line string a line may look like a key; the first one counts.
    """
    lines: dict[str, int] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _SECTION.match(line):
            section = header[1] + "."
            lines.setdefault(header[1], number)
        elif key := _KEY.match(line):
            lines.setdefault(section + re.sub(r"\s", "", key[1]), number)
    return lines


def _load_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        hint = "`fleetscan init` writes one; --config and FLEETSCAN_CONFIG name another"
        raise ConfigError(f"{path}: cannot be read: {reason}", hint=hint) from error
    if len(data) > _MAX_FILE_BYTES:
        raise ConfigError(f"{path}: larger than 1 MiB", hint="is this the right file?")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: not UTF-8 text", hint="save the file as UTF-8") from error


def _flatten(data: Mapping[str, object], sections: set[str]) -> dict[str, object]:
    flat: dict[str, object] = {}
    for key, value in data.items():
        if key in sections and isinstance(value, dict):
            flat.update({f"{key}.{inner}": inner_value for inner, inner_value in value.items()})
        else:
            flat[key] = value
    return flat


def _anchor(name: str, kind: str, value: object, folder: Path) -> object:
    """Let relative paths start at the file's folder; values of a wrong type pass, they are refused later."""
    if kind.startswith("list") and isinstance(value, str):
        value = [value]  # commas separate items in variables only
    if isinstance(value, list) and kind in _PATHS:
        return [_anchor(name, "path", item, folder) for item in value]
    if not isinstance(value, str) or not value or not value.isprintable():
        return value
    if name == "database":
        return anchor_database(value, folder)
    if name == "smtp.password" and value.startswith("file:"):
        return f"file:{_start_at(folder, value.removeprefix('file:'))}"
    return _start_at(folder, value) if kind in _PATHS else value


def _start_at(folder: Path, text: str) -> str:
    return text if text.startswith("~") else str(folder / text)
