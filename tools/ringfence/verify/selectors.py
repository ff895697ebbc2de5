"""Selectors that no declaration can be behind, whatever they do to known pods: they are for pods that nobody knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from ringfence.findings import Finding, Location
from ringfence.manifests import METADATA_NAME, NetworkPolicy, PodsPeer, Selector
from ringfence.manifests.types import Peer
from ringfence.verify.declared import Declared
from ringfence.verify.pages import FOREIGN_SELECTOR

if TYPE_CHECKING:
    from ringfence.manifests.calico.selector import Expression
    from ringfence.manifests.cilium import EndpointSelector


class _Use(Struct, frozen=True):
    """A selector of pods as one namespace and conditions on labels; either is None where it is of another form.

    `subject`: it is for the pods that the policy applies to. That it is for an unknown namespace is found elsewhere.
    """

    where: Location
    policy: str
    what: str
    namespace: str | None
    pods: Selector | None
    subject: bool = False


class Selectors:
    """The selectors that are the labels of something declared, or of everything, by namespace.

    Policies, and the peers of rules, that have no others are looked at once.
    """

    def __init__(self, declared: Declared) -> None:
        self._known: dict[str, set[Selector]] = {}
        for pod in declared.pods.values():
            here = self._known.setdefault(pod.id.partition("/")[0], {Selector()})
            if pod.declared is not None:
                here.add(Selector.of(dict(pod.declared.labels)))
        self._fine: dict[int, object] = {}
        """By `id()`: policies, and lists of peers that are fine wherever they stand."""

    def foreign(
        self, policies: Iterable[NetworkPolicy], calico: Sequence[Any], cilium: Sequence[Any]
    ) -> Iterator[Finding]:
        """A finding for each selector of policies that is none of these."""
        odd = [policy for policy in policies if id(policy) not in self._fine and not self._holds(policy)]
        # only where there are such objects are their packages imported
        of_dialects = (*(_of_calico(calico) if calico else ()), *(_of_cilium(cilium) if cilium else ()))
        for use in (*_of_kubernetes(odd), *of_dialects):
            if use.subject and use.namespace not in self._known:
                continue
            if use.pods is None or use.pods not in self._known.get(use.namespace or "", ()):
                message = f"{use.policy} {use.what}, which are not the labels of anything declared there"
                yield FOREIGN_SELECTOR.at(
                    use.where,
                    f"{message}, so it is for pods that nobody knows",
                    hint="run: ringfence render",
                    subject=use.policy,
                )

    def _holds(self, policy: NetworkPolicy) -> bool:
        """Whether nothing is to be said of a policy."""
        here = policy.namespace
        if here in self._known and policy.selector not in self._known[here]:
            return False
        for rules in (policy.ingress, policy.egress):
            for rule in rules or ():
                if id(rule.peers) not in self._fine and not self._are_known(rule.peers, here):
                    return False
        self._fine[id(policy)] = policy
        return True

    def _are_known(self, peers: tuple[Peer, ...], namespace: str) -> bool:
        for peer in peers:
            if isinstance(peer, PodsPeer):
                for name in _named(peer, namespace):
                    if peer.pods not in self._known.get(name or "", ()):
                        return False
        if all(not isinstance(peer, PodsPeer) or peer.namespaces is not None for peer in peers):
            self._fine[id(peers)] = peers
        return True


def _of_kubernetes(policies: Iterable[NetworkPolicy]) -> Iterator[_Use]:
    for policy in policies:
        what = f"selects pods with {policy.selector}"
        yield _Use(policy.where, policy.id, what, policy.namespace, policy.selector, subject=True)
        for direction, rules in (("ingress", policy.ingress), ("egress", policy.egress)):
            for rule in rules or ():
                for peer in rule.peers:
                    if isinstance(peer, PodsPeer):
                        what = f"{direction}[{rule.index}] is for {peer}"
                        for name in _named(peer, policy.namespace):
                            yield _Use(rule.where, policy.id, what, name, peer.pods)


def _named(peer: PodsPeer, namespace: str) -> tuple[str | None, ...]:
    if peer.namespaces is None:
        return (namespace,)
    if [(item.key, item.operator) for item in peer.namespaces.requirements] != [(METADATA_NAME, "In")]:
        return (None,)
    return peer.namespaces.requirements[0].values


def _of_calico(objects: Iterable[Any]) -> Iterator[_Use]:
    from ringfence.manifests.calico import CalicoPolicy

    for policy in objects:
        if not isinstance(policy, CalicoPolicy):
            continue
        other = policy.namespaces or policy.accounts
        pods = None if other else _labels(policy.selector)
        yield _Use(
            policy.where, policy.id, f"selects pods with {policy.selector}", policy.namespace, pods, subject=True
        )
        for direction, rules in (("ingress", policy.ingress), ("egress", policy.egress)):
            for rule in rules or ():
                for end in (rule.source, rule.destination):
                    odd = end.not_selector or end.accounts or end.service
                    if not (end.selector or end.namespaces or odd):
                        continue
                    name = _name(end.namespaces) if end.namespaces else policy.namespace
                    what = f"{direction}[{rule.index}] is for {end.selector or 'all pods'} in {end.namespaces or name}"
                    pods = None if odd else _labels(end.selector) if end.selector else Selector()
                    yield _Use(rule.where, policy.id, what, name, pods)


def _labels(expression: Expression) -> Selector | None:
    """A selector of Calico's language that only asks for values of labels."""
    from ringfence.manifests.calico.selector import All, And, Compare

    items = expression.items if isinstance(expression, And) else (expression,)
    labels = {}
    for item in items:
        if isinstance(item, Compare) and item.operator == "==":
            labels[item.key] = item.values[0]
        elif not isinstance(item, All):
            return None
    return Selector.of(labels)


def _name(expression: Expression) -> str | None:
    from ringfence.manifests.calico.selector import Compare

    by_name = isinstance(expression, Compare) and (expression.key, expression.operator) == (METADATA_NAME, "==")
    return expression.values[0] if by_name and isinstance(expression, Compare) else None


def _of_cilium(objects: Iterable[Any]) -> Iterator[_Use]:
    from ringfence.manifests.cilium import CiliumPolicy, EndpointPeer

    for policy in objects:
        for spec in policy.specs if isinstance(policy, CiliumPolicy) else ():
            yield replace(_of_identity(spec.where, policy.id, "selects", spec.selector), subject=True)
            for direction, section in (("ingress", spec.ingress), ("egress", spec.egress)):
                for rule in (*section.allow, *section.deny):
                    for peer in rule.peers or ():
                        if isinstance(peer, EndpointPeer):
                            what = f"{direction}[{rule.index}] is for"
                            yield _of_identity(rule.where, policy.id, what, peer.selector)


def _of_identity(where: Location, policy: str, what: str, selector: EndpointSelector) -> _Use:
    from ringfence.manifests.cilium import Subject

    named = selector.of(Subject.NAMESPACE).requirements
    one = len(named) == 1 and named[0].operator == "In" and len(named[0].values) == 1
    subjects = {term.subject for term in selector.terms} - {Subject.POD, Subject.ANY, Subject.NAMESPACE}
    name = named[0].values[0] if one else None
    return _Use(where, policy, f"{what} {selector}", name, None if subjects else selector.pods)
