"""The exposure of clusters: for a terminal, the world first; and as JSON (`docs/reference/json.md`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from ringfence.connectivity import Direction
from ringfence.connectivity.exposure import Exposed
from ringfence.connectivity.space import NamedPods
from ringfence.manifests import Selector
from ringfence.report.text import one_line, paint, plural, table
from ringfence.values.addresses import AddressSet

SHOWN = 6
"""How many peers or workloads a line names before the rest is counted."""


class Line(Struct, frozen=True):
    """One row of exposure with the name of its workload for people, and of its peer where there is one (else "")."""

    workload: str
    row: Exposed
    name: str = ""

    @property
    def is_part(self) -> bool:
        """Whether the peer is neither pods nor the world, but a part of the cluster that Cilium knows by name."""
        return not self.row.is_world and not self.row.is_pods


class Part(Struct, frozen=True):
    """The exposure of one cluster (no name for plain manifests); `unprotected` and `left_out` as in `Exposure`."""

    cluster: str
    lines: tuple[Line, ...]
    unprotected: tuple[tuple[str, Direction], ...]
    left_out: int


def as_text(parts: Sequence[Part], colour: bool) -> str:
    """One block a cluster; workloads that fare alike share a line."""
    return "\n".join(_block(part, colour) for part in parts)


def summary(parts: Sequence[Part]) -> str:
    """How many workloads certainly are open, by kind of peer."""
    counts = {
        (direction, world): len(
            {
                (part.cluster, line.workload)
                for part in parts
                for line in part.lines
                if line.row.direction is direction
                and line.row.ports
                and (line.row.is_world if world else line.row.is_pods)
            }
        )
        for direction in Direction
        for world in (True, False)
    }
    unprotected = sum(len(part.unprotected) for part in parts)
    return (
        f"from the world: {plural(counts[Direction.INGRESS, True], 'workload')}; "
        f"to the world: {counts[Direction.EGRESS, True]}; "
        f"from pods that are not declared: {counts[Direction.INGRESS, False]}; "
        f"to such pods: {counts[Direction.EGRESS, False]}; "
        f"directions without a policy: {unprotected}"
    )


def as_json(parts: Sequence[Part]) -> dict[str, Any]:
    """Every row and every unprotected direction."""
    return {
        "exposure": [_row(part.cluster, line) for part in parts for line in part.lines],
        "unprotected": [
            {"cluster": part.cluster, "workload": name, "direction": direction.value}
            for part in parts
            for name, direction in part.unprotected
        ],
    }


def _row(cluster: str, line: Line) -> dict[str, Any]:
    row = line.row
    return {
        "cluster": cluster,
        "workload": line.workload,
        "direction": row.direction.value,
        "peer": _peer(line),
        "ports": row.ports.to_json(),
        "undefined": row.undefined.to_json(),
        "reasons": list(row.reasons),
        "declared": [str(end) for end in row.known],
    }


def _peer(line: Line) -> dict[str, Any]:
    row, text = line.row, _words(line)
    if isinstance(row.peer, AddressSet):
        return {"kind": "world", "text": text, "addresses": row.peer.ranges()}
    if isinstance(row.peer, NamedPods):
        return {
            "kind": "pods",
            "text": text,
            "namespace": row.peer.namespace or None,
            "namespaceSelector": _selector(row.peer.namespaces),
            "podSelector": _selector(row.peer.pods),
        }
    return {"kind": "pods together" if row.is_pods else "place", "text": text}


def _selector(selector: Selector) -> list[dict[str, Any]]:
    return [{"key": item.key, "operator": item.operator, "values": list(item.values)} for item in selector.requirements]


def _words(line: Line) -> str:
    """The peer in words; of addresses without a name, at most four ranges."""
    peer = line.row.peer
    if line.name or not isinstance(peer, AddressSet):
        return line.name or str(peer)
    cidrs = peer.cidrs()
    return ", ".join(cidrs[:4]) + (f" and {len(cidrs) - 4} more ranges" if len(cidrs) > 4 else "")


def _block(part: Part, colour: bool) -> str:
    lines = part.lines
    where = f"{part.cluster}: " if part.cluster else ""
    text = ""
    for title, chosen in (
        ("the world", [line for line in lines if line.row.is_world]),
        ("pods that are not declared", [line for line in lines if line.row.is_pods]),
        ("nodes and other parts of the cluster", [line for line in lines if line.is_part]),
    ):
        for word, direction in (("From", Direction.INGRESS), ("To", Direction.EGRESS)):
            here = [line for line in chosen if line.row.direction is direction]
            if here or not title.startswith("nodes"):
                text += paint(f"{where}{word} {title}", "1", colour) + "\n" + _section(here)
    text += paint(f"{where}No policy selects", "1", colour) + "\n"
    for direction in Direction:
        names = [name for name, way in part.unprotected if way is direction]
        text += f"  {direction}: {_names(names) if names else 'nothing is without'}\n"
    if part.left_out:
        text += f"{plural(part.left_out, 'set')} of pods with the labels of declared workloads left out: see --all\n"
    reasons = sorted({reason for line in lines for reason in line.row.reasons})
    if reasons:
        text += paint(f"{where}Why something is undefined", "1", colour) + "\n"
        text += "".join(f"  {one_line(reason)}\n" for reason in reasons[:SHOWN])
        text += f"  and {len(reasons) - SHOWN} more reasons; --format json has them\n" if len(reasons) > SHOWN else ""
    return text


def _section(lines: Sequence[Line]) -> str:
    """One line for what fares alike: the most general peers first."""
    alike: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in lines:
        alike[_words(line), _ports(line.row)].append(line)
    joined: dict[tuple[int, str, str], list[str]] = defaultdict(list)
    for (peer, ports), same in alike.items():
        joined[_generality(same[0].row), ports, _names(line.workload for line in same)].append(peer)
    if not joined:
        return "  nothing\n"
    ordered = sorted((generality, sorted(peers), ports, names) for (generality, ports, names), peers in joined.items())
    cells = [(_some(peers), ports, names) for _, peers, ports, names in ordered]
    return "".join(f"  {line}\n" for line in table(("PEER", "PORTS", "WORKLOADS"), cells).splitlines())


def _generality(row: Exposed) -> int:
    """0 for any pod and for addresses, more the more conditions there are."""
    if not isinstance(row.peer, NamedPods):
        return 4 if row.is_pods else 0
    return 2 * bool(row.peer.namespace or row.peer.namespaces.requirements) + bool(row.peer.pods.requirements)


def _ports(row: Exposed) -> str:
    parts = [str(row.ports)] if row.ports or not row.undefined else []
    if row.undefined:
        parts.append(f"undefined: {row.undefined}")
    return "; ".join(parts)


def _names(names: Iterable[str]) -> str:
    """Some workloads, without their kinds."""
    return _some(sorted({name.partition("[")[0] for name in names}))


def _some(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    return ", ".join(texts[:SHOWN]) + more


__all__ = ["Line", "Part", "as_json", "as_text", "summary"]
