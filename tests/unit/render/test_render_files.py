from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import model_kit as kit
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ringfence import compile, documents, render  # noqa: A004
from ringfence.compile import kubernetes
from ringfence.errors import NothingToCheckError
from ringfence.model.types import Cluster, Model
from ringfence.render.plain import Plain
from ringfence.render.quoting import Yaml

GOLDEN = Path(__file__).parent / "golden"


def test_the_small_repository_is_rendered_to_these_bytes(request: pytest.FixtureRequest) -> None:
    files = render.tree(kit.small())
    if request.config.getoption("--update-golden"):
        render.write(GOLDEN, files)
        pytest.fail("the golden files are rewritten; review them and run again")
    golden = {path.relative_to(GOLDEN).as_posix(): path.read_bytes() for path in GOLDEN.rglob("*") if path.is_file()}
    assert files.keys() == golden.keys()
    for path, raw in files.items():
        assert raw.decode() == golden[path].decode(), path
    assert files == golden


def test_paths_are_in_order() -> None:
    files = render.tree(kit.small())
    assert list(files) == sorted(files)


@settings(deadline=None)
@given(kit.models(), st.randoms(use_true_random=False))
def test_the_order_of_declarations_does_not_change_a_byte(model: Model, chance: random.Random) -> None:
    def shuffled(items: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(chance.sample(items, len(items)))

    flows = tuple(replace(flow, legs=shuffled(flow.legs)) for flow in shuffled(model.flows))
    other = replace(model, flows=flows, grants=shuffled(model.grants))
    if any(model.namespaces_in(cluster) for cluster in model.clusters.values()):
        assert render.tree(model) == render.tree(other)


def data(raw: bytes) -> Any:
    document, findings = documents.read("x.yaml", raw)
    assert findings == []
    assert document is not None
    return document.data


def built(files: dict[str, bytes], folder: str) -> list[dict[str, Any]]:
    """A folder as Kustomize builds it, for the few features that are used."""
    kustomization = data(files[f"{folder}/kustomization.yaml"])
    objects: list[dict[str, Any]] = []
    for resource in kustomization["resources"]:
        if resource.startswith("../"):
            assert resource.count("../") == folder.count("/") - 1
            objects += built(files, f"policies/rendered/{resource.replace('../', '')}")
        else:
            objects.append(data(files[f"{folder}/{resource}"]))
    for patch in kustomization.get("patches", []):
        target = patch["target"]
        (found,) = [
            item
            for item in objects
            if item["kind"] == target["kind"]
            and item["apiVersion"] == f"{target['group']}/{target['version']}"
            and item["metadata"]["name"] == target["name"]
            and item["metadata"]["namespace"] == target["namespace"]
        ]
        for operation in data(files[f"{folder}/{patch['path']}"]):
            assert operation["op"] == "add"
            direction = operation["path"].removeprefix("/spec/").removesuffix("/-")
            found["spec"][direction].append(operation["value"])
    return objects


def overlay_folders(files: dict[str, bytes], cluster: str) -> list[str]:
    start = f"policies/rendered/overlays/{cluster}/"
    return [
        path.removesuffix("/kustomization.yaml")
        for path in files
        if path.startswith(start) and path.endswith("/kustomization.yaml")
    ]


def by_name(objects: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    found = {(item["metadata"]["namespace"], item["metadata"]["name"]): item for item in objects}
    assert len(found) == len(objects)
    return found


@settings(deadline=None)
@given(kit.models())
def test_overlays_build_to_the_objects_of_the_renderer(model: Model) -> None:
    if not any(model.namespaces_in(cluster) for cluster in model.clusters.values()):
        with pytest.raises(NothingToCheckError):
            render.tree(model)
        return
    files = render.tree(model)
    for cluster in model.clusters.values():
        folders = overlay_folders(files, cluster.name)
        found = [item for folder in folders for item in built(files, folder)]
        assert by_name(found) == by_name(render.objects(model, cluster))
        assert len(folders) == len(model.namespaces_in(cluster))


def same_rules(item: dict[str, Any]) -> dict[str, Any]:
    """An object with its rules in no order."""
    spec = {**item["spec"]}
    for direction in ("ingress", "egress"):
        spec[direction] = Counter(map(repr, spec[direction]))
    return {**item, "spec": spec}


@settings(deadline=None)
@given(kit.models())
def test_the_objects_of_the_renderer_are_those_compiled_but_for_the_order_of_rules(model: Model) -> None:
    for cluster in model.clusters.values():
        compiled = [item for bundle in compile.bundles(model, cluster) for item in kubernetes.objects(bundle)]
        assert list(map(same_rules, render.objects(model, cluster))) == list(map(same_rules, compiled))


@settings(deadline=None)
@given(kit.models())
def test_the_base_holds_what_all_clusters_that_keep_names_share_and_nothing_else(model: Model) -> None:
    keeping = [cluster for cluster in model.clusters.values() if cluster.keeps_names]
    if not any(model.namespaces_in(cluster) for cluster in model.clusters.values()):
        return
    files = render.tree(model)
    based = {path.split("/")[4] for path in files if path.startswith("policies/rendered/base/")}
    assert based == {item.name for cluster in keeping for item in model.namespaces_in(cluster)}
    for name in based:
        here = [cluster for cluster in keeping if name in {item.name for item in model.namespaces_in(cluster)}]
        base = by_name(built(files, f"policies/rendered/base/{model.namespaces[name].team}/{name}"))
        every = [by_name(objects_of(model, cluster, name)) for cluster in here]
        assert base.keys() == set.intersection(*(set(item) for item in every))
        for key, item in base.items():
            for direction in ("ingress", "egress"):
                shared = [{repr(rule) for rule in other[key]["spec"][direction]} for other in every]
                assert {repr(rule) for rule in item["spec"][direction]} == set.intersection(*shared)


def objects_of(model: Model, cluster: Cluster, namespace: str) -> list[dict[str, Any]]:
    bundles = compile.bundles(model, cluster)
    return [item for bundle in bundles if bundle.namespace == namespace for item in kubernetes.objects(bundle)]


def test_rules_of_the_base_come_before_those_of_the_overlay() -> None:
    place = kit.namespace("shop", "checkout", "dev", "prod")
    web, a, z = (kit.workload(place, name, {"app": name}) for name in ("web", "a", "z"))
    flows = [
        kit.flow(place, "late", [web], [z], kit.ports("80"), ["dev", "prod"]),
        kit.flow(place, "early", [web], [a], kit.ports("80"), ["prod"]),
    ]
    model = kit.model([kit.cluster("dev"), kit.cluster("prod")], [place], [web, a, z], flows)
    found = by_name(render.objects(model, model.clusters["prod"]))["shop", "ringfence-web"]["spec"]["egress"]
    assert [rule["to"][0]["podSelector"]["matchLabels"]["app"] for rule in found] == ["z", "a"]


def test_a_rule_of_two_clusters_out_of_three_is_not_in_the_base() -> None:
    place = kit.namespace("shop", "checkout", *kit.ENVIRONMENTS)
    web = kit.workload(place, "web", {"app": "web"})
    flow = kit.flow(place, "loop", [web], [web], kit.ports("80"), ["dev", "prod"])
    model = kit.model([kit.cluster(name) for name in kit.ENVIRONMENTS], [place], [web], [flow])
    base = by_name(built(render.tree(model), "policies/rendered/base/checkout/shop"))
    assert base["shop", "ringfence-web"]["spec"]["egress"] == []
    rules = {name: len(render.objects(model, model.clusters[name])[1]["spec"]["egress"]) for name in kit.ENVIRONMENTS}
    assert rules == {"dev": 1, "prod": 1, "staging": 0}


def test_a_shared_rule_names_the_flows_of_all_clusters() -> None:
    place = kit.namespace("shop", "checkout", "dev", "prod")
    web = kit.workload(place, "web", {"app": "web"})
    flows = [kit.flow(place, name, [web], [web], kit.ports("80"), [name]) for name in ("dev", "prod")]
    files = render.tree(kit.model([kit.cluster("dev"), kit.cluster("prod")], [place], [web], flows))
    text = files["policies/rendered/base/checkout/shop/web.yaml"].decode()
    assert text.count("# flow shop/dev: ") == text.count("# flow shop/prod: ") == 2
    assert not [path for path in files if path.endswith(".patch.yaml")]


def test_without_a_cluster_that_keeps_names_there_is_no_base() -> None:
    place = kit.namespace("shop", "checkout", "dev")
    files = render.tree(kit.model([kit.cluster("dev", pattern="{namespace}-{environment}")], [place], []))
    assert list(files) == [
        "policies/rendered/overlays/dev/checkout/shop/baseline.yaml",
        "policies/rendered/overlays/dev/checkout/shop/kustomization.yaml",
    ]


def test_an_empty_render_is_an_error() -> None:
    place = kit.namespace("shop", "checkout", "test")
    with pytest.raises(NothingToCheckError, match="no namespace exists in any cluster"):
        render.tree(kit.model([kit.cluster("prod")], [place], []))


def test_comments_cannot_end_early_whatever_the_model_holds() -> None:
    place = kit.namespace("shop", "checkout", "prod")
    web = kit.workload(place, "web", {"app": "web"})
    reason = "first\n    - from: []\r\u2028\x85\x7f\tlast"
    flow = kit.flow(place, "loop", [web], [web], kit.ports("80"), ["prod"], reason, ticket="a\nb")
    files = render.tree(kit.model([kit.cluster("prod")], [place], [web], [flow]))
    lines = files["policies/rendered/base/checkout/shop/web.yaml"].decode().split("\n")
    assert lines.count(r"    # flow shop/loop: first\x0a    - from: []\x0d\u2028\x85\x7f\x09last") == 2
    assert lines.count(r"    #   teams/checkout/shop/flows.yaml, owner checkout, no expiry, ticket a\x0ab") == 2


@settings(deadline=None)
@given(kit.models())
def test_the_plain_form_means_what_was_compiled(model: Model) -> None:
    plain = Plain(lambda _: Yaml("# why"))
    for cluster in model.clusters.values():
        for bundle in compile.bundles(model, cluster):
            for policy in bundle.policies:
                assert data(plain.policy(bundle, policy).encode()) == kubernetes.as_object(bundle, policy)
                if policy.ingress or policy.egress:
                    assert data(plain.patch(policy).encode()) == [
                        {"op": "add", "path": f"/spec/{direction}/-", "value": kubernetes.as_rule(rule, direction)}
                        for direction in ("ingress", "egress")
                        for rule in getattr(policy, direction)
                    ]


@settings(deadline=None)
@given(st.text(kit.PRINTABLE, min_size=1, max_size=20))
def test_any_printable_label_goes_through_template_and_reader(value: str) -> None:
    place = kit.namespace("shop", "checkout", "prod")
    web = kit.workload(place, "web", {"app": value, value: "web"})
    flow = kit.flow(place, "loop", [web], [web], kit.ports("80"), ["prod"], value)
    model = kit.model([kit.cluster("prod")], [place], [web], [flow])
    (bundle,) = compile.bundles(model, model.clusters["prod"])
    raw = render.tree(model)["policies/rendered/base/checkout/shop/web.yaml"]
    assert data(raw) == kubernetes.as_object(bundle, bundle.policies[1])


def test_a_cluster_owns_its_overlays_and_the_base() -> None:
    assert render.scope() == ("policies/rendered",)
    assert render.scope("prod") == ("policies/rendered/base", "policies/rendered/overlays/prod")


def test_bundles_are_not_shared_between_patterns() -> None:
    place = kit.namespace("shop", "checkout", "prod")
    clusters = [kit.cluster("a", "prod"), kit.cluster("b", "prod", "x-{namespace}")]
    model = kit.model(clusters, [place], [])
    names = {
        name: {item["metadata"]["namespace"] for item in render.objects(model, cluster)}
        for name, cluster in model.clusters.items()
    }
    assert names == {"a": {"shop"}, "b": {"x-shop"}}
