from __future__ import annotations

from gitops_crds import validator
from gitops_models import make_bundles, make_model, parsed
from msgspec.structs import replace

from ringfence import gitops
from ringfence.model.types import Model

ARGO, FLUX = "policies/rendered/gitops/argocd", "policies/rendered/gitops/flux"


def shared(dialect: str) -> Model:
    """Two clusters of one Kubernetes cluster, both in a dialect."""
    model = make_model(
        {"shop": ["cart"]},
        {
            "dev": ("dev", "nonprod", "{namespace}-{environment}"),
            "staging": ("staging", "nonprod", "{namespace}-{environment}"),
        },
    )
    clusters = {name: replace(item, dialect=dialect) for name, item in model.clusters.items()}
    return replace(model, clusters=clusters)


def test_the_tier_of_a_kubernetes_cluster_is_applied_once_and_before_the_policies() -> None:
    model = shared("calico")
    files = gitops.tree(model, make_bundles(model))
    assert [path for path in files if "_cluster" in path] == [
        f"{ARGO}/dev/appprojects/_cluster.yaml",
        f"{ARGO}/dev/applications/_cluster.yaml",
    ]
    project = parsed(files, f"{ARGO}/dev/appprojects/_cluster.yaml")
    application = parsed(files, f"{ARGO}/dev/applications/_cluster.yaml")
    for item in (project, application):
        assert not list(validator(item["kind"]).iter_errors(item))
    assert project["spec"]["clusterResourceWhitelist"] == [{"group": "projectcalico.org", "kind": "Tier"}]
    assert project["spec"]["namespaceResourceBlacklist"] == [{"group": "*", "kind": "*"}]
    assert application["spec"]["project"] == project["metadata"]["name"] == "ringfence.dev"
    assert application["spec"]["source"]["path"] == "policies/rendered/overlays/dev/_cluster"
    waves = [item["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"] for item in (project, application)]
    assert waves == ["-3", "-2"]
    listed = parsed(files, f"{ARGO}/dev/kustomization.yaml")["resources"]
    assert listed[:2] == ["applications/_cluster.yaml", "applicationsets/shop.yaml"]


def test_flux_applies_the_tier_before_the_policies_of_every_cluster_that_shares_it() -> None:
    model = shared("calico")
    files = gitops.tree(model, make_bundles(model))
    tier = parsed(files, f"{FLUX}/dev/cluster.yaml")
    assert not list(validator("Kustomization").iter_errors(tier))
    assert tier["metadata"]["name"] == "ringfence-dev.cluster"
    assert tier["spec"]["path"] == "./policies/rendered/overlays/dev/_cluster"
    assert tier["spec"]["wait"] is True
    assert f"{FLUX}/staging/cluster.yaml" not in files
    for name in ("dev", "staging"):
        data = parsed(files, f"{FLUX}/{name}/namespaces/cart.yaml")
        expected = [{"name": f"ringfence-{name}"}, {"name": "ringfence-dev.cluster"}]
        assert data["spec"]["dependsOn"] == expected


def test_projects_allow_the_kinds_of_the_dialect_and_those_that_a_change_of_dialect_takes_away() -> None:
    kinds = {}
    for dialect in ("kubernetes", "calico", "cilium"):
        model = shared(dialect)
        files = gitops.tree(model, make_bundles(model))
        project = parsed(files, f"{ARGO}/dev/appprojects/shop.yaml")
        assert not list(validator("AppProject").iter_errors(project))
        kinds[dialect] = [f"{item['kind']}.{item['group']}" for item in project["spec"]["namespaceResourceWhitelist"]]
        sets = parsed(files, f"{ARGO}/dev/applicationsets/shop.yaml")
        assert not list(validator("ApplicationSet").iter_errors(sets))
        policy = sets["spec"]["template"]["spec"]["syncPolicy"]
        assert ("retry" in policy) is (dialect == "calico")
    plain = "NetworkPolicy.networking.k8s.io"
    calico = ["NetworkPolicy.projectcalico.org", "StagedNetworkPolicy.projectcalico.org"]
    assert kinds == {
        "kubernetes": [plain],
        "calico": [plain, *calico],
        "cilium": [plain, "CiliumNetworkPolicy.cilium.io"],
    }
