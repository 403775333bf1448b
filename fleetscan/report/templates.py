"""Templates of page and mail, and the second line of defence: whatever is printed is made visible and escaped."""

import functools

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from fleetscan.report.visible import visible_text
from fleetscan.resources import find_resource


@functools.cache
def load_templates(*, html: bool) -> Environment:
    """Give the template environment.

    Args:
        html: Whether values are escaped for HTML; plain-text mail parts and subjects are not.
    """
    templates = Environment(
        loader=FileSystemLoader(find_resource("templates")),
        autoescape=html,  # noqa: S701 - only the plain-text parts of mails are not HTML
        undefined=StrictUndefined,
        finalize=_show,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters["breakable"] = _let_break
    return templates


def _let_break(path: str) -> Markup:
    """Allow a line to break after every slash, where a reader expects it."""
    return Markup("/<wbr>").join(visible_text(path).split("/"))


def _show(value: object) -> object:
    # Exactly str: markup made by our own macros has been through here already.
    return visible_text(value) if type(value) is str else value
