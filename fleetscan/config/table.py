"""Settings as a table, from which the command line, the user's guide and the template are made."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from fleetscan.config.settings import FILE_ONLY, Settings
from fleetscan.config.values import holds_password
from fleetscan.model.drift import Severity
from fleetscan.model.host import SecretRef

ENV_PREFIX = "FLEETSCAN_"
_OWN_FLAGS = {"visit_timeout_s": "--timeout"}
_TYPES: dict[object, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    Path: "path",
    Path | None: "path",
    tuple[Path, ...]: "list of paths",
    tuple[str, ...]: "list of texts",
    SecretRef | None: "env:NAME|file:PATH|command:CMD",
    Severity: "|".join(severity.label for severity in Severity),
}


@dataclass(frozen=True, slots=True)
class SettingInfo:
    """One setting.

    Attributes:
        name: `concurrency`, or `smtp.host` in a section; also the key in fleetscan.toml and in `flags`.
        flag: `--smtp-host`.
        env: `FLEETSCAN_SMTP_HOST`; lists are separated by commas.
        type: In words; choices as `a|b|c`.
        default: As written in fleetscan.toml.
        help: One sentence.
    """

    name: str
    flag: str
    env: str
    type: str
    default: str
    help: str


@cache
def setting_table() -> tuple[SettingInfo, ...]:
    """Give all settings but sinks in the order in which they are shown: top level first, then sections."""
    return tuple(_describe_model(Settings, ""))


def find_setting(settings: Settings, name: str) -> object:
    """Give the value of a setting by its dotted name.

    Raises:
        AttributeError: There is no such setting.
    """
    value: object = settings
    for part in name.split("."):
        value = getattr(value, part)
    return value


def render_value(value: object) -> str:
    """Write a setting's value as fleetscan.toml has it; the password of a database URL is left out."""
    match value:
        case tuple() | list():
            text = f"[{', '.join(render_value(item) for item in value)}]"
        case Severity():
            text = _quote(value.label)
        case SecretRef():
            text = _quote(f"{value.kind}:{value.value}")
        case int() | float():
            text = f"{value:.15g}"
        case _:
            text = _quote(_hide_password("" if value is None else str(value)))
    return text


def _describe_model(model: type[BaseModel], section: str) -> list[SettingInfo]:
    rows = []
    sections = []
    for key, field in model.model_fields.items():
        if section + key in FILE_ONLY:
            continue
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            sections += _describe_model(field.annotation, f"{key}.")
        else:
            rows.append(_describe_field(section + key, field))
    return rows + sections


def _describe_field(name: str, field: FieldInfo) -> SettingInfo:
    kind = field.annotation
    return SettingInfo(
        name=name,
        flag=_OWN_FLAGS.get(name, "--" + name.removesuffix("_s").replace(".", "-").replace("_", "-")),
        env=ENV_PREFIX + name.replace(".", "_").upper(),
        type="|".join(get_args(kind)) if get_origin(kind) is Literal else _TYPES[kind],
        default=render_value(field.default),
        help=field.description or "",
    )


def _quote(text: str) -> str:
    # A JSON string is a TOML basic string, but for the one control character that JSON leaves alone.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _hide_password(text: str) -> str:
    if "://" not in text or not holds_password(text):
        return text
    scheme, _, rest = text.partition("://")
    return f"{scheme}://…@{rest.rpartition('@')[2].partition('?')[0]}"
