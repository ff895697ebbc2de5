"""The dialects that are written whole: exact bytes, and what every rendered object is held against."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import model_kit as kit
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ringfence import documents, manifests, render
from ringfence.compile import calico, cilium
from ringfence.errors import NothingToCheckError
from ringfence.model.types import Model, Stage
from ringfence.render import TemplateError, templates

GOLDEN = Path(__file__).parent / "golden_dialects"
CRDS = Path(__file__).parents[4] / "shared" / "crds"
STAGES = {
    "payments": Stage("audit", "enforce"),
    "shop": Stage("permissive", "audit"),
    "vault": Stage("permissive", "permissive"),
}
_NOT_MODELLED, _STAGED = "RF703", "RF736"


def staged(model: Model) -> Model:
    clusters = {name: replace(cluster, stages=tuple(STAGES.items())) for name, cluster in model.clusters.items()}
    return replace(model, clusters=clusters)


def in_dialect(model: Model, dialect: str) -> Model:
    clusters = {name: replace(cluster, dialect=dialect) for name, cluster in model.clusters.items()}
    return replace(model, clusters=clusters)


@pytest.mark.parametrize("stage", ["enforced", "staged"])
def test_both_dialects_are_rendered_to_these_bytes(stage: str, request: pytest.FixtureRequest) -> None:
    model = kit.other_dialects()
    files = render.tree(staged(model) if stage == "staged" else model)
    root = GOLDEN / stage
    if request.config.getoption("--update-golden"):
        render.write(root, files)
        pytest.fail("the golden files are rewritten; review them and run again")
    golden = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert files.keys() == golden.keys()
    for path, raw in files.items():
        assert raw.decode() == golden[path].decode(), path


def objects(files: dict[str, bytes]) -> Iterator[tuple[str, documents.Document]]:
    for path, raw in files.items():
        if not path.endswith("/kustomization.yaml"):
            found, findings = documents.read_many(path, raw)
            assert findings == []
            yield from ((path, document) for document in found)


@pytest.mark.parametrize("model", [kit.other_dialects(), staged(kit.other_dialects())], ids=["enforced", "staged"])
def test_what_is_rendered_has_no_finding_of_lint(model: Model) -> None:
    parsed = manifests.parse_documents([document for _, document in objects(render.tree(model))])
    assert {finding.check.code for finding in parsed.findings} <= {_NOT_MODELLED, _STAGED}


def schemas() -> dict[tuple[str, str], Any]:
    found = {}
    for path in [*CRDS.glob("calico/v3.32.1-v3/*.yaml"), *CRDS.glob("cilium/*/*.yaml")]:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        for version in data["spec"]["versions"]:
            key = (f"{data['spec']['group']}/{version['name']}", data["spec"]["names"]["kind"])
            found[key] = closed(version["schema"]["openAPIV3Schema"])
    return found


def closed(schema: Any) -> Any:
    """A structural schema that refuses unknown fields, as strict validation does."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: closed(value) for key, value in schema.items()}
    if schema.get("type") == "object" and "properties" in schema and "additionalProperties" not in schema:
        result["additionalProperties"] = False
    return result


@pytest.mark.skipif(not CRDS.is_dir(), reason="the definitions of the resources are not beside the repository")
@pytest.mark.parametrize("model", [kit.other_dialects(), staged(kit.other_dialects())], ids=["enforced", "staged"])
def test_what_is_rendered_is_valid_by_the_definitions_of_the_resources(model: Model) -> None:
    known = schemas()
    kinds = set()
    for path, document in objects(render.tree(model)):
        data = document.data
        kinds.add(data["kind"])
        errors = list(jsonschema.Draft202012Validator(known[data["apiVersion"], data["kind"]]).iter_errors(data))
        assert not errors, (path, errors[0].message)
    assert {"Tier", "NetworkPolicy", "CiliumNetworkPolicy"} <= kinds


