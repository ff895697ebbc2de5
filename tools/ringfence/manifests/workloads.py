"""Namespaces, pods and the workloads that make pods: labels, named ports, host network, known addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from ringfence.documents.document import Route
from ringfence.manifests import names
from ringfence.manifests.reader import Reader, kind_of
from ringfence.manifests.types import (
    METADATA_NAME,
    ContainerPort,
    Namespace,
    ServiceAccount,
    Workload,
    sorted_labels,
)
from ringfence.values.ports import FIRST, LAST, PROTOCOLS, PortRange, PortSet


def read_namespace(reader: Reader, data: dict[str, Any]) -> Namespace | None:
    """The namespace of one object, None where it has no name. It is kept after findings, as far as it can be read."""
    name, _, labels = reader.metadata(data, strict=False, namespaced=False)
    if not name:
        return None
    return Namespace(name, sorted_labels({**labels, METADATA_NAME: name}), reader.at())


def read_account(reader: Reader, data: dict[str, Any]) -> ServiceAccount | None:
    """The service account of one object, None where it has no name."""
    name, namespace, labels = reader.metadata(data, strict=False)
    return ServiceAccount(namespace, name, sorted_labels(labels), reader.at()) if name else None


def read_workload(reader: Reader, data: dict[str, Any], kind: str, template: Route) -> Workload | None:
    """The pods that one object is or makes, None where name or pod template are missing.

    A workload is kept after findings, as far as it can be read. `template` leads to the pod template.
    """
    name, namespace, labels = reader.metadata(data, strict=False)
    reader.subject = f"{namespace}/{name}"
    pod: Any = data
    for depth, step in enumerate(template, 1):
        pod = reader.typed(pod.get(step), dict, template[:depth], required=True)
        if pod is None:
            return None
    if template:
        meta = reader.typed(pod.get("metadata"), dict, (*template, "metadata")) or {}
        labels = reader.labels(meta.get("labels"), (*template, "metadata", "labels"))
    spec = reader.typed(pod.get("spec"), dict, (*template, "spec")) or {}
    ports, declares = _declared(frozenset(_ports(reader, spec, (*template, "spec"))))
    host = reader.typed(spec.get("hostNetwork"), bool, (*template, "spec", "hostNetwork")) or False
    if not name:
        return None
    owner = _owner(reader, data["metadata"])
    addresses = () if template else _addresses(reader, data.get("status"))
    account = reader.typed(spec.get("serviceAccountName"), str, (*template, "spec", "serviceAccountName")) or "default"
    labelled = sorted_labels(labels)
    return Workload(namespace, name, kind, labelled, ports, host, addresses, owner, reader.at(), account, declares)


@lru_cache(maxsize=1 << 12)
def _declared(listed: frozenset[ContainerPort]) -> tuple[tuple[ContainerPort, ...], PortSet]:
    """The named ones of some ports, and the set of all."""
    declares = PortSet.of(PortRange(port.protocol, port.number, port.number) for port in listed)
    return tuple(sorted(port for port in listed if port.name)), declares


def _ports(reader: Reader, spec: dict[str, Any], route: Route) -> Iterator[ContainerPort]:
    """Ports of the containers, named or not, and of init containers that keep running (restartPolicy Always)."""
    for section in ("containers", "initContainers"):
        for index, item in enumerate(reader.items(spec.get(section), (*route, section))):
            here = (*route, section, index)
            container = reader.typed(item, dict, here) or {}
            if section == "initContainers" and container.get("restartPolicy") != "Always":
                continue
            for number, entry in enumerate(reader.items(container.get("ports"), (*here, "ports"))):
                if port := _port(reader, entry, (*here, "ports", number)):
                    yield port


def _port(reader: Reader, value: Any, route: Route) -> ContainerPort | None:
    data = reader.typed(value, dict, route) or {}
    number, name, protocol = data.get("containerPort"), data.get("name"), data.get("protocol") or "TCP"
    if type(number) is not int or not FIRST <= number <= LAST:
        reader.refuse((*route, "containerPort"), f"the containerPort {number!r} is no number from 1 to 65535")
        return None
    if protocol not in PROTOCOLS:
        reader.refuse((*route, "protocol"), f"{protocol!r} is no protocol; TCP, UDP and SCTP are")
        return None
    if name is None or name == "":
        return ContainerPort("", protocol, number)
    if type(name) is not str or (why := names.port_name(name)):
        reader.refuse((*route, "name"), f"the port name {name!r} {why if type(name) is str else 'is no text'}")
        return None
    return ContainerPort(name, protocol, number)


def _owner(reader: Reader, metadata: dict[str, Any]) -> tuple[str, str]:
    """Kind and name of the controller of an object; empty for none and for a Node (static pods)."""
    for item in reader.items(metadata.get("ownerReferences"), ("metadata", "ownerReferences")):
        if isinstance(item, dict) and item.get("controller") is True and item.get("kind") != "Node":
            return str(item.get("kind") or ""), str(item.get("name") or "")
    return "", ""


def _addresses(reader: Reader, status: Any) -> tuple[str, ...]:
    """The addresses in the status of a pod that was read from a cluster."""
    data = status if isinstance(status, dict) else {}
    listed = data.get("podIPs") if isinstance(data.get("podIPs"), list) else []
    found = [item.get("ip") for item in listed or () if isinstance(item, dict)] or [data.get("podIP")]
    result = []
    for text in found:
        if text:
            try:
                result.append(str(ipaddress.ip_address(text)))
            except ValueError:
                reader.refuse(("status",), f"the pod address {text!r} ({kind_of(text)}) is no address")
    return tuple(sorted(set(result)))
