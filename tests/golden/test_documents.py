"""The same fleet and the same clock give the same page and the same mails, byte for byte."""

from collections.abc import Callable

import pytest

from fleetscan.report.digest import build_digests
from fleetscan.report.html import render_report
from fleetscan.report.mail import MailOptions, render_mail
from fleetscan.report.view import build_report_view, narrow_view
from tests.report_data import BORIS, make_hostile_inputs, make_inputs

CheckGolden = Callable[[str, bytes], None]


def test_the_fleets_page_is_as_reviewed(check_golden: CheckGolden) -> None:
    check_golden("fleet.html", without_assets(render_report(build_report_view(make_inputs()))))


def test_an_owners_page_is_as_reviewed(check_golden: CheckGolden) -> None:
    check_golden("owner.html", without_assets(render_report(narrow_view(make_inputs(), BORIS))))


def test_a_hostile_page_is_as_reviewed(check_golden: CheckGolden) -> None:
    text = "</script><b>\u202e\x1b[2J\udc80\"'{{x}}\r\nBcc: a@b.c"
    check_golden("hostile.html", without_assets(render_report(build_report_view(make_hostile_inputs(text)))))


@pytest.mark.parametrize("name", ["anna", "boris", "clara"])
def test_the_owners_mails_are_as_reviewed(check_golden: CheckGolden, name: str) -> None:
    options = MailOptions(sender="fleetscan <fleetscan@example.org>", report_url="https://reports.example.org/")
    digest = next(digest for digest in build_digests(make_inputs()) if digest.owner.email.startswith(name))
    message = render_mail(digest, options)
    plain, html = (part.get_content() for part in message.iter_parts())
    check_golden(f"{name}.eml", message.as_bytes())
    check_golden(f"{name}.txt", plain.encode())
    check_golden(f"{name}.mail.html", html.encode())


def without_assets(page: str) -> bytes:
    """Leave out style and script, which are files of their own and only their hashes are the page's."""
    head, _, rest = page.partition("<style>")
    body, _, tail = rest.partition("</style>")[2].partition("<script>")
    return (head + "<style></style>" + body + "<script></script>" + tail.partition("</script>")[2]).encode()
