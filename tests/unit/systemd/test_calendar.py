import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.errors import ParseError
from fleetscan.systemd.calendar import normalise_calendar

ANALYZE = shutil.which("systemd-analyze")

# Each pair was printed by systemd-analyze 252.
NORMAL_FORMS = [
    ("minutely", "*-*-* *:*:00"),
    ("Hourly", "*-*-* *:00:00"),
    ("daily", "*-*-* 00:00:00"),
    ("weekly", "Mon *-*-* 00:00:00"),
    ("monthly", "*-*-01 00:00:00"),
    ("quarterly", "*-01,04,07,10-01 00:00:00"),
    ("semi-annually", "*-01,07-01 00:00:00"),
    ("anually", "*-01-01 00:00:00"),
    ("daily UTC", "*-*-* 00:00:00 UTC"),
    ("Sat,Thu,Mon..Wed,Sun", "Mon..Thu,Sat,Sun *-*-* 00:00:00"),
    ("Mon-Fri 12:00", "Mon..Fri *-*-* 12:00:00"),
    ("Mon..Sun", "*-*-* 00:00:00"),
    ("Mon, 05:00", "Mon *-*-* 05:00:00"),
    ("*:0/5", "*-*-* *:00/5:00"),
    ("08..18:00/15 Europe/Berlin", "*-*-* 08..18:00/15:00 Europe/Berlin"),
    ("12:0,30,15,30", "*-*-* 12:00,15,30:00"),
    ("*-*~1 23:50", "*-*~01 23:50:00"),
    ("*-*~07/1", "*-*~07/1 00:00:00"),
    ("0" * 5000 + "7:00", "*-*-* 07:00:00"),
    ("70-2-3", "1970-02-03 00:00:00"),
    ("20-2-3", "2020-02-03 00:00:00"),
    ("Mon,Wed 2026-*-*", "Mon,Wed 2026-*-* 00:00:00"),
    ("2000..2010/3-1-1", "2000..2009/3-01-01 00:00:00"),
    ("*-*-1..5/10", "*-*-01 00:00:00"),
    ("0..0:0", "*-*-* 00:00:00"),
    ("12:00:00.5", "*-*-* 12:00:00.500000"),
    ("*:*:0/0.5", "*-*-* *:*:00/0.500000"),
    ("*:*:0.5..1.5", "*-*-* *:*:00.500000..01.500000"),
    ("12:00:1.1234567", "*-*-* 12:00:01.123457"),
    ("*:*:0/1,5", "*-*-* *:*:*"),
    ("@1700000000", "2023-11-14 22:13:20 UTC"),
    ("Mon @ +5", "Mon 1970-01-01 00:00:05 UTC"),
]
REFUSED = [
    "", " ", "-", "*", "every tuesday at noon", "Mon..", "Sun..Mon", "Mon-Wed-Fri", "Tues", "24:00", "12:60",
    "12:00:60",
    "*-13-1", "*-*-0", "*-*-32", "*-*~29", "*-*~5/5", "*-*-5..1", "1969-1-1", "2200-1-1", "0/0:00", "*,5:00", "*/5:00",
    "*:*:0.1..0.2", "12:00:1.", "@5.5", "@-5", "@99999999999", "12:00 Europe", "12:00 ../../etc/passwd", " daily",
    "1:2:3:4", "1e3:00", "\u0661:00", "m\u0131nutely", "daily\n", "daily\0",
]  # fmt: skip


@pytest.mark.parametrize(("text", "normal"), NORMAL_FORMS)
def test_an_expression_takes_systemds_normal_form(text: str, normal: str) -> None:
    assert normalise_calendar(text) == normal


@pytest.mark.parametrize("text", REFUSED)
def test_an_expression_that_systemd_refuses_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        normalise_calendar(text)


def test_the_limit_for_days_before_the_end_of_a_month_sinks_along_a_list_as_in_systemd() -> None:
    assert normalise_calendar("*-*~12,25") == "*-*~12,25 00:00:00"
    with pytest.raises(ParseError):
        normalise_calendar("*-*~12,26")


def _chains(largest: int) -> st.SearchStrategy[str]:
    number = st.integers(0, largest).map(str)
    item = st.builds(
        lambda a, b, c: a + b + c,
        number,
        st.one_of(st.just(""), number.map("..{}".format)),
        st.one_of(st.just(""), number.map("/{}".format)),
    )
    return st.one_of(st.just("*"), st.lists(item, min_size=1, max_size=3).map(",".join))


EXPRESSIONS = st.builds(
    lambda days, date, time, zone: " ".join(part for part in (days, date, time, zone) if part),
    st.sampled_from(["", "Mon", "Tue..Thu", "Sat,Sun", "fri-sun"]),
    st.one_of(st.just(""), st.builds("{}{}{}".format, _chains(12), st.sampled_from("-~"), _chains(31))),
    st.one_of(st.just(""), st.builds("{}:{}:{}".format, _chains(23), _chains(59), _chains(59))),
    st.sampled_from(["", "UTC", "Europe/Berlin"]),
)


@given(st.one_of(EXPRESSIONS, st.text(), st.text(alphabet="0123456789*-~:,./ @MonSuUTC", max_size=30)))
def test_the_normal_form_of_a_normal_form_is_itself(text: str) -> None:
    try:
        normal = normalise_calendar(text)
    except ParseError:
        return
    assert normalise_calendar(normal) == normal


@pytest.mark.skipif(ANALYZE is None, reason="install systemd (systemd-analyze) to compare with the real thing")
@pytest.mark.parametrize("text", ["Fri *-*-13", "*-*~5..1", "*-*-1,1,2", "1..2,1..2:00", "@ 5", "*:*:0..1/0.25"])
def test_systemd_analyze_prints_the_same(text: str) -> None:
    assert ANALYZE is not None
    environment = {"LC_ALL": "C", "TZ": "UTC"}
    run = subprocess.run([ANALYZE, "calendar", "--", text], capture_output=True, check=False, env=environment)
    expected = run.stdout.decode().partition("Normalized form: ")[2].partition("\n")[0]
    try:
        assert normalise_calendar(text) == expected
    except ParseError:
        assert run.returncode != 0
