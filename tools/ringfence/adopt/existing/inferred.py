"""Workloads that no manifest declares and policies name by their labels: `app: cart` says that there is a cart.

Only in namespaces that have policies, where the bundle is to say what policies said. Selectors that overlap with those
of a workload, or with one another, name none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ringfence.adopt.existing.units import USUAL, VOLATILE, combos
from ringfence.connectivity import Endpoint
from ringfence.findings import Location
from ringfence.manifests import METADATA_NAME, Labels, NetworkPolicy, PodsPeer, Selector

KIND = "Selector"
"""The kind of an endpoint that only selectors speak of."""


def endpoints(
    policies: Sequence[NetworkPolicy], known: Iterable[Endpoint], namespaces: Mapping[str, Labels]
) -> list[Endpoint]:
    """The workloads that selectors name and nobody declares, by namespace and name; they stand for their labels."""
    own = {policy.namespace for policy in policies}
    declared = list(known)
    found: Counter[tuple[str, Labels]] = Counter()
    places: dict[tuple[str, Labels], Location] = {}
    for policy in policies:
        for namespace, selector in _selectors(policy, namespaces):
            if namespace not in own:
                continue
            for one in combos(selector) or ():
                labels = tuple((item.key, item.values[0]) for item in one.requirements)
                if not any(key in VOLATILE for key, _ in labels):
                    found[namespace, labels] += 1
                    places.setdefault((namespace, labels), policy.where)
    result: list[Endpoint] = []
    for (namespace, labels), _ in sorted(found.items(), key=lambda pair: (-pair[1], pair[0])):
        others = [item for item in (*declared, *result) if item.namespace == namespace and item.labels]
        if not any(_overlap(labels, item.labels) for item in others):
            name = _name(labels, {item.name for item in others})
            result.append(Endpoint(namespace, name, KIND, labels, where=places[namespace, labels]))
    return sorted(result, key=lambda item: (item.namespace, item.name))


def _selectors(policy: NetworkPolicy, namespaces: Mapping[str, Labels]) -> Iterator[tuple[str, Selector]]:
    """The selectors of a policy, each with the one namespace that it is for."""
    yield policy.namespace, policy.selector
    for rule in (*(policy.ingress or ()), *(policy.egress or ())):
        for peer in rule.peers:
            if not isinstance(peer, PodsPeer):
                continue
            if peer.namespaces is None:
                yield policy.namespace, peer.pods
                continue
            names = [
                name
                for name, labels in namespaces.items()
                if peer.namespaces.requirements and peer.namespaces.matches({**dict(labels), METADATA_NAME: name})
            ]
            if len(names) == 1:
                yield names[0], peer.pods


def _overlap(labels: Labels, others: Labels) -> bool:
    return set(labels) <= set(others) or set(others) <= set(labels)


def _name(labels: Labels, taken: set[str]) -> str:
    """The value of the label that mostly says which workload it is."""
    ordered = sorted(labels, key=lambda pair: (USUAL.index(pair[0]) if pair[0] in USUAL else len(USUAL), pair))
    for name in (ordered[0][1], "-".join(value for _, value in ordered), f"{ordered[0][0]}-{ordered[0][1]}"):
        if name and name not in taken:
            return name
    return f"{ordered[0][1] or ordered[0][0]}-{len(taken)}"
