"""Units that stand alone on a host and belong to jobs that it is expected to have, or that it has."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from fleetscan.analyse.expectation import Expectation
from fleetscan.analyse.visibility import find_gap_in_files, find_hiding_gap
from fleetscan.model.coverage import Coverage
from fleetscan.model.ids import Scope
from fleetscan.model.subject import Subject, SubjectKey, SubjectKind


@dataclass(frozen=True)
class ExpectedJobs:
    """One host and its reference, asked for what a job takes with it when it comes or goes."""

    index: Mapping[SubjectKey, Subject]
    coverage: Coverage
    reference: Expectation

    @cached_property
    def moved_units(self) -> frozenset[SubjectKey]:
        """Loose units that this host has as part of a job: not gone, only reached by a timer now."""
        return frozenset(
            SubjectKey(SubjectKind.UNIT, key.scope, name)
            for key, subject in self.index.items()
            for name in subject.unit_names
        )

    @cached_property
    def units_of_missing_jobs(self) -> frozenset[tuple[Scope, str]]:
        """Units of expected jobs that are not here: loose only because their timer is gone, which is told already."""
        missing = (k for k in self.reference.keys if k.kind is SubjectKind.JOB and k not in self.index)
        norms = ((key, norm) for key in missing if (norm := self.reference.norm(key)) is not None and norm.required)
        return frozenset((key.scope, n) for key, norm in norms for v in norm.variants for n in v.subject.unit_names)

    @cached_property
    def unread_starters(self) -> Mapping[tuple[Scope, str], str]:
        """Units of expected jobs → timer, where that job may be here as expected and only the account cannot tell.

        Without the timer's file, or a drop-in with another `Unit=`, what it starts stands there as if nothing did.
        """
        found: dict[tuple[Scope, str], str] = {}
        for key in self.reference.keys if self.coverage.gaps else ():
            norm = self.reference.norm(key) if key.kind is SubjectKind.JOB else None
            if norm is None:
                continue
            subject, forms = self.index.get(key), tuple(variant.subject for variant in norm.variants)
            if subject is None:
                is_unread = find_hiding_gap(self.coverage, key, forms) is not None
            else:
                is_unread = bool(subject.unreadable) or find_gap_in_files(self.coverage, subject, *forms) is not None
            if is_unread:
                found.update(((key.scope, name), key.name) for form in forms for name in form.unit_names)
        return found
