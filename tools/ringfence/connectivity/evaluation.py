"""From a cluster to the table of what each end reaches; and from one table to the next where a few policies differ."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Self

from msgspec.structs import replace

from ringfence.connectivity import dialects, engine, scattered
from ringfence.connectivity.above import Restrictions
from ringfence.connectivity.cluster import ClusterState
from ringfence.connectivity.engine import Side
from ringfence.connectivity.resolve import Applied, Direction, Resolver
from ringfence.connectivity.scattered import NONE, AnyRow, Both, Packing, Way
from ringfence.connectivity.space import NamedPods, Space
from ringfence.manifests import NetworkPolicy
from ringfence.values.known import Known

ByDirection = dict[Direction, list[Applied]]

ByNamespace = Mapping[str, Sequence[Applied]]
"""NetworkPolicies in one direction by namespace, in order of their names."""


class _Resolved(ByNamespace):
    """One direction of what policies of a namespace are resolved to."""

    def __init__(self, direction: Direction, names: Mapping[str, object], known: Known[str, ByDirection]) -> None:
        self._direction, self._names, self._known = direction, names, known

    def __getitem__(self, name: str) -> Sequence[Applied]:
        return self._known[name][self._direction]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


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
        self._packing = Packing(self.atoms.everything.bit_length())
        self._policies = _by_namespace(cluster.policies if enforced else ())
        self.applied = self._resolved()
        self.tiers = dialects.tiers(cluster, self._resolver, self.space, self.applied) if enforced else {}
        self.restrictions = Restrictions(self.tiers, self.space)
        self.isolated: dict[Direction, int] = {}
        self.ways: dict[Direction, dict[int, Way]] = {}
        self.table: list[Both]
        if self.tiers:
            from ringfence.connectivity import tiers

            for direction, listed in self.tiers.items():
                isolated = self._selected(direction) | tiers.isolated(listed, self.space)
                self.isolated[direction] = isolated & ~self._blind
            self.table = [*tiers.rows(self.space, self.atoms.everything, self.tiers, self.opaque)]
        else:
            sides = self._sides(self._policies)
            self.isolated = {direction: side.isolated[0] for direction, side in sides.items()}
            self.ways = {direction: side.rows(self.space.everything) for direction, side in sides.items()}
            self.table = list(self._rows(self.space.everything).values())

    def one_way(self, direction: Direction) -> Self | None:
        """The same with the rules and isolation of one direction only; None where that is to be computed again."""
        if not self.ways:
            return None
        other = next(item for item in Direction if item is not direction)
        side = self._sides({})[other]
        alone = copy.copy(self)
        alone.applied = {direction: self.applied[direction], other: {}}
        alone.isolated = {direction: self.isolated[direction], other: side.isolated[0]}
        if any(side.isolated):  # by what is not modelled
            alone.ways = {direction: self.ways[direction], other: side.rows(self.space.everything)}
            alone.table = list(alone._rows(self.space.everything).values())
            return alone
        known = self.ways[direction]
        open_ = {self.atoms.everything: self.space.everything}
        alone.ways = {direction: known, other: dict.fromkeys(known, ((open_, open_), NONE))}
        # what the other direction leaves open alters no row, but between two ends outside nothing is told
        outside = alone._rows(self.space.outside)
        whole = self._packing.rows
        alone.table = [outside.get(position) or whole(known[position]) for position in range(self.space.size)]
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
        after._policies = _by_namespace(cluster.policies)  # some stand elsewhere now
        after.applied = after._resolved()
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
        """Compute again what new policies touch, and old ones in whose place they came."""
        touched = {item.namespace for item in (*old, *new)}
        anew = _by_namespace(item for item in self.cluster.policies if item.namespace in touched)
        was, now = self._policies, {**self._policies, **{name: [] for name in touched}, **anew}
        subjects = dict.fromkeys(Direction, 0)
        for item in (item for policy in (*old, *new) for item in self._resolver.apply(policy)):
            subjects[item.direction] |= item.subjects[1]
        before, after = (self._sides({name: part.get(name, ()) for name in touched}, subjects) for part in (was, now))
        sources = 0
        for direction in Direction:
            differing = before[direction].differing(after[direction])
            columns = subjects[direction] if direction is Direction.INGRESS else -1
            known = self.ways[direction]
            rows = after[direction].rows(differing)
            exchanged = {at: self._exchanged(known[at], columns, row) for at, row in rows.items()}
            isolated = self.isolated[direction] & ~subjects[direction]
            isolated |= after[direction].isolated[0] & subjects[direction]
            self.isolated = {**self.isolated, direction: isolated}
            self.ways = {**self.ways, direction: {**known, **exchanged}}
            sources |= differing
        self._policies = now
        self.applied = self._resolved()
        self.table = list(self.table)
        for position, both in self._rows(sources).items():
            self.table[position] = both

    def _resolved(self) -> dict[Direction, ByNamespace]:
        """The policies by direction and namespace, each resolved when somebody asks."""
        resolver = self._resolver

        def resolved(name: str) -> ByDirection:
            found: ByDirection = {direction: [] for direction in Direction}
            for item in (item for policy in policies[name] for item in resolver.apply(policy)):
                found[item.direction].append(item)
            return found

        policies, known = self._policies, Known(resolved)
        return {direction: _Resolved(direction, policies, known) for direction in Direction}

    def _selected(self, direction: Direction) -> int:
        """The pods that NetworkPolicies surely isolate."""
        found = 0
        for item in (item for items in self.applied[direction].values() for item in items):
            found |= item.subjects[0] & ~self.space.host if item.isolates else 0
        return found

    def _sides(
        self, policies: Mapping[str, Iterable[NetworkPolicy]], subjects: Mapping[Direction, int] | None = None
    ) -> Mapping[Direction, Side]:
        """Both directions by some policies, each narrowed to some pods."""
        asked = {
            direction: (direction, self.space, self.atoms.everything, subjects[direction] if subjects else -1)
            for direction in Direction
        }
        sides: Mapping[Direction, Side]
        listed = (policy for part in policies.values() for policy in part)
        if self.space.size < scattered.FROM:
            sides = {direction: Side(*args) for direction, args in asked.items()}
            for item in (item for policy in listed for item in self._resolver.apply(policy)):
                sides[item.direction].apply(item, self._blind)
        else:
            from ringfence.connectivity.brief import Brief, Briefs
            from ringfence.connectivity.large import LargeSide

            sides = large = {direction: LargeSide(*args, self._packing) for direction, args in asked.items()}
            briefs = Briefs(self._resolver, self.space, self._blind)
            for policy in listed:
                for found in briefs.of(policy):
                    if isinstance(found, Brief):
                        large[found.direction].add(found)
                    else:
                        large[found.direction].apply(found, self._blind)
        for side in sides.values():
            side.doubt(self.opaque)
            side.close()
        return sides

    def _exchanged(self, old: Way, columns: int, new: Way) -> Way:
        """A way in which some destinations have other ports."""
        had, has = self._packing.rows(old), self._packing.rows(new)
        sure = _joined(had[0], columns, has[0])
        settled = had[0] is had[1] and has[0] is has[1]
        return (sure, sure if settled else _joined(had[1], columns, has[1])), NONE

    def _rows(self, wanted: int) -> dict[int, Both]:
        """What some sources reach by both ways."""
        ways = self.ways[Direction.EGRESS], self.ways[Direction.INGRESS]
        return engine.rows(self.space, *ways, wanted, self._packing)


def _surroundings(cluster: ClusterState) -> ClusterState:
    """A cluster without its NetworkPolicies, what came of reading them, and what only other dialects look at."""
    return replace(cluster, policies=(), findings=(), skipped={}, services={})


def _says(policy: NetworkPolicy) -> tuple[object, ...]:
    """All of a policy but the places where it is written."""
    sections = policy.ingress, policy.egress, policy.left_out_ingress, policy.left_out_egress
    rules = [rules and [(rule.peers, rule.ports, rule.index) for rule in rules] for rules in sections]
    return policy.id, policy.selector, rules


def _by_namespace(policies: Iterable[NetworkPolicy]) -> dict[str, list[NetworkPolicy]]:
    """Policies by namespace, in order of their names."""
    found: dict[str, list[NetworkPolicy]] = defaultdict(list)
    for policy in sorted(policies, key=lambda item: item.id):
        found[policy.namespace].append(policy)
    return dict(found)


def _joined(old: AnyRow, columns: int, new: AnyRow) -> AnyRow:
    row = {mask: kept for mask, where in old.items() if (kept := where & ~columns)}
    for mask, where in new.items():
        row[mask] = row.get(mask, 0) | where
    return row
