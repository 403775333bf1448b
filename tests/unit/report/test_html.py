"""The page asks nobody for anything, is reproducible, and is written whole or not at all."""

import base64
import errno
import hashlib
import re
from pathlib import Path

import pytest

from fleetscan.errors import OutputError
from fleetscan.report.html import render_report, write_report
from fleetscan.report.view import build_report_view
from fleetscan.resources import find_resource
from tests.report_data import make_inputs, make_quiet_inputs


@pytest.fixture(scope="module")
def page() -> str:
    return render_report(build_report_view(make_inputs()))


def test_equal_inputs_give_equal_bytes(page: str) -> None:
    assert render_report(build_report_view(make_inputs())) == page


@pytest.mark.parametrize(("tag", "directive"), [("style", "style-src"), ("script", "script-src")])
def test_the_policy_allows_exactly_our_own_style_and_script(page: str, tag: str, directive: str) -> None:
    blocks = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
    assert len(blocks) == 1
    digest = base64.b64encode(hashlib.sha256(blocks[0].encode()).digest()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    assert f"{directive} &#39;sha256-{digest}&#39;" in policy[1]
    assert policy[1].startswith("default-src &#39;none&#39;")


def test_the_page_refers_to_nothing_outside_itself_but_the_owners_pages(page: str) -> None:
    targets = set(re.findall(r'(?:href|src|action|srcset|data)="([^"]*)"', page))
    assert {target for target in targets if not target.startswith(("#", "owners/"))} == {"data:,"}
    assert "@import" not in page
    assert "url(" not in page


def test_every_link_within_the_page_leads_somewhere(page: str) -> None:
    ids = re.findall(r'\bid="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    assert {target for target in re.findall(r'href="#([^"]*)"', page) if target not in ids} == set()


def test_no_inline_style_or_handler_is_used(page: str) -> None:
    assert not re.search(r"<[^>]*\s(?:style|on[a-z]+)=", page)


def test_the_script_is_small() -> None:
    assert (find_resource("templates") / "report/script.js").stat().st_size < 20_000


def test_a_quiet_page_says_so_in_every_section() -> None:
    page = render_report(build_report_view(make_quiet_inputs()))
    assert "Nothing is new on the hosts that were read." in page
    assert "No drift was seen on the hosts that were read." in page
    assert "24 hosts" in page


def test_the_report_and_the_owners_pages_are_written(tmp_path: Path) -> None:
    view = build_report_view(make_inputs())
    path = write_report(view, tmp_path / "new" / "report")
    assert path == tmp_path / "new" / "report" / "index.html"
    assert path.read_text(encoding="utf-8") == render_report(view)
    written = {str(file.relative_to(path.parent)) for file in path.parent.rglob("*") if file.is_file()}
    assert written == {"index.html", *(page.path for page in view.pages)}


def test_a_folder_that_is_a_file_is_an_output_error_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "report").write_text("in the way")
    with pytest.raises(OutputError) as caught:
        write_report(build_report_view(make_inputs()), tmp_path / "report")
    assert "cannot write" in caught.value.message
    assert "--out" in caught.value.hint


@pytest.mark.parametrize(
    ("code", "hint"), [(errno.ENOSPC, "free some space"), (errno.EROFS, "read-only"), (errno.EACCES, "may write to")]
)
def test_a_page_that_cannot_be_written_leaves_the_old_one_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, hint: str
) -> None:
    write_report(build_report_view(make_quiet_inputs()), tmp_path)
    before = (tmp_path / "index.html").read_bytes()

    def fail(self: Path, data: bytes) -> int:
        self.touch()
        raise OSError(code, "no")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(OutputError) as caught:
        write_report(build_report_view(make_inputs()), tmp_path)
    assert hint in caught.value.hint
    assert (tmp_path / "index.html").read_bytes() == before
    assert not list(tmp_path.rglob("*.part"))
