"""What a Cilium policy becomes: peers and ports with nothing left to default, and what is said about it."""

from __future__ import annotations

import re

import pytest

from ringfence import documents
from ringfence.findings import Check, Finding
from ringfence.manifests import CHECKS, cilium
from ringfence.manifests.cilium import (
    CidrGroup,
    CidrGroupPeer,
    CidrPeer,
    CiliumPolicy,
    EndpointPeer,
    Entity,
    Icmp,
    NamePeer,
    NodePeer,
    Rule,
    ServicePeer,
    Subject,
)
from ringfence.manifests.types import PolicyPort, Requirement, Selector
from ringfence.values.addresses import AddressSet

HEAD = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p, namespace: shop}\nspec:\n"
WIDE = "apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {name: p}\nspec:\n"


def read(text: str) -> tuple[CiliumPolicy | CidrGroup | None, list[Finding]]:
    (document,), findings = documents.read_many("p.yaml", text.encode())
    assert findings == []
    return cilium.read(document)


def policy(spec: str, head: str = HEAD) -> CiliumPolicy:
    """`spec` is indented by two; its first line is line 5 of the file."""
    found, findings = read(head + spec)
    assert isinstance(found, CiliumPolicy), findings
    return found


def rule(text: str, section: str = "ingress", head: str = HEAD) -> Rule:
    """The only rule of a section, written in flow style."""
    direction = getattr(
        policy(f"  endpointSelector: {{}}\n  {section}: [{text}]\n", head).specs[0], section[:7].rstrip("D")
    )
    (only,) = direction.deny if section.endswith("Deny") else direction.allow
    return only


def codes(text: str, section: str = "ingress", head: str = HEAD) -> list[str]:
    _, findings = read(f"{head}  endpointSelector: {{}}\n  {section}: [{text}]\n")
    return [finding.check.code for finding in findings]


def pod(namespace: str, **labels: str) -> cilium.Identity:
    return {
        Subject.POD: labels,
        Subject.NAMESPACE: {"name": namespace},
        Subject.NAMESPACE_LABEL: {"kubernetes.io/metadata.name": namespace, "team": "a"},
        Subject.SERVICE_ACCOUNT: {"name": "default"},
    }


HOST: cilium.Identity = {Subject.RESERVED: {"host": ""}}


# Default deny (semantics: Cilium v2, 1, 2 and 4)


@pytest.mark.parametrize(
    ("spec", "ingress", "egress"),
    [
        ("  ingress: [{}]\n", True, False),
        ("  egress: [{}]\n", False, True),
        ("  ingressDeny: [{fromEntities: [world]}]\n", True, False),
        ("  egressDeny: [{toEntities: [world]}]\n  ingress: []\n", False, True),
        ("  ingress: [{}]\n  enableDefaultDeny: {ingress: false}\n", False, False),
        ("  ingress: [{}]\n  enableDefaultDeny: {egress: true}\n", True, True),
    ],
)
def test_default_deny_is_per_direction(spec: str, ingress: bool, egress: bool):
    found = policy("  endpointSelector: {}\n" + spec).specs[0]
    assert (found.ingress.default_deny, found.egress.default_deny) == (ingress, egress)


def test_an_empty_rule_matches_nobody():
    only = rule("{}", "egress")
    assert only.peers == ()
    assert only.ports is None
    assert codes("{}", "egress") == []


# Empty and absent (3)


@pytest.mark.parametrize(
    ("text", "peers", "ports"),
    [
        ("{toPorts: [{ports: [{port: '80', protocol: TCP}]}]}", None, 1),
        ("{fromEndpoints: [], toPorts: [{ports: [{port: '80'}]}]}", (), 1),
        ("{fromEntities: []}", (), None),
        ("{fromEntities: [world], toPorts: []}", (Entity.WORLD,), None),
        ("{toPorts: []}", (), None),
        ("{fromEntities: [all], icmps: [{fields: [{type: 8}]}]}", (Entity.ALL,), 0),
        ("{fromEntities: [all], fromCIDR: []}", (), None),
    ],
)
def test_empty_is_not_absent(text: str, peers: object, ports: int | None):
    only = rule(text)
    assert only.peers == peers
    assert (None if only.ports is None else len(only.ports)) == ports


def test_an_empty_list_of_names_is_as_if_absent():
    text = "{toFQDNs: [], toPorts: [{ports: [{port: '443'}]}]}"
    assert rule(text, "egress").peers is None
    assert codes(text, "egress") == ["RF744"]


# Selectors (3) and sources of labels


