"""Since when the forms of a proposal are there, told by one host for each."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from fleetscan.analyse.census import Member
from fleetscan.analyse.proposal import Place, place_of
from fleetscan.model.baseline import Proposal, Remarks
from fleetscan.model.digest import digest_artifact
from fleetscan.model.ids import HostName, Sha256
from fleetscan.model.subject import Subject
from fleetscan.model.sweep import Visit
from fleetscan.operations.artifact_index import ArtifactIndex
from fleetscan.operations.host_states import StateReader
from fleetscan.store.store import Store

MAX_WITNESSES = 100
"""Hosts that are asked for one proposal; each costs a query, and a form that only a later host has stays undated."""


def date_forms(
    store: Store, reader: StateReader, visits: Mapping[HostName, Visit], members: Iterable[Member], proposal: Proposal
) -> Proposal:
    """Fill in since when the first host that has a form, by name, has all of its pieces.

    Args:
        store: Where the sightings are.
        reader: Of the visits.
        visits: Of the proposal's sweep.
        members: The hosts of the proposal.
        proposal: As computed.
    """
    wanted = {place_of(variant.subject) for item in proposal.items for variant in item.variants}
    wanted |= {place_of(outlier.subject) for outlier in proposal.outliers}
    seen: dict[Place, datetime] = {}
    for host, subjects in list(_find_witnesses(members, wanted).items())[:MAX_WITNESSES]:
        seen.update(_date_on_host(store, reader, visits[host], subjects))

    def dated(subject: Subject, remarks: Remarks) -> Remarks:
        found = seen.get(place_of(subject))
        return remarks if found is None else replace(remarks, first_seen_at=found)

    items = tuple(
        replace(item, variants=tuple(replace(v, remarks=dated(v.subject, v.remarks)) for v in item.variants))
        for item in proposal.items
    )
    outliers = tuple(replace(o, remarks=dated(o.subject, o.remarks)) for o in proposal.outliers)
    return replace(proposal, items=items, outliers=outliers)


def _find_witnesses(members: Iterable[Member], wanted: set[Place]) -> Mapping[HostName, tuple[Subject, ...]]:
    """Give for each form the first host that has it, by name; hosts of equal state are looked at once."""
    left = set(wanted)
    looked_at: set[int] = set()
    found: dict[HostName, tuple[Subject, ...]] = {}
    for member in sorted(members, key=lambda member: member.host):
        if not left:
            break
        if id(member.subjects) in looked_at:
            continue
        looked_at.add(id(member.subjects))
        mine = tuple(subject for subject in member.subjects if place_of(subject) in left)
        if mine:
            found[member.host] = mine
            left -= {place_of(subject) for subject in mine}
    return found


def _date_on_host(
    store: Store, reader: StateReader, visit: Visit, subjects: tuple[Subject, ...]
) -> Mapping[Place, datetime]:
    if visit.manifest is None:
        return {}
    index = ArtifactIndex(reader.artifacts(visit.manifest))
    digests = {place_of(subject): _digest_pieces(subject, index) for subject in subjects}
    seen = store.sightings.first_seen(visit.host, {digest for found in digests.values() for digest in found})
    # It has been there as a whole since its youngest piece came.
    return {
        place: max(seen[digest].first_seen_at for digest in found)
        for place, found in digests.items()
        if found and all(digest in seen for digest in found)
    }


def _digest_pieces(subject: Subject, index: ArtifactIndex) -> frozenset[Sha256]:
    """Give the digests of the artifacts that a subject is made of: its files, or what its manager says of it."""
    chosen = index.files_of(subject) or index.rows_of(subject)
    return frozenset(digest_artifact(artifact) for artifact in chosen)
