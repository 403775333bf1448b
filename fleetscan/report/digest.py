"""Who gets a mail about a sweep, and what it says: their own hosts, worst first."""

from collections.abc import Sequence
from dataclasses import dataclass

from fleetscan.model.host import Owner
from fleetscan.model.ids import SweepId
from fleetscan.report.hosts import is_above_info
from fleetscan.report.inputs import ReportInputs, list_owners
from fleetscan.report.pieces import HostView, ItemView
from fleetscan.report.verdict import count_of
from fleetscan.report.view import ReportView, narrow_view
from fleetscan.report.visible import visible_text

_MAX_SUBJECT_HOSTS = 3
_MAX_NAME_CHARS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerDigest:
    """What one owner is told after one sweep.

    Attributes:
        view: The owner's page; its sweep, verdict and coverage.
        news: New drift above info, worst first.
        known: Drift above info that was there before.
        unread: Hosts that could not be read, or only in part.
    """

    owner: Owner
    sweep: SweepId
    subject: str
    view: ReportView
    news: tuple[ItemView, ...]
    known: tuple[ItemView, ...]
    unread: tuple[HostView, ...]


def build_digests(inputs: ReportInputs) -> tuple[OwnerDigest, ...]:
    """Build one digest for each owner who has something to do, sorted by address.

    That is: drift above `info`, a host that could not be read, or a host that newly is read only in part. Hosts without
    an owner are in the report and in nobody's mail.
    """
    digests = (_build_digest(inputs, owner) for owner in list_owners(inputs) if owner.email)
    return tuple(digest for digest in digests if digest is not None)


def _build_digest(inputs: ReportInputs, owner: Owner) -> OwnerDigest | None:
    view = narrow_view(inputs, owner)
    known = tuple(item for item in view.known if is_above_info(item.rank))
    calls = any(not host.is_read or host.is_newly_unread for host in view.unread)
    if not view.news and not known and not calls:
        return None
    return OwnerDigest(
        owner=owner,
        sweep=inputs.sweep.id,
        subject=_word_subject(view, known),
        view=view,
        news=view.news,
        known=known,
        unread=view.unread,
    )


def _word_subject(view: ReportView, known: Sequence[ItemView]) -> str:
    """Say count, worst and hosts; a long list is cut by whole names."""
    unread = [host for host in view.unread if not host.is_read]
    tail = f"; {len(unread)} not read" if unread else ""
    for items, word in ((view.news, "new" if view.previous else "found"), (known, "known")):
        if items:
            worst = max(items, key=lambda item: item.rank)
            count = sum(item.rank == worst.rank for item in items)
            names = _join_names([item.host for item in items])
            return f"[fleetscan] {len(items)} {word} ({count} {worst.severity}) on your hosts: {names}{tail}"
    chosen, verb = (unread, "could not be read") if unread else (list(view.unread), "could be read only in part")
    return f"[fleetscan] {count_of(len(chosen), 'host')} of yours {verb}: {_join_names([host.name for host in chosen])}"


def _join_names(names: Sequence[str]) -> str:
    unique = list(dict.fromkeys(names))
    shown = ", ".join(visible_text(name, _MAX_NAME_CHARS) for name in unique[:_MAX_SUBJECT_HOSTS])
    rest = len(unique) - _MAX_SUBJECT_HOSTS
    return f"{shown} and {rest} more" if rest > 0 else shown
