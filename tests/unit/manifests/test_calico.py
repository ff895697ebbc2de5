"""What is said about a Calico object: the place, the reason, the likely fix; and what a good one becomes."""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence import documents
from ringfence.documents.document import Document
from ringfence.findings import Finding, has_errors
from ringfence.manifests import calico
from ringfence.manifests.calico import effective
from ringfence.manifests.calico.grammar import parse
from ringfence.manifests.calico.selector import All, Compare, Global, Has
from ringfence.manifests.calico.types import Entity, Icmp, Port, Rule, Service, ServiceAccounts
from ringfence.manifests.types import NetworkPolicy
from ringfence.values.addresses import AddressSet

HEAD = "apiVersion: projectcalico.org/v3\nkind: {kind}\nmetadata: {{name: p, namespace: shop}}\nspec:\n"


def read(spec: str, kind: str = "NetworkPolicy") -> tuple[Any, list[Finding]]:
    """`spec` is indented by two; its first line is line 5 of the file."""
    (document,), findings = documents.read_many("calico.yaml", (HEAD.format(kind=kind) + spec).encode())
    assert findings == []
    return calico.read(document)


def only(spec: str, kind: str = "NetworkPolicy") -> tuple[str, int, int, str, str]:
    """Code, line, column, message and hint of the one finding; an error leaves no object."""
    found, (finding,) = read(spec, kind)
    assert (found is None) == has_errors([finding])
    return finding.check.code, finding.where.line, finding.where.column, finding.message, finding.hint


def policy(spec: str, kind: str = "NetworkPolicy") -> calico.CalicoPolicy:
    found, findings = read(spec, kind)
    assert not has_errors(findings), [finding.message for finding in findings]
    assert isinstance(found, calico.CalicoPolicy)
    return found


def rule(body: str, direction: str = "ingress") -> Rule:
    found = policy(f"  selector: all()\n  {direction}: [{{action: Allow, {body}}}]\n")
    (result,) = (found.ingress if direction == "ingress" else found.egress) or ()
    return result


def test_a_good_policy():
    found = policy(
        """\
  tier: default
  order: 10.5
  selector: app == 'api'
  serviceAccountSelector: has(team)
  types: [Ingress, Egress]
  ingress:
    - action: Deny
      notProtocol: ICMP
      source:
        selector: has(a)
        notSelector: has(b)
        namespaceSelector: global()
        serviceAccounts: {names: [t, s], selector: all()}
        nets: [10.0.0.0/8, 10.1.0.0/16]
        notNets: [10.2.0.0/16]
      destination: {notPorts: []}
    - action: Pass
      protocol: 6
      ipVersion: 4
      destination: {ports: [80, "443", "8000:8100", web], notPorts: [8080]}
"""
    )
    assert found.id == "shop/p"
    assert (found.tier, found.order, found.staged, found.storage) == ("default", 10.5, "", False)
    assert (found.selector, found.namespaces, found.accounts) == (Compare("app", "==", ("api",)), None, Has("team"))
    assert found.egress == ()
    assert found.sort_key == (10.5, "p/shop/NetworkPolicy")
    first, second = found.ingress or ()
    assert (first.action, first.protocol, first.not_protocol, first.index) == ("Deny", None, 1, 0)
    assert first.source == Entity(
        Has("a"),
        Has("b"),
        Global(),
        ServiceAccounts(("s", "t"), All()),
        nets=AddressSet.of(["10.0.0.0/8"]),
        not_nets=AddressSet.of(["10.2.0.0/16"]),
    )
    assert first.destination == Entity()
    assert (second.action, second.protocol, second.ip_version, second.where.line) == ("Pass", 6, 4, 21)
    assert second.destination.ports == (Port(80, 80), Port(443, 443), Port(8000, 8100), Port(0, 0, "web"))
    assert second.destination.not_ports == (Port(8080, 8080),)


