"""A census as one host sees it: its own contribution taken out, so that a thing cannot vouch for itself."""

from dataclasses import dataclass

from fleetscan.analyse.census import Census, Group, Tally, own_contribution
from fleetscan.model.baseline import Prevalence
from fleetscan.model.subject import Subject, SubjectKey

_NOBODY = Tally()


@dataclass(frozen=True, slots=True)
class Vantage:
    """Counts of a census, less one host.

    Attributes:
        own: The group of the host to leave out, None to leave out nothing.
    """

    census: Census
    own: Group | None = None

    def comparable_hosts(self, key: SubjectKey) -> int:
        """Give on how many hosts the subject is seen or proven absent."""
        counted = self.census.hosts - self._tally(key).hidden
        return counted - (1 if self.own is not None and key not in self.own.hidden else 0)

    def prevalence(self, key: SubjectKey) -> Prevalence:
        """Give on how many hosts the subject is seen in any form."""
        own = 1 if self.own is not None and key in self.own.subjects else 0
        return Prevalence(self._tally(key).seen - own, self.comparable_hosts(key))

    def prevalence_of_meaning(self, subject: Subject) -> Prevalence:
        """Give on how many hosts the subject means the same."""
        meaning = subject.fingerprint.meaning
        count = self._tally(subject.key).meanings[meaning]
        if self.own is not None and own_contribution(self.own, subject.key).meaning == meaning:
            count -= 1
        return Prevalence(count, self.comparable_hosts(subject.key))

    def prevalence_of_state(self, subject: Subject) -> Prevalence:
        """Give on how many hosts the subject is in the same state."""
        state = subject.fingerprint.state
        count = self._tally(subject.key).states[state]
        if self.own is not None and own_contribution(self.own, subject.key).state == state:
            count -= 1
        return Prevalence(count, self.comparable_hosts(subject.key))

    def _tally(self, key: SubjectKey) -> Tally:
        return self.census.tallies.get(key, _NOBODY)
