"""The names that a shell completes: read straight from the files, for speed, and nothing where they cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

KINDS = ("clusters", "ends", "environments", "flows", "namespaces", "patterns", "teams")
MANY = 300
"""Above so many namespaces, workloads are offered only once a namespace is typed."""


def words(root: Path, kind: str, prefix: str) -> list[str]:
    """The names of a kind that start with a prefix, sorted: of what can be read, whether valid or not."""
    found = set(_FINDERS[kind](root, prefix))
    return sorted(word for word in found if word.startswith(prefix) and word.isprintable())


def _clusters(root: Path, prefix: str) -> Iterator[str]:  # noqa: ARG001
    return (path.stem for path in root.glob("policies/clusters/*.yaml"))


def _environments(root: Path, prefix: str) -> Iterator[str]:  # noqa: ARG001
    for path in root.glob("policies/clusters/*.yaml"):
        if isinstance(name := _read(root, path).get("environment"), str):
            yield name


def _teams(root: Path, prefix: str) -> Iterator[str]:  # noqa: ARG001
    return (path.parent.name for path in root.glob("teams/*/team.yaml"))


def _namespaces(root: Path, prefix: str) -> Iterator[str]:  # noqa: ARG001
    return (path.name for path in root.glob("teams/*/*") if path.is_dir())


def _ends(root: Path, prefix: str) -> Iterator[str]:
    for path in root.glob("policies/catalog/*.yaml"):
        yield from _keys(_read(root, path), "peers")
    yield from _of_namespaces(root, prefix, lambda data: _keys(data, "workloads"))


def _patterns(root: Path, prefix: str) -> Iterator[str]:
    yield from _ends(root, prefix)
    yield from (f"{name}/*" for name in _namespaces(root, prefix))


def _flows(root: Path, prefix: str) -> Iterator[str]:
    return _of_namespaces(root, prefix, lambda data: [flow.get("name") for flow in _mappings(data.get("flows"))])


_FINDERS = {
    "clusters": _clusters,
    "ends": _ends,
    "environments": _environments,
    "flows": _flows,
    "namespaces": _namespaces,
    "patterns": _patterns,
    "teams": _teams,
}


def _of_namespaces(root: Path, prefix: str, names: Any) -> Iterator[str]:
    """The names of documents as `namespace/name`; only of the namespace that the prefix has, if it has one."""
    namespace, slash, _ = prefix.partition("/")
    folders = [path for path in root.glob("teams/*/*") if path.is_dir() and (path.name == namespace if slash else True)]
    if len(folders) > MANY:
        yield from (f"{path.name}/" for path in folders)
        return
    for folder in folders:
        for path in folder.glob("*.yaml"):
            yield from (f"{folder.name}/{name}" for name in names(_read(root, path)) if isinstance(name, str))


def _keys(data: dict[str, Any], key: str) -> list[str]:
    value = data.get(key)
    return list(value) if isinstance(value, dict) else []


def _mappings(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _read(root: Path, path: Path) -> dict[str, Any]:
    from ringfence import documents

    try:
        document, _ = documents.read(path.relative_to(root).as_posix(), path.read_bytes())
    except OSError:
        return {}
    return document.data if document is not None and isinstance(document.data, dict) else {}
