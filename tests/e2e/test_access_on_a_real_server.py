"""Who may write policies, asked of a real API server: the rendered roles and admission policies, and real users."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from api_server import Answer, ApiServer

from ringfence.compile.bundle import Bundle
from ringfence.findings import Location
from ringfence.gitops import access
from ringfence.model.types import Cluster, Cni, Model, Namespace, Settings, Team, Workload
from ringfence.values.addresses import NOWHERE

HERE = Location("policies/ringfence.yaml", 1, 1)
SYNCER, CLEANER = "syncer", "cleaner"
"""Tokens; `tests/e2e/conftest.py` says whose."""
BUNDLE = Bundle("shop", "guarded", "guarded", ())


def model() -> Model:
    cluster = Cluster(
        name="prod",
        environment="prod",
        kubernetes_cluster="prod",
        server="https://prod.example.com",
        namespace_pattern="{namespace}",
        cni=Cni("calico", True),
        dialect="kubernetes",
        pods=NOWHERE,
        services=NOWHERE,
        nodes=NOWHERE,
        where=HERE,
    )
    settings = Settings(
        organisation="Example",
        default_branch="main",
        repository_url="https://example.com/policies.git",
        platform_owners=("@platform",),
        consent="review",
        require_ticket=False,
        warn_days=30,
        argocd_namespace="argocd",
        flux_namespace="flux-system",
        where=HERE,
        policy_writers=("group:on-call", "system:serviceaccount:argocd:controller"),
    )
    everywhere = frozenset({"prod"})
    web = Workload("guarded", "web", "shop", (("app", "web"), ("tier", "front")), (), "", everywhere, (), HERE)
    return Model(
        settings=settings,
        clusters={"prod": cluster},
        peers={},
        teams={"shop": Team("shop", "", "", ("@shop",), ("guarded",), HERE)},
        namespaces={"guarded": Namespace("guarded", "shop", (), everywhere, HERE)},
        workloads={web.id: web},
        flows=(),
        grants=(),
        guardrails=(),
        waivers=(),
    )


def policy(name: str, namespace: str = "guarded") -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
    }


def pod(labels: dict[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": "guarded", "labels": labels},
        "spec": {"containers": [{"name": "web", "image": "web"}], "automountServiceAccountToken": False},
    }


def until_refused(server: ApiServer, item: dict[str, Any], token: str) -> Answer:
    """The answer once the server has loaded its admission policies, which takes it some moments."""
    for _ in range(100):
        answer = server.apply(item, token)
        if not answer.accepted:
            return answer
        server.delete(item)
        time.sleep(0.2)
    return answer


@pytest.fixture(scope="module")
def guarded(server: ApiServer) -> Iterator[ApiServer]:
    """A namespace with what is rendered for it, and a team with the right to do everything in it."""
    everything = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "everything"},
        "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}],
    }
    assert server.apply(everything).accepted
    for name in ("guarded", "elsewhere"):
        assert server.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}).accepted
        rights = {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "team", "namespace": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "everything"},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "developers"}],
        }
        assert server.apply(rights).accepted
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "guarded"}}
    assert server.apply(account).accepted
    objects = access.objects(model(), model().clusters["prod"], [BUNDLE])
    for item in objects:
        answer = server.apply(item)
        assert answer.accepted, answer.message
        kept = {key: value for key, value in answer.body.items() if key not in ("metadata", "status")}
        assert kept == {key: value for key, value in item.items() if key != "metadata"}
    yield server
    for item in objects:
        server.delete(item)


def test_a_team_may_not_write_policies_though_its_role_says_so(guarded: ApiServer) -> None:
    answer = until_refused(guarded, policy("own"), "team")
    assert answer.status == 403
    assert "are written by Git alone, and not by team" in answer.message
    assert guarded.apply(policy("own", "elsewhere"), "team").accepted


def test_a_team_may_not_delete_policies_and_may_read_them(guarded: ApiServer) -> None:
    until_refused(guarded, policy("own"), "team")
    assert guarded.apply(policy("synced"), SYNCER).accepted
    assert guarded.delete(policy("synced"), "team").status == 403
    path = guarded.path(policy("synced"))
    assert guarded.request("GET", path, token="team").status == 200


def test_even_administrators_of_the_cluster_are_refused_unless_they_are_named(guarded: ApiServer) -> None:
    assert until_refused(guarded, policy("own"), "admin").status in (403, 422)
    assert guarded.apply(policy("urgent"), "oncall").accepted


def test_the_end_of_a_namespace_takes_its_policies_along(guarded: ApiServer) -> None:
    until_refused(guarded, policy("own"), "team")
    assert guarded.apply(policy("last"), SYNCER).accepted
    assert guarded.delete(policy("last"), CLEANER).status == 200


def test_labels_that_policies_select_by_stay_while_a_pod_runs(guarded: ApiServer) -> None:
    start = {"app": "web", "tier": "front", "version": "1"}
    assert guarded.apply(pod(start), "team").accepted
    for _ in range(100):
        answer = guarded.apply(pod({**start, "app": "admin"}), "team")
        if not answer.accepted:
            break
        guarded.apply(pod(start), "team")
        time.sleep(0.2)
    assert answer.status == 403
    assert "network policies select pods by the label app, which cannot change" in answer.message
    assert guarded.apply(pod({"app": "web", "version": "1"}), "team").status == 403
    assert guarded.apply(pod({**start, "version": "2"}), "team").accepted
