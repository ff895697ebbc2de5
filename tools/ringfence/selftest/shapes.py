"""How each dialect writes what is broken: a rule for the world, a rule without ports, a peer that is any pod.

A route is one from the root of the policy. Facts: the references of NetworkPolicy (Kubernetes), of NetworkPolicy of
projectcalico.org/v3, and of CiliumNetworkPolicy.
"""

from __future__ import annotations

from typing import Any, Protocol

from ringfence.documents.document import Route
from ringfence.model.types import METADATA_NAME, Labels

PORT = 4242
"""A port of new rules, TCP."""

WORLD = "0.0.0.0/0"

NAMESPACE = "k8s:io.kubernetes.pod.namespace"

Rule = dict[str, Any]
Setting = tuple[Route, Any]


class Shape(Protocol):
    """The way of one dialect. `direction` is `ingress` or `egress`."""

    def addresses(self, direction: str, cidr: str) -> Rule:
        """A rule for a block of addresses on `PORT`."""

    def pods(self, direction: str, namespace: str, labels: Labels) -> Rule:
        """A rule for the pods with labels in a namespace of the cluster, on `PORT`."""

    def ports(self, direction: str, rule: Rule) -> Route | None:
        """The route, from the rule, of what limits its ports; None where nothing does."""

    def any_pod(self, direction: str, rule: Rule) -> Setting | None:
        """What makes the first peer with labels stand for all pods of its namespace; None where there is none."""

    def other_selector(self, spec: dict[str, Any]) -> Setting | None:
        """What makes a policy select pods that nobody declared; None where it selects all."""

    def nothing(self) -> list[Any]:
        """The rules of a direction that is closed."""


class _Kubernetes:
    """`networking.k8s.io/v1`."""

    def addresses(self, direction: str, cidr: str) -> Rule:
        return self._rule(direction, {"ipBlock": {"cidr": cidr}})

    def pods(self, direction: str, namespace: str, labels: Labels) -> Rule:
        space = {"matchLabels": {METADATA_NAME: namespace}}
        return self._rule(direction, {"namespaceSelector": space, "podSelector": {"matchLabels": dict(labels)}})

    def ports(self, direction: str, rule: Rule) -> Route | None:  # noqa: ARG002
        return ("ports",) if rule.get("ports") else None

    def any_pod(self, direction: str, rule: Rule) -> Setting | None:
        key = _peer(direction)
        for index, peer in enumerate(rule.get(key) or []):
            if peer.get("podSelector"):
                return (key, index, "podSelector"), {}
        return None

    def other_selector(self, spec: dict[str, Any]) -> Setting | None:
        labels = (spec.get("podSelector") or {}).get("matchLabels")
        return (("spec", "podSelector", "matchLabels"), _renamed(labels)) if labels else None

    def nothing(self) -> list[Any]:
        return []

    def _rule(self, direction: str, peer: Any) -> Rule:
        return {_peer(direction): [peer], "ports": [{"protocol": "TCP", "port": PORT}]}


class _Calico:
    """`projectcalico.org/v3`."""

    def addresses(self, direction: str, cidr: str) -> Rule:
        return self._rule(direction, {"nets": [cidr]})

    def pods(self, direction: str, namespace: str, labels: Labels) -> Rule:
        chosen = " && ".join(f"{key} == '{value}'" for key, value in labels)
        return self._rule(
            direction, {"namespaceSelector": f"{METADATA_NAME} == '{namespace}'", "selector": chosen or "all()"}
        )

    def ports(self, direction: str, rule: Rule) -> Route | None:  # noqa: ARG002
        return ("destination", "ports") if (rule.get("destination") or {}).get("ports") else None

    def any_pod(self, direction: str, rule: Rule) -> Setting | None:
        side = "source" if direction == "ingress" else "destination"
        found = (rule.get(side) or {}).get("selector")
        return ((side, "selector"), "all()") if found not in (None, "all()") else None

    def other_selector(self, spec: dict[str, Any]) -> Setting | None:
        found = spec.get("selector", "all()")
        return (("spec", "selector"), f"{found} && ringfence-selftest == 'x'") if found != "all()" else None

    def nothing(self) -> list[Any]:
        return []

    def _rule(self, direction: str, peer: Any) -> Rule:
        rule: Rule = {"action": "Allow", "protocol": "TCP"}
        if direction == "ingress":
            return {**rule, "source": peer, "destination": {"ports": [PORT]}}
        return {**rule, "destination": {**peer, "ports": [PORT]}}


class _Cilium:
    """`cilium.io/v2`."""

    def addresses(self, direction: str, cidr: str) -> Rule:
        return self._rule(direction, "CIDRSet", {"cidr": cidr})

    def pods(self, direction: str, namespace: str, labels: Labels) -> Rule:
        chosen = {NAMESPACE: namespace, **{f"k8s:{key}": value for key, value in labels}}
        return self._rule(direction, "Endpoints", {"matchLabels": chosen})

    def ports(self, direction: str, rule: Rule) -> Route | None:  # noqa: ARG002
        return ("toPorts",) if rule.get("toPorts") else None

    def any_pod(self, direction: str, rule: Rule) -> Setting | None:
        key = f"{_peer(direction)}Endpoints"
        for index, peer in enumerate(rule.get(key) or []):
            labels = peer.get("matchLabels") or {}
            space = {name: value for name, value in labels.items() if name == NAMESPACE}
            if space and space != labels:
                return (key, index, "matchLabels"), space
        return None

    def other_selector(self, spec: dict[str, Any]) -> Setting | None:
        labels = (spec.get("endpointSelector") or {}).get("matchLabels")
        return (("spec", "endpointSelector", "matchLabels"), _renamed(labels)) if labels else None

    def nothing(self) -> list[Any]:
        # a list without rules would not close the direction
        return [{}]

    def _rule(self, direction: str, kind: str, peer: Any) -> Rule:
        ports = [{"ports": [{"port": str(PORT), "protocol": "TCP"}]}]
        return {f"{_peer(direction)}{kind}": [peer], "toPorts": ports}


SHAPES: dict[str, Shape] = {"kubernetes": _Kubernetes(), "calico": _Calico(), "cilium": _Cilium()}


def _peer(direction: str) -> str:
    return "from" if direction == "ingress" else "to"


def _renamed(labels: dict[str, str]) -> dict[str, str]:
    return {**labels, next(iter(labels)): "ringfence-selftest"}
