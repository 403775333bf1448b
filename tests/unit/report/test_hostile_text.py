"""Whatever a host puts into its files, the page and the mail keep their structure."""

from html.parser import HTMLParser

import pytest

from fleetscan.report.digest import build_digests
from fleetscan.report.html import render_report
from fleetscan.report.mail import MAX_BYTES, MailOptions, render_mail
from fleetscan.report.view import build_report_view
from tests.report_data import BORIS, HOSTILE, make_hostile_inputs

LONG = 100_000
SHORT_HOSTILE = [text for text in HOSTILE if len(text) < LONG]
OPTIONS = MailOptions(sender="fleetscan@example.org")


class Skeleton(HTMLParser):
    """The tags of a page with the names of their attributes, without what may differ by text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.parts: list[tuple[str, tuple[str, ...]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "wbr":
            self.parts.append((tag, tuple(name for name, _ in attrs)))


def harmless_twin(text: str) -> str:
    """Give a text of letters only; slashes stay, because they are what divides paths."""
    return "".join("/" if char == "/" else "a" for char in text)


def page_for(text: str) -> str:
    return render_report(build_report_view(make_hostile_inputs(text)))


def mail_for(text: str) -> tuple[str, str, bytes]:
    digest = next(digest for digest in build_digests(make_hostile_inputs(text)) if digest.owner == BORIS)
    message = render_mail(digest, OPTIONS)
    parts = [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]
    return parts[0], parts[1], message.as_bytes()


@pytest.mark.parametrize("text", SHORT_HOSTILE)
def test_hostile_text_adds_no_tag_and_no_attribute_to_the_page(text: str) -> None:
    assert Skeleton(page_for(text)).parts == Skeleton(page_for(harmless_twin(text))).parts


@pytest.mark.parametrize("text", SHORT_HOSTILE)
def test_hostile_text_adds_no_tag_and_no_attribute_to_the_mail(text: str) -> None:
    assert Skeleton(mail_for(text)[1]).parts == Skeleton(mail_for(harmless_twin(text))[1]).parts


@pytest.mark.parametrize("text", SHORT_HOSTILE)
def test_nothing_invisible_reaches_page_or_mail(text: str) -> None:
    plain, html, _ = mail_for(text)
    for shown in (page_for(text), plain, html.replace("\xa0", " ")):
        assert [char for char in set(shown) if not char.isprintable() and char != "\n"] == []


@pytest.mark.parametrize("text", SHORT_HOSTILE)
def test_hostile_text_adds_no_header_and_no_line_to_the_mail(text: str) -> None:
    plain, _, raw = mail_for(text)
    head = raw.split(b"\r\n\r\n", 1)[0]
    assert head == mail_for("harmless")[2].split(b"\r\n\r\n", 1)[0]
    assert plain.count("\n") == mail_for("harmless")[0].count("\n")


def test_a_megabyte_line_in_every_field_leaves_the_page_and_the_mail_small() -> None:
    text = next(text for text in HOSTILE if len(text) > LONG)
    assert len(page_for(text)) < 300_000
    assert len(mail_for(text)[2]) <= MAX_BYTES


def test_template_syntax_of_a_host_is_text() -> None:
    assert "{{ 7*7 }}" in page_for("{{ 7*7 }}")
