"""What the columns of a side mean: which pod, workload, entity or address it is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address

from msgspec import Struct

Labels = frozenset[tuple[str, str]]

_ENTITIES = {
    1: "host",
    2: "world",
    3: "unmanaged",
    4: "health",
    5: "init",
    6: "remote-node",
    7: "kube-apiserver",
    8: "ingress",
    9: "world-ipv4",
    10: "world-ipv6",
}
"""Numbers of Cilium's reserved identities
(https://docs.cilium.io/en/stable/internals/security-identities/)."""
_FIRST = ("kube-apiserver", "ingress", "health", "init", "host", "remote-node", "unmanaged")
"""Of several reserved labels, the one that says most."""
_WITHOUT_ADDRESS = {"host", "remote-node", "health", "init", "ingress"}
_CALICO = {"hep": "host", "hostendpoint": "host", "2": "host"}
_CALICO_SETS = {"ns", "networkset", "3"}
_OF_ONE_POD = {
    "pod-template-hash",
    "pod-template-generation",
    "controller-revision-hash",
    "controller-uid",
    "job-name",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name",
    "batch.kubernetes.io/job-completion-index",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
}
"""Labels that controllers give, and that differ from one pod of a workload to the next or from one rollout to
the next."""
_NOT_OF_PODS = ("io.kubernetes.pod.", "io.cilium.")
# Kubernetes names pods with these letters, so that no words arise (k8s.io/apimachinery/pkg/util/rand).
_RANDOM = "bcdfghjklmnpqrstvwxz2456789"
_STEM = re.compile(rf"^(?P<stem>.+?)(?:-[{_RANDOM}]{{6,10}}(?=-))?-(?:[{_RANDOM}]{{5}}|\d+|\*)$")


class End(Struct, frozen=True):
    """A side before workloads and labels are gathered from all records."""

    namespace: str = ""
    kind: str = ""
    workload: str = ""
    pod: str = ""
    address: str = ""
    names: tuple[str, ...] = ()
    entity: str = ""
    labels: Labels | None = None
    """None if the log does not say."""


@lru_cache(maxsize=65536)
def end(values: tuple[str | None, ...]) -> End:
    """The end that the columns of `records.SIDE` are."""
    namespace, workload, kind, pod, labels, address, names, identity, kind_of_end = (item or "" for item in values)
    namespace = "" if namespace == "-" else namespace
    pairs, reserved = _labels(labels)
    workload, kind = _workload(workload, kind)
    dns = _names(names)
    outside = _outside(kind_of_end.lower(), namespace, pod, reserved, identity, bool(workload))
    if outside is not None:
        entity = outside
        named = pod if entity == "network-set" else ""
        where = "" if entity in _WITHOUT_ADDRESS else _address(address)
        return End(namespace=namespace if named else "", workload=named, address=where, names=dns, entity=entity)
    if not pod and not workload and not namespace:
        return End(address=_address(address), names=dns)
    if not workload:
        workload, kind = owner(pod, dict(pairs or ()))
    kept = None if pairs is None else frozenset(item for item in pairs if item[0] not in _OF_ONE_POD)
    return End(namespace=namespace, kind=kind, workload=workload, pod=pod, labels=kept)


def _outside(
    kind: str, namespace: str, pod: str, reserved: tuple[str, ...], identity: str, workload: bool
) -> str | None:
    """The entity that a side is; empty where all that is known is an address; None if it is a pod."""
    if kind in _CALICO:
        return _CALICO[kind]
    if kind in _CALICO_SETS:
        return "network-set"
    if pod in ("pub", "pvt") and not namespace:
        return "world" if pod == "pub" else "private"
    if kind in ("net", "network", "4"):
        return ""
    if namespace or workload or (pod and not reserved):
        return None
    if not reserved and identity.isdecimal() and int(identity) in _ENTITIES:
        reserved = (_ENTITIES[int(identity)],)
    if not reserved and kind not in ("", "wep", "workloadendpoint", "1"):
        reserved = (kind,)
    for name in _FIRST:
        if name in reserved:
            return name
    if any(name.startswith("world") for name in reserved):
        return "world"
    return reserved[0] if reserved else None


def _labels(text: str) -> tuple[Labels | None, tuple[str, ...]]:
    """The pod's labels, None if nothing is said of them, and Cilium's reserved ones."""
    found: list[str] = []
    if text[:1] in ("[", "{"):
        try:
            value = json.loads(text)
        except ValueError:
            return None, ()
        if isinstance(value, dict) and set(value) == {"labels"}:
            value = value["labels"]
        if isinstance(value, dict):
            value = [f"{key}={item}" for key, item in value.items()]
        found = [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
    elif text and text != "-":
        found = [item.strip() for item in re.split(r"[|,;]", text)]
    reserved = tuple(item.removeprefix("reserved:").rstrip("=") for item in found if item.startswith("reserved:"))
    pairs = [_pair(item) for item in found if "=" in item and not item.startswith(("reserved:", "cidr:", "fqdn:"))]
    own = frozenset(item for item in pairs if not item[0].startswith(_NOT_OF_PODS))
    return (own if own or (pairs and not reserved) else None), reserved


def _pair(text: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    return re.sub(r"^(k8s|any|unspec|container):", "", key), value


def _workload(text: str, kind: str) -> tuple[str, str]:
    if not text.startswith("["):
        return text, kind
    try:
        found = json.loads(text)
    except ValueError:
        return "", ""
    first = found[0] if found and isinstance(found[0], dict) else {}
    return str(first.get("name") or ""), str(first.get("kind") or "")


def _names(text: str) -> tuple[str, ...]:
    if text.startswith("["):
        try:
            found = [item for item in json.loads(text) if isinstance(item, str)]
        except ValueError:
            found = []
    else:
        found = re.split(r"[|,;\s]+", text)
    return tuple(sorted({item.lower().rstrip(".") for item in found if item.strip(".-")}))


def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        return "" if text == "-" else text


def owner(pod: str, labels: Mapping[str, str]) -> tuple[str, str]:
    """The workload and its kind where a pod's name and the labels that its controller gave prove them; else empty."""
    template = labels.get("pod-template-hash")
    if template and (found := re.fullmatch(rf"(.+)-{re.escape(template)}-[^-]+", pod)):
        return found[1], "Deployment"
    if labels.get("statefulset.kubernetes.io/pod-name") == pod and (found := re.fullmatch(r"(.+)-\d+", pod)):
        return found[1], "StatefulSet"
    if "pod-template-generation" in labels and (found := re.fullmatch(r"(.+)-[^-]+", pod)):
        return found[1], "DaemonSet"
    return "", ""


def stem(pod: str) -> str:
    """What pods of one workload have in common in their names, as far as names tell."""
    found = _STEM.match(pod)
    return found["stem"] if found else pod
