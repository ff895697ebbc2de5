"""What a sync of a change passes through: nothing may close on the way that both ends keep, nor open that both deny.

The model of a sync, which is all that is assumed:

- Argo CD applies the objects of a namespace that differ wave by wave (`sync-wave`, 0 without one), within a wave in any
  order, and prunes after all waves (`PruneLast`), in any order.
- Flux applies the objects of a namespace that differ one after the other by name where they are of one kind, else in
  any order, and prunes afterwards, in any order.
- An object is replaced as one. Namespaces are synced independently: any state of one meets any state of another. What
  belongs to the whole cluster (tiers) is there before; a namespace that has no folder any more keeps what it has.
- The pods are those of the head, with its labels.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ringfence.connectivity import bits
from ringfence.connectivity.field import NotExact
from ringfence.connectivity.mixtures import Change, Flaw
from ringfence.connectivity.passage import Key, objects, passage
from ringfence.connectivity.resolve import Direction
from ringfence.findings import Severity
from ringfence.impact.objects import by_key, wave_of
from ringfence.model.types import Cluster, Model
from ringfence.sources import Tree
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import PortSet
from ringfence.verify.ends import end_of, name
from ringfence.verify.objects import Objects
from ringfence.verify.state import State, States

ARGOCD, FLUX = TOOLS = ("argocd", "flux")
PRUNE = "prune"
BEFORE, AFTER = "before", "after"


class Step(Struct, frozen=True):
    """A step of the sync of one namespace: its objects (action, kind, name), and how many connections it touches."""

    cluster: str
    tool: str
    namespace: str
    label: str
    objects: tuple[tuple[str, str, str], ...]
    closed: int = 0
    opened: int = 0


class Moment(Struct, frozen=True):
    """A connection that is closed, or open, for a moment.

    `at` are the steps by namespace at which it can be so (`before` and `after`: nothing of the namespace is synced yet,
    or all of it); `objects` those that bring it about, `namespace/name`.
    """

    effect: str
    cluster: str
    tool: str
    source: str
    destination: str
    ports: PortSet
    at: tuple[tuple[str, tuple[str, ...]], ...]
    objects: tuple[str, ...]
    way_out: str


class Rollout(Struct, frozen=True):
    """All steps and moments, in stable order. `unclear` are clusters that were not analysed, with the reason."""

    clusters: tuple[str, ...]
    steps: tuple[Step, ...]
    moments: tuple[Moment, ...]
    unclear: tuple[tuple[str, str], ...]


Waves = dict[str, dict[str, list[Key]]]
"""By namespace, the keys of objects by the label of their step, in order."""


def rollout(
    base: tuple[Model | None, Tree], head: tuple[Model, Tree], tools: Sequence[str] = TOOLS, only: str | None = None
) -> Rollout:
    """What the sync of a head over a base passes through; `only` limits it to one cluster by name."""
    model, tree = head
    side = States(base[0], base[1]) if base[0] else None
    before = {state.name: state for state in side.all()} if side else {}
    after = {state.name: state for state in States(model, tree, like=side).all(before)}
    steps: list[Step] = []
    moments: list[Moment] = []
    unclear: list[tuple[str, str]] = []
    clusters: set[str] = set()
    for title in sorted(after):
        one, other = before.get(title), after[title]
        if only is not None and only not in other.objects:
            continue
        clusters |= set(other.objects)
        if broken := _broken(one, other):
            unclear.append((title, broken))
            continue
        for tool in tools:
            sync = _Sync(one, other, tool)
            if not sync.waves:
                continue
            try:
                found = list(sync.moments())
            except NotExact as reason:
                unclear.append((title, str(reason)))
                break
            moments += found
            steps += sync.steps(found)
    moments.sort(key=lambda item: (TOOLS.index(item.tool), item.cluster, item.effect, item.source, item.destination))
    steps.sort(key=lambda item: (TOOLS.index(item.tool), item.cluster, item.namespace))
    return Rollout(tuple(sorted(clusters)), tuple(steps), tuple(moments), tuple(unclear))


def _broken(*sides: State | None) -> str:
    """What is wrong with the rendered files of a side, the first of it; objects could be missing from it."""
    for side, state in zip(("base", "head"), sides, strict=True):
        for item in state.findings if state else ():
            if item.severity is Severity.ERROR:
                return f"the rendered policies of the {side} are in error: {item.where}: {item.message}"
    return ""


class _Sync:
    """The sync of one Kubernetes cluster by one tool."""

    def __init__(self, base: State | None, head: State, tool: str) -> None:
        self._head, self._tool = head, tool
        self._to = head.connectivity.cluster
        self._from = base.connectivity.cluster if base else replace(self._to, policies=(), calico=(), cilium=())
        differing = (base.objects if base else Objects()).beside(head.objects)
        self._before, self._after = (by_key(itertools.chain.from_iterable(side.values())) for side in differing)
        self._in_force = objects(self._from), objects(self._to)
        self.waves = self._waves()

    def moments(self) -> Iterator[Moment]:
        """Every connection that is closed or open for a moment."""
        listed = {namespace: list(steps.values()) for namespace, steps in self.waves.items()}
        change = passage(self._from, self._to, listed)
        for flaw in change.flaws():
            yield from self._of(change, flaw)

    def steps(self, moments: Sequence[Moment]) -> Iterator[Step]:
        """Every step, with how many moments are at it."""
        for namespace, waves in self.waves.items():
            for label, keys in waves.items():
                here = [item.effect for item in moments if label in dict(item.at).get(namespace, ())]
                touched = tuple((self._action(key), key[1], key[3]) for key in keys)
                counts = here.count("closed"), here.count("opened")
                yield Step(self._owner(namespace).name, self._tool, namespace, label, touched, *counts)

    def _waves(self) -> Waves:
        synced = set().union(*map(self._head.objects.namespaces, self._head.objects))
        found: dict[str, dict[tuple[bool, int], list[Key]]] = defaultdict(lambda: defaultdict(list))
        for key in sorted(self._before.keys() | self._after.keys()):
            known = any(key in side for side in self._in_force)
            if known and key[2] in synced and self._before.get(key) != self._after.get(key):
                gone = key not in self._after
                wave = 0 if gone or self._tool == FLUX else wave_of(self._after[key])
                found[key[2]][gone, wave].append(key)
        return {
            namespace: dict(
                itertools.chain.from_iterable(self._labelled(*at, keys) for at, keys in sorted(steps.items()))
            )
            for namespace, steps in sorted(found.items())
        }

    def _labelled(self, gone: bool, wave: int, keys: list[Key]) -> list[tuple[str, list[Key]]]:
        if gone:
            return [(PRUNE, keys)]
        if self._tool == ARGOCD:
            return [(f"wave {wave}", keys)]
        if len({key[:2] for key in keys}) > 1:
            return [("apply", keys)]
        return [(f"apply {key[3]}", [key]) for key in sorted(keys, key=lambda key: key[3])]

    def _action(self, key: Key) -> str:
        return "create" if key not in self._before else "update" if key in self._after else PRUNE

    def _of(self, change: Change, flaw: Flaw) -> Iterator[Moment]:
        """The moments of a flaw: a row for each pod at the other end, one for all addresses with equal ports."""
        space, atoms = change.field.space, change.field.atoms
        source = space.end(flaw.source)
        at = tuple((namespace, tuple(self._label(namespace, n) for n in steps)) for namespace, steps in flaw.steps)
        for mask, where in flaw.row.items():
            addresses, outside, single = AddressSet(), 0, []
            for position in bits.positions(where):
                end = space.end(position)
                if isinstance(end, AddressSet):
                    addresses, outside = addresses | end, outside | 1 << position
                elif position != flaw.source or getattr(end, "kind", "") != "Pod":
                    single.append((end, 1 << position))
            for end, there in [*single, *([(addresses, outside)] if outside else [])]:
                yield Moment(
                    "closed" if flaw.closes else "opened",
                    self._owner(flaw.steps[0][0]).name,
                    self._tool,
                    name(end_of(source)),
                    name(end_of(end)),
                    atoms.ports(mask),
                    at,
                    tuple(self._objects_of(change, flaw, mask, there)),
                    self._way_out(flaw),
                )

    def _label(self, namespace: str, number: int) -> str:
        labels = [BEFORE, *self.waves[namespace], AFTER]
        return labels[number]

    def _objects_of(self, change: Change, flaw: Flaw, mask: int, where: int) -> list[str]:
        """The objects that move and isolate one of the ends, or allow the connection, in one of their versions."""
        ends = where | 1 << flaw.source
        found = set()
        for namespace, numbers in flaw.steps:
            steps = change.steps(namespace)
            at = [step for n in numbers for step in [steps[n]] if step.free] or steps
            for free in (free for step in at for free in step.free):
                parts = [both[direction] for both in (free.old, free.new) for direction in Direction]
                if any(
                    part.isolated[1] & ends or any(m & mask and w & where for m, w in part.rows[1][flaw.source].items())
                    for part in parts
                ):
                    found.add(free.name)
        return sorted(found)

    def _way_out(self, flaw: Flaw) -> str:
        if not flaw.closes:
            return "take away first: one change that only removes, and when it is synced, one that adds"
        [(namespace, _)] = flaw.steps
        cluster = self._owner(namespace)
        declared = next(
            (item.name for item in self._namespaces(cluster) if cluster.namespace_name(item.name) == namespace),
            namespace,
        )
        promote = f"ringfence promote {declared} --cluster {cluster.name}"
        if not any(key[2] == namespace for key in self._in_force[0]):
            return (
                f"the objects of a first roll-out come one by one: {promote} --to permissive, render and sync it; "
                f"then {promote}, which takes one object away for each direction"
            )
        return (
            "let the old and the new allow it side by side: one change that only adds, and when it is synced, one that "
            f"removes; or sync the change while the namespace is open: {promote} --to permissive"
        )

    def _namespaces(self, cluster: Cluster) -> Iterable[Any]:
        return [pod.namespace for pod in self._head.declared.pods.values() if pod.namespace and pod.cluster == cluster]

    def _owner(self, namespace: str) -> Cluster:
        """The cluster that syncs a namespace."""
        for cluster in self._head.clusters:
            if namespace in self._head.objects.namespaces(cluster.name):
                return cluster
        return self._head.clusters[0]
