"""What adopted policies still let through once everything is enforced: it is not declared, and it does not break."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from msgspec.structs import replace

from ringfence import render
from ringfence.connectivity import Connectivity
from ringfence.errors import UsageError
from ringfence.findings import Finding
from ringfence.model.types import Cluster, Model, Stage
from ringfence.observe.mapping import Mapped
from ringfence.observe.ranges import address_set
from ringfence.observe.results import Talk
from ringfence.sources import Unreadable
from ringfence.verify.declared import OTHER, name_id, peer_id, workload_id
from ringfence.verify.ends import NO_END_ELSEWHERE, End
from ringfence.verify.state import alone


class Kept:
    """A cluster with the adopted policies that it has, as it will be when all of its namespaces are enforced.

    With `stages` it is taken at those that the model has.
    """

    def __init__(self, model: Model, cluster: Cluster, *, stages: bool = False) -> None:
        self._model = model
        self._cluster = cluster if stages else replace(cluster, default_stage=Stage(), stages=())
        self._any = bool(model.adopted_in(cluster))

    def allows(self, talk: Talk) -> bool:
        """Whether a connection is certainly allowed then; False where there are no adopted policies."""
        if not self._any:
            return False
        try:
            ports = self._connectivity.ports(self._end(talk.source), self._end(talk.destination))
        except UsageError:
            return False  # an end of which the manifests cannot speak
        return ports.contains(talk.protocol, talk.port)

    @cached_property
    def _connectivity(self) -> Connectivity:
        model = replace(self._model, clusters={self._cluster.name: self._cluster})
        return alone(model, _Rendered(render.tree(model)), self._cluster).connectivity

    def _end(self, mapped: Mapped) -> End:
        """The end as manifests know it. Where an entry has many addresses, all of them."""
        if mapped.kind == "workload" and mapped.end:
            return workload_id(self._model.workloads[mapped.end], self._cluster)
        if mapped.namespace:
            return f"{self._cluster.namespace_name(mapped.namespace)}/{OTHER}"
        if mapped.pods:
            return peer_id(self._model.peers[mapped.pods[0]])
        if mapped.kind == "elsewhere":
            return self._elsewhere(mapped)
        if mapped.address:
            return address_set(mapped.address)
        peer = self._model.peers.get(mapped.end or "")
        if peer is not None and peer.addresses:
            return peer.addresses
        if peer is not None and peer.names:
            return name_id(peer.names[0])
        return self._connectivity.externals if mapped.kind == "outside" and not mapped.named else name_id(mapped.label)

    def _elsewhere(self, mapped: Mapped) -> End:
        """Pods of a namespace that nobody declares; adopted policies may speak of it."""
        end = f"{mapped.label.partition('/')[0]}/{OTHER}"
        try:
            self._connectivity.position(end)
        except UsageError:
            return NO_END_ELSEWHERE
        return end


class _Rendered:
    """What would be rendered, as a tree."""

    label = "as enforced"

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files

    def files(self, under: str = "") -> list[str]:
        """The paths below a folder."""
        return [path for path in self._files if not under or path.startswith(f"{under}/")]

    def read(self, path: str) -> bytes:
        """The bytes of one file."""
        if path not in self._files:
            raise Unreadable(path, "there is no such file")
        return self._files[path]

    def problems(self, under: str = "") -> list[Finding]:  # noqa: ARG002 - as Tree has it
        """None: what was made here can be read."""
        return []
