"""The `[[sinks]]` of fleetscan.toml: where findings are sent to. They stand in the file only."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator

from fleetscan.config.values import (
    parse_line,
    parse_number,
    parse_optional_file,
    parse_pointer,
    parse_severity,
    parse_web_url,
    parse_whole_number,
)
from fleetscan.model.drift import Severity
from fleetscan.model.host import SecretKind, SecretRef

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
_PLAIN_VALUE = re.compile(r"[\x20-\x7e]{0,1024}")
_TELLS_SECRETS = re.compile(r"authorization|cookie|token|secret|key|password", re.IGNORECASE)
_POINTERS = tuple(f"{kind}:" for kind in SecretKind)
_MAX_SINKS = 100
_DEFAULT_BATCH = {"syslog": 100, "hec": 100, "http": 1}


def parse_sink_name(value: object) -> str:
    """Accept the name of a sink (see `parse_line` for errors)."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ValueError("expected a name of a-z 0-9 _ -, at most 64")
    return value


def parse_address(value: object) -> str | SecretRef:
    """Accept a URL, or a pointer to one that is a secret (see `parse_line` for errors)."""
    if isinstance(value, SecretRef) or (isinstance(value, str) and value.startswith(_POINTERS)):
        return parse_pointer(value) or ""
    return parse_web_url(value)


def parse_headers(value: object) -> dict[str, str]:
    """Accept headers that hold no secret (see `parse_line` for errors)."""
    for name, text in _table(value).items():
        if _TELLS_SECRETS.search(name):
            raise ValueError(f"{name} goes into secret_headers, as a pointer env:NAME, file:PATH or command:CMD")
        if not isinstance(text, str) or not _PLAIN_VALUE.fullmatch(text):
            raise ValueError(f"expected one line of ASCII text for {name}")
    return {name: str(text) for name, text in _table(value).items()}


def parse_secret_headers(value: object) -> dict[str, SecretRef]:
    """Accept headers whose values are pointers (see `parse_line` for errors)."""
    pointers = {name: parse_pointer(text) for name, text in _table(value).items()}
    return {name: pointer for name, pointer in pointers.items() if pointer is not None}


def _table(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping) or not all(isinstance(name, str) and _HEADER.fullmatch(name) for name in value):
        raise ValueError("expected a table of headers")
    return value


_Text = Annotated[str, BeforeValidator(parse_line)]


class SinkSettings(BaseModel):
    """One receiver of findings."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: Annotated[str, BeforeValidator(parse_sink_name)]
    """Its name in commands and in the database; with another name it is another receiver, that knows nothing yet."""
    kind: Literal["syslog", "hec", "http"]
    """How it is spoken to: syslog, Splunk's HTTP Event Collector, or any HTTP interface."""
    about: Literal["findings", "hosts"] = "findings"
    """What it is told of; hosts (for a register of assets) only over http."""
    min_severity: Annotated[Severity, BeforeValidator(parse_severity)] = Severity.LOW
    """Lowest severity of findings that it is told of. What it was told of once, it is told of until it is fixed."""
    url: Annotated[str | SecretRef, BeforeValidator(parse_address)] = ""
    """Of hec and http; a URL that is itself a secret (chat webhooks) is a pointer: env:NAME, file:PATH, command:CMD."""
    host: _Text = ""
    """Of syslog: the server."""
    port: Annotated[int, BeforeValidator(parse_whole_number(1, 65535))] = 514
    """Of syslog: the port; 6514 is usual for tls."""
    transport: Literal["udp", "tcp", "tls"] = "tcp"
    """Of syslog; udp loses messages without a word."""
    format: Literal["cef", "leef", "ocsf"] = "cef"
    """Of syslog: leef for QRadar, cef for most others, ocsf as JSON."""
    max_bytes: Annotated[int, BeforeValidator(parse_whole_number(480, 65_000))] = 4096
    """Of syslog: longest message; what does not fit is left out field by field."""
    method: Literal["POST", "PUT", "PATCH"] = "POST"
    """Of http."""
    template: _Text = ""
    """Of http: the body; one that ships (slack.json.j2) or the path of your own, with a slash in it."""
    content_type: _Text = "application/json"
    """Of http."""
    headers: Annotated[dict[str, str], BeforeValidator(parse_headers)] = {}
    """Of http: headers without secrets."""
    secret_headers: Annotated[dict[str, SecretRef], BeforeValidator(parse_secret_headers)] = {}
    """Of http: headers whose whole values are secrets, as pointers."""
    token: Annotated[SecretRef | None, BeforeValidator(parse_pointer)] = None
    """Of hec, where it is needed, and of http, where it is sent as `Authorization: Bearer …`: a pointer."""
    index: _Text = ""
    """Of hec: the index; empty leaves it to the token."""
    batch: Annotated[int, BeforeValidator(parse_whole_number(1, 500))] = 0
    """Most findings in one request; 100 for syslog and hec, 1 for http unless said otherwise."""
    ca_file: Annotated[Path | None, BeforeValidator(parse_optional_file)] = None
    """Certificate authorities that the server's certificate is checked with; empty: those of the system."""
    timeout_s: Annotated[float, BeforeValidator(parse_number(300))] = 10.0
    """Seconds for connecting, and again for a request with its answer."""
    tries: Annotated[int, BeforeValidator(parse_whole_number(1, 10))] = 3
    """How often one run of `fleetscan send` tries before it leaves the rest for a later run."""

    @property
    def batch_size(self) -> int:
        """The batch, or what is usual for the kind."""
        return self.batch or _DEFAULT_BATCH[self.kind]

    @model_validator(mode="after")
    def _fit_together(self) -> "SinkSettings":
        needed = {"syslog": ("host",), "hec": ("url", "token"), "http": ("url", "template")}[self.kind]
        if missing := [name for name in needed if not getattr(self, name)]:
            raise ValueError(f"{self.kind} needs {' and '.join(missing)}")
        if self.about == "hosts" and self.kind != "http":
            raise ValueError("only http can be told of hosts")
        if self.token and any(name.lower() == "authorization" for name in self.secret_headers):
            raise ValueError("token and the secret header Authorization are the same; give one of them")
        return self


