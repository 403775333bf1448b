import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.errors import ParseError
from fleetscan.systemd.timespan import INFINITY_US, format_timespan, parse_timespan

ANALYZE = shutil.which("systemd-analyze")


@pytest.mark.parametrize(
    ("text", "span_us", "printed"),
    [
        ("5", 5_000_000, "5s"),
        ("1h30min", 5_400_000_000, "1h 30min"),
        ("  2 weeks 3 days ", 17 * 86_400_000_000, "2w 3d"),
        ("1.5", 1_500_000, "1.500000s"),
        (".5", 500_000, "500ms"),
        ("1.5us", 1, "1us"),
        ("12 34", 46_000_000, "46s"),
        ("5M", 13_149_000_000_000, "5month"),
        ("5m", 300_000_000, "5min"),
        ("1y", 31_557_600_000_000, "1y"),
        ("3\u00b5s", 3, "3us"),
        ("3\u03bcs", 3, "3us"),
        ("+7hr", 25_200_000_000, "7h"),
        ("0" * 5000 + "7", 7_000_000, "7s"),
        ("0", 0, "0"),
        (" infinity ", INFINITY_US, "infinity"),
        ("59.999999s", 59_999_999, "59.999999s"),
        ("1min 0.5s", 60_500_000, "1min 500ms"),
    ],
)
def test_a_span_is_read_and_printed_as_systemd_does(text: str, span_us: int, printed: str) -> None:
    assert parse_timespan(text) == span_us
    assert format_timespan(span_us) == printed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "-5",
        "+-5",
        "5x",
        "5 foo",
        "5.",
        "3.sec",
        "12.34.56",
        "4.5.6s",
        "1_000",
        "1e3",
        "\uff11",
        "infinity x",
        "9" * 30,
        "18446744073709551615us",
        "584543y",
    ],
)
def test_what_systemd_refuses_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        parse_timespan(text)


# systemd cannot read back what it prints within the last year before infinity; neither do we.
LARGEST_READABLE_US = (INFINITY_US // 31_557_600_000_000) * 31_557_600_000_000 - 1


@given(st.one_of(st.just(INFINITY_US), st.integers(min_value=0, max_value=LARGEST_READABLE_US)))
def test_a_printed_span_reads_back_as_itself(span_us: int) -> None:
    assert parse_timespan(format_timespan(span_us)) == span_us


@given(st.one_of(st.text(), st.text(alphabet="0123456789. smhdwyMuinft+-\t", max_size=30)))
def test_no_text_raises_anything_but_a_parse_error(text: str) -> None:
    try:
        span_us = parse_timespan(text)
    except ParseError:
        return
    assert 0 <= span_us <= INFINITY_US


@pytest.mark.skipif(ANALYZE is None, reason="install systemd (systemd-analyze) to compare with the real thing")
@pytest.mark.parametrize("text", ["1y 2M 3w 4d 5h 6min 7s 8ms 9us", "2w3.25d", "1.3333333y", "1000.5ms"])
def test_systemd_analyze_prints_the_same(text: str) -> None:
    assert ANALYZE is not None
    run = subprocess.run([ANALYZE, "timespan", "--", text], capture_output=True, check=True, env={"LC_ALL": "C.UTF-8"})
    human = run.stdout.decode().split("Human: ")[1].strip()
    assert format_timespan(parse_timespan(text)) == human
