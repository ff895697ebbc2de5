"""Small clusters as Kubernetes objects, for tests that say only what matters to them."""

from __future__ import annotations

import json
from typing import Any

from ringfence.connectivity import Connectivity, Profile, evaluate, from_directory

Object = dict[str, Any]


def namespace(name: str, **labels: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def pod(
    id_: str,
    labels: dict[str, str] | None = None,
    ports: list[tuple[str, str, int]] | None = None,
    address: str = "",
    host: bool = False,
    owner: tuple[str, str] | None = None,
) -> Object:
    space, name = id_.split("/")
    listed = [{"name": n, "protocol": p, "containerPort": number} for n, p, number in ports or []]
    meta: Object = {"name": name, "namespace": space, "labels": labels or {"app": name}}
    if owner:
        meta["ownerReferences"] = [{"kind": owner[0], "name": owner[1], "controller": True}]
    spec: Object = {"containers": [{"name": "c", "ports": listed}]}
    if host:
        spec["hostNetwork"] = True
    status = {"status": {"podIPs": [{"ip": ip} for ip in address.split()]}} if address else {}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, **status}


def deployment(
    id_: str, labels: dict[str, str] | None = None, ports: list[tuple[str, str, int]] | None = None
) -> Object:
    one = pod(id_, labels, ports)
    template = {"metadata": {"labels": one["metadata"].pop("labels")}, "spec": one["spec"]}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": one["metadata"], "spec": {"template": template}}


def policy(id_: str, selects: Object | str | None = None, **spec: Any) -> Object:
    """A policy; `selects` is a podSelector, or the value of `app`, or absent for all pods."""
    space, name = id_.split("/")
    selector = {} if selects is None else app(selects) if isinstance(selects, str) else selects
    meta = {"name": name, "namespace": space}
    body = {"podSelector": selector, **spec}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": meta, "spec": body}


def app(name: str) -> Object:
    return {"matchLabels": {"app": name}}


def space(name: str) -> Object:
    return {"matchLabels": {"kubernetes.io/metadata.name": name}}


def tcp(first: int, last: int | None = None) -> Object:
    return {"port": first, **({"endPort": last} if last else {})}


def files(*objects: Object) -> dict[str, bytes]:
    return {"all.yaml": "\n---\n".join(json.dumps(item, indent=1) for item in objects).encode()}


MATCHES = Profile("matches", ip_blocks_match_pods=True)
EXTERNAL = Profile("external", ip_blocks_match_pods=False)


def world(*objects: Object, profile: Profile = EXTERNAL, representatives: bool = False) -> Connectivity:
    return evaluate(from_directory(files(*objects), profile), representatives)


def allowed(result: Connectivity, source: str, destination: str) -> str:
    return str(result.ports(source, destination))


def verdict(result: Connectivity, source: str, destination: str, port: int = 80, protocol: str = "TCP") -> str:
    return str(result.verdict(source, destination, protocol, port))
