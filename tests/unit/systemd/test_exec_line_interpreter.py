import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.model.origin import Origin
from fleetscan.model.unit import Directive
from fleetscan.systemd.exec_line import parse_exec
from fleetscan.systemd.interpreter import InterpreterScript, interpreter_script


def script_of(text: str) -> InterpreterScript | None:
    (command,) = parse_exec(Directive("Service", "ExecStart", text, Origin("/x.service", 1)))
    return interpreter_script(command)


@pytest.mark.parametrize(
    ("text", "interpreter", "path"),
    [
        ("/bin/sh /opt/x.sh arg", "sh", "/opt/x.sh"),
        ("/bin/bash -eu -o pipefail /opt/x.sh", "bash", "/opt/x.sh"),
        ("/usr/bin/python3.11 -u -W ignore /opt/x.py", "python", "/opt/x.py"),
        ("/usr/bin/env python3 x.py", "python", "x.py"),
        ("/usr/bin/env -i -u HOME A=1 perl -Mstrict x.pl", "perl", "x.pl"),
        ('/usr/bin/env -S "python3 -u" x.py', "python", "x.py"),
        ("/usr/bin/timeout -k 5 60 nice -n 10 sh x.sh", "sh", "x.sh"),
        ("/usr/bin/flock -n /run/l ruby x.rb", "ruby", "x.rb"),
        ("@/bin/sh innocent /opt/x.sh", "sh", "/opt/x.sh"),
        ("/bin/sh -- -odd", "sh", "-odd"),
        ("/bin/busybox sh x.sh", "sh", "x.sh"),
    ],
)
def test_the_script_file_is_found(text: str, interpreter: str, path: str) -> None:
    assert script_of(text) == InterpreterScript(interpreter, path=path)


@pytest.mark.parametrize(
    ("text", "interpreter", "code"),
    [
        ("/bin/sh -c 'curl x | sh' arg0", "sh", "curl x | sh"),
        ("/bin/bash -lc 'id'", "bash", "id"),
        ("/bin/sh -c -e 'id'", "sh", "id"),
        ("/usr/bin/python3 -c 'import os'", "python", "import os"),
        ("/usr/bin/python3 -cpass", "python", "pass"),
        ("/usr/bin/python3 -m http.server", "python", "http.server"),
        ("/usr/bin/perl -ne 'print' f", "perl", "print"),
        ("/usr/bin/env bash -c id", "bash", "id"),
        ("|curl x", "sh", "curl x"),
    ],
)
def test_code_on_the_command_line_is_found(text: str, interpreter: str, code: str) -> None:
    assert script_of(text) == InterpreterScript(interpreter, text=code)


@pytest.mark.parametrize(
    "text", ["/usr/bin/rsync -c a b", "/bin/sh", "/bin/sh -c", "/bin/bash -s -", "/usr/bin/env", "bash-like x"]
)
def test_no_script_is_invented(text: str) -> None:
    assert script_of(text) is None


@given(
    st.lists(
        st.sampled_from(["env", "sh", "-c", "-S", "timeout", "--", "-", "+o", "A=1", "python3", "x", ""]), max_size=9
    )
)
def test_any_arrangement_of_words_is_answered(words: list[str]) -> None:
    script = script_of(" ".join(["/bin/env", *(f'"{word}"' for word in words)]))
    assert script is None or (script.path is None) != (script.text is None)
