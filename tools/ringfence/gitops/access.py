"""Who may write policies in a cluster: roles, and admission policies that hold whatever roles say.

Roles only add up: a role of somebody else's may let a team edit policies. So a ValidatingAdmissionPolicy refuses writes
by all but the chosen writers, and another refuses to change the labels of running pods by which policies select them.
Fields: rbac.authorization.k8s.io/v1 and admissionregistration.k8s.io/v1 (Kubernetes 1.30 and later).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ringfence.compile.bundle import Bundle
from ringfence.gitops import emit, paths
from ringfence.model.types import Cluster, Model

FOLDER = f"{paths.ROOT}/access"
GROUP = "group:"
"""What a writer begins with that is a group and not a user."""

_CALICO = ("networkpolicies", "networksets", "stagedkubernetesnetworkpolicies", "stagednetworkpolicies")
POLICY_KINDS = {
    "cilium.io": ("ciliumnetworkpolicies",),
    "crd.projectcalico.org": _CALICO,
    "networking.k8s.io": ("networkpolicies",),
    "projectcalico.org": _CALICO,
}
"""Resources in a namespace that decide on connections, by API group. A rule for one that is not installed is idle."""

_CLEANERS = (
    "system:serviceaccount:kube-system:namespace-controller",
    "system:serviceaccount:kube-system:generic-garbage-collector",
    "system:kube-controller-manager",
)
"""Who deletes what stands in a namespace that is being deleted; kube-controller-manager's own names."""

_ACCOUNT = "system:serviceaccount:"


def files(model: Model, bundles: dict[str, list[Bundle]]) -> dict[str, bytes]:
    """The files of each cluster; none unless the settings name `policyWriters`."""
    written: dict[str, bytes] = {}
    for name, in_cluster in bundles.items():
        if model.settings.policy_writers and in_cluster:
            items = objects(model, model.clusters[name], in_cluster)
            written[f"{FOLDER}/{name}/access.yaml"] = emit.documents(items)
            written[f"{FOLDER}/{name}/kustomization.yaml"] = emit.kustomization(["access.yaml"])
    return written


def objects(model: Model, cluster: Cluster, bundles: Sequence[Bundle]) -> list[dict[str, Any]]:
    """The objects of one cluster, for the namespaces of its bundles."""
    writers = model.settings.policy_writers
    namespaces = sorted({bundle.namespace_name for bundle in bundles})
    reader, writer = f"ringfence.{cluster.name}.policy-reader", f"ringfence.{cluster.name}.policy-writer"
    common = paths.labels(cluster.name)
    reading = _role(reader, {**common, "rbac.authorization.k8s.io/aggregate-to-view": "true"}, ["get", "list", "watch"])
    writing = _role(writer, common, ["create", "delete", "get", "list", "patch", "update", "watch"])
    bindings = [
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": writer, "namespace": namespace, "labels": common},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": writer},
            "subjects": [_subject(item) for item in writers],
        }
        for namespace in namespaces
    ]
    admission = _admission(f"ringfence.{cluster.name}.policies", common, namespaces, _writes(writers))
    keys = _label_keys(model, cluster)
    if keys:
        admission += _admission(f"ringfence.{cluster.name}.pod-labels", common, namespaces, _relabels(keys))
    return [reading, writing, *bindings, *admission]


def _role(name: str, labels: dict[str, str], verbs: list[str]) -> dict[str, Any]:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name, "labels": labels},
        "rules": [
            {"apiGroups": [group], "resources": list(resources), "verbs": verbs}
            for group, resources in sorted(POLICY_KINDS.items())
        ],
    }


def _subject(writer: str) -> dict[str, Any]:
    if writer.startswith(_ACCOUNT):
        namespace, _, name = writer.removeprefix(_ACCOUNT).partition(":")
        return {"kind": "ServiceAccount", "name": name, "namespace": namespace}
    if writer.startswith(GROUP):
        return {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": writer.removeprefix(GROUP)}
    return {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": writer}


def _writes(writers: Sequence[str]) -> dict[str, Any]:
    """Refuses every write of a policy by others than the writers; a namespace that ends is still cleaned up."""
    users = [item for item in writers if not item.startswith(GROUP)]
    groups = [item.removeprefix(GROUP) for item in writers if item.startswith(GROUP)]
    return {
        "matchConstraints": {
            "resourceRules": [
                {
                    "apiGroups": [group],
                    "apiVersions": ["*"],
                    "operations": ["CREATE", "UPDATE", "DELETE"],
                    "resources": list(resources),
                    "scope": "Namespaced",
                }
                for group, resources in sorted(POLICY_KINDS.items())
            ]
        },
        "matchConditions": [
            {"name": "not-a-writer", "expression": f"!(request.userInfo.username in {_list(users)})"},
            {
                "name": "in-no-writing-group",
                "expression": f"!request.userInfo.groups.exists(group, group in {_list(groups)})",
            },
            {
                "name": "not-the-end-of-a-namespace",
                "expression": f"!(request.operation == 'DELETE' && request.userInfo.username in {_list(_CLEANERS)})",
            },
        ],
        "validations": [
            {
                "expression": "false",
                "messageExpression": "'network policies of namespace ' + request.namespace + "
                "' are written by Git alone, and not by ' + request.userInfo.username + "
                "': change teams/ in the repository of policies'",
                "reason": "Forbidden",
            }
        ],
    }


def _relabels(keys: Sequence[str]) -> dict[str, Any]:
    """Refuses to change what policies select a running pod by."""
    return {
        "matchConstraints": {
            "resourceRules": [
                {
                    "apiGroups": [""],
                    "apiVersions": ["v1"],
                    "operations": ["UPDATE"],
                    "resources": ["pods"],
                    "scope": "Namespaced",
                }
            ]
        },
        "variables": [
            {
                "name": "changed",
                "expression": f"{_list(keys)}.filter(key, "
                "object.metadata.?labels[?key] != oldObject.metadata.?labels[?key])",
            }
        ],
        "validations": [
            {
                "expression": "variables.changed.size() == 0",
                "messageExpression": "'network policies select pods by the label ' + variables.changed[0] + "
                "', which cannot change while the pod runs: change the template of its workload'",
                "reason": "Forbidden",
            }
        ],
    }


def _admission(
    name: str, labels: dict[str, str], namespaces: Sequence[str], spec: dict[str, Any]
) -> list[dict[str, Any]]:
    """A ValidatingAdmissionPolicy and its binding. What the API server would default is written out."""
    version = "admissionregistration.k8s.io/v1"
    where = {
        "matchPolicy": "Equivalent",
        "namespaceSelector": {
            "matchExpressions": [
                {"key": "kubernetes.io/metadata.name", "operator": "In", "values": list(namespaces)},
            ]
        },
        "objectSelector": {},
    }
    policy = {"failurePolicy": "Fail", **spec, "matchConstraints": {**where, **spec["matchConstraints"]}}
    return [
        {
            "apiVersion": version,
            "kind": "ValidatingAdmissionPolicy",
            "metadata": {"name": name, "labels": labels},
            "spec": policy,
        },
        {
            "apiVersion": version,
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": name, "labels": labels},
            "spec": {"policyName": name, "validationActions": ["Deny"]},
        },
    ]


def _label_keys(model: Model, cluster: Cluster) -> list[str]:
    names = {namespace.name for namespace in model.namespaces_in(cluster)}
    return sorted({key for item in model.workloads.values() if item.namespace in names for key, _ in item.labels})


def _list(items: Sequence[str]) -> str:
    """A list in CEL, whose text literals JSON's are a part of."""
    return json.dumps(list(items), ensure_ascii=False)
