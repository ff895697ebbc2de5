"""Folders of which nothing is to be said, as rows: out of the cache, or read with copies of this process.

The key of a row says all that decides what its folders hold: the contents of their files by the ids that Git has for
them, and what the cluster that they are for asks of them. Folders of which anything is to be said have no row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from ringfence import cache
from ringfence.values import workers

KIND = "bundle"
"""The kind of the cache's values: the policies of a namespace in some clusters, by `manifests.rows`."""

AT_ONCE = 20
"""Namespaces that a process reads before it takes the next ones."""

Item = TypeVar("Item")

Row = tuple[bytes, bool]
"""A row, and whether it is certain to be that of the key: a file may have been another one while it was read."""


def rows(items: Sequence[Item], key: Callable[[Item], str], read: Callable[[Item], Row]) -> tuple[list[bytes], int]:
    """The row of each item, which `read` gives where the cache does not know its `key`; and how many it knew."""
    store = cache.store()
    keys = [] if store.why else [key(item) for item in items]
    found = store.get(KIND, keys)
    new = [index for index in range(len(items)) if not keys or keys[index] not in found]
    parts = [new[start : start + AT_ONCE] for start in range(0, len(new), AT_ONCE)]

    def work(part: Sequence[int]) -> list[Row]:
        return [read(items[index]) for index in part]

    made: dict[int, Row] = {}
    for part, result in zip(parts, workers.spread(work, parts, _packed, _unpacked), strict=True):
        made.update(zip(part, result, strict=True))
    if keys:
        store.put(KIND, {keys[index]: raw for index, (raw, certain) in made.items() if certain})
    return [made[index][0] if index in made else found[keys[index]] for index in range(len(items))], len(found)


def _packed(result: list[Row]) -> bytes:
    import msgpack

    packed: bytes = msgpack.packb(result)
    return packed


def _unpacked(raw: bytes) -> list[Row]:
    import msgpack

    return [(row, certain) for row, certain in msgpack.unpackb(raw)]
