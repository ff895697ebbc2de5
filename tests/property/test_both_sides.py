"""Two trees that are read together, and evaluated one from the other, are what each is by itself, to every place."""

from __future__ import annotations

from typing import Any

import yaml
from calicoed import calico_clusters
from clusters import clusters
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_changed_policies import REFUSED, UNKNOWN, edits

from ringfence.connectivity import ClusterState, Connectivity, diff, evaluate, from_manifests
from ringfence.manifests import Known, Manifests, parse_files

Object = dict[str, Any]

SETTINGS = settings(
    deadline=None, max_examples=120, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
OTHERS: list[Object] = [
    REFUSED,
    UNKNOWN,
    {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": "a"}, "spec": {"ports": []}},
    {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "s", "namespace": "a", "labels": {"a": "b"}}},
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a", "labels": {"wrong": ["a"]}}},
    {"apiVersion": "v1", "kind": "PodList", "items": 1},
    {"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy", "metadata": {"name": "m", "namespace": "b"}},
    {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}},
    {"no": "kind"},
]
DENIED: list[Object] = [
    {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": f"deny-{way}-{number}".lower(), "namespace": "a"},
        "spec": {"podSelector": {"matchLabels": {"app": str(number)}}, "policyTypes": [way], way.lower(): [{}]},
    }
    for number in range(4)
    for way in ("Ingress", "Egress")
]
"""Enough policies that most of them are the same on both sides."""
TEXTS = ["", "# a comment\n", "a: b: c\n", "\ta: 1\n", "%YAML 1.2\n", "x: yes\n", "...\n", "a: é\n", "- &a b\n- *a\n"]
HEADS = ["---\n", "---\n", "--- # a comment\n", "---\n\n\n", "---\n# a comment\n"]


@st.composite
def written(draw: st.DrawFn, objects: list[Object]) -> dict[str, bytes]:
    """Objects in one file or two, in some order, in block style or flow style, and now and then what is no object."""
    result = {"one.yaml": draw(st.sampled_from(["", "", "# first\n", "\n"])), "two.yaml": ""}
    for item in draw(st.permutations(objects)) if draw(st.booleans()) else objects:
        text = yaml.safe_dump(item, sort_keys=False, default_flow_style=draw(st.sampled_from([False, False, None])))
        result[draw(st.sampled_from(["one.yaml", "one.yaml", "two.yaml"]))] += draw(st.sampled_from(HEADS)) + text
    if draw(st.integers(0, 5)) == 0:
        result["one.yaml"] += f"---\n{draw(st.sampled_from(TEXTS))}"
    return {name: text.encode() for name, text in result.items()}


@st.composite
def sides(draw: st.DrawFn) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """A tree and the same after an edit; most of both is the same, at other places."""
    many = clusters(max_policies=8)
    objects = draw(st.one_of(many, many, many, calico_clusters()))
    others = draw(st.one_of(st.just(DENIED), st.lists(st.sampled_from(OTHERS), max_size=2)))
    before = draw(written([*objects, *others]))
    if draw(st.integers(0, 3)):
        after = {name: draw(edited(raw)) for name, raw in before.items()}
        return draw(st.sampled_from([(before, after), (after, before)]))
    kept = [item for item in objects if item["apiVersion"] != "networking.k8s.io/v1"]
    return before, draw(written([*kept, *others, *draw(edits(objects))]))


@st.composite
def edited(draw: st.DrawFn, raw: bytes) -> bytes:
    """A file with some lines more, and now and then a document less, or one that says something else."""
    parts = raw.decode().split("---")
    for _ in range(draw(st.integers(0, 2))):
        number = draw(st.integers(0, len(parts) - 1))
        parts[number] += draw(st.sampled_from(["# more\n", "\n", "\n\n"]))
    number = draw(st.integers(0, len(parts) * 3))
    if number < len(parts) and "kind: NetworkPolicy" in parts[number]:
        one, other = draw(st.sampled_from([("- ", "- "), ("egress: ", "ingress: "), ("port: 80", "port: 81")]))
        parts[number] = parts[number].replace(one, other, 1) if one != other else "\n"
    return "---".join(parts).encode()


def shown(found: Manifests | ClusterState) -> str:
    """All of it with the places, which equality of some values passes over."""
    return repr(found)


def explained(found: Connectivity) -> list[str]:
    ends = found.endpoints[:5]
    return [repr(found.explain(start, stop)) for start in ends for stop in ends]


def test_what_is_shared_changes_nothing() -> None:
    shared = []

    @SETTINGS
    @given(sides())
    def run(trees: tuple[dict[str, bytes], dict[str, bytes]]) -> None:
        known = Known(trees)
        together = [parse_files(tree, known) for tree in trees]
        alone = [parse_files(tree) for tree in trees]
        assert list(map(shown, together)) == list(map(shown, alone))

        states = [from_manifests(item) for item in together]
        own = [from_manifests(item) for item in alone]
        assert list(map(shown, states)) == list(map(shown, own))

        before = evaluate(states[0], beside=states[1])
        after = evaluate(states[1], like=before)
        whole = [evaluate(state) for state in own]
        shared.append(after.space.has_positions_of(before.space) and states[0].policies != states[1].policies)
        assert diff(before, after, replicas=False) == diff(*whole, replicas=False)
        for found, item in zip((before, after), whole, strict=True):
            assert list(found.rows()) == list(item.rows())
            assert explained(found) == explained(item)
            assert [end.where for end in found.endpoints] == [end.where for end in item.endpoints]

    run()
    assert sum(shared) > 10, "too few cases looked at what is shared"
