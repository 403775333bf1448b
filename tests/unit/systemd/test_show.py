import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.errors import ParseError
from fleetscan.systemd.show import parse_show, stable_properties

COMMAND = (
    "{{ path=/bin/sh ; argv[]=/bin/sh -c {code} ; ignore_errors=no ; start_time=[{time}] ; stop_time=[n/a] ;"
    " pid={pid} ; code=(null) ; status=0/0 }}"
)


def command(code: str = "true", time: str = "n/a", pid: int = 0) -> str:
    return COMMAND.format(code=code, time=time, pid=pid)


def stable(**properties: str) -> dict[str, str]:
    return dict(stable_properties(properties))


def test_blocks_are_separated_by_blank_lines() -> None:
    blocks = parse_show(b"Id=a.timer\nUnit=a.service\n\nId=b.timer\nUnit=\n")
    assert [dict(block) for block in blocks] == [
        {"Id": "a.timer", "Unit": "a.service"},
        {"Id": "b.timer", "Unit": ""},
    ]


def test_no_output_is_no_block() -> None:
    assert parse_show(b"") == ()
    assert parse_show(b"\n\n") == ()


def test_timer_lines_return_to_file_order_and_commands_stay_in_it() -> None:
    data = (
        "TimersCalendar={ OnCalendar=daily ; next_elapse=n/a }\n"
        "TimersCalendar={ OnCalendar=weekly ; next_elapse=n/a }\n"
        f"ExecStart={command('one')}\nExecStart={command('two')}\n"
    )
    (block,) = parse_show(data.encode())
    assert block["TimersCalendar"].index("weekly") < block["TimersCalendar"].index("daily")
    assert block["ExecStart"].index("one") < block["ExecStart"].index("two")


def test_a_newline_in_a_command_does_not_make_a_property() -> None:
    (block,) = parse_show(f"Id=a.service\nExecStart={command(chr(10) + chr(10) + 'Id=ssh.service')}\nUser=x\n".encode())
    assert block["Id"] == "a.service"
    assert "Id=ssh.service" in block["ExecStart"]
    assert block["User"] == "x"


def test_values_keep_equal_signs_spaces_and_bytes_that_are_no_text() -> None:
    (block,) = parse_show(b'Environment=A=1  "B=x y"\nDescription=caf\xe9\r\n')
    assert block["Environment"] == 'A=1  "B=x y"'
    assert block["Description"].encode("utf-8", "surrogateescape") == b"caf\xe9\r"


@pytest.mark.parametrize("data", [b"Id=a\nrubbish\n", b"=x\n", b"two words=x\n", b"ExecStart={ path=/x ; argv[]=y\n"])
def test_a_line_that_is_no_property_is_an_error(data: bytes) -> None:
    with pytest.raises(ParseError) as caught:
        parse_show(data)
    assert caught.value.line >= 1


def test_what_moves_by_itself_is_left_out() -> None:
    before = stable(
        Id="a.service", ExecStart=command(), ExecMainPID="7", SubState="dead", ActiveState="inactive", InvocationID="x"
    )
    after = stable(
        Id="a.service", ExecStart=command(time="Mon 2026-01-05 06:00:00 UTC", pid=991), ExecMainPID="991",
        SubState="running", ActiveState="active", InvocationID="y",
    )  # fmt: skip
    assert (
        before
        == after
        == {
            "Id": "a.service",
            "ExecStart": "{ path=/bin/sh ; argv[]=/bin/sh -c true ; ignore_errors=no }",
        }
    )


def test_next_elapse_is_cut_from_every_timer_line() -> None:
    value = "{ OnCalendar=*-*-* 06:00:00 ; next_elapse=n/a }\n{ OnCalendar=*-*-01 00:00:00 ; next_elapse=(null) }"
    assert stable(TimersCalendar=value) == {
        "TimersCalendar": "{ OnCalendar=*-*-* 06:00:00 }\n{ OnCalendar=*-*-01 00:00:00 }"
    }


def test_a_command_line_that_imitates_the_volatile_part_is_kept() -> None:
    hidden = "x ; start_time=[n/a] ; /bin/evil"
    assert hidden in stable(ExecStart=command(hidden))["ExecStart"]


@pytest.mark.parametrize(
    ("state", "folded"),
    [
        ("active", "active"),
        ("activating", "active"),
        ("inactive", "inactive"),
        ("deactivating", "inactive"),
        ("failed", "failed"),
    ],
)
def test_the_state_is_kept_for_timers_only_and_folded(state: str, folded: str) -> None:
    assert stable(Id="a.timer", ActiveState=state)["ActiveState"] == folded
    assert "ActiveState" not in stable(Id="a.service", ActiveState=state)


def test_name_lists_do_not_depend_on_order_and_empty_values_are_left_out() -> None:
    assert stable(Names="b.timer a.timer", Triggers="", SourcePath="") == {"Names": "a.timer b.timer"}


def test_pairs_are_sorted() -> None:
    pairs = stable_properties({"Unit": "a", "Id": "b", "Description": "c"})
    assert list(pairs) == sorted(pairs)


@given(
    st.one_of(
        st.binary(),
        st.lists(
            st.sampled_from(["Id=a.timer", "", "ExecStart={ path=/x", " }", "TimersCalendar=x", "Names=b a", "=", "x"])
        ).map(lambda lines: "\n".join(lines).encode()),
    )
)
def test_no_bytes_raise_anything_but_a_parse_error(data: bytes) -> None:
    try:
        blocks = parse_show(data)
    except ParseError:
        return
    for block in blocks:
        stable_properties(block)


def test_names_with_a_backslash_come_in_quotes_and_are_kept_without() -> None:
    (block,) = parse_show(b'Names="b@x\\\\x2dy.service" a.service\nTriggers=b@x\\x2dy.service\n')
    assert stable_properties(block) == (("Names", "a.service b@x\\x2dy.service"), ("Triggers", "b@x\\x2dy.service"))
