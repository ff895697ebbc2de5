"""Rendered objects held against their forms (`forms`): whatever a hand may write that no comparison of pairs would see.

ICMP, an order, an annotation by which a tool leaves the object out: a declaration says none of it, so it must not be
there, whatever it does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any

from msgspec import Struct

from ringfence.documents.document import Document, Route
from ringfence.findings import Finding, Location
from ringfence.manifests.kustomize import Patched
from ringfence.model.types import Cluster
from ringfence.values.addresses import AddressSet
from ringfence.verify.foreign import KUSTOMIZATION, OF_CLUSTER, OVERLAYS
from ringfence.verify.forms import TIERS, Each, Either, Form, Keys, Only, Outside, form
from ringfence.verify.pages import FOREIGN_FORM

_HINT = "run: ringfence render"

_WHY = {
    "order": "the order says which policies are asked first, and which never",
    "action": "any other action cuts or skips what other rules decide",
    "tier": "policies elsewhere are asked in another order, or never",
    "priority": "the priority says which policies are asked first",
    "protocol": "a flow has ports of TCP, UDP or SCTP, so nobody declared this",
    "icmps": "ICMP has no ports, so no flow can declare it",
    "icmp": "ICMP has no ports, so no flow can declare it",
    "annotations": "tools take annotations for orders, such as to leave the object out",
    "labels": "tools take labels for orders, such as to leave the object out",
}
"""Why it matters, by the key that is wrong or the nearest one above it."""


class Shapes:
    """What is wrong with the forms of documents, each looked at once, however many clusters it is for."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Document, list[_Fault]]] = {}

    def odd(self, documents: Iterable[Document], clusters: Sequence[Cluster]) -> Iterator[Finding]:
        """What stands in rendered objects that Ringfence never writes there. Objects of other kinds are left out.

        `clusters` share the Kubernetes cluster that the objects are for.
        """
        own = [(item.pods | item.services, item.nodes) for item in clusters]
        inner = reduce(or_, (pods for pods, _ in own), AddressSet())
        whole = reduce(or_, (nodes for _, nodes in own), inner)
        for document in documents:
            for fault in self._of(document):
                if not fault.address or _lies_in(fault.address, inner if fault.nodes else whole):
                    yield fault.finding(document)

    def _of(self, document: Document) -> list[_Fault]:
        known = self._known.get(id(document))
        if known is None:
            known = self._known[id(document)] = document, list(self._faults(document))
        return known[1]

    def _faults(self, document: Document) -> Iterator[_Fault]:
        name = _name_of(document)
        if name is None:
            return
        seen: frozenset[int] = frozenset()
        if isinstance(document, Patched) and not self._of(document.base):
            seen = frozenset(id(item) for items in _lists(document.base) for item in items if isinstance(item, dict))
        data = document.data
        yield from _Walk(seen).faults(data, form(str(data.get("apiVersion")), str(data.get("kind")), name), ())
        yield from _unread_names(document)


class _Fault(Struct, frozen=True):
    """Something wrong at a route. With an `address`, only where that is one of the cluster's own pods or Services.

    Without `nodes`, also where it is one of its nodes.
    """

    route: Route
    what: str
    why: str = ""
    address: str = ""
    nodes: bool = False

    def finding(self, document: Document) -> Finding:
        """The fault as people read it."""
        name = _name_of(document) or ""
        message = f"in {name}, {self.what}, {self.why}"
        if not self.why:
            why = next((_WHY[step] for step in reversed(self.route) if step in _WHY), "what it does is not looked at")
            message = f"in {document.data.get('kind')} {name}, {self.what}; {why}"
        return FOREIGN_FORM.at(document.at_key(*self.route), message, hint=_HINT, subject=name)


def _name_of(document: Document) -> str | None:
    """The name of an object; None where there is none to speak of it by."""
    found = document.data.get("metadata") if isinstance(document.data, Mapping) else None
    name = found.get("name") if isinstance(found, Mapping) else None
    return name if isinstance(name, str) else None


def _lists(document: Document) -> Iterator[list[Any]]:
    """The lists that patches append to."""
    spec = document.data.get("spec")
    for section in ("ingress", "egress"):
        rules = spec.get(section) if isinstance(spec, Mapping) else None
        yield rules if isinstance(rules, list) else []


