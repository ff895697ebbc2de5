"""Plain data as YAML text: block style, keys in the order given, quoting that all readers of YAML agree on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ringfence.render import quoting
from ringfence.render.files import HEADER


def document(data: Mapping[str, Any]) -> bytes:
    """One YAML document below a header that says who wrote it.

    `data` holds mappings with text keys, sequences, text, integers and booleans. Raises `TypeError` for anything else.
    """
    return (HEADER + "".join(f"{line}\n" for line in _mapping(data, ""))).encode()


def kustomization(resources: Sequence[str]) -> bytes:
    """A Kustomize file that does nothing but list its resources. At least one: Kustomize refuses an empty file."""
    return document(
        {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": list(resources)}
    )


def _mapping(data: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in data.items():
        name = f"{indent}{quoting.text(key)}:"
        if isinstance(value, Mapping) and value:
            yield name
            yield from _mapping(value, f"{indent}  ")
        elif isinstance(value, list) and value:
            yield name
            yield from _sequence(value, f"{indent}  ")
        else:
            yield f"{name} {_inline(value)}"


def _sequence(items: list[Any], indent: str) -> Iterator[str]:
    for item in items:
        if isinstance(item, Mapping) and item:
            first, *others = _mapping(item, f"{indent}  ")
            yield f"{indent}- {first.lstrip()}"
            yield from others
        else:
            yield f"{indent}- {_inline(item)}"


def _inline(value: Any) -> str:
    if isinstance(value, Mapping | list):
        if value:
            raise TypeError("a sequence in a sequence is not written")
        return "{}" if isinstance(value, Mapping) else "[]"
    return quoting.scalar(value)
