"""Calico's and Cilium's rendered policies: clean as they are at every stage, and red for every way to break one."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from rendered_repository import Files, rendered
from ringfence import manifests, verify
from ringfence.findings import Finding, Severity
from ringfence.model.types import Model
from small_repository import HEADER, MemoryTree, flows

STAGES = ["permissive", "audit", "{ingress: permissive, egress: enforce}", "{ingress: audit, egress: permissive}"]
NETWORKS = "networks: {pods: [10.0.0.0/14], services: [10.4.0.0/20], nodes: [10.100.0.0/16]}\n"


def cluster(dialect: str, more: str = "") -> str:
    plugin = dialect if dialect != "kubernetes" else "calico"
    return (
        f"{HEADER.format('Cluster')}environment: dev\nserver: https://dev.example.com:6443\n"
        f"dialect: {dialect}\n{more}cni: {{name: {plugin}}}\n{NETWORKS}"
    )


def repository(dialect: str, more: str = "") -> tuple[Files, Model]:
    """The small repository on one cluster of a dialect, with flows to names and to addresses."""
    catalog = (
        HEADER.format("Catalog") + "peers:\n"
        "  mail:\n    description: Mail\n    owner: platform\n    cidrs: [198.51.100.0/24]\n"
        "    except: [198.51.100.128/25]\n"
        "    names: [smtp.example.com, '*.mail.example.net']\n    ports: {smtp: 587}\n"
        "  partner:\n    description: Partner\n    owner: platform\n    cidrs: [203.0.113.0/24, 2001:db8::/48]\n"
        "    except: [203.0.113.128/25]\n    ports: {https: 443}\n"
    )
    extra = flows(
        "name: send, from: checkout, to: mail, ports: [smtp]",
        "name: sell, from: checkout, to: partner, ports: [https, 8000-8010/TCP]",
        "name: buy, from: partner, to: frontend, ports: [http]",
    )
    return rendered(
        {
            "policies/clusters/dev.yaml": cluster(dialect, more),
            "policies/clusters/prod.yaml": None,
            "policies/catalog/outside.yaml": catalog,
            "policies/guardrails/platform.yaml": None,
            "teams/checkout/shop/outside.yaml": extra,
        }
    )


def problems(files: Files, model: Model) -> list[Finding]:
    """What reading and comparing finds that is worse than information."""
    found = []
    for state in verify.states(model, MemoryTree(files)):
        found += [*state.findings, *verify.compare(state)]
    return [item for item in found if item.check.severity is not Severity.INFO]


@pytest.mark.parametrize("stage", ["enforce", *STAGES])
@pytest.mark.parametrize("dialect", ["calico", "cilium"])
def test_what_was_rendered_is_what_was_declared_at_every_stage(dialect: str, stage: str) -> None:
    files, model = repository(dialect, f"stage: {stage}\nstages: {{payments: enforce}}\n")
    assert problems(files, model) == []


def red(files: Files, model: Model) -> set[str]:
    return {item.check.code for item in problems(files, model)}


PING = {"icmps": [{"fields": [{"type": 8, "family": "IPv4"}]}]}
CHECKOUT = "policies/rendered/overlays/dev/checkout/shop/checkout.yaml"
TIER = "policies/rendered/overlays/dev/_cluster/tier-ringfence.yaml"
ADDED: list[tuple[str, str, tuple[str | int, ...], Any]] = [
    ("calico", CHECKOUT, ("spec", "egress", 0), {"action": "Allow", "protocol": "ICMP", "icmp": {"type": 8}}),
    ("calico", CHECKOUT, ("spec", "egress", 0), {"action": "Allow", "protocol": 47}),
    ("calico", CHECKOUT, ("spec", "egress", 0), {"action": "Deny", "protocol": "ICMP"}),
    ("calico", CHECKOUT, ("spec", "egress", 0), {"action": "Log"}),
    ("calico", CHECKOUT, ("spec", "egress", 0, "action"), "Pass"),
    ("calico", CHECKOUT, ("spec", "egress", 0, "http"), {"methods": ["GET"]}),
    ("calico", CHECKOUT, ("spec", "egress", 0, "source"), {"serviceAccounts": {"names": ["x"]}}),
    ("calico", CHECKOUT, ("spec", "egress", 0, "ipVersion"), 4),
    ("calico", CHECKOUT, ("spec", "serviceAccountSelector"), "all()"),
    ("calico", CHECKOUT, ("spec", "order"), 1),
    ("calico", CHECKOUT, ("metadata", "annotations"), {"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}),
    ("calico", TIER, ("spec", "order"), 2_000_000),
    ("calico", TIER, ("metadata", "annotations"), {"argocd.argoproj.io/hook": "Skip"}),
    ("cilium", CHECKOUT, ("spec", "egress", 0), PING),
    ("cilium", CHECKOUT, ("spec", "egressDeny"), [{**PING, "toEntities": ["world"]}]),
    ("cilium", CHECKOUT, ("spec", "ingress", 0), {"fromEntities": ["remote-node"]}),
    ("cilium", CHECKOUT, ("spec", "egress", 0, "authentication"), {"mode": "required"}),
    ("cilium", CHECKOUT, ("metadata", "annotations"), {"config.kubernetes.io/local-config": "true"}),
    (
        "cilium",
        CHECKOUT.replace("checkout.yaml", "frontend.yaml"),
        ("spec", "egress"),
        [{"toFQDNs": [{"matchName": "x.example.org"}]}],
    ),
    ("kubernetes", CHECKOUT, ("metadata", "labels", "kustomize.toolkit.fluxcd.io/prune"), "disabled"),
    ("kubernetes", CHECKOUT, ("status",), {}),
]
"""What no pair of ends shows: a dialect, a file, where, and a value that is put in (in a list before the others)."""


@pytest.mark.parametrize(("dialect", "path", "route", "value"), ADDED)
def test_what_no_pair_shows_is_found(dialect: str, path: str, route: tuple[str | int, ...], value: Any) -> None:
    files, model = repository(dialect, "namespacePattern: '{namespace}-dev'\n" if dialect == "kubernetes" else "")
    raw = files[path]
    assert isinstance(raw, bytes)
    other = yaml.safe_load(raw)
    parent = other
    for step in route[:-1]:
        parent = parent[step]
    if isinstance(parent, list):
        parent.insert(int(route[-1]), value)
    else:
        parent[route[-1]] = value
    found = [
        item for item in problems({**files, path: json.dumps(other, indent=1)}, model) if item.check.code == "RF509"
    ]
    assert found
    assert {(item.where.path, item.where.line > 1) for item in found} == {(path, True)}


@pytest.mark.parametrize("dialect", ["calico", "cilium", "kubernetes"])
@pytest.mark.parametrize("version", ["crd.projectcalico.org/v1", "projectcalico.org/v3"])
@pytest.mark.parametrize(
    "kind", ["NetworkPolicy", "GlobalNetworkPolicy", "NetworkSet", "StagedKubernetesNetworkPolicy"]
)
def test_an_object_that_is_not_rendered_there_is_found(dialect: str, version: str, kind: str) -> None:
    files, model = repository(dialect, "namespacePattern: '{namespace}-dev'\n" if dialect == "kubernetes" else "")
    folder = CHECKOUT.rpartition("/")[0]
    kustomization = files[f"{folder}/kustomization.yaml"]
    assert isinstance(kustomization, bytes)
    spec = {"selector": "nobody == 'x'", "types": ["Ingress"]}
    other = {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": "ringfence.x", "namespace": "shop"},
        "spec": spec,
    }
    edited = {f"{folder}/kustomization.yaml": kustomization + b"  - x.yaml\n", f"{folder}/x.yaml": json.dumps(other)}
    own = (dialect, version, kind) == ("calico", "projectcalico.org/v3", "NetworkPolicy")
    assert ("RF509" if own else "RF505") in red({**files, **edited}, model)


def test_a_tier_that_is_gone_is_found() -> None:
    files, model = repository("calico")
    less = {path: raw for path, raw in files.items() if "/_cluster/" not in path}
    found = [item for item in problems(less, model) if item.check.code == "RF509"]
    assert [(item.subject, item.where.path.rpartition("/")[2]) for item in found] == [
        ("ringfence", "kustomization.yaml")
    ]


@pytest.mark.parametrize("dialect", ["calico", "cilium", "kubernetes"])
def test_what_is_open_to_nodes_and_nobody_declared_is_found(dialect: str) -> None:
    files, model = repository(dialect, "namespacePattern: '{namespace}-dev'\n" if dialect == "kubernetes" else "")
    raw = files[CHECKOUT]
    assert isinstance(raw, bytes)
    other = yaml.safe_load(raw)
    rule = {
        "calico": {
            "action": "Allow",
            "protocol": "TCP",
            "source": {"nets": ["10.96.0.0/11"]},
            "destination": {"ports": [4242]},
        },
        "cilium": {"fromEntities": ["remote-node"], "toPorts": [{"ports": [{"port": "4242", "protocol": "TCP"}]}]},
        "kubernetes": {"from": [{"ipBlock": {"cidr": "10.100.0.0/16"}}], "ports": [{"port": 4242}]},
    }[dialect]
    other["spec"]["ingress"].append(rule)
    found = red({**files, CHECKOUT: json.dumps(other, indent=1)}, model)
    assert found & {"RF502", "RF509"}


@pytest.mark.parametrize("stage", ["permissive", "{ingress: permissive, egress: enforce}"])
def test_a_permissive_stage_of_the_dialect_kubernetes_is_proven(stage: str) -> None:
    files, model = repository("kubernetes", f"stage: {stage}\nstages: {{payments: enforce}}\n")
    assert problems(files, model) == []
    path = "policies/rendered/overlays/dev/checkout/shop/0-permissive-ingress.yaml"
    raw = files[path]
    assert isinstance(raw, bytes)
    mutated = mutations(yaml.safe_load(raw))
    silent = {name for name, other in mutated if not problems({**files, path: json.dumps(other)}, model)}
    # what the API server defaults to
    assert silent <= {"without podSelector", "without policyTypes", "without policyTypes.0"}


def policies(files: Files) -> list[str]:
    return sorted(
        path
        for path in files
        if path.startswith("policies/rendered/overlays/") and not path.endswith("/kustomization.yaml")
    )


Step = str | int


def _values(node: Any, route: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], Any]]:
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        yield (*route, key), value
        if isinstance(value, dict | list):
            yield from _values(value, (*route, key))


def mutations(policy: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every value below `spec` taken away, and every scalar changed."""
    for route, value in list(_values(policy["spec"])):
        name = ".".join(map(str, route))
        other = copy.deepcopy(policy)
        *way, last = route
        parent: Any = other["spec"]
        for step in way:
            parent = parent[step]
        del parent[last]
        yield f"without {name}", other
        if not isinstance(value, dict | list):
            other = copy.deepcopy(policy)
            parent = other["spec"]
            for step in way:
                parent = parent[step]
            parent[last] = _changed(value)
            yield f"other {name}", other


