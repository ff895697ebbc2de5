"""Calico's tiers in order, with the policies of Kubernetes in their places among those of Calico."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from ringfence.connectivity import admin
from ringfence.connectivity.calico.ends import Ends
from ringfence.connectivity.calico.rules import Rules
from ringfence.connectivity.cluster import ClusterState
from ringfence.connectivity.resolve import Action, Applied, Direction, Gate, Resolved, Resolver, Tier
from ringfence.connectivity.space import Space
from ringfence.findings import Location
from ringfence.manifests import Opaque
from ringfence.manifests.calico import CalicoPolicy
from ringfence.manifests.calico import Tier as CalicoTier
from ringfence.manifests.calico.types import DEFAULT_TIER, KUBERNETES_ORDER, TIER_ACTIONS, TIER_ORDERS

Key = tuple[float, str]
Placed = tuple[Key, list[Applied]]
"""Policies without order among them, and where they stand in their tier."""

_ADMIN_TIERS = {"kube-admin": admin.ADMIN, "kube-baseline": admin.BASELINE}
_ENDS = {"Deny": Action.DENY, "Pass": Action.PASS}


def tiers(
    cluster: ClusterState,
    resolver: Resolver,
    space: Space,
    applied: Mapping[Direction, Mapping[str, Sequence[Applied]]],
) -> dict[Direction, list[Tier]]:
    """All tiers of both directions in order. `applied` are the NetworkPolicies by direction and namespace.

    Tiers without policies are left out: they decide nothing.
    """
    ends = Ends(cluster, space)
    rules = Rules(ends, resolver, space)
    known = [CalicoTier(name, order, TIER_ACTIONS[name], Location("")) for name, order in TIER_ORDERS.items()]
    named = {item.name: item for item in known} | {
        item.name: item for item in cluster.calico if isinstance(item, CalicoTier)
    }
    by_tier: dict[str, list[CalicoPolicy]] = {name: [] for name in named}
    for item in cluster.calico:
        if isinstance(item, CalicoPolicy) and not item.staged and not item.do_not_track and not item.pre_dnat:
            by_tier[item.tier].append(item)
    result: dict[Direction, list[Tier]] = {}
    for direction in Direction:
        hosts = tuple(_hosts(ends, direction, resolver, space))
        result[direction] = [Tier("host endpoints", (hosts,), Action.PASS)] if hosts else []
        for tier in sorted(named.values(), key=lambda item: item.sort_key):
            placed = list(_placed(by_tier[tier.name], direction, ends, rules))
            if tier.name in _ADMIN_TIERS:
                plain = admin.tier(cluster.admin, _ADMIN_TIERS[tier.name], direction, resolver, space)
                placed = _with_admin(placed, plain.groups)
            if tier.name == DEFAULT_TIER:
                here = [item for items in applied[direction].values() for item in items]
                here += _refused(cluster.opaque, direction, resolver, space)
                placed += [((KUBERNETES_ORDER, ""), here)] if here else []
            if groups := _grouped(placed):
                result[direction].append(Tier(f"tier {tier.name}", groups, _ENDS[tier.action]))
    return result


def _placed(policies: Iterable[CalicoPolicy], direction: Direction, ends: Ends, rules: Rules) -> Iterator[Placed]:
    for policy in policies:
        section = policy.ingress if direction is Direction.INGRESS else policy.egress
        if section is not None:
            resolved = tuple(rules.resolve(section, direction, policy.namespace))
            sure, possible = ends.subjects(policy)
            unsure = possible & ~sure & ends.undeclared_accounts
            why = f"the labels of its service account are not known, and {policy.id} may select it"
            applied = Applied(policy, direction, (sure, possible), resolved, doubts=((unsure, why),) if unsure else ())
            yield policy.sort_key, [applied]


def _with_admin(placed: Sequence[Placed], groups: Sequence[tuple[Applied, ...]]) -> list[Placed]:
    """The policies of a tier of Kubernetes' administrators; with Calico's own among them nobody knows their order."""
    if not placed or not groups:
        return [*placed, *(((float(number), ""), list(group)) for number, group in enumerate(groups))]
    return [((0.0, ""), [item for _, items in placed for item in items] + [item for group in groups for item in group])]


def _hosts(ends: Ends, direction: Direction, resolver: Resolver, space: Space) -> Iterator[Applied]:
    """What policies do at hosts: they may deny anything there."""
    for host, where in ends.hosts:
        if where:
            policy = _Named(f"HostEndpoint {host.name}", host.where)
            doubts = ((-1, f"what policies do at the host endpoint {host.name} ({host.where}) is not modelled"),)
            gate = Gate(-1, -1, resolver.atoms.everything)
            rule = Resolved(policy, (0, space.everything), True, (gate,), Action.DENY, doubts=doubts)
            yield Applied(policy, direction, (0, where), (rule,), isolates=False, doubts=doubts)


def _refused(opaque: Iterable[Opaque], direction: Direction, resolver: Resolver, space: Space) -> Iterator[Applied]:
    """What NetworkPolicies that the server refuses could do: select any pod of their namespace, and allow anything."""
    for item in opaque:
        if not item.may_deny:
            here = space.members.get(item.namespace, 0) if item.namespace else space.all_pods
            gate = Gate(-1, -1, resolver.atoms.everything)
            policy = _Named(item.what, item.where)
            rule = Resolved(policy, (0, space.everything), True, (gate,), doubts=((-1, f"{item.what}: {item.why}"),))
            doubts = ((here, f"{item.what} may select it: {item.why}"),)
            yield Applied(policy, direction, (0, here), (rule,), doubts=doubts)


class _Named(Struct, frozen=True):
    """Something that decides and is no policy that can be read, as the engine wants to see it."""

    id: str
    where: Location
    index: int = 0


def _grouped(placed: Sequence[Placed]) -> tuple[tuple[Applied, ...], ...]:
    """The groups of a tier in order. Neighbours whose rules all do the same need no order, and become one group.

    Policies of Kubernetes and of Calico at one order have none that all releases of Calico agree on.
    """
    shared = {key[0] for key, _ in placed if key[1] == ""}
    groups: dict[Key, list[Applied]] = {}
    for key, items in sorted(placed, key=lambda item: item[0]):
        groups.setdefault((key[0], "") if key[0] in shared else key, []).extend(items)
    result: list[list[Applied]] = []
    last: set[Action] = set()
    for group in groups.values():
        actions = {rule.action for item in group for rule in item.rules}
        if result and len(last | actions) <= 1:
            result[-1] += group
            last |= actions
        else:
            result.append(list(group))
            last = actions
    return tuple(map(tuple, result))