@pytest.mark.parametrize(
    ("selector", "matching", "other"),
    [
        ("{}", pod("shop", app="a"), pod("bank", app="a")),
        ("{matchLabels: {app: a}}", pod("shop", app="a"), pod("shop", app="b")),
        ("{matchLabels: {'k8s:app': a}}", pod("shop", app="a"), pod("bank", app="a")),
        ("{matchLabels: {'any:app': a}}", pod("shop", app="a"), HOST),
        ("{matchLabels: {io.kubernetes.pod.namespace: bank}}", pod("bank"), pod("shop")),
        ("{matchLabels: {'k8s:io.kubernetes.pod.namespace': bank}}", pod("bank"), pod("shop")),
        ("{matchLabels: {'k8s:io.cilium.k8s.namespace.labels.team': a}}", pod("bank"), HOST),
        (
            "{matchExpressions: [{key: 'k8s:io.kubernetes.pod.namespace', operator: Exists}]}",
            pod("bank"),
            HOST,
        ),
        ("{matchLabels: {'reserved:host': ''}}", HOST, pod("shop")),
        ("{matchLabels: {'k8s:io.cilium.k8s.policy.serviceaccount': default}}", pod("shop"), pod("bank")),
        ("{matchExpressions: [{key: app, operator: NotIn, values: [a]}]}", pod("shop"), pod("shop", app="a")),
    ],
)
def test_endpoints_of_a_namespaced_policy(selector: str, matching: cilium.Identity, other: cilium.Identity):
    (peer,) = rule(f"{{fromEndpoints: [{selector}]}}").peers or ()
    assert isinstance(peer, EndpointPeer)
    assert peer.selector.matches(matching)
    assert not peer.selector.matches(other)


def test_endpoints_of_a_clusterwide_policy_are_pods_of_any_namespace():
    (peer,) = rule("{fromEndpoints: [{}]}", head=WIDE).peers or ()
    assert isinstance(peer, EndpointPeer)
    assert peer.selector.matches(pod("shop"))
    assert peer.selector.matches(pod("bank"))
    assert not peer.selector.matches(HOST)


def test_initialising_endpoints_of_a_clusterwide_policy_take_everything():
    spec = "  endpointSelector: {matchLabels: {'reserved:init': ''}}\n  ingress: [{fromEndpoints: [{}]}]\n"
    (peer,) = policy(spec, WIDE).specs[0].ingress.allow[0].peers or ()
    assert isinstance(peer, EndpointPeer)
    assert peer.selector.matches(HOST)


def test_an_endpoint_selector_stays_in_its_namespace():
    spec = "  endpointSelector: {matchLabels: {'k8s:io.kubernetes.pod.namespace': bank, app: a}}\n  ingress: [{}]\n"
    selector = policy(spec).specs[0].selector
    assert selector.matches(pod("shop", app="a"))
    assert not selector.matches(pod("bank", app="a"))
    assert selector.pods == Selector.of({"app": "a"})
    _, (finding,) = read(HEAD + spec)
    assert (finding.check.code, finding.where.line) == ("RF746", 5)


def test_a_clusterwide_selector_takes_every_namespace():
    selector = policy("  endpointSelector: {matchLabels: {app: a}}\n  ingress: [{}]\n", WIDE).specs[0].selector
    assert selector.matches(pod("shop", app="a"))
    assert selector.matches(pod("bank", app="a"))


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("app", []),
        ("app.kubernetes.io/name", []),
        ("k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name", []),
        ("kubernetes.io/metadata.name", ["RF747"]),
        ("k8s:pod-template-hash", ["RF747"]),
        ("statefulset.kubernetes.io/pod-name", ["RF747"]),
    ],
)
def test_labels_that_identities_leave_out(key: str, expected: list[str]):
    assert codes(f"{{fromEndpoints: [{{matchLabels: {{'{key}': a}}}}]}}") == expected


# Ports (5) and layer 7 (8)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{port: '80', protocol: TCP}", [PolicyPort("TCP", 80, 80)]),
        ("{port: '80'}", [PolicyPort("TCP", 80, 80), PolicyPort("UDP", 80, 80), PolicyPort("SCTP", 80, 80)]),
        ("{port: '0', protocol: UDP}", [PolicyPort("UDP", 1, 65535)]),
        ("{port: '80', endPort: 90, protocol: TCP}", [PolicyPort("TCP", 80, 90)]),
        ("{port: '80', endPort: 70, protocol: TCP}", [PolicyPort("TCP", 80, 80)]),
        ("{port: HTTP, endPort: 90, protocol: TCP}", [PolicyPort("TCP", 0, 0, "http")]),
        ("{port: '010', protocol: TCP}", [PolicyPort("TCP", 8, 8)]),
        ("{port: '0', protocol: VRRP}", []),
    ],
)
def test_ports(text: str, expected: list[PolicyPort]):
    (found,) = rule(f"{{toPorts: [{{ports: [{text}]}}]}}").ports or ()
    assert list(found.ports) == expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("rules: {http: [{path: /}]}", "http"),
        ("rules: {http: []}", ""),
        ("rules: {kafka: [{topic: a}]}", "kafka"),
        ("rules: {dns: [{matchPattern: '*'}]}", "dns"),
        ("rules: {l7proto: redis, l7: [{cmd: get}]}", "redis"),
        ("serverNames: [a.example]", "tls"),
    ],
)
def test_what_restricts_above_an_open_port(more: str, expected: str):
    (found,) = rule(f"{{toPorts: [{{ports: [{{port: '53', protocol: TCP}}], {more}}}]}}", "egress").ports or ()
    assert found.ports == (PolicyPort("TCP", 53, 53),)
    assert found.l7 == expected


