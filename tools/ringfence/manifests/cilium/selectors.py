"""Label selectors as Cilium reads them: sources of labels, what it refuses, and the namespace that it adds.

Source: Cilium `pkg/labels`, `pkg/policy/api/selector.go`, `pkg/k8s/apis/cilium.io/utils` and the documentation of
identity-relevant labels.
"""

from __future__ import annotations

import re
from typing import Any

from ringfence.documents.document import Route
from ringfence.manifests import names
from ringfence.manifests.cilium.checks import LABEL_LEFT_OUT, NAMESPACE_REPLACED
from ringfence.manifests.cilium.judge import Judge, listed, mapped
from ringfence.manifests.cilium.types import EndpointSelector, Subject, Term
from ringfence.manifests.types import Requirement, Selector

_NAMES = {
    "io.kubernetes.pod.namespace": Subject.NAMESPACE,
    "io.cilium.k8s.policy.cluster": Subject.CLUSTER,
    "io.cilium.k8s.policy.serviceaccount": Subject.SERVICE_ACCOUNT,
}
_NAMESPACE_LABEL = "io.cilium.k8s.namespace.labels."
_KEPT = re.compile(r"app\.kubernetes\.io")
_LEFT_OUT = re.compile(
    r"io\.kubernetes|kubernetes\.io|statefulset\.kubernetes\.io/pod-name|apps\.kubernetes\.io/pod-index"
    r"|batch\.kubernetes\.io/(job-completion-index|controller-uid)|[^/]*beta\.kubernetes\.io|k8s\.io"
    r"|pod-template-(generation|hash)|controller-revision-hash|annotation|controller-uid|etcd_node"
)


def is_left_out(key: str) -> bool:
    """Whether Cilium's default filter keeps a label of pods out of identities."""
    return _LEFT_OUT.match(key) is not None and not _KEPT.match(key)


def requirements(judge: Judge, data: dict[str, Any], route: Route, *, sources: bool) -> list[tuple[str, Requirement]]:
    """The conditions of a selector, each with its source ("" where none is written)."""
    found = []
    for key, text in mapped(data, "matchLabels").items():
        here = (*route, "matchLabels", key)
        found.append((here, key, "In", [text]))
    for index, item in enumerate(listed(data, "matchExpressions")):
        here = (*route, "matchExpressions", index)
        found.append((here, item.get("key") or "", item.get("operator") or "", listed(item, "values")))
    result = []
    for here, written, operator, values in found:
        source, key = _source(written) if sources else ("", written)
        if why := names.label_key(f"{source or 'any'}.{key}" if sources else key):
            judge.agent(here, f"label key {written[:80]!r} {why}")
        texts = [text for text in values if text is not None]
        if operator in ("In", "NotIn") and not texts:
            judge.agent(here, f"`{operator}` needs at least one value", "add `values`")
        elif operator in ("Exists", "DoesNotExist") and texts:
            judge.agent(here, f"`{operator}` takes no values", "drop them, or use In or NotIn")
        elif operator not in ("In", "NotIn", "Exists", "DoesNotExist"):
            judge.agent(here, f"{operator[:80]!r} is no operator")
        for text in texts:
            if why := names.label_value(text):
                judge.agent(here, f"label value {text[:80]!r} {why}")
        result.append((source, Requirement(key, operator, tuple(sorted(set(texts))))))
    return result


def plain(judge: Judge, data: dict[str, Any], route: Route) -> Selector:
    """A selector of ordinary Kubernetes labels: of CIDRGroups and Services."""
    return Selector(tuple(sorted({item for _, item in requirements(judge, data, route, sources=False)})))


def terms(judge: Judge, data: dict[str, Any], route: Route, *, of_nodes: bool = False) -> EndpointSelector:
    """A selector of identities exactly as written. The identities of nodes have labels of their own choice."""
    found = requirements(judge, data, route, sources=True)
    for _, item in (pair for pair in found if pair[0] in ("", "any", "k8s")):
        known = item.key in _NAMES or item.key.startswith(_NAMESPACE_LABEL)
        if not of_nodes and not known and is_left_out(item.key):
            message = f"Cilium leaves the label `{item.key}` out of identities: no endpoint has it"
            judge.warn(LABEL_LEFT_OUT, route, message, "select by a label of the application")
    return EndpointSelector(tuple(sorted({_term(source, item) for source, item in found})))


def subject(judge: Judge, data: dict[str, Any], route: Route, namespace: str) -> EndpointSelector:
    """An `endpointSelector`: of the policy's own namespace, whatever it says (`namespace` "" is clusterwide)."""
    selector = terms(judge, data, route)
    if not namespace:
        return selector
    own = Requirement("name", "In", (namespace,))
    named = [term for term in selector.terms if term.subject is Subject.NAMESPACE]
    if any(not term.requirement.matches({"name": namespace}) for term in named):
        message = f"the selector names another namespace than `{namespace}`, where its policy applies"
        judge.warn(NAMESPACE_REPLACED, route, message, "move the policy there, or write a clusterwide one")
    matched = {key for key in mapped(data, "matchLabels") if _source(key) == ("k8s", "io.kubernetes.pod.namespace")}
    kept = _without(data, matched, selector)
    return EndpointSelector(tuple(sorted({*kept, Term(Subject.NAMESPACE, own)})))


def _without(data: dict[str, Any], keys: set[str], selector: EndpointSelector) -> tuple[Term, ...]:
    """The terms of a selector without those that come from some `matchLabels`, which Cilium overwrites."""
    gone = {Term(Subject.NAMESPACE, Requirement("name", "In", (data["matchLabels"][key],))) for key in keys}
    return tuple(term for term in selector.terms if term not in gone)


def peer(judge: Judge, data: dict[str, Any], route: Route, namespace: str, *, of_init: bool) -> EndpointSelector:
    """A selector of `fromEndpoints` or `toEndpoints`.

    Unless it names a namespace, a label of namespaces or a reserved label, Cilium adds the policy's own namespace; in a
    clusterwide policy, that there is one (not where the policy selects initialising endpoints).
    """
    selector = terms(judge, data, route)
    named = {term.subject for term in selector.terms}
    if named & {Subject.RESERVED, Subject.NAMESPACE}:
        return selector
    if namespace and Subject.NAMESPACE_LABEL not in named:
        added = Requirement("name", "In", (namespace,))
    elif not namespace and not of_init:
        added = Requirement("name", "Exists")
    else:
        return selector
    return EndpointSelector(tuple(sorted({*selector.terms, Term(Subject.NAMESPACE, added)})))


def _source(key: str) -> tuple[str, str]:
    if key.startswith("$"):
        return "reserved", key[1:]
    source, colon, rest = key.partition(":")
    if not colon:
        return ("reserved", key[9:]) if key.startswith("reserved.") else ("", key)
    return source, rest.partition("=")[0]


def _term(source: str, item: Requirement) -> Term:
    if source == "reserved":
        return Term(Subject.RESERVED, item)
    if source not in ("", "any", "k8s"):
        return Term(Subject.OTHER, Requirement(f"{source}:{item.key}", item.operator, item.values))
    if of := _NAMES.get(item.key):
        return Term(of, Requirement("name", item.operator, item.values))
    if item.key.startswith(_NAMESPACE_LABEL):
        key = item.key.removeprefix(_NAMESPACE_LABEL)
        return Term(Subject.NAMESPACE_LABEL, Requirement(key, item.operator, item.values))
    return Term(Subject.POD if source == "k8s" else Subject.ANY, item)
