from __future__ import annotations

import re

from command_kit import CATALOG, FLOWS, NAMESPACE, Cli, add_flow, edit

from git_repository import GitRepository

HTTPS = {"TCP": [[443, 443]]}


def test_nothing_differs(small: GitRepository, ringfence: Cli) -> None:
    done = ringfence("promote-diff", "dev", "prod")
    assert (done.code, done.out) == (0, "")
    assert done.err == "dev and prod: 0 flows and 0 connections differ; no findings\n"


def test_a_flow_and_a_workload_of_one_environment(small: GitRepository, ringfence: Cli) -> None:
    add_flow(
        small,
        "name: show-card",
        "from: frontend",
        "to: payments/api",
        "ports: [https]",
        "reason: A trial",
        "environments: [dev]",
    )
    edit(small, NAMESPACE, "ports: {http: 8080, metrics: 9090}", "ports: {http: 8080}\n    environments: [dev]")
    edit(small, "policies/guardrails/platform.yaml", "shop/checkout, payments/*", "shop/*, payments/*")
    assert ringfence("render").code == 0
    done = ringfence("promote-diff", "prod", "dev")
    assert done.code == 0
    assert [line.split() for line in done.out.splitlines()] == [
        ["Flows", "that", "do", "not", "hold", "alike"],
        ["FLOW", "PROD", "DEV", "WHY"],
        ["shop/place-order", "-", "yes", "shop/frontend", "is", "not", "in", "prod"],
        ["shop/show-card", "-", "yes", "shop/frontend", "is", "not", "in", "prod"],
        [],
        ["Connections", "that", "are", "not", "allowed", "alike"],
        ["FROM", "TO", "PROD", "DEV", "BECAUSE", "OF"],
        ["shop/frontend", "kube-dns", "-", "53/TCP,", "53/UDP", "baseline", "dns"],
        ["shop/frontend", "payments/api", "-", "8443/TCP", "shop/show-card"],
        ["shop/frontend", "shop/checkout", "-", "5050/TCP", "shop/place-order"],
        [],
    ]
    assert done.err == "prod and dev: 2 flows and 3 connections differ; no findings\n"


def test_addresses_are_compared_exactly_however_they_are_cut(small: GitRepository, ringfence: Cli) -> None:
    """Both environments reach all of one range; that a second flow cuts it in one of them is no difference."""
    edit(
        small,
        CATALOG,
        "  internet:",
        "  charges:\n    description: One half\n    owner: platform\n"
        "    cidrs: [192.0.2.0/25]\n    ports: {https: 443, more: 8443}\n  internet:",
    )
    payments = "teams/payments/payments/flows.yaml"
    add_flow(
        small,
        "name: more",
        "from: api",
        "to: charges",
        "ports: [more]",
        "reason: A trial",
        "environments: [dev]",
        path=payments,
    )
    assert ringfence("render").code == 0
    done = ringfence("promote-diff", "dev", "prod", "--format", "json").json
    assert done["environments"] == [{"name": "dev", "clusters": ["dev"]}, {"name": "prod", "clusters": ["prod"]}]
    assert [(row["flow"], row["environments"], row["why"]) for row in done["flows"]] == [
        ("payments/more", ["dev"], "payments/more does not name prod")
    ]
    assert done["connections"] == [
        {
            "source": "payments/api",
            "destination": "charges",
            "clusters": {
                "dev": {"ports": {"TCP": [[443, 443], [8443, 8443]]}, "undefined": {}},
                "prod": {"ports": HTTPS, "undefined": {}},
            },
            "because": ["payments/charge", "payments/more"],
        }
    ]


def test_clusters_of_one_environment_that_differ_are_named(small: GitRepository, ringfence: Cli) -> None:
    text = (small.path / "policies/clusters/prod.yaml").read_text()
    small.write("policies/clusters/prod-us.yaml", text.replace("https://prod", "https://prod-us"))
    assert ringfence("render").code == 0
    assert ringfence("promote-diff", "dev", "prod").err.startswith("dev and prod: 0 flows and 0 connections")
    overlay = "policies/rendered/overlays/prod-us/checkout/shop/kustomization.yaml"
    target = "target: {group: networking.k8s.io, version: v1, kind: NetworkPolicy, name: ringfence-frontend}"
    small.write(overlay, (small.path / overlay).read_text() + f"patches:\n  - path: more.yaml\n    {target}\n")
    rule = "{to: [{ipBlock: {cidr: 192.0.2.0/24}}], ports: [{protocol: TCP, port: 443}]}"
    small.write(f"{overlay.rpartition('/')[0]}/more.yaml", f"- {{op: add, path: /spec/egress/-, value: {rule}}}\n")
    done = ringfence("promote-diff", "dev", "prod")
    assert done.code == 0
    assert re.split("  +", done.out.splitlines()[2]) == ["shop/frontend", "stripe", "-", "- (prod); 443/TCP (prod-us)"]


def test_bad_use(small: GitRepository, ringfence: Cli) -> None:
    assert "did you mean prod?" in ringfence("promote-diff", "dev", "prd").err
    done = ringfence("promote-diff", "dev", "dev")
    assert (done.code, done.err.splitlines()[0]) == (2, "ringfence: dev cannot be compared with itself")
    small.git("rm", "-rq", "policies/rendered")
    assert ringfence("promote-diff", "dev", "prod").code == 2
    edit(small, FLOWS, "to: payments/api", "to: payments/apy")
    done = ringfence("promote-diff", "dev", "prod", "--format", "json")
    assert (done.code, done.codes) == (1, ["RF110"])
