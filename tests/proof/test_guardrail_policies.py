"""Policies of guardrails: clean as rendered for every kind, valid, and red for every way to weaken or widen one."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from rendered_repository import TODAY, Files, rendered
from ringfence import checks, documents, manifests, render, verify
from ringfence import model as models
from ringfence.findings import Severity
from ringfence.model.types import Guardrail, Model, Side
from small_repository import HEADER, MemoryTree, flows, over

GOLDEN = Path(__file__).parent / "golden_guardrails"
CRDS = Path(__file__).parents[3] / "shared" / "crds"
OF_CLUSTER = "policies/rendered/overlays/dev/_cluster/"
CNI = {
    "calico": "{name: calico}",
    "cilium": "{name: cilium}",
    "ClusterNetworkPolicy": "{name: calico, version: '3.32'}",
    "AdminNetworkPolicy": "{name: ovn-kubernetes}",
}
NETWORKS = "networks: {pods: [10.0.0.0/14], services: [10.4.0.0/20], nodes: [10.100.0.0/16]}\n"
GUARDRAILS = (
    HEADER.format("Guardrails") + "guardrails:\n"
    "  - {name: cards, never: {from: {namespaces: [shop], except: [shop/checkout]}, to: {namespaces: [payments]}},"
    " reason: Only the checkout pays}\n"
    "  - {name: world, never: {from: {}, to: {world: true, except: [stripe]}}, reason: By name only}\n"
    "  - {name: scraped, never: {from: {peers: [prometheus]}, to: {workloads: [shop/frontend]}, ports: [1-9089/TCP]},"
    " reason: Metrics only}\n"
    "  - {name: quiet, never: {from: {teams: [payments]}, to: {except: [kube-dns, payments/*, stripe]},"
    " ports: [25, 53/UDP]}, reason: No mail}\n"
)
TOWARD_PODS = (
    "  - {name: api, never: {from: {except: [shop/*, payments/*, prometheus]}, to: {workloads: [payments/api]}},"
    " reason: All others stay out}\n"
)
WAIVER = (
    HEADER.format("Waivers") + "waivers:\n"
    "  - {guardrail: world, subject: shop/look, reason: Agreed, approver: a@example.com, expires: 2030-01-01}\n"
)


def declared(kind: str, more: str = "") -> dict[str, str | None]:
    by_address = kind in ("calico", "cilium")
    dialect = "dialect: calico\n" if kind == "calico" else ""
    return {
        "policies/clusters/dev.yaml": f"{HEADER.format('Cluster')}environment: dev\n"
        f"server: https://dev.example.com:6443\nguardrails: {kind}\n{dialect}{more}cni: {CNI[kind]}\n{NETWORKS}",
        "policies/clusters/prod.yaml": None,
        "policies/guardrails/platform.yaml": GUARDRAILS + (TOWARD_PODS if by_address else ""),
        "policies/waivers/world.yaml": WAIVER,
        "teams/checkout/shop/outside.yaml": flows("name: look, from: frontend, to: internet, ports: [https]"),
    }


def problems(files: Files, model: Model) -> list[str]:
    found = []
    for state in verify.states(model, MemoryTree(files)):
        found += [*state.findings, *verify.compare(state)]
    return [item.check.code for item in found if item.check.severity is not Severity.INFO]


def objects(files: Files) -> dict[str, Any]:
    paths = [path for path in files if path.startswith(OF_CLUSTER) and "/guardrail-" in path]
    return {path: yaml.safe_load(files[path]) for path in sorted(paths)}


@pytest.mark.parametrize("kind", CNI)
@pytest.mark.parametrize("stage", ["enforce", "permissive"])
def test_policies_deny_what_guardrails_forbid_and_nothing_else(kind: str, stage: str) -> None:
    files, model = rendered(declared(kind, f"stage: {stage}\n"))
    assert objects(files)
    assert problems(files, model) == []


@pytest.mark.parametrize("kind", CNI)
def test_policies_are_these_bytes(kind: str, request: pytest.FixtureRequest) -> None:
    files, _ = rendered(declared(kind))
    found = {path.removeprefix(OF_CLUSTER): files[path] for path in files if path.startswith(OF_CLUSTER)}
    text = "".join(f"=== {path}\n{bytes(raw).decode()}" for path, raw in found.items() if isinstance(raw, bytes))
    golden = GOLDEN / f"{kind}.txt"
    if request.config.getoption("--update-golden"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, encoding="utf-8")
        pytest.fail("the golden file is rewritten; review it and run again")
    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", CNI)
def test_policies_have_no_finding_of_lint_and_are_valid_by_the_definitions(kind: str) -> None:
    files, _ = rendered(declared(kind))
    found = []
    for path in objects(files):
        raw = files[path]
        assert isinstance(raw, bytes)
        read, findings = documents.read_many(path, raw)
        assert findings == []
        found += read
    assert manifests.parse_documents(found).findings == []
    if not CRDS.is_dir():
        pytest.skip("the definitions of the resources are not beside the repository")
    known = definitions()
    for data in objects(files).values():
        errors = list(jsonschema.Draft202012Validator(known[data["apiVersion"], data["kind"]]).iter_errors(data))
        assert not errors, errors[0].message


def definitions() -> dict[tuple[str, str], Any]:
    found = {}
    for path in [
        *CRDS.glob("calico/v3.32.1-v3/*.yaml"),
        *CRDS.glob("cilium/*/*.yaml"),
        *CRDS.glob("network-pol*/**/*"),
    ]:
        data = yaml.safe_load(path.read_text(encoding="utf-8")) if path.suffix == ".yaml" else {}
        for version in data.get("spec", {}).get("versions", ()):
            key = (f"{data['spec']['group']}/{version['name']}", data["spec"]["names"]["kind"])
            found[key] = version["schema"]["openAPIV3Schema"]
    return found


RULES = ("ingress", "egress", "ingressDeny", "egressDeny")


@pytest.mark.parametrize("kind", CNI)
def test_every_rule_that_is_taken_away_is_found(kind: str) -> None:
    files, model = rendered(declared(kind))
    silent = set()
    for path, data in objects(files).items():
        key = next(key for key in RULES if key in data["spec"])
        for index in range(len(data["spec"][key])):
            other = copy.deepcopy(data)
            del other["spec"][key][index]
            if not problems({**files, path: json.dumps(other)}, model):
                silent.add(data["metadata"]["name"].removeprefix("ringfence-guardrails.").removeprefix("ringfence-"))
    assert silent == set()


@pytest.mark.parametrize("kind", CNI)
def test_a_policy_that_is_gone_or_allows_is_found(kind: str) -> None:
    files, model = rendered(declared(kind))
    for path in objects(files):
        kustomization = f"{OF_CLUSTER}kustomization.yaml"
        listed = yaml.safe_load(files[kustomization])
        listed["resources"].remove(path.removeprefix(OF_CLUSTER))
        assert "RF508" in problems({**files, kustomization: json.dumps(listed)}, model), path
        if kind == "cilium":
            continue
        raw = files[path]
        assert isinstance(raw, bytes)
        for action in ("Pass", "Accept" if kind == "ClusterNetworkPolicy" else "Allow"):
            assert problems({**files, path: raw.replace(b"action: Deny", f"action: {action}".encode(), 1)}, model), path


def test_what_another_guardrail_denies_too_is_found_at_its_own() -> None:
    """Without the first guardrail, whose policies deny it as well, the connection would open."""
    repository = declared("calico")
    repository["policies/guardrails/platform.yaml"] = (
        HEADER.format("Guardrails") + "guardrails:\n"
        "  - {name: wide, never: {from: {namespaces: [shop]}, to: {namespaces: [payments]}}, reason: No}\n"
        "  - {name: narrow, never: {from: {workloads: [shop/frontend]}, to: {workloads: [payments/api]}}, reason: No}\n"
    )
    repository |= {path: None for path in repository if path.startswith("policies/waivers/")}
    repository["teams/checkout/shop/flows.yaml"] = flows("name: one, from: frontend, to: checkout, ports: [grpc]")
    files, model = rendered(repository)
    assert problems(files, model) == []
    path = f"{OF_CLUSTER}guardrail-narrow-egress.yaml"
    other = objects(files)[path]
    other["spec"]["egress"][0]["protocol"] = "TCP"
    found = [
        item
        for state in verify.states(model, MemoryTree({**files, path: json.dumps(other)}))
        for item in state.findings
    ]
    assert [(item.check.code, item.subject) for item in found] == [("RF508", "narrow")]
    assert "the egress policies of guardrail narrow alone leave open what it forbids" in found[0].message
    renamed = json.dumps(objects(files)[path]).replace("narrow-egress", "narow-egress")
    found = [item for state in verify.states(model, MemoryTree({**files, path: renamed})) for item in state.findings]
    assert {item.check.code for item in found} == {"RF508"}
    assert "did you mean `narrow`?" in {item.hint for item in found}


@pytest.mark.parametrize("kind", ["ClusterNetworkPolicy", "AdminNetworkPolicy"])
def test_addresses_toward_pods_are_refused_at_the_cluster(kind: str) -> None:
    repository = declared(kind)
    repository["policies/guardrails/platform.yaml"] = GUARDRAILS + TOWARD_PODS
    assert refusals(repository) == [("policies/clusters/dev.yaml:5:13", "dev/api")]


def test_an_exception_by_name_is_refused_where_denies_come_first() -> None:
    repository = declared("cilium", "dialect: cilium\n")
    repository["policies/catalog/named.yaml"] = (
        HEADER.format("Catalog") + "peers:\n  mail: {description: Mail, owner: platform, names: [smtp.example.com]}\n"
    )
    text = repository["policies/guardrails/platform.yaml"]
    assert text is not None
    assert refusals(repository) == []  # the guardrails forbid the name too
    repository["policies/guardrails/platform.yaml"] = text.replace("stripe]}}", "stripe, mail]}}")
    assert refusals(repository) == [("policies/clusters/dev.yaml:5:13", "dev/world")]


def refusals(repository: dict[str, str | None]) -> list[tuple[str, str]]:
    model, _ = models.load(MemoryTree(over(repository)))
    assert model is not None
    found = checks.run(model, TODAY)
    return [(str(item.where), item.subject) for item in found if item.check.code == "RF344"]


def test_limits_split_rules_and_objects_and_another_guardrail_changes_nothing() -> None:
    few = declared("ClusterNetworkPolicy")
    many = dict(few)
    ports = ", ".join(str(port) for port in range(1000, 3000, 2))
    text = few["policies/guardrails/platform.yaml"]
    many["policies/guardrails/platform.yaml"] = (
        f"{text}  - {{name: a-lot, never: {{from: {{namespaces: [shop]}}, to: {{namespaces: [payments]}},"
        f" ports: [{ports}]}}, reason: Many}}\n"
    )
    before, (after, model) = objects(rendered(few)[0]), rendered(many)
    assert before.items() <= objects(after).items()
    added = [data["spec"] for path, data in objects(after).items() if "a-lot" in path]
    assert sorted(len(spec.get("egress", spec.get("ingress"))) for spec in added) == [15, 15, 25, 25]
    assert all(len(rule["protocols"]) == 25 for spec in added for rule in spec.get("egress", spec.get("ingress")))
    assert problems(after, model) == []


def _sides() -> st.SearchStrategy[Side]:
    def some(*items: str) -> st.SearchStrategy[tuple[str, ...]]:
        return st.lists(st.sampled_from(items), unique=True, max_size=2).map(tuple)

    return st.builds(
        Side,
        environments=some("dev", "prod"),
        teams=some("checkout", "payments"),
        namespaces=some("shop", "payments"),
        workloads=some("shop/frontend", "shop/checkout", "payments/api"),
        peers=some("kube-dns", "prometheus", "stripe", "internet"),
        world=st.booleans(),
        excepts=some("shop/checkout", "payments/*", "stripe", "prometheus", "kube-dns", "payments/api", "internet"),
    )


@settings(deadline=None, max_examples=12)
@given(st.lists(st.tuples(_sides(), _sides(), st.booleans()), min_size=1, max_size=3), st.sampled_from(sorted(CNI)))
def test_connectivity_is_that_without_minus_what_is_forbidden(drawn: list[tuple[Side, Side, bool]], kind: str) -> None:
    """The stage is permissive, so that all that is closed is closed by guardrails (see `verify.guarded`)."""
    model, _ = models.load(MemoryTree(over(declared(kind, "stage: permissive\n"))))
    assert model is not None
    where = model.guardrails[0].where
    guardrails = tuple(
        Guardrail(f"g{index}", False, source, destination, model.guardrails[-1].ports if some else (), "Why", where)
        for index, (source, destination, some) in enumerate(drawn)
    )
    model = replace(model, guardrails=guardrails, flows=(), grants=(), waivers=())
    if any(item.check.code == "RF344" for item in checks.run(model, TODAY)):
        return
    files: Files = {**render.tree(model)}
    assert problems(files, model) == []


def test_clusters_that_share_a_kubernetes_cluster_have_one_set_of_policies() -> None:
    shared = "kubernetesCluster: one\nnamespacePattern: '{namespace}-{environment}'\n"
    repository = declared("calico", shared)
    dev = repository["policies/clusters/dev.yaml"]
    assert dev is not None
    repository["policies/clusters/prod.yaml"] = dev.replace("environment: dev", "environment: prod")
    repository["policies/guardrails/platform.yaml"] = (
        GUARDRAILS + "  - {name: up, never: {from: {environments: [dev]}, to: {environments: [prod]}}, reason: Tests}\n"
    )
    files, model = rendered(repository)
    assert {path.split("/")[3] for path in files if "/_cluster/" in path and "/overlays/" in path} == {"dev"}
    assert problems(files, model) == []
