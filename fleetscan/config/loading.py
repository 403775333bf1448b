"""Flags over environment over file over defaults → checked settings, and which of them won."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from fleetscan.config.layers import CONFIG_VARIABLE, Layer, SettingOrigin, read_environment, read_file, read_flags
from fleetscan.config.settings import Settings
from fleetscan.config.table import setting_table
from fleetscan.config.values import holds_password
from fleetscan.errors import ConfigError

CONFIG_NAME = "fleetscan.toml"
_NOT_SHOWN = frozenset({"database", "smtp.password", "sinks"})
_DEFAULT = SettingOrigin("default", "")


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings and their story.

    Attributes:
        origins: Where each setting got its value, by dotted name; every setting is a key.
        config_path: The file that was read, None when there was none.
    """

    settings: Settings
    origins: Mapping[str, SettingOrigin]
    config_path: Path | None


def load_settings(
    flags: Mapping[str, object], environ: Mapping[str, str], config_path: Path | None = None
) -> LoadedSettings:
    """Read all layers and check the result.

    Args:
        flags: Dotted setting name → value; None and empty lists mean that the flag was not given.
        environ: The process's environment.
        config_path: The file that `--config` names; without it `FLEETSCAN_CONFIG` counts, then `fleetscan.toml` in the
            current folder if there is one.

    Raises:
        ConfigError: A named file cannot be read, or settings are wrong; the message names all of them.
    """
    problems: list[str] = []
    path = _find_config(environ, config_path)
    merged: Layer = read_file(path, problems) if path else {}
    merged.update(read_environment(environ, problems))
    merged.update(read_flags(flags, problems))
    settings = _check(merged, problems)
    if problems or settings is None:
        count = "a setting is wrong" if len(problems) == 1 else f"{len(problems)} settings are wrong"
        hint = "`fleetscan config show` lists all settings with their flags, variables and keys"
        raise ConfigError(f"{count}: {'; '.join(problems)}", hint=hint)
    origins = {info.name: merged[info.name][1] if info.name in merged else _DEFAULT for info in setting_table()}
    return LoadedSettings(settings, origins, path)


def _find_config(environ: Mapping[str, str], config_path: Path | None) -> Path | None:
    if config_path is not None:
        return config_path
    if named := environ.get(CONFIG_VARIABLE):
        return Path(named)
    nearby = Path(CONFIG_NAME)
    return nearby if nearby.exists() else None


def _check(merged: Layer, problems: list[str]) -> Settings | None:
    nested: dict[str, object] = {}
    for name, (value, _) in merged.items():
        section, dot, key = name.rpartition(".")
        if dot:
            inner = nested.setdefault(section, {})
            assert isinstance(inner, dict)  # noqa: S101  # sections hold settings only
            inner[key] = value
        else:
            nested[name] = value
    value, origin = merged.get("database", ("", _DEFAULT))
    if origin.source in {"flag", "file"} and isinstance(value, str) and holds_password(value):
        remedy = "a password must not stand here; use ~/.pgpass, PGPASSWORD, or FLEETSCAN_DATABASE for the whole URL"
        problems.append(_describe("database", value, origin, remedy))
    try:
        return Settings.model_validate(nested)
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            name = ".".join(str(step) for step in fault["loc"])
            context = fault.get("ctx", {})
            choices = str(context.get("expected", "another value")).replace("'", "")
            problems.append(_describe(name, *merged[name], str(context.get("error") or f"expected {choices}")))
        return None


def _describe(name: str, value: object, origin: SettingOrigin, expected: str) -> str:
    parts = [origin.where]
    if origin.source == "file":
        parts.append(name)
    if name not in _NOT_SHOWN:
        parts.append(repr(value) if len(repr(value)) <= 80 else repr(value)[:80] + "…")
    return ": ".join([*parts, expected])
