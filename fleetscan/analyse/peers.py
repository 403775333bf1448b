"""What the other hosts of a cohort have: the reference before a baseline exists.

Counts are made once for the whole cohort and each host's own contribution is subtracted, so the cost is linear. Norms
depend on the counts and on that contribution only and are shared by all hosts that contribute the same.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from heapq import nsmallest
from typing import TypeVar

from fleetscan.analyse.baseline import may_be_required
from fleetscan.analyse.census import Census, Contribution, Form, Group, Tally, form_of, own_contribution
from fleetscan.analyse.expectation import Expectation, Norm
from fleetscan.analyse.targets import View
from fleetscan.analyse.vantage import Vantage
from fleetscan.model.baseline import Prevalence, Variant
from fleetscan.model.drift import PEERS
from fleetscan.model.ids import HostName, Sha256
from fleetscan.model.subject import Subject, SubjectKey

_T = TypeVar("_T")
_SHOWN_FORMS = 5
"""Forms among which the nearest expected one is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerOptions:
    """From which share on peers make a norm.

    Attributes:
        min_peers: Fewer peers than this are nothing to compare with.
        normal_share: A subject on this share of the peers is normal; on fewer it is `added`.
        required_share: A subject on this share of the peers is `removed` where it is missing.
        majority_share: A form of this share of the peers that have the subject makes every other form a drift.
    """

    min_peers: int = 2
    normal_share: float = 0.5
    required_share: float = 0.9
    majority_share: float = 0.8


class Peers:
    """The peers of every host of one cohort."""

    def __init__(self, census: Census, options: PeerOptions | None = None) -> None:
        self._census = census
        self._options = options or PeerOptions()
        self._keys = tuple(census.tallies)
        self._norms: dict[tuple[SubjectKey, Contribution], Norm | None] = {}
        self._leaders: dict[SubjectKey, _Leaders] = {}

    def expect_for(self, host: HostName) -> Expectation | None:
        """Give the reference of one host, None when it has too few peers.

        Raises:
            KeyError: The host was not counted.
        """
        own = self._census.group_of[host]
        if self._census.hosts - 1 < self._options.min_peers:
            return None
        vantage = Vantage(self._census, own)
        return Expectation(
            label=PEERS,
            counted=vantage,
            others=vantage,
            keys=self._keys,
            norm=partial(self._norm, own),
            min_hosts=self._options.min_peers,
        )

    def _norm(self, own: Group, key: SubjectKey) -> Norm | None:
        tally = self._census.tallies.get(key)
        if tally is None:
            return None
        place = (key, own_contribution(own, key))
        if place not in self._norms:
            self._norms[place] = self._build_norm(key, tally, place[1])
        return self._norms[place]

    def _build_norm(self, key: SubjectKey, tally: Tally, own: Contribution) -> Norm | None:
        options = self._options
        of_hosts = self._census.hosts - 1 - (tally.hidden - own.hidden)
        prevalence = Prevalence(tally.seen - own.seen, of_hosts)
        if of_hosts < options.min_peers or prevalence.share < options.normal_share:
            return None
        if key not in self._leaders:
            self._leaders[key] = _Leaders.of(tally, options.normal_share)
        leaders = self._leaders[key]
        variants = _build_variants(leaders, own, of_hosts)
        # A host that was read with more rights than its peers is held only against what they could read as well.
        witnesses = leaders.sure if own.sure else leaders.all
        meaning = self._find_majority(witnesses.meanings, own.meaning)
        state = self._find_majority(leaders.states, own.state)
        same_meaning = None if own.meaning is None else witnesses.raws.get(own.meaning)
        raw = None if same_meaning is None else self._find_majority(same_meaning, own.raw)
        behind = None if own.meaning is None else leaders.targets.get(own.meaning)
        target = None if behind is None else self._find_majority(behind, own.target)
        return Norm(
            key=key,
            variants=variants,
            required=prevalence.share >= options.required_share
            and bool(variants)
            and all(may_be_required(variant.subject) for variant in variants),
            meanings=None if meaning is None else frozenset({meaning}),
            states_by_meaning={},
            states=None if state is None else frozenset({state}),
            raws={} if own.meaning is None or raw is None else {own.meaning: frozenset({raw})},
            targets={} if own.meaning is None or target is None else {own.meaning: frozenset({target})},
            doors=_normal_among(leaders.doors, own.doors, tally.seen - own.seen, options.normal_share),
            views=_normal_among(leaders.views, own.views, tally.seen - own.seen, options.normal_share),
        )

    def _find_majority(self, top: "_Top", own: Sha256 | None) -> Sha256 | None:
        """Give the digest that a majority of the peers agrees on, None when there is none or too few could be read."""
        total = top.total - (own is not None)
        if total < self._options.min_peers:
            return None
        for digest, count in top.first:
            if Prevalence(count - (digest == own), total).share >= self._options.majority_share:
                return digest
        return None


