from __future__ import annotations

from typing import Any

import pytest
from gitops_crds import validator
from gitops_models import URL, make_bundles, make_model, parsed
from msgspec.structs import replace

from ringfence import gitops

FLUX = "policies/rendered/gitops/flux"


def objects(files: dict[str, bytes], cluster: str) -> list[dict[str, Any]]:
    """What Flux applies from a cluster's folder, through the Kustomize file."""
    folder = f"{FLUX}/{cluster}"
    return [parsed(files, f"{folder}/{name}") for name in parsed(files, f"{folder}/kustomization.yaml")["resources"]]


def test_a_folder_lists_all_its_files(model, bundles):
    files = gitops.tree(model, bundles)
    resources = parsed(files, f"{FLUX}/dev/kustomization.yaml")["resources"]
    assert resources == [
        "gitrepository.yaml",
        "namespaces/cart.yaml",
        "namespaces/payments.yaml",
        "namespaces/web.yaml",
        "root.yaml",
    ]
    there = {path.removeprefix(f"{FLUX}/dev/") for path in files if path.startswith(f"{FLUX}/dev/")}
    assert there == {*resources, "kustomization.yaml"}


def test_the_source_is_the_repository(model, bundles):
    assert parsed(gitops.tree(model, bundles), f"{FLUX}/dev/gitrepository.yaml") == {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "GitRepository",
        "metadata": {
            "name": "ringfence-dev",
            "namespace": "flux-system",
            "labels": {"app.kubernetes.io/managed-by": "ringfence", "ringfence.dev/cluster": "dev"},
            "annotations": {"kustomize.toolkit.fluxcd.io/ssa": "Merge"},
        },
        "spec": {"interval": "1m", "timeout": "1m", "url": URL, "ref": {"branch": "main"}},
    }


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("git@gitlab.example.com:platform/policies.git", "ssh://git@gitlab.example.com/platform/policies.git"),
        ("ssh://git@gitlab.example.com:2222/policies.git", "ssh://git@gitlab.example.com:2222/policies.git"),
        ("http://gitlab.example.com/policies.git", "http://gitlab.example.com/policies.git"),
    ],
)
def test_the_source_has_an_address_that_flux_takes(model, bundles, url, expected):
    model = replace(model, settings=replace(model.settings, repository_url=url))
    source = parsed(gitops.tree(model, bundles), f"{FLUX}/dev/gitrepository.yaml")
    assert source["spec"]["url"] == expected
    validator("GitRepository").validate(source)


def test_the_root_applies_its_own_folder_and_waits_for_nothing(model, bundles):
    assert parsed(gitops.tree(model, bundles), f"{FLUX}/dev/root.yaml") == {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {
            "name": "ringfence-dev",
            "namespace": "flux-system",
            "labels": {"app.kubernetes.io/managed-by": "ringfence", "ringfence.dev/cluster": "dev"},
        },
        "spec": {
            "interval": "10m",
            "retryInterval": "1m",
            "timeout": "3m",
            "path": "./policies/rendered/gitops/flux/dev",
            "sourceRef": {"kind": "GitRepository", "name": "ringfence-dev"},
            "prune": True,
            "deletionPolicy": "Orphan",
            "wait": False,
        },
    }


def test_a_namespace_follows_the_root_and_keeps_its_policies_when_it_leaves(model, bundles):
    assert parsed(gitops.tree(model, bundles), f"{FLUX}/dev/namespaces/web.yaml") == {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {
            "name": "policies-web-dev",
            "namespace": "flux-system",
            "labels": {
                "app.kubernetes.io/managed-by": "ringfence",
                "ringfence.dev/cluster": "dev",
                "ringfence.dev/team": "shop",
            },
        },
        "spec": {
            "interval": "10m",
            "retryInterval": "1m",
            "timeout": "3m",
            "path": "./policies/rendered/overlays/dev/shop/web",
            "sourceRef": {"kind": "GitRepository", "name": "ringfence-dev"},
            "prune": True,
            "deletionPolicy": "Orphan",
            "wait": True,
            "dependsOn": [{"name": "ringfence-dev"}],
        },
    }


def test_every_object_is_what_its_crd_accepts(model, bundles):
    files = gitops.tree(model, bundles)
    validators = {kind: validator(kind) for kind in ("GitRepository", "Kustomization")}
    checked = 0
    for cluster in bundles:
        for data in objects(files, cluster):
            validators[data["kind"]].validate(data)
            checked += 1
    assert checked == 15


def test_two_clusters_of_one_kubernetes_cluster_share_no_object(model, bundles):
    files = gitops.tree(model, bundles)
    identities = [
        (data["kind"], data["metadata"]["name"]) for cluster in ("dev", "staging") for data in objects(files, cluster)
    ]
    assert len(identities) == len(set(identities)) == 10


def test_names_fit_a_label_and_stay_apart():
    long = "a" * 63
    model = make_model(
        {"shop": [long, long[:-1] + "b", "ns-x"]},
        {long: ("prod", "prod", "{namespace}"), "x": ("dev", "prod", "{namespace}-{environment}")},
    )
    bundles = make_bundles(model)
    files = gitops.tree(model, bundles)
    found = [data for cluster in bundles for data in objects(files, cluster)]
    kustomizations = [data["metadata"]["name"] for data in found if data["kind"] == "Kustomization"]
    assert len(kustomizations) == len(set(kustomizations)) == 8
    assert max(map(len, kustomizations)) == 63
    roots = {data["metadata"]["name"] for data in found if data["kind"] == "GitRepository"}
    for data in found:
        if data["kind"] == "Kustomization":
            assert data["spec"]["sourceRef"]["name"] in roots
            assert [item["name"] for item in data["spec"].get("dependsOn", [])] in (
                [],
                [data["spec"]["sourceRef"]["name"]],
            )


def test_a_namespace_with_the_name_of_another_file_is_in_nobodys_way():
    model = make_model({"shop": ["root", "kustomization"]}, {"prod": ("prod", "prod", "{namespace}")})
    files = gitops.tree(model, make_bundles(model))
    assert len(objects(files, "prod")) == 4


def test_nothing_asks_flux_to_substitute_variables(model, bundles):
    for raw in gitops.tree(model, bundles).values():
        assert b"$" not in raw
        assert b"postBuild" not in raw
        assert b"targetNamespace" not in raw