@pytest.mark.parametrize(
    ("spec", "directions"),
    [
        ("  selector: all()\n", "I"),
        ("  selector: all()\n  ingress: [{action: Allow}]\n", "I"),
        ("  selector: all()\n  egress: [{action: Allow}]\n", "E"),
        ("  selector: all()\n  egress: []\n", "I"),
        ("  selector: all()\n  ingress: []\n  egress: [{action: Allow}]\n", "E"),
        ("  selector: all()\n  ingress: [{action: Allow}]\n  egress: [{action: Allow}]\n", "IE"),
        ("  selector: all()\n  types: [Egress]\n", "E"),
        ("  selector: all()\n  types: [Egress, Ingress]\n", "IE"),
    ],
)
def test_types_default_by_the_rules_there_are_unlike_networkpolicy_v1(spec: str, directions: str):
    found = policy(spec)
    assert ("I" in directions, "E" in directions) == (found.ingress is not None, found.egress is not None)


def test_objects_of_the_storage_group_get_no_defaults():
    raw = b"apiVersion: crd.projectcalico.org/v1\nkind: GlobalNetworkPolicy\nmetadata: {name: default.p}\n"
    (document,), _ = documents.read_many("calico.yaml", raw + b"spec: {selector: all(), egress: [{action: Allow}]}\n")
    found, (finding,) = calico.read(document)
    assert isinstance(found, calico.CalicoPolicy)
    assert (found.storage, found.namespace, found.ingress) == (True, "", ())
    assert (finding.check.code, finding.where.line, finding.where.column) == ("RF739", 1, 1)


def test_the_absent_order_is_last():
    assert policy("  selector: all()\n").sort_key == (math.inf, "p/shop/NetworkPolicy")


def test_global_policies_have_namespaces_and_flags():
    found, findings = read(
        "  namespaceSelector: team == 'a'\n  applyOnForward: true\n  doNotTrack: true\n", "GlobalNetworkPolicy"
    )
    assert (found.id, found.namespace, found.selector) == ("p", "", All())
    assert found.namespaces == Compare("team", "==", ("a",))
    assert (found.apply_on_forward, found.do_not_track, found.pre_dnat) == (True, True, False)
    assert [finding.check.code for finding in findings] == ["RF737", "RF737"]


def test_rules_of_icmp_http_services():
    assert rule("protocol: ICMP, icmp: {type: 8, code: 0}, notICMP: {type: 3}").icmp == Icmp(8, 0)
    assert rule("protocol: ICMPv6, notICMP: {type: 3}").not_icmp == Icmp(3, None)
    assert rule("protocol: TCP, http: {methods: [GET], paths: [{prefix: /a}]}").http
    assert rule("destination: {services: {name: s}}", "egress").destination.service == Service("shop", "s")
    assert rule("source: {services: {name: s, namespace: m}}").source.service == Service("m", "s")


@pytest.mark.parametrize(
    ("body", "protocol"),
    [
        ("protocol: UDPLite", 136),
        ("protocol: SCTP", 132),
        ("protocol: '17'", 17),
        ("protocol: tcp", 6),
        ("icmp: ~", None),
    ],
)
def test_protocols_are_numbers(body: str, protocol: int | None):
    assert rule(body).protocol == protocol


def test_networks_are_read_as_the_agent_does():
    found = rule("source: {nets: [10.0.0.1/8, 192.0.2.1, '2001:DB8::1/32']}").source.nets
    assert found == AddressSet.of(["10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32"])
    assert rule("source: {nets: []}").source.nets is None


def test_tiers():
    found, findings = read("  order: 100\n  defaultAction: Pass\n", "Tier")
    assert (found.id, found.order, found.action, found.sort_key, findings) == ("p", 100.0, "Pass", (100.0, "p"), [])
    found, _ = read("  {}\n", "Tier")
    assert (found.action, found.sort_key) == ("Deny", (math.inf, "p"))


def test_network_sets():
    raw = (
        b"apiVersion: projectcalico.org/v3\nkind: %s\nmetadata: {name: s, labels: {a: b}}\nspec: {nets: [10.0.0.0/8]}\n"
    )
    for kind, namespace in ((b"NetworkSet", "default"), (b"GlobalNetworkSet", "")):
        (document,), _ = documents.read_many("calico.yaml", raw % kind)
        found, findings = calico.read(document)
        assert isinstance(found, calico.NetworkSet)
        assert (found.namespace, found.labels, found.nets) == (namespace, (("a", "b"),), AddressSet.of(["10.0.0.0/8"]))
        assert findings == []


