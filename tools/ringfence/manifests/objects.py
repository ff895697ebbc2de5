"""From documents to the objects that matter: lists unrolled, kinds told apart by API group, repetitions found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from ringfence.documents.document import Document, Route
from ringfence.documents.scalars import shown
from ringfence.findings import Finding, Location
from ringfence.manifests import kinds, networkpolicy, services, vendors, workloads
from ringfence.manifests.checks import (
    ADMIN_REFUSED,
    BESIDE,
    DUPLICATE,
    NOT_AN_OBJECT,
    NOT_MODELLED,
    OBJECT_REFUSED,
    REFUSED,
)
from ringfence.manifests.reader import Reader, kind_of
from ringfence.manifests.types import AdminPolicy, Namespace, NetworkPolicy, Opaque, Service, ServiceAccount, Workload

if TYPE_CHECKING:
    from ringfence.manifests.calico import CalicoObject
    from ringfence.manifests.cilium import CidrGroup, CiliumPolicy


class Manifests(Struct):
    """What was read: objects that decide connections, what is opaque, what was skipped by kind, and the findings.

    `calico` and `cilium` are the objects of these dialects that are evaluated (`kinds.LOWERED`). `endpoints` are pods
    as a network plugin shows them; `finish` makes workloads of those that no Pod declares. `beside` are kinds and
    places of what is skipped and may stop or redirect connections (`kinds.is_beside`).
    """

    policies: list[NetworkPolicy] = field(default_factory=list)
    admin: list[AdminPolicy] = field(default_factory=list)
    namespaces: list[Namespace] = field(default_factory=list)
    workloads: list[Workload] = field(default_factory=list)
    endpoints: list[Workload] = field(default_factory=list)
    accounts: list[ServiceAccount] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    calico: list[CalicoObject] = field(default_factory=list)
    cilium: list[CiliumPolicy | CidrGroup] = field(default_factory=list)
    opaque: list[Opaque] = field(default_factory=list)
    beside: list[tuple[str, Location]] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    def add(self, documents: Iterable[Document]) -> None:
        """Read documents into this collection. Repetitions are found by `finish`."""
        for document in documents:
            for data, root in _unrolled(document.data, ()):
                if _is_list(data) and type(data.get("items")) not in (list, type(None)):
                    self._list(document, data, root)
                else:
                    self._object(document, data, root)

    def extend(self, other: Manifests) -> None:
        """Take in what was read elsewhere and is not finished."""
        for name in LISTS:
            if found := getattr(other, name):
                getattr(self, name).extend(found)
        if other.skipped:
            self.skipped.update(other.skipped)

    def finish(self) -> Manifests:
        """Find objects declared twice; what the repetition could touch becomes opaque. Gives itself back."""
        pods = {item.id for item in self.workloads if item.kind == "Pod"}
        self.workloads += [item for item in self.endpoints if item.id not in pods]
        for name, count in Counter(name for name, _ in self.beside).items():
            where = next(place for other, place in self.beside if other == name)
            objects = "object of the kind" if count == 1 else "objects of the kind"
            message = f"{count:,} {objects} {name} not evaluated: it may stop or redirect what the policies here allow"
            self.findings.append(BESIDE.at(where, message, hint="read its effect in the cluster"))
        self._unique(self.policies, "NetworkPolicy", may_deny=False)
        self._unique(self.admin, "", may_deny=True)
        self._unique(self.namespaces, "Namespace", may_deny=True)
        self._unique(self.workloads, "", may_deny=True)
        self._unique(self.calico, "", may_deny=True, dialect="calico")
        self._unique(self.cilium, "", may_deny=True, dialect="cilium")
        return self

    def _object(self, document: Document, data: Any, root: Route) -> None:
        if (
            not isinstance(data, dict)
            or not isinstance(data.get("kind"), str)
            or not isinstance(data.get("apiVersion"), str)
        ):
            message = "this is no Kubernetes object: `apiVersion` and `kind` are not both texts; it is left out"
            self.findings.append(NOT_AN_OBJECT.at(document.at(*root), message))
            self.skipped["(no kind)"] += 1
            return
        (group, version), kind = kinds.split(data["apiVersion"]), data["kind"]
        template = kinds.POD_TEMPLATES.get((group, kind))
        confined = kinds.confined(group, kind)
        reading = vendors.read(document, data, root, group, kind)
        self.findings += reading.findings if reading else ()
        if kind == "NetworkPolicy" and group in ("networking.k8s.io", "extensions", ""):
            self._policy(document, data, root)
        elif (group, version, kind) in kinds.ADMIN:
            self._admin(document, data, root)
        elif reading is not None and reading.dialect in kinds.LOWERED:
            self._vendor(document, data, root, reading)
        elif confined is not None:
            self._opaque(document, data, root, f"{kind}.{group}", confined)
        elif (group, version, kind) == ("", "v1", "Namespace"):
            reader = Reader(document, root)
            if namespace := workloads.read_namespace(reader, data):
                self.namespaces.append(namespace)
            else:
                self._refused(reader, data, "Namespace", "")
            self.findings += reader.findings
        elif (group, version, kind) == ("", "v1", "ServiceAccount"):
            reader = Reader(document, root)
            if account := workloads.read_account(reader, data):
                self.accounts.append(account)
            self.findings += reader.findings
        elif template is not None or (group, version, kind) == ("", "v1", "Pod"):
            reader = Reader(document, root)
            if workload := workloads.read_workload(reader, data, kind, template or ()):
                self.workloads.append(workload)
            self.findings += reader.findings
        else:
            if (group, version, kind) == ("", "v1", "Service") and (
                service := services.read_service(Reader(document, root), data)
            ):
                self.services.append(service)  # still one of the objects that by themselves decide nothing
            name = f"{kind}.{group}" if group else kind
            self.skipped[name] += 1
            if kinds.is_beside(group, kind):
                self.beside.append((name, document.at(*root)))

    def _list(self, document: Document, data: dict[str, Any], root: Route) -> None:
        """A list of objects that is none: what stands in it could be anything."""
        where = document.at(*root, "items")
        found = kind_of(data["items"])
        message = f"`items` of this {data['kind']} is {found} where a list belongs; the API server refuses it whole"
        self.findings.append(OBJECT_REFUSED.at(where, message, hint="write each object as an item: `- apiVersion: …`"))
        what = f"{data['kind']} at {where}"
        self.opaque.append(Opaque(what, "its `items` are no list", "", True, _digest(data), where))

    def _policy(self, document: Document, data: dict[str, Any], root: Route) -> None:
        reader = Reader(document, root, REFUSED)
        policy = None
        if data["apiVersion"] == "networking.k8s.io/v1":
            policy = networkpolicy.read(reader, data)
        else:
            message = f"NetworkPolicy is not served as {data['apiVersion']}; the server refuses the object"
            reader.refuse(("apiVersion",), message, "write networking.k8s.io/v1")
        if policy:
            self.policies.append(policy)
        else:
            meta = data.get("metadata")
            namespace = meta.get("namespace") if isinstance(meta, dict) else None
            self._refused(
                reader, data, "NetworkPolicy", namespace if isinstance(namespace, str) and namespace else "default"
            )
        self.findings += reader.findings

    def _admin(self, document: Document, data: dict[str, Any], root: Route) -> None:
        from ringfence.manifests import adminpolicy

        reader = Reader(document, root, ADMIN_REFUSED)
        if policy := adminpolicy.read(reader, data):
            self.admin.append(policy)
        else:
            self._refused(reader, data, data["kind"], "")
        self.findings += reader.findings

    def _vendor(self, document: Document, data: dict[str, Any], root: Route, reading: vendors.Reading) -> None:
        if isinstance(reading.value, Workload):
            self.endpoints.append(reading.value)
        elif reading.value is not None:
            (self.calico if reading.dialect == "calico" else self.cilium).append(reading.value)
        elif not reading.without_effect:
            what = f"{data['kind']}.{kinds.split(data['apiVersion'])[0]} {_name(data, reading.scope)}"
            why = next((item.message for item in reading.findings), "it is refused")
            dialect = "staged" if reading.staged else reading.dialect
            where = document.at(*root)
            self.opaque.append(Opaque(what, f"refused: {why}", reading.scope, True, _digest(data), where, dialect))

    def _refused(self, reader: Reader, data: Any, kind: str, namespace: str) -> None:
        why = reader.findings[0].message if reader.findings else "the server refuses it"
        what = f"{kind} {_name(data, namespace)}"
        self.opaque.append(
            Opaque(what, f"refused: {why}", namespace, kind != "NetworkPolicy", _digest(data), reader.at())
        )

    def _opaque(self, document: Document, data: dict[str, Any], root: Route, kind: str, confined: bool) -> None:
        meta = data.get("metadata")
        namespace = (meta.get("namespace") if isinstance(meta, dict) else None) or "default"
        what = f"{kind} {_name(data, namespace if confined else '')}"
        where = document.at(*root)
        reach = f"namespace {namespace}" if confined else "the cluster"
        message = f"{what} is a policy of a kind that is not modelled: connections in {reach} are undefined"
        near = kinds.nearest(*reversed(kind.split(".", 1)))
        hint = (
            f"did you mean `kind: {near}`? The server refuses a kind that it does not know"
            if near
            else "write it as a NetworkPolicy of networking.k8s.io/v1, or read its effect in the cluster"
        )
        self.findings.append(
            NOT_MODELLED.at(where, message, hint=hint, subject=_name(data, namespace if confined else ""))
        )
        scope = str(namespace) if confined else ""
        self.opaque.append(Opaque(what, "a kind that is not modelled", scope, True, _digest(data), where))

    def _unique(self, items: list[Any], kind: str, may_deny: bool, dialect: str = "") -> None:
        seen: dict[tuple[str, str, str], Any] = {}
        gone: set[int] = set()
        for item in items:
            key = (getattr(item, "kind", kind) or type(item).__name__, getattr(item, "namespace", ""), item.name)
            first = seen.setdefault(key, item)
            if first is not item:
                self._twice(key, first.where, item, may_deny, dialect)
                gone |= {id(first), id(item)} if kind == "NetworkPolicy" else {id(item)}
        if gone:
            items[:] = [item for item in items if id(item) not in gone]

    def _twice(self, key: tuple[str, str, str], first: Location, item: Any, may_deny: bool, dialect: str) -> None:
        kind, namespace, name = key
        what = f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"
        message = f"{what} is declared twice; the cluster keeps the one that is applied last"
        hint = f"rename one, or drop it; the other is at {first}"
        self.findings.append(DUPLICATE.at(item.where, message, hint=hint, related=((first, "declared first"),)))
        digest = _digest(repr(item))
        self.opaque.append(Opaque(what, "declared twice", namespace, may_deny, digest, item.where, dialect))


LISTS = tuple(name for name in Manifests.__struct_fields__ if name != "skipped")
"""The lists of what was read."""


def _unrolled(data: Any, root: Route, api: str = "", kind: str = "") -> Iterator[tuple[Any, Route]]:
    """Objects with their routes; the items of a typed list (`PodList`) take its kind where they have none."""
    if isinstance(data, dict) and kind and "kind" not in data:
        data = {"apiVersion": api, "kind": kind, **data}
    name = data.get("kind") if isinstance(data, dict) else None
    if isinstance(name, str) and name.endswith("List") and isinstance(data.get("items"), list):
        for index, item in enumerate(data["items"]):
            yield from _unrolled(item, (*root, "items", index), data.get("apiVersion") or "", name.removesuffix("List"))
    else:
        yield data, root


def _is_list(data: Any) -> bool:
    """Whether an object is a `List`, or a list of a kind that is read."""
    name = data.get("kind") if isinstance(data, dict) else None
    if not isinstance(name, str) or not name.endswith("List") or not isinstance(data.get("apiVersion"), str):
        return False
    group, kind = kinds.split(data["apiVersion"])[0], name.removesuffix("List")
    return name == "List" or kind in _LISTED or (group, kind) in kinds.POD_TEMPLATES or kind.endswith("Policy")


_LISTED = ("Namespace", "Pod", "Service", "ServiceAccount")


def _name(data: Any, namespace: str) -> str:
    meta = data.get("metadata") if isinstance(data, dict) else None
    given, prefix = (meta.get("name"), meta.get("generateName")) if isinstance(meta, dict) else (None, None)
    name = shown(str(given)) if given is not None else f"({shown(str(prefix))})…" if prefix else "(no name)"
    return f"{namespace}/{name}" if namespace else name


def _digest(data: Any) -> str:
    import hashlib
    import json

    try:
        text = json.dumps(data, sort_keys=True, default=str)
    except TypeError:  # a key in error is no text, and has no order
        text = repr(data)
    return hashlib.sha256(text.encode()).hexdigest()