# Peers (6 and 7)


def test_every_kind_of_peer():
    assert rule("{fromEntities: [cluster, host]}").peers == (Entity.CLUSTER, Entity.HOST)
    assert rule("{toCIDR: [10.0.0.0/8]}", "egress").peers == (CidrPeer(AddressSet.of(["10.0.0.0/8"]), "10.0.0.0/8"),)
    assert rule("{toCIDRSet: [{cidr: 10.0.0.0/8, except: [10.1.0.0/16]}]}", "egress").peers == (
        CidrPeer(AddressSet.of(["10.0.0.0/8"], ["10.1.0.0/16"]), "10.0.0.0/8 except 10.1.0.0/16"),
    )
    assert rule("{fromCIDRSet: [{cidrGroupRef: g, except: [10.0.0.0/8]}]}").peers == (
        CidrGroupPeer("g", Selector(), AddressSet.of(["10.0.0.0/8"])),
    )
    assert rule("{fromCIDRSet: [{cidrGroupSelector: {matchLabels: {a: b}}}]}").peers == (
        CidrGroupPeer("", Selector.of({"a": "b"}), AddressSet()),
    )
    assert rule("{toFQDNs: [{matchName: a.example}, {matchPattern: '*.b'}]}", "egress").peers == (
        NamePeer("a.example", ""),
        NamePeer("", "*.b"),
    )
    assert rule("{toServices: [{k8sService: {serviceName: s, namespace: bank}}]}", "egress").peers == (
        ServicePeer("bank", "s", Selector()),
    )
    (node,) = rule("{toNodes: [{matchLabels: {zone: a}}]}", "egress").peers or ()
    assert isinstance(node, NodePeer)
    assert node.selector.pods.requirements == (Requirement("zone", "In", ("a",)),)


def test_deny_rules_authentication_and_icmp():
    assert rule("{fromEntities: [world]}", "ingressDeny").peers == (Entity.WORLD,)
    assert rule("{fromEntities: [all], authentication: {mode: required}}").authentication == "required"
    fields = "{fields: [{type: 8}, {type: EchoRequest, family: IPv6}]}"
    assert rule(f"{{icmps: [{fields}]}}").icmps == (Icmp("IPv4", "8"), Icmp("IPv6", "EchoRequest"))


def test_specs_stand_beside_spec():
    text = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p}\n"
    text += "spec: {endpointSelector: {}, ingress: [{}]}\nspecs: [{endpointSelector: {}, egress: [{}]}]\n"
    found, _ = read(text)
    assert isinstance(found, CiliumPolicy)
    assert (found.id, found.kind) == ("default/p", "CiliumNetworkPolicy")
    assert [(spec.ingress.default_deny, spec.egress.default_deny) for spec in found.specs] == [
        (True, False),
        (False, True),
    ]


def test_a_cidr_group():
    head = "apiVersion: cilium.io/v2\nkind: CiliumCIDRGroup\nmetadata: {name: g, labels: {a: b}}\n"
    found, findings = read(head + "spec: {externalCIDRs: [10.0.0.0/8, '2001:db8::/32']}\n")
    assert findings == []
    assert isinstance(found, CidrGroup)
    assert (found.name, found.labels) == ("g", (("a", "b"),))
    assert found.addresses == AddressSet.of(["10.0.0.0/8", "2001:db8::/32"])
    found, (finding,) = read(head + "spec: {externalCIDRs: [10.0.0.0]}\n")
    assert found is None
    assert (finding.check.code, finding.where.line) == ("RF740", 4)


# What is refused, and what is said of what is not


