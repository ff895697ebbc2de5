"""The manifests of a cluster, object by object: what decides connections, and what the API server would not take.

Objects without a namespace get one, as `kubectl apply -n` gives it. Of an object that is declared twice the first
counts, and one that the server refuses is no part of the cluster; both are reported.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ringfence import connectivity, documents
from ringfence.connectivity import ClusterState, Profile
from ringfence.documents import Document
from ringfence.findings import Finding, Location, has_errors
from ringfence.manifests import Manifests
from ringfence.manifests.kinds import POD_TEMPLATES, split
from ringfence.model.adopted import KINDS, is_name
from ringfence.model.layout import is_label

CONFINED = {("", "Pod"), ("", "Service"), ("", "ServiceAccount"), ("cilium.io", "CiliumEndpoint"), *POD_TEMPLATES}
"""Objects in a namespace that matter here, beside policies."""

PODS = "a kind that is not known has a template of pods; its pods count only where they are among the manifests"
BESIDE = "it may stop or redirect connections (RF715), is not evaluated, and stays in the cluster as it is"


class Object(Struct, frozen=True):
    """One object of the manifests, by its identity for the API server."""

    group: str
    kind: str
    namespace: str
    name: str
    document: Document

    @property
    def where(self) -> Location:
        """Where it begins."""
        return self.document.at()

    @property
    def id(self) -> str:
        """The kind with `namespace/name`, or with the name alone."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What tells it from every other object."""
        return (self.group, self.kind, self.namespace, self.name)


class LeftOut(Struct, frozen=True):
    """An object that is no part of the cluster, and why."""

    what: str
    why: str
    where: Location


class Passed(Struct, frozen=True):
    """Objects of one kind that are not read, and why somebody might miss them."""

    kind: str
    why: str
    places: tuple[Location, ...]


class Source(Struct, frozen=True):
    """The cluster as the manifests say it is.

    `policies` are its policies of every dialect, as written, and what they need (tiers, sets); `services` are Services.
    `without_namespace` counts the objects that named none. `passed` are kinds that are not read and might matter.
    """

    state: ClusterState
    policies: tuple[Object, ...]
    services: tuple[Object, ...]
    left_out: tuple[LeftOut, ...]
    findings: tuple[Finding, ...]
    without_namespace: int
    objects: int
    passed: tuple[Passed, ...] = ()

    def without(self, policies: Mapping[tuple[str, str, str, str], str]) -> Source:
        """The same with some policies left out, by key, each for a reason; the cluster has them all the same."""
        gone = [item for item in self.policies if item.key in policies]
        left_out = (LeftOut(item.id, policies[item.key], item.where) for item in gone)
        return replace(
            self,
            policies=tuple(item for item in self.policies if item not in gone),
            left_out=(*self.left_out, *left_out),
        )


def read(files: Mapping[str, bytes], namespace: str, profile: Profile) -> Source:
    """The cluster of some files by name; `namespace` is for objects that name none."""
    reading = _Reading(namespace)
    for path in sorted(files):
        found, problems = documents.read_many(path, files[path])
        reading.findings += problems
        reading.unread += [item for item in problems if item.severity == "error"]
        for document in found:
            reading.add(document)
    return reading.source(profile)


