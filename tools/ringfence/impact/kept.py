"""Adopted policies as causes: what they let through, or take away, beside what flows declare."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ringfence.connectivity import Connectivity
from ringfence.errors import UsageError
from ringfence.impact.causes import PLATFORM
from ringfence.impact.speaking import Speaking
from ringfence.impact.types import Cause
from ringfence.model.types import Adopted, Model
from ringfence.values.ports import NO_PORTS, PortSet
from ringfence.verify.ends import End
from ringfence.verify.state import State

KIND = "adopted"


class Kept:
    """The adopted policies of the two sides of one Kubernetes cluster."""

    def __init__(self, base: State, head: State, models: tuple[Model | None, Model], speaking: Speaking) -> None:
        self._speaking = speaking
        self._sides = {"base": base, "head": head}
        self._written = {
            side: {_key(item): item.data for item in model.adopted} if model else {}
            for side, model in zip(("base", "head"), models, strict=True)
        }

    def behind(
        self, source: End, destination: End, opened: PortSet, closed: PortSet, namespaces: Iterable[str]
    ) -> tuple[list[Cause], PortSet]:
        """The adopted policies behind what opens and closes, and the opened ports that only such policies let through.

        `namespaces` are those of the ends, by declared name.
        """
        found: list[Cause] = []
        coming, leaving = self._alone("head", source, destination, opened), NO_PORTS
        if coming:
            found += self._matching("head", source, destination, coming)
        if closed:
            leaving = self._alone("base", source, destination, closed)
            found += self._matching("base", source, destination, leaving) if leaving else ()
        taken = self._taken("head", source, destination, closed) or self._taken("base", source, destination, opened)
        if taken:
            found += self._changed(frozenset(namespaces))
        return list(dict.fromkeys(found)), coming

    def _alone(self, side: str, source: End, destination: End, ports: PortSet) -> PortSet:
        """Those of some ports that the bundles of a side alone would not allow."""
        state = self._sides[side]
        if not ports or state.bare is None:
            return NO_PORTS
        return ports - self._ports(state.bare, source, destination)

    def _taken(self, side: str, source: End, destination: End, ports: PortSet) -> bool:
        """Whether the bundles of a side alone would allow some ports that it denies."""
        state = self._sides[side]
        return bool(state.bare is not None and ports and self._ports(state.bare, source, destination) & ports)

    def _ports(self, bare: Connectivity, source: End, destination: End) -> PortSet:
        """What is allowed; nothing where an end is not there on this side."""
        try:
            return self._speaking.of(bare, source, destination).ports(source, destination)
        except UsageError:
            return NO_PORTS

    def _matching(self, side: str, source: End, destination: End, ports: PortSet) -> Iterator[Cause]:
        state = self._sides[side]
        explanation = self._speaking.of(state.connectivity, source, destination).explain(source, destination)
        places = {
            match.where.path
            for half in (explanation.egress, explanation.ingress)
            for match in (half.matches if half else ())
            if match.ports & ports
        }
        yield from (self._cause(item, side) for item in state.adopted if item.where.path in places)

    def _changed(self, namespaces: frozenset[str]) -> Iterator[Cause]:
        """The policies of some namespaces, and of the cluster as a whole, that one side has and the other has not."""
        for side, state in self._sides.items():
            for item in state.adopted:
                if self._edit(item, side) and (not item.namespace or item.namespace in namespaces):
                    yield self._cause(item, side)

    def _cause(self, item: Adopted, side: str) -> Cause:
        reason = "a policy from before, which no flow says"
        return Cause(KIND, item.id, item.where, PLATFORM, reason, "", "", side, self._edit(item, side))

    def _edit(self, item: Adopted, side: str) -> str:
        other = self._written["base" if side == "head" else "head"].get(_key(item))
        if other is None:
            return "added" if side == "head" else "removed"
        return "" if other == item.data else "edited"


def _key(item: Adopted) -> tuple[str, ...]:
    return (item.cluster, item.namespace, item.group, item.kind, item.name)