@dataclass(frozen=True, slots=True)
class _Top:
    """The two most common digests with their counts, and how many hosts were counted."""

    first: tuple[tuple[Sha256, int], ...]
    total: int

    @staticmethod
    def of(counts: Mapping[Sha256, int]) -> "_Top":
        # Taking one host away can change which of two is ahead, never bring a third to a majority.
        return _Top(tuple(nsmallest(2, counts.items(), key=lambda pair: (-pair[1], pair[0]))), sum(counts.values()))


@dataclass(frozen=True, slots=True)
class _Witnesses:
    """What hosts agree on, by meaning and by bytes of a meaning."""

    meanings: _Top
    raws: Mapping[Sha256, _Top]

    @staticmethod
    def of(meanings: Mapping[Sha256, int], raws: Mapping[tuple[Form, Sha256], int]) -> "_Witnesses":
        by_meaning: dict[Sha256, Counter[Sha256]] = {}
        for ((meaning, _state, _target), raw), count in raws.items():
            by_meaning.setdefault(meaning, Counter())[raw] += count
        return _Witnesses(_Top.of(meanings), {meaning: _Top.of(counts) for meaning, counts in by_meaning.items()})


@dataclass(frozen=True, slots=True)
class _Leaders:
    """What norms need of a tally, so that a subject with a form of its own on every host stays linear.

    Attributes:
        all: Every host that has the subject.
        sure: Those on which no gap could hide a further file of it.
        doors: Hosts by what others than root may write, where it can be normal on any host.
        views: Hosts by contradictions between views, likewise.
    """

    forms: tuple[tuple[Form, int], ...]
    samples: Mapping[Form, Subject]
    states: _Top
    targets: Mapping[Sha256, _Top]
    all: _Witnesses
    sure: _Witnesses
    doors: Mapping[str, int]
    views: Mapping[View, int]

    @staticmethod
    def of(tally: Tally, normal_share: float) -> "_Leaders":
        least = normal_share * (tally.seen - 1)
        return _Leaders(
            forms=tally.rank_forms()[: _SHOWN_FORMS + 1],
            samples=tally.pick_samples(),
            states=_Top.of(tally.states),
            targets=_by_meaning(tally.targets),
            all=_Witnesses.of(tally.meanings, tally.raws),
            sure=_Witnesses.of(tally.sure_meanings, tally.sure_raws),
            doors={door: count for door, count in tally.doors.items() if count >= least},
            views={view: count for view, count in tally.views.items() if count >= least},
        )


def _normal_among(counts: Mapping[_T, int], own: frozenset[_T], others: int, share: float) -> frozenset[_T]:
    """Give what enough of the other hosts that have the subject have of it; a host does not vouch for itself."""
    return frozenset(it for it, count in counts.items() if Prevalence(count - (it in own), others).share >= share)


def _by_meaning(targets: Mapping[tuple[Sha256, Sha256], int]) -> Mapping[Sha256, _Top]:
    counts: dict[Sha256, Counter[Sha256]] = {}
    for (meaning, target), count in targets.items():
        counts.setdefault(meaning, Counter())[target] += count
    return {meaning: _Top.of(count) for meaning, count in counts.items()}


def _build_variants(leaders: _Leaders, own: Contribution, of_hosts: int) -> tuple[Variant, ...]:
    variants = []
    for form, count in leaders.forms:
        others = count - (form == own.form)
        if others > 0:
            variants.append(Variant(leaders.samples[form], Prevalence(others, of_hosts)))
    variants.sort(key=lambda v: (-v.prevalence.count, form_of(v.subject)))
    return tuple(variants[:_SHOWN_FORMS])