def _changed(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    swapped = {"Allow": "Deny", "TCP": "UDP", "UDP": "SCTP", "Ingress": "Egress", "Egress": "Ingress", "Deny": "Pass"}
    if value in swapped:
        return swapped[value]
    if value.isdigit():
        return str(int(value) + 1)
    if "/" in value and value[0].isdigit():
        return "100.64.0.0/24" if ":" not in value else "2001:db8:ffff::/48"
    if "==" in value:
        return value[:-1] + "x'"
    return "all()" if value == "nothing" else f"{value}x" if value != "all()" else "app == 'frontend'"


SAME_MEANING = {
    # `all()` is what an absent selector beside a namespace selector means, and what an absent policy selector means.
    "without ingress.0.source.selector",
    "without egress.0.destination.selector",
    "without egress.1.destination.selector",
    # Without one, a selector is for the policy's own namespace, which these peers are of.
    "without ingress.1.source.namespaceSelector",
    "without egress.0.destination.namespaceSelector",
    "without ingress.1.fromEndpoints.0.matchLabels.k8s:io.kubernetes.pod.namespace",
    "without egress.0.toEndpoints.0.matchLabels.k8s:io.kubernetes.pod.namespace",
    "without selector",
    # Absent `types` mean both where there are rules for both.
    "without types",
    # The server's own default.
    "without defaultAction",
    # Default deny is on wherever a section has rules.
    "without enableDefaultDeny",
    "without enableDefaultDeny.ingress",
    "without enableDefaultDeny.egress",
}
REPEATED = {
    # The baseline closes both directions of every pod.
    "other enableDefaultDeny.ingress",
    "other enableDefaultDeny.egress",
    # The baseline lets every pod ask the DNS pods; here the questions are read beside.
    "without egress.0.toPorts.0.ports.0",
    "other egress.0.toPorts.0.ports.0.protocol",
    "without egress.0.toPorts.0.ports.1",
}
"""What the baseline says too, in the policy of a workload."""


@pytest.mark.parametrize("dialect", ["calico", "cilium"])
def test_every_value_of_every_policy_matters(dialect: str) -> None:
    files, model = repository(dialect)
    silent = []
    tried = 0
    for path in policies(files):
        raw = files[path]
        assert isinstance(raw, bytes)
        for name, other in mutations(yaml.safe_load(raw)):
            tried += 1
            if not problems({**files, path: json.dumps(other)}, model):
                silent.append((path.rpartition("overlays/dev/")[2], name))
    assert tried > 100
    for path, name in silent:
        assert name in SAME_MEANING or (name in REPEATED and not path.endswith("/baseline.yaml")), (path, name)


@pytest.mark.parametrize("dialect", ["calico", "cilium"])
def test_every_object_matters(dialect: str) -> None:
    files, model = repository(dialect)
    for path in policies(files):
        folder, _, name = path.rpartition("/")
        kustomization = files[f"{folder}/kustomization.yaml"]
        assert isinstance(kustomization, bytes)
        less = kustomization.replace(f"  - {name}\n".encode(), b"")
        less = less if b"  - " in less else less.replace(b"resources:", b"resources: []")
        assert problems({**files, f"{folder}/kustomization.yaml": less}, model), path


@pytest.mark.parametrize("dialect", ["calico", "cilium"])
def test_what_keeps_a_stage_open_matters(dialect: str) -> None:
    files, model = repository(dialect, "stage: {ingress: permissive, egress: audit}\n")
    folder = "policies/rendered/overlays/dev/checkout/shop"
    raw = files[f"{folder}/0-permissive-ingress.yaml"]
    assert isinstance(raw, bytes)
    silent = [
        name
        for name, other in mutations(yaml.safe_load(raw))
        if not problems({**files, f"{folder}/0-permissive-ingress.yaml": json.dumps(other)}, model)
    ]
    # what is not closed anyway
    assert set(silent) <= {"without selector", "without types"} | {
        name for name in silent if "enableDefaultDeny" in name
    }


def test_rendered_objects_of_all_stages_have_no_finding_of_lint() -> None:
    for dialect in ("calico", "cilium"):
        for stage in ("enforce", *STAGES):
            files, _ = repository(dialect, f"stage: {stage}\n")
            found = manifests.parse_files(
                {path: raw for path in policies(files) if isinstance(raw := files[path], bytes)}
            )
            assert [item.check.code for item in found.findings if item.check.code != "RF736"] == []
