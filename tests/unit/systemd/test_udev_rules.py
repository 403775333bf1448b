import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.systemd.partial_text import HOLE
from fleetscan.systemd.udev_rules import MAX_WANTS, parse_udev_rules


def names(text: str) -> list[str]:
    return [want.name for want in parse_udev_rules(text.encode())]


@pytest.mark.parametrize("operator", ["=", "+=", ":=", " += "])
def test_an_assignment_names_a_unit(operator: str) -> None:
    text = f'SUBSYSTEM=="usb", TAG+="systemd", ENV{{SYSTEMD_WANTS}}{operator}"x.service"\n'
    assert names(text) == ["x.service"]


@pytest.mark.parametrize("operator", ["==", "!=", "-="])
def test_a_condition_and_a_removal_start_nothing(operator: str) -> None:
    assert names(f'ENV{{SYSTEMD_WANTS}}{operator}"x.service"\n') == []


def test_both_keys_are_told_apart_and_have_their_line() -> None:
    rule = 'A=="b", ENV{SYSTEMD_WANTS}+="a.target", ENV{SYSTEMD_USER_WANTS}+="b.target"'
    text = f'# ENV{{SYSTEMD_WANTS}}="no.service"\n\n{rule}'
    found = [(want.key, want.name, want.line) for want in parse_udev_rules(text.encode())]
    assert found == [("SYSTEMD_WANTS", "a.target", 3), ("SYSTEMD_USER_WANTS", "b.target", 3)]


def test_one_value_can_name_several_units_with_quotes_and_without_a_suffix() -> None:
    assert names("""ENV{SYSTEMD_WANTS}+="a.service  'b.timer' c" """) == ["a.service", "b.timer", "c.service"]
    assert names(r'ENV{SYSTEMD_WANTS}+="\"a.service\""') == ["a.service"]


def test_escapes_count_only_with_their_prefix() -> None:
    assert names(r'ENV{SYSTEMD_WANTS}+=e"evil\x2eservice"') == ["evil.service"]
    assert names(r'ENV{SYSTEMD_WANTS}+=e"evil\056service"') == ["evil.service"]
    assert names(r'ENV{SYSTEMD_WANTS}+="evil\x2eservice"') == ["evilx2eservice.service"]


def test_a_rule_goes_on_after_a_backslash_and_over_a_comment() -> None:
    text = 'A=="b", \\\n# ENV{SYSTEMD_WANTS}="no.service"\n  ENV{SYSTEMD_WANTS}="x.service"\n'
    assert [(w.name, w.line) for w in parse_udev_rules(text.encode())] == [("x.service", 1)]


@pytest.mark.parametrize("variable", ["$name", "%k", "$env{ID}", "%E{ID}", "$attr{a/b}", "%s{x}", "%c{1}", "$kernel"])
def test_what_depends_on_the_device_is_a_hole(variable: str) -> None:
    assert names(f'ENV{{SYSTEMD_WANTS}}+="light@leds:{variable}.service"') == [f"light@leds:{HOLE}.service"]


def test_doubled_signs_are_no_variables() -> None:
    assert names('ENV{SYSTEMD_WANTS}+="a$$name%%k.service"') == ["a$name%k.service"]


def test_what_stands_before_a_fault_is_kept() -> None:
    assert names('ENV{SYSTEMD_WANTS}+="a.service", ENV{SYSTEMD_WANTS}+=b') == ["a.service"]


def test_a_rule_too_long_for_udev_is_ignored() -> None:
    padding = 'A=="' + "x" * 17_000 + '", '
    assert names(padding + 'ENV{SYSTEMD_WANTS}+="a.service"') == []


def test_names_are_bounded() -> None:
    line = 'ENV{SYSTEMD_WANTS}+="' + "a " * 2000 + '"\n'
    assert len(names(line * 3)) == MAX_WANTS


@given(st.binary(max_size=300) | st.text('SYSTEM_WANTUR{}"=+\\\n #e$%ax,', max_size=200).map(str.encode))
def test_no_bytes_raise(data: bytes) -> None:
    parse_udev_rules(data)
    parse_udev_rules(b"ENV{SYSTEMD_WANTS}+=" + data)
    parse_udev_rules(b'ENV{SYSTEMD_WANTS}+=e"' + data + b'"')
