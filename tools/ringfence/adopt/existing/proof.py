"""The proof of an import: what the rendered policies allow between the ends of the original is what was allowed.

The pods, namespaces and addresses are those of the original manifests, with all of their labels; only the policies are
others. So nothing is believed of what the import made of workloads.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import reduce
from itertools import product

from msgspec import Struct
from msgspec.structs import replace

from ringfence import connectivity, manifests
from ringfence.connectivity import Change, Connectivity, End, Endpoint, Place, evaluate
from ringfence.documents import Document
from ringfence.findings import Location
from ringfence.manifests import kustomize
from ringfence.sources import Tree
from ringfence.values.ports import NO_PORTS, PortSet
from ringfence.verify.equivalence import Difference, Side, compare

OVERLAYS = "policies/rendered/overlays"


class Proof(Struct, frozen=True):
    """What came of the comparison.

    `differences` are connections of declared ends that the import opens or closes, or whose verdict is not the same;
    `undefined` those that both leave undefined alike. `unknown` are changes for pods that no manifest declares. `above`
    are open connections of which something above layer 4 (requests, names) is restricted on one side alone: their
    `sides` are the ports that each leaves free of that.
    """

    compared: int
    differences: tuple[Difference, ...]
    undefined: tuple[Difference, ...]
    unknown: tuple[Change, ...]
    above: tuple[Difference, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether connections between declared ends are proven to be the same, or undefined for the same reason."""
        return not self.changes

    @property
    def changes(self) -> tuple[Difference, ...]:
        """All that is not the same, at layer 4 and above."""
        return (*self.differences, *self.above)


def of(original: Connectivity, policies: Collection[Location], tree: Tree, cluster: str) -> Proof:
    """The proof for the rendered policies of a cluster in a tree.

    `policies` are the places of what the rendered ones take the place of; all else (host endpoints, objects that nobody
    can read, policies that were left out) is there before and after.
    """
    parsed = manifests.parse_documents(rendered(tree, cluster))
    before = original.cluster
    state = replace(
        before,
        policies=(*parsed.policies, *(item for item in before.policies if item.where not in policies)),
        admin=(*parsed.admin, *(item for item in before.admin if item.where not in policies)),
        calico=(*parsed.calico, *(item for item in before.calico if item.where not in policies)),
        cilium=(*parsed.cilium, *(item for item in before.cilium if item.where not in policies)),
        opaque=(*parsed.opaque, *(item for item in before.opaque if item.where not in policies)),
    )
    after = evaluate(state, representatives=True)
    sides = Side("the original", evaluate(original.cluster), {}), Side("the import", evaluate(state), {})
    answer = compare(*sides)
    found = [*answer.differences, *_replicas(*sides)]
    alike = [item for item in found if item.sides[0] == item.sides[1] and item.undefined[0] == item.undefined[1]]
    return Proof(
        answer.compared,
        tuple(item for item in found if item not in alike),
        tuple(alike),
        tuple(_unknown(connectivity.diff(original, after, replicas=False))),
        tuple(_above(*answer.sides)),
    )


def rendered(tree: Tree, cluster: str) -> Iterator[Document]:
    """What a tree holds for a cluster, as its overlays put it together."""
    files = tree.files("policies/rendered")
    overlays = kustomize.Overlays(tree.read, files)
    prefix = f"{OVERLAYS}/{cluster}/"
    for path in files:
        if path.startswith(prefix) and path.endswith("/kustomization.yaml"):
            found, problems = overlays.build(path.rpartition("/")[0])
            assert not problems, problems  # noqa: S101 - the renderer wrote it
            yield from found


def _replicas(a: Side, b: Side) -> Iterator[Difference]:
    """What differs between the replicas of one workload, which the comparison of workloads leaves out."""
    for end in a.connectivity.endpoints:
        sides = a.connectivity.ports(end, end), b.connectivity.ports(end, end)
        undefined = a.connectivity.undefined(end, end), b.connectivity.undefined(end, end)
        if sides[0] != sides[1] or undefined[0] != undefined[1]:
            why = a.connectivity.explain(end, end), b.connectivity.explain(end, end)
            yield Difference(end, end, sides, undefined, why)


def _above(a: Side, b: Side) -> Iterator[Difference]:
    """What is open on both sides, and restricted above layer 4 on one alone, or by something else."""
    both = a.connectivity, b.connectivity
    pairs: set[tuple[End, End]] = set()
    for side in both:
        for row in side.rows() if side.restrictions else ():
            if row.restricted:
                pairs.update(product(_one_by_one(both, row.source), _one_by_one(both, row.destination)))
    for source, destination in sorted(pairs, key=lambda pair: tuple(map(str, pair))):
        said = [side.restricted(source, destination) for side in both]
        allowed = [side.ports(source, destination) for side in both]
        undefined = [side.undefined(source, destination) for side in both]
        alike = (allowed[0] | undefined[0]) & (allowed[1] | undefined[1])
        differing = NO_PORTS
        for kind in said[0].keys() | said[1]:
            one, other = (found.get(kind, NO_PORTS) & alike for found in said)
            differing |= (one - other) | (other - one)
        if differing:
            free = [reduce(PortSet.__sub__, found.values(), ports) for ports, found in zip(allowed, said, strict=True)]
            why = both[0].explain(source, destination), both[1].explain(source, destination)
            yield Difference(source, destination, (free[0], free[1]), (undefined[0], undefined[1]), why)


def _one_by_one(sides: Collection[Connectivity], end: End) -> Sequence[End]:
    """An end; of addresses, those apart that either side tells apart; none where one side does not know it."""
    if isinstance(end, Place):
        return [end] if all(end in side.space.places for side in sides) else []
    if isinstance(end, Endpoint):
        return [end]
    found = [end]
    for side in sides:
        found = [both for one in found for cell in side.space.cells if (both := cell & one)]
    return found


def _unknown(changes: Iterable[Change]) -> Iterator[Change]:
    for change in changes:
        if _is_other(change.source) or _is_other(change.destination):
            yield change


def _is_other(end: End) -> bool:
    return isinstance(end, Endpoint) and end.is_representative
