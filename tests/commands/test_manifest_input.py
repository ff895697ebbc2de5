"""Where plain manifests come from, and the forms in which tools write them."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from command_kit import Cli
from manifest_kit import DEPLOYMENT, POLICY, SHOP, give


def connections(ringfence: Cli, *paths: str | Path) -> list[list[object]]:
    done = ringfence("connections", *(word for path in paths for word in ("--manifests", path)), "--format", "json")
    assert done.code == 0, done
    return done.json["connections"]  # type: ignore[no-any-return]


@pytest.fixture
def whole(tmp_path: Path, ringfence: Cli) -> list[list[object]]:
    """The answer on a folder with one file."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/shop.yaml").write_text(SHOP)
    found = connections(ringfence, tmp_path / "folder")
    assert ["shop/frontend[Deployment]", "shop/cart[Deployment]", {"TCP": [[7070, 7070]]}] in found
    return found


def test_standard_input(whole: object, ringfence: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, SHOP)
    assert connections(ringfence, "-") == whole


def test_one_file(whole: object, tmp_path: Path, ringfence: Cli) -> None:
    assert connections(ringfence, tmp_path / "folder/shop.yaml") == whole


def test_several_paths(whole: object, tmp_path: Path, ringfence: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "workloads").mkdir()
    (tmp_path / "workloads/cart.yaml").write_text(DEPLOYMENT.format(name="cart"))
    (tmp_path / "frontend.json").write_text(DEPLOYMENT.format(name="frontend"))
    give(monkeypatch, POLICY)
    assert connections(ringfence, tmp_path / "workloads", tmp_path / "frontend.json", "-") == whole
    give(monkeypatch, POLICY)
    twice = (tmp_path / "workloads", "-", tmp_path / "frontend.json", tmp_path / "workloads")
    assert connections(ringfence, *twice) == whole


def test_a_pipe(whole: object, tmp_path: Path, ringfence: Cli) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text(SHOP))
    writer.start()
    assert connections(ringfence, pipe) == whole
    writer.join()


