"""Documents as typed values, each read once, however many clusters and trees it stands in."""

from __future__ import annotations

from collections.abc import Iterable

from ringfence.documents.document import Document
from ringfence.manifests.objects import Manifests
from ringfence.manifests.types import NetworkPolicy


class Once:
    """What documents hold, by the document. Nobody may change what they hold."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Document, Manifests, NetworkPolicy | None]] = {}

    def parse(self, documents: Iterable[Document]) -> Manifests:
        """The objects of documents together, as `manifests.parse_documents` gives them."""
        result = Manifests()
        seen: set[int] = set()
        for document in documents:
            known = self._known.get(id(document))
            if known is None or id(document) in seen:  # what stands here twice is two objects
                part = Manifests()
                part.add((document,))
                known = self._known[id(document)] = document, part, _alone(part)
            seen.add(id(document))
            _, part, policy = known
            if policy is not None:
                result.policies.append(policy)
            else:
                result.extend(part)
        return result.finish()


def _alone(part: Manifests) -> NetworkPolicy | None:
    """The NetworkPolicy that is all there is."""
    return part.policies[0] if part == Manifests(policies=part.policies[:1]) and part.policies else None
