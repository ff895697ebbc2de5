"""Assertions: what holds, what does not, and what says nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ringfence.connectivity import Profile, evaluate, from_directory
from ringfence.values.ports import ALL_PORTS
from ringfence.verify.asserted import Outcome, judge
from ringfence.verify.assertions import Statement, read, repeated

Object = dict[str, Any]


def pod(id_: str, **labels: str) -> Object:
    space, name = id_.split("/")
    meta = {"name": name, "namespace": space, "labels": {"app": name, **labels}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": []}}


def policy(id_: str, app: str, **spec: Any) -> Object:
    space, name = id_.split("/")
    body = {"podSelector": {"matchLabels": {"app": app}}, **spec}
    meta = {"name": name, "namespace": space}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": meta, "spec": body}


def of(app: str) -> Object:
    return {"podSelector": {"matchLabels": {"app": app}}}


CLUSTER = [
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "pay", "labels": {"team": "money"}}},
    pod("shop/web", tier="front"),
    pod("shop/cart", tier="back"),
    pod("shop/open", tier="back"),
    pod("pay/api"),
    policy("shop/web", "web", policyTypes=["Ingress"], ingress=[]),
    policy(
        "shop/cart",
        "cart",
        policyTypes=["Ingress", "Egress"],
        ingress=[{"from": [of("web")], "ports": [{"port": 80, "endPort": 90}]}],
        egress=[{"to": [{"ipBlock": {"cidr": "203.0.113.0/24"}}], "ports": [{"port": 443}]}],
    ),
    policy(
        "pay/api",
        "api",
        policyTypes=["Ingress"],
        ingress=[{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 443}]}],
    ),
]


def statements(**lists: list[Object]) -> list[Statement]:
    data = {"apiVersion": "ringfence.dev/v1alpha1", "kind": "Assertions", **lists}
    found, findings = read("a.yaml", json.dumps(data).encode())
    assert findings == []
    return found


def outcome(
    kind: str,
    source: Any,
    destination: Any,
    *ports: str | int,
    profile: Profile | None = None,
    extra: Object | None = None,
) -> Outcome:
    body = {"name": "it", "from": source, "to": destination, **({"ports": list(ports)} if ports else {})}
    objects = [*CLUSTER, extra] if extra else CLUSTER
    files = {"all.yaml": "\n---\n".join(map(json.dumps, objects)).encode()}
    cluster = from_directory(files, profile or Profile("p", ip_blocks_match_pods=False))
    made = statements(**{kind: [body]})
    ends = [term.text for item in made for term in (*item.sources, *item.destinations)]
    (found,) = judge(made, evaluate(cluster.asked(ends)))
    return found


@pytest.mark.parametrize(
    ("kind", "source", "destination", "ports", "result", "pairs", "broken"),
    [
        ("must", "shop/web", "shop/cart", ["80-90/TCP"], "pass", 1, 0),
        ("must", "shop/web", "shop/cart", ["80-91/TCP"], "fail", 1, 1),
        ("must", "shop/web", "shop/cart", [80, "80/UDP"], "fail", 1, 1),
        ("must", "shop/web", "shop/cart", [], "fail", 1, 1),
        ("mustNot", "shop/web", "shop/cart", ["91-65535/TCP", "1-65535/UDP"], "pass", 1, 0),
        ("mustNot", "shop/web", "shop/cart", ["90-100/TCP"], "fail", 1, 1),
        ("mustNot", "shop/cart", "shop/web", [], "pass", 1, 0),
        ("must", "shop/*", "shop/open", [80], "fail", 2, 1),
        ("must", "shop/web", ["shop/open", "shop/cart"], [80], "pass", 2, 0),
        ("mustNot", "world", "shop/cart", [], "pass", 1, 0),
        ("mustNot", "world", "shop/*", [], "fail", 3, 1),
        ("must", "shop/cart", "203.0.113.7", [443], "pass", 1, 0),
        ("must", "shop/cart", "203.0.0.0/16", [443], "fail", 1, 1),
        ("mustNot", "shop/cart", "198.51.100.0/24", [], "pass", 1, 0),
        ("mustNot", "shop/cart", "2001:db8::/32", [], "pass", 1, 0),
        ("must", "shop/open", "world", [], "pass", 1, 0),
        ("must", {"labels": {"tier": "back"}}, "shop/open", [], "fail", 1, 1),
        ("mustNot", {"namespaceLabels": {"team": "money"}}, "shop/cart", [], "pass", 1, 0),
        ("must", {"namespace": "pay"}, {"namespace": "shop", "labels": {"app": "open"}}, [], "pass", 1, 0),
        ("mustNot", "*", "*", [9999], "fail", 12, 2),
        ("must", "shop/web[Pod]", "shop/open", [], "pass", 1, 0),
        ("must", "shop/open", "dns:api.example.com", [443], "pass", 1, 0),
        ("must", "shop/cart", ["dns:api.example.com"], [443], "undefined", 1, 1),
        ("mustNot", "shop/cart", "entity:host", [80], "pass", 1, 0),
        ("mustNot", "entity:host", "shop/web", [], "undefined", 1, 1),
    ],
)
def test_what_holds(
    kind: str, source: Any, destination: Any, ports: list[Any], result: str, pairs: int, broken: int
) -> None:
    found = outcome(kind, source, destination, *ports)
    assert (str(found.result), found.pairs, found.broken) == (result, pairs, broken)
    assert (found.explanation is None) == (result == "pass")


@pytest.mark.parametrize("kind", ["must", "mustNot"])
def test_what_is_undefined_satisfies_neither(kind: str) -> None:
    found = outcome(kind, "shop/web", "pay/api", 443, profile=Profile())
    assert (str(found.result), found.broken, str(found.ports)) == ("undefined", 1, "443/TCP")
    assert found.explanation is not None
    assert "whether ipBlock 10.0.0.0/8 matches pods is not known of the network plugin" in found.explanation.reasons
    assert str(outcome(kind, "shop/web", "pay/api", 443).result) == {"must": "fail", "mustNot": "pass"}[kind]


def test_what_certainly_fails_counts_before_what_is_undefined() -> None:
    found = outcome("must", "shop/web", ["pay/api", "shop/cart"], 443, profile=Profile())
    assert (str(found.result), found.pairs, found.broken) == ("fail", 2, 1)
    assert found.explanation is not None
    assert found.explanation.destination == "shop/cart[Pod]"


def test_an_object_that_is_not_modelled_satisfies_neither() -> None:
    opaque = {
        "apiVersion": "crd.antrea.io/v1beta1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "x", "namespace": "shop"},
    }
    for kind in ("must", "mustNot"):
        assert str(outcome(kind, "shop/web", "shop/cart", 80, extra=opaque).result) == "undefined"


def test_the_first_pair_is_explained_on_a_port_that_breaks() -> None:
    found = outcome("mustNot", ["shop/open", "shop/web"], "shop/cart", "70-100/TCP")
    assert (found.pairs, found.broken, str(found.ports)) == (2, 1, "80-90/TCP")
    answer = found.explanation
    assert answer is not None
    assert (answer.source, answer.destination, str(answer.allowed)) == ("shop/web[Pod]", "shop/cart[Pod]", "80/TCP")
    assert answer.ingress is not None
    assert [(match.policy, match.where.path, match.where.line) for match in answer.ingress.matches] == [
        ("shop/cart", "all.yaml", 13)
    ]


@pytest.mark.parametrize(
    ("source", "destination", "said", "hint"),
    [
        ("shop/wbe", "shop/cart", "no pod of the manifests is `shop/wbe`", "did you mean `shop/web`?"),
        ("web", "shop/cart", "no pod of the manifests is `web`", "did you mean `shop/web`?"),
        ("shpo/*", "shop/cart", "no pod of the manifests is `shpo/*`", "did you mean `shop/*`?"),
        ("shop/web[Deployment]", "shop/cart", "is `shop/web[Deployment]`", "did you mean `shop/web[Pod]`?"),
        ({"labels": {"teir": "back"}}, "shop/cart", "is `teir=back`", "did you mean the label `tier`?"),
        ({"labels": {"tier": "x"}}, "shop/cart", "is `tier=x`", "check labels and namespace"),
        ({"namespace": "nowhere"}, "shop/cart", "is `pods in nowhere`", "check labels and namespace"),
        ("10.0.0.1/8", "shop/cart", "is `10.0.0.1/8`", "has host bits set; the network is 10.0.0.0/8"),
        ("shop/web", "shop/web", "no pair of different ends", "name two different ends"),
        ("world", "10.0.0.0/8", "no pair of different ends", "one of them among the manifests"),
    ],
)
def test_what_says_nothing_is_an_error(source: Any, destination: Any, said: str, hint: str) -> None:
    found = outcome("mustNot", source, destination)
    assert str(found.result) == "error"
    (finding,) = found.findings
    assert finding.check.code == "RF801"
    assert said in finding.message
    assert hint in finding.hint
    assert finding.where.path == "a.yaml"
    assert finding.where.line == 1


def test_an_address_of_the_cluster_itself_is_an_error() -> None:
    from ringfence.values.addresses import AddressSet

    found = outcome("mustNot", "10.1.2.3", "shop/cart", profile=Profile("p", False, pods=AddressSet.of(["10.0.0.0/8"])))
    assert str(found.result) == "error"
    assert "name the pod instead" in found.findings[0].hint


def test_a_pod_of_a_workload_means_the_workload() -> None:
    owner = {"ownerReferences": [{"kind": "StatefulSet", "name": "db", "controller": True}]}
    member = pod("shop/db-0")
    member["metadata"] |= owner
    assert str(outcome("must", "shop/open", "shop/db-0", extra=member).result) == "pass"
    assert str(outcome("must", "shop/open", "shop/db", extra=member).result) == "pass"


def test_a_name_twice() -> None:
    one = {"name": "x", "from": "shop/web", "to": "shop/cart"}
    found = statements(must=[one], mustNot=[{**one, "to": "shop/open"}, {**one, "name": "y"}])
    (finding,) = repeated(found)
    assert (finding.check.code, finding.subject) == ("RF800", "x")
    assert [where.line for where, _ in finding.related] == [1]


def test_statements_as_read() -> None:
    text = b"""\
