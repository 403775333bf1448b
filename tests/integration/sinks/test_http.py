"""Documents over HTTP: what counts as taken, what a failure means, and that no secret comes out anywhere."""

import traceback

import pytest

from fleetscan.report.sink_fault import SinkError, SinkFault
from fleetscan.report.sink_http import HttpOptions, send_document
from tests.integration.sinks.receivers import Certificate, HttpReceiver, serve_http

SECRET = "hunter2-0123456789"
URL_SECRET = "T0000-B0000-abcdef"


def options(port: int, **changes: object) -> HttpOptions:
    values: dict[str, object] = {
        "url": f"http://127.0.0.1:{port}/services/{URL_SECRET}?x=1",
        "headers": {"User-Agent": "fleetscan/1"},
        "secret_headers": {"Authorization": f"Bearer {SECRET}"},
        "timeout_s": 5.0,
    }
    return HttpOptions(**{**values, **changes})  # type: ignore[arg-type]  # options by name


def refused(made: HttpOptions) -> SinkError:
    with pytest.raises(SinkError) as caught:
        send_document(made, b"{}", {})
    told = "".join(traceback.format_exception(caught.value)) + repr(made) + caught.value.message + caught.value.hint
    assert SECRET not in told
    assert URL_SECRET not in told
    assert "\n" not in caught.value.message
    return caught.value


def test_a_document_arrives_with_its_headers(receiver: HttpReceiver) -> None:
    send_document(options(receiver.port), b'{"a": 1}', {"Content-Type": "application/json", "Idempotency-Key": "k"})
    [request] = receiver.taken
    assert (request.method, request.path, request.body) == ("POST", f"/services/{URL_SECRET}?x=1", b'{"a": 1}')
    assert request.headers["Authorization"] == f"Bearer {SECRET}"
    assert request.headers["Idempotency-Key"] == "k"
    assert request.headers["Host"] == f"127.0.0.1:{receiver.port}"


def test_any_2xx_counts_as_taken_and_the_method_is_the_one_asked_for(receiver: HttpReceiver) -> None:
    receiver.manners = [201, 204]
    send_document(options(receiver.port, method="PUT"), b"1", {})
    send_document(options(receiver.port), b"2", {})
    assert [request.method for request in receiver.taken] == ["PUT", "POST"]


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (500, SinkFault.TEMPORARY),
        (503, SinkFault.TEMPORARY),
        (429, SinkFault.TEMPORARY),
        (408, SinkFault.TEMPORARY),
        (400, SinkFault.REFUSED),
        (413, SinkFault.REFUSED),
        (422, SinkFault.REFUSED),
        (409, SinkFault.REFUSED),
        (401, SinkFault.SETTINGS),
        (403, SinkFault.SETTINGS),
        (404, SinkFault.SETTINGS),
        (302, SinkFault.SETTINGS),
    ],
)
def test_an_answer_says_what_helps(receiver: HttpReceiver, status: int, fault: SinkFault) -> None:
    receiver.always = status
    receiver.headers = {"Location": "http://127.0.0.1:1/elsewhere"}
    error = refused(options(receiver.port))
    assert error.fault is fault
    assert str(status) in error.message
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 500])
def test_a_receiver_that_repeats_what_it_was_given_betrays_nothing(receiver: HttpReceiver, status: int) -> None:
    receiver.always = status
    receiver.echo = True
    refused(options(receiver.port))


def test_the_words_of_a_refusal_are_shown_and_cannot_steer_a_terminal(receiver: HttpReceiver) -> None:
    receiver.always = 400
    receiver.words = "field \x1b[2Jtitle\n is too long " + "x" * 100_000
    error = refused(options(receiver.port))
    assert r"field \x1b[2Jtitle is too long" in error.message
    assert len(error.message) < 300


def test_a_receiver_may_say_when_to_come_again(receiver: HttpReceiver) -> None:
    receiver.always = 429
    receiver.headers = {"Retry-After": "7"}
    assert refused(options(receiver.port)).retry_after_s == 7
    receiver.headers = {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}
    assert refused(options(receiver.port)).retry_after_s is None
    receiver.headers = {"Retry-After": "999999999"}
    assert refused(options(receiver.port)).retry_after_s == 86_400