class _Walk(Struct, frozen=True):
    """Goes through objects, but for the items of lists in `seen`, by `id()`: of those nothing is to be said."""

    seen: frozenset[int]

    def faults(self, value: Any, expected: Form, route: Route) -> Iterator[_Fault]:
        """Where a value is not of a form, and what is wrong there. Types are the reader's affair."""
        if isinstance(expected, Either) and isinstance(value, Mapping):
            expected = expected.present if expected.key in value else expected.absent
        if isinstance(expected, Keys) and isinstance(value, Mapping):
            for key in expected.required:
                if key not in value:
                    yield _Fault(route, f"`{_name((*route, key))}` is missing, which Ringfence always writes")
            for key, item in value.items():
                if key not in expected.known:
                    here = (*route, key)
                    yield _Fault(here, f"there is `{_name(here)}`, which Ringfence never writes here")
                elif (inner := expected.known[key]) is not None:
                    yield from self.faults(item, inner, (*route, key))
        elif isinstance(expected, Each) and isinstance(value, list):
            for index, item in enumerate(value):
                if id(item) not in self.seen:
                    yield from self.faults(item, expected.item, (*route, index))
        elif isinstance(expected, Only) and value not in expected.values:
            listed = " or ".join(map(str, expected.values))
            yield _Fault(route, f"`{_name(route)}` is {str(value)[:40]} where Ringfence writes {listed}")
        elif isinstance(expected, Outside):
            for index, text in enumerate(value if isinstance(value, list) else [value]):
                if isinstance(text, str):
                    where = (*route, index) if isinstance(value, list) else route
                    what = f"{text} lies among the cluster's own addresses, which no flow can name"
                    yield _Fault(where, what, "", text, expected.nodes)


def _lies_in(text: str, own: AddressSet) -> bool:
    try:
        return AddressSet.of([text]) <= own
    except ValueError:
        return False  # the reader of the object refuses it


def _name(route: Route) -> str:
    return ".".join(map(str, route))


def _unread_names(document: Document) -> Iterator[_Fault]:
    """DNS names in a policy of Cilium without the rule that reads DNS questions, and that rule without names."""
    spec = document.data.get("spec")
    rules = spec.get("egress") if isinstance(spec, Mapping) else None
    named: Route = ()
    read: Route = ()
    for index, rule in enumerate(rules if isinstance(rules, list) else ()):
        if isinstance(rule, Mapping):
            if "toFQDNs" in rule:
                named = named or ("spec", "egress", index, "toFQDNs")
            ports = rule.get("toPorts")
            for number, item in enumerate(ports if isinstance(ports, list) else ()):
                if isinstance(item, Mapping) and "rules" in item:
                    read = read or ("spec", "egress", index, "toPorts", number, "rules")
    if read and not named:
        yield _Fault(read, "DNS questions are read", "and no rule is by name, so nobody declared that")
    if named and not read:
        yield _Fault(named, "there are names", "and no rule that reads DNS questions, so they never get addresses")


def tiers(cluster: Cluster, names: Collection[str]) -> Iterator[Finding]:
    """A finding for each tier that policies of a Kubernetes cluster need and that is not among the `names` of its own.

    `cluster` is the first by name of those that share it: its folder holds what belongs to the whole.
    """
    wanted = zip(TIERS, (cluster.dialect == "calico", cluster.guardrails == "calico"), strict=True)
    for name in (name for name, needed in wanted if needed):
        if name not in names:
            message = f"in {cluster.name}, there is no Tier {name}, so Calico turns down every policy that stands in it"
            where = Location(f"{OVERLAYS}/{cluster.name}/{OF_CLUSTER}/{KUSTOMIZATION}")
            yield FOREIGN_FORM.at(where, message, hint=_HINT, subject=name)


def tier_names(documents: Iterable[Document]) -> Iterator[str]:
    """The names of the tiers among some objects."""
    for document in documents:
        if isinstance(document.data, Mapping) and document.data.get("kind") == "Tier":
            yield _name_of(document) or ""
