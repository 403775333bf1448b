"""Every pair of text and background colour can be read, in light and in dark."""

import re

import pytest

from fleetscan.resources import find_resource

CSS = (find_resource("templates") / "report/style.css").read_text(encoding="utf-8")
SEVERITIES = ("high", "medium", "low", "info")
PAIRS = [
    *[(ink, ground) for ink in ("ink", "muted", "link") for ground in ("bg", "card", "sunken")],
    *[(name, f"{name}-soft") for name in (*SEVERITIES, "good", "warn", "bad", "added", "removed")],
    ("on-solid", "critical"),
    ("bad", "card"),
    ("card", "ink"),
]


def variables(selector: str) -> dict[str, str]:
    body = CSS.split(selector + " {", 1)[1].split("}", 1)[0]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", body))


LIGHT = variables(":root")
SYSTEM_DARK = variables(':root:not([data-theme="light"])')
CHOSEN_DARK = variables(':root[data-theme="dark"]')


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    bright, dim = sorted((luminance(first), luminance(second)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def test_the_measure_knows_black_from_white() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("theme", [LIGHT, CHOSEN_DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), PAIRS)
def test_text_stands_out_from_its_background(theme: dict[str, str], ink: str, ground: str) -> None:
    assert contrast(theme[ink], theme[ground]) >= 4.5


def test_the_chosen_dark_theme_is_the_systems() -> None:
    assert SYSTEM_DARK == CHOSEN_DARK
    assert SYSTEM_DARK.keys() == LIGHT.keys()


def test_the_mails_colours_stand_out() -> None:
    mail = (find_resource("templates") / "mail/digest.html.j2").read_text(encoding="utf-8")
    rules = re.findall(r"\{ background: (#[0-9a-f]{6})(?: !important)?; color: (#[0-9a-f]{6})", mail)
    assert len(rules) >= 9
    assert [pair for pair in rules if contrast(*pair) < 4.5] == []
