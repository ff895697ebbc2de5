"""What tests of observations share: the small repository's model with changes, and short ways to say what was seen."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from ringfence.findings import has_errors
from ringfence.model.types import Model
from ringfence.observe.types import Observations, Seen, Side, Verdict
from small_repository import load

START = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)


def model_of(changes: Mapping[str, str | None] | None = None) -> Model:
    """The model of the small repository with files laid over it, which must be free of errors."""
    found, findings = load(changes or {})
    assert found is not None
    assert not has_errors(findings), findings
    return found


def pod(text: str, **labels: str) -> Side:
    """A side by `namespace/workload`."""
    namespace, _, workload = text.partition("/")
    return Side(namespace=namespace, workload=workload, labels=tuple(sorted(labels.items())))


def address(text: str, *names: str) -> Side:
    """A side that is an address, with DNS names."""
    return Side(address=text, names=names)


def seen(
    source: Side, destination: Side, port: str, *, verdict: Verdict = "allowed", count: int = 1, day: int = 0
) -> Seen:
    """Connections on `8443/TCP`, on one day."""
    number, _, protocol = port.partition("/")
    at = START + day * DAY
    return Seen(source, destination, protocol or "TCP", int(number), verdict, at, at, count)


def observed(*items: Seen) -> Observations:
    """What one log says."""
    times = [item.first for item in items]
    return Observations(tuple(sorted(items)), (), 1, len(items), min(times, default=None), max(times, default=None))
