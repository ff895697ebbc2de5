"""A real kube-apiserver takes every object that is rendered, strictly, and adds nothing to it that would drift."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from api_server import ApiServer

from kustomize_command import command

ROOT = Path(__file__).parents[2]
RENDERED = ROOT / "policies/rendered"
VERDICTS = ROOT / "../shared/verdicts"
CASES = sorted(path.parent for path in (ROOT / "tests/cases").glob("*/policies/rendered"))


def namespace(server: ApiServer, name: str) -> None:
    done = server.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    assert done.accepted, done.message


@pytest.mark.parametrize("kind", ["adminnetworkpolicy", "calico", "cilium", "clusternetworkpolicy", "networkpolicy"])
def test_server_gives_the_recorded_verdicts(server: ApiServer, kind: str) -> None:
    """What the checks of manifests are held against is what a server says today."""
    recorded = [json.loads(line) for line in (VERDICTS / f"{kind}.jsonl").read_text().splitlines()]
    assert recorded
    differ = []
    for entry in recorded:
        if "namespace" in entry["object"]["metadata"]:
            namespace(server, entry["object"]["metadata"]["namespace"])
        answer = server.apply(entry["object"])
        if answer.accepted is not (entry["api"] == "accept"):
            differ.append((entry["case"], entry["api"], answer.message))
        server.delete(entry["object"])
    assert differ == []


def kustomized(folder: Path) -> Iterator[dict[str, Any]]:
    """The objects of an overlay, by the real Kustomize."""
    found = command()
    assert found, "neither kustomize nor kubectl is here; run `make tools`"
    done = subprocess.run([*found, str(folder)], capture_output=True, text=True, check=True)
    yield from yaml.load_all(done.stdout, yaml.CSafeLoader)


def overlays() -> list[Path]:
    folders = [RENDERED, *(case / "rendered" for case in CASES)]
    return sorted(path.parent for folder in folders for path in (folder / "overlays").rglob("kustomization.yaml"))


def meant(value: Any) -> Any:
    """A value without empty lists in objects: servers leave them out, and clients compare typed values."""
    if isinstance(value, dict):
        return {key: meant(inner) for key, inner in value.items() if inner != []}
    return [meant(item) for item in value] if isinstance(value, list) else value


def applied(server: ApiServer, item: dict[str, Any]) -> list[str]:
    """Why an object is refused or would drift; nothing where the server keeps it as it is."""
    name = f"{item['kind']} {item['metadata'].get('namespace', '')}/{item['metadata']['name']}"
    answer = server.apply(item)
    if not answer.accepted:
        return [f"{name}: {answer.message}"]
    kept, wanted = (
        meant({key: value for key, value in one.items() if key in ("spec", "rules")}) for one in (answer.body, item)
    )
    return [] if kept == wanted else [f"{name}: the server made {kept} of {wanted}"]


def test_every_overlay_is_accepted_as_it_is(server: ApiServer) -> None:
    wrong, count = [], 0
    for folder in overlays():
        for item in kustomized(folder):
            if "namespace" in item["metadata"]:
                namespace(server, item["metadata"]["namespace"])
            wrong += applied(server, item)
            count += 1
    assert count > 50
    assert wrong == []


@pytest.mark.parametrize("tool", ["argocd", "flux"])
def test_gitops_objects_are_accepted(server: ApiServer, tool: str) -> None:
    wrong, count = [], 0
    for path in sorted((RENDERED / "gitops" / tool).rglob("*.yaml")):
        for item in yaml.load_all(path.read_bytes(), yaml.CSafeLoader):
            if item["apiVersion"].startswith("kustomize.config.k8s.io/"):
                continue
            if "namespace" in item["metadata"]:
                namespace(server, item["metadata"]["namespace"])
            answer = server.apply(item)
            wrong += [] if answer.accepted else [f"{path.name}: {answer.message}"]
            count += 1
    assert count > 5
    assert wrong == []