def test_staged_kinds_say_that_they_are_not_in_force():
    found, findings = read("  selector: all()\n", "StagedNetworkPolicy")
    assert (found.staged, [finding.check.code for finding in findings]) == ("Set", ["RF736"])
    found, _ = read("  selector: all()\n  stagedAction: Learn\n", "StagedGlobalNetworkPolicy")
    assert (found.staged, found.namespace) == ("Learn", "")
    found, findings = read("  podSelector: {}\n  stagedAction: Delete\n", "StagedKubernetesNetworkPolicy")
    assert isinstance(found, calico.StagedKubernetesPolicy)
    assert isinstance(found.policy, NetworkPolicy)
    assert (found.staged, found.id, len(findings)) == ("Delete", "shop/p", 1)


@pytest.mark.parametrize(
    ("spec", "code", "line", "column", "message", "hint"),
    [
        ("  selector: all()\n  ingress: [{action: allow}]\n", "RF730", 6, 22, "'allow'", "`Allow`"),
        ("  selector: all()\n  ingress: [{}]\n", "RF730", 6, 13, "no `action`", "Allow, Deny"),
        ("  selector: all()\n  ingress: [~]\n", "RF730", 6, 13, "no `action`", "Allow, Deny"),
        ("  selector: all()\n  types: []\n", "RF730", 6, 10, "empty list", "drop it"),
        ("  selector: all()\n  types: [Ingress, Ingress]\n", "RF730", 6, 20, "twice", "Egress"),
        ("  selector: 5\n", "RF730", 5, 13, "a number where a text", "quotes"),
        ("  selector: all()\n  order: ten\n", "RF730", 6, 10, "a text where a number", ""),
        ("  selector: all()\n  order: true\n", "RF730", 6, 10, "a boolean where a number", ""),
        ("  selector: all()\n  performanceHints: [x]\n", "RF730", 6, 22, "'x'", "AssumeNeeded"),
        ("  selector: all()\n  ingres: []\n", "RF731", 6, 3, "`ingres`", "`ingress`"),
        ("  selector: all()\n  namespaceSelector: all()\n", "RF731", 6, 3, "`namespaceSelector`", "did you mean"),
        ("  selector: a = 'b'\n", "RF732", 5, 13, "at column 3", "`==`"),
        ("  selector: global()\n", "RF732", 5, 13, "`global()`", "move it"),
        ("  selector: all()\n  tier: platform\n", "RF735", 3, 12, "without `platform.`", "platform.p"),
        ("  types: [Ingress]\n", "RF738", 4, 1, "every pod of namespace shop", "all()"),
        ("  selector: all()\n  types: [Egress]\n  ingress: [{action: Deny}]\n", "RF734", 7, 3, "no effect", "Ingress"),
    ],
)
def test_findings_on_policies(spec: str, code: str, line: int, column: int, message: str, hint: str):
    found = only(spec)
    assert found[:3] == (code, line, column)
    assert message in found[3]
    assert hint in found[4]


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ("protocol: FOO", "RF732", "'FOO' is no protocol"),
        ("protocol: 0", "RF732", "not from 1 to 255"),
        ("protocol: [6]", "RF730", "a list where a text"),
        ("protocol: udp", "RF733", "read as UDP"),
        ("ipVersion: 5", "RF730", "no IP version 5"),
        ("ipVersion: 7", "RF730", "no whole number from 4 to 6"),
        ("protocol: ICMP, ipVersion: 6", "RF732", "different families"),
        ("notProtocol: ICMPv6, ipVersion: 4", "RF732", "different families"),
        ("icmp: {type: 8}", "RF732", "without protocol ICMP"),
        ("protocol: ICMP, icmp: {code: 8}", "RF730", "without a `type`"),
        ("protocol: ICMP, icmp: {type: 255}", "RF730", "from 0 to 254"),
        ("protocol: ICMP, icmp: {kind: 8}", "RF731", "`kind`"),
        ("destination: {ports: [80]}", "RF732", "without a protocol"),
        ("protocol: ICMP, source: {notPorts: [80]}", "RF732", "without a protocol"),
        ("protocol: TCP, destination: {ports: [0]}", "RF732", "'0'"),
        ("protocol: TCP, destination: {ports: [70000]}", "RF732", "'70000'"),
        ("protocol: TCP, destination: {ports: ['9:8']}", "RF732", "no port or range"),
        ("protocol: TCP, destination: {ports: ['80-90']}", "RF732", "no letter"),
        ("protocol: TCP, destination: {ports: [no-name-of-sixteen]}", "RF732", "more than 15"),
        ("protocol: TCP, destination: {ports: [1.5]}", "RF730", "a number where"),
        ("source: {nets: [10.0.0.0/33]}", "RF732", "neither a network nor an address"),
        ("source: {nets: [10.0.0.0/255.0.0.0]}", "RF732", "neither a network nor an address"),
        ("source: {nets: ['fe80::1%eth0']}", "RF732", "neither a network nor an address"),
        ("source: {nets: ['::ffff:10.0.0.1']}", "RF732", "neither a network nor an address"),
        ("source: {nets: [10.0.0.1/8]}", "RF733", "read as 10.0.0.0/8"),
        ("source: {nets: [10.0.0.1]}", "RF733", "read as 10.0.0.1/32"),
        ("source: {nets: [10.0.0.0/8], notNets: ['::/1']}", "RF733", "for each family"),
        ("ipVersion: 6, source: {nets: [10.0.0.0/8]}", "RF732", "networks of the other"),
        ("source: {notSelector: global()}", "RF732", "`global()`"),
        ("source: {namespaceSelector: '!global()'}", "RF732", "`global()`"),
        ("source: {selector: 'has(a'}", "RF732", "at column 6"),
        ("source: {serviceAccounts: {selector: 'x'}}", "RF732", "at column 2"),
        ("source: {services: {namespace: m}}", "RF732", "without the name"),
        ("source: {services: {name: s}, selector: all()}", "RF732", "beside `selector`"),
        ("destination: {services: {name: s}}", "RF732", "in the destination of an ingress rule"),
        ("destination: {domains: [a.example]}", "RF731", "`domains`"),
        ("http: {paths: [{exact: /, prefix: /}]}", "RF732", "either `exact` or `prefix`"),
        ("protocol: UDP, http: {methods: [GET]}", "RF730", "needs protocol TCP"),
        ("metadata: {annotations: []}", "RF730", "a list where"),
        (f"http: {{methods: [{', '.join(['GET'] * 21)}]}}", "RF730", "more than 20"),
    ],
)
def test_findings_on_rules(body: str, code: str, message: str):
    found, findings = read(f"  selector: all()\n  ingress: [{{action: Allow, {body}}}]\n")
    (finding,) = [finding for finding in findings if finding.check.code != "RF737"]
    assert finding.check.code == code
    assert message in finding.message
    assert finding.where.line == 6
    assert finding.where.column >= 13
    assert (found is None) == has_errors(findings)


