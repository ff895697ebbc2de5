"""The space that both ends of a change share, in which `mixtures` evaluates single objects.

Policies above those of namespaces may stand beside: where all that they do is deny, and nothing of them changes, they
take away the same in every mixture. Anything else does not add up, and is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from ringfence.connectivity import bits, dialects, engine, tiers
from ringfence.connectivity.bits import Fuzzy
from ringfence.connectivity.cluster import ClusterState
from ringfence.connectivity.engine import Row
from ringfence.connectivity.resolve import Action, Applied, Direction, Resolver, Tier
from ringfence.connectivity.space import Space

_SAME_TIER = {dialects.NETWORK_POLICY: "Cilium"}
"""Cilium holds NetworkPolicies and its own policies in one place; they are told apart where it reads them alike."""


class NotExact(Exception):  # noqa: N818 - an answer, no error
    """Why the mixtures of a cluster cannot be judged exactly."""


class Part(Struct, frozen=True):
    """What some policies together do in one direction, surely (0) and possibly (1).

    `rows` has for each source what they allow, `isolated` the pods that they isolate.
    """

    rows: tuple[tuple[Row, ...], tuple[Row, ...]]
    isolated: Fuzzy = bits.EMPTY


Both = dict[Direction, Part]
"""A set of policies in both directions."""


class Field:
    """The space that both ends of a change share, in which single objects are evaluated.

    `cluster` must hold the policies of both ends, so that ports and addresses are cut by all of them.
    """

    def __init__(self, cluster: ClusterState) -> None:
        self.cluster = cluster = dialects.in_force(cluster)
        if not cluster.profile.enforces:
            raise NotExact("its network plugin enforces no policies")
        if cluster.opaque:
            raise NotExact(f"{cluster.opaque[0].what} is not modelled: {cluster.opaque[0].why}")
        self.space = Space(cluster, representatives=True)
        self._resolver = Resolver(cluster, self.space)
        self.atoms = self._resolver.atoms
        self._tiers: set[str] = set()
        self._above = self._denying()
        self.nothing: Both = {direction: self._part(direction, ()) for direction in Direction}
        self.always = self._always()

    def left(self, source: int, which: int) -> Row:
        """What the policies above leave to others, surely (0) or possibly (1), from a source."""
        return self._left[source][which] if self._left else {self.atoms.everything: self.space.everything}

    def _denying(self) -> dict[Direction, tuple[str, ...]]:
        """The tiers, by name, that come before all others, hold policies of no namespace and do nothing but deny."""
        listed = dialects.tiers(self.cluster, self._resolver, self.space, self._plain(self.cluster))
        above: dict[Direction, list[Tier]] = {direction: [] for direction in Direction}
        for direction, found in listed.items():
            for tier in found:
                items = [item for group in tier.groups for item in group]
                if any(getattr(item.policy, "namespace", "") for item in items) or tier.end is not Action.PASS:
                    break
                if any(rule.action is not Action.DENY for item in items for rule in item.rules):
                    break
                above[direction] += [tier] if items else []
        self._left = tiers.rows(self.space, self.atoms.everything, above, ()) if any(above.values()) else []
        return {direction: tuple(tier.name for tier in found) for direction, found in above.items()}

    def part(self, cluster: ClusterState) -> Both:
        """What the policies of a cluster do together; it must be the field's own with fewer policies."""
        return {direction: self._part(direction, found) for direction, found in self._lowered(cluster).items()}

    def table(self, cluster: ClusterState) -> list[tuple[Row, Row]] | None:
        """The evaluation of the tiers of a cluster; None where NetworkPolicies are alone and there are none."""
        listed = dialects.tiers(cluster, self._resolver, self.space, self._plain(cluster))
        return tiers.rows(self.space, self.atoms.everything, listed, ()) if listed else None

    def _plain(self, cluster: ClusterState) -> dict[Direction, dict[str, list[Applied]]]:
        found: dict[Direction, dict[str, list[Applied]]] = {direction: {} for direction in Direction}
        for policy in cluster.policies:
            for item in self._resolver.apply(policy):
                found[item.direction].setdefault(policy.namespace, []).append(item)
        return found

    def _lowered(self, cluster: ClusterState) -> dict[Direction, list[Applied]]:
        plain = self._plain(cluster)
        listed = dialects.tiers(cluster, self._resolver, self.space, plain)
        found: dict[Direction, list[Applied]] = {}
        for direction in Direction:
            if listed:
                others = [tier for tier in listed[direction] if tier.name not in self._above[direction]]
                found[direction] = [item for tier in others for item in self._in_tier(tier)]
            else:
                found[direction] = [item for items in plain[direction].values() for item in items]
                self._tiers |= {_SAME_TIER[dialects.NETWORK_POLICY]} if found[direction] else set()
        if len(self._tiers) > 1:
            raise NotExact(f"policies stand in several tiers ({', '.join(sorted(self._tiers))}), whose order decides")
        return found

    def _in_tier(self, tier: Tier) -> Iterator[Applied]:
        items = [item for group in tier.groups for item in group]
        if items:
            self._tiers.add(_SAME_TIER.get(tier.name, tier.name))
        for item in items:
            if tier.end is not Action.DENY or any(rule.action is Action.DENY for rule in item.rules):
                raise NotExact(f"{item.policy.id} denies, or stands where nothing is denied, so policies do not add up")
        yield from items

    def _part(self, direction: Direction, applied: Iterable[Applied]) -> Part:
        side = engine.Side(direction, self.space, self.atoms.everything)
        for item in applied:
            side.apply(item, 0)
        return self._drawn(side)

    def _drawn(self, side: engine.Side) -> Part:
        rows = []
        for rectangles in side.rectangles:
            members, groups = rectangles.per_source(self.space.size)
            known: dict[tuple[int, ...], Row] = {}
            rows.append(tuple(engine.painted(known, numbers, groups) for numbers in members))
        return Part((rows[0], rows[1]), (side.isolated[0], side.isolated[1]))

    def _always(self) -> Both:
        """What no policy closes for certain: connections with hosts and nodes."""
        space, found = self.space, {}
        for direction in Direction:
            side = engine.Side(direction, space, self.atoms.everything)
            outside = space.host | (space.nodes if direction is Direction.INGRESS else 0)
            side.permit(1, space.all_pods, outside, self.atoms.everything)
            found[direction] = self._drawn(side)
        return found
