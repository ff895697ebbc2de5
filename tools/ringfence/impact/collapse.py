"""Fewer rows that say the same: equal changes of several clusters, and changes of equivalent ends."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from msgspec.structs import replace

from ringfence.findings import Location
from ringfence.impact.types import Cause, Change, Row
from ringfence.observe.usage import Usage, together


def over_clusters(items: Iterable[Change]) -> tuple[Change, ...]:
    """Equal changes in several clusters as one.

    Rules of rendered files are not compared: an overlay of its own is no difference.
    """
    clusters: dict[Change, set[str]] = defaultdict(set)
    rules: dict[Change, set[Cause]] = defaultdict(set)
    used: dict[Change, list[Usage | None]] = defaultdict(list)
    for item in items:
        key = replace(item, clusters=(), causes=tuple(cause for cause in item.causes if cause.kind != "rule"))
        clusters[key].update(item.clusters)
        used[key].append(item.used)
        rules[key].update(cause for cause in item.causes if cause.kind == "rule")
    merged = [
        replace(
            item,
            clusters=tuple(sorted(names)),
            causes=tuple(sorted({*item.causes, *rules[item]})),
            used=together(used[item]),
        )
        for item, names in clusters.items()
    ]
    return tuple(sorted(merged, key=lambda item: item.sort_key))


def into_rows(changes: Iterable[Change]) -> tuple[Row, ...]:
    """The changes as rows: those that differ in nothing but the source, and then in the destination, are one.

    Exact: a row stands for every source against every destination.
    """
    by_source: dict[Change, list[Change]] = defaultdict(list)
    for item in changes:
        by_source[_without(item, "", item.destination)].append(item)
    joined: dict[tuple[Change, tuple[str, ...]], list[list[Change]]] = defaultdict(list)
    for alike in by_source.values():
        sources = tuple(sorted({item.source for item in alike}))
        joined[_without(alike[0], "", ""), sources].append(alike)
    rows = []
    for (_, sources), groups in joined.items():
        members = sorted((item for alike in groups for item in alike), key=lambda item: item.sort_key)
        destinations = tuple(sorted({item.destination for item in members}))
        causes = tuple(sorted({cause for item in members for cause in item.causes}))
        used = together([item.used for item in members])
        rows.append(Row(members[0], sources, destinations, causes, used))
    return tuple(sorted(rows, key=lambda row: row.change.sort_key))


def _without(change: Change, source: str, destination: str) -> Change:
    """The change without what differs between equivalent ends: their names, and those of causes that lie in them."""
    causes = (
        cause if cause.is_declaration else Cause(cause.kind, "", Location(""), "", "", "", "", cause.side, cause.edit)
        for cause in change.causes
    )
    return replace(change, causes=tuple(sorted(set(causes))), source=source, destination=destination)
