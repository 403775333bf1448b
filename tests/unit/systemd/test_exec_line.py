import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.model.origin import Origin
from fleetscan.model.unit import Directive, ExecCommand
from fleetscan.systemd.exec_line import parse_exec

ORIGIN = Origin("/etc/systemd/system/x.service", 7)


def commands_of(text: str) -> tuple[ExecCommand, ...]:
    return parse_exec(Directive("Service", "ExecStart", text, ORIGIN))


def only(text: str) -> ExecCommand:
    (command,) = commands_of(text)
    return command


def test_a_login_shell_takes_no_word_for_its_name() -> None:
    (command,) = parse_exec(Directive("Service", "ExecStart", "|@echo x", Origin("/a", 1)), 258)
    assert (command.prefixes, command.path, command.argv) == ("|@", "echo", ("echo", "x"))


def test_a_plain_line_keeps_its_words_text_and_origin() -> None:
    assert only("/usr/bin/rsync -a  /src\t/dst") == ExecCommand(
        directive="ExecStart",
        prefixes="",
        path="/usr/bin/rsync",
        argv=("/usr/bin/rsync", "-a", "/src", "/dst"),
        raw="/usr/bin/rsync -a  /src\t/dst",
        origin=ORIGIN,
    )


def test_an_empty_value_gives_no_command() -> None:
    assert commands_of("") == ()
    assert commands_of(" \t") == ()


def test_prefixes_are_taken_off_in_any_order() -> None:
    command = only("-+!!:/bin/x")
    assert (command.prefixes, command.path) == ("-+!!:", "/bin/x")


def test_prefixes_inside_quotes_count_too() -> None:
    command = only('"-/opt/my tool" go')
    assert (command.prefixes, command.path, command.argv) == ("-", "/opt/my tool", ("/opt/my tool", "go"))


def test_the_at_prefix_replaces_the_program_name_only() -> None:
    command = only("@/tmp/.x [kworker/0:1] -d")
    assert (command.path, command.argv) == ("/tmp/.x", ("[kworker/0:1]", "-d"))


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (r'"/nonexistent/quo\x74ed"', "/nonexistent/quoted"),
        (r"/\164mp/x", "/tmp/x"),
        (r"/\u0074mp/x", "/tmp/x"),
        (r"/\U00000074mp/x", "/tmp/x"),
        (r"/opt/a\sb", "/opt/a b"),
        (r"'/opt/\x61'", "/opt/a"),
        ("/o'pt/a'\"b\"", "/opt/ab"),
        (r"/opt/\xc3\xa9", "/opt/\u00e9"),
        ("//usr///bin/./x", "/usr/bin/x"),
        ("bare", "bare"),
    ],
)
def test_no_spelling_hides_the_path(text: str, path: str) -> None:
    assert only(text).path == path


@pytest.mark.parametrize(
    "text", [r"/bin/x a\qb", r"/bin/x a\x00b", r"/bin/x a\ud800b", r"/bin/x a\777b", r"/bin/x a\U00110000"]
)
def test_an_escape_that_systemd_does_not_know_stays_as_written(text: str) -> None:
    assert only(text).argv[1] == text.split(" ")[1]


def test_a_lone_semicolon_separates_commands() -> None:
    assert [c.argv for c in commands_of("/bin/a 1 ; -/bin/b 2 ;/bin/c")] == [
        ("/bin/a", "1"),
        ("/bin/b", "2", ";/bin/c"),
    ]


def test_an_escaped_or_quoted_semicolon_is_an_argument() -> None:
    assert [c.argv for c in commands_of(r'/bin/find -exec x {} \; ";" y; z')] == [
        ("/bin/find", "-exec", "x", "{}", ";", ";", "y;", "z")
    ]


def test_shell_signs_and_specifiers_are_plain_arguments() -> None:
    assert only("/bin/echo a > /tmp/x && %i $HOME # no").argv == (
        "/bin/echo", "a", ">", "/tmp/x", "&&", "%i", "$HOME", "#", "no",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('/bin/sh -c "never closed', "/bin/sh"),
        ("- /bin/evil", "/bin/evil"),
        ("; /bin/evil", "/bin/evil"),
        ("/bin/x \\", "/bin/x"),
        ('"" /bin/evil', "/bin/evil"),
    ],
)
def test_a_line_that_systemd_would_refuse_still_names_its_program(text: str, path: str) -> None:
    assert only(text).path == path


def test_an_unclosed_quote_keeps_its_text() -> None:
    assert only('/bin/sh -c "curl x').argv == ("/bin/sh", "-c", "curl x")


@given(st.one_of(st.text(), st.text(alphabet="\\\"'; /ab-@:+!|x0uU17\t\udcff", max_size=40)))
def test_no_text_raises_and_no_word_is_lost(text: str) -> None:
    commands = commands_of(text)
    assert all(command.raw == text for command in commands)
    assert bool(commands) == bool(text.strip(" \t\n\r;")) or ";" in text


@given(st.lists(st.text(alphabet=st.characters(blacklist_characters="\0", blacklist_categories=["Cs"])), max_size=5))
def test_quoted_words_come_back_as_they_were(words: list[str]) -> None:
    quoted = ['"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in words]
    assert only(" ".join(["/bin/x", *quoted])).argv == ("/bin/x", *words)
