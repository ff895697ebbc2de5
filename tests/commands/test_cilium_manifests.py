"""Plain manifests with policies of Cilium, through the command line."""

from __future__ import annotations

from command_kit import Cli

from git_repository import GitRepository

MANIFESTS = """\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: c}]}
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec: {containers: [{name: c}]}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: web}}
  ingress: [{}]
  egress:
    - toFQDNs: [{matchName: api.stripe.com}]
      toPorts: [{ports: [{port: "443", protocol: TCP}]}]
    - toEndpoints: [{matchLabels: {app: api}}]
      toPorts: [{ports: [{port: "80", protocol: TCP}], rules: {http: [{method: GET}]}}]
    - toEndpoints: [{}]
      toPorts: [{ports: [{port: "53", protocol: UDP}], rules: {dns: [{matchPattern: "*"}]}}]
---
apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata: {name: quarantine}
spec:
  endpointSelector: {matchLabels: {app: web}}
  egressDeny: [{toEntities: [world], toPorts: [{ports: [{port: "25", protocol: TCP}]}]}]
"""


def test_connections_mark_layer_7_and_name_dns_names(small: GitRepository, ringfence: Cli) -> None:
    small.write("deploy/all.yaml", MANIFESTS)
    done = ringfence("connections", "--manifests", "deploy", "--cni", "cilium", "--from", "shop/web")
    assert done.code == 0
    lines = [" ".join(line.split()) for line in done.out.splitlines()[1:]]
    assert lines == [
        "shop/web[Pod] shop/api[Pod] 80/TCP, 53/UDP; L7-restricted (dns): 53/UDP; L7-restricted (http): 80/TCP",
        "shop/web[Pod] 0.0.0.0/0, ::/0 undefined: 443/TCP",
        "shop/web[Pod] dns:api.stripe.com 443/TCP",
    ]
    data = ringfence("connections", "--manifests", "deploy", "--cni", "cilium", "--format", "json").json
    assert ["shop/web[Pod]", "shop/api[Pod]", {"TCP": [[80, 80]]}, "http"] in data["restricted"]


def test_explain_walks_through_both_tiers(small: GitRepository, ringfence: Cli) -> None:
    small.write("deploy/all.yaml", MANIFESTS)
    asked = ("explain", "--manifests", "deploy", "--cni", "cilium", "shop/web")
    name = ringfence(*asked, "dns:api.stripe.com:443")
    assert name.out.startswith("shop/web[Pod] → dns:api.stripe.com: allowed on 443/TCP\n")
    assert "[Cilium] allowed by (shop/web rule 1, all.yaml:18:7) on 443/TCP" in name.out
    assert "[Cilium deny] denied by (quarantine rule 1, all.yaml:30:16)" in ringfence(*asked, "1.1.1.1:25/TCP").out
    assert "L7-restricted on 80/TCP: http" in ringfence(*asked, "shop/api:80").out
    assert ringfence(*asked, "dns:else.where.io:443").out.startswith("shop/web[Pod] → dns:else.where.io: denied\n")
    data = ringfence(*asked, "shop/api:80/TCP", "--format", "json").json
    assert data["explanations"][0]["restricted"] == {"http": {"TCP": [[80, 80]]}}


def test_another_plugin_heeds_none_of_it(small: GitRepository, ringfence: Cli) -> None:
    small.write("deploy/all.yaml", MANIFESTS)
    done = ringfence("connections", "--manifests", "deploy", "--cni", "calico", "--from", "shop/web")
    assert " ".join(done.out.splitlines()[1].split()) == "shop/web[Pod] shop/api[Pod] all ports"
    assert done.code == 1  # policies that nobody obeys look safe and are not
