"""Policies of Calico and Cilium among other manifests: judged, and what they could touch left undefined."""

from __future__ import annotations

from ringfence import manifests

CALICO = """\
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  selector: app == 'api'
  types: [Ingress]
  ingress:
    - action: Allow
      protocol: TCP
      destination: {ports: [8080]}
"""
CILIUM = """\
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: api}}
  ingress:
    - fromEndpoints: [{matchLabels: {app: web}}]
"""


def codes(text: str) -> list[str]:
    return [finding.check.code for finding in manifests.parse("one.yaml", text.encode()).findings]


def test_good_policies_of_cilium_are_read() -> None:
    found = manifests.parse("one.yaml", CILIUM.encode())
    assert (found.findings, found.opaque) == ([], [])
    assert [item.id for item in found.cilium] == ["shop/api"]


def test_good_policies_of_calico_are_read() -> None:
    found = manifests.parse("one.yaml", CALICO.encode())
    assert (found.findings, found.opaque) == ([], [])
    assert [item.id for item in found.calico] == ["shop/api"]


def test_a_selector_that_calico_cannot_read() -> None:
    found = manifests.parse("one.yaml", CALICO.replace("app == 'api'", "app = 'api'").encode())
    assert [finding.check.code for finding in found.findings] == ["RF732"]
    (item,) = found.opaque
    assert (item.what, item.namespace, item.may_deny, item.dialect) == (
        "NetworkPolicy.projectcalico.org shop/api",
        "shop",
        True,
        "calico",
    )
    assert item.why.startswith("refused: `selector` is no selector")


def test_a_staged_policy_that_is_refused_touches_nothing_until_it_is_promoted() -> None:
    staged = CALICO.replace("kind: ", "kind: Staged").replace("[Ingress]", "[Nowhere]")
    (item,) = manifests.parse("one.yaml", staged.encode()).opaque
    assert (item.namespace, item.dialect) == ("shop", "staged")


ENDPOINT = """\
apiVersion: projectcalico.org/v3
kind: WorkloadEndpoint
metadata:
  name: node-k8s-api--1-eth0
  namespace: shop
  labels: {app: api, projectcalico.org/namespace: shop, projectcalico.org/serviceaccount: runner}
spec:
  pod: api-1
  ipNetworks: [10.1.0.7/32, "2001:db8::7/128"]
  ports: [{name: web, protocol: TCP, port: 8080}]
"""
POD = """\
---
apiVersion: v1
kind: Pod
metadata: {name: api-1, namespace: shop}
spec: {containers: []}
"""


def test_endpoints_of_calico_are_pods_that_no_file_declares() -> None:
    (pod,) = manifests.parse("one.yaml", ENDPOINT.encode()).workloads
    assert (pod.id, pod.kind, pod.labels, pod.account) == ("shop/api-1", "Pod", (("app", "api"),), "runner")
    assert (pod.addresses, [port.number for port in pod.ports]) == (("10.1.0.7", "2001:db8::7"), [8080])
    found = manifests.parse("one.yaml", (ENDPOINT + POD).encode())
    assert [item.labels for item in found.workloads] == [()]
    assert found.findings == []
    assert manifests.parse("one.yaml", ENDPOINT.replace("pod: api-1", "pod: null").encode()).workloads == []


def test_hosts_of_calico_have_labels_and_addresses() -> None:
    host = "apiVersion: projectcalico.org/v3\nkind: HostEndpoint\nmetadata: {name: h, labels: {role: x}}\n"
    (found,) = manifests.parse("one.yaml", (host + "spec: {expectedIPs: [192.0.2.1]}\n").encode()).calico
    assert (found.id, found.labels, found.nets.cidrs()) == ("h", (("role", "x"),), ["192.0.2.1/32"])


def test_a_policy_that_the_agent_of_cilium_refuses() -> None:
    found = codes(
        CILIUM.replace("    - fromEndpoints: [{matchLabels: {app: web}}]\n", "    []\n").replace("\n    []", " []")
    )
    assert found == ["RF742"]


def test_items_of_lists_are_judged_too() -> None:
    listed = "apiVersion: v1\nkind: List\nitems:\n"
    body = "".join(f"    {line}\n" for line in CALICO.replace("app ==", "app =").splitlines())
    assert "RF732" in codes(listed + "  -" + body[3:])
    typed = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicyList\nitems:\n"
    item = "".join(f"    {line}\n" for line in CILIUM.splitlines()[2:])
    assert codes(typed + "  -" + item[3:]) == []


def test_sets_and_tiers_are_judged_and_touch_nothing_by_themselves() -> None:
    tier = (
        "apiVersion: projectcalico.org/v3\nkind: Tier\nmetadata: {name: web}\nspec: {order: 5, defaultAction: Pass}\n"
    )
    found = manifests.parse("one.yaml", tier.encode())
    assert found.opaque == []
    assert found.findings == []
    assert "RF730" in codes(tier.replace("Pass", "Maybe"))


def test_staged_network_policies_are_told_apart_by_name() -> None:
    staged = (
        "apiVersion: projectcalico.org/v3\nkind: StagedKubernetesNetworkPolicy\n"
        "metadata: {name: NAME, namespace: shop}\nspec: {podSelector: {}, policyTypes: [Ingress]}\n"
    )
    one, two = staged.replace("NAME", "one"), staged.replace("NAME", "two")
    assert len(manifests.parse("one.yaml", f"{one}---\n{two}".encode()).calico) == 2
    assert "RF704" in codes(f"{one}---\n{one}")
