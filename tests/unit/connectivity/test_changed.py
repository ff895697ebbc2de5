"""What is computed again after one policy changed, and what is shared. The answers are those of the whole cluster."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from made import EXTERNAL, Object, app, files, pod, policy, space, tcp, world

from ringfence.connectivity import ClusterState, Connectivity, Profile, diff, evaluate, from_directory
from ringfence.connectivity.engine import Side

NAMES = [f"n{number // 5}/w{number}" for number in range(30)]
PODS = [pod(name, ports=[("http", "TCP", 8080)]) for name in NAMES]
DENY = [policy(f"n{number}/deny", policyTypes=["Ingress", "Egress"]) for number in range(6)]


def peer(name: str) -> Object:
    namespace, _, bare = name.partition("/")
    return {"namespaceSelector": space(namespace), "podSelector": app(bare)}


def allow(number: int, **changes: Any) -> Object:
    """The policy of one workload: called by the one before it, calling the one after it."""
    namespace, _, bare = NAMES[number].partition("/")
    spec = {
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": [peer(NAMES[number - 1])], "ports": [tcp(8080)]}],
        "egress": [{"to": [peer(NAMES[(number + 1) % 30])], "ports": [tcp(8080)]}],
    }
    return policy(f"{namespace}/allow-{bare}", bare, **{**spec, **changes})


ALLOWS = [allow(number) for number in range(30)]


def result(profile: Profile = EXTERNAL, *more: Object) -> Connectivity:
    return world(*PODS, *DENY, *ALLOWS, *more, profile=profile)


def put(before: Connectivity, *objects: Object, gone: tuple[str, ...] = ()) -> Connectivity:
    """The result after policies changed, which is that of the whole cluster."""
    after = before.changed(from_directory(files(*objects)).policies, gone)
    whole = evaluate(after.cluster)
    assert list(after.rows()) == list(whole.rows())
    assert diff(before, after) == diff(before, whole)
    return after


def anew(before: Connectivity, after: Connectivity) -> list[str]:
    """The sources whose rows were computed again."""
    pairs = zip(before.table, after.table, strict=True)
    return [str(before.space.end(at)) for at, (old, new) in enumerate(pairs) if old is not new]


def test_only_the_rows_of_old_and_new_callers_are_computed_for_ingress():
    before = result()
    after = put(before, allow(7, ingress=[{"from": [peer(NAMES[20])], "ports": [tcp(8080)]}]))
    assert after.space is before.space
    assert anew(before, after) == ["n1/w6[Pod]", "n4/w20[Pod]"]
    (lost,) = diff(before, after)  # w20 may not call it by its own policy
    assert (lost.kind, str(lost.source), str(lost.destination)) == ("removed", "n1/w6[Pod]", "n1/w7[Pod]")


def test_only_the_row_of_the_subject_is_computed_for_egress():
    before = result()
    after = put(before, allow(7, egress=[]))
    assert anew(before, after) == ["n1/w7[Pod]"]
    assert [change.kind for change in diff(before, after)] == ["removed"]


def test_a_policy_that_comes_back_as_it_was_changes_nothing():
    before = result()
    after = put(before, ALLOWS[7])
    assert anew(before, after) == []
    assert diff(before, after) == []


def test_where_isolation_ends_every_source_is_looked_at():
    before = result()
    after = put(before, gone=("n1/deny", "n1/allow-w7"))
    assert after.space is before.space
    assert len(anew(before, after)) > 30
    assert not after.is_isolated("n1/w7", next(iter(after.applied)))


def test_nothing_is_compared_but_rows_that_differ(monkeypatch: pytest.MonkeyPatch):
    before = result()
    seen = []
    rows = Side.rows
    monkeypatch.setattr(Side, "rows", lambda side, wanted: seen.append(wanted.bit_count()) or rows(side, wanted))
    before.changed(from_directory(files(allow(7, ingress=[]))).policies)
    assert seen == [1, 0]


def test_a_chain_of_changes_and_its_way_back():
    first = result()
    second = put(first, allow(7, ingress=[]), gone=("n0/allow-w1",))
    third = put(second, allow(1), allow(7))
    assert diff(first, third) == []


BLOCK = {"ipBlock": {"cidr": "10.0.0.0/8"}}


@pytest.mark.parametrize(
    "spec",
    [
        {"ingress": [{"from": [peer(NAMES[6])], "ports": [tcp(9090)]}]},
        {"ingress": [{"from": [peer(NAMES[6])], "ports": [{"port": "http"}]}]},
        {"egress": [{"to": [BLOCK], "ports": [tcp(8080)]}]},
    ],
    ids=["a port", "a port name", "addresses"],
)
def test_what_no_policy_spoke_of_is_cut_anew(spec: Object):
    before = result()
    assert put(before, allow(7, **spec)).space is not before.space


def test_what_other_policies_speak_of_is_known():
    other = policy("n5/other", "w29", ingress=[{"from": [BLOCK], "ports": [{"port": "http"}, tcp(9090)]}])
    before = result(EXTERNAL, other)
    after = put(before, allow(7, ingress=[{"from": [BLOCK], "ports": [{"port": "http"}, tcp(9090)]}]))
    assert after.space is before.space


def test_a_namespace_that_comes_or_goes_with_a_policy():
    before = result()
    more = put(before, policy("elsewhere/deny"))
    assert "elsewhere" in more.space.namespaces
    assert "elsewhere" not in put(more, gone=("elsewhere/deny",)).space.namespaces


def test_what_is_only_possible_is_compared_too():
    before = result(Profile("p"), policy("n5/other", "w29", ingress=[{"from": [BLOCK]}]))
    after = put(before, allow(7, ingress=[{"from": [BLOCK], "ports": [tcp(8080)]}]))
    assert after.space is before.space
    assert after.undefined("n0/w0", "n1/w7") == before.undefined("n0/w0", "n1/w7")  # its own policy settles it
    open_ = put(after, gone=("n0/deny", "n0/allow-w0"))
    assert open_.undefined("n0/w0", "n1/w7")


def test_what_becomes_sure_is_compared_too():
    blocks = [{"ipBlock": {"cidr": "0.0.0.0/0"}}, {"ipBlock": {"cidr": "::/0"}}]
    anyone = policy("n1/more", "w7", ingress=[{"from": blocks, "ports": [tcp(8080)]}])
    before = put(result(Profile("p"), anyone), allow(8, egress=[{"to": [peer("n1/w7")], "ports": [tcp(8080)]}]))
    after = put(before, policy("n1/more", "w7", ingress=[{"from": [*blocks, peer("n1/w8")], "ports": [tcp(8080)]}]))
    assert after.space is before.space
    assert (str(before.ports("n1/w8", "n1/w7")), str(after.ports("n1/w8", "n1/w7"))) == ("nothing", "8080/TCP")


def test_policies_that_mean_more_to_cilium_need_tiers():
    before = result(Profile("cilium"))
    after = put(before, allow(7, policyTypes=["Ingress"]))
    assert not before.tiers
    assert after.tiers


def test_a_cluster_that_differs_in_more_than_policies_is_evaluated_as_a_whole():
    def state(policies: list[Object], pods: list[Object]) -> ClusterState:
        texts = {"policies.yaml": files(*DENY, *policies)["all.yaml"], "pods.yaml": files(*pods)["all.yaml"]}
        return from_directory(texts, EXTERNAL)

    before = evaluate(state(ALLOWS, PODS))
    one = state([*ALLOWS[:-1], allow(29, egress=[])], PODS)
    assert evaluate(one, like=before).space is before.space
    assert evaluate(one, representatives=True, like=before).space is not before.space
    assert evaluate(state(ALLOWS, PODS[:-1]), like=before).space is not before.space
    others = state([allow(number, egress=[]) for number in range(30)], PODS)
    assert evaluate(others, like=before).space is not before.space


def test_ports_that_only_the_other_side_speaks_of_are_kept_apart_for_it():
    def state(*rules: Object) -> ClusterState:
        return from_directory(files(*PODS, *DENY, *ALLOWS[1:], allow(0, ingress=list(rules))), EXTERNAL)

    old = state({"from": [peer(NAMES[9])], "ports": [tcp(8080)]})
    new = state({"from": [peer(NAMES[9])], "ports": [tcp("http"), {"protocol": "UDP", "port": 53, "endPort": 99}]})
    alone, before = evaluate(old), evaluate(old, beside=new)
    assert list(before.rows()) == list(alone.rows())
    after = evaluate(new, like=before)
    assert after.space is before.space
    assert list(after.rows()) == list(evaluate(new).rows())
    assert diff(before, after) == diff(alone, evaluate(new))
    assert evaluate(new, like=alone).space is not alone.space


def test_a_cluster_whose_pods_stand_elsewhere_has_the_same_rows_and_its_own_places():
    """One more line in a file moves all that follows; none of it is another end for that."""
    one = files(*PODS, *DENY, *ALLOWS)["all.yaml"]
    before = evaluate(from_directory({"all.yaml": one}, EXTERNAL))
    cluster = from_directory({"all.yaml": b"# moved\n" + one}, EXTERNAL)
    after = evaluate(cluster, like=before)
    assert after.space.has_positions_of(before.space)
    assert after.table == before.table
    assert anew(before, after) == []
    assert diff(before, after) == []
    assert [end.where.line for end in after.endpoints] == [end.where.line + 1 for end in before.endpoints]
    assert explained(after) == explained(evaluate(cluster)) != explained(before)


def explained(found: Connectivity) -> list[Any]:
    return [found.explain(*pair) for pair in product(NAMES[:8], NAMES[:8])]


def test_a_policy_that_stands_elsewhere_is_explained_there_and_another_one_is_another():
    """Of both sections, of one that `policyTypes` leaves out, and again after a further change."""
    left_out = allow(2, policyTypes=["Ingress"])
    one = files(*PODS, left_out, *DENY, *ALLOWS[3:])["all.yaml"]
    two = b"# moved\n" + files(*PODS, left_out, *DENY, *ALLOWS[3:6], allow(6, egress=[]), *ALLOWS[7:])["all.yaml"]
    before, cluster, last = (from_directory({"all.yaml": text}) for text in (one, two, b"\n" + two))
    results = [evaluate(before)]
    for state in (cluster, last):
        results.append(evaluate(state, like=results[-1]))
        whole = evaluate(state)
        assert results[-1].space.has_positions_of(results[0].space)
        assert list(results[-1].rows()) == list(whole.rows())
        assert explained(results[-1]) == explained(whole)
    assert diff(*results[:2]) == diff(results[0], evaluate(cluster)) != []
    assert diff(*results[1:]) == []
    changed = results[2].changed(before.policies[:1])
    assert explained(changed) == explained(evaluate(changed.cluster))
