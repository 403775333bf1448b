"""The page in the hands of a reader: mouse, keyboard, phone, dark room, paper."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from fleetscan.report.html import write_report
from fleetscan.report.view import build_report_view
from tests.report_data import HOSTILE, make_hostile_inputs

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, report: Path) -> Iterator[OpenPage]:
    """Open a report; fails at the end if the page said anything on the console or asked for anything."""
    with ExitStack() as stack:
        noise: list[str] = []

        def open_one(
            fragment: str = "",
            *,
            width: int = 1280,
            scheme: Literal["light", "dark"] = "light",
            path: Path = report,
            scripts: bool = True,
            zone: str = "UTC",
        ) -> Page:
            context = browser.new_context(
                viewport={"width": width, "height": 800},
                color_scheme=scheme,
                java_script_enabled=scripts,
                timezone_id=zone,
                locale="en-GB",
            )
            stack.callback(context.close)
            page = context.new_page()
            page.on("console", lambda message: noise.append(f"console: {message.text}"))
            page.on("pageerror", lambda error: noise.append(f"error: {error}"))
            page.on("dialog", lambda dialog: noise.append(f"dialog: {dialog.message}"))
            own = path.as_uri()
            page.on(
                "request", lambda ask: None if ask.url.startswith(own) else noise.append(f"request: {ask.url[:99]}")
            )
            page.goto(own + fragment)
            return page

        yield open_one
        assert noise == []


def shown_hosts(page: Page) -> list[str]:
    return page.locator("#drift tbody tr:not([hidden]) th").all_inner_texts()


def test_search_keeps_the_rows_that_have_every_word(open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_label("Search drift").fill("boris timer")
    assert shown_hosts(page) == ["web-017", "web-021", "web-012"]
    expect(page.locator("#shown")).to_have_text("3 of 8 shown")


def test_a_search_that_finds_nothing_says_so(open_page: OpenPage) -> None:
    page = open_page()
    expect(page.locator("#empty")).to_be_hidden()
    page.get_by_label("Search drift").fill("no such thing")
    expect(page.locator("#empty")).to_be_visible()


def test_slash_jumps_to_the_search_and_escape_clears_it(open_page: OpenPage) -> None:
    page = open_page()
    page.keyboard.press("/")
    page.keyboard.type("db-07")
    assert shown_hosts(page) == ["db-07"]
    page.keyboard.press("Escape")
    assert len(shown_hosts(page)) == 8


def test_chips_filter_by_severity_and_news_and_say_whether_they_are_pressed(open_page: OpenPage) -> None:
    page = open_page()
    chip = page.get_by_role("button", name="high 3")
    chip.click()
    expect(chip).to_have_attribute("aria-pressed", "true")
    assert shown_hosts(page) == ["db-03", "web-021", "db-07"]
    page.get_by_role("button", name="new", exact=True).click()
    assert shown_hosts(page) == ["db-03", "web-021"]


def test_the_state_is_in_the_address_and_can_be_sent_to_somebody(open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_label("Search drift").fill("web")
    page.get_by_role("button", name="medium 2").click()
    fragment = "#" + page.url.partition("#")[2]
    assert shown_hosts(open_page(fragment)) == shown_hosts(page) == ["web-021", "web-012"]


def test_a_column_is_sorted_by_the_keyboard_both_ways(open_page: OpenPage) -> None:
    page = open_page()
    head = page.locator("#drift thead th", has_text="Host")
    head.get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "ascending")
    rising = shown_hosts(page)
    assert rising == sorted(rising)
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "descending")
    assert shown_hosts(page) == rising[::-1]


def test_severity_is_sorted_by_weight_not_by_spelling(open_page: OpenPage) -> None:
    page = open_page()
    page.locator("#drift thead th", has_text="Severity").get_by_role("button").click()
    words = page.locator("#drift tbody tr .badge").all_inner_texts()
    assert words == ["info", "low", "medium", "medium", "high", "high", "high", "critical"]


def test_a_link_to_a_folded_drift_unfolds_its_host(open_page: OpenPage) -> None:
    page = open_page()
    page.locator("#drift a", has_text="security updates").click()
    expect(page.get_by_role("heading", name="no longer installs security updates")).to_be_in_viewport()


def test_the_theme_follows_the_system_and_can_be_switched(open_page: OpenPage) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    light, dark = open_page(), open_page(scheme="dark")
    assert light.evaluate(background) != dark.evaluate(background)
    light.get_by_role("button", name="Dark").click()
    assert light.evaluate(background) == dark.evaluate(background)


def test_times_are_in_the_readers_zone_with_utc_on_hover(open_page: OpenPage) -> None:
    time = open_page(zone="Asia/Tokyo").locator(".verdict time")
    expect(time).to_have_text("24 Nov 2026, 11:40")
    expect(time).to_have_attribute("title", "24 Nov 2026 02:40 UTC")


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_overflows_sideways_with_everything_unfolded(open_page: OpenPage, width: int) -> None:
    page = open_page(width=width)
    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_filtered_rows_are_gone_on_a_phone_too(open_page: OpenPage) -> None:
    page = open_page(width=360)
    page.get_by_label("Search drift").fill("db-07")
    assert page.locator("#drift tbody tr:visible").count() == 1


def test_without_scripts_everything_can_be_read(open_page: OpenPage) -> None:
    page = open_page(scripts=False)
    expect(page.locator("#tools")).to_be_hidden()
    expect(page.get_by_role("button", name="Dark")).to_be_hidden()
    assert page.locator("#drift tbody tr:visible").count() == 8
    expect(page.locator(".verdict time")).to_have_text("24 Nov 2026 02:40 UTC")
    page.locator(".item summary").first.click()
    expect(page.get_by_text("Appeared between").first).to_be_visible()


def test_on_paper_folds_are_open_and_times_are_utc(open_page: OpenPage) -> None:
    page = open_page(zone="Asia/Tokyo")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    expect(page.locator(".verdict time")).to_have_text("24 Nov 2026 02:40 UTC")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 0


def test_the_page_prints_to_pdf(open_page: OpenPage) -> None:
    assert open_page().pdf(format="A4").startswith(b"%PDF-")


def test_copying_a_command_is_offered_where_the_browser_allows_it(open_page: OpenPage) -> None:
    page = open_page()
    page.locator(".item summary", has_text="What to do").first.click()
    expect(page.locator(".cmd pre").first).to_contain_text("systemctl cat -- systemd-netmon.timer")


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_text_runs_nothing_and_breaks_no_layout(open_page: OpenPage, tmp_path: Path, number: int) -> None:
    path = write_report(build_report_view(make_hostile_inputs(HOSTILE[number])), tmp_path)
    page = open_page(path=path, width=360)
    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.locator("script").count() == 1
