"""Findings as events of Splunk's HTTP Event Collector."""

import json
from collections.abc import Iterable

from fleetscan.export.outgoing import OutgoingFinding, plain_record, plain_time

SOURCE_TYPE = "fleetscan:finding"


def render_hec(news: Iterable[OutgoingFinding], *, index: str = "") -> str:
    """Write events one after the other, as one request takes them; each is one line of ASCII.

    Args:
        news: The findings.
        index: Name of the index; empty leaves the choice to the token.

    Source:
        Splunk, "Format events for HTTP Event Collector": `time` is in seconds since 1970, events of one request follow
        each other without commas.
    """
    return "\n".join(json.dumps(_build_event(one.fitted, index), separators=(",", ":")) for one in news)


def _build_event(news: OutgoingFinding, index: str) -> dict[str, object]:
    event = {"uid": news.uid, "occasion": news.occasion.value, "at": plain_time(news.at)} | plain_record(news.record)
    envelope: dict[str, object] = {
        "time": round(news.at.timestamp(), 3),
        "host": news.record.host,
        "source": "fleetscan",
        "sourcetype": SOURCE_TYPE,
        "event": event,
    }
    return envelope | ({"index": index} if index else {})
