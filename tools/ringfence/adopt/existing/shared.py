"""Namespaces of the manifests that the repository has already, since other clusters have them too.

Workloads and flows that are the same are recognised. What differs is said for the environment of this cluster alone:
new flows hold in it only, and flows that it never had are limited to the others. So the cluster needs an environment of
its own; where it shares one, what is not declared already stays an adopted policy.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from ringfence import documents, model
from ringfence.adopt.existing.units import Unit
from ringfence.connectivity import End, Endpoint, Place
from ringfence.documents import edit
from ringfence.model.flows import shared_environments
from ringfence.model.layout import is_label
from ringfence.model.teams import RESERVED
from ringfence.model.types import End as DeclaredEnd
from ringfence.model.types import Flow, Leg, Model, Peer, Workload
from ringfence.sources import Overlay, Tree
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import NO_PORTS, PortSet

if TYPE_CHECKING:
    from ringfence.verify.equivalence import Difference


class Shared(Struct, frozen=True):
    """What the repository says of the namespaces that the manifests hold too.

    `folders` are theirs, by namespace, and `workloads` those that exist in the environment of the cluster. `legs` are
    what flows open in it; `limited` flows do not any more. `ids` are those of all flows, and `names` of all workloads.
    `files` are files of the repository as they become, and `teams` those of its teams as they are. `others` are the
    other clusters of the environment, by name.
    """

    folders: Mapping[str, str] = field(default_factory=dict)
    workloads: Mapping[str, tuple[Workload, ...]] = field(default_factory=dict)
    legs: tuple[tuple[Flow, Leg], ...] = ()
    limited: tuple[Flow, ...] = ()
    ids: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    files: Mapping[str, bytes] = field(default_factory=dict)
    teams: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)
    others: tuple[str, ...] = ()

    def units(self, namespace: str, endpoints: Iterable[Endpoint]) -> tuple[Unit, ...]:
        """The declared workloads of a namespace that some endpoints are pods of."""
        here = [item for item in endpoints if item.namespace == namespace and not item.host_network]
        found = ((item, tuple(end for end in here if _is_pod_of(end, item))) for item in self.workloads[namespace])
        return tuple(
            Unit(
                namespace,
                item.name,
                item.labels,
                members,
                tuple((port.name, port.ranges) for port in item.ports),
                item.service_account,
            )
            for item, members in found
            if members
        )

    def allowed(self) -> dict[tuple[str, str], PortSet]:
        """What flows open in the environment, by the ids of both ends."""
        found: dict[tuple[str, str], PortSet] = {}
        gone = {flow.id for flow in self.limited}
        for flow, leg in self.legs:
            if flow.id not in gone:
                pair = leg.source.id, leg.destination.id
                found[pair] = found.get(pair, NO_PORTS) | PortSet.of(leg.ports)
        return found


def of(
    names: Collection[str],
    endpoints: Collection[Endpoint],
    cluster: tuple[str, str, bytes | None],
    tree: Tree,
    known: Model,
    limited: Collection[str],
    left: Collection[str],
) -> Shared:
    """What a repository shares with manifests that hold the namespaces of some names, and these endpoints.

    `cluster` is its name, its environment, and its file where the repository has none. Flows of the `limited` ids are
    not to hold in it, and `left` namespaces are not to exist in it. Raises `EditError`.
    """
    name, environment, file = cluster
    others = tuple(
        item.name for item in known.clusters.values() if item.environment == environment and item.name != name
    )
    files: dict[str, bytes] = {}
    for path, route, value in _existence(sorted(names), endpoints, environment, known, left, bool(others), tree):
        change = edit.set_value if isinstance(value, list) else edit.append
        files[path] = change(files.get(path) or tree.read(path), route, value)
    extra = {f"policies/clusters/{name}.yaml": file} if file is not None else {}
    loaded, _ = model.load(Overlay(tree, {**files, **extra}, "the repository with the cluster"))
    if loaded is None or name not in loaded.clusters:
        return Shared()
    seen = loaded.clusters[name]
    folders = {
        item.name: item.where.path.rpartition("/")[0] for item in loaded.namespaces_in(seen) if item.name in names
    }
    own = [flow for flow in loaded.flows if flow.id in limited]
    for flow in own:
        path = flow.where.path
        raw = files.get(path) or tree.read(path)
        rest = sorted(_elsewhere(flow, environment))
        files[path] = edit.set_value(raw, ("flows", _index(raw, flow), "environments"), rest)
    return Shared(
        {key: folder for key, folder in folders.items() if key not in left},
        {key: tuple(item for item in loaded.workloads_in(seen) if item.namespace == key) for key in folders},
        tuple(loaded.legs_in(seen)),
        tuple(own),
        frozenset(flow.id for flow in loaded.flows),
        frozenset(item.id for item in loaded.workloads.values()),
        files,
        {team.name: (team.where.path, tree.read(team.where.path)) for team in known.teams.values()},
        others,
    )


def too_wide(shared: Shared, differences: Iterable[Difference], pods: AddressSet, environment: str) -> frozenset[str]:
    """The flows that open what the original does not: those that would hold in other environments alone."""
    if shared.others:
        return frozenset()
    found = set()
    for item in differences:
        opened = (item.sides[1] - item.sides[0]) | item.undefined[1]
        for flow, leg in shared.legs:
            here = PortSet.of(leg.ports) & opened
            if here and _is(item.source, leg.source, pods) and _is(item.destination, leg.destination, pods):
                found.add(flow)
    return frozenset(flow.id for flow in found if _elsewhere(flow, environment))


def _elsewhere(flow: Flow, environment: str) -> frozenset[str]:
    """The other environments in which a flow holds; none where one of its legs would hold nowhere."""
    here = frozenset((environment,))
    lives = [shared_environments(leg, flow.environments) - here for leg in flow.legs]
    return frozenset().union(*lives) if all(lives) else frozenset()


def may_be_managed(name: str) -> bool:
    """Whether a team may have a namespace of this name."""
    return is_label(name) and name not in RESERVED and not name.startswith("kube-")


def _existence(
    names: Iterable[str],
    endpoints: Collection[Endpoint],
    environment: str,
    known: Model,
    left: Collection[str],
    has_others: bool,
    tree: Tree,
) -> Iterator[tuple[str, tuple[str, ...], list[str] | str]]:
    """The edits after which the namespaces and their workloads exist in the environment, those left do not.

    A file, a route, and the value there or what is added to the list there.
    """
    for name in names:
        space = known.namespaces.get(name)
        if space is None or has_others:
            continue
        path = space.where.path
        if name in left:
            yield path, ("environments",), sorted(space.environments - {environment})
            continue
        data = _data(tree.read(path))
        if "environments" in data and environment not in space.environments:
            yield path, ("environments",), environment
        for item in known.workloads.values():
            if item.namespace != name or environment in item.environments:
                continue
            listed = "environments" in data["workloads"][item.name]
            if listed and any(_is_pod_of(end, item) for end in endpoints):
                yield path, ("workloads", item.name, "environments"), environment


def _data(raw: bytes) -> dict[str, Any]:
    document, _ = documents.read("", raw)
    assert document is not None  # noqa: S101 - the model was made of it
    data: dict[str, Any] = document.data
    return data


def _index(raw: bytes, flow: Flow) -> int:
    return next(index for index, item in enumerate(_data(raw)["flows"]) if item["name"] == flow.name)


def _is_pod_of(end: Endpoint, item: Workload) -> bool:
    return end.namespace == item.namespace and set(item.labels) <= set(end.labels)


def _is(end: End, declared: DeclaredEnd, pods: AddressSet) -> bool:
    """Whether an end of a connection may be, in part, an end of a flow."""
    if isinstance(declared, Workload):
        return isinstance(end, Endpoint) and _is_pod_of(end, declared)
    return _is_peer(end, declared, pods)


def _is_peer(end: End, peer: Peer, pods: AddressSet) -> bool:
    if isinstance(end, Place):
        return bool(peer.names)
    if isinstance(end, AddressSet):
        return bool(end & peer.addresses)
    if peer.is_pods:
        return end.namespace == peer.namespace and set(peer.labels) <= set(end.labels)
    return bool(peer.addresses & pods)