@settings(deadline=None)
@given(kit.models(), st.sampled_from(["calico", "cilium"]), st.booleans())
def test_files_mean_the_compiled_objects_and_nothing_has_a_base(model: Model, dialect: str, halfway: bool) -> None:
    model = in_dialect(model, dialect)
    if halfway:
        stage = Stage("permissive", "audit")
        clusters = {name: replace(item, default_stage=stage) for name, item in model.clusters.items()}
        model = replace(model, clusters=clusters)
    if not any(model.namespaces_in(cluster) for cluster in model.clusters.values()):
        with pytest.raises(NothingToCheckError):
            render.tree(model)
        return
    files = render.tree(model)
    assert not [path for path in files if path.startswith("policies/rendered/base/")]
    for cluster in model.clusters.values():
        start = f"policies/rendered/overlays/{cluster.name}/"
        here = {path: raw for path, raw in files.items() if path.startswith(start)}
        found = [document.data for _, document in objects(here)]
        expected = render.objects(model, cluster)
        key = lambda item: (item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"])  # noqa: E731
        assert sorted(found, key=key) == sorted(expected, key=key)
        listed = {
            f"{path.rpartition('/')[0]}/{name}"
            for path, raw in here.items()
            if path.endswith("/kustomization.yaml")
            for name in yaml.safe_load(raw)["resources"]
        }
        assert listed == {path for path in here if not path.endswith("/kustomization.yaml")}


@pytest.mark.parametrize(
    ("name", "old", "new", "difference"),
    [
        ("calico/policy", "  tier: {{ tier }}\n", "", "spec.tier is missing"),
        ("calico/rules", "action: Allow", "action: Pass", 'action is "Pass"'),
        ("calico/tier", "{{ action }}", "Pass", 'spec.defaultAction is "Pass"'),
        ("cilium/policy", "{{ deny_ingress }}", "false", "spec.enableDefaultDeny.ingress is false"),
        ("cilium/policy", "    - {}\n", "    - fromEntities: [all]\n", "fromEntities was not compiled"),
        (
            "cilium/rules",
            '          - matchPattern: "*"',
            "          - matchName: a.example",
            "matchPattern is missing",
        ),
        ("cilium/kustomization", "  - {{ resource }}", "  - other.yaml", "resources[0]"),
    ],
)
def test_a_template_that_changes_the_meaning_is_refused(name: str, old: str, new: str, difference: str) -> None:
    name = f"{name}.yaml.j2"
    packaged = templates.packaged(name)
    assert old in packaged
    with pytest.raises(TemplateError) as caught:
        render.tree(kit.other_dialects(), {name: packaged.replace(old, new)})
    finding = caught.value.finding
    assert (finding.check.code, finding.where.path) == ("RF411", f"policies/templates/{name}")
    assert difference in finding.message


def test_another_layout_of_the_same_meaning_is_taken() -> None:
    name = "calico/rules.yaml.j2"
    own = templates.packaged(name).replace("- action: Allow\n", "- # allowed\n  action: Allow\n")
    files = render.tree(kit.other_dialects(), {name: own})
    assert b"# allowed" in files["policies/rendered/overlays/on-calico/checkout/shop/batch.yaml"]


def test_a_range_of_addresses_stands_in_one_calico_rule_a_family() -> None:
    model = kit.other_dialects()
    policies = {item["metadata"]["name"]: item for item in render.objects(model, model.clusters["on-calico"])}
    frontend = policies[f"{calico.TIER}.frontend"]["spec"]["ingress"]
    assert [rule["source"] for rule in frontend if "nets" in rule["source"]] == [
        {"nets": ["0.0.0.0/0"], "notNets": ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]},
        {"nets": ["::/0"], "notNets": ["fc00::/7"]},
    ]


def test_names_stand_in_cilium_beside_a_rule_that_reads_dns_queries() -> None:
    model = kit.other_dialects()
    policies = {item["metadata"]["name"]: item for item in render.objects(model, model.clusters["on-cilium"])}
    egress = policies["ringfence-batch"]["spec"]["egress"]
    assert egress[0]["toPorts"][0]["rules"] == {"dns": [{"matchPattern": "*"}]}
    assert egress[0]["toEndpoints"][0]["matchLabels"]["k8s:k8s-app"] == "kube-dns"
    assert egress[-1]["toFQDNs"] == [{"matchPattern": "*.mail.example.net"}, {"matchName": "smtp.example.com"}]
    others = [policy["spec"]["egress"] for name, policy in policies.items() if name != "ringfence-batch"]
    assert not [rule for rules in others for rule in rules for item in rule.get("toPorts", ()) if "rules" in item]


def test_more_than_forty_ports_are_split() -> None:
    model = kit.other_dialects()
    (world,) = [
        rule
        for item in render.objects(model, model.clusters["on-cilium"])
        for rule in item["spec"]["egress"]
        if rule.get("toEntities") == ["world"]
    ]
    assert [len(item["ports"]) for item in world["toPorts"]] == [cilium.MOST_PORTS, 5]
