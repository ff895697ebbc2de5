"""A large cluster keeps its rows in another form than a small one, and gives the same answers."""

from __future__ import annotations

import contextlib
import itertools
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from clusters import clusters, files
from hypothesis import given
from hypothesis import strategies as st
from test_changed_policies import SETTINGS, UNKNOWN, edits, plain

from ringfence.connectivity import (
    ClusterState,
    Connectivity,
    Direction,
    Endpoint,
    Profile,
    diff,
    evaluate,
    from_directory,
    scattered,
)
from ringfence.connectivity.resolve import Applied
from ringfence.connectivity.space import NamedPods, Space
from ringfence.manifests import METADATA_NAME, Requirement, Selector

Object = dict[str, Any]

NAMED = [
    NamedPods(namespaces=Selector.of({METADATA_NAME: "a"}), pods=Selector.of({"app": "x"})),
    NamedPods(pods=Selector.of({"app": "y"})),
]


@contextlib.contextmanager
def large(pairs: int) -> Iterator[None]:
    """As if every cluster were large, and a rectangle of more than some pairs too."""
    was = scattered.FROM, scattered.PAIRS
    scattered.FROM, scattered.PAIRS = 0, pairs
    try:
        yield
    finally:
        scattered.FROM, scattered.PAIRS = was


def cluster(objects: list[Object], match_pods: bool | None = True, plugin: str = "p") -> ClusterState:
    return from_directory(files(objects), Profile(plugin, ip_blocks_match_pods=match_pods))


def rows(result: Connectivity) -> list[list[dict[int, int]]]:
    return [[dict(row) for row in both] for both in result.table]


def applied(result: Connectivity) -> dict[Direction, dict[str, list[Applied]]]:
    return {way: {name: list(items) for name, items in found.items()} for way, found in result.applied.items()}


def alike(one: Connectivity, other: Connectivity) -> int:
    """Hold two results against each other in all that looks at rows; how many rows are scattered in the second."""
    assert rows(one) == rows(other)
    assert list(one.rows()) == list(other.rows())
    assert one.count() == other.count()
    assert one.isolated == other.isolated
    assert applied(one) == applied(other)
    for both, beside in zip(one.table, other.table, strict=True):
        assert (both[0] == both[1]) == (beside[0] == beside[1])
        for row, same in zip(both, beside, strict=True):
            found = [scattered.at(same, position) for position in range(one.space.size)]
            assert found == [scattered.at(row, position) for position in range(one.space.size)]
    return sum(isinstance(both[0], scattered.Scattered) for both in other.table)


def test_the_rows_are_the_same_in_either_form():
    counted: Counter[int] = Counter()

    @SETTINGS
    @given(
        plain,
        st.sampled_from([True, False, None]),
        st.sampled_from(["p", "unspecified"]),  # the second may be Cilium
        st.booleans(),
        st.lists(st.sampled_from(NAMED), max_size=2, unique=True),
        st.sampled_from([4, 12, 256]),
    )
    def same(
        objects: list[Object],
        match_pods: bool | None,
        plugin: str,
        representatives: bool,
        named: list[NamedPods],
        pairs: int,
    ) -> None:
        state = cluster(objects, match_pods, plugin)
        small = evaluate(state, representatives, named)
        with large(pairs):
            result = evaluate(state, representatives, named)
            counted[pairs] += alike(small, result)
            for direction in Direction:
                half, whole = (item.one_way(direction) for item in (result, small))
                assert (half is None) == (whole is None)
                if half is not None and whole is not None:
                    alike(whole, half)

    same()
    assert min(counted[4], counted[12]) > 0
    assert counted.total() > 50


def test_a_changed_policy_does_the_same_in_either_form():
    shared: Counter[str] = Counter()

    @SETTINGS
    @given(st.data(), clusters(max_policies=6), st.booleans(), st.sampled_from([4, 256]))
    def same(data: st.DataObject, objects: list[Object], representatives: bool, pairs: int) -> None:
        pods = [item for item in objects if item["apiVersion"] != "networking.k8s.io/v1"]
        old, new = cluster(objects), cluster([*pods, *data.draw(edits(objects))])
        small = evaluate(old, representatives), evaluate(new, representatives)
        # addresses stay cut where policies that are gone cut them
        cut = evaluate(new, representatives, like=evaluate(old, representatives, beside=new))
        with large(pairs):
            before = evaluate(old, representatives, beside=new)
            after = evaluate(new, representatives, like=before)
            shared["rows"] += sum(one is other for one, other in zip(before.table, after.table, strict=False))
            shared["single ends"] += sum(isinstance(both[0], scattered.Scattered) for both in after.table)
            assert list(after.rows()) == list(small[1].rows())
            assert after.count() == cut.count()
            assert diff(before, after) == diff(*small)
            for direction in Direction:
                half, whole = (item.one_way(direction) for item in (after, small[1]))
                assert half is None or whole is None or list(half.rows()) == list(whole.rows())

    same()
    assert shared["rows"] > 0
    assert shared["single ends"] > 50


