"""The exact connectivity engine: what the policies of a cluster allow, pair by pair and port by port.

    cluster = from_directory({"shop.yaml": raw, ...}, Profile("calico", ip_blocks_match_pods=True))
    cluster = ClusterState(policies, endpoints, namespaces, profile, opaque)     # or put together by hand
    cluster = promoted(cluster)                         # as if Calico's staged policies were promoted
    result = evaluate(cluster)                          # evaluate(cluster, representatives=True) for exposure

    for row in result.rows(): row.source, row.destination, row.allowed, row.undefined
    result.ports("shop/checkout", "payments/api")       # PortSet that is certainly allowed
    result.undefined("shop/checkout", "203.0.113.7")    # PortSet that is not settled; addresses: text or AddressSet
    result.verdict("shop/checkout", "payments/api", "TCP", 8443)     # Verdict.ALLOWED | DENIED | UNDEFINED
    result.explain("shop/checkout", "payments/api", "TCP", 8443)     # Explanation: .line, .egress, .ingress, .reasons
    for change in diff(before, after): change.kind, change.source, change.destination, change.before, change.after
    to_json(result), diff_to_json(changes), explanation_to_json(explanation)

Ends are `Endpoint`s, `AddressSet`s (addresses outside the cluster) or `Place`s (what is known by a name: `entity:host`,
`dns:api.example.com`). Pods are named `namespace/name`, or
`namespace/name[Kind]` where several workloads share a name. Three verdicts: what is neither allowed nor undefined is
denied.

This stage reads manifests and knows no flows: nothing of how policies came to be. It never samples, and never invents
peers.
Not modelled: Services (policies see target ports) and ICMP. Layer 7 is only marked (`row.restricted`).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from ringfence.connectivity.cluster import DNS, ENTITY, ClusterState, Endpoint, Place, Profile
from ringfence.connectivity.diff import Change, Laid, diff, speaking_of
from ringfence.connectivity.reading import accounts_of, from_directory, from_manifests, is_manifest
from ringfence.connectivity.resolve import Direction
from ringfence.connectivity.result import Connectivity, Counts, End, Row, Verdict, evaluate

if TYPE_CHECKING:
    from ringfence.connectivity.explain import Explanation, Half, Isolation, Match
    from ringfence.connectivity.output import diff_to_json, explanation_to_json, names, to_json
    from ringfence.connectivity.staged import promoted

__all__ = [
    "DNS",
    "ENTITY",
    "Change",
    "ClusterState",
    "Connectivity",
    "Counts",
    "Direction",
    "End",
    "Endpoint",
    "Explanation",
    "Half",
    "Isolation",
    "Laid",
    "Match",
    "Place",
    "Profile",
    "Row",
    "Verdict",
    "accounts_of",
    "diff",
    "diff_to_json",
    "evaluate",
    "explanation_to_json",
    "from_directory",
    "from_manifests",
    "is_manifest",
    "names",
    "promoted",
    "speaking_of",
    "to_json",
]

_LATER = {
    **dict.fromkeys(("Explanation", "Half", "Isolation", "Match"), "explain"),
    **dict.fromkeys(("diff_to_json", "explanation_to_json", "names", "to_json"), "output"),
    "promoted": "staged",
}


def __getattr__(name: str) -> object:
    # whoever only evaluates must not pay for the words and forms of answers
    if name not in _LATER:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