apiVersion: ringfence.dev/v1alpha1
kind: Assertions
mustNot:
  - name: b
    from: [shop/web, {labels: {b: "1", a: x}, namespaceLabels: {t: z}}]
    to: world
  - name: c
    from: '*'
    to: 10.0.0.0/8
    ports: [80, 8000-8080/TCP, 53/UDP]
    reason: Because
"""
    found, findings = read("a/b.yaml", text)
    assert findings == []
    assert [str(item) for item in found] == [
        "must not shop/web, a=x,b=1 in t=z → world",
        "must not * → 10.0.0.0/8 on 80/TCP, 8000-8080/TCP, 53/UDP",
    ]
    assert found[0].ports == ALL_PORTS
    assert [str(item.where) for item in found] == ["a/b.yaml:4:5", "a/b.yaml:7:5"]
    assert [str(term.where) for term in found[0].sources] == ["a/b.yaml:5:12", "a/b.yaml:5:22"]


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ("kind: Flows\nflows: []\n", "RF", ""),
        ("kind: Asertions\n", "RF", "did you mean `Assertions`?"),
        ("kind: Assertions\n", "RF", "needs `must` or `mustNot`"),
        ("kind: Assertions\nmust: []\n", "RF", ""),
        ("kind: Assertions\nmust: [{name: x, from: a/b}]\n", "RF", "the key `to` is missing"),
        ("kind: Assertions\nmust: [{name: x, form: a/b, to: c/d}]\n", "RF", "did you mean `from`?"),
        ("kind: Assertions\nmust: [{name: x, from: a/b, to: c/d, ports: [https]}]\n", "RF", "https"),
        ("kind: Assertions\nmust: [{name: x, from: {}, to: c/d}]\n", "RF", ""),
        ("kind: Assertions\nmust: [{name: x, from: [], to: c/d}]\n", "RF", ""),
        ("kind: Assertions\nmust: [{name: x, from: 'a b', to: c/d}]\n", "RF", ""),
        ("kind: [\n", "RF007", ""),
    ],
)
def test_a_file_in_error_has_no_statement(body: str, code: str, said: str) -> None:
    found, findings = read("a.yaml", f"apiVersion: ringfence.dev/v1alpha1\n{body}".encode())
    assert found == []
    assert findings
    assert all(item.check.code.startswith(code) for item in findings)
    assert said in " ".join(f"{item.message} {item.hint}" for item in findings)


@pytest.mark.parametrize(("written", "hint"), [("90-80/TCP", "swap them: `80-90/TCP`"), ("90-80", "`80-90/TCP`")])
@pytest.mark.parametrize("kind", ["must", "mustNot"])
def test_a_range_that_ends_below_its_start_is_no_port(kind: str, written: str, hint: str) -> None:
    body = {"name": "it", "from": "shop/web", "to": "shop/cart", "ports": [443, written]}
    data = {"apiVersion": "ringfence.dev/v1alpha1", "kind": "Assertions", kind: [body]}
    found, findings = read("a.yaml", json.dumps(data).encode())
    assert found == []
    assert hint in findings[0].hint
