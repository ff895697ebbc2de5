"""Selectors that match nothing declared, ports that nobody declares, and allows wider than what is declared."""

from __future__ import annotations

import pytest
from kit import admin, codes, found, policy, told, workload

PORTS = "{name: http, containerPort: 8080}"
WEB = "podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]"


def ingress(peer: str, ports: str = "") -> str:
    return f"{WEB}, ingress: [{{from: [{peer}]{', ports: ' + ports if ports else ''}}}]"


@pytest.mark.parametrize(
    ("labels", "code", "hint"),
    [
        ("app: webb", "RF760", "did you mean app: web?"),
        ("apps: web", "RF760", "did you mean app: web?"),
        ("app: database", "RF753", "they have app: api, app: web"),
        ("app: web1", "RF753", "they have app: api, app: web"),
        ("other: thing", "RF753", ""),
        ("app: web, tier: back", "RF753", "each of these labels is there, and no workload has all of them"),
    ],
)
def test_a_policy_that_selects_nothing(labels: str, code: str, hint: str):
    pods = workload("web"), workload("api", "app: api, tier: back")
    [item] = found(*pods, policy("p", f"podSelector: {{matchLabels: {{{labels}}}}}, policyTypes: [Ingress]"))
    assert (item.check.code, item.hint) == (code, hint)
    assert item.message.startswith(
        "NetworkPolicy shop/p selects nothing: no declared workload of namespace shop meets "
    )
    [item] = found(*pods, policy("p", ingress(f"{{podSelector: {{matchLabels: {{{labels}}}}}}}")))
    assert (item.check.code, item.hint) == (code, hint)
    assert item.message.startswith("a peer of ingress[0] of NetworkPolicy shop/p is nothing: no declared workload of ")


def test_nothing_is_said_where_no_workload_is_declared():
    lonely = policy("p", "podSelector: {matchLabels: {app: webb}}, policyTypes: [Ingress]")
    assert codes(lonely) == []
    assert codes(lonely, workload("web", namespace="other")) == []


def test_a_negative_condition_is_no_slip():
    selector = "podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [web]}]}, policyTypes: [Ingress]"
    assert codes(workload("web"), policy("p", selector)) == ["RF753"]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ("kubernetes.io/metadata.name: shop", []),
        ("kubernetes.io/metadata.name: shopp", ["RF760"]),
        ("kubernetes.io/metadata.name: kube-system", []),
        ("name: shop", ["RF760"]),
        ("name: monitoring", []),
        ("team: alpha", []),
        ("team: alpah", ["RF760"]),
        ("team: gamma", []),
        ("stage: shop-front-uat", []),
        ("stage: shop-frnot-dev", ["RF760"]),
        ("stage: Shop_Front-dev", ["RF760"]),
    ],
)
def test_namespaces_are_only_missed_where_one_is_near(labels: str, expected: list[str]):
    space = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: alpha, stage: shop-front-dev}}\n"
    peer = f"{{namespaceSelector: {{matchLabels: {{{labels}}}}}}}"
    assert codes(space, workload("web"), policy("p", ingress(peer))) == expected


def test_pods_of_a_declared_namespace_are_missed_and_those_of_any_are_not():
    named = "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}"
    pods = "podSelector: {matchLabels: {app: gone}}"
    assert codes(workload("web"), policy("p", ingress(f"{{{named}, {pods}}}"))) == ["RF753"]
    assert codes(workload("web"), policy("p", ingress(f"{{namespaceSelector: {{}}, {pods}}}"))) == []


def test_subjects_and_peers_of_administrators():
    named = "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}"
    pods = f"pods: {{{named}, podSelector: {{matchLabels: {{app: webb}}}}}}"
    one = admin("x", f"ingress: [{{action: Deny, from: [{{{pods}}}]}}]")
    assert codes(workload("web"), one) == ["RF760"]
    [item] = found(workload("web"), one.replace("subject: {namespaces: {}}", f"subject: {{{pods}}}"))
    assert item.message.startswith("AdminNetworkPolicy x selects nothing")


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        ("[{port: 8080}]", []),
        ("[{port: 80}]", ["RF758"]),
        ("[{port: 8080, protocol: UDP}]", ["RF758"]),
        ("[{port: 8000, endPort: 9000}]", []),
        ("[{port: 8000, endPort: 8079}]", ["RF758"]),
        ("[{port: 8080}, {port: 80}]", ["RF758"]),
        ("[{port: http}]", []),
        ("[{port: htpp}]", ["RF761"]),
        ("[{port: http, protocol: UDP}]", ["RF761"]),
        ("[{protocol: TCP}]", []),
    ],
)
def test_ports_of_the_selected_pods(ports: str, expected: list[str]):
    mine = policy("p", ingress("{podSelector: {matchLabels: {app: web}}}", ports))
    assert codes(workload("web", ports=PORTS), mine) == expected
    assert codes(workload("web"), mine) == []


def test_ports_of_peers_that_labels_pick():
    rule = "egress: [{to: [%s], ports: [{port: 80}]}]"
    to_web = "{podSelector: {matchLabels: {app: web}}}"
    base = "podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], "
    assert codes(workload("web", ports=PORTS), policy("p", base + rule % to_web)) == ["RF758"]
    assert codes(workload("web", ports=PORTS), policy("p", base + rule % "{podSelector: {}}")) == []
    assert (
        codes(workload("web", ports=PORTS), policy("p", base + rule % f"{to_web}, {{ipBlock: {{cidr: 10.0.0.0/8}}}}"))
        == []
    )


def test_a_name_near_another():
    [item] = found(workload("web", ports=PORTS), policy("p", ingress("{podSelector: {}}", "[{port: htpp}]")))
    assert item.hint == "did you mean http?"


@pytest.mark.parametrize(
    ("rule", "who"),
    [
        ("{}", "everyone"),
        ("{from: [{namespaceSelector: {}}]}", "every pod of the cluster"),
        ("{from: [{ipBlock: {cidr: 0.0.0.0/0}}, {ipBlock: {cidr: '::/0'}}]}", "every address outside the cluster"),
        ("{from: [{podSelector: {}}]}", ""),
        ("{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}", ""),
        ("{ports: [{port: 8080}]}", ""),
    ],
)
def test_everyone_on_every_port(rule: str, who: str):
    others = policy("p", f"{WEB}, ingress: [{rule}]")
    message = f"ingress[0] of NetworkPolicy shop/p allows {who} on every port; its pods declare 8080/TCP only"
    assert told(workload("web", ports=PORTS), others) == ([("RF759", message)] if who else [])
    assert codes(workload("web"), others) == []
