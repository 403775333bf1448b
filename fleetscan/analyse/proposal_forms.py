"""Which forms of a subject a cohort has in common, and what vouches for the others."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from fleetscan.analyse.census import Form, Tally
from fleetscan.analyse.proposal import Aids, Wider
from fleetscan.analyse.provenance import provenance_of
from fleetscan.model.baseline import OutlierReason, Prevalence
from fleetscan.model.finding import Provenance
from fleetscan.model.ids import Sha256
from fleetscan.model.subject import Subject, SubjectKey, SubjectKind

_Key = TypeVar("_Key")

_WITHOUT_FILES = frozenset({SubjectKind.MANAGER, SubjectKind.GRANT, SubjectKind.LINGER, SubjectKind.MOUNT})

FLOOR = 2
"""Hosts that must have a thing before it can be common."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What becomes of one form.

    Attributes:
        reason: Why it is left out, None when it is kept.
        any_target: Of a kept one: any programs are accepted behind it.
        note: In plain words, where counts of the cohort alone do not decide.
    """

    reason: OutlierReason | None = None
    any_target: bool = False
    note: str = ""


def choose_forms(
    key: SubjectKey, tally: Tally, samples: Mapping[Form, Subject], hosts: int, min_prevalence: float, aids: Aids
) -> Mapping[Form, Choice]:
    """Decide on every form of a subject by how common it is and who vouches for it; rules are not asked here.

    Args:
        key: Whose forms.
        tally: Counts of the cohort.
        samples: One subject for each form.
        hosts: Of the cohort.
        min_prevalence: Share that makes a thing common.
        aids: The wider cohort, and what a small one is.
    """
    common = _choose_common_forms(tally, hosts, min_prevalence)
    choices = {form: Choice(any_target=any_target) for form, any_target in common.items()}
    vouched_state = _state_to_vouch_for(tally, common)
    is_small = hosts < aids.min_hosts
    for form, count in tally.forms.items():
        if form in choices:
            continue
        note = ""
        if form[1] in vouched_state and (count >= FLOOR or is_small):
            note = _vouch_by_package(samples[form], count, is_small=is_small)
        if not note and is_small and aids.wider is not None:
            note = _vouch_by_others(aids.wider, key, form, min_prevalence)
        if not note and is_small and key.kind in _WITHOUT_FILES:
            # What rules doubt of it is left out all the same.
            note = "too few hosts to tell; kept because no package could vouch for a thing of this kind"
        if note:
            choices[form] = Choice(note=note)
        elif is_small and count < FLOOR and tally.seen < FLOOR:
            choices[form] = Choice(OutlierReason.ALONE, note=_say_alone(aids.wider, key, form))
        elif Prevalence(tally.seen, hosts).share < min_prevalence or common:
            choices[form] = Choice(OutlierReason.FEW_HOSTS)
        else:
            choices[form] = Choice(OutlierReason.DISAGREE)
    return choices


def _state_to_vouch_for(tally: Tally, common: Mapping[Form, bool]) -> frozenset[Sha256]:
    """Give the states in which a package may vouch for a form.

    A package vouches for files and not for what was done with them: a timer that somebody disabled on two hosts has
    verified files, too.
    """
    if common:
        return frozenset(form[1] for form in common)
    counts: dict[Sha256, int] = {}
    for form, count in tally.forms.items():
        counts[form[1]] = counts.get(form[1], 0) + count
    most = max(counts.values(), default=0)
    leading = frozenset(state for state, count in counts.items() if count == most)
    return leading if len(leading) == 1 else frozenset()


def _vouch_by_package(subject: Subject, count: int, *, is_small: bool) -> str:
    if provenance_of(subject) is not Provenance.VERIFIED:
        return ""
    where = "on a single host of a small cohort" if count < FLOOR and is_small else "on fewer hosts than asked for"
    return f"{where}; kept because packages vouch for all of its files"


def _vouch_by_others(wider: Wider, key: SubjectKey, form: Form, min_prevalence: float) -> str:
    seen = wider.prevalence(key, form)
    if seen.count < FLOOR or seen.share < min_prevalence:
        return ""
    return f"too few hosts to tell; kept because {seen} other hosts of {wider.cohort} have the same"


def _say_alone(wider: Wider | None, key: SubjectKey, form: Form) -> str:
    if wider is None or not wider.census.hosts:
        return "no package vouches for it, and there are no other hosts to compare with"
    return f"no package vouches for it; {wider.prevalence(key, form)} other hosts of {wider.cohort} have the same"


def _choose_common_forms(tally: Tally, hosts: int, min_prevalence: float) -> Mapping[Form, bool]:
    """Give the forms that are common, each with whether any programs are accepted behind it."""
    if tally.seen < FLOOR or Prevalence(tally.seen, hosts).share < min_prevalence:
        return {}
    behind: dict[tuple[Sha256, Sha256], dict[Form, int]] = {}
    for form, count in tally.forms.items():
        behind.setdefault(form[:2], {})[form] = count
    kept: dict[Form, bool] = {}
    for forms in _choose_common({k: sum(f.values()) for k, f in behind.items()}, tally.seen, min_prevalence):
        targets = behind[forms]
        agreed = _choose_common(targets, sum(targets.values()), min_prevalence)
        kept.update(dict.fromkeys(agreed or {min(targets, key=lambda f: (-targets[f], f))}, not agreed))
    return kept


def _choose_common(counts: Mapping[_Key, int], total: int, min_prevalence: float) -> frozenset[_Key]:
    """Give what enough hosts have, or else what most have."""
    counted = {key: count for key, count in counts.items() if count >= FLOOR}
    common = {key for key, count in counted.items() if Prevalence(count, total).share >= min_prevalence}
    if not common and counted:
        most = max(counted.values())
        common = {key for key, count in counted.items() if count == most}
    return frozenset(common)
