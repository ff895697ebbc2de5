"""One connection at a time under Cilium, straight from its documentation: slow, plain, nothing of the engine in it.

Every end has an identity: a flat set of labels `source:key=value`, as in Cilium. Ends are pods (`namespace/name`),
addresses, `entity:host` and the like, and names (`dns:api.x.io`). An answer is True, False or None (not settled):
which addresses a name has, and what a port name of an egress rule means where pods disagree on it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

Object = dict[str, Any]
Answer = bool | None

NAMESPACE = "k8s:io.kubernetes.pod.namespace"
OF_NAMESPACE = "k8s:io.cilium.k8s.namespace.labels."
CLUSTER = ("host", "remote-node", "init", "ingress", "health", "unmanaged", "kube-apiserver")


class Matched(NamedTuple):
    """A rule that may speak of a pair: whether it does, its ports (None: all), and what restricts them above."""

    sure: Answer
    denies: bool
    ports: list[Object] | None
    above: str
    egress: bool


def both(answers: Iterable[Answer]) -> Answer:
    found = list(answers)
    return False if False in found else None if None in found else True


def either(answers: Iterable[Answer]) -> Answer:
    found = list(answers)
    return True if True in found else None if None in found else False


def inverse(answer: Answer) -> Answer:
    return None if answer is None else not answer


class World:
    """A cluster, to be asked for one connection at a time."""

    def __init__(self, objects: list[Object]) -> None:
        self.objects = objects
        self.pods = {
            f"{item['metadata']['namespace']}/{item['metadata']['name']}": item for item in _of(objects, "Pod")
        }
        self.groups = {item["metadata"]["name"]: item for item in _of(objects, "CiliumCIDRGroup")}
        self.identities = {name: self._identity(pod) for name, pod in self.pods.items()}

    def answer(self, source: str, destination: str, points: list[tuple[str, int]]) -> list[tuple[Answer, str]]:
        """For each protocol and port: whether a connection may be opened, and what restricts it above."""
        if source == destination:
            return [(True, "")] * len(points)
        ways = [self._way(source, destination, True, destination), self._way(destination, source, False, destination)]
        result = []
        for protocol, port in points:
            open_, above = [], []
            for subject, (isolated, matched) in zip((source, destination), ways, strict=True):
                here = [(item, self._on(item, destination, protocol, port)) for item in matched]
                denied = either(on for item, on in here if item.denies)
                allowed = either(on for item, on in here if not item.denies)
                told = both([inverse(denied), either([allowed, not isolated])])
                reaches = subject == destination and source == "entity:host"
                open_.append(either([told, None]) if reaches else told)  # a node reaches the pods that it runs
                if not any(on is True and not item.denies and not item.above for item, on in here):
                    above += [item.above for item, on in here if on is not False and not item.denies and item.above]
            verdict = both(open_)
            result.append((verdict, "" if verdict is False else min(above, default="")))
        return result

    def _way(self, subject: str, peer: str, egress: bool, destination: str) -> tuple[bool, list[Matched]]:
        """Whether the subject is isolated, and every rule that may speak of the peer."""
        if subject not in self.pods:
            return False, []
        isolated, matched = False, []
        for policy in self.objects:
            if policy["kind"] == "NetworkPolicy":
                rules = list(self._network_policy(policy, subject, peer, egress))
                isolated |= bool(rules)
                matched += [item for item in rules if item.sure is not False]
        for namespace, spec in self._specs():
            allow, deny = (
                spec.get("egress" if egress else "ingress"),
                spec.get("egressDeny" if egress else "ingressDeny"),
            )
            if not (allow or deny) or not self._selects(spec["endpointSelector"], namespace, subject):
                continue
            default = (spec.get("enableDefaultDeny") or {}).get("egress" if egress else "ingress")
            isolated |= default is None or default
            for denies, section in ((False, allow), (True, deny)):
                for rule in section or []:
                    sure = self._speaks_of(rule, namespace, subject, peer, "to" if egress else "from")
                    if sure is not False:
                        matched += self._parts(rule, sure, denies, egress)
        return isolated, matched

    def _specs(self) -> Iterator[tuple[str, Object]]:
        for kind in ("CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"):
            for policy in _of(self.objects, kind):
                namespace = policy["metadata"]["namespace"] if kind == "CiliumNetworkPolicy" else ""
                for spec in policy.get("specs") or [policy["spec"]]:
                    yield namespace, spec

    def _parts(self, rule: Object, sure: Answer, denies: bool, egress: bool) -> Iterator[Matched]:
        if rule.get("icmps"):
            return
        if not rule.get("toPorts"):
            yield Matched(sure, denies, None, "", egress)
        for item in rule.get("toPorts") or []:
            above = next(iter(item.get("rules") or {}), "")
            yield Matched(sure, denies, item.get("ports") or [], above, egress)

    def _network_policy(self, policy: Object, subject: str, peer: str, egress: bool) -> Iterator[Matched]:
        """The rules of a NetworkPolicy as Cilium translates it; one that matches nothing where it only isolates."""
        spec, namespace = policy["spec"], policy["metadata"]["namespace"]
        mine = self.identities[subject]
        if mine[NAMESPACE] != namespace or not _labels_match(spec.get("podSelector"), _prefixed(mine, "k8s:")):
            return
        section, types = ("egress", "Egress") if egress else ("ingress", "Ingress"), spec.get("policyTypes") or []
        rules = spec.get(section[0]) or []
        if not rules and not (section[1] in types or (not types and not egress)):
            return
        yield Matched(False, False, [], "", egress)
        for rule in rules:
            peers = rule.get("to" if egress else "from") or []
            sure = either(self._is_network_peer(one, namespace, peer) for one in peers) if peers else True
            entries = [{"port": item.get("port", 0), **item} for item in rule.get("ports") or []]
            for item in entries:
                item["protocol"] = item.get("protocol", "TCP")
            yield Matched(sure, False, entries or None, "", egress)

    def _is_network_peer(self, one: Object, namespace: str, peer: str) -> Answer:
        if "ipBlock" in one:
            return self._in_block(peer, one["ipBlock"]["cidr"], one["ipBlock"].get("except") or [])
        if peer not in self.pods:
            return False
        labels = self.identities[peer]
        if "namespaceSelector" in one:
            inside = _labels_match(one["namespaceSelector"], _prefixed(labels, OF_NAMESPACE))
        else:
            inside = labels[NAMESPACE] == namespace
        return inside and _labels_match(one.get("podSelector"), _prefixed(labels, "k8s:"))

    def _identity(self, pod: Object) -> dict[str, str]:
        namespace = pod["metadata"]["namespace"]
        found = {"kubernetes.io/metadata.name": namespace}
        for item in _of(self.objects, "Namespace"):
            if item["metadata"]["name"] == namespace:
                found = {**(item["metadata"].get("labels") or {}), **found}
        labels = {f"k8s:{key}": value for key, value in (pod["metadata"].get("labels") or {}).items()}
        return {**labels, NAMESPACE: namespace, **{OF_NAMESPACE + key: value for key, value in found.items()}}

    def _labels_of(self, end: str) -> dict[str, str]:
        if end in self.pods:
            return self.identities[end]
        return {f"reserved:{end.removeprefix('entity:') if end.startswith('entity:') else 'world'}": ""}

    def _selects(self, selector: Object, namespace: str, pod: str) -> bool:
        labels = self.identities[pod]
        if namespace and labels[NAMESPACE] != namespace:
            return False
        own = ("k8s:io.kubernetes.pod.namespace",)  # Cilium overwrites it with the policy's own
        kept = {key: value for key, value in (selector.get("matchLabels") or {}).items() if key not in own}
        return _identity_matches({**selector, "matchLabels": kept} if namespace else selector, labels)

    def _speaks_of(self, rule: Object, namespace: str, subject: str, peer: str, way: str) -> Answer:
        if not rule:
            return False
        members = [key for key in rule if key.startswith(way) and key != "toPorts"]
        for key in members:
            if not rule[key] and key.removeprefix(way) not in ("FQDNs", "Services", "Groups"):
                return False
        for key in members:
            if rule[key]:
                return either(self._is_peer(key.removeprefix(way), one, namespace, subject, peer) for one in rule[key])
        return bool(rule.get("toPorts"))

    def _is_peer(self, kind: str, one: Any, namespace: str, subject: str, peer: str) -> Answer:
        if kind == "Endpoints":
            return self._is_endpoint(one, namespace, peer)
        if kind == "Entities":
            return self._is_entity(one, peer)
        if kind == "CIDR":
            return self._in_block(peer, one, [])
        if kind == "CIDRSet":
            if "cidr" in one:
                return self._in_block(peer, one["cidr"], one.get("except") or [])
            group = self.groups[one["cidrGroupRef"]]["spec"]["externalCIDRs"]
            return either(self._in_block(peer, cidr, one.get("except") or []) for cidr in group)
        assert kind == "FQDNs"
        if peer.startswith("dns:"):
            return (None if not self._asks(subject, peer[4:]) else True) if _names(one, peer[4:]) else False
        return None if not peer.startswith("entity:") and peer not in self.pods else False

    def _is_endpoint(self, selector: Object, namespace: str, peer: str) -> bool:
        labels = self._labels_of(peer)
        keys = {*(selector.get("matchLabels") or {}), *(item["key"] for item in selector.get("matchExpressions") or [])}
        bare = {re.sub(r"^(any|k8s):", "", key) for key in keys}
        named = any(key == "io.kubernetes.pod.namespace" or key.startswith("reserved:") for key in bare)
        by_label = any(key.startswith("io.cilium.k8s.namespace.labels.") for key in bare)
        if not named and namespace and not by_label and labels.get(NAMESPACE) != namespace:
            return False
        if not named and not namespace and NAMESPACE not in labels:
            return False
        return _identity_matches(selector, labels)

    def _is_entity(self, entity: str, peer: str) -> bool:
        if entity == "all":
            return True
        if entity == "cluster":
            return peer in self.pods or peer.removeprefix("entity:") in CLUSTER
        if entity == "world":
            return peer not in self.pods and not peer.startswith("entity:")
        return peer == f"entity:{entity}"

    def _in_block(self, peer: str, cidr: str, excepts: list[str]) -> Answer:
        if peer in self.pods or peer.startswith("entity:"):
            return False
        if peer.startswith("dns:"):
            return None
        address = ipaddress.ip_address(peer)
        if address not in ipaddress.ip_network(cidr):
            return False
        return not any(address in ipaddress.ip_network(item) for item in excepts)

    def _asks(self, subject: str, name: str) -> bool:
        """Whether the agent sees what a pod asks DNS for about a name."""
        for namespace, spec in self._specs():
            if self._selects(spec["endpointSelector"], namespace, subject):
                for rule in spec.get("egress") or []:
                    for item in rule.get("toPorts") or []:
                        if any(_names(one, name) for one in (item.get("rules") or {}).get("dns") or []):
                            return True
        return False

    def _on(self, item: Matched, destination: str, protocol: str, port: int) -> Answer:
        if item.ports is None:
            return item.sure
        return both([item.sure, either(self._is_port(one, item, destination, protocol, port) for one in item.ports)])

    def _is_port(self, one: Object, item: Matched, destination: str, protocol: str, port: int) -> Answer:
        if one.get("protocol", "ANY") not in ("ANY", protocol):
            return False
        written = str(one["port"])
        if not written.isdigit():
            return self._is_named_port(written, item, destination, protocol, port)
        if written == "0":
            return True
        return int(written) <= port <= max(int(written), one.get("endPort") or 0)

    def _is_named_port(self, name: str, item: Matched, destination: str, protocol: str, port: int) -> Answer:
        numbers = {
            pod: {
                entry["containerPort"]
                for entry in self.pods[pod]["spec"]["containers"][0]["ports"]
                if entry["name"] == name and entry["protocol"] == protocol
            }
            for pod in self.pods
        }
        if not item.egress:
            return port in numbers[destination]
        every = set().union(*numbers.values())
        if port not in every:
            return False
        return True if len(every) == 1 and destination in self.pods else None


def _of(objects: list[Object], kind: str) -> list[Object]:
    return [item for item in objects if item["kind"] == kind]


def _prefixed(labels: dict[str, str], prefix: str) -> dict[str, str]:
    return {key.removeprefix(prefix): value for key, value in labels.items() if key.startswith(prefix)}


def _names(one: Object, name: str) -> bool:
    if "matchName" in one:
        return bool(one["matchName"] == name)
    if one["matchPattern"] == "*":
        return True
    return re.fullmatch(re.escape(one["matchPattern"]).replace(r"\*", "[-a-zA-Z0-9_]*"), name) is not None


def _labels_match(selector: Object | None, labels: dict[str, str]) -> bool:
    terms = [(key, "In", [value]) for key, value in ((selector or {}).get("matchLabels") or {}).items()]
    terms += [
        (item["key"], item["operator"], item.get("values") or [])
        for item in (selector or {}).get("matchExpressions") or []
    ]
    return all(_holds(operator, values, labels.get(key)) for key, operator, values in terms)


def _identity_matches(selector: Object, labels: dict[str, str]) -> bool:
    terms = [(key, "In", [value]) for key, value in (selector.get("matchLabels") or {}).items()]
    terms += [
        (item["key"], item["operator"], item.get("values") or []) for item in selector.get("matchExpressions") or []
    ]
    for key, operator, values in terms:
        source, colon, rest = key.partition(":")
        if not colon or source == "any":
            bare = rest if colon else key
            found = next((labels[f"{it}:{bare}"] for it in ("k8s", "reserved") if f"{it}:{bare}" in labels), None)
        else:
            found = labels.get(key)
        if not _holds(operator, values, found):
            return False
    return True


def _holds(operator: str, values: list[str], value: str | None) -> bool:
    if operator in ("Exists", "DoesNotExist"):
        return (value is not None) == (operator == "Exists")
    return (value is not None and value in values) == (operator == "In")
