"""Words for foreign errors."""

import errno
import socket

import asyncssh
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.errors import VisitError
from fleetscan.model.outcome import FailureKind
from fleetscan.ssh.hostkeys import KeyState, KeyVerdict
from fleetscan.ssh.translate import Attempt, Stage, printable, translate_failure


def attempt(stage: Stage = Stage.TCP, **changes: object) -> Attempt:
    return Attempt(endpoint="web-9 port 22", user="scanner", timeout_s=10.0, stage=stage, **changes)  # type: ignore[arg-type] # typed by the callers below


@pytest.mark.parametrize(
    ("error", "stage", "kind", "words"),
    [
        (OSError(errno.ECONNREFUSED, "x"), Stage.TCP, FailureKind.UNREACHABLE, "connection refused by web-9 port 22"),
        (
            OSError("Multiple exceptions: [Errno 111] Connect call failed, [Errno 111] Connect call failed"),
            Stage.TCP,
            FailureKind.UNREACHABLE,
            "connection refused by web-9 port 22",
        ),
        (OSError(errno.EHOSTUNREACH, "x"), Stage.TCP, FailureKind.UNREACHABLE, "no route to web-9 port 22"),
        (
            OSError(errno.ETIMEDOUT, "x"),
            Stage.TCP,
            FailureKind.TIMEOUT,
            "no TCP connection to web-9 port 22 within 10 s",
        ),
        (socket.gaierror(-2, "x"), Stage.TCP, FailureKind.UNREACHABLE, "name web-9 cannot be resolved"),
        (TimeoutError(), Stage.BANNER, FailureKind.TIMEOUT, "no SSH banner from web-9 port 22 within 10 s"),
        (TimeoutError(), Stage.LOGIN, FailureKind.TIMEOUT, "no answer to the login on web-9 port 22 within 10 s"),
        (TimeoutError(), Stage.SESSION, FailureKind.TIMEOUT, "web-9 port 22 did not start the command within 10 s"),
        (
            ConnectionResetError(errno.ECONNRESET, "x"),
            Stage.BANNER,
            FailureKind.UNREACHABLE,
            "web-9 port 22 closed the connection before its SSH banner",
        ),
        (
            asyncssh.ConnectionLost("Connection lost"),
            Stage.LOGIN,
            FailureKind.PROTOCOL_ERROR,
            "web-9 port 22 closed the connection during the login",
        ),
        (
            asyncssh.PermissionDenied("no"),
            Stage.LOGIN,
            FailureKind.AUTH_FAILED,
            "web-9 port 22 refused the login of scanner",
        ),
        (
            asyncssh.ProtocolError("Too many authentication failures"),
            Stage.LOGIN,
            FailureKind.AUTH_FAILED,
            "web-9 port 22 refused the login of scanner",
        ),
        (
            asyncssh.ChannelOpenError(1, "open failed"),
            Stage.TCP,
            FailureKind.UNREACHABLE,
            "the jump host could not connect to web-9 port 22: open failed",
        ),
        (
            asyncssh.ChannelOpenError(1, "no exec"),
            Stage.SESSION,
            FailureKind.PROTOCOL_ERROR,
            "web-9 port 22 refused to start the command: no exec",
        ),
        (
            asyncssh.KeyExchangeFailed("none"),
            Stage.KEY_EXCHANGE,
            FailureKind.PROTOCOL_ERROR,
            "no common key exchange, cipher or host key type with web-9 port 22",
        ),
        (
            KeyError("surprise"),
            Stage.LOGIN,
            FailureKind.PROTOCOL_ERROR,
            "web-9 port 22 sent something that is not understood",
        ),
    ],
)
def test_an_error_becomes_one_plain_line(error: Exception, stage: Stage, kind: FailureKind, words: str) -> None:
    failure = translate_failure(error, attempt(stage))
    assert (failure.kind, failure.message) == (kind, words)


def test_a_visit_error_is_passed_on_unchanged() -> None:
    error = VisitError(FailureKind.TIMEOUT, "known")
    assert translate_failure(error, attempt()) is error


def test_a_changed_key_names_what_was_enrolled_and_what_was_offered() -> None:
    verdict = KeyVerdict(KeyState.CHANGED, "ssh-ed25519", "SHA256:new", ("SHA256:old (ssh-ed25519)",))
    failure = translate_failure(asyncssh.HostKeyNotVerifiable("x"), attempt(Stage.KEY_EXCHANGE, verdict=verdict))
    assert failure.kind is FailureKind.HOST_KEY_CHANGED
    assert failure.message == "web-9 port 22 offered SHA256:new (ssh-ed25519), enrolled is SHA256:old (ssh-ed25519)"
    assert failure.evidence == ("presented: SHA256:new (ssh-ed25519)", "enrolled: SHA256:old (ssh-ed25519)")


def test_an_unknown_key_asks_for_enrolment() -> None:
    verdict = KeyVerdict(KeyState.UNKNOWN, "ssh-ed25519", "SHA256:new")
    failure = translate_failure(asyncssh.HostKeyNotVerifiable("x"), attempt(Stage.KEY_EXCHANGE, verdict=verdict))
    assert failure.kind is FailureKind.HOST_KEY_UNKNOWN
    assert "enroll" in failure.hint


def test_words_of_a_server_lose_their_teeth() -> None:
    assert printable("a\x1b[31mb\u202ec\nd\ud800") == "a\\x1b[31mb\\u202ec\\nd\\ud800"


@given(st.text(), st.sampled_from(Stage))
def test_server_text_in_a_failure_is_bounded_and_printable(text: str, stage: Stage) -> None:
    failure = translate_failure(asyncssh.DisconnectError(2, text), attempt(stage))
    for line in (failure.message, failure.hint, *failure.evidence):
        assert line.isprintable()
        assert len(line) < 2500