def parse_sinks(value: object) -> tuple[SinkSettings, ...]:
    """Accept the list of sinks; messages name the sink and the key, and never a value.

    Raises:
        ValueError: All that is wrong, in one line.
    """
    if not isinstance(value, list | tuple) or len(value) > _MAX_SINKS:
        raise ValueError(f"expected tables [[sinks]], at most {_MAX_SINKS}")
    problems: list[str] = []
    sinks = [sink for number, item in enumerate(value, start=1) if (sink := _read(item, number, problems)) is not None]
    names = [sink.name for sink in sinks]
    problems += [f"two sinks are named {name}" for name in dict.fromkeys(names) if names.count(name) > 1]
    if problems:
        raise ValueError("; ".join(problems))
    return tuple(sinks)


def anchor_sinks(value: object, folder: Path) -> object:
    """Let relative paths start at the folder of fleetscan.toml; what is wrong passes, it is refused later."""
    if not isinstance(value, list):
        return value
    return [
        {key: _anchor(key, inner, folder) for key, inner in item.items()} if isinstance(item, dict) else item
        for item in value
    ]


def _anchor(key: str, value: object, folder: Path) -> object:
    if isinstance(value, dict):
        return {name: _anchor(f"{key}.{name}", inner, folder) for name, inner in value.items()}
    if not isinstance(value, str) or not value.isprintable():
        return value
    if value.startswith("file:") and key.partition(".")[0] in ("url", "token", "secret_headers"):
        return f"file:{_start_at(folder, value.removeprefix('file:'))}"
    if (key == "ca_file" and value) or (key == "template" and "/" in value):
        return _start_at(folder, value)
    return value


def _start_at(folder: Path, text: str) -> str:
    return text if text.startswith("~") else str(folder.absolute() / text)


def _read(item: object, number: int, problems: list[str]) -> SinkSettings | None:
    if isinstance(item, SinkSettings):
        return item
    name = item.get("name") if isinstance(item, dict) else None
    shown = name if isinstance(name, str) and _NAME.fullmatch(name) else f"number {number}"
    if not isinstance(item, dict):
        problems.append(f"sink {shown}: expected a table")
        return None
    try:
        return SinkSettings.model_validate(item)
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_input=False):
            key = ".".join(str(step) for step in fault["loc"][:1])
            problems.append(
                f"sink {shown}: {f'{_show_key(key)}: ' if key else ''}{_say(fault['type'], fault.get('ctx', {}))}"
            )
        return None


def _show_key(key: str) -> str:
    return (key if key.isprintable() else ascii(key)[1:-1])[:40]


def _say(kind: str, context: Mapping[str, object]) -> str:
    words = {"extra_forbidden": "unknown key", "missing": "is missing"}
    if kind in words:
        return words[kind]
    return str(context.get("error") or f"expected {str(context.get('expected', 'another value')).replace(chr(39), '')}")
