"""How well flows are recovered from logs: what is proposed, held against what was simulated."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from ringfence.adopt.proposals import Options, edges, propose
from ringfence.checks.egress_to_world import is_whole_world
from ringfence.model.types import Cluster, Model
from ringfence.observe.compare import compare
from ringfence.observe.simulate import Graph
from ringfence.observe.types import Observations

Edges = frozenset[tuple[str, str, str, int]]
"""Source, destination, protocol and port."""


class Score(Struct, frozen=True):
    """What was proposed and what there is to find. A share of nothing is whole."""

    found: Edges
    wanted: Edges

    @property
    def precision(self) -> float:
        """The share of what was proposed that there is."""
        return len(self.found & self.wanted) / len(self.found) if self.found else 1.0

    @property
    def recall(self) -> float:
        """The share of what there is that was proposed."""
        return len(self.found & self.wanted) / len(self.wanted) if self.wanted else 1.0

    def __str__(self) -> str:
        return (
            f"precision {self.precision:.3f}, recall {self.recall:.3f}: {len(self.found & self.wanted)} of "
            f"{len(self.wanted)} edges found, {len(self.found - self.wanted)} proposed that are none"
        )


def score(observed: Observations, graph: Graph, model: Model, cluster: Cluster, *, world: bool = False) -> Score:
    """What logs of a simulated cluster give back where no flow is declared.

    What a grant of the baseline allows needs no flow. What goes to or comes from the whole world is looked for only
    with `world`, as it is proposed only then.
    """
    bare = replace(model, flows=())
    found = edges(propose(compare(observed, bare, cluster), bare, Options(world=world)))
    granted = _edges(graph, declared=False)
    anybody = {name for name, peer in model.peers.items() if is_whole_world(peer)}
    wanted = {edge for edge in _edges(graph, declared=True) - granted if world or not anybody & {edge[0], edge[1]}}
    return Score(frozenset(found), frozenset(wanted))


def _edges(graph: Graph, *, declared: bool) -> Edges:
    return frozenset(
        (edge.source.end, edge.destination.end, edge.protocol, edge.port)
        for edge in graph.edges
        if bool(edge.declared) is declared
    )
