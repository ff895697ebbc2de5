"""Connections as a list for people: who may talk to whom in each cluster, and because of what."""

from __future__ import annotations

from dataclasses import dataclass

from ringfence import connectivity
from ringfence.connectivity import Connectivity, Row
from ringfence.model.types import Flow, Model
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import PortSet
from ringfence.verify.declared import Opening, Pod, Statement
from ringfence.verify.ends import End, end_of, name, statements
from ringfence.verify.state import State


@dataclass(frozen=True, slots=True)
class Connection:
    """One listed connection. `source` and `destination` are declared names where there are any.

    `ends` are the pods (`namespace/name` in the cluster) or addresses behind the names; `causes` the flows
    (`shop/pay`) and grants (`baseline dns`) that declare some of it; `undefined` the ports without a verdict;
    `restricted` those that are restricted above layer 4, by what.
    """

    cluster: str
    source: str
    destination: str
    ports: PortSet
    undefined: PortSet
    causes: tuple[str, ...]
    ends: tuple[End, End]
    restricted: tuple[tuple[str, PortSet], ...] = ()

    def is_between(self, source: str | None, destination: str | None) -> bool:
        """Whether both ends are the named ones: a name, `namespace/*`, or an address set's text (None: any)."""
        names = (self.source, self.destination)
        wanted = zip((source, destination), names, self.ends, strict=True)
        return all(text is None or is_end(text, name, end) for text, name, end in wanted)


def listing(state: State, model: Model) -> list[Connection]:
    """The connections of a Kubernetes cluster that some bundle has a say in; undeclared pods only where certain."""
    declared = state.declared
    result = []
    for row in state.connectivity.rows():
        ends = end_of(row.source), end_of(row.destination)
        pods = [declared.pods[end] for end in ends if isinstance(end, str)]
        clusters = {pod.cluster.name for pod in pods if pod.cluster is not None}
        others = any(pod.declared is None for pod in pods)
        if not clusters or (others and not row.allowed) or _from_nodes(state, ends[0]):
            continue
        causes = {_cause(item) for item in statements(declared, *ends) if item.ports & row.allowed}
        result.append(
            Connection(
                "+".join(sorted(clusters)),
                _label(ends[0], declared.pods, model),
                _label(ends[1], declared.pods, model),
                row.allowed,
                row.undefined if not others else PortSet(),
                tuple(sorted(causes)),
                ends,
                row.restricted,
            )
        )
    return sorted(result, key=lambda item: (item.cluster, item.source, item.destination))


def _from_nodes(state: State, source: End) -> bool:
    """Whether the source is nodes, which always reach the pods they run and which no policy can keep out."""
    return isinstance(source, AddressSet) and source <= state.connectivity.cluster.profile.nodes


def plain_listing(result: Connectivity) -> list[Connection]:
    """The connections of plain manifests, without a repository."""
    return [plain(row) for row in result.rows(replicas=False)]


def plain(row: Row) -> Connection:
    """One connection of plain manifests."""
    ends = end_of(row.source), end_of(row.destination)
    names = plain_name(row.source), plain_name(row.destination)
    return Connection("", *names, row.allowed, row.undefined, (), ends, row.restricted)


def plain_name(end: connectivity.End) -> str:
    """An end of plain manifests as reports name it."""
    return name(end) if isinstance(end, AddressSet) else str(end)


def _cause(statement: Statement) -> str:
    declaration = statement.cause
    if isinstance(declaration, Opening):
        return f"stage {declaration.stage}"
    return declaration.id if isinstance(declaration, Flow) else f"baseline {declaration.name}"


def _label(end: End, pods: dict[str, Pod], model: Model) -> str:
    if isinstance(end, str):
        return pods[end].label
    named = [peer.name for peer in model.peers.values() if peer.addresses == end]
    return named[0] if named else name(end)


def is_end(text: str, name: str, end: End) -> bool:
    """Whether a text means an end: by its name, its bare name, its namespace (`shop/*`), or an address of it."""
    if isinstance(end, str):
        plain = name.partition("[")[0]
        inside = text.endswith("/*") and plain.startswith(text[:-1])
        return inside or text in (name, plain, end, plain.rpartition("/")[2])
    if text == name:
        return True
    try:
        wanted = AddressSet.of([text if "/" in text else f"{text}/{128 if ':' in text else 32}"])
    except ValueError:
        return False
    return bool(wanted & end)
