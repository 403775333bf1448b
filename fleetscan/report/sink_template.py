"""Bodies of HTTP sinks, from templates that ship with the program or that the user wrote."""

import functools
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from fleetscan.report.sink_fault import SinkError, SinkFault
from fleetscan.report.visible import visible_text
from fleetscan.resources import find_resource

_MAX_BODY_BYTES = 4 * 1024 * 1024
_MAX_TEMPLATE_BYTES = 256 * 1024
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+.!|<>~-])")


def render_body(template: str, events: Sequence[Mapping[str, Any]], sink: str) -> str:
    """Fill a template.

    Args:
        template: Name of one that ships (`slack.json.j2`), or path of a file, with a slash in it.
        events: What it is given as `events`; their texts are printable and bounded.
        sink: Name of the sink, given as `sink`.

    Raises:
        SinkError: There is no such template, it is wrong, or what comes out is too large.
    """
    try:
        body = _load(template).render(events=events, sink=sink)
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        where = f"{template}:{line}" if line else template
        reason = visible_text(str(error), 200) if isinstance(error, TemplateError) else type(error).__name__
        hint = "correct the template; --dry-run shows what it gives"
        raise SinkError(
            f"the template {where} cannot be filled: {reason}", fault=SinkFault.SETTINGS, hint=hint
        ) from error
    if len(body.encode("utf-8", "backslashreplace")) > _MAX_BODY_BYTES:
        raise SinkError(f"the template {template} gave more than 4 MiB", fault=SinkFault.REFUSED, hint="lower batch")
    return body


def list_templates() -> tuple[str, ...]:
    """Give the names of the templates that ship."""
    return tuple(sorted(path.name for path in (find_resource("templates") / "sinks").glob("*.j2")))


def _load(name: str) -> Template:
    if "/" not in name:
        if name not in list_templates():
            hint = f"one of {', '.join(list_templates())}; your own is a path with a slash: ./name.j2"
            raise SinkError(f"there is no template {visible_text(name, 80)}", fault=SinkFault.SETTINGS, hint=hint)
        return _environment().get_template(name)
    try:
        with Path(name).open("rb") as file:
            text = file.read(_MAX_TEMPLATE_BYTES + 1)
        if len(text) > _MAX_TEMPLATE_BYTES:
            raise SinkError(f"the template {name} is larger than 256 KiB", fault=SinkFault.SETTINGS)
        return _environment().from_string(text.decode("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not UTF-8 text"
        raise SinkError(f"the template {name} cannot be read: {reason}", fault=SinkFault.SETTINGS) from error


@functools.cache
def _environment() -> ImmutableSandboxedEnvironment:
    """Make the environment; values are escaped by what they go through: `tojson`, `csv`, `chat` or `markdown`."""
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(find_resource("templates") / "sinks"),
        autoescape=False,  # bodies are JSON and CSV, not HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"csv": _as_cell, "chat": _as_chat, "markdown": _as_markdown}
    return environment


def _as_cell(value: object) -> str:
    """Quote a cell; what a spreadsheet would take for a formula gets a quote."""
    text = "; ".join(map(str, value)) if isinstance(value, list | tuple) else "" if value is None else str(value)
    guarded = f"'{text}" if text.startswith(_FORMULA) else text
    return '"' + guarded.replace('"', '""') + '"'


def _as_chat(text: object) -> str:
    """Escape for Slack: nothing becomes a link, and nobody is called by `<!channel>`."""
    escaped = str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("://", "[:]//")


def _as_markdown(text: object) -> str:
    """Escape for Markdown (Teams, Mattermost): nothing becomes a link or a picture, and nobody is called by `@all`."""
    return _MARKUP.sub(r"\\\1", str(text)).replace("@", "＠").replace("://", "\\[:\\]//")
