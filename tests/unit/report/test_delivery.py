"""Foreign mail errors, translated."""

import smtplib

from fleetscan.report.delivery import DeliveryFault, translate_error


def disconnect(why: OSError) -> smtplib.SMTPServerDisconnected:
    """Give the error as smtplib makes it of a socket's error: not its cause, only its context."""
    error = smtplib.SMTPServerDisconnected("Connection unexpectedly closed")
    error.__context__ = why
    return error


def test_a_timeout_that_smtplib_calls_a_disconnect_is_told_as_a_timeout() -> None:
    error = disconnect(TimeoutError("timed out"))
    told = translate_error(error, "mail.example.org:25", DeliveryFault.TEMPORARY, timed_out=False)
    assert "did not answer in time" in told.message


def test_a_server_that_hangs_up_is_told_as_such() -> None:
    error = disconnect(ConnectionResetError("reset"))
    told = translate_error(error, "mail.example.org:25", DeliveryFault.TEMPORARY, timed_out=False)
    assert "ended the connection" in told.message
