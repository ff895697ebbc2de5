"""The same checks on policies of Calico and of Cilium."""

from __future__ import annotations

import pytest
from kit import codes, found, policy, told, workload

from ringfence.connectivity import Profile

CALICO, CILIUM = Profile("calico", True), Profile("cilium", False)
PODS = workload("web"), workload("api")


def calico(name: str, spec: str) -> str:
    meta = f"metadata: {{name: {name}, namespace: shop}}"
    return f"apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\n{meta}\nspec: {{{spec}}}\n"


def cilium(name: str, spec: str) -> str:
    meta = f"metadata: {{name: {name}, namespace: shop}}"
    return f"apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\n{meta}\nspec: {{{spec}}}\n"


def tcp(action: str, source: str = "", ports: str = "") -> str:
    where = f', source: {{selector: "{source}"}}' if source else ""
    where += f", destination: {{ports: {ports}}}" if ports else ""
    return f"{{action: {action}, protocol: TCP{where}}}"


API, RANGE = "app == 'api'", '["79:81"]'
ALL = "selector: all(), types: [Ingress], order: 10, "
WEB = "selector: app == 'web', types: [Ingress], order: 10, "


def test_a_calico_deny_behind_an_allow():
    rules = f"ingress: [{tcp('Allow', API)}, {tcp('Deny', API, '[80]')}]"
    [item] = found(*PODS, calico("web", WEB + rules), profile=CALICO)
    assert item.check.code == "RF750"
    assert item.message.startswith("ingress[1] of Calico's NetworkPolicy shop/web (deny) never decides")


def test_a_calico_policy_behind_another():
    early = calico("early", ALL + f"ingress: [{tcp('Deny')}]")
    late = calico("late", ALL.replace("10", "20") + f"ingress: [{tcp('Allow', ports='[80]')}]")
    assert codes(*PODS, early, late, profile=CALICO) == ["RF750"]
    assert codes(*PODS, early, late.replace("order: 20", "order: 5"), profile=CALICO) == []


def test_a_calico_rule_that_repeats_another():
    rules = f"ingress: [{tcp('Allow', ports='[80]')}, {tcp('Allow', API, '[80]')}]"
    assert codes(*PODS, calico("web", WEB + rules), profile=CALICO) == ["RF751"]


def test_a_network_policy_behind_calico():
    early = calico("early", ALL + "ingress: [{action: Deny}]")
    late = policy("web", "podSelector: {}, policyTypes: [Ingress], ingress: [{ports: [{port: 80}]}]")
    assert codes(*PODS, early, late, profile=CALICO) == ["RF750"]


def test_names_decide_where_calico_policies_have_one_order():
    deny, allow = ALL + f"ingress: [{tcp('Deny', ports='[80]')}]", ALL + f"ingress: [{tcp('Allow', ports=RANGE)}]"
    [item] = [
        one for one in found(*PODS, calico("b", deny), calico("a", allow), profile=CALICO) if one.check.code == "RF752"
    ]
    assert item.message.startswith("Calico's NetworkPolicy shop/a and Calico's NetworkPolicy shop/b have one order")
    assert "RF752" not in codes(*PODS, calico("b", deny.replace("10", "11")), calico("a", allow), profile=CALICO)
    assert "RF752" not in codes(*PODS, calico("b", deny.replace("[80]", "[82]")), calico("a", allow), profile=CALICO)


@pytest.mark.parametrize(("selector", "expected"), [("app == 'wab'", ["RF753"]), ("app == 'web'", [])])
def test_selectors_of_calico(selector: str, expected: list[str]):
    subject = f'selector: "{selector}", types: [Ingress], order: 10, ingress: [{tcp("Allow", ports="[80]")}]'
    assert codes(*PODS, calico("p", subject), profile=CALICO) == expected
    peer = WEB + f"ingress: [{tcp('Allow', selector, '[80]')}]"
    assert codes(*PODS, calico("p", peer), profile=CALICO) == expected


def test_calico_isolation_that_another_undoes():
    mine = calico("web", WEB + f"ingress: [{tcp('Allow', API, '[80]')}]")
    everyone = calico("tests", ALL.replace("10", "20") + "ingress: [{action: Allow}]")
    assert codes(*PODS, mine, everyone, profile=CALICO) == ["RF755"]


def test_a_cilium_allow_under_a_deny():
    allow = "ingress: [{fromEndpoints: [{matchLabels: {app: api}}], toPorts: [{ports: [{port: '80', protocol: TCP}]}]}]"
    deny = "ingressDeny: [{fromEndpoints: [{matchLabels: {app: api}}]}]"
    [item] = told(
        *PODS, cilium("web", f"endpointSelector: {{matchLabels: {{app: web}}}}, {allow}, {deny}"), profile=CILIUM
    )
    assert item[0] == "RF750"
    assert item[1].startswith("ingress[0] of CiliumNetworkPolicy shop/web (allow) never decides")
    other = deny.replace("app: api", "app: web")
    assert (
        codes(
            *PODS, cilium("web", f"endpointSelector: {{matchLabels: {{app: web}}}}, {allow}, {other}"), profile=CILIUM
        )
        == []
    )


def test_a_cilium_policy_that_denies_beside_an_allow_all():
    every = policy("open", "podSelector: {}, policyTypes: [Ingress], ingress: [{}]")
    deny = "ingressDeny: [{fromEndpoints: [{matchLabels: {app: api}}]}]"
    assert codes(*PODS, cilium("web", f"endpointSelector: {{matchLabels: {{app: web}}}}, {deny}"), every) == []
    allow = "ingress: [{fromEndpoints: [{matchLabels: {app: api}}]}]"
    mine = cilium("web", f"endpointSelector: {{matchLabels: {{app: web}}}}, {allow}")
    assert "RF755" in codes(*PODS, mine, every)


def test_a_cilium_rule_that_a_network_policy_repeats():
    mine = cilium(
        "web", "endpointSelector: {matchLabels: {app: web}}, ingress: [{fromEndpoints: [{matchLabels: {app: api}}]}]"
    )
    other = policy(
        "web", "podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {}}]}]"
    )
    assert codes(*PODS, mine, other, profile=CILIUM) == ["RF751"]


def test_rules_above_the_port_are_not_compared():
    ports = "toPorts: [{ports: [{port: '80', protocol: TCP}]%s}]"
    http = ", rules: {http: [{method: GET}]}"
    rules = f"ingress: [{{{ports % http}}}, {{{ports % ''}}}]"
    assert (
        codes(*PODS, cilium("web", f"endpointSelector: {{matchLabels: {{app: web}}}}, {rules}"), profile=CILIUM) == []
    )


def test_a_cilium_allow_of_one_side():
    deny = policy("default-deny", "podSelector: {}, policyTypes: [Ingress, Egress]")
    mine = cilium(
        "web", "endpointSelector: {matchLabels: {app: web}}, ingress: [{fromEndpoints: [{matchLabels: {app: api}}]}]"
    )
    [item] = found(*PODS, deny, mine, profile=CILIUM)
    assert item.check.code == "RF754"
    assert "shop/api[Deployment] to shop/web[Deployment]" in item.message


def test_a_cilium_policy_that_selects_nothing():
    mine = cilium("web", "endpointSelector: {matchLabels: {app: wab}}, ingress: [{fromEndpoints: [{}]}]")
    assert codes(*PODS, mine, profile=CILIUM) == ["RF753"]
