"""Whom Calico's selectors and networks mean: pods and network sets by their effective labels, addresses by networks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from ringfence.connectivity import bits
from ringfence.connectivity.bits import Fuzzy
from ringfence.connectivity.cluster import ClusterState, Endpoint
from ringfence.connectivity.labelled import LabelValues
from ringfence.connectivity.space import Space
from ringfence.manifests import Requirement
from ringfence.manifests import Service as KubernetesService
from ringfence.manifests.calico import CalicoPolicy, HostEndpoint, NetworkSet, effective
from ringfence.manifests.calico.selector import All, And, Compare, Expression, Global, Has, Not, Or
from ringfence.manifests.calico.types import NAMESPACE_LABEL, NAMESPACE_NAME_LABEL, Entity, Service
from ringfence.manifests.types import METADATA_NAME
from ringfence.values.addresses import EVERYWHERE, NOWHERE, AddressSet

FAMILIES = {4: AddressSet(EVERYWHERE.v4, ()), 6: AddressSet((), EVERYWHERE.v6)}
"""All addresses of an IP version."""

_NAMES = (NAMESPACE_LABEL, effective.OF_NAMESPACE + NAMESPACE_NAME_LABEL, effective.OF_NAMESPACE + METADATA_NAME)
"""The labels of a pod that hold the name of its namespace."""

_ACCOUNT_NAMES = (effective.ACCOUNT_LABEL, effective.OF_ACCOUNT + NAMESPACE_NAME_LABEL)


class Ends:
    """The pods, network sets and addresses of one cluster, as Calico's rules find them."""

    def __init__(self, cluster: ClusterState, space: Space) -> None:
        self._space = space
        self._services = cluster.services
        self._in_nets = cluster.profile.ip_blocks_match_pods is not False
        namespaces = {name: dict(labels) for name, labels in space.namespaces.items()}
        known = [(i, item) for i, item in enumerate(space.endpoints) if not space.unknown >> i & 1]
        without_account = bits.of(i for i, item in known if not item.account)
        self.undeclared_accounts = without_account | bits.of(
            i for i, item in known if (item.namespace, item.account) not in cluster.accounts
        )
        self._anywhere = bits.of(i for i in bits.positions(space.unknown) if space.endpoints[i].namespace == "*")
        self._labels = LabelValues(
            ((i, _labels(item, namespaces, cluster)) for i, item in enumerate(space.endpoints)),
            partial(_unknown, space.unknown, self._anywhere, without_account, self.undeclared_accounts),
        )
        self._sets = [
            (item.nets, effective.of_network_set(dict(item.labels), item.namespace, namespaces.get(item.namespace, {})))
            for item in cluster.calico
            if isinstance(item, NetworkSet)
        ]
        self.hosts = [(item, self._at_host(item)) for item in cluster.calico if isinstance(item, HostEndpoint)]
        self._sets += [(item.nets, dict(item.labels)) for item, _ in self.hosts if item.nets]
        self._labelled: dict[Expression, Fuzzy] = {}
        self._held: dict[Expression, AddressSet] = {}

    def subjects(self, policy: CalicoPolicy) -> Fuzzy:
        """The pods that a policy selects."""
        sure, possible = self.labelled(effective.selected(policy))
        return sure & ~self._space.host, possible & ~self._space.host

    def labelled(self, expression: Expression) -> Fuzzy:
        """The pods whose effective labels match; those on the host's network are no endpoints, and unsure."""
        if (found := self._labelled.get(expression)) is None:
            sure, possible = self._matching(expression)
            found = self._labelled[expression] = (sure & ~self._space.host, possible)
        return found

    def held(self, expression: Expression) -> AddressSet:
        """The addresses of the network sets whose effective labels match."""
        if (found := self._held.get(expression)) is None:
            found = NOWHERE
            for nets, labels in self._sets:
                if expression.matches(labels):
                    found |= nets
            self._held[expression] = found
        return found

    def meant(self, expression: Expression) -> Fuzzy:
        """The pods and addresses that a selector means: endpoints, network sets and hosts alike."""
        held = self.held(expression)
        found = self.labelled(expression)
        for host, where in self.hosts:
            if not host.nets and expression.matches(dict(host.labels)):
                found = found[0], found[1] | (where or self._space.outside) | self._space.host
        return bits.either(found, self.in_nets(held)) if held else found

    def _at_host(self, item: HostEndpoint) -> int:
        """The addresses outside that a host endpoint is known to have; without its own, those of all nodes."""
        return self._space.cells_in(item.nets) if item.nets else self._space.nodes

    def in_nets(self, nets: AddressSet) -> Fuzzy:
        """The positions with an address in some networks."""
        return self._space.addresses(nets, self._in_nets)

    def behind(self, meant: Service) -> KubernetesService | None:
        """The Service that an entity means; None where nobody knows which pods stand behind it."""
        found = self._services.get((meant.namespace, meant.name))
        return found if found and found.selector else None

    def pods_of(self, service: KubernetesService) -> Fuzzy:
        """The pods behind a Service."""
        if service.namespace not in self._space.members or service.selector is None:
            return bits.EMPTY
        return self._space.select(service.namespace, service.selector)

    def of_family(self, version: int) -> Fuzzy:
        """The positions with an address of an IP version."""
        return self._space.addresses(FAMILIES[version], True)

    def _matching(self, expression: Expression) -> Fuzzy:
        everything = self._space.all_pods
        found: Fuzzy
        match expression:
            case All():
                return everything, everything
            case Global():
                return bits.EMPTY
            case Not(Has() | Compare() as item):
                found = bits.neither(self._atom(item), everything)
                return self._named(found, plain(item, negated=True))
            case Not(item):
                return bits.neither(self._matching(item), everything)
            case And(items):
                found = everything, everything
                for item in items:
                    found = bits.both(found, self._matching(item))
                return found
            case Or(items):
                found = bits.EMPTY
                for item in items:
                    found = bits.either(found, self._matching(item))
                return found
        return self._named(self._atom(expression), plain(expression))

    def _named(self, found: Fuzzy, condition: tuple[bool, Requirement] | None) -> Fuzzy:
        """What is known of pods that only selectors name: a condition holds for them if it follows from those."""
        space = self._space
        if not space.named or condition is None:
            return found
        of_namespace, requirement = condition
        where = space.named_elsewhere if of_namespace else space.named
        meets = space.meeting(requirement, of_namespace=of_namespace) & where
        return found[0] & ~where | meets, found[1] & ~where | meets

    def _atom(self, item: Has | Compare) -> Fuzzy:
        sure, possible = self._values(item)
        if item.key not in _NAMES or not self._anywhere:
            return sure, possible
        # the name of a namespace that nobody declared: it exists, and is none of those that are declared
        if isinstance(item, Has):
            here = (True, True)
        elif item.operator in ("==", "in"):
            here = (False, not set(item.values) <= set(self._space.namespaces))
        elif item.operator in ("!=", "not in"):
            here = (set(item.values) <= set(self._space.namespaces), True)
        else:
            here = (False, True)
        others = ~self._anywhere
        return (
            sure & others | (self._anywhere if here[0] else 0),
            possible & others | (self._anywhere if here[1] else 0),
        )

    def _values(self, item: Has | Compare) -> Fuzzy:
        if isinstance(item, Has):
            return self._labels.having(item.key)
        if item.operator in ("==", "in"):
            return self._labels.among(item.key, item.values)
        if item.operator in ("!=", "not in"):
            return bits.neither(self._labels.among(item.key, item.values), self._labels.all)
        return self._labels.where(item.key, lambda value: value is not None and item.matches({item.key: value}))


