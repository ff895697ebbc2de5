"""Reading the restricted Kustomize trees that Ringfence renders: resources, and JSON patches that append rules.

Nothing is guessed: any other field, operation or target is an error finding (RF720). Every object keeps the positions
of the file that it was written in, and an appended rule those of its patch.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from ringfence.documents.document import Document, Route
from ringfence.errors import RingfenceError
from ringfence.findings import Finding, Location, has_errors
from ringfence.manifests.checks import KUSTOMIZATION
from ringfence.manifests.kinds import split

NAME = "kustomization.yaml"
"""The one file name that is read; Ringfence writes no other."""

_FIELDS = ("apiVersion", "kind", "resources", "patches")
_TARGET = ("group", "version", "kind", "name", "namespace")
_PLAIN = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?")
_LISTS = ("/spec/ingress/-", "/spec/egress/-")


class Patched(Document):
    """A document to which patches added parts: `grafts` tells from which route of which document each came."""

    __slots__ = ("base", "grafts")

    def __init__(self, base: Document, data: Any, grafts: Mapping[Route, tuple[Document, Route]]) -> None:
        super().__init__(base.path, data)
        self.base = base
        self.grafts = grafts

    def at(self, *route: str | int) -> Location:
        """The place of a value, in the patch for what a patch added."""
        document, rest = self._origin(route)
        return document.at(*rest)

    def at_key(self, *route: str | int) -> Location:
        """The place of a key, in the patch for what a patch added."""
        document, rest = self._origin(route)
        return document.at_key(*rest)

    def _origin(self, route: Route) -> tuple[Document, Route]:
        for length in range(len(route), 0, -1):
            if graft := self.grafts.get(route[:length]):
                return graft[0], (*graft[1], *route[length:])
        return self.base, route


_Read = tuple[list[Document], list[Finding]]
"""The documents of a file, and what is wrong with it."""


class Overlays:
    """Builds the overlays of one tree of files; until they are let go, documents are read once and shared.

    `read` gives the bytes of one of `files`, which are paths relative to the repository's root. The documents of files
    that another tree, `like`, holds too are the same objects.
    """

    def __init__(self, read: Callable[[str], bytes], files: Iterable[str], like: Overlays | None = None) -> None:
        self._read = read
        self._files = frozenset(files)
        self._known: dict[str, _Read] = {}
        self._texts: dict[tuple[str, bytes], _Read] = like._texts if like else {}
        self._built: dict[str, Built] = {}

    def build(self, folder: str) -> tuple[list[Document], list[Finding]]:
        """The objects of one folder, and what is wrong with it and what it uses."""
        built = self.built(folder)
        return list(built.documents), list(built.findings)

    def built(self, folder: str) -> Built:
        """The same, with the files that it is built from; not to be changed."""
        return self.below(folder.rstrip("/"), ())

    def documents(self, path: str) -> _Read:
        """The documents of one file."""
        if path not in self._known:
            from ringfence import documents

            try:
                text = path, self._read(path)
                if text not in self._texts:
                    self._texts[text] = documents.read_many(*text)
                self._known[path] = self._texts[text]
            except RingfenceError as error:
                finding = KUSTOMIZATION.at(
                    Location(path), f"{error.message}, and a kustomization uses it", hint=error.hint
                )
                self._known[path] = [], [finding]
        return self._known[path]

    def has(self, path: str) -> bool:
        """Whether the tree holds a file."""
        return path in self._files

    def let_go(self) -> None:
        """Forget what was read: it is read again where it is asked for again."""
        self._known.clear()
        self._texts.clear()
        self._built.clear()

    def below(self, folder: str, parents: tuple[str, ...]) -> Built:
        """What a folder holds; `parents` use it as a resource."""
        if folder not in self._built:
            self._built[folder] = _Build(self, folder, (*parents, folder)).run()
        return self._built[folder]


class Built(Struct, frozen=True):
    """The objects of a folder, what is wrong with it and what it uses, and the files that it is built from."""

    documents: list[Document]
    findings: list[Finding]
    files: list[str]


class _Build:
    """One folder being built."""

    def __init__(self, tree: Overlays, folder: str, chain: tuple[str, ...]) -> None:
        self._tree = tree
        self._folder = folder
        self._chain = chain
        self._findings: list[Finding] = []
        self._objects: list[Document] = []
        self._files: list[str] = []

    def run(self) -> Built:
        path = f"{self._folder}/{NAME}".lstrip("/")
        if not self._tree.has(path):
            self._wrong(Location(path), f"{self._folder} holds no {NAME}", "run: ringfence render")
        else:
            documents, findings = self._file(path)
            self._findings += findings
            if len(documents) == 1 and not has_errors(findings):
                self._kustomization(documents[0])
            elif not has_errors(findings):
                self._wrong(Location(path), f"{len(documents)} documents where one kustomization belongs")
        return Built(self._objects, self._findings, self._files)

    def _file(self, path: str) -> tuple[list[Document], list[Finding]]:
        """The documents of a file that the folder is built from."""
        self._files.append(path)
        return self._tree.documents(path)

    def _wrong(self, where: Location, message: str, hint: str = "") -> None:
        self._findings.append(KUSTOMIZATION.at(where, message, hint=hint))

    def _mapping(self, document: Document, data: Any, route: Route, known: Sequence[str]) -> dict[str, Any]:
        """The mapping at a route, after a finding for what is not known."""
        if not isinstance(data, dict):
            self._wrong(document.at(*route), "a mapping belongs here")
            return {}
        for key in data:
            if key not in known:
                message = f"`{key}` is not in the part of Kustomize that Ringfence reads, so what it does is not known"
                self._wrong(document.at_key(*route, key), message, f"known here: {', '.join(known)}")
        return data

    def _items(self, document: Document, data: Mapping[str, Any], key: str) -> list[Any]:
        items = data.get(key)
        if items is not None and not isinstance(items, list):
            self._wrong(document.at(key), f"`{key}` is not a list")
        return items if isinstance(items, list) else []

    def _kustomization(self, document: Document) -> None:
        data = self._mapping(document, document.data, (), _FIELDS)
        for key, want in (("apiVersion", "kustomize.config.k8s.io/v1beta1"), ("kind", "Kustomization")):
            if data.get(key) not in (None, want):
                self._wrong(document.at(key), f"`{key}` is {data[key]!r} where {want} belongs")
        resources = self._items(document, data, "resources")
        if data and not data.get("resources"):
            self._wrong(document.at(), "no resources: there is nothing to build")
        for index, item in enumerate(resources):
            self._resource(document, item, ("resources", index))
        self._unique()
        for index, item in enumerate(self._items(document, data, "patches")):
            self._patch(document, item, ("patches", index))

    def _resource(self, document: Document, item: Any, route: Route) -> None:
        where = document.at(*route)
        path = self._local(where, item)
        if path is None:
            return
        if self._tree.has(path):
            if not path.startswith(f"{self._folder}/"):
                self._wrong(where, f"{item} lies outside this folder; kustomize refuses such files", "name its folder")
            documents, findings = self._file(path)
        elif self._tree.has(f"{path}/{NAME}"):
            if path in self._chain:
                self._wrong(where, f"{item} leads back to {path}: the folders use each other")
                return
            built = self._tree.below(path, self._chain)
            documents, findings = built.documents, built.findings
            self._files += built.files
        else:
            self._wrong(where, f"{item} is neither a file nor a folder with a {NAME} in the repository")
            return
        self._objects += documents
        self._findings += findings

    def _local(self, where: Location, item: Any) -> str | None:
        """The path of a resource relative to the root, or None after a finding."""
        if not isinstance(item, str) or not item:
            self._wrong(where, "a relative path belongs here")
            return None
        path = posixpath.normpath(posixpath.join(self._folder, item))
        if ":" in item or "?" in item or item.startswith("/") or path.startswith("../") or path in (".", ".."):
            self._wrong(where, f"{item} is no relative path inside the repository", "copy the file into the repository")
            return None
        return path

    def _unique(self) -> None:
        seen: dict[tuple[str, ...], Document] = {}
        for document in self._objects:
            key = _identity(document)
            if key in seen and key[2]:
                message = f"{key[1]} {key[3]}/{key[2]} is among the resources twice; kustomize refuses that"
                first = seen[key].at("metadata", "name")
                self._wrong(document.at("metadata", "name"), message, f"the other is at {first}")
            seen.setdefault(key, document)

    def _patch(self, document: Document, item: Any, route: Route) -> None:
        data = self._mapping(document, item, route, ("path", "patch", "target"))
        if not data:
            return
        patch = self._operations(document, data, route)
        target = self._mapping(document, data.get("target"), (*route, "target"), _TARGET)
        for key, text in target.items():
            if not isinstance(text, str) or not _PLAIN.fullmatch(text):
                message = f"the target's `{key}` is no plain name; kustomize would read it as a pattern"
                self._wrong(document.at(*route, "target", key), message)
                return
        if patch is None or not target:
            return
        found = [index for index, one in enumerate(self._objects) if _hits(target, _identity(one))]
        if len(found) != 1 or "kind" not in target or "name" not in target:
            message = f"the target matches {len(found)} objects where a kind and a name must match one"
            self._wrong(document.at(*route, "target"), message, "write group, version, kind, name and namespace")
            return
        self._objects[found[0]] = self._applied(self._objects[found[0]], patch)

    def _operations(self, document: Document, data: Mapping[str, Any], route: Route) -> Document | None:
        """The document that holds the list of operations, or None after a finding."""
        where = document.at(*route)
        if ("path" in data) == ("patch" in data):
            self._wrong(where, "a patch needs exactly one of `path` and `patch`")
            return None
        if "patch" in data:
            return self._inline(document, data["patch"], (*route, "patch"))
        path = self._local(document.at(*route, "path"), data["path"])
        if path is None:
            return None
        if not self._tree.has(path) or not path.startswith(f"{self._folder}/"):
            self._wrong(document.at(*route, "path"), f"the patch {data['path']} is no file of this folder")
            return None
        documents, findings = self._file(path)
        self._findings += findings
        if len(documents) != 1 or not isinstance(documents[0].data, list):
            self._wrong(Location(path), "the patch is no list of JSON patch operations")
            return None
        return documents[0]

    def _inline(self, document: Document, text: Any, route: Route) -> Document | None:
        from ringfence import documents

        where = document.at(*route)
        found, findings = documents.read_many(document.path, text.encode()) if isinstance(text, str) else ([], [])
        if has_errors(findings) or len(found) != 1 or not isinstance(found[0].data, list):
            self._wrong(where, "the patch is no list of JSON patch operations")
            return None
        return found[0].standing_at(where)

    def _applied(self, target: Document, patch: Document) -> Document:
        data = target.data
        grafts = dict(target.grafts) if isinstance(target, Patched) else {}
        for index, item in enumerate(patch.data):
            operation = self._mapping(patch, item, (index,), ("op", "path", "value"))
            op, path, value = (operation.get(key) for key in ("op", "path", "value"))
            if op == "test" and isinstance(path, str):
                if _at_pointer(data, path) != value:
                    self._wrong(patch.at(index), f"the test of {path} does not hold", "run: ringfence render")
                continue
            if op != "add" or path not in _LISTS or not isinstance(value, dict):
                message = f"`{op}` of {path!r} is more than appending a rule to a NetworkPolicy"
                self._wrong(patch.at(index), message, f"only `add` of a rule to {' or '.join(_LISTS)}")
                continue
            section = path.split("/")[2]
            spec = data.get("spec") if isinstance(data, dict) else None
            rules = spec.get(section) if isinstance(spec, dict) else None
            if not isinstance(spec, dict) or not isinstance(rules, list):
                message = f"{target.path} has no list at /spec/{section}, so kustomize cannot append to it"
                self._wrong(patch.at(index, "path"), message)
                continue
            grafts["spec", section, len(rules)] = (patch, (index, "value"))
            # what no patch touches is shared with the base: nobody changes what is read
            data = {**data, "spec": {**spec, section: [*rules, value]}}
        return Patched(target.base if isinstance(target, Patched) else target, data, grafts)


def _identity(document: Document) -> tuple[str, str, str, str, str]:
    """Group, kind, name, namespace and version of an object, empty where it says none."""
    data = document.data if isinstance(document.data, dict) else {}
    group, version = split(str(data.get("apiVersion") or ""))
    found = data.get("metadata")
    meta = found if isinstance(found, dict) else {}
    name, namespace = (str(meta.get(key) or "") for key in ("name", "namespace"))
    return group, str(data.get("kind") or ""), name, namespace, version


def _hits(target: Mapping[str, str], identity: tuple[str, str, str, str, str]) -> bool:
    """Whether a target selects an object; kustomize takes its values as anchored patterns."""
    values = dict(zip(("group", "kind", "name", "namespace", "version"), identity, strict=True))
    return all(re.fullmatch(text, values[key]) for key, text in target.items())


def _at_pointer(data: Any, pointer: str) -> Any:
    """The value at a JSON pointer (RFC 6901), None where there is none."""
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(data, dict):
            data = data.get(key)
        elif isinstance(data, list) and key.isdigit() and int(key) < len(data):
            data = data[int(key)]
        else:
            return None
    return data