def test_findings_name_the_path(tmp_path: Path, ringfence: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = POLICY.replace("port: 7070", "port: 70000")
    (tmp_path / "a").mkdir()
    (tmp_path / "a/one.yaml").write_text(bad)
    (tmp_path / "b.yaml").write_text(bad.replace("name: cart", "name: other"))
    give(monkeypatch, bad.replace("name: cart", "name: third"))
    options = ("--manifests", tmp_path / "a", "--manifests", tmp_path / "b.yaml", "--manifests", "-")
    done = ringfence("lint", *options, "--format", "json")
    assert done.code == 1
    refused = [(item["path"], item["line"]) for item in done.json["findings"] if item["code"] == "RF701"]
    assert refused == [(f"{tmp_path}/a/one.yaml", 9), (f"{tmp_path}/b.yaml", 9), ("stdin", 9)]


def test_diff_of_a_folder_and_standard_input(
    whole: object, tmp_path: Path, ringfence: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, SHOP.replace("port: 7070", "port: 7071"))
    done = ringfence("diff", "--manifests", tmp_path / "folder", "-", "--format", "json")
    assert [row[:3] for row in done.json["diff"]] == [["changed", "shop/frontend[Deployment]", "shop/cart[Deployment]"]]
    done = ringfence("diff", "--manifests", "-", "-")
    assert (done.code, done.out) == (2, "")
    assert "standard input cannot be both sides" in done.err


def test_explain_and_lint_read_standard_input(ringfence: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, SHOP)
    done = ringfence("explain", "--manifests", "-", "shop/frontend", "shop/cart:7070")
    assert "allowed on 7070/TCP" in done.out
    assert "(stdin:" in done.out
    give(monkeypatch, SHOP)
    assert ringfence("lint", "--manifests", "-").code == 0


@pytest.mark.parametrize("text", ["", " \n", "\n\n"])
def test_nothing_from_standard_input_is_no_success(text: str, ringfence: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, text)
    done = ringfence("connections", "--manifests", "-")
    assert (done.code, done.out) == (2, "")
    assert "standard input is empty" in done.err


def test_closed_standard_input(ringfence: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    done = ringfence("connections", "--manifests", "-")
    assert (done.code, done.out) == (2, "")
    assert "standard input is closed" in done.err
    monkeypatch.setattr("sys.stdin", SimpleNamespace())
    assert ringfence("connections", "--manifests", "-").code == 2


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"\x00", b"{", b"kind: [", b"- a\n- b\n", b"42", b"a: b: c"])
def test_rubbish_from_standard_input(raw: bytes, ringfence: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    for command in (("connections",), ("exposure",), ("lint",), ("explain", "a/b", "c/d")):
        give(monkeypatch, raw)
        done = ringfence(command[0], "--manifests", "-", *command[1:])
        assert done.code in (1, 2) or "warning RF707" in done.all


def listed(text: str) -> list[object]:
    import yaml

    return list(yaml.safe_load_all(text))


@pytest.mark.parametrize("form", ["list", "json list", "typed list", "json lines", "pretty json after another"])
def test_forms_of_lists(form: str, whole: object, ringfence: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    objects = listed(SHOP)
    wrapped = {"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": objects}
    if form == "list":
        import yaml

        text = yaml.safe_dump(wrapped)
    elif form == "json list":
        text = json.dumps(wrapped, indent=4)
    elif form == "typed list":
        bare = [{key: value for key, value in item.items() if key not in ("apiVersion", "kind")} for item in objects]  # type: ignore[attr-defined]
        lists = [
            {"apiVersion": "apps/v1", "kind": "DeploymentList", "items": bare[:2]},
            {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicyList", "items": bare[2:]},
        ]
        text = "\n---\n".join(map(json.dumps, lists))
    elif form == "json lines":
        text = "".join(json.dumps(item) + "\n" for item in objects)
    else:
        text = "\n".join(json.dumps(item, indent=2) for item in objects)
    give(monkeypatch, text)
    assert connections(ringfence, "-") == whole


def test_helm_output_with_comments(whole: object, ringfence: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = SHOP.split("---\n")
    text = "".join(f"---\n# Source: shop/templates/{number}.yaml\n{part}" for number, part in enumerate(parts))
    give(monkeypatch, f"# a comment\n---\n# Source: shop/templates/empty.yaml\n---\n---\n{text}---\n# the end\n")
    assert connections(ringfence, "-") == whole


DUMPED = """\
apiVersion: v1
items:
- apiVersion: networking.k8s.io/v1
  kind: NetworkPolicy
  metadata:
    annotations:
      kubectl.kubernetes.io/last-applied-configuration: |
        {"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy"}
    creationTimestamp: "2026-01-02T03:04:05Z"
    generation: 1
    managedFields:
    - apiVersion: networking.k8s.io/v1
      fieldsType: FieldsV1
      fieldsV1:
        f:metadata:
          f:annotations:
            .: {}
            f:kubectl.kubernetes.io/last-applied-configuration: {}
        f:spec:
          f:podSelector: {}
          f:ingress: {}
      manager: kubectl-client-side-apply
      operation: Update
      time: "2026-01-02T03:04:05Z"
    name: cart
    namespace: shop
    resourceVersion: "1234"
    uid: 0b1f8d5e-0000-4000-8000-000000000000
  spec:
    ingress:
    - from:
      - podSelector:
          matchLabels:
            app: frontend
      ports:
      - port: 7070
        protocol: TCP
    podSelector:
      matchLabels:
        app: cart
    policyTypes:
    - Ingress
  status: {}
- apiVersion: v1
  kind: Namespace
  metadata:
    labels: {kubernetes.io/metadata.name: shop}
    name: shop
    resourceVersion: "1"
  spec: {finalizers: [kubernetes]}
  status: {phase: Active}
- apiVersion: v1
  kind: Pod
  metadata:
    generateName: cart-6d8f7-
    labels: {app: cart, pod-template-hash: 6d8f7}
    managedFields:
    - fieldsV1: {"f:metadata": {"f:ownerReferences": {".": {}, 'k:{"uid":"1"}': {}}}}
    name: cart-6d8f7-x2x9z
    namespace: shop
    ownerReferences:
    - {apiVersion: apps/v1, blockOwnerDeletion: true, controller: true, kind: ReplicaSet, name: cart-6d8f7, uid: "1"}
  spec:
    containers: [{name: main, image: example.com/cart, ports: [{containerPort: 7070, name: http, protocol: TCP}]}]
    nodeName: node-1
  status:
    containerStatuses: [{name: main, ready: true, state: {running: {startedAt: "2026-01-02T03:04:05Z"}}}]
    hostIP: 192.0.2.10
    phase: Running
    podIP: 10.1.2.3
    podIPs: [{ip: 10.1.2.3}]
- apiVersion: v1
  kind: Pod
  metadata: {name: frontend, namespace: shop, labels: {app: frontend}}
  spec: {containers: [{name: main, image: example.com/frontend}]}
- apiVersion: v1
  kind: Service
  metadata: {name: cart, namespace: shop}
  spec: {selector: {app: cart}, ports: [{port: 80, targetPort: http}]}
- apiVersion: apiextensions.k8s.io/v1
  kind: CustomResourceDefinition
  metadata: {name: widgets.example.com}
- apiVersion: example.com/v1
  kind: Widget
  metadata: {name: w}
kind: List
metadata:
  resourceVersion: ""
"""


def test_a_dump_of_a_cluster(ringfence: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, DUMPED)
    done = ringfence("connections", "--manifests", "-", "--format", "json")
    assert done.code == 0
    assert done.json["findings"] == []
    assert done.json["workload_of"] == {"shop/cart-6d8f7-x2x9z": "shop/cart[Deployment]"}
    assert done.json["skipped"] == {
        "CustomResourceDefinition.apiextensions.k8s.io": 1,
        "Service": 1,
        "Widget.example.com": 1,
    }
    assert ["shop/frontend[Pod]", "shop/cart[Deployment]", {"TCP": [[7070, 7070]]}] in done.json["connections"]


def test_pods_one_by_one(ringfence: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, DUMPED)
    done = ringfence("connections", "--manifests", "-", "--pods", "--focus", "shop/cart-6d8f7-x2x9z")
    assert "shop/frontend[Pod]" in done.out
    assert "shop/cart-6d8f7-x2x9z[Pod]  7070/TCP" in done.out


def test_pods_on_the_network_of_the_host(tmp_path: Path, ringfence: Cli) -> None:
    text = SHOP.replace("containers: [{name: main, image: example.com/frontend}]", "hostNetwork: true")
    (tmp_path / "shop.yaml").write_text(text)
    asked = ("--manifests", tmp_path, "--from", "shop/frontend", "--to", "shop/cart", "--format", "json")
    undefined = ringfence("connections", *asked)
    assert undefined.json["connections"] == []
    assert "uses the host's network" in str(undefined.json["undefined"])
    ordinary = ringfence("connections", *asked, "--host-network-as-pods")
    assert ordinary.json["connections"] == [
        ["shop/frontend[Deployment]", "shop/cart[Deployment]", {"TCP": [[7070, 7070]]}]
    ]
    assert ordinary.json["undefined"] == []


@pytest.mark.parametrize("option", ["--pods", "--host-network-as-pods"])
def test_options_of_manifests_need_manifests(option: str, ringfence: Cli) -> None:
    done = ringfence("connections", option)
    assert (done.code, done.out) == (2, "")
    assert f"{option} goes with --manifests" in done.err


KINDS = {
    "Pod": ("v1", {"containers": []}),
    "Deployment": ("apps/v1", {"template": {"metadata": {"labels": {"app": "x"}}, "spec": {}}}),
    "StatefulSet": ("apps/v1", {"template": {"metadata": {"labels": {"app": "x"}}, "spec": {}}}),
    "DaemonSet": ("apps/v1", {"template": {"metadata": {"labels": {"app": "x"}}, "spec": {}}}),
    "ReplicaSet": ("apps/v1", {"template": {"metadata": {"labels": {"app": "x"}}, "spec": {}}}),
    "ReplicationController": ("v1", {"template": {"metadata": {"labels": {"app": "x"}}, "spec": {}}}),
    "Job": ("batch/v1", {"template": {"metadata": {"labels": {"app": "x"}}, "spec": {}}}),
    "CronJob": (
        "batch/v1",
        {"jobTemplate": {"spec": {"template": {"metadata": {"labels": {"app": "x"}}, "spec": {}}}}},
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_workload_has_the_labels_of_its_pods(
    kind: str, ringfence: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, spec = KINDS[kind]
    meta = {"name": "it", "namespace": "shop", "labels": {"app": "x" if kind == "Pod" else "y"}}
    closed = POLICY.replace("app: cart", "app: x")
    workload = json.dumps({"apiVersion": api, "kind": kind, "metadata": meta, "spec": spec})
    give(monkeypatch, f"{workload}\n---\n{DEPLOYMENT.format(name='frontend')}---\n{closed}")
    rows = connections(ringfence, "-")
    assert ["shop/frontend[Deployment]", f"shop/it[{kind}]", {"TCP": [[7070, 7070]]}] in rows


FAMILIES = [
    ("ReplicaSet", "apps/v1", "Deployment", "apps/v1", "web-6d8f7", "web"),
    ("Job", "batch/v1", "CronJob", "batch/v1", "web-2812", "web"),
]


@pytest.mark.parametrize(("kind", "api", "above", "above_api", "name", "top"), FAMILIES)
def test_a_chain_of_owners_is_one_workload(
    kind: str,
    api: str,
    above: str,
    above_api: str,
    name: str,
    top: str,
    ringfence: Cli,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def owned(by: str, named: str) -> dict[str, object]:
        return {"ownerReferences": [{"apiVersion": "v1", "kind": by, "name": named, "controller": True, "uid": "1"}]}

    labels = {"labels": {"app": "x"}}
    template = {"template": {"metadata": labels, "spec": {}}}
    upper = {"jobTemplate": {"spec": template}} if above == "CronJob" else template
    objects = [
        {"apiVersion": api, "kind": above, "metadata": {"name": "web", "namespace": "shop"}, "spec": upper},
        {
            "apiVersion": api,
            "kind": kind,
            "metadata": {"name": name, "namespace": "shop", **owned(above, "web")},
            "spec": template,
        },
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": f"{name}-x", "namespace": "shop", **labels, **owned(kind, name)},
            "spec": {},
        },
    ]
    give(monkeypatch, "\n".join(map(json.dumps, objects)))
    done = ringfence("connections", "--manifests", "-", "--format", "json")
    assert done.json["counts"]["endpoints"] == 1
    assert done.json["workload_of"] == {f"shop/{name}-x": f"shop/web[{above}]"}


def test_a_static_pod_belongs_to_no_node(ringfence: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    meta = {"name": "etcd-node-1", "namespace": "kube-system"}
    owner = {"ownerReferences": [{"apiVersion": "v1", "kind": "Node", "name": "node-1", "controller": True}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {**meta, **owner}, "spec": {}}
    give(monkeypatch, json.dumps(pod))
    done = ringfence("connections", "--manifests", "-", "--format", "json")
    assert done.json["connections"][0][0] == "kube-system/etcd-node-1[Pod]"


def test_what_is_no_kubernetes_object_is_said(tmp_path: Path, ringfence: Cli) -> None:
    (tmp_path / "shop.yaml").write_text(SHOP)
    (tmp_path / "values.yaml").write_text("replicas: 3\nimage: {tag: v1}\n")
    (tmp_path / "list.yaml").write_text("- 1\n- 2\n")
    (tmp_path / "kustomization.yaml").write_text("resources: [shop.yaml]\n")
    (tmp_path / "notes.txt").write_text("kind: [")
    done = ringfence("connections", "--manifests", tmp_path, "--format", "json")
    assert done.code == 0
    assert [(item["code"], item["path"]) for item in done.json["findings"]] == [
        ("RF707", "list.yaml"),
        ("RF707", "values.yaml"),
    ]
    assert done.json["skipped"] == {"(no kind)": 2}


def test_objects_that_say_nothing_of_connections_are_nothing_to_check(tmp_path: Path, ringfence: Cli) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "team.yaml").write_text("apiVersion: ringfence.dev/v1alpha1\nkind: Team\n")
    done = ringfence("lint", "--manifests", tmp_path / "a")
    assert (done.code, done.out) == (2, "")
    assert "holds only 1 other object: no policy and no workload\n" in done.err
    (tmp_path / "n").mkdir()
    (tmp_path / "n/shop.yaml").write_text("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n")
    done = ringfence("lint", "--manifests", tmp_path / "n")
    assert (done.code, done.out) == (2, "")
    assert f"{tmp_path / 'n'} holds no policy and no workload\n" in done.err
    done = ringfence("diff", "--manifests", tmp_path / "a", tmp_path / "b")
    assert (done.code, done.out) == (2, "")
    assert "hold no workload and no policy" in done.err
    (tmp_path / "b/shop.yaml").write_text(SHOP)
    assert ringfence("diff", "--manifests", tmp_path / "a", tmp_path / "b").code == 0
