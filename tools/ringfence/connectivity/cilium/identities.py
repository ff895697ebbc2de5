"""Which pods a selector of Cilium's matches, surely and possibly, and in words why not surely.

A pod's identity holds its labels, except those that Cilium leaves out, its namespace with that one's labels, the name
of its service account and that of the cluster.
"""

from __future__ import annotations

from collections.abc import Iterable

from ringfence.connectivity import bits
from ringfence.connectivity.bits import Fuzzy
from ringfence.connectivity.space import Space
from ringfence.manifests import METADATA_NAME, PodsPeer, Requirement, Selector
from ringfence.manifests.cilium import EndpointSelector, Subject, Term, is_left_out

Doubts = list[tuple[int, str]]
"""Positions, and why it is not sure whether they are meant."""


class Identities:
    """The pods of one cluster by their identities."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._known: dict[EndpointSelector, tuple[Fuzzy, Doubts]] = {}

    def select(self, selector: EndpointSelector) -> tuple[Fuzzy, Doubts]:
        """The pods that a selector matches; those on the host's network have no identity of their own."""
        if (known := self._known.get(selector)) is None:
            known = self._known[selector] = self._selected(selector)
        return known

    def _selected(self, selector: EndpointSelector) -> tuple[Fuzzy, Doubts]:
        own = self._space.all_pods & ~self._space.host
        kept = [term.requirement for term in selector.terms if _is_plain(term)]
        found = self._labelled(Selector(tuple(sorted(set(kept)))), Selector(tuple(_namespaces(selector.terms))))
        doubts: Doubts = []
        for term in selector.terms:
            part, why = self._term(term)
            if part[0] != part[1] and why:
                doubts.append((part[1] & ~part[0], why))
            found = bits.both(found, part)
        return (found[0] & own, found[1] & own), doubts

    def _labelled(self, pods: Selector, namespaces: Selector) -> Fuzzy:
        return self._space.peers("", PodsPeer(pods, namespaces))

    def _term(self, term: Term) -> tuple[Fuzzy, str]:
        """A condition that is on neither labels of pods nor namespaces, for pods; everything for the others."""
        asked = term.requirement
        positive = asked.operator in ("In", "Exists")
        every, nobody = (self._space.all_pods,) * 2, bits.EMPTY
        if term.subject in (Subject.RESERVED, Subject.OTHER):
            return (nobody if positive else every), ""
        if term.subject is Subject.CLUSTER:
            if asked.operator in ("Exists", "DoesNotExist"):
                return (every if positive else nobody), ""
            return (0, every[1]), "the name of the cluster is not known"
        if term.subject is Subject.SERVICE_ACCOUNT:
            return self._account(asked), "the service account of the pod is not known"
        if _is_plain(term) or term.subject in (Subject.NAMESPACE, Subject.NAMESPACE_LABEL):
            return every, ""
        sure, possible = self._labelled(Selector((asked,)), Selector())
        why = f"Cilium leaves the label {asked.key} out of identities, unless the agent is told otherwise"
        return ((0, possible) if positive else (sure, every[1])), why

    def _account(self, asked: Requirement) -> Fuzzy:
        sure = possible = 0
        for position, item in enumerate(self._space.endpoints):
            if not item.account:
                possible |= 1 << position
            elif asked.matches({"name": item.account}):
                sure |= 1 << position
        return sure, sure | possible


def _is_plain(term: Term) -> bool:
    """Whether a condition is on a label of pods that identities have."""
    return term.subject in (Subject.POD, Subject.ANY) and not is_left_out(term.requirement.key)


def _namespaces(terms: Iterable[Term]) -> list[Requirement]:
    """The conditions on namespaces as conditions on their labels."""
    found = {term.requirement for term in terms if term.subject is Subject.NAMESPACE_LABEL}
    for term in terms:
        if term.subject is Subject.NAMESPACE:
            found.add(Requirement(METADATA_NAME, term.requirement.operator, term.requirement.values))
    return sorted(found)
