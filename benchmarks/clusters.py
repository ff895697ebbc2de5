"""Clusters as plain manifests to measure with: any number of deployments, ten in a namespace, in two shapes.

Every workload is called by the two before it and calls the two after it, across namespaces, on one port. Shape A has
one policy a workload that admits its callers. Shape B is zero trust: a default deny a namespace, and one policy a
workload that admits its callers and lets it call its callees and the DNS of the cluster.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

SHAPES = ("A", "B")
IN_A_NAMESPACE = 10
PORT, OTHER_PORT = 8080, 9090

_NAMESPACE = """\
apiVersion: v1
kind: Namespace
metadata:
  name: {space}
  labels:
    kubernetes.io/metadata.name: {space}
"""

_DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: {space}
spec:
  replicas: 2
  selector:
    matchLabels:
      app: {name}
  template:
    metadata:
      labels:
        app: {name}
        tier: {tier}
    spec:
      containers:
        - name: main
          image: registry.example.com/{name}:1
          ports:
            - name: http
              containerPort: 8080
              protocol: TCP
"""

_POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {name}
  namespace: {space}
spec:
  podSelector:
    matchLabels:
      app: {name}
  policyTypes:
{types}
  ingress:
    - from:
{callers}
      ports:
        - protocol: TCP
          port: {port}
"""

_PEER = """\
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: {space}
          podSelector:
            matchLabels:
              app: {name}"""

_EGRESS = """\
  egress:
    - to:
{callees}
      ports:
        - protocol: TCP
          port: 8080
    - to:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: kube-system
      ports:
        - protocol: UDP
          port: 53
        - protocol: TCP
          port: 53
"""

_DENY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: default-deny
  namespace: {space}
spec:
  podSelector: {{}}
  policyTypes:
    - Ingress
    - Egress
"""

_DNS = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: dns
  namespace: kube-system
spec:
  selector:
    matchLabels:
      k8s-app: dns
  template:
    metadata:
      labels:
        k8s-app: dns
    spec:
      containers:
        - name: dns
          image: registry.example.com/dns:1
"""


def write(folder: Path, shape: str, deployments: int, *, one_file: bool = False) -> tuple[Path, Path]:
    """Write a cluster and the same cluster after a change, one file a namespace or one in all; the two folders.

    In the changed one a port in a hundred has moved, and one workload has lost a caller.
    """
    for name in ("base", "changed"):
        (folder / name).mkdir(parents=True)
        texts = dict(files(shape, deployments, changed=name == "changed"))
        if one_file:
            texts = {"all.yaml": "---\n".join(texts.values())}
        for file, text in texts.items():
            (folder / name / file).write_text(text)
    return folder / "base", folder / "changed"


def files(shape: str, deployments: int, *, changed: bool = False) -> Iterator[tuple[str, str]]:
    """The files of a cluster: names and texts."""
    yield "kube-system.yaml", "---\n".join([_NAMESPACE.format(space="kube-system"), _DNS])
    for first in range(0, deployments, IN_A_NAMESPACE):
        space = _space(first)
        parts = [_NAMESPACE.format(space=space)]
        parts += [_DENY.format(space=space)] if shape == "B" else []
        for number in range(first, min(first + IN_A_NAMESPACE, deployments)):
            tier = "api" if number % 3 else "web"
            parts.append(_DEPLOYMENT.format(name=_name(number), space=space, tier=tier))
            parts.append(policy(shape, deployments, number, changed=changed))
        yield f"{space}.yaml", "---\n".join(parts)


def policy(shape: str, deployments: int, number: int, *, changed: bool = False) -> str:
    """The policy of one workload."""
    callers = [(number - step) % deployments for step in ((1,) if changed and number == 1 else (1, 2))]
    callees = [(number + step) % deployments for step in (1, 2)]
    text = _POLICY.format(
        name=_name(number),
        space=_space(number),
        types="\n".join(f"    - {way}" for way in (("Ingress", "Egress") if shape == "B" else ("Ingress",))),
        callers="\n".join(map(_peer, callers)),
        port=OTHER_PORT if changed and number % 100 == 0 else PORT,
    )
    return text + _EGRESS.format(callees="\n".join(map(_peer, callees))) if shape == "B" else text


def _peer(number: int) -> str:
    return _PEER.format(space=_space(number), name=_name(number))


def _name(number: int) -> str:
    return f"svc-{number}"


def _space(number: int) -> str:
    return f"team-{number // IN_A_NAMESPACE}"
