"""The page: one self-contained HTML file that asks nobody for anything."""

import base64
import errno
import functools
import hashlib
import os
from pathlib import Path

from markupsafe import Markup

from fleetscan.errors import OutputError
from fleetscan.report.templates import load_templates
from fleetscan.report.view import ReportView
from fleetscan.resources import find_resource

_HINTS = {
    errno.ENOSPC: "free some space, or choose another folder with --out",
    errno.EDQUOT: "the disk quota is used up; choose another folder with --out",
    errno.EROFS: "the file system is read-only; choose another folder with --out",
    errno.EACCES: "choose a folder that this account may write to with --out",
    errno.EPERM: "choose a folder that this account may write to with --out",
}


def render_report(view: ReportView) -> str:
    """Render one page. Equal views give equal text."""
    style, script = _load_asset("style.css"), _load_asset("script.js")
    policy = (
        f"default-src 'none'; style-src {_hash_source(style)}; script-src {_hash_source(script)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    template = load_templates(html=True).get_template("report/page.html.j2")
    # Both are files of ours; escaping them would change what their hashes promise.
    assets = {"style": Markup(style), "script": Markup(script)}  # noqa: S704 - see above
    told = frozenset(item.anchor for item in view.news)
    return template.render(view=view, policy=policy, told=told, **assets)


def write_report(view: ReportView, out_dir: Path) -> Path:
    """Write the page and the owners' pages, each atomically; a reader never sees half a page.

    Returns:
        The path of the page.

    Raises:
        OutputError: The folder cannot be made or written to, or there is no space.
    """
    for page in view.pages:
        _write_page(out_dir / page.path, render_report(page))
    # Last, so that its links lead to pages that are there.
    path = out_dir / view.path
    _write_page(path, render_report(view))
    return path


def _write_page(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            draft.write_bytes(text.encode())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        hint = _HINTS.get(error.errno or 0, "choose another folder with --out")
        raise OutputError(f"cannot write {path}: {reason}", hint=hint) from error


@functools.cache
def _load_asset(name: str) -> str:
    return (find_resource("templates") / "report" / name).read_text(encoding="utf-8")


def _hash_source(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
    return f"'sha256-{digest}'"
