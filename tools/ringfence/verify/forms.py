"""The forms of rendered objects, kind by kind: which keys there are, and which values where one is the meaning.

What the comparison of connections sees may be anything here (`ANY`): labels, addresses, ports. The rest is closed,
since a key that nobody evaluates would change what a cluster does, and nothing else would notice. The values are those
of the documented layout (docs/dialects.md), said again here: nothing of what writes them is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct


class Only(Struct, frozen=True):
    """A value that is one of these."""

    values: tuple[Any, ...]


class Each(Struct, frozen=True):
    """A list whose items have one form."""

    item: Form


class Keys(Struct, frozen=True):
    """A mapping with no keys but these; those of `required` must be there."""

    known: Mapping[str, Form]
    required: tuple[str, ...] = ()


class Either(Struct, frozen=True):
    """A mapping of one of two forms: the first where it has the key."""

    key: str
    present: Form
    absent: Form


ANY = None
"""Judged by what it does, or without effect on connections."""


class Outside(Struct, frozen=True):
    """One CIDR, or a list of them, that does not lie among the cluster's own pods, Services and nodes."""

    nodes: bool = False


Form = Only | Each | Keys | Either | Outside | None

TIERS = {
    "ringfence": Keys({"order": Only((100_000,)), "defaultAction": Only(("Deny",))}, ("order", "defaultAction")),
    "ringfence-guardrails": Keys(
        {"order": Only((50_000,)), "defaultAction": Only(("Pass",))}, ("order", "defaultAction")
    ),
}
"""Calico's tiers by name. The orders stand for their places among the tiers of others."""

_PROTOCOL = Only(("TCP", "UDP", "SCTP"))
_FIRST = "0-permissive-"
"""What the name of an object ends with, before its direction, that keeps a stage open."""
_METADATA = Keys(
    {
        "name": ANY,
        "namespace": ANY,
        "labels": Keys(
            {
                "app.kubernetes.io/managed-by": ANY,
                "ringfence.dev/team": ANY,
                "projectcalico.org/tier": Only(("ringfence",)),
            }
        ),
        "annotations": Keys(
            {
                "argocd.argoproj.io/sync-wave": ANY,
                "argocd.argoproj.io/sync-options": Only(("Prune=confirm",)),
            }
        ),
    }
)
_SELECTOR = Keys({"matchLabels": ANY, "matchExpressions": ANY})


def form(version: str, kind: str, name: str) -> Form:
    """The form of an object of a kind that Ringfence renders; `ANY` for one of any other."""
    spec = _spec(version, kind, name)
    if spec is ANY:
        return ANY
    return Keys({"apiVersion": ANY, "kind": ANY, "metadata": _METADATA, "spec": spec}, ("metadata", "spec"))


def _spec(version: str, kind: str, name: str) -> Form:
    if version == "projectcalico.org/v3":
        return TIERS.get(name, Keys({})) if kind == "Tier" else _calico(kind, name)
    if version == "cilium.io/v2":
        return _cilium(_FIRST in name, guardrail=kind == "CiliumClusterwideNetworkPolicy")
    return _KUBERNETES.get((version, kind), ANY)


def _calico(kind: str, name: str) -> Form:
    guardrail, permissive = kind == "GlobalNetworkPolicy", _FIRST in name
    head: dict[str, Form] = {"action": Only(("Deny" if guardrail else "Allow",)), "protocol": _PROTOCOL}
    other: dict[str, Form] = {"nets": Outside(nodes=guardrail), "notNets": ANY}
    pods: dict[str, Form] = {"namespaceSelector": ANY, "selector": ANY}
    ports: dict[str, Form] = {"ports": ANY}
    inward = {**head, "source": Either("nets", Keys(other), Keys(pods)), "destination": Keys(ports)}
    outward = {**head, "destination": Either("nets", Keys({**other, **ports}), Keys({**pods, **ports}))}
    passed = Keys({"action": Only(("Pass",))}, ("action",))
    known: dict[str, Form] = {
        "tier": Only(("ringfence-guardrails" if guardrail else "ringfence",)),
        "order": Only((0,) if permissive else (1000,)),
        "selector": ANY,
        "types": Each(Only(("Ingress", "Egress"))),
        "ingress": Each(passed if permissive else Keys(inward, ("action",))),
        "egress": Each(passed if permissive else Keys(outward, ("action",))),
    }
    if guardrail:
        known["namespaceSelector"] = ANY
    if kind.startswith("Staged"):
        known["stagedAction"] = Only(("Set",))
    return Keys(known, ("tier", "order"))


