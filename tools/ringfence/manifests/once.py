"""Documents as typed values, each read once, however many clusters it stands in."""

from __future__ import annotations

from collections.abc import Iterable

from ringfence.documents.document import Document
from ringfence.manifests import networkpolicy
from ringfence.manifests.checks import REFUSED
from ringfence.manifests.kustomize import Patched
from ringfence.manifests.objects import Manifests
from ringfence.manifests.reader import Reader
from ringfence.manifests.types import NetworkPolicy


class Once:
    """What documents hold, by the document. Nobody may change what they hold."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Document, Manifests, NetworkPolicy | None]] = {}

    def parse(self, documents: Iterable[Document]) -> Manifests:
        """The objects of documents together, as `Manifests.add` reads them: repetitions are not found yet."""
        result = Manifests()
        seen: set[int] = set()
        for document in documents:
            known = None if id(document) in seen else self._known.get(id(document))  # what stands twice is two objects
            if known is None:
                known = self._known[id(document)] = self._read(document)
            seen.add(id(document))
            _, part, policy = known
            if policy is not None:
                result.policies.append(policy)
            else:
                result.extend(part)
        return result

    def _read(self, document: Document) -> tuple[Document, Manifests, NetworkPolicy | None]:
        if isinstance(document, Patched) and (policy := self._patched(document)):
            return document, Manifests(), policy
        part = Manifests()
        part.add((document,))
        return document, part, _alone(part)

    def _patched(self, document: Patched) -> NetworkPolicy | None:
        """A policy that patches only append to, with the rules of the one that it stems from."""
        base = document.base
        if id(base) not in self._known:
            self._known[id(base)] = self._read(base)
        policy = self._known[id(base)][2]
        if policy is None or base.data.get("kind") != "NetworkPolicy":  # a list has items
            return None
        return networkpolicy.extended(Reader(document, (), REFUSED), policy, document.data)


def _alone(part: Manifests) -> NetworkPolicy | None:
    """The NetworkPolicy that is all there is."""
    return part.policies[0] if part == Manifests(policies=part.policies[:1]) and part.policies else None
