"""Everything that asyncssh, asyncio and the resolver raise, as `VisitError`. The only place that knows their errors."""

import errno
import re
import socket
from dataclasses import dataclass
from enum import IntEnum

import asyncssh

from fleetscan.errors import VisitError
from fleetscan.model.outcome import FailureKind
from fleetscan.ssh.hostkeys import KeyState, KeyVerdict

_MAX_FOREIGN_TEXT = 200
_ERRNO = re.compile(r"\[Errno (\d+)\]")
_REFUSED = frozenset({errno.ECONNREFUSED})
_NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH})
_RESET = frozenset({errno.EPIPE, errno.ECONNABORTED, errno.ECONNRESET})
_TIMED_OUT = frozenset({errno.ETIMEDOUT})


class Stage(IntEnum):
    """How far a connection came."""

    TCP = 0
    BANNER = 1
    KEY_EXCHANGE = 2
    LOGIN = 3
    SESSION = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What was tried, as far as a message needs it.

    Attributes:
        endpoint: `ADDRESS port N`.
        timeout_s: The time that was allowed.
        verdict: The table's word on the presented key, None when no key was presented.
        has_credentials: Whether there was anything to log in with.
    """

    endpoint: str
    user: str
    timeout_s: float
    stage: Stage = Stage.TCP
    verdict: KeyVerdict | None = None
    through_jump: bool = False
    has_credentials: bool = True


def printable(text: str, limit: int = _MAX_FOREIGN_TEXT) -> str:
    """Make a server's words fit for one line: bounded, and control, format and bidi characters as escapes."""
    shown = "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode("ascii")
        for char in text[:limit]
    )
    return shown + "…" if len(text) > limit else shown


def translate_failure(error: Exception, attempt: Attempt) -> VisitError:  # noqa: PLR0911 - one for each foreign family
    """Say in plain words what went wrong.

    Anything unexpected is a protocol error of that host: asyncssh raises whatever a hostile peer makes it raise, and
    one host must not end a sweep.
    """
    match error:
        case VisitError():
            return error
        case TimeoutError() if error.errno is None:  # of asyncio.timeout, not of the kernel
            return _timed_out(attempt)
        case asyncssh.HostKeyNotVerifiable():
            return _untrusted_key(error, attempt)
        case asyncssh.PermissionDenied():
            return _denied(error, attempt)
        case asyncssh.ChannelOpenError():
            return _channel_refused(error, attempt)
        case asyncssh.DisconnectError():
            return _disconnected(error, attempt)
        case socket.gaierror() | UnicodeError() if attempt.stage is Stage.TCP:
            return VisitError(
                FailureKind.UNREACHABLE,
                f"name {attempt.endpoint.split(' port ')[0]} cannot be resolved",
                evidence=(printable(str(error)),),
                hint="Correct the address in the inventory, or the name server.",
            )
        case OSError():
            return _os_error(error, attempt)
        case _:
            return VisitError(
                FailureKind.PROTOCOL_ERROR,
                f"{attempt.endpoint} sent something that is not understood",
                evidence=(f"{type(error).__name__}: {printable(str(error))}",),
            )


def _timed_out(attempt: Attempt) -> VisitError:
    within = f"within {attempt.timeout_s:g} s"
    what = {
        Stage.TCP: f"no TCP connection to {attempt.endpoint} {within}",
        Stage.BANNER: f"no SSH banner from {attempt.endpoint} {within}",
        Stage.KEY_EXCHANGE: f"no key exchange with {attempt.endpoint} {within}",
        Stage.LOGIN: f"no answer to the login on {attempt.endpoint} {within}",
        Stage.SESSION: f"{attempt.endpoint} did not start the command {within}",
    }[attempt.stage]
    hint = (
        "A firewall may drop packets, or the host is down."
        if attempt.stage is Stage.TCP
        else "The host accepts connections and does not go on: frozen, overloaded, or waiting for a name server."
    )
    return VisitError(FailureKind.TIMEOUT, what, hint=hint)


