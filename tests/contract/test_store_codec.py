"""Stored documents: what goes in comes out, and what does not fit is refused."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleetscan.model.baseline import Proposal
from fleetscan.model.coverage import Coverage
from fleetscan.model.drift import HostDrift
from fleetscan.model.finding import Finding
from fleetscan.model.snapshot import HostFacts, RuntimeState
from fleetscan.model.sweep import Selection
from fleetscan.store.codec import CodecError, decode_value, encode_value

_TEXT = st.text(st.characters(exclude_categories=()), max_size=8)
_INSTANTS = st.datetimes(timezones=st.just(UTC))

st.register_type_strategy(str, _TEXT)
st.register_type_strategy(datetime, _INSTANTS)
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@pytest.mark.parametrize("kind", [HostFacts, RuntimeState, Coverage, Selection, Proposal, HostDrift, Finding])
@given(data=st.data())
def test_every_value_survives_the_round_trip(kind: type[object], data: st.DataObject) -> None:
    value = data.draw(st.from_type(kind))
    encoded = encode_value(value, kind)
    assert encoded.isascii()
    assert decode_value(encoded, kind) == value


def test_equal_values_give_equal_bytes() -> None:
    one = RuntimeState(times={}, remote_at=datetime(2026, 1, 1, 12, tzinfo=UTC))
    other = RuntimeState(times={}, remote_at=datetime(2026, 1, 1, 14, tzinfo=timezone(timedelta(hours=2))))
    assert encode_value(one, RuntimeState) == encode_value(other, RuntimeState)


@pytest.mark.parametrize(
    "document",
    [
        "not json",
        "[]",
        {"data": {}},
        {"v": 2, "data": {}},
        {"v": 1, "data": []},
        {"v": 1, "data": {"groups": "web"}},
        {"v": 1, "data": {"groups": [1]}},
        {"v": 1, "data": {"groups": [], "unheard": 1}},
    ],
)
def test_a_document_that_does_not_fit_its_type_is_refused(document: object) -> None:
    data = document if isinstance(document, str) else json.dumps(document)
    with pytest.raises(CodecError):
        decode_value(data.encode(), Selection)


@pytest.mark.parametrize(
    "gap",
    [
        {"area": "moods", "scope": None, "status": "denied", "path": None, "reason": ""},
        {"area": "files", "scope": None, "status": "denied", "path": None},
        {"area": "files", "scope": None, "status": True, "path": None, "reason": ""},
    ],
)
def test_an_unknown_word_or_a_missing_field_is_refused(gap: dict[str, object]) -> None:
    with pytest.raises(CodecError):
        decode_value(json.dumps({"v": 1, "data": {"gaps": [gap]}}).encode(), Coverage)


def test_a_field_added_later_takes_its_default_in_old_documents() -> None:
    assert decode_value(b'{"v":1,"data":{}}', HostFacts) == HostFacts()


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without zone"):
        encode_value(RuntimeState(remote_at=datetime(2026, 1, 1)), RuntimeState)  # noqa: DTZ001 - the fault under test
    with pytest.raises(CodecError):
        decode_value(b'{"v":1,"data":{"remote_at":"2026-01-01T00:00:00"}}', RuntimeState)
