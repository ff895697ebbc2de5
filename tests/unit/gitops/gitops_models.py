"""Small models, made of values."""

from __future__ import annotations

from typing import Any

import yaml

from ringfence import documents
from ringfence.compile.bundle import Bundle
from ringfence.findings import Location
from ringfence.model.types import Cluster, Cni, Model, Namespace, Settings, Team
from ringfence.values.addresses import AddressSet

HERE = Location("policies/ringfence.yaml", 1, 1)
URL = "https://gitlab.example.com/platform/network-policies.git"


def make_model(teams: dict[str, list[str]], clusters: dict[str, tuple[str, str, str]]) -> Model:
    """Teams with their namespaces; clusters with their environment, Kubernetes cluster and namespace pattern."""
    environments = frozenset(environment for environment, _, _ in clusters.values())
    return Model(
        settings=Settings(
            organisation="Example",
            default_branch="main",
            repository_url=URL,
            platform_owners=("@example/platform", "security@example.com"),
            consent="review",
            require_ticket=False,
            warn_days=30,
            argocd_namespace="argocd",
            flux_namespace="flux-system",
            where=HERE,
        ),
        clusters={
            name: Cluster(
                name=name,
                environment=environment,
                kubernetes_cluster=kubernetes_cluster,
                server=f"https://{kubernetes_cluster}.example.com:6443",
                namespace_pattern=pattern,
                cni=Cni("calico", True),
                dialect="kubernetes",
                pods=AddressSet(),
                services=AddressSet(),
                nodes=AddressSet(),
                where=HERE,
            )
            for name, (environment, kubernetes_cluster, pattern) in sorted(clusters.items())
        },
        peers={},
        teams={
            name: Team(name, "", "", (f"@example/{name}",), tuple(namespaces), HERE)
            for name, namespaces in sorted(teams.items())
        },
        namespaces={
            namespace: Namespace(namespace, team, (), environments, HERE)
            for team, namespaces in teams.items()
            for namespace in namespaces
        },
        workloads={},
        flows=(),
        grants=(),
        guardrails=(),
        waivers=(),
    )


def make_bundles(model: Model) -> dict[str, list[Bundle]]:
    """Empty bundles: what stands in them is no business of this stage."""
    return {
        cluster.name: [
            Bundle(item.team, item.name, cluster.namespace_name(item.name), ())
            for item in sorted(model.namespaces_in(cluster), key=lambda item: (item.team, item.name))
        ]
        for cluster in model.clusters.values()
    }


def parsed(files: dict[str, bytes], path: str) -> dict[str, Any]:
    """A written file as data, the same to the strict reader and to a reader of YAML 1.1."""
    document, findings = documents.read(path, files[path])
    assert not findings
    assert document is not None
    assert document.data == yaml.safe_load(files[path]), "YAML 1.1 and 1.2 readers differ"
    assert isinstance(document.data, dict)
    return document.data