def _cilium(permissive: bool, *, guardrail: bool) -> Form:
    ports = Keys(
        {
            "ports": Each(Keys({"port": ANY, "endPort": ANY, "protocol": _PROTOCOL})),
            "rules": Keys({"dns": Each(Keys({"matchPattern": Only(("*",))}, ("matchPattern",)))}, ("dns",)),
        }
    )
    entities = ("all",) if permissive else ("host", "remote-node") if guardrail else ("world",)
    known: dict[str, Form] = {
        "endpointSelector": _SELECTOR,
        "enableDefaultDeny": Keys({"ingress": ANY, "egress": ANY}),
    }
    for direction, side in (("ingress", "from"), ("egress", "to")):
        rule: dict[str, Form] = {
            f"{side}Endpoints": Each(_SELECTOR),
            f"{side}CIDRSet": Each(Keys({"cidr": Outside(nodes=guardrail), "except": ANY})),
            f"{side}Entities": Each(Only(entities)),
            "toPorts": Each(ports),
        }
        if direction == "egress" and not guardrail:
            rule["toFQDNs"] = Each(Keys({"matchName": ANY, "matchPattern": ANY}))
        known[f"{direction}Deny" if guardrail else direction] = Each(Keys(rule))
    return Keys(known)


_BLOCK = Keys({"cidr": Outside(), "except": ANY})
_PEERS = Each(Keys({"namespaceSelector": _SELECTOR, "podSelector": _SELECTOR, "ipBlock": _BLOCK}))
_PORTS = Each(Keys({"port": ANY, "endPort": ANY, "protocol": _PROTOCOL}))
_SUBJECT = Keys(
    {"namespaces": _SELECTOR, "pods": Keys({"namespaceSelector": _SELECTOR, "podSelector": _SELECTOR})},
)
_FROM = Each(_SUBJECT)
_TO = Each(Keys({**_SUBJECT.known, "networks": Outside(nodes=True)}))
_NUMBERS = Each(
    Keys(
        {
            "portNumber": Keys({"protocol": _PROTOCOL, "port": ANY}),
            "portRange": Keys({"protocol": _PROTOCOL, "start": ANY, "end": ANY}),
        }
    )
)
_DESTINATION = Keys({"destinationPort": Keys({"number": ANY, "range": ANY})})
_PROTOCOLS = Each(Keys(dict.fromkeys(("tcp", "udp", "sctp"), _DESTINATION)))


def _above(ports: str, form_: Form, **more: Form) -> Form:
    rule = {"action": Only(("Deny",)), ports: form_}
    return Keys(
        {
            **more,
            "priority": Only((100,)),
            "subject": _SUBJECT,
            "ingress": Each(Keys({**rule, "from": _FROM}, ("action", "from"))),
            "egress": Each(Keys({**rule, "to": _TO}, ("action", "to"))),
        },
        ("priority", "subject", *more),
    )


_KUBERNETES: dict[tuple[str, str], Form] = {
    ("networking.k8s.io/v1", "NetworkPolicy"): Keys(
        {
            "podSelector": _SELECTOR,
            "policyTypes": ANY,
            "ingress": Each(Keys({"from": _PEERS, "ports": _PORTS})),
            "egress": Each(Keys({"to": _PEERS, "ports": _PORTS})),
        }
    ),
    ("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy"): _above("ports", _NUMBERS),
    ("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy"): _above(
        "protocols", _PROTOCOLS, tier=Only(("Admin",))
    ),
}
