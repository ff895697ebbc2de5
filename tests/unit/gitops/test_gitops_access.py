"""Roles and admission policies of a cluster: whom they name, and that nothing is written unless somebody is chosen."""

from __future__ import annotations

from typing import Any

import yaml
from gitops_models import make_bundles, make_model
from msgspec.structs import replace

from ringfence.gitops import access
from ringfence.model.types import Model

CLUSTERS = {"staging": ("staging", "nonprod", "{namespace}-{environment}")}
WRITERS = ("eve@example.com", "group:on-call", "system:serviceaccount:argocd:controller")


def chosen(*writers: str) -> Model:
    model = make_model({"shop": ["front", "back"]}, CLUSTERS)
    return replace(model, settings=replace(model.settings, policy_writers=writers))


def written(model: Model) -> dict[tuple[str, str], Any]:
    bundles = make_bundles(model)
    raw = access.files(model, bundles)[f"{access.FOLDER}/staging/access.yaml"]
    return {
        (item["kind"], item["metadata"].get("namespace", item["metadata"]["name"])): item
        for item in yaml.safe_load_all(raw)
    }


def test_nothing_is_written_unless_writers_are_chosen() -> None:
    model = chosen()
    assert access.files(model, make_bundles(model)) == {}


def test_writers_are_bound_in_each_namespace_by_its_name_in_the_cluster() -> None:
    objects = written(chosen(*WRITERS))
    assert sorted(name for kind, name in objects if kind == "RoleBinding") == ["back-staging", "front-staging"]
    assert objects["RoleBinding", "back-staging"]["subjects"] == [
        {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "eve@example.com"},
        {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "on-call"},
        {"kind": "ServiceAccount", "name": "controller", "namespace": "argocd"},
    ]


def test_readers_may_not_write() -> None:
    role = written(chosen(*WRITERS))["ClusterRole", "ringfence.staging.policy-reader"]
    assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {"get", "list", "watch"}
    assert role["metadata"]["labels"]["rbac.authorization.k8s.io/aggregate-to-view"] == "true"


def test_the_admission_policy_lets_writers_through_and_holds_in_these_namespaces_alone() -> None:
    spec = written(chosen(*WRITERS))["ValidatingAdmissionPolicy", "ringfence.staging.policies"]["spec"]
    assert spec["failurePolicy"] == "Fail"
    assert spec["matchConstraints"]["namespaceSelector"] == {
        "matchExpressions": [
            {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["back-staging", "front-staging"]}
        ]
    }
    assert [item["expression"] for item in spec["matchConditions"][:2]] == [
        '!(request.userInfo.username in ["eve@example.com", "system:serviceaccount:argocd:controller"])',
        '!request.userInfo.groups.exists(group, group in ["on-call"])',
    ]
