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


def test_a_selector_that_calico_cannot_read() -> None:
    found = codes(CALICO.replace("app == 'api'", "app = 'api'"))
    assert "RF732" in found
    assert found[-1] == "RF703"


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
