"""Connections as a list for people: who may talk to whom in each cluster, and because of what."""

from __future__ import annotations

from ringfence.connectivity import Connectivity
from ringfence.connectivity.listing import Connection
from ringfence.errors import UsageError
from ringfence.model.types import Flow, Model
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import PortSet
from ringfence.verify.declared import Opening, Pod, Statement
from ringfence.verify.ends import End, end_of, name, statements
from ringfence.verify.state import State


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
        causes = {"adopted"} if state.bare is not None and _is_adopted(state.bare, ends, row.allowed) else set()
        causes |= {_cause(item) for item in statements(declared, *ends) if item.ports & row.allowed}
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


def _is_adopted(bare: Connectivity, ends: tuple[End, End], allowed: PortSet) -> bool:
    """Whether the bundles alone would not allow all of it: adopted policies do."""
    try:
        return bool(allowed - bare.ports(*ends))
    except UsageError:  # only adopted policies speak of an end
        return bool(allowed)


def _from_nodes(state: State, source: End) -> bool:
    """Whether the source is nodes, which always reach the pods they run and which no policy can keep out."""
    return isinstance(source, AddressSet) and source <= state.connectivity.cluster.profile.nodes


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
