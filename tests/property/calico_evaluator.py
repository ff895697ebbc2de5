"""One connection at a time through Calico's tiers, straight from the text: plain, and nothing of the engine in it.

It works on objects as plain data. A pod is judged at one of its addresses.
Of the other evaluators it shares what NetworkPolicies and administrators' policies match, each by itself.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from functools import cache
from types import CodeType
from typing import Any

import point_evaluator as points
import tiered_evaluator as tiered

Object = dict[str, Any]
NUMBERS = {"ICMP": 1, "TCP": 6, "UDP": 17, "ICMPv6": 58, "SCTP": 132, "UDPLite": 136}


@dataclass(frozen=True)
class End:
    """A pod by name at an address, or an address alone."""

    name: str
    address: str


@dataclass
class World:
    """The objects with what is looked up again and again."""

    objects: list[Object]
    pods: dict[str, Object] = field(default_factory=dict)
    labels: dict[str, dict[str, str]] = field(default_factory=dict)
    spaces: dict[str, dict[str, str]] = field(default_factory=dict)
    sets: list[tuple[list[str], dict[str, str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pods = points._pods(self.objects)
        self.spaces = {name: points._namespace_labels(self.objects, name) for name in "abc"}
        accounts = {
            (item["metadata"]["namespace"], item["metadata"]["name"]): item["metadata"]["labels"]
            for item in self.objects
            if item["kind"] == "ServiceAccount"
        }
        for name, pod in self.pods.items():
            space, account = pod["metadata"]["namespace"], pod["spec"]["serviceAccountName"]
            self.labels[name] = {
                **{f"pcsa.{key}": value for key, value in accounts[space, account].items()},
                **{f"pcns.{key}": value for key, value in self.spaces[space].items()},
                **pod["metadata"]["labels"],
                "projectcalico.org/namespace": space,
                "projectcalico.org/serviceaccount": account,
            }
        for item in self.objects:
            if item["kind"].endswith("NetworkSet"):
                labels = dict(item["metadata"]["labels"])
                if space := item["metadata"].get("namespace"):
                    labels |= {f"pcns.{key}": value for key, value in self.spaces[space].items()}
                    labels["projectcalico.org/namespace"] = space
                self.sets.append((item["spec"]["nets"], labels))

    def is_allowed(self, source: End, destination: End, protocol: str, port: int) -> bool:
        """Whether a connection from one end to another may be opened."""
        if source.name and source.name == destination.name:
            return True
        flow = source, destination, protocol, port
        return all(
            end.name not in self.pods or self._permits(direction, end, flow)
            for direction, end in (("egress", source), ("ingress", destination))
        )

    def _permits(self, direction: str, end: End, flow: tuple[End, End, str, int]) -> bool:
        for name, action in self._tiers():
            selected, verdict = self._through(name, direction, end, flow)
            verdict = verdict or (action if selected else "Pass")
            if verdict != "Pass":
                return verdict == "Allow"
        return True

    def _tiers(self) -> list[tuple[str, str]]:
        own = [("kube-admin", 1000.0, "Pass"), ("default", 1e6, "Deny"), ("kube-baseline", 1e7, "Pass")]
        own += [
            (item["metadata"]["name"], item["spec"].get("order", float("inf")), item["spec"]["defaultAction"])
            for item in self.objects
            if item["kind"] == "Tier"
        ]
        return [(name, action) for name, _, action in sorted(own, key=lambda item: (item[1], item[0]))]

    def _through(self, tier: str, direction: str, end: End, flow: tuple[End, End, str, int]) -> tuple[bool, str]:
        """Whether a policy of a tier selects an end, and what its rules decide; empty for nothing."""
        source, destination, protocol, port = flow
        if tier.startswith("kube-"):
            kind, other = ("Egress", destination) if direction == "egress" else ("Ingress", source)
            name = tier.removeprefix("kube-").title()
            place = other.name if other.name in self.pods else other.address
            last = destination.name if destination.name in self.pods else destination.address
            return False, tiered._first(self.objects, kind, end.name, place, last, protocol, port, True, tier=name)
        policies = [
            ((item["spec"].get("order", float("inf")), item["metadata"]["name"]), item)
            for item in self.objects
            if item["kind"] in ("NetworkPolicy", "GlobalNetworkPolicy")
            and (item["spec"].get("tier") if "tier" in item["spec"] else "default") == tier
        ]
        policies = [(key if "tier" in item["spec"] else (1000.0, ""), item) for key, item in policies]
        chosen = [item for _, item in sorted(policies, key=lambda pair: pair[0]) if self._selects(item, direction, end)]
        for policy in chosen:
            if "tier" not in policy["spec"]:
                if self._plain(policy, direction, flow):
                    return True, "Allow"
                continue
            for rule in policy["spec"].get(direction, []):
                if rule["action"] != "Log" and self._matches(rule, policy["metadata"].get("namespace", ""), flow):
                    return True, rule["action"]
        return bool(chosen), ""

    def _selects(self, policy: Object, direction: str, end: End) -> bool:
        spec, space = policy["spec"], policy["metadata"].get("namespace", "")
        pod = self.pods[end.name]
        if "tier" not in spec:
            return points._selects(policy, pod) and direction.title() in points._types(policy)
        types = spec.get("types")
        if types is None:
            both = bool(spec.get("ingress")) and bool(spec.get("egress"))
            types = ["Ingress", "Egress"] if both else ["Egress"] if spec.get("egress") else ["Ingress"]
        if direction.title() not in types or (space and space != pod["metadata"]["namespace"]):
            return False
        labels = self.labels[end.name]
        return (
            holds(spec.get("selector", "all()"), labels)
            and holds(spec.get("namespaceSelector", "all()"), part(labels, "pcns."))
            and holds(spec.get("serviceAccountSelector", "all()"), part(labels, "pcsa."))
        )

    def _plain(self, policy: Object, direction: str, flow: tuple[End, End, str, int]) -> bool:
        source, destination, protocol, port = flow
        other = destination if direction == "egress" else source
        peer = other.name if other.name in self.pods else other.address
        last = destination.name if destination.name in self.pods else destination.address
        for rule in policy["spec"].get(direction) or []:
            peers, ports = rule.get("to" if direction == "egress" else "from") or [], rule.get("ports") or []
            if (not peers or any(points._is_peer(self.objects, policy, one, peer, True) for one in peers)) and (
                not ports or any(points._is_port(self.objects, one, last, protocol, port) for one in ports)
            ):
                return True
        return False

    def _matches(self, rule: Object, space: str, flow: tuple[End, End, str, int]) -> bool:
        source, destination, protocol, port = flow
        version = ipaddress.ip_address(source.address).version
        number = NUMBERS[protocol]
        if rule.get("ipVersion", version) != version:
            return False
        if NUMBERS.get(rule.get("protocol"), rule.get("protocol", number)) != number:
            return False
        if NUMBERS.get(rule.get("notProtocol"), rule.get("notProtocol")) == number:
            return False
        entity = rule.get("destination", {})
        return (
            self._is_meant(rule.get("source", {}), space, source)
            and self._is_meant(entity, space, destination)
            and ("ports" not in entity or self._has_port(entity["ports"], entity, space, destination, protocol, port))
            and not self._has_port(entity.get("notPorts", []), {}, "", destination, protocol, port)
        )

    def _is_meant(self, entity: Object, space: str, end: End) -> bool:
        address = ipaddress.ip_address(end.address)
        for key, wanted in (("nets", True), ("notNets", False)):
            if key in entity:
                nets = [net for net in map(ipaddress.ip_network, entity[key]) if net.version == address.version]
                if not nets or any(address in net for net in nets) != wanted:
                    return False
        faces = [labels for nets, labels in self.sets if any(address in ipaddress.ip_network(net) for net in nets)]
        faces += [self.labels[end.name]] if end.name in self.pods else []
        limits = entity.keys() & {"selector", "namespaceSelector", "serviceAccounts"}
        limits |= {"notSelector"} if space and "notSelector" in entity else set()
        if limits and not any(self._is_face(entity, space, labels) for labels in faces):
            return False
        return "notSelector" not in entity or not any(holds(entity["notSelector"], labels) for labels in faces)

    def _is_face(self, entity: Object, space: str, labels: dict[str, str]) -> bool:
        """Whether one endpoint or network set is meant, by its labels."""
        here = labels.get("projectcalico.org/namespace", "")
        chosen = entity.get("namespaceSelector")
        if chosen == "global()":
            where = not here
        elif chosen:
            where = bool(here) and holds(chosen, part(labels, "pcns."))
            where = where or (not here and chosen != "all()" and holds(chosen, {}))
        else:
            where = not space or here == space
        accounts = entity.get("serviceAccounts", {})
        if accounts.get("names") and labels.get("projectcalico.org/serviceaccount") not in accounts["names"]:
            return False
        return where and all(
            holds(text, of)
            for text, of in (
                (entity.get("selector", ""), labels),
                (accounts.get("selector", ""), part(labels, "pcsa.")),
            )
            if text
        )

    def _has_port(self, listed: list[Any], entity: Object, space: str, end: End, protocol: str, port: int) -> bool:
        for item in map(str, listed):
            first, _, last = item.partition(":")
            if first.isdigit():
                if int(first) <= port <= int(last or first):
                    return True
            elif end.name in self.pods and self._is_face(entity, space if entity else "", self.labels[end.name]):
                entry = {"port": item, "protocol": protocol}
                if points._is_port(self.objects, entry, end.name, protocol, port):
                    return True
        return False


def part(labels: dict[str, str], prefix: str) -> dict[str, str]:
    """The labels with a prefix, without it."""
    return {key.removeprefix(prefix): value for key, value in labels.items() if key.startswith(prefix)}


def holds(text: str, labels: dict[str, str]) -> bool:
    """Whether labels match a selector."""
    return bool(eval(_python(text), {"__builtins__": {}}, {"L": labels}))  # noqa: S307 - a text that the tests make


@cache
def _python(text: str) -> CodeType:
    """A selector with its words turned into those of Python."""
    code = re.sub(r"has\(([\w./-]+)\)", r"('\1' in L)", text).replace("all()", "True")
    label = r"(?<![\w.'/-])([A-Za-z][\w./-]*) "
    code = re.sub(label + r"contains ('\w*')", r"(\2 in L.get('\1', ''))", code)
    code = re.sub(label + r"starts with ('\w*')", r"L.get('\1', '').startswith(\2)", code)
    code = re.sub(label + r"ends with ('\w*')", r"L.get('\1', '').endswith(\2)", code)
    code = re.sub(label + r"(==|!=|in|not in) (?=['{])", r"L.get('\1') \2 ", code)
    code = code.replace("&&", " and ").replace("||", " or ")
    code = re.sub(r"!(?!=)", " not ", code)
    return compile(code.strip(), text, "eval")