def _untrusted_key(error: asyncssh.HostKeyNotVerifiable, attempt: Attempt) -> VisitError:
    verdict = attempt.verdict
    reason = printable(error.reason)
    if verdict is None or verdict.state is KeyState.ACCEPTED:
        # The key or its authority is known; the certificate itself is not valid (expired, other names, revoked key).
        kind = FailureKind.HOST_KEY_CHANGED if "revoked" in reason else FailureKind.HOST_KEY_UNKNOWN
        return VisitError(
            kind,
            f"{attempt.endpoint} did not prove its identity: {reason}",
            evidence=() if verdict is None else (f"signed by: {verdict.presented} ({verdict.algorithm})",),
            hint="Renew the host certificate, or check who answers at this address.",
        )
    presented = f"{verdict.presented} ({verdict.algorithm})"
    evidence = (f"presented: {presented}", *(f"enrolled: {key}" for key in verdict.expected))
    if verdict.state is KeyState.REVOKED:
        return VisitError(
            FailureKind.HOST_KEY_CHANGED,
            f"{attempt.endpoint} offered a revoked key {presented}",
            evidence=evidence,
            hint="Somebody uses a key that was withdrawn. Treat it as an attack until it is explained.",
        )
    if verdict.state is KeyState.CHANGED:
        return VisitError(
            FailureKind.HOST_KEY_CHANGED,
            f"{attempt.endpoint} offered {presented}, enrolled is {', '.join(verdict.expected)}",
            evidence=evidence,
            hint="Find out why (reinstalled, or an impostor), then enroll the host again.",
        )
    return VisitError(
        FailureKind.HOST_KEY_UNKNOWN,
        f"{attempt.endpoint} offered {presented}, no key is enrolled",
        evidence=evidence,
        hint="Compare the fingerprint with the host's console, then run: fleetscan hosts enroll",
    )


def _denied(error: asyncssh.PermissionDenied, attempt: Attempt) -> VisitError:
    hint = (
        "Install the scanner's public key for this account, or correct user, identity_file or password."
        if attempt.has_credentials
        else "No key, password or agent is configured for this host: set identity_file in the inventory."
    )
    return VisitError(
        FailureKind.AUTH_FAILED,
        f"{attempt.endpoint} refused the login of {printable(attempt.user)}",
        evidence=(printable(error.reason),),
        hint=hint,
    )


def _channel_refused(error: asyncssh.ChannelOpenError, attempt: Attempt) -> VisitError:
    reason = printable(error.reason)
    if attempt.stage is not Stage.SESSION:
        return VisitError(
            FailureKind.UNREACHABLE,
            f"the jump host could not connect to {attempt.endpoint}: {reason}",
            hint="Check that the host runs and that the jump host may forward (AllowTcpForwarding, PermitOpen).",
        )
    return VisitError(
        FailureKind.PROTOCOL_ERROR,
        f"{attempt.endpoint} refused to start the command: {reason}",
        hint="The account may be limited to forwarding or file transfer, or has no shell.",
    )


def _disconnected(error: asyncssh.DisconnectError, attempt: Attempt) -> VisitError:
    reason = printable(error.reason)
    where = attempt.endpoint
    if attempt.stage is Stage.LOGIN and "authentication" in reason.lower():
        return _denied(asyncssh.PermissionDenied(error.reason), attempt)
    if isinstance(error, asyncssh.ConnectionLost):
        return _closed(attempt, reason)
    if isinstance(error, asyncssh.KeyExchangeFailed):
        return VisitError(
            FailureKind.PROTOCOL_ERROR,
            f"no common key exchange, cipher or host key type with {where}",
            evidence=(reason,),
            hint="The host's SSH server is very old or restricted.",
        )
    if attempt.stage <= Stage.BANNER:
        return VisitError(
            FailureKind.PROTOCOL_ERROR,
            f"{where} does not speak SSH: {reason}",
            hint="Another service may listen on this port.",
        )
    return VisitError(FailureKind.PROTOCOL_ERROR, f"{where} ended the connection: {reason}")


def _os_error(error: OSError, attempt: Attempt) -> VisitError:
    where = attempt.endpoint
    # asyncio folds the errors of several addresses of one name into one text without an errno.
    codes = {error.errno} if error.errno is not None else {int(code) for code in _ERRNO.findall(str(error))}
    if codes and codes <= _REFUSED:
        return VisitError(
            FailureKind.UNREACHABLE,
            f"connection refused by {where}",
            hint="sshd does not run there, or listens on another port.",
        )
    if codes and codes <= _TIMED_OUT:
        return _timed_out(attempt)
    if codes and codes <= _RESET:
        return _closed(attempt, error.strerror or "connection reset")
    what = f"no route to {where}" if codes and codes <= _NO_ROUTE else f"cannot connect to {where}"
    return VisitError(FailureKind.UNREACHABLE, what, evidence=(printable(str(error)),), hint="Check the network.")


def _closed(attempt: Attempt, reason: str) -> VisitError:
    when = {
        Stage.TCP: "before its SSH banner",
        Stage.BANNER: "before its SSH banner",
        Stage.KEY_EXCHANGE: "during the key exchange",
        Stage.LOGIN: "during the login",
        Stage.SESSION: "before the command started",
    }[attempt.stage]
    early = attempt.stage <= Stage.BANNER
    return VisitError(
        FailureKind.UNREACHABLE if early else FailureKind.PROTOCOL_ERROR,
        f"{attempt.endpoint} closed the connection {when}",
        evidence=(printable(reason),),
        hint="sshd may be overloaded (MaxStartups) or refuse this address." if early else "",
    )
