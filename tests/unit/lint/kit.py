"""Findings on policies of small clusters, for tests that say only what matters to them."""

from __future__ import annotations

from ringfence import lint
from ringfence.connectivity import Profile, from_directory
from ringfence.findings import Finding

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{template: {{metadata: {{labels: {{{labels}}}}}, spec: {{containers: [{{name: c, ports: [{ports}]}}]}}}}}}
"""


def workload(name: str, labels: str = "", ports: str = "", namespace: str = "shop") -> str:
    return DEPLOYMENT.format(name=name, labels=labels or f"app: {name}", ports=ports, namespace=namespace)


def policy(name: str, spec: str, namespace: str = "shop") -> str:
    meta = f"metadata: {{name: {name}, namespace: {namespace}}}"
    return f"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n{meta}\nspec: {{{spec}}}\n"


def admin(name: str, spec: str, priority: int = 10) -> str:
    head = "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\n"
    return f"{head}metadata: {{name: {name}}}\nspec: {{priority: {priority}, subject: {{namespaces: {{}}}}, {spec}}}\n"


def found(*objects: str, profile: Profile | None = None) -> list[Finding]:
    """The findings of this stage in one file of objects."""
    cluster = from_directory({"all.yaml": "---\n".join(objects).encode()}, profile or Profile())
    errors = [str(item) for item in cluster.findings if item.severity == "error"]
    assert not errors
    return lint.findings(cluster)


def told(*objects: str, profile: Profile | None = None) -> list[tuple[str, str]]:
    """Code and message of each finding."""
    return [(item.check.code, item.message) for item in found(*objects, profile=profile)]


def codes(*objects: str, profile: Profile | None = None) -> list[str]:
    return [item.check.code for item in found(*objects, profile=profile)]
