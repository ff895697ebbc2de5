from __future__ import annotations

import random
from typing import Any

import jsonschema
import pytest
from gitops_crds import validator
from gitops_models import URL, make_bundles, make_model, parsed

from ringfence import gitops

ARGO = "policies/rendered/gitops/argocd"


def test_the_files_of_each_cluster_and_team(model, bundles):
    paths = [path.removeprefix(f"{ARGO}/") for path in gitops.tree(model, bundles) if path.startswith(ARGO)]
    per_cluster = [
        "applicationsets/payments.yaml",
        "applicationsets/shop.yaml",
        "appprojects/payments.yaml",
        "appprojects/shop.yaml",
        "kustomization.yaml",
    ]
    clusters = ("dev", "prod", "staging")
    assert sorted(paths) == sorted(
        [f"{name}/{file}" for name in clusters for file in per_cluster] + ["kustomization.yaml"]
    )


def test_kustomizations_list_everything_once(model, bundles):
    files = gitops.tree(model, bundles)
    assert parsed(files, f"{ARGO}/kustomization.yaml") == {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": ["dev", "prod", "staging"],
    }
    assert parsed(files, f"{ARGO}/dev/kustomization.yaml")["resources"] == [
        "applicationsets/payments.yaml",
        "applicationsets/shop.yaml",
        "appprojects/payments.yaml",
        "appprojects/shop.yaml",
    ]


def test_a_project_allows_network_policies_in_its_namespaces_from_one_repository(model, bundles):
    project = parsed(gitops.tree(model, bundles), f"{ARGO}/dev/appprojects/shop.yaml")
    assert project["metadata"]["name"] == "ringfence.dev.shop"
    assert project["metadata"]["namespace"] == "argocd"
    assert project["metadata"]["annotations"] == {"argocd.argoproj.io/sync-wave": "-1"}
    assert project["spec"] == {
        "description": "Network policies of team shop in dev",
        "sourceRepos": [URL],
        "destinations": [
            {"server": "https://nonprod.example.com:6443", "namespace": "cart-dev"},
            {"server": "https://nonprod.example.com:6443", "namespace": "web-dev"},
        ],
        "clusterResourceWhitelist": [],
        "namespaceResourceWhitelist": [{"group": "networking.k8s.io", "kind": "NetworkPolicy"}],
    }


def test_an_application_set_makes_one_application_a_namespace(model, bundles):
    labels = {
        "app.kubernetes.io/managed-by": "ringfence",
        "ringfence.dev/cluster": "dev",
        "ringfence.dev/team": "shop",
    }
    assert parsed(gitops.tree(model, bundles), f"{ARGO}/dev/applicationsets/shop.yaml") == {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": {"name": "ringfence.dev.shop", "namespace": "argocd", "labels": labels},
        "spec": {
            "goTemplate": True,
            "goTemplateOptions": ["missingkey=error"],
            "generators": [
                {
                    "list": {
                        "elements": [
                            {
                                "application": "ringfence.dev.cart",
                                "namespace": "cart-dev",
                                "path": "policies/rendered/overlays/dev/shop/cart",
                            },
                            {
                                "application": "ringfence.dev.web",
                                "namespace": "web-dev",
                                "path": "policies/rendered/overlays/dev/shop/web",
                            },
                        ]
                    }
                }
            ],
            "syncPolicy": {"applicationsSync": "create-update", "preserveResourcesOnDeletion": True},
            "template": {
                "metadata": {"name": "{{ .application }}", "labels": labels},
                "spec": {
                    "project": "ringfence.dev.shop",
                    "source": {"repoURL": URL, "targetRevision": "main", "path": "{{ .path }}"},
                    "destination": {"server": "https://nonprod.example.com:6443", "namespace": "{{ .namespace }}"},
                    "syncPolicy": {
                        "automated": {"prune": True, "selfHeal": True, "allowEmpty": False},
                        "syncOptions": [
                            "CreateNamespace=false",
                            "ServerSideApply=true",
                            "PruneLast=true",
                            "FailOnSharedResource=true",
                            "ApplyOutOfSyncOnly=true",
                        ],
                    },
                },
            },
        },
    }


