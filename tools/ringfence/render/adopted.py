"""The files of adopted policies: each object as it was written, with the label that says what it is.

The form is this tool's own whatever the source looked like, so that the bytes are stable. Knows no template.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ringfence.model.types import Adopted, Cluster, Model
from ringfence.render import emit
from ringfence.render.proof import HEADER
from ringfence.render.quoting import Yaml, comment

LABEL = "ringfence.dev/adopted"
LONGEST = 120
"""How long a name may be before it is cut in the name of a file, which file systems limit to 255 bytes."""


def files(items: Iterable[Adopted]) -> Iterator[tuple[str, bytes]]:
    """The file of each policy, name to bytes."""
    for item in items:
        origin = comment(f"adopted from {item.where.path}: change it there, or write flows that take its place")
        yield file_name(item), f"{HEADER}{origin}\n{_lines(item)}".encode()


def file_name(item: Adopted) -> str:
    """The name of a policy's file, told apart by API group, kind and name; no name of a workload has a dot."""
    name = item.name
    if len(name) > LONGEST:
        import hashlib

        name = f"{name[:LONGEST]}-{hashlib.sha256(name.encode()).hexdigest()[:10]}"
    of = f".{item.namespace}" if item.namespace else ""
    return f"adopted.{item.kind.lower()}.{item.group}{of}.{name}.yaml"


def data(item: Adopted) -> dict[str, Any]:
    """The object that is rendered: what was written, without what is null, and with the label."""
    found: dict[str, Any] = _without_nulls(item.data)
    metadata = found["metadata"]
    labels = metadata.get("labels")
    own = labels if isinstance(labels, dict) else {}
    found["metadata"] = {**metadata, "labels": {**own, LABEL: "true"}}
    return found


def printable(value: Any) -> Any:
    """Plain data as `emit` takes it: what it does not write is JSON, which is YAML too."""
    if isinstance(value, dict):
        return {str(key): printable(item) for key, item in value.items()}
    if isinstance(value, list) and not any(isinstance(item, list) and item for item in value):
        return [printable(item) for item in value]
    if isinstance(value, list | float) or value is None:
        return Yaml(json.dumps(value))
    return value


def in_namespaces(model: Model, cluster: Cluster) -> dict[str, tuple[Adopted, ...]]:
    """The adopted policies of a cluster that stand in the namespaces of teams, by declared name."""
    found: dict[str, list[Adopted]] = {item.name: [] for item in model.namespaces_in(cluster)}
    for item in model.adopted_in(cluster):
        if item.namespace in found:
            found[item.namespace].append(item)
    return {name: tuple(items) for name, items in found.items() if items}


def elsewhere(model: Model, cluster: Cluster) -> tuple[Adopted, ...]:
    """Those of the cluster as a whole, and of namespaces that no team has."""
    teams = {item.name for item in model.namespaces_in(cluster)}
    return tuple(item for item in model.adopted_in(cluster) if item.namespace not in teams)


def _lines(item: Adopted) -> str:
    return "".join(f"{line}\n" for line in emit.mapping(printable(data(item))))


def _without_nulls(value: Any) -> Any:
    """The API server takes null for absent."""
    if isinstance(value, Mapping):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value
