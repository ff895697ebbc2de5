"""Observations of simulated records without a log in between."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from ringfence.observe.simulate import Record
from ringfence.observe.types import Observations, Seen, Side, Verdict

START = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)
WEEK = datetime.timedelta(days=7)


def read(records: Iterable[Record]) -> Observations:
    """What a reader makes of the records: replies dropped, each connection counted where it arrives."""
    found: dict[tuple[Side, Side, str, int, Verdict], list[datetime.datetime]] = {}
    total = 0
    for record in records:
        total += 1
        if record.reply:
            continue
        sides = [
            Side(item.actor.namespace, item.actor.workload, labels=item.actor.labels)
            if item.pod
            else Side(address=item.address, names=item.actor.names, entity=item.entity)
            for item in (record.source, record.destination)
        ]
        verdict: Verdict = "denied" if record.denied else "allowed"
        found.setdefault((sides[0], sides[1], record.protocol, record.port, verdict), []).append(record.time)
    seen = [Seen(*key, min(times), max(times), len(times)) for key, times in found.items()]
    times = [item.first for item in seen]
    return Observations(tuple(sorted(seen)), (), 1, total, min(times, default=None), max(times, default=None))
