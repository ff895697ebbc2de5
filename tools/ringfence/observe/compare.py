"""What was seen, held against what is declared: used, never seen, would break, denied today, denied though declared.

What an adopted policy allows does not break, and what the log cannot tell from what is declared is said so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from ringfence.model.types import Cluster, Model
from ringfence.observe.declarations import Declared, port_of
from ringfence.observe.kept import Kept
from ringfence.observe.mapping import Mapped, Places
from ringfence.observe.results import Comparison, Talk, Unplaced
from ringfence.observe.types import Observations, Seen, Verdict
from ringfence.observe.usage import Usage
from ringfence.values.ports import PROTOCOLS

EPHEMERAL = 32768
"""The first of the ports from which Linux takes those of clients (net.ipv4.ip_local_port_range)."""

PROBED = 8
"""More ports than these of one workload, none of them declared, are no use of it but a search."""


PARTS = (
    "breaking",
    "denied_today",
    "denied",
    "refused",
    "probes",
    "replies",
    "nodes",
    "unjudged",
    "foreign",
    "unclear",
    "adopted",
)
"""What a talk may be beside used, by the names of the fields of `Comparison`."""


def compare(observed: Observations, model: Model, cluster: Cluster) -> Comparison:
    """Hold what was seen in a cluster against what is declared for it."""
    places = Places(model, cluster)
    talks = _talks(observed.seen, places)
    declared = Declared(model, cluster)
    sorted_out: dict[str, list[Talk]] = defaultdict(list)
    backwards = {(talk.destination.label, talk.source.label) for talk in talks if talk.port < EPHEMERAL}
    searched = _searched(talks, model)
    kept, now = Kept(model, cluster), Kept(model, cluster, stages=True)
    for talk in talks:
        name = _bin(talk, declared, backwards, searched, model)
        if name == "breaking" and kept.allows(talk):
            name = "adopted"
        elif name == "breaking" and _is_enforced(talk, cluster) and not now.allows(talk):
            name = "denied_today"
        sorted_out[name].append(talk)
    ends = {mapped.end for talk in talks for mapped in (talk.source, talk.destination)}
    return Comparison(
        cluster,
        observed,
        uses=declared.uses(),
        unplaced=_unplaced(talks),
        idle=tuple(item.id for item in model.workloads_in(cluster) if item.id not in ends),
        **{name: tuple(sorted_out[name]) for name in PARTS},
    )


def _talks(seen: Iterable[Seen], places: Places) -> list[Talk]:
    found: dict[tuple[Mapped, Mapped, str, int, Verdict], Usage] = {}
    for item in seen:
        key = (places.place(item.source), places.place(item.destination), item.protocol, item.port, item.verdict)
        found[key] = found.get(key, Usage()).plus(item)
    return sorted((Talk(*key, usage) for key, usage in found.items()), key=lambda talk: talk.sort_key)


def _bin(
    talk: Talk,
    declared: Declared,
    backwards: set[tuple[str, str]],
    searched: set[tuple[str, str]],
    model: Model,
) -> str:
    """The part of the comparison that a talk belongs to."""
    if not (talk.source.is_managed or talk.destination.is_managed):
        return "foreign"
    judged = talk.protocol in PROTOCOLS and talk.port > 0
    if judged and declared.count(talk):
        return "used" if talk.verdict == "allowed" else "denied"
    perhaps = judged and declared.may_count(talk)
    pair = (talk.source.label, talk.destination.label)
    if talk.verdict == "denied":
        return "refused"
    if talk.source.kind == "node":
        return "nodes"
    if not judged:
        return "unjudged"
    if talk.port >= EPHEMERAL and pair in backwards and not _is_declared(talk, model):
        return "replies"
    if not _is_declared(talk, model) and (pair in searched or talk.source.kind == "outside"):
        return "probes"
    return "unclear" if perhaps else "breaking"


def _is_enforced(talk: Talk, cluster: Cluster) -> bool:
    """Whether a team's namespace at either end is enforced in the direction that the connection takes there."""
    ends = ((talk.source, "egress"), (talk.destination, "ingress"))
    return any(end.is_managed and getattr(cluster.stage(end.namespace), way) == "enforce" for end, way in ends)


def _searched(talks: Sequence[Talk], model: Model) -> set[tuple[str, str]]:
    """Pairs of which the source tries many ports that the destination does not declare."""
    tried: dict[tuple[str, str], set[str]] = defaultdict(set)
    for talk in talks:
        if talk.destination.is_managed and not _is_declared(talk, model):
            tried[talk.source.label, talk.destination.label].add(talk.port_text)
    return {pair for pair, ports in tried.items() if len(ports) > PROBED}


def _is_declared(talk: Talk, model: Model) -> bool:
    """Whether the destination declares the port; what is outside need not."""
    end = model.workloads.get(talk.destination.end or "") or model.peers.get(talk.destination.end or "")
    return port_of(end, talk.protocol, talk.port) is not None or not talk.destination.is_managed


def _unplaced(talks: Iterable[Talk]) -> tuple[Unplaced, ...]:
    found: dict[tuple[str, str, str], int] = defaultdict(int)
    for talk in talks:
        for mapped in (talk.source, talk.destination):
            if mapped.end is None and mapped.kind != "node":
                found[mapped.kind, mapped.label, mapped.why] += talk.usage.count
    rows = (Unplaced(*key, count) for key, count in found.items())
    return tuple(sorted(rows, key=lambda row: (-row.count, row.kind, row.label)))
