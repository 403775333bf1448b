"""What a host is held against: the norms of a baseline or of its peers, in one shape."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from fleetscan.analyse.census import Census, Group
from fleetscan.analyse.targets import View, doors_known, views_known
from fleetscan.analyse.vantage import Vantage
from fleetscan.model.baseline import Baseline, BaselineItem, Variant
from fleetscan.model.ids import Sha256
from fleetscan.model.subject import Subject, SubjectKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Norm:
    """What is normal of one subject. None accepts anything: there is no agreement to hold a host against.

    Attributes:
        variants: Accepted forms to show, the nearest is chosen among them; none when no form could be read.
        required: Whether a host without it has drifted.
        meanings: Accepted meanings.
        states_by_meaning: Accepted states of an accepted meaning; for any other meaning `states` holds.
        states: Accepted states.
        raws: Accepted bytes of a meaning; a meaning that is not there accepts any bytes.
        targets: Accepted targets of a meaning, likewise.
        doors: What others than root may write, as it is normal; None for what the variants have.
        views: Contradictions between views that are normal, likewise.
    """

    key: SubjectKey
    variants: tuple[Variant, ...]
    required: bool
    meanings: frozenset[Sha256] | None
    states_by_meaning: Mapping[Sha256, frozenset[Sha256]]
    states: frozenset[Sha256] | None
    raws: Mapping[Sha256, frozenset[Sha256]]
    targets: Mapping[Sha256, frozenset[Sha256]] = field(default_factory=dict)
    doors: frozenset[str] | None = None
    views: frozenset[View] | None = None

    @property
    def known_doors(self) -> frozenset[str]:
        """What others than root may write, as it is normal."""
        return doors_known(v.subject for v in self.variants) if self.doors is None else self.doors

    @property
    def known_views(self) -> frozenset[View]:
        """Contradictions between views that are normal."""
        return views_known(v.subject for v in self.variants) if self.views is None else self.views

    def forms_by_target(self, meaning: Sha256) -> Sequence[Subject]:
        """Give the forms that tell which programs are normal; forms are also shown that a few other hosts have."""
        forms = [variant.subject for variant in self.variants]
        alike = [form for form in forms if form.fingerprint.meaning == meaning]
        return [form for form in alike if self.accepts_target(meaning, form.fingerprint.target)] or alike or forms

    def accepts_meaning(self, meaning: Sha256) -> bool:
        """Tell whether this meaning is normal."""
        return self.meanings is None or meaning in self.meanings

    def accepts_state(self, meaning: Sha256, state: Sha256) -> bool:
        """Tell whether this state is normal for this meaning."""
        accepted = self.states_by_meaning.get(meaning, self.states)
        return accepted is None or state in accepted

    def accepts_raw(self, meaning: Sha256, raw: Sha256) -> bool:
        """Tell whether these bytes are normal for this meaning."""
        return meaning not in self.raws or raw in self.raws[meaning]

    def accepts_target(self, meaning: Sha256, target: Sha256) -> bool:
        """Tell whether these programs are normal for this meaning."""
        return meaning not in self.targets or target in self.targets[meaning]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """The reference of one host's comparison.

    Attributes:
        label: `baseline 3` or `peers`.
        counted: Counts for `DriftItem.prevalence`; includes the host itself for a baseline, not for peers.
        others: Counts of the other hosts, for sentences.
        keys: Subjects that may have a norm; only these can be `removed`.
        norm: Gives what is normal, None when the subject is not normal at all.
        baseline: Number of the baseline's version, None for peers.
        min_hosts: Fewer comparable hosts than this say nothing about a subject; 0 when the norms stand by themselves.
    """

    label: str
    counted: Vantage
    others: Vantage
    keys: tuple[SubjectKey, ...]
    norm: Callable[[SubjectKey], Norm | None]
    baseline: int | None = None
    min_hosts: int = 0

    def is_comparable(self, key: SubjectKey) -> bool:
        """Tell whether enough hosts could have shown the subject."""
        return not self.min_hosts or self.others.comparable_hosts(key) >= self.min_hosts


def widen_expectation(own: Expectation | None, wide: Expectation) -> Expectation:
    """Join what a few hosts of the same kind have with what a wider cohort has: normal in either is normal.

    Counts are those of the wider cohort. Only what the host's own kind has can be missing, where there is enough of it.

    Args:
        own: From the host's own cohort; None when that is too small to say anything.
        wide: From the wider one.
    """
    if own is None:
        return wide

    def norm(key: SubjectKey) -> Norm | None:
        narrow, broad = own.norm(key), wide.norm(key)
        if narrow is None:
            return None if broad is None else replace(broad, required=False)
        return narrow if broad is None else _join_norms(narrow, broad)

    return replace(wide, keys=tuple(sorted({*own.keys, *wide.keys})), norm=norm)


def _join_norms(narrow: Norm, broad: Norm) -> Norm:
    known = {variant.subject.fingerprint for variant in narrow.variants}
    return Norm(
        key=narrow.key,
        variants=(*narrow.variants, *(v for v in broad.variants if v.subject.fingerprint not in known)),
        required=narrow.required,
        meanings=_join(narrow.meanings, broad.meanings),
        states_by_meaning=_join_maps(narrow.states_by_meaning, broad.states_by_meaning),
        states=_join(narrow.states, broad.states),
        raws=_join_maps(narrow.raws, broad.raws),
        targets=_join_maps(narrow.targets, broad.targets),
        doors=narrow.known_doors | broad.known_doors,
        views=narrow.known_views | broad.known_views,
    )


def _join(first: frozenset[Sha256] | None, second: frozenset[Sha256] | None) -> frozenset[Sha256] | None:
    """Join what two norms accept; None accepts all."""
    return None if first is None or second is None else first | second


def _join_maps(
    first: Mapping[Sha256, frozenset[Sha256]], second: Mapping[Sha256, frozenset[Sha256]]
) -> Mapping[Sha256, frozenset[Sha256]]:
    """Join what two norms accept of a meaning; one that does not name it accepts all of it."""
    return {meaning: first[meaning] | second[meaning] for meaning in first.keys() & second.keys()}


def build_norms(baseline: Baseline) -> Mapping[SubjectKey, Norm]:
    """Give the norms of a baseline; made once and shared by all hosts of the cohort."""
    return {item.key: _norm_of(item) for item in baseline.items}


def expect_baseline(
    baseline: Baseline, norms: Mapping[SubjectKey, Norm], census: Census, own: Group | None
) -> Expectation:
    """Build the reference of one host from an approved baseline.

    Args:
        baseline: The approved baseline of the host's cohort.
        norms: What `build_norms` gives for it.
        census: Of the sweep at hand, for today's prevalence: a baseline does not know what it left out.
        own: The host's group in the census, None when it was not counted.
    """
    return Expectation(
        label=f"baseline {baseline.version}",
        counted=Vantage(census),
        others=Vantage(census, own),
        keys=tuple(norms),
        norm=norms.get,
        baseline=baseline.version,
    )


def _norm_of(item: BaselineItem) -> Norm:
    fingerprints = [variant.subject.fingerprint for variant in item.variants]
    states: dict[Sha256, set[Sha256]] = {}
    raws: dict[Sha256, set[Sha256]] = {}
    targets: dict[Sha256, set[Sha256]] = {}
    for fingerprint in fingerprints:
        states.setdefault(fingerprint.meaning, set()).add(fingerprint.state)
        raws.setdefault(fingerprint.meaning, set()).add(fingerprint.raw)
        targets.setdefault(fingerprint.meaning, set()).add(fingerprint.target)
    # Where the hosts have a program each of their own, and in what was approved before programs were compared.
    for variant in item.variants:
        if variant.any_target or not variant.subject.fingerprint.target:
            targets.pop(variant.subject.fingerprint.meaning, None)
    return Norm(
        key=item.key,
        variants=item.variants,
        required=item.required,
        meanings=frozenset(f.meaning for f in fingerprints),
        states_by_meaning={meaning: frozenset(found) for meaning, found in states.items()},
        states=frozenset(f.state for f in fingerprints),
        raws={meaning: frozenset(found) for meaning, found in raws.items()},
        targets={meaning: frozenset(found) for meaning, found in targets.items()},
    )
