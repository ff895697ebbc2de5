"""Endpoints of Calico v3: the pods and hosts that it found, as `calicoctl get` shows them."""

from __future__ import annotations

from typing import Any

from ringfence.documents.document import Route
from ringfence.manifests.calico.entities import read_nets
from ringfence.manifests.calico.reader import CalicoReader
from ringfence.manifests.calico.types import HostEndpoint
from ringfence.manifests.types import ContainerPort, Workload, sorted_labels
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import FIRST, LAST, PROTOCOLS

_OWN = "projectcalico.org/"
_ACCOUNT = _OWN + "serviceaccount"


def read_workload_endpoint(reader: CalicoReader, data: dict[str, Any]) -> Workload | None:
    """The pod of a WorkloadEndpoint, None for an endpoint of another orchestrator or without the name of a pod."""
    name, namespace, labels = reader.metadata(data, strict=False)
    reader.subject = f"{namespace}/{name}"
    spec = reader.typed(data.get("spec"), dict, ("spec",), True) or {}
    pod = reader.typed(spec.get("pod"), str, ("spec", "pod"))
    nets = read_nets(reader, spec.get("ipNetworks"), ("spec", "ipNetworks"), unique=False) or AddressSet()
    addresses = tuple(sorted(cidr.partition("/")[0] for cidr in nets.cidrs() if cidr.endswith(("/32", "/128"))))
    ports = tuple(sorted(set(_ports(reader, spec.get("ports"), ("spec", "ports")))))
    account = labels.get(_ACCOUNT, "default")
    own = sorted_labels({key: value for key, value in labels.items() if not key.startswith(_OWN)})
    if not pod:
        return None
    return Workload(namespace, pod, "Pod", own, ports, False, addresses, ("", ""), reader.at(), account)


def read_host_endpoint(reader: CalicoReader, data: dict[str, Any]) -> HostEndpoint | None:
    """The interface of a host, None where it has no name."""
    name, _, labels = reader.metadata(data, strict=False)
    reader.subject = name
    spec = reader.typed(data.get("spec"), dict, ("spec",), True) or {}
    nets = read_nets(reader, spec.get("expectedIPs"), ("spec", "expectedIPs"), unique=False)
    return HostEndpoint(name, sorted_labels(labels), nets or AddressSet(), reader.at()) if name else None


def _ports(reader: CalicoReader, value: Any, route: Route) -> list[ContainerPort]:
    result = []
    for index, item in enumerate(reader.items(value, route)):
        port = reader.typed(item, dict, (*route, index)) or {}
        name, number, protocol = port.get("name"), port.get("port"), str(port.get("protocol") or "TCP").upper()
        if isinstance(name, str) and type(number) is int and FIRST <= number <= LAST and protocol in PROTOCOLS:
            result.append(ContainerPort(name, protocol, number))
    return result
