"""From the conditions of a rule to its `Match`."""

from collections.abc import Mapping

from fleetscan.analyse.case import Case
from fleetscan.analyse.rules.case_features import CaseFeatures
from fleetscan.analyse.rules.conditions import MAX_EVIDENCE, Condition, compile_condition
from fleetscan.analyse.rules.element import Evidence
from fleetscan.analyse.rules.features import FeatureStore
from fleetscan.analyse.rules.rule import Match
from fleetscan.model.subject import SubjectKind


def compile_match(plain: object, kinds: frozenset[SubjectKind], store: FeatureStore, *, needs_drift: bool) -> Match:
    """Compile the conditions of one rule.

    What of them depends on the form of the subject alone is asked once for each form, however many hosts have it.

    Args:
        plain: Mappings, lists and scalars, as the rule file has them.
        kinds: Subjects that the rule is asked of.
        store: Shared by all rules that are asked together.
        needs_drift: Whether the rule is asked only of what differs.

    Raises:
        ConditionError: A condition cannot be understood.
    """
    constant, varying = _split(plain)
    key = object()

    def match(case: Case) -> Evidence | None:
        if case.subject.key.kind not in kinds or (needs_drift and not case.drift):
            return None
        features = store.of_case(case)
        shown: Evidence | None = ()
        if constant is not None:
            shown = _remember(key, constant, features)
            if shown is None:
                return None
        if varying is not None:
            found = varying.test(features)
            if found is None:
                return None
            shown = (*(shown or ()), *found)
        return tuple(dict.fromkeys(shown or ()))[:MAX_EVIDENCE]

    return match


def _remember(key: object, constant: Condition, features: CaseFeatures) -> Evidence | None:
    remembered = features.of_subject.remembered
    if key not in remembered:
        remembered[key] = constant.test(features)
    return remembered[key]


def _split(plain: object) -> tuple[Condition | None, Condition | None]:
    """Part what is asked of the subject's form from the rest; of conditions that all have to hold."""
    whole = compile_condition(plain)
    if whole.of_subject or not isinstance(plain, Mapping):
        return whole, None
    parts: list[object] = []
    for name, value in plain.items():
        if name == "all" and isinstance(value, list):
            parts.extend(value)
        else:
            parts.append({name: value})
    of_subject = [part for part in parts if compile_condition(part).of_subject]
    rest = [part for part in parts if part not in of_subject]
    return (compile_condition({"all": of_subject}) if of_subject else None), compile_condition({"all": rest})