def test_every_object_is_what_its_crd_accepts(model, bundles):
    files = gitops.tree(model, bundles)
    validators = {kind: validator(kind) for kind in ("AppProject", "ApplicationSet")}
    checked = 0
    for path in files:
        if path.startswith(f"{ARGO}/") and not path.endswith("kustomization.yaml"):
            data = parsed(files, path)
            validators[data["kind"]].validate(data)
            checked += 1
    assert checked == 12


def test_the_generated_applications_are_what_their_crd_accepts(model, bundles):
    check = validator("Application")
    project = parsed(gitops.tree(model, bundles), f"{ARGO}/prod/appprojects/shop.yaml")
    spec = parsed(gitops.tree(model, bundles), f"{ARGO}/prod/applicationsets/shop.yaml")["spec"]
    elements = spec["generators"][0]["list"]["elements"]
    assert len(elements) == 2
    for element in elements:
        application = fill(spec["template"], element)
        application |= {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application"}
        application["metadata"]["namespace"] = "argocd"
        check.validate(application)
        assert application["spec"]["project"] == project["metadata"]["name"]
        assert application["spec"]["destination"] in project["spec"]["destinations"]
        assert application["spec"]["source"]["repoURL"] in project["spec"]["sourceRepos"]


def fill(value: Any, element: dict[str, str]) -> Any:
    """What Argo CD's Go template makes of `{{ .key }}`; a key that is missing is an error."""
    if isinstance(value, dict):
        return {key: fill(child, element) for key, child in value.items()}
    if isinstance(value, list):
        return [fill(child, element) for child in value]
    if isinstance(value, str) and value.startswith("{{ ."):
        return element[value.removeprefix("{{ .").removesuffix(" }}")]
    return value


def test_an_unknown_field_is_refused_by_the_check_itself(model, bundles):
    data = parsed(gitops.tree(model, bundles), f"{ARGO}/prod/applicationsets/shop.yaml")
    data["spec"]["template"]["spec"]["syncPolicy"]["automated"]["selfHeel"] = True
    with pytest.raises(jsonschema.ValidationError, match="selfHeel"):
        validator("ApplicationSet").validate(data)


def test_no_two_pairs_of_names_share_an_object():
    model = make_model(
        {"web": ["web"], "eu-web": ["eu-web"]},
        {"prod": ("prod", "prod", "{namespace}"), "prod-eu": ("prod", "prod-eu", "{namespace}")},
    )
    files = gitops.tree(model, make_bundles(model))
    names = [
        (data["kind"], data["metadata"]["name"])
        for path in files
        if path.startswith(f"{ARGO}/") and not path.endswith("kustomization.yaml")
        for data in [parsed(files, path)]
    ]
    applications = [
        element["application"]
        for path in files
        if "/applicationsets/" in path
        for element in parsed(files, path)["spec"]["generators"][0]["list"]["elements"]
    ]
    assert len(names) == len(set(names)) == 8
    assert len(applications) == len(set(applications)) == 4


def test_a_cluster_without_bundles_has_no_files_and_is_not_listed(model, bundles):
    files = gitops.tree(model, {**bundles, "staging": []})
    assert not [path for path in files if "/staging/" in path]
    assert parsed(files, f"{ARGO}/kustomization.yaml")["resources"] == ["dev", "prod"]
    assert gitops.tree(model, {"dev": [], "prod": []}) == {}


def test_the_order_of_the_input_does_not_matter(model, bundles):
    expected = gitops.tree(model, bundles)
    shuffler = random.Random(7)  # noqa: S311
    for _ in range(5):
        items = [(name, shuffler.sample(list(group), len(group))) for name, group in bundles.items()]
        shuffler.shuffle(items)
        assert list(gitops.tree(model, dict(items)).items()) == list(expected.items())
