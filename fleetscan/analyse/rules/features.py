"""Features of the cases that are asked about, kept as long as they are of use."""

from dataclasses import dataclass, field

from fleetscan.analyse.case import Case
from fleetscan.analyse.filediff import Contents
from fleetscan.analyse.rules.case_features import CaseFeatures
from fleetscan.analyse.rules.subject_features import SubjectFeatures
from fleetscan.model.subject import Subject

_MAX_SUBJECTS = 200_000


@dataclass(eq=False)
class FeatureStore:
    """Keeps the features of subjects that many hosts share, and those of the case that is being asked about."""

    _subjects: dict[int, SubjectFeatures] = field(default_factory=dict)
    _last: CaseFeatures | None = None

    def of_case(self, case: Case) -> CaseFeatures:
        """Give the features of a case; the same ones while it is asked about again and again."""
        if self._last is None or self._last.case is not case:
            expected = next((item.expected for item in case.drift if item.expected is not None), None)
            of_expected = None if expected is None else self.of_subject(expected, case.contents)
            self._last = CaseFeatures(case, self.of_subject(case.subject, case.contents), of_expected)
        return self._last

    def of_subject(self, subject: Subject, contents: Contents) -> SubjectFeatures:
        """Give the features of one form. It is kept as long as they are, so its identity is its own."""
        found = self._subjects.get(id(subject))
        if found is None or found.subject is not subject:
            if len(self._subjects) >= _MAX_SUBJECTS:
                self._subjects.clear()
            found = self._subjects[id(subject)] = SubjectFeatures(subject, contents)
        return found
