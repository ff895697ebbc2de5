"""A result after a few policies changed is that of the whole cluster, whether all of it was computed again or not."""

from __future__ import annotations

import copy
from typing import Any

from calicoed import calico_clusters
from ciliated import ciliated_clusters
from clusters import ADDRESSES, NAMESPACES, clusters, files, names, peers, policies, selectors
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiered import tiered_clusters

from ringfence.connectivity import Connectivity, Direction, Profile, diff, evaluate, from_directory

Object = dict[str, Any]

SETTINGS = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
REFUSED = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "refused", "namespace": "a"},
    "spec": {"podSelector": {"matchLabels": 1}},
}
UNKNOWN = {"apiVersion": "crd.antrea.io/v1beta1", "kind": "NetworkPolicy", "metadata": {"name": "x", "namespace": "b"}}
plain = st.builds(
    lambda objects, extra, host: [*(_on_host(item, host) for item in objects), *extra],
    clusters(max_policies=6),
    st.lists(st.sampled_from([REFUSED, UNKNOWN]), max_size=1),
    st.integers(-1, 4),
)


def _on_host(item: Object, number: int) -> Object:
    if item["metadata"]["name"] == f"p{number}":
        item["spec"]["hostNetwork"] = True
    return item


@st.composite
def edits(draw: st.DrawFn, objects: list[Object]) -> list[Object]:
    """The NetworkPolicies of a cluster after some were dropped, added, or made of parts of one another."""
    old = [item for item in objects if item["apiVersion"] == "networking.k8s.io/v1" and item is not REFUSED]
    rules = [rule for item in old for side in ("ingress", "egress") for rule in item["spec"].get(side) or ()]
    result = [_edited(draw, item, rules) for item in copy.deepcopy(old) if draw(st.integers(0, 5))]
    if draw(st.integers(0, 3)) == 0:
        result.append(draw(policies("new")))
    if old and draw(st.booleans()):
        meta = {"name": "copied", "namespace": draw(st.sampled_from(NAMESPACES))}
        result.append({**copy.deepcopy(draw(st.sampled_from(old))), "metadata": meta})
    return result


def _edited(draw: st.DrawFn, item: Object, rules: list[Object]) -> Object:
    """A policy after an edit, most of which speak of ports and addresses that others speak of already."""
    spec = item["spec"]
    kind = draw(st.integers(0, 11))
    if kind == 0:
        item["spec"] = draw(policies("x"))["spec"]
    elif kind == 1:
        spec["podSelector"] = draw(selectors())
    elif kind == 2:
        spec["policyTypes"] = draw(st.sampled_from([["Ingress"], ["Egress"], ["Ingress", "Egress"]]))
    elif kind == 3 and spec.get("ingress"):
        spec["ingress"].pop()
    elif kind == 4 and spec.get("ingress"):
        spec["ingress"][0]["from"] = [draw(peers())]
    elif kind == 5 and spec.get("egress"):
        spec["egress"][0]["to"] = [draw(peers())]
    elif kind == 6 and rules:
        rule = copy.deepcopy(draw(st.sampled_from(rules)))
        side = "egress" if "to" in rule else "ingress"
        spec[side] = [*(spec.get(side) or ()), rule]
    return item


def after(before: Connectivity, objects: list[Object]) -> Connectivity:
    """The result for other NetworkPolicies, by way of what differs alone."""
    wanted = {item.id: item for item in from_directory(files(objects)).policies}
    had = {item.id: item for item in before.cluster.policies}
    return before.changed(
        [item for name, item in wanted.items() if had.get(name) != item], [name for name in had if name not in wanted]
    )


def explained(side: Connectivity, pods: list[str]) -> list[str]:
    return [side.explain(source, destination).line for source in pods for destination in pods]


def check(objects: list[Object], data: st.DataObject, profile: Profile, representatives: bool = False) -> bool:
    """Whether anything was shared, after all answers were found to be the same."""
    before = now = evaluate(from_directory(files(objects), profile), representatives)
    shared = False
    for _ in range(2):
        previous = now
        changed = data.draw(edits(objects))
        now = after(previous, changed)
        shared |= now.space is before.space
        whole = evaluate(now.cluster, representatives)
        assert list(now.rows()) == list(whole.rows())
        assert diff(before, now) == diff(before, whole)
        assert diff(previous, now) == diff(previous, whole)
        assert diff(now, whole) == []
        pods = names(objects)
        assert explained(now, pods) == explained(whole, pods)
        for pod in pods:
            assert [now.is_isolated(pod, way) for way in Direction] == [
                whole.is_isolated(pod, way) for way in Direction
            ]
            for address in ADDRESSES:
                assert now.ports(pod, address) == whole.ports(pod, address)
                assert now.undefined(address, pod) == whole.undefined(address, pod)
    return shared


def test_network_policies():
    shared = []

    @SETTINGS
    @given(plain, st.sampled_from([True, False, None]), st.booleans(), st.data())
    def run(objects: list[Object], match_pods: bool | None, representatives: bool, data: st.DataObject) -> None:
        shared.append(check(objects, data, Profile("p", ip_blocks_match_pods=match_pods), representatives))

    run()
    assert sum(shared) > 20, "too few cases looked at what is shared"


def test_a_cluster_like_another():
    shared = []

    @SETTINGS
    @given(clusters(max_policies=8), st.data())
    def run(objects: list[Object], data: st.DataObject) -> None:
        wanted = [item for item in objects if item["kind"] != "NetworkPolicy"]
        rest = [item for item in objects if item["kind"] == "NetworkPolicy"]
        if rest and data.draw(st.booleans()):
            rest[-1:] = data.draw(edits(rest[-1:]))
        if data.draw(st.integers(0, 3)) == 0:
            wanted[-1]["metadata"]["labels"] = {"app": "y"}
        before, after = (from_directory(files(listed), Profile("p")) for listed in (objects, [*wanted, *rest]))
        old = evaluate(before)
        like, whole = evaluate(after, like=old), evaluate(after)
        assert like.cluster == whole.cluster
        assert list(like.rows()) == list(whole.rows())
        assert diff(old, like) == diff(old, whole)
        shared.append(like.space is old.space)

    run()
    assert sum(shared) > 10, "too few cases looked at what is shared"


@SETTINGS
@given(plain, st.booleans(), st.data())
def test_network_policies_under_cilium(objects: list[Object], representatives: bool, data: st.DataObject):
    check(objects, data, Profile("cilium"), representatives)


@SETTINGS
@given(st.one_of(tiered_clusters(), calico_clusters(), ciliated_clusters()), st.data())
def test_other_dialects(objects: list[Object], data: st.DataObject):
    check(objects, data, Profile())