def made(name: str, spec: Object) -> Object:
    meta = {"name": name, "namespace": "a"}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": meta, "spec": spec}


PODS: list[Object] = [
    *(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": "a", "labels": {"app": name}},
            "spec": {"containers": [{"name": "c", "ports": [{"name": "http", "containerPort": 80}]}]},
        }
        for name in ("one", "two")
    ),
    *(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": name, "namespace": "a"},
            "spec": {
                "podSelector": {"matchLabels": {"app": name}},
                "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "two"}}}], "ports": [{"port": "http"}]}],
            },
        }
        for name in ("one", "two")
    ),
]
"""Two pods with a named port, and a policy for each."""

PEER: Object = {"podSelector": {"matchLabels": {"app": "two"}}}
LEFT_OUT: Object = {
    "podSelector": {"matchLabels": {"app": "one"}},
    "policyTypes": ["Ingress"],
    "egress": [{"to": [PEER]}],
}
ELSEWHERE: Object = {
    "podSelector": {"matchLabels": {"app": "one"}},
    "ingress": [{"from": [{**PEER, "namespaceSelector": {"matchLabels": {"team": "a"}}}]}],
}


@pytest.mark.parametrize(
    "more",
    [
        pytest.param([UNKNOWN | {"metadata": {"name": "x", "namespace": "a"}}], id="something denies perhaps"),
        pytest.param([made("left-out", LEFT_OUT)], id="rules that only Cilium enforces"),
        pytest.param([made("elsewhere", ELSEWHERE)], id="one namespace surely, and perhaps one that nobody declared"),
    ],
)
def test_what_is_rare_is_the_same_in_either_form(more: list[Object]):
    space: Object = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a", "labels": {"team": "a"}}}
    state = cluster([space, *PODS, *more], plugin="unspecified")
    small = evaluate(state, representatives=True)
    assert rows(small) != rows(evaluate(cluster([space, *PODS], plugin="unspecified"), representatives=True))
    with large(256):
        alike(small, evaluate(state, representatives=True))


@pytest.mark.parametrize("named", [[], NAMED])
@pytest.mark.parametrize("representatives", [False, True])
def test_few_pods_are_found_by_their_labels_as_they_are_in_sets(named: list[NamedPods], representatives: bool):
    labels = itertools.product("ab", [{}, {"app": "x"}, {"app": "y", "k": "x"}, {"app": "x", "k": "x"}])
    pods = tuple(Endpoint(name, f"{number}", labels=tuple(own.items())) for number, (name, own) in enumerate(labels))
    space = Space(ClusterState(endpoints=pods), representatives, named)
    terms = [
        *(Requirement(key, "In", values) for key in ("app", "k") for values in (("x",), ("z",), ("x", "y"))),
        Requirement("k", "NotIn", ("x",)),
        Requirement("k", "Exists"),
    ]
    asked = [Selector(), *(Selector(tuple(sorted({one, two}))) for one in terms for two in terms)]
    for namespace in space.members:
        found = [space.few(namespace, selector) for selector in asked]
        assert found == [scattered.few(space.select(namespace, selector)) for selector in asked]


def test_policies_of_a_large_cluster_are_resolved_where_somebody_asks():
    """There are as many sets as pods, and each is as long as the cluster is large."""
    state = from_directory(files([{**item} for item in PODS]), Profile("p", ip_blocks_match_pods=True))
    with large(256):
        result = evaluate(state)
        assert result.space.held == 0
        assert applied(result) == applied(evaluate(state))
        assert result.space.held > 0
        changed = result.changed(gone=[item.id for item in result.cluster.policies[:1]])
        assert applied(changed) == applied(evaluate(changed.cluster))
        assert rows(changed) == rows(evaluate(changed.cluster))