@pytest.mark.parametrize(
    ("text", "section", "expected"),
    [
        ("{toPorts: [{ports: [{port: 80}]}]}", "ingress", ["RF740"]),
        ("{fromEntities: null}", "ingress", ["RF740"]),
        ("{fromEntities: world}", "ingress", ["RF740"]),
        ("{fromEndpoint: [{}]}", "ingress", ["RF741"]),
        ("{fromEntities: [world], fromCIDR: [10.0.0.0/8]}", "ingress", ["RF742"]),
        ("{toPorts: [{ports: [{port: '53'}], rules: {dns: [{matchPattern: '*'}]}}]}", "ingress", ["RF742"]),
        ("{toPorts: [{ports: [{port: '80', protocol: UDP}], rules: {http: [{}]}}]}", "egress", ["RF742"]),
        ("{toPorts: [{ports: [{port: '0', protocol: TCP}], rules: {http: [{}]}}]}", "egress", ["RF742"]),
        ("{toPorts: [{rules: {dns: [{matchPattern: '*'}]}}]}", "egress", ["RF742", "RF743"]),
        ("{fromEndpoints: [{matchExpressions: [{key: a, operator: In}]}]}", "ingress", ["RF742"]),
        ("{fromEndpoints: [{matchExpressions: [{key: a, operator: Exists, values: [b]}]}]}", "ingress", ["RF742"]),
        ("{fromEndpoints: [{matchLabels: {'a b': c}}]}", "ingress", ["RF742"]),
        ("{toCIDR: [010.0.0.0/8]}", "egress", ["RF742"]),
        ("{toCIDRSet: [{cidr: 10.0.0.0/16, except: [10.0.0.0/8]}]}", "egress", ["RF742"]),
        ("{toPorts: [{ports: [{protocol: TCP}]}]}", "egress", ["RF742"]),
        ("{toPorts: [{}]}", "egress", ["RF743"]),
        ("{toEndpoints: []}", "egress", ["RF743"]),
        ("{}", "egressDeny", ["RF743"]),
        ("{fromEntities: [world]}, {}", "ingress", ["RF743"]),
        ("{toCIDR: [10.0.0.1/8]}", "egress", ["RF744"]),
        ("{toPorts: [{ports: [{port: '010'}]}]}", "egress", ["RF744"]),
        ("{toPorts: [{ports: [{port: web, endPort: 90}]}]}", "egress", ["RF744"]),
        ("{toNodes: [{}]}", "egress", ["RF745"]),
    ],
)
def test_findings(text: str, section: str, expected: list[str]):
    assert codes(text, section) == expected


def test_a_policy_that_is_not_enforced_says_so_at_its_place():
    found, (finding,) = read(HEAD + "  endpointSelector: {}\n  ingress: []\n")
    assert found is None
    assert (finding.check.code, finding.where.line, finding.where.column) == ("RF742", 6, 3)
    assert "fails open" in finding.message
    assert finding.subject == "shop/p"
    assert "[{}]" in finding.hint


def test_rules_above_tcp_do_not_go_with_nodes():
    ports = "toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{}]}}]"
    _, findings = read(f"{WIDE}  nodeSelector: {{}}\n  egress: [{{{ports}}}]\n")
    assert [finding.check.code for finding in findings] == ["RF745", "RF742"]


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "kind: Pod",
        "{kind: CiliumNetworkPolicy, apiVersion: cilium.io/v1}",
        "{kind: CiliumNetworkPolicy, apiVersion: cilium.io/v2}",
        "{kind: CiliumNetworkPolicy, apiVersion: cilium.io/v2, metadata: {name: p}, spec: []}",
        "{kind: CiliumNetworkPolicy, apiVersion: cilium.io/v2, metadata: {name: p}, specs: [null, 1]}",
        "{kind: CiliumNetworkPolicy, apiVersion: cilium.io/v2, metadata: {name: p}, specs: null}",
        "{kind: CiliumNetworkPolicy, apiVersion: cilium.io/v2, metadata: [], spec: {ingress: [null, [], 1]}}",
        "{kind: CiliumCIDRGroup, apiVersion: cilium.io/v2, metadata: {name: g}, spec: {externalCIDRs: [null, 1]}}",
        "{kind: CiliumCIDRGroup, apiVersion: cilium.io/v2, metadata: {name: g}}",
    ],
)
def test_bad_objects_are_findings(text: str):
    found, findings = read(text)
    assert found is None
    assert {finding.check.code for finding in findings} <= {"RF740", "RF741", "RF742"}
    assert findings


# Pages


@pytest.mark.parametrize("check", cilium.CHECKS, ids=lambda check: check.code)
def test_page(check: Check):
    assert re.fullmatch(r"RF74[0-9]", check.code)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", check.name)
    assert check.doc.splitlines()[0].endswith(".")
    assert re.findall(r"^## (.*)$", check.doc, re.MULTILINE) == ["What it finds", "Why it matters", "Fails", "Passes"]


def test_codes_are_free():
    others = [check for check in CHECKS if check not in cilium.CHECKS]
    assert not {check.code for check in others} & {check.code for check in cilium.CHECKS}
    assert not {check.name for check in others} & {check.name for check in cilium.CHECKS}
