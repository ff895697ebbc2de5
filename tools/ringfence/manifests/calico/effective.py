"""Every selector of a policy as one expression over effective labels, as Calico itself lowers them.

Calico puts the labels of the namespace (prefix `pcns.`) and of the service account (`pcsa.`) beside an endpoint's own,
and a namespace selector becomes a selector of those. So two values decide whether an endpoint is meant: its effective
labels and one expression. Source: libcalico-go lib/backend/syncersv1/updateprocessors.
"""

from __future__ import annotations

from collections.abc import Mapping

from ringfence.manifests.calico.selector import All, And, Compare, Expression, Global, Has, Not, Or
from ringfence.manifests.calico.types import NAMESPACE_LABEL, NAMESPACE_NAME_LABEL, CalicoPolicy, Entity

OF_NAMESPACE = "pcns."
OF_ACCOUNT = "pcsa."
ACCOUNT_LABEL = "projectcalico.org/serviceaccount"
ORCHESTRATOR_LABEL = "projectcalico.org/orchestrator"


def of_pod(
    labels: Mapping[str, str],
    namespace: str,
    namespace_labels: Mapping[str, str],
    account: str,
    account_labels: Mapping[str, str],
) -> dict[str, str]:
    """The effective labels of a pod; `account` is the name of its service account (`default` where it names none)."""
    return {
        **{OF_ACCOUNT + key: value for key, value in account_labels.items()},
        OF_ACCOUNT + NAMESPACE_NAME_LABEL: account,
        **of_network_set(labels, namespace, namespace_labels),
        ACCOUNT_LABEL: account,
        ORCHESTRATOR_LABEL: "k8s",
    }


def of_network_set(labels: Mapping[str, str], namespace: str, namespace_labels: Mapping[str, str]) -> dict[str, str]:
    """The effective labels of a network set; for a global one `namespace` is "" and has no labels."""
    if not namespace:
        return dict(labels)
    return {
        **{OF_NAMESPACE + key: value for key, value in namespace_labels.items()},
        OF_NAMESPACE + NAMESPACE_NAME_LABEL: namespace,
        **labels,
        NAMESPACE_LABEL: namespace,
    }


def selected(policy: CalicoPolicy) -> Expression:
    """What a policy applies to, over effective labels."""
    own = _own(policy.namespace) if policy.namespace else None
    namespaces = prefixed(policy.namespaces, OF_NAMESPACE) if policy.namespaces else None
    accounts = prefixed(policy.accounts, OF_ACCOUNT) if policy.accounts else None
    return _all_of(own, policy.selector, namespaces, accounts) or All()


def meant(entity: Entity, namespace: str) -> Expression | None:
    """Which endpoints and network sets an entity of a policy of a namespace ("" for a global one) means.

    None: no condition, so addresses that nobody knows match too. `not_selector` is not part of it: what matches that,
    in whichever namespace, is left out besides.
    """
    accounts = None
    if entity.accounts:
        names = Compare(ACCOUNT_LABEL, "in", entity.accounts.names) if entity.accounts.names else None
        selector = entity.accounts.selector
        accounts = _all_of(names, prefixed(selector, OF_ACCOUNT, lone=True) if selector else None)
    found = _all_of(entity.selector, accounts)
    if entity.namespaces:
        return _all_of(prefixed(entity.namespaces, OF_NAMESPACE), found)
    return _all_of(_own(namespace), found) if namespace and (found or entity.not_selector) else found


def prefixed(expression: Expression, prefix: str, *, lone: bool = False) -> Expression:
    """A selector of namespaces or of service accounts as one of endpoints: the prefix before every key.

    `all()` and `global()` then ask whether the endpoint has a namespace (an account) at all, unless `lone`.
    """
    match expression:
        case Has(key):
            return Has(prefix + key)
        case Compare(key, operator, values):
            return Compare(prefix + key, operator, values)
        case Not(item):
            return Not(prefixed(item, prefix, lone=lone))
        case And(items):
            return And(tuple(prefixed(item, prefix, lone=lone) for item in items))
        case Or(items):
            return Or(tuple(prefixed(item, prefix, lone=lone) for item in items))
    if lone:
        return expression
    there = Has(NAMESPACE_LABEL if prefix == OF_NAMESPACE else ACCOUNT_LABEL)
    return Not(there) if isinstance(expression, Global) else there


def _own(namespace: str) -> Expression:
    return Compare(NAMESPACE_LABEL, "==", (namespace,))


def _all_of(*parts: Expression | None) -> Expression | None:
    given = [part for part in parts if part is not None]
    return And(tuple(given)) if len(given) > 1 else given[0] if given else None