@pytest.mark.parametrize("manner", ["silent", "drip"])
def test_a_receiver_that_does_not_come_to_an_end_is_left(receiver: HttpReceiver, manner: str) -> None:
    receiver.always = manner
    error = refused(options(receiver.port, timeout_s=0.3))
    assert error.fault is SinkFault.TEMPORARY
    assert "in time" in error.message


def test_consent_counts_whatever_becomes_of_the_rest_of_the_answer(receiver: HttpReceiver) -> None:
    receiver.always = "half"
    send_document(options(receiver.port), b"{}", {})
    assert len(receiver.taken) == 1


@pytest.mark.parametrize("manner", ["reset", "noise"])
def test_a_torn_connection_and_foreign_talk_are_tried_again(receiver: HttpReceiver, manner: str) -> None:
    receiver.always = manner
    assert refused(options(receiver.port)).fault is SinkFault.TEMPORARY


def test_nobody_there_is_tried_again() -> None:
    with serve_http() as gone:
        port = gone.port
    assert refused(options(port)).fault is SinkFault.TEMPORARY


def test_tls_is_verified_by_the_file_that_the_settings_name(certificate: Certificate) -> None:
    with serve_http(certificate) as receiver:
        url = f"https://localhost:{receiver.port}/x"
        send_document(options(0, url=url, ca_file=str(certificate.certificate)), b"{}", {})
        assert len(receiver.taken) == 1
        error = refused(options(0, url=url))
        assert error.fault is SinkFault.SETTINGS
        assert "certificate" in error.message
        wrong_name = options(0, url=f"https://127.0.0.1:{receiver.port}/x", ca_file=str(certificate.certificate))
        assert "certificate" in refused(wrong_name).message
        assert len(receiver.requests) == 1


def test_a_ca_file_without_certificates_is_told(certificate: Certificate) -> None:
    for path in ("/nonexistent.pem", str(certificate.key)):
        error = refused(options(0, url="https://localhost:1/x", ca_file=path))
        assert (error.fault, "CA file" in error.message) == (SinkFault.SETTINGS, True)


def test_plain_http_is_not_tls(receiver: HttpReceiver) -> None:
    error = refused(options(0, url=f"https://127.0.0.1:{receiver.port}/x", timeout_s=2.0))
    assert error.fault in (SinkFault.SETTINGS, SinkFault.TEMPORARY)
    assert receiver.requests == []


def test_a_secret_never_leaves_this_machine_unprotected() -> None:
    error = refused(options(0, url="http://siem.example.org/x"))
    assert "unprotected" in error.message


@pytest.mark.parametrize(
    "url",
    [f"ftp://h/{URL_SECRET}", f"//{URL_SECRET}", f"http://u:{URL_SECRET}@h/", f"http://h:99999/{URL_SECRET}",
     f"http://h/{URL_SECRET}\r\nX: 1", f"http://h/{URL_SECRET} x", URL_SECRET, f"http://[{URL_SECRET}/", ""],
    ids=["scheme", "none", "user", "port", "newline", "space", "word", "bracket", "empty"],
)  # fmt: skip
def test_a_url_that_is_none_is_refused_without_being_shown(url: str) -> None:
    assert refused(options(0, url=url)).fault is SinkFault.SETTINGS


@pytest.mark.parametrize("value", [f"{SECRET}\r\nX: 1", f"{SECRET}\x00", f"{SECRET}ñ", f"{SECRET}\udc80"],
                         ids=["newline", "nul", "letter", "surrogate"])  # fmt: skip
def test_a_secret_that_is_no_header_is_refused_without_being_shown(receiver: HttpReceiver, value: str) -> None:
    error = refused(options(receiver.port, secret_headers={"X-Key": value}))
    assert error.fault is SinkFault.SETTINGS
    assert receiver.requests == []
