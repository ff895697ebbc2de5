"""The ends of the flows that an edit of a file adds, alters or removes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ringfence import documents

Ends = frozenset[str]
"""The namespaces at the ends of a flow, that of its file included."""


FLOWS, NAMESPACE = "Flows", "Namespace"


class Unclear(Exception):  # noqa: N818 - says that everything may be concerned, and is no failure
    """What a change concerns cannot be told from the files alone."""


def namespaces_of_edit(path: str, before: bytes | None, after: bytes | None) -> Ends | None:
    """The namespaces at the ends of flows that only one side has; None where a side holds no flows.

    Raises `Unclear` on what cannot be read.
    """
    sides = [None if raw is None else _mapping(path, raw) for raw in (before, after)]
    if any(side is not None and side.get("kind") != FLOWS for side in sides):
        return None
    old, new = (list(_flows(side)) for side in sides)
    differing = [flow for flow in old if flow not in new] + [flow for flow in new if flow not in old]
    return Ends().union(*(_ends(path, flow) for flow in differing))


def only_workloads_differ(path: str, before: bytes | None, after: bytes | None) -> bool:
    """Whether both sides of a file declare the same namespace but for its workloads."""
    if before is None or after is None:
        return False
    sides = [
        {key: value for key, value in _mapping(path, raw).items() if key != "workloads"} for raw in (before, after)
    ]
    return sides[0] == sides[1] and sides[0].get("kind") == NAMESPACE


def ends_of(path: str, raw: bytes) -> Iterator[Ends]:
    """The namespaces at the ends of each flow of a file."""
    return (_ends(path, flow) for flow in _flows(_mapping(path, raw)))


def _mapping(path: str, raw: bytes) -> dict[str, Any]:
    document, _ = documents.read(path, raw)
    if document is None or not isinstance(document.data, dict):
        raise Unclear
    return document.data


def _flows(data: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    flows = data.get("flows") if data is not None and data.get("kind") == FLOWS else None
    for flow in flows if isinstance(flows, list) else ():
        if not isinstance(flow, dict):
            raise Unclear
        yield flow


def _ends(path: str, flow: dict[str, Any]) -> Ends:
    found = {path.split("/")[2]}
    for key in ("from", "to"):
        value = flow.get(key)
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and "/" in text:
                found.add(text.partition("/")[0])
    return Ends(found)
