"""Environments beside one another: the flows and connections that one has and another lacks.

Flows are compared as declared, connections as the rendered policies of each cluster allow them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from ringfence.connectivity.listing import Connection
from ringfence.findings import Finding
from ringfence.model.flows import shared_environments
from ringfence.model.types import Flow, Leg, Model, Workload
from ringfence.sources import Tree
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import NO_PORTS, PortSet
from ringfence.verify import State, states
from ringfence.verify.declared import Pod
from ringfence.verify.ends import name as end_name
from ringfence.verify.listing import listing

Cell = tuple[PortSet, PortSet]
"""What a cluster allows between two ends: the allowed ports, and those without a verdict."""

_NOTHING: Cell = (NO_PORTS, NO_PORTS)


class FlowGap(Struct, frozen=True):
    """A flow that does not hold alike in the environments: those in which it does, and why it lacks in the others."""

    flow: Flow
    held: tuple[str, ...]
    why: str


class ConnectionGap(Struct, frozen=True):
    """A connection that clusters of the environments do not allow alike.

    `cells` has every cluster of the environments, by its name. `causes` are the flows (`shop/pay`) and grants
    (`baseline dns`) behind it where it is allowed.
    """

    source: str
    destination: str
    cells: Mapping[str, Cell]
    causes: tuple[str, ...]


class Comparison(Struct, frozen=True):
    """What differs; `clusters` are those of each environment, in the order in which environments were named."""

    clusters: Mapping[str, tuple[str, ...]]
    flows: tuple[FlowGap, ...]
    connections: tuple[ConnectionGap, ...]
    findings: tuple[Finding, ...]


def compare(model: Model, tree: Tree, environments: Sequence[str]) -> Comparison:
    """What some of the environments have and others lack; each must exist."""
    clusters = {
        name: tuple(cluster.name for cluster in model.clusters.values() if cluster.environment == name)
        for name in environments
    }
    wanted = tuple(name for names in clusters.values() for name in names)
    found = [state for state in states(model, tree) if any(cluster.name in wanted for cluster in state.clusters)]
    table = _Table(model, wanted)
    for state in found:
        table.add(state)
    return Comparison(
        clusters,
        tuple(gap for flow in model.flows if (gap := _flow_gap(flow, environments))),
        tuple(sorted(table.gaps(), key=lambda gap: (gap.source, gap.destination))),
        tuple(dict.fromkeys(finding for state in found for finding in state.findings)),
    )


def _flow_gap(flow: Flow, environments: Sequence[str]) -> FlowGap | None:
    """The gap of a flow of which some leg holds in one of the environments and not in another."""
    legs = {
        name: [leg for leg in flow.legs if name in shared_environments(leg, flow.environments)] for name in environments
    }
    if all(held == legs[environments[0]] for held in legs.values()):
        return None
    somewhere = [leg for leg in flow.legs if any(leg in held for held in legs.values())]
    reasons = [_why(flow, leg, name) for name in environments for leg in somewhere if leg not in legs[name]]
    return FlowGap(flow, tuple(name for name in environments if legs[name]), "; ".join(dict.fromkeys(reasons)))


def _why(flow: Flow, leg: Leg, environment: str) -> str:
    absent = [
        end.id
        for end in (leg.source, leg.destination)
        if isinstance(end, Workload) and environment not in end.environments
    ]
    if absent:
        return f"{' and '.join(absent)} {'is' if len(absent) == 1 else 'are'} not in {environment}"
    return f"{flow.id} does not name {environment}"


class _Table:
    """Connections by their ends, with what each cluster allows; addresses are cut where clusters differ."""

    def __init__(self, model: Model, clusters: Sequence[str]) -> None:
        self._model = model
        self._clusters = clusters
        self._pods: dict[tuple[str, str], dict[str, Cell]] = defaultdict(dict)
        self._addresses: dict[tuple[str, str], list[tuple[AddressSet, dict[str, Cell]]]] = defaultdict(list)
        self._causes: dict[tuple[str, str], list[tuple[AddressSet | None, tuple[str, ...]]]] = defaultdict(list)

    def add(self, state: State) -> None:
        """The connections of one Kubernetes cluster."""
        pods = state.declared.pods
        for row in listing(state, self._model):
            ends = [pods[end] if isinstance(end, str) else None for end in row.ends]
            for cluster in {pod.cluster.name: pod.cluster for pod in ends if pod and pod.cluster}.values():
                if cluster.name in self._clusters:
                    labels = [_label(pod, cluster.environment) for pod in ends]
                    self._put(cluster.name, labels, row)

    def _put(self, cluster: str, labels: Sequence[str], row: Connection) -> None:
        cell = (row.ports, row.undefined)
        outside = [end for end in row.ends if isinstance(end, AddressSet)]
        key = (labels[0], labels[1])
        if outside:
            self._addresses[key] = _laid(self._addresses[key], outside[0], cluster, cell)
        else:
            self._pods[key][cluster] = _together(self._pods[key].get(cluster, _NOTHING), cell)
        self._causes[key].append((outside[0] if outside else None, row.causes))

    def gaps(self) -> Iterable[ConnectionGap]:
        """The connections that the clusters do not allow alike."""
        self._join_names()
        for key, cells in self._pods.items():
            if self._differs(cells):
                yield self._gap(key, None, cells)
        # a row holds all addresses with equal ports, so no two pieces are alike in every cluster
        for key, pieces in self._addresses.items():
            for addresses, cells in pieces:
                if self._differs(cells):
                    yield self._gap(key, addresses, cells)

    def _join_names(self) -> None:
        """Takes a peer that has both names and addresses for one end, whichever of them a cluster's policies name."""
        for peer in self._model.peers.values():
            for source, destination in list(self._pods) if peer.names and peer.addresses else ():
                pieces = self._addresses.get((source, ""), [])
                whole = next((item for item in pieces if peer.addresses <= item[0]), None)
                if destination == peer.id and whole is not None:
                    addresses, cells = whole
                    pieces.remove(whole)
                    if rest := addresses - peer.addresses:
                        pieces.append((rest, cells))
                    named = self._pods[source, destination]
                    for cluster, cell in cells.items():
                        named[cluster] = _together(named.get(cluster, _NOTHING), cell)

    def _differs(self, cells: Mapping[str, Cell]) -> bool:
        return len({cells.get(cluster, _NOTHING) for cluster in self._clusters}) > 1

    def _gap(self, key: tuple[str, str], addresses: AddressSet | None, cells: Mapping[str, Cell]) -> ConnectionGap:
        source, destination = (label or self._addressed(addresses) for label in key)
        complete = {cluster: cells.get(cluster, _NOTHING) for cluster in self._clusters}
        causes = {
            cause
            for outside, found in self._causes[key]
            for cause in found
            if outside is None or addresses is None or outside & addresses
        }
        return ConnectionGap(source, destination, complete, tuple(sorted(causes)))

    def _addressed(self, addresses: AddressSet | None) -> str:
        if addresses is None:
            return ""
        named = [peer.name for peer in self._model.peers.values() if peer.addresses == addresses]
        return named[0] if named else end_name(addresses)


def _together(one: Cell, other: Cell) -> Cell:
    """What is allowed by either of two ways to name an end."""
    allowed = one[0] | other[0]
    return allowed, (one[1] | other[1]) - allowed


def _label(pod: Pod | None, environment: str) -> str:
    """The declared name of a pod, with its environment where that is another; empty for addresses."""
    if pod is None:
        return ""
    other = pod.cluster is not None and pod.cluster.environment != environment
    return f"{pod.label} ({pod.cluster.environment})" if other and pod.cluster else pod.label


def _laid(
    pieces: Sequence[tuple[AddressSet, dict[str, Cell]]], addresses: AddressSet, cluster: str, cell: Cell
) -> list[tuple[AddressSet, dict[str, Cell]]]:
    """Disjoint pieces with a cell of one cluster laid over them; its rows of one pod never overlap."""
    result = []
    for piece, cells in pieces:
        common, rest = piece & addresses, piece - addresses
        if common:
            result.append((common, {**cells, cluster: cell}))
        if rest:
            result.append((rest, cells))
        addresses = addresses - piece
    if addresses:
        result.append((addresses, {cluster: cell}))
    return result
