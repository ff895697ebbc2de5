"""Rendered objects held against their forms (`forms`): whatever a hand may write that no comparison of pairs would see.

ICMP, an order, an annotation by which a tool leaves the object out: a declaration says none of it, so it must not be
there, whatever it does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from ringfence.documents.document import Document, Route
from ringfence.findings import Finding, Location
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


def odd(documents: Iterable[Document], clusters: Sequence[Cluster]) -> Iterator[Finding]:
    """What stands in rendered objects that Ringfence never writes there. Objects of other kinds are not looked at.

    `clusters` share the Kubernetes cluster that the objects are for.
    """
    own = [(item.pods | item.services, item.nodes) for item in clusters]
    inner = reduce(or_, (pods for pods, _ in own), AddressSet())
    walk = _Walk(inner, reduce(or_, (nodes for _, nodes in own), inner))
    for document in documents:
        data = document.data if isinstance(document.data, Mapping) else {}
        found = data.get("metadata")
        name = found.get("name") if isinstance(found, Mapping) else None
        if not isinstance(name, str):
            continue
        expected = form(str(data.get("apiVersion")), str(data.get("kind")), name)
        for route, what in walk.faults(data, expected, ()):
            why = next((_WHY[step] for step in reversed(route) if step in _WHY), "what it does is not looked at")
            yield FOREIGN_FORM.at(
                document.at_key(*route), f"in {data.get('kind')} {name}, {what}; {why}", hint=_HINT, subject=name
            )
        yield from _unread_names(document, name)


@dataclass(frozen=True, slots=True)
class _Walk:
    """Goes through objects; `inner` are the addresses of the cluster's pods and Services, `whole` its nodes' too."""

    inner: AddressSet
    whole: AddressSet

    def faults(self, value: Any, expected: Form, route: Route) -> Iterator[tuple[Route, str]]:
        """The routes at which a value is not of a form, and what is wrong there. Types are the reader's affair."""
        if isinstance(expected, Either) and isinstance(value, Mapping):
            expected = expected.present if expected.key in value else expected.absent
        if isinstance(expected, Keys) and isinstance(value, Mapping):
            for key in expected.required:
                if key not in value:
                    yield route, f"`{_name((*route, key))}` is missing, which Ringfence always writes"
            for key, item in value.items():
                if key in expected.known:
                    yield from self.faults(item, expected.known[key], (*route, key))
                else:
                    yield (*route, key), f"there is `{_name((*route, key))}`, which Ringfence never writes here"
        elif isinstance(expected, Each) and isinstance(value, list):
            for index, item in enumerate(value):
                yield from self.faults(item, expected.item, (*route, index))
        elif isinstance(expected, Only) and value not in expected.values:
            listed = " or ".join(map(str, expected.values))
            yield route, f"`{_name(route)}` is {str(value)[:40]} where Ringfence writes {listed}"
        elif isinstance(expected, Outside):
            own = self.inner if expected.nodes else self.whole
            for index, text in enumerate(value if isinstance(value, list) else [value]):
                if _lies_in(text, own):
                    where = (*route, index) if isinstance(value, list) else route
                    yield where, f"{text} lies among the cluster's own addresses, which no flow can name"


def _lies_in(text: Any, own: AddressSet) -> bool:
    try:
        return isinstance(text, str) and AddressSet.of([text]) <= own
    except ValueError:
        return False  # the reader of the object refuses it


def _name(route: Route) -> str:
    return ".".join(map(str, route))


def _unread_names(document: Document, name: str) -> Iterator[Finding]:
    """DNS names in a policy of Cilium without the rule that reads DNS questions, and that rule without names."""
    spec = document.data.get("spec")
    rules = spec.get("egress") if isinstance(spec, Mapping) else None
    named = read = None
    for index, rule in enumerate(rules if isinstance(rules, list) else ()):
        if isinstance(rule, Mapping):
            if "toFQDNs" in rule:
                named = named or document.at_key("spec", "egress", index, "toFQDNs")
            ports = rule.get("toPorts")
            for number, item in enumerate(ports if isinstance(ports, list) else ()):
                if isinstance(item, Mapping) and "rules" in item:
                    read = read or document.at_key("spec", "egress", index, "toPorts", number, "rules")
    if (named is None) != (read is None):
        where, message = (
            (read, "DNS questions are read, and no rule is by name, so nobody declared that")
            if named is None
            else (
                named,
                "there are names, and no rule that reads DNS questions, so they never get addresses",
            )
        )
        assert where is not None  # noqa: S101 - one of the two is there
        yield FOREIGN_FORM.at(where, f"in {name}, {message}", hint=_HINT, subject=name)


def tiers(cluster: Cluster, documents: Iterable[Document]) -> Iterator[Finding]:
    """A finding for each tier that policies of a Kubernetes cluster need and that is not among its objects.

    `cluster` is the first by name of those that share it: its folder holds what belongs to the whole.
    """
    wanted = [
        name
        for name, needed in zip(TIERS, (cluster.dialect == "calico", cluster.guardrails == "calico"), strict=True)
        if needed
    ]
    there = {
        document.data["metadata"].get("name")
        for document in documents
        if isinstance(document.data, Mapping)
        and document.data.get("kind") == "Tier"
        and isinstance(document.data.get("metadata"), Mapping)
    }
    for name in wanted:
        if name not in there:
            message = f"in {cluster.name}, there is no Tier {name}, so Calico turns down every policy that stands in it"
            where = Location(f"{OVERLAYS}/{cluster.name}/{OF_CLUSTER}/{KUSTOMIZATION}")
            yield FOREIGN_FORM.at(where, message, hint=_HINT, subject=name)