class _Reading:
    """What was read so far."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self.findings: list[Finding] = []
        self.unread: list[Finding] = []
        self.left_out: list[LeftOut] = []
        self.objects: dict[tuple[str, str, str, str], Object] = {}
        self.result = Manifests()
        self.bare = self.count = 0
        self.templates: dict[str, list[Location]] = defaultdict(list)

    def add(self, document: Document) -> None:
        """One document, of which a list is many."""
        for part in _parts(document):
            item = self._object(part)
            self.count += 1
            found = Manifests()
            found.add([part if item is None else item.document])
            if item is not None and item.namespace and not is_label(item.namespace):
                why = f"the API server refuses the name of its namespace, {item.namespace!r}"
                self.left_out.append(LeftOut(item.id, why, item.where))
                continue
            if item is not None and (item.group, item.kind) in KINDS and not is_name(item.name):
                why = f"the API server refuses its name, {item.name!r}"
                self.left_out.append(LeftOut(item.id, why, item.where))
                continue
            refused = [opaque for opaque in found.opaque if opaque.why.startswith("refused")]
            if refused:
                errors = [finding for finding in found.findings if finding.severity == "error"]
                why = errors[0].message if errors else refused[0].why
                self.left_out.append(LeftOut(refused[0].what, f"the API server refuses it: {why}", refused[0].where))
                continue
            if item is not None:
                first = self.objects.setdefault(item.key, item)
                if first is not item:
                    if first.document.data != item.document.data:
                        why = f"declared twice; the other is at {first.where}"
                        self.left_out.append(LeftOut(item.id, why, item.where))
                    continue
            if item is not None and (item.group, item.kind) not in POD_TEMPLATES and _makes_pods(item.document.data):
                self.templates[f"{item.kind}.{item.group}" if item.group else item.kind].append(item.where)
            self.findings += found.findings
            found.findings = []
            self.result.extend(found)

    def source(self, profile: Profile) -> Source:
        """Everything together."""
        self.result.finish()
        state = connectivity.from_manifests(self.result, profile)
        objects = list(self.objects.values())
        left_out = [
            *self.left_out,
            *(LeftOut(f"a document of {item.where.path}", item.message, item.where) for item in self.unread),
        ]
        return Source(
            state,
            tuple(item for item in objects if (item.group, item.kind) in KINDS),
            tuple(item for item in objects if (item.group, item.kind) == ("", "Service")),
            tuple(left_out),
            tuple(item for item in (*self.findings, *state.findings) if has_errors([item])),
            self.bare,
            self.count,
            tuple(self._passed()),
        )

    def _passed(self) -> Iterator[Passed]:
        beside: dict[str, list[Location]] = defaultdict(list)
        for kind, where in self.result.beside:
            beside[kind].append(where)
        for why, found in ((PODS, self.templates), (BESIDE, beside)):
            for kind, places in sorted(found.items()):
                yield Passed(kind, why, tuple(places))

    def _object(self, document: Document) -> Object | None:
        data = document.data
        if not isinstance(data, dict) or not isinstance(data.get("metadata"), dict):
            return None
        api, kind, name = data.get("apiVersion"), data.get("kind"), data["metadata"].get("name")
        if not (isinstance(api, str) and isinstance(kind, str) and isinstance(name, str) and name):
            return None
        group = split(api)[0]
        confined = (group, kind) in CONFINED or KINDS.get((group, kind), False)
        namespace = data["metadata"].get("namespace")
        if confined and not namespace:
            self.bare += 1
            metadata = {**data["metadata"], "namespace": self.namespace}
            data = {**data, "metadata": metadata}
            document = _at(document, data)
            namespace = self.namespace
        return Object(group, kind, namespace if confined and isinstance(namespace, str) else "", name, document)


def _makes_pods(data: Any) -> bool:
    """Whether an object has a template of pods where workloads have theirs."""
    for key in ("spec", "template", "spec", "containers"):
        data = data.get(key) if isinstance(data, dict) else None
    return isinstance(data, list) and bool(data)


def _parts(document: Document, data: Any = None, route: tuple[str | int, ...] = ()) -> Iterator[Document]:
    """The objects of a document, each as a document of its own; the items of a typed list take its kind."""
    data = document.data if not route else data
    kind = data.get("kind") if isinstance(data, dict) else None
    if not (isinstance(kind, str) and kind.endswith("List") and isinstance(data.get("items"), list)):
        yield document if not route else _at(document, data, route)
        return
    for index, item in enumerate(data["items"]):
        if isinstance(item, dict) and "kind" not in item and kind != "List":
            item = {"apiVersion": data.get("apiVersion") or "", "kind": kind.removesuffix("List"), **item}
        yield from _parts(document, item, (*route, "items", index))


def _at(document: Document, data: Any, route: tuple[str | int, ...] = ()) -> Document:
    """A document of other data that begins where a part of this one does; the places inside are not kept."""
    where = document.at(*route)
    return Document(document.path, data).moved(max(where.line - 1, 0), max(where.column - 1, 0))
