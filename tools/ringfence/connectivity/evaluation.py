"""From a cluster to the table of what each end reaches; and from one table to the next where a few policies differ."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Self

from msgspec.structs import replace

from ringfence.connectivity import dialects, engine, tiers
from ringfence.connectivity.above import Restrictions
from ringfence.connectivity.cluster import ClusterState
from ringfence.connectivity.engine import Both, Side
from ringfence.connectivity.resolve import Applied, Direction, Resolver
from ringfence.connectivity.scattered import AnyRow
from ringfence.connectivity.space import NamedPods, Space
from ringfence.manifests import NetworkPolicy

ByNamespace = Mapping[str, Sequence[Applied]]
"""NetworkPolicies in one direction by namespace, in order of their names."""


_FEW = 4
"""A result serves for another one where at most one in so many policies differs."""


class Evaluation:
    """One cluster with its policies resolved, and `table`: what each position reaches, surely and possibly.

    `ways` are the rows of each direction by itself, kept where NetworkPolicies are alone and need no tiers. `beside` is
    another cluster that is going to be asked for by `of`: the ports that its policies speak of are kept apart too.
    """

    def __init__(
        self,
        cluster: ClusterState,
        representatives: bool = False,
        named: Sequence[NamedPods] = (),
        beside: ClusterState | None = None,
    ) -> None:
        self.cluster = cluster = dialects.in_force(cluster)
        self.asked = representatives, named
        self.space = Space(cluster, representatives, named)
        self._resolver = Resolver(cluster, self.space, beside)
        self.atoms = self._resolver.atoms
        enforced = cluster.profile.enforces
        self.opaque = cluster.opaque if enforced else ()
        self._blind = engine.blind_spots(self.space, self.opaque)
        self._applied: dict[Direction, ByNamespace] = self._resolved(cluster.policies if enforced else ())
        self._moved: dict[str, NetworkPolicy] = {}
        self.tiers = dialects.tiers(cluster, self._resolver, self.space, self.applied) if enforced else {}
        self.restrictions = Restrictions(self.tiers, self.space)
        sides = {direction: self._side(direction, found, found) for direction, found in self.applied.items()}
        self.isolated = {direction: side.isolated[0] for direction, side in sides.items()}
        self.ways: dict[Direction, dict[int, Both]] = {}
        self.table: list[Both]
        if self.tiers:
            for direction, listed in self.tiers.items():
                self.isolated[direction] |= tiers.isolated(listed, self.space) & ~self._blind
            self.table = [*tiers.rows(self.space, self.atoms.everything, self.tiers, self.opaque)]
        else:
            self.ways = {direction: side.rows(self.space.everything) for direction, side in sides.items()}
            self.table = list(self._rows(self.space.everything).values())
        self.space.few.clear()

    @property
    def applied(self) -> dict[Direction, ByNamespace]:
        """The NetworkPolicies in each direction, resolved."""
        if self._moved:
            self._applied = {
                direction: {name: [_moved(item, self._moved) for item in items] for name, items in found.items()}
                for direction, found in self._applied.items()
            }
            self._moved = {}
        return self._applied

    def one_way(self, direction: Direction) -> Self | None:
        """The same with the rules and isolation of one direction only; None where that is to be computed again."""
        if not self.ways:
            return None
        other = next(item for item in Direction if item is not direction)
        side = self._side(other, {}, ())
        alone = copy.copy(self)
        alone._applied, alone._moved = {direction: self.applied[direction], other: {}}, {}
        alone.isolated = {direction: self.isolated[direction], other: side.isolated[0]}
        if any(side.isolated):  # by what is not modelled
            alone.ways = {direction: self.ways[direction], other: side.rows(self.space.everything)}
            alone.table = list(alone._rows(self.space.everything).values())
            return alone
        known = self.ways[direction]
        open_ = {self.atoms.everything: self.space.everything}
        alone.ways = {direction: known, other: dict.fromkeys(known, (open_, open_))}
        # what the other direction leaves open alters no row, but between two ends outside nothing is told
        outside = alone._rows(self.space.outside)
        alone.table = [outside.get(position) or known[position] for position in range(self.space.size)]
        return alone

    def changed(self, put: Iterable[NetworkPolicy] = (), gone: Iterable[str] = ()) -> Self:
        """The answer after some NetworkPolicies came, in the place of those with their names, and some went.

        `gone` are names, `namespace/name`. What the policies do not touch is not computed again, and its rows are the
        same objects: `diff` passes over them. All is computed where there are tiers, and where a policy speaks of a
        namespace, or cuts ports or addresses, as no other did.
        """
        put = list(put)
        names = {*gone, *(item.id for item in put)}
        old = [item for item in self.cluster.policies if item.id in names]
        kept = (item for item in self.cluster.policies if item.id not in names)
        cluster = replace(self.cluster, policies=(*kept, *put))
        return self._after(cluster, old, put) or type(self)(cluster, *self.asked)

    def of(self, cluster: ClusterState) -> Self:
        """The answer for another cluster, by `changed` where it has the same pods and few other NetworkPolicies."""
        cluster = dialects.in_force(cluster)
        had, has = ({item.id: item for item in side.policies} for side in (self.cluster, cluster))
        others = {name: item for name, item in has.items() if (own := had.get(name)) is not item and own != item}
        moved = {name: item for name, item in others.items() if name in had and _says(item) == _says(had[name])}
        put = [item for name, item in others.items() if name not in moved]
        gone = had.keys() - has.keys()
        alike = len(put) + len(gone) <= len(had) // _FEW and _surroundings(cluster) == _surroundings(self.cluster)
        if not alike or len(had) < len(self.cluster.policies) or len(has) < len(cluster.policies):
            return type(self)(cluster, *self.asked)
        old = [item for name, item in had.items() if name in gone or (name in others and name not in moved)]
        after = self._after(cluster, old, put)
        if after is None:
            return type(self)(cluster, *self.asked)
        after._moved = moved
        after.space = after.space.standing_as(cluster)
        return after

    def _after(self, cluster: ClusterState, old: Sequence[NetworkPolicy], put: Sequence[NetworkPolicy]) -> Self | None:
        """The answer for a cluster that has new policies in the place of old ones; None where all is to be computed."""
        if not self._covers(cluster, put):
            return None
        after = copy.copy(self)
        after.cluster = cluster
        after._exchange(old, put)
        return after

    def _covers(self, cluster: ClusterState, put: Sequence[NetworkPolicy]) -> bool:
        """Whether the positions, cells and atoms that there are do for a cluster with some new policies."""
        new = replace(cluster, policies=tuple(put))
        return (
            bool(self.ways)
            and cluster.profile.enforces
            and not dialects.in_tiers(new)
            and cluster.all_namespaces() == self.space.namespaces
            and self.space.covers(new)
            and self._resolver.covers(new)
        )

    def _exchange(self, old: Sequence[NetworkPolicy], new: Sequence[NetworkPolicy]) -> None:
        """Put new policies in the place of old ones, and compute again what either touches."""
        names = {item.id for item in (*old, *new)}
        namespaces = {item.namespace for item in (*old, *new)}
        sources = 0
        for direction, came in self._resolved(new).items():
            was = self.applied[direction]
            now = dict(was)
            for name in namespaces:
                kept = (item for item in was.get(name, ()) if item.policy.id not in names)
                now[name] = sorted((*kept, *came.get(name, ())), key=lambda item: item.policy.id)
            here = [item for part in (was, now) for name in namespaces for item in part.get(name, ())]
            subjects = 0
            for item in here:
                subjects |= item.subjects[1] if item.policy.id in names else 0
            before, after = (self._side(direction, part, namespaces, subjects) for part in (was, now))
            differing = before.differing(after)
            columns = subjects if direction is Direction.INGRESS else -1
            known = self.ways[direction]
            rows = {at: _exchanged(known[at], columns, row) for at, row in after.rows(differing).items()}
            self._applied = {**self.applied, direction: now}
            self.isolated = {
                **self.isolated,
                direction: self.isolated[direction] & ~subjects | after.isolated[0] & subjects,
            }
            self.ways = {**self.ways, direction: {**known, **rows}}
            sources |= differing
        self.table = list(self.table)
        for position, both in self._rows(sources).items():
            self.table[position] = both
        self.space.few.clear()

    def _resolved(self, policies: Iterable[NetworkPolicy]) -> dict[Direction, ByNamespace]:
        """Policies by direction and namespace."""
        found: dict[Direction, dict[str, list[Applied]]] = {direction: defaultdict(list) for direction in Direction}
        for policy in sorted(policies, key=lambda item: item.id):
            for item in self._resolver.apply(policy):
                found[item.direction][policy.namespace].append(item)
        return dict(found)

    def _side(self, direction: Direction, applied: ByNamespace, namespaces: Iterable[str], subjects: int = -1) -> Side:
        """One direction by the policies of some namespaces, narrowed to some pods."""
        side = Side(direction, self.space, self.atoms.everything, subjects, pairs=True)
        for name in namespaces:
            for item in applied.get(name, ()):
                side.apply(item, self._blind)
        side.doubt(self.opaque)
        side.close()
        return side

    def _rows(self, wanted: int) -> dict[int, Both]:
        """What some sources reach by both ways."""
        return engine.rows(self.space, self.ways[Direction.EGRESS], self.ways[Direction.INGRESS], wanted)


def _surroundings(cluster: ClusterState) -> ClusterState:
    """A cluster without its NetworkPolicies, what came of reading them, and what only other dialects look at."""
    return replace(cluster, policies=(), findings=(), skipped={}, services={})


def _says(policy: NetworkPolicy) -> tuple[object, ...]:
    """All of a policy but the places where it is written."""
    sections = policy.ingress, policy.egress, policy.left_out_ingress, policy.left_out_egress
    rules = [rules and [(rule.peers, rule.ports, rule.index) for rule in rules] for rules in sections]
    return policy.id, policy.selector, rules


def _moved(item: Applied, moved: Mapping[str, NetworkPolicy]) -> Applied:
    """A direction of a policy as it is written in another place, where it is."""
    policy = moved.get(item.policy.id)
    if policy is None:
        return item
    ways = policy.ingress, policy.left_out_ingress
    if item.direction is Direction.EGRESS:
        ways = policy.egress, policy.left_out_egress
    listed = zip(item.rules, ways[1] if ways[0] is None else ways[0], strict=bool(item.rules))
    return replace(item, policy=policy, rules=tuple(replace(known, rule=rule) for known, rule in listed))


def _exchanged(old: Both, columns: int, new: Both) -> Both:
    """A row of one direction in which some destinations have other ports."""
    sure = _joined(old[0], columns, new[0])
    settled = old[0] is old[1] and new[0] is new[1]
    return sure, sure if settled else _joined(old[1], columns, new[1])


def _joined(old: AnyRow, columns: int, new: AnyRow) -> AnyRow:
    row = {mask: kept for mask, where in old.items() if (kept := where & ~columns)}
    for mask, where in new.items():
        row[mask] = row.get(mask, 0) | where
    return row