@pytest.mark.parametrize(
    ("rule", "code", "message"),
    [
        ("{action: Allow, http: {methods: [GET]}}", "RF732", "`http` in an egress rule"),
        ("{action: Deny, destination: {services: {name: s}, ports: []}}", "", ""),
        (
            "{action: Deny, protocol: TCP, destination: {services: {name: s}, ports: [80]}}",
            "RF730",
            "`ports` beside `services`",
        ),
        ("{action: Deny, source: {services: {name: s}}}", "RF732", "in the source of an egress rule"),
    ],
)
def test_findings_on_egress_rules(rule: str, code: str, message: str):
    _, findings = read(f"  selector: all()\n  egress: [{rule}]\n")
    found = [(finding.check.code, message in finding.message) for finding in findings if finding.check.code != "RF737"]
    assert found == ([(code, True)] if code else [])


def test_http_belongs_to_allow():
    found, findings = read("  selector: all()\n  ingress: [{action: Deny, http: {methods: [GET]}}]\n")
    assert found is None
    assert "`http` belongs to Allow" in findings[0].message


def test_icmp_of_a_family_beside_its_version():
    assert rule("protocol: ICMPv6, ipVersion: 6").ip_version == 6
    assert rule("protocol: ICMP, ipVersion: 4").ip_version == 4


def test_what_stands_twice_in_a_set_is_an_error_and_clear():
    found, (finding,) = read(
        "  selector: all()\n  ingress: [{action: Deny, source: {nets: [10.0.0.0/8, 10.0.0.0/8]}}]\n"
    )
    assert finding.check.code == "RF730"
    assert found.ingress[0].source.nets == AddressSet.of(["10.0.0.0/8"])


