"""Plain data as files below a header that says who wrote them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ringfence.render.emit import mapping
from ringfence.render.proof import HEADER


def document(data: Mapping[str, Any]) -> bytes:
    """One YAML document below a header that says who wrote it.

    `data` holds mappings with text keys, sequences, text, integers and booleans. Raises `TypeError` for anything else.
    """
    return (HEADER + "".join(f"{line}\n" for line in mapping(data))).encode()


def documents(items: Sequence[Mapping[str, Any]]) -> bytes:
    """Several YAML documents below one header."""
    lines = ("".join(f"{line}\n" for line in mapping(data)) for data in items)
    return (HEADER + "---\n".join(lines)).encode()


def kustomization(resources: Sequence[str]) -> bytes:
    """A Kustomize file that does nothing but list its resources. At least one: Kustomize refuses an empty file."""
    return document(
        {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": list(resources)}
    )
