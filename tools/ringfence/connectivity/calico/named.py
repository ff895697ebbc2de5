"""The sets of pods that the selectors of Calico's rules name, each as conditions that all hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

from ringfence.connectivity.calico.ends import plain
from ringfence.manifests import METADATA_NAME, PodsPeer, Requirement, Selector
from ringfence.manifests.calico import CalicoObject, CalicoPolicy, effective
from ringfence.manifests.calico.selector import All, And, Compare, Expression, Global, Has, Not, Or

Conditions = frozenset[tuple[bool, Requirement]]
"""Conditions on the labels of the namespace (True) or of the pod itself."""


def named(objects: Iterable[CalicoObject]) -> Iterator[PodsPeer]:
    """The pods that rules name; a condition on anything but labels of pods and namespaces is left out."""
    for item in objects:
        if isinstance(item, CalicoPolicy):
            for rule in (*(item.ingress or ()), *(item.egress or ())):
                for entity in (rule.source, rule.destination):
                    for expression in (effective.meant(entity, item.namespace), entity.not_selector):
                        if expression is not None:
                            yield from map(_peer, alternatives(expression))


def _peer(conditions: Conditions) -> PodsPeer:
    pods, namespaces = (
        Selector(tuple(sorted(item for of_namespace, item in conditions if of_namespace is which)))
        for which in (False, True)
    )
    return PodsPeer(pods, namespaces)


def alternatives(expression: Expression, *, negated: bool = False) -> set[Conditions]:
    """The expression as alternatives of conditions."""
    match expression:
        case All() | Global():
            return {frozenset()} if isinstance(expression, All) is not negated else set()
        case Not(item):
            return alternatives(item, negated=not negated)
        case Has() | Compare():
            condition = plain(expression, negated=negated)
            # that a pod has a namespace says nothing
            is_known = condition in (None, (True, Requirement(METADATA_NAME, "Exists")))
            return {frozenset() if is_known or condition is None else frozenset((condition,))}
        case And(items) | Or(items):
            parts = [alternatives(item, negated=negated) for item in items]
            if isinstance(expression, And) is not negated:
                return {frozenset().union(*chosen) for chosen in product(*parts)}
            return set().union(*parts)
    raise AssertionError(expression)