def _unknown(pods: int, anywhere: int, without_account: int, undeclared_accounts: int, key: str) -> int:
    """The pods of which nobody knows the value of a label."""
    if key in _NAMES:
        return anywhere
    if key == effective.ORCHESTRATOR_LABEL:
        return 0
    if key in _ACCOUNT_NAMES:
        return pods | without_account
    if key.startswith(effective.OF_ACCOUNT):
        return pods | undeclared_accounts
    return anywhere if key.startswith(effective.OF_NAMESPACE) else pods


_OPERATORS = {"==": "In", "in": "In", "!=": "NotIn", "not in": "NotIn"}
_NEGATED = {"In": "NotIn", "NotIn": "In", "Exists": "DoesNotExist", "DoesNotExist": "Exists"}


def plain(item: Has | Compare, *, negated: bool = False) -> tuple[bool, Requirement] | None:
    """A condition on effective labels as one on the labels of the namespace (True) or the pod; None for any other."""
    if isinstance(item, Compare) and item.operator not in _OPERATORS:
        return None
    key, of_namespace = item.key, True
    if key in _NAMES:
        key = METADATA_NAME
    elif key.startswith(effective.OF_NAMESPACE):
        key = key.removeprefix(effective.OF_NAMESPACE)
    elif key.startswith(effective.OF_ACCOUNT) or key in (effective.ACCOUNT_LABEL, effective.ORCHESTRATOR_LABEL):
        return None
    else:
        of_namespace = False
    operator = "Exists" if isinstance(item, Has) else _OPERATORS[item.operator]
    values = () if isinstance(item, Has) else tuple(sorted(item.values))
    return of_namespace, Requirement(key, _NEGATED[operator] if negated else operator, values)


def families(entity: Entity) -> set[int]:
    """The IP versions of which a rule can match at one of its ends."""
    result = {4, 6}
    for nets in (entity.nets, entity.not_nets):
        if nets is not None:
            result &= {version for version, spans in ((4, nets.v4), (6, nets.v6)) if spans}
    return result


def _labels(item: Endpoint, namespaces: Mapping[str, Mapping[str, str]], cluster: ClusterState) -> dict[str, str]:
    account = dict(cluster.accounts.get((item.namespace, item.account), ()))
    return effective.of_pod(
        dict(item.labels), item.namespace, namespaces.get(item.namespace, {}), item.account, account
    )