@pytest.mark.parametrize(
    ("spec", "code", "message"),
    [
        ("  selector: all()\n  preDNAT: true\n", "RF730", "without `applyOnForward`"),
        ("  selector: all()\n  doNotTrack: yes please\n", "RF730", "a text where a boolean"),
        ("  {selector: all(), applyOnForward: true, preDNAT: true, types: [Egress]}\n", "RF730", "has no egress"),
        ("  {selector: all(), applyOnForward: true, preDNAT: true, doNotTrack: true}\n", "RF730", "together"),
        ("  namespaceSelector: global()\n", "RF732", "`global()`"),
        ("  types: [Ingress]\n", "RF738", "every pod of the cluster"),
    ],
)
def test_findings_on_global_policies(spec: str, code: str, message: str):
    _, findings = read(spec, "GlobalNetworkPolicy")
    (finding,) = [finding for finding in findings if finding.check.code != "RF737"]
    assert finding.check.code == code
    assert message in finding.message


@pytest.mark.parametrize(
    ("head", "spec", "codes"),
    [
        ("v2\nkind: Tier\nmetadata: {name: t}", "{order: 1}", {"RF730"}),
        ("v3\nkind: Tier\nmetadata: {name: t}", "", {"RF730"}),
        ("v3\nkind: Tier\nmetadata: {name: kube-admin}", "{order: 1000, defaultAction: Pass}", set()),
        ("v3\nkind: Tier\nmetadata: {name: kube-admin}", "{order: 1000}", {"RF730"}),
        ("v3\nkind: Tier\nmetadata: {name: default}", "{defaultAction: Pass, order: 1000000}", {"RF730"}),
        ("v3\nkind: Tier\nmetadata: {name: default}", "{order: 1000000}", set()),
        ("v3\nkind: Tier\nmetadata: {name: default}", "{}", {"RF732"}),
        ("v3\nkind: Tier\nmetadata: {name: a.b}", "{}", {"RF732"}),
        ("v3\nkind: Tier\nmetadata: {name: t}\nstatus: {conditions: []}", "{}", set()),
        ("v3\nkind: HostEndpoint\nmetadata: {name: t}", "{}", {"RF730"}),
        ("v3\nkind: NetworkPolicy\nmetadata: {name: other.p}", "{selector: all()}", {"RF735"}),
        ("v3\nkind: NetworkPolicy\nmetadata: {name: default.p}", "{selector: all()}", set()),
        ("v3\nkind: NetworkPolicy\nmetadata: {name: t.p}", "{tier: t, selector: all()}", set()),
        ("v3\nkind: NetworkPolicy\nmetadata: {name: Big}", "{selector: all()}", {"RF730"}),
        ("v3\nkind: StagedKubernetesNetworkPolicy\nmetadata: {name: p}", "[]", {"RF730"}),
        (
            "v3\nkind: StagedKubernetesNetworkPolicy\nmetadata: {name: p}",
            "{podSelector: {}, ingress: [{ports: [{port: 70000}]}]}",
            {"RF732", "RF736"},
        ),
    ],
)
def test_findings_on_names_versions_tiers(head: str, spec: str, codes: set[str]):
    raw = f"apiVersion: projectcalico.org/{head}\nspec: {spec}\n".encode()
    (document,), _ = documents.read_many("calico.yaml", raw)
    _, findings = calico.read(document)
    assert {finding.check.code for finding in findings} == codes, [finding.message for finding in findings]


def test_an_object_inside_a_list_has_its_own_places():
    raw = b"kind: List\napiVersion: v1\nitems:\n- apiVersion: projectcalico.org/v3\n  kind: Tier\n"
    (document,), _ = documents.read_many("list.yaml", raw + b"  metadata: {name: t}\n  spec: {order: ten}\n")
    _, (finding,) = calico.read(document, document.data["items"][0], ("items", 0))
    assert str(finding.where) == "list.yaml:7:17"


