from __future__ import annotations

import model_kit as kit

from ringfence.compile import kubernetes
from ringfence.compile.bundle import BlockPeer, Bundle, Origin, PodsPeer, Policy, Rule

WHY = (Origin("flow", "shop/x", "teams/t/shop/flows.yaml", "t", "Because"),)


def test_a_bundle_as_objects_with_everything_that_the_server_would_default() -> None:
    web = Policy(
        "web",
        (("app", "web"), ("tier", "1")),
        (Rule((PodsPeer("kube-system", ()),), kit.ports("80"), WHY),),
        (
            Rule((PodsPeer("shop-dev", (("app", "db"),)),), kit.ports("53", "5000-5010/UDP", "9/SCTP"), WHY),
            Rule((BlockPeer("0.0.0.0/0", ("10.0.0.0/8",)), BlockPeer("::/0")), kit.ports("443"), WHY),
        ),
    )
    bundle = Bundle("checkout", "shop", "shop-dev", (Policy("baseline", (), (), ()), web))
    labels = {"app.kubernetes.io/managed-by": "ringfence", "ringfence.dev/team": "checkout"}
    assert kubernetes.objects(bundle) == [
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "ringfence-baseline", "namespace": "shop-dev", "labels": labels},
            "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": [], "egress": []},
        },
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "ringfence-web", "namespace": "shop-dev", "labels": labels},
            "spec": {
                "podSelector": {"matchLabels": {"app": "web", "tier": "1"}},
                "policyTypes": ["Ingress", "Egress"],
                "ingress": [
                    {
                        "from": [
                            {
                                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
                                "podSelector": {},
                            }
                        ],
                        "ports": [{"protocol": "TCP", "port": 80}],
                    }
                ],
                "egress": [
                    {
                        "to": [
                            {
                                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop-dev"}},
                                "podSelector": {"matchLabels": {"app": "db"}},
                            }
                        ],
                        "ports": [
                            {"protocol": "TCP", "port": 53},
                            {"protocol": "UDP", "port": 5000, "endPort": 5010},
                            {"protocol": "SCTP", "port": 9},
                        ],
                    },
                    {
                        "to": [
                            {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}},
                            {"ipBlock": {"cidr": "::/0"}},
                        ],
                        "ports": [{"protocol": "TCP", "port": 443}],
                    },
                ],
            },
        },
    ]
