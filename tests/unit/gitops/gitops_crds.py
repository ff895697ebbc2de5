"""The API server's view of an object: the CRD's schema, with unknown fields refused as strict validation does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

CRDS = Path(__file__).resolve().parents[3] / ".." / "shared" / "crds"
SOURCES = {
    "AppProject": "argo-cd/v3.5.1/appproject-crd.yaml",
    "ApplicationSet": "argo-cd/v3.5.1/applicationset-crd.yaml",
    "Application": "argo-cd/v3.5.1/application-crd.yaml",
    "GitRepository": "flux/source-controller-v1.9.1/source.toolkit.fluxcd.io_gitrepositories.yaml",
    "Kustomization": "flux/kustomize-controller-v1.9.4/kustomize.toolkit.fluxcd.io_kustomizations.yaml",
}
METADATA = {
    "type": "object",
    "required": ["name", "namespace"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "pattern": r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", "maxLength": 253},
        "namespace": {"type": "string", "pattern": r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "maxLength": 63},
        "labels": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 63}},
        "annotations": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}


def validator(kind: str) -> jsonschema.Draft7Validator:
    """What accepts the objects of a kind that its CRD's stored version accepts. Skips where the CRDs are absent."""
    path = CRDS / SOURCES[kind]
    if not path.is_file():
        pytest.skip(f"../shared/crds is not there: {SOURCES[kind]}")
    crd = yaml.safe_load(path.read_text())
    version = next(item for item in crd["spec"]["versions"] if item["storage"])
    schema = _strict(version["schema"]["openAPIV3Schema"])
    schema["properties"]["metadata"] = METADATA
    schema["properties"]["apiVersion"] = {"const": f"{crd['spec']['group']}/{version['name']}"}
    schema["properties"]["kind"] = {"const": crd["spec"]["names"]["kind"]}
    schema["required"] = ["apiVersion", "kind", "metadata", "spec"]
    return jsonschema.Draft7Validator(schema)


def _strict(schema: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "properties":
            result[key] = {name: _strict(child) for name, child in value.items()}
        elif key == "items" or (key == "additionalProperties" and isinstance(value, dict)):
            result[key] = _strict(value)
        elif key in ("anyOf", "allOf", "oneOf"):
            # Structural schemas put no properties here that are not also outside.
            result[key] = value
        elif key not in ("description", "default", "x-kubernetes-validations"):
            result[key] = value
    closed = "properties" in schema and "additionalProperties" not in schema
    if closed and not schema.get("x-kubernetes-preserve-unknown-fields"):
        result["additionalProperties"] = False
    return result
