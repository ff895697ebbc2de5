"""Which schema a document must follow, and its errors as findings; the only importer of `jsonschema`.

jsonschema-rs decides whether a document is valid; jsonschema explains, on documents that are not. Knows no model:
whether a name exists, or a range is not empty, is not asked here.
"""

from __future__ import annotations

import functools
from typing import Any

from ringfence import resources
from ringfence.documents import Document
from ringfence.errors import UsageError
from ringfence.findings import Finding
from ringfence.schema import codes
from ringfence.schema.codes import CHECKS
from ringfence.values.nearest import did_you_mean

__all__ = ["ANY", "API_VERSION", "CHECKS", "KINDS", "load", "text", "validate"]

API_VERSION = "ringfence.dev/v1alpha1"
"""The one version of the format that this release reads."""

KINDS = (
    "Settings",
    "Cluster",
    "CniProfile",
    "Catalog",
    "Baseline",
    "Guardrails",
    "Waivers",
    "Team",
    "Namespace",
    "Flows",
    "Assertions",
)
"""Every kind of document."""

ANY = "Ringfence"
"""The name of the schema that tells the kinds apart, for editors."""


def text(kind: str) -> str:
    """The JSON Schema (2020-12) of a kind, or of `ANY`, as JSON text. Letter case does not matter.

    Raises `UsageError` for an unknown kind.
    """
    if kind.lower() not in {known.lower() for known in (*KINDS, ANY)}:
        hint = did_you_mean(kind, KINDS) or f"the kinds are {', '.join(KINDS)}"
        raise UsageError(f"there is no kind {kind!r}", hint)
    return resources.schema_text(kind.lower())


@functools.cache
def load(kind: str) -> dict[str, Any]:
    """The schema of a kind as data, read once; not to be changed."""
    import json

    schema: dict[str, Any] = json.loads(text(kind))
    return schema


@functools.cache
def _validator(kind: str) -> Any:
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(text(kind), validate_formats=True)


def validate(document: Document) -> list[Finding]:
    """What the document says that its schema does not allow; empty for a valid one."""
    data = document.data
    if isinstance(data, dict) and data.get("apiVersion") == API_VERSION:
        kind = data.get("kind")
        if isinstance(kind, str) and kind in KINDS and _validator(kind).is_valid(data):
            return []
    findings, kind = _header(document)
    if not kind:
        return findings
    from ringfence.schema import explain

    findings += explain.explain(document, load(kind))
    if findings:
        return findings
    errors = _validator(kind).iter_errors(data)
    return [
        codes.WRONG_VALUE.at(document.at(*error.instance_path), f"this is not valid: {error.message}")
        for error in errors
    ]


def _header(document: Document) -> tuple[list[Finding], str]:
    """What is wrong with `apiVersion` and `kind`, and the kind where it is known."""
    data = document.data
    example = f"start it with `apiVersion: {API_VERSION}` and, for example, `kind: Flows`"
    if not isinstance(data, dict):
        found = "a list" if isinstance(data, list) else "a single value"
        message = f"the document is {found}, not a mapping; nothing says what it declares"
        return [codes.NOT_A_MAPPING.at(document.at(), message, hint=example)], ""
    findings = []
    version = data.get("apiVersion")
    kind = data.get("kind")
    if version is None:
        message = "the document has no `apiVersion`, so nothing says in which format it is written"
        findings.append(codes.UNKNOWN_API_VERSION.at(document.at("apiVersion"), message, hint=example))
    elif version != API_VERSION:
        message = f"`apiVersion` is {_short(version)}; this release reads `{API_VERSION}` only"
        if isinstance(version, str) and not version.startswith("ringfence"):
            message += ", and Kubernetes objects do not belong among the declarations"
        findings.append(
            codes.UNKNOWN_API_VERSION.at(document.at("apiVersion"), message, hint=f"write `apiVersion: {API_VERSION}`")
        )
        if isinstance(version, str) and not version.startswith("ringfence"):
            return findings, ""
    choices = f"the kinds are {', '.join(KINDS)}"
    if kind is None:
        message = "the document has no `kind`, so nothing says what it declares"
        findings.append(codes.UNKNOWN_KIND.at(document.at("kind"), message, hint=choices))
    elif kind not in KINDS:
        near = did_you_mean(kind, KINDS) if isinstance(kind, str) else ""
        message = f"`kind` is {_short(kind)}, which does not exist; {choices}"
        findings.append(codes.UNKNOWN_KIND.at(document.at("kind"), message, hint=near or "write one of them"))
    return findings, kind if isinstance(kind, str) and kind in KINDS else ""


def _short(value: Any) -> str:
    import json

    shown = json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value
    return f"`{shown}`" if len(shown) <= 60 else f"`{shown[:57]}…`"