@pytest.mark.parametrize(
    ("body", "in_namespace", "everywhere"),
    [
        ("", "None", "None"),
        ("nets: [10.0.0.0/8]", "None", "None"),
        ("selector: has(a)", "N && has(a)", "has(a)"),
        ("notSelector: has(a)", "N", "None"),
        ("namespaceSelector: a == 'b' || !all()", "pcns.a == 'b' || !has(NS)", "pcns.a == 'b' || !has(NS)"),
        ("namespaceSelector: global(), selector: has(a)", "!has(NS) && has(a)", "!has(NS) && has(a)"),
        ("serviceAccounts: {names: [t, s]}", "N && SA in {'s', 't'}", "SA in {'s', 't'}"),
        (
            "serviceAccounts: {names: [s], selector: has(b)}",
            "N && (SA in {'s'} && has(pcsa.b))",
            "SA in {'s'} && has(pcsa.b)",
        ),
        ("serviceAccounts: {selector: all()}", "N && all()", "all()"),
    ],
)
def test_whom_an_entity_means(body: str, in_namespace: str, everywhere: str):
    entity = rule(f"source: {{{body}}}").source
    for namespace, text in (("shop", in_namespace), ("", everywhere)):
        text = text.replace("NS", "projectcalico.org/namespace").replace("SA", "projectcalico.org/serviceaccount")
        text = text.replace("N &&", "projectcalico.org/namespace == 'shop' &&")
        text = "projectcalico.org/namespace == 'shop'" if text == "N" else text
        assert str(effective.meant(entity, namespace)) == text


def test_whom_a_policy_selects():
    text = "projectcalico.org/namespace == 'shop' && (has(a) || has(b)) && has(pcsa.c)"
    assert effective.selected(policy("  selector: has(a) || has(b)\n  serviceAccountSelector: has(c)\n")) == parse(text)
    found = policy("  namespaceSelector: has(c)\n", "GlobalNetworkPolicy")
    assert effective.selected(found) == parse("all() && has(pcns.c)")


def test_effective_labels():
    labels = effective.of_pod({"a": "1"}, "shop", {"team": "x"}, "robot", {"team": "y"})
    assert labels == {
        "a": "1",
        "pcns.team": "x",
        "pcns.projectcalico.org/name": "shop",
        "pcsa.team": "y",
        "pcsa.projectcalico.org/name": "robot",
        "projectcalico.org/namespace": "shop",
        "projectcalico.org/serviceaccount": "robot",
        "projectcalico.org/orchestrator": "k8s",
    }
    assert effective.of_network_set({"a": "1"}, "", {}) == {"a": "1"}
    assert "projectcalico.org/serviceaccount" not in effective.of_network_set({}, "shop", {})


def test_each_check_has_a_page_and_a_code_of_its_own():
    codes = [check.code for check in calico.CHECKS]
    assert codes == [f"RF73{number}" for number in range(10)]
    assert len({check.name for check in calico.CHECKS}) == 10
    for check in calico.CHECKS:
        heads = [line for line in check.doc.splitlines() if line.startswith("## ")]
        assert heads == ["## What it finds", "## Why it matters", "## Fails", "## Passes"]


WHOLE: dict[str, Any] = {
    "apiVersion": "projectcalico.org/v3",
    "kind": "StagedGlobalNetworkPolicy",
    "metadata": {"name": "p", "labels": {"a": "b"}},
    "spec": {
        "tier": "t",
        "order": 1,
        "selector": "a == 'b'",
        "types": ["Ingress"],
        "applyOnForward": True,
        "stagedAction": "Set",
        "ingress": [
            {
                "action": "Allow",
                "protocol": "TCP",
                "icmp": {"type": 1, "code": 1},
                "http": {"methods": ["GET"], "paths": [{"exact": "/"}]},
                "source": {"nets": ["10.0.0.0/8"], "serviceAccounts": {"names": ["x"], "selector": "all()"}},
                "destination": {"ports": [80], "services": {"name": "s", "namespace": "n"}},
                "metadata": {"annotations": {"a": "b"}},
            }
        ],
    },
}
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["Allow", "all()"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4) | st.integers(), inner, max_size=2),
    max_leaves=4,
)


def routes(data: Any, route: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    steps = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [route, *(found for step, value in steps for found in routes(value, (*route, step)))]


@given(st.sampled_from(routes(WHOLE)[1:]), junk, st.sampled_from(sorted(calico.KINDS)))
def test_no_value_anywhere_makes_it_raise_and_what_is_refused_has_an_error(route: Any, value: Any, kind: str):
    data = copy.deepcopy(WHOLE)
    data["kind"] = kind
    *way, last = route
    parent = data
    for step in way:
        parent = parent[step]
    parent[last] = value
    found, findings = calico.read(Document("calico.yaml", data))
    assert found is not None or has_errors(findings)
    assert all(finding.where.path == "calico.yaml" for finding in findings)
