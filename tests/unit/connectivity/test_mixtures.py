"""Every mixture by the engine itself, against the analysis that looks at all of them at once."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from made import EXTERNAL, Object, app, files, namespace, pod, policy, space, tcp
from msgspec.structs import replace

from ringfence.connectivity import ClusterState, Connectivity, Profile, evaluate, from_directory
from ringfence.connectivity.field import NotExact
from ringfence.connectivity.passage import Key, objects, passage
from ringfence.values.ports import NO_PORTS, PortSet

Waves = Mapping[str, Sequence[Sequence[Key]]]
PODS = [pod(f"{name}/{one}") for name in ("a", "b") for one in ("x", "y")] + [pod("c/z")]
BLOCKS = ["203.0.113.0/24", "203.0.113.128/25", "0.0.0.0/0"]


def cluster(*policies: Object, profile: Profile = EXTERNAL) -> ClusterState:
    named = [namespace(name) for name in "abc"]
    return from_directory(files(*named, *PODS, *policies), profile)


def every_mixture(before: ClusterState, after: ClusterState, waves: Waves) -> list[Connectivity]:
    """What the engine says of each mixture that the waves allow, once each."""
    old, new = objects(before), objects(after)
    moving = [key for listed in waves.values() for wave in listed for key in wave]
    stays = [item for key, item in {**old, **new}.items() if key not in moving]
    ways = []
    for listed in waves.values():
        reached = set()
        keys = [key for wave in listed for key in wave]
        for number, wave in enumerate(listed):
            done = {key for earlier in listed[:number] for key in earlier}
            for size in range(len(wave) + 1):
                reached |= {frozenset({*done, *chosen}) for chosen in itertools.combinations(wave, size)}
        ways.append([(keys, chosen) for chosen in reached])
    found = []
    for combination in itertools.product(*ways):
        items = list(stays)
        for keys, chosen in combination:
            sides = [(new if key in chosen else old).get(key) for key in keys]
            items += [item for item in sides if item is not None]
        found.append(evaluate(with_policies(after, items), representatives=True))
    return found


def with_policies(state: ClusterState, items: Sequence[Any]) -> ClusterState:
    kinds = {"NetworkPolicy": "policies", "CiliumPolicy": "cilium", "CalicoPolicy": "calico"}
    parts: dict[str, list[Any]] = {"policies": [], "cilium": [], "calico": []}
    parts["calico"] += [item for item in state.calico if type(item).__name__ == "Tier"]
    for item in items:
        parts[kinds[type(item).__name__]].append(item)
    return replace(state, **{name: tuple(listed) for name, listed in parts.items()})


def compare(before: ClusterState, after: ClusterState, waves: Waves) -> tuple[int, int]:
    """Hold the analysis against every mixture; how much is closed, and opened."""
    change = passage(before, after, waves)
    at = change.field.space
    found: dict[tuple[bool, int, int], PortSet] = {}
    for flaw in change.flaws():
        for mask, where in flaw.row.items():
            for end in range(at.size):
                if where >> end & 1:
                    key = flaw.closes, flaw.source, end
                    found[key] = found.get(key, NO_PORTS) | change.field.atoms.ports(mask)
    states = every_mixture(before, after, waves)
    ends = [
        evaluate(with_policies(after, list(objects(side).values())), representatives=True) for side in (before, after)
    ]
    expected: dict[tuple[bool, int, int], PortSet] = {}
    for source, end in itertools.product(range(at.size), repeat=2):
        if source == end or min(source, end) >= at.pods:
            continue
        pair = at.end(source), at.end(end)
        kept = ends[0].ports(*pair) & ends[1].ports(*pair)
        known = NO_PORTS
        for side in ends:
            known = known | side.ports(*pair) | side.undefined(*pair)
        sure, possible = kept, NO_PORTS
        for state in states:
            sure = sure & state.ports(*pair)
            possible = possible | state.ports(*pair) | state.undefined(*pair)
        for closes, ports in ((True, kept - sure), (False, possible - known)):
            if ports != NO_PORTS:
                expected[closes, source, end] = ports
    found = {key: ports for key, ports in found.items() if key[1] != key[2]}
    assert found == expected
    return sum(key[0] for key in expected), sum(not key[0] for key in expected)


def rules(random_: random.Random, side: str) -> list[Object]:
    result = []
    for _ in range(random_.randrange(3)):
        rule: Object = {}
        if random_.random() < 0.8:
            ends: list[Object] = [
                {"podSelector": app(random_.choice("xy"))},
                {"namespaceSelector": space(random_.choice("abc"))},
                {"ipBlock": {"cidr": random_.choice(BLOCKS)}},
            ]
            rule[side] = random_.sample(ends, random_.randrange(1, 3))
        if random_.random() < 0.8:
            first = random_.choice([80, 81])
            rule["ports"] = [tcp(first, random_.choice([None, 82]))]
        result.append(rule)
    return result


def random_policy(random_: random.Random, id_: str) -> Object:
    types = random_.choice([["Ingress"], ["Egress"], ["Ingress", "Egress"], ["Ingress", "Egress"]])
    body: Object = {"policyTypes": types}
    if "Ingress" in types:
        body["ingress"] = rules(random_, "from")
    if "Egress" in types:
        body["egress"] = rules(random_, "to")
    return policy(id_, random_.choice([None, None, "x", "y"]), **body)


def random_change(seed: int) -> tuple[ClusterState, ClusterState, Waves]:
    random_ = random.Random(seed)  # noqa: S311 - no secret
    before, after, moving = [], [], []
    for id_ in ("a/1", "a/2", "b/1", "c/1"):  # what stays
        if random_.random() < 0.25:
            same = random_policy(random_, id_ + "-stays")
            before.append(same)
            after.append(same)
    chosen = random_.choice(
        [["a/1", "a/2", "a/3"], ["a/1", "b/1"], ["a/1", "a/2", "b/1"], ["a/1", "a/2", "b/1", "b/2"]]
    )
    for id_ in chosen:
        kind = random_.choice(["create", "update", "update", "prune"])
        if kind != "create":
            before.append(random_policy(random_, id_))
        if kind != "prune":
            after.append(random_policy(random_, id_))
        moving.append(("networking.k8s.io", "NetworkPolicy", *id_.split("/")))
    waves: dict[str, list[list[Key]]] = {}
    for key in moving:
        listed = waves.setdefault(key[2], [[]])
        if listed[-1] and random_.random() < 0.4:
            listed.append([])
        listed[-1].append(key)
    return cluster(*before), cluster(*after), waves


def test_the_analysis_says_what_every_mixture_says() -> None:
    closed = opened = 0
    for seed in range(60):
        found = compare(*random_change(seed))
        closed += found[0] > 0
        opened += found[1] > 0
    assert closed > 15, closed
    assert opened > 10, opened


def cilium(random_: random.Random, id_: str) -> Object:
    """A policy of Cilium as this tool renders them, with random contents."""
    where, name = id_.split("/")
    spec: Object = {"endpointSelector": random_.choice([{}, app("x"), app("y")])}
    spec["enableDefaultDeny"] = {way: random_.random() < 0.7 for way in ("ingress", "egress")}
    for way, side in (("ingress", "from"), ("egress", "to")):
        peers = random_.choice([{f"{side}Endpoints": [app(random_.choice("xy"))]}, {f"{side}Entities": ["all"]}, {}])
        ports = (
            {"toPorts": [{"ports": [{"port": "80", "protocol": "TCP"}]}]} if random_.random() < 0.5 and peers else {}
        )
        spec[way] = [{**peers, **ports}]
    meta = {"name": name, "namespace": where}
    return {"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": meta, "spec": spec}


TIER: Object = {
    "apiVersion": "projectcalico.org/v3",
    "kind": "Tier",
    "metadata": {"name": "t"},
    "spec": {"order": 100, "defaultAction": "Deny"},
}


def calico(random_: random.Random, id_: str) -> Object:
    """A policy of Calico as this tool renders them, with random contents."""
    where, name = id_.split("/")
    passes = random_.random() < 0.25
    types = random_.choice([["Ingress"], ["Egress"], ["Ingress", "Egress"]])
    spec: Object = {"tier": "t", "order": 0 if passes else 1000, "types": types}
    spec["selector"] = random_.choice(["all()", "app == 'x'", "app == 'y'"])
    for type_ in types:
        way = type_.lower()
        peer = {"selector": f"app == '{random_.choice('xy')}'", "namespaceSelector": "all()"}
        rule: Object = {"action": "Allow", "source" if way == "ingress" else "destination": peer}
        spec[way] = [{"action": "Pass"}] if passes else [rule]
    meta = {"name": f"t.{name}", "namespace": where}
    return {"apiVersion": "projectcalico.org/v3", "kind": "NetworkPolicy", "metadata": meta, "spec": spec}


@pytest.mark.parametrize(("plugin", "made"), [("cilium", cilium), ("calico", calico)])
def test_the_dialects_add_up_too(plugin: str, made: Any) -> None:
    profile = Profile(plugin, ip_blocks_match_pods=plugin == "calico")
    closed = 0
    for seed in range(24):
        random_ = random.Random(seed)  # noqa: S311 - no secret
        sides: list[list[Object]] = [[], []]
        for id_ in ("a/1", "a/2", "b/1"):
            kind = random_.choice(["create", "update", "prune"])
            sides[0] += [made(random_, id_)] if kind != "create" else []
            sides[1] += [made(random_, id_)] if kind != "prune" else []
        before, after = (cluster(*([TIER] if plugin == "calico" else []), *side, profile=profile) for side in sides)
        waves: dict[str, list[list[Key]]] = {}
        for key in sorted({**objects(before), **objects(after)}):
            waves.setdefault(key[2], [[]])[0].append(key)
        closed += compare(before, after, waves)[0] > 0
    assert closed > 1, closed


def test_within_a_namespace_one_object_cannot_have_both_versions() -> None:
    """The old version allows egress and the new one ingress: neither end, and no moment, allows both."""
    types = {"policyTypes": ["Ingress", "Egress"]}
    old = policy("a/1", **types, egress=[{"to": [{"podSelector": app("y")}]}])
    new = policy("a/1", **types, ingress=[{"from": [{"podSelector": app("x")}]}])
    key = ("networking.k8s.io", "NetworkPolicy", "a", "1")
    assert not [item for item in passage(cluster(old), cluster(new), {"a": [[key]]}).flaws() if not item.closes]


def test_policies_that_deny_are_refused_with_the_reason() -> None:
    deny = cilium(random.Random(1), "a/1")  # noqa: S311 - no secret
    deny["spec"]["ingressDeny"] = [{"fromEntities": ["world"]}]
    key = ("cilium.io", "CiliumNetworkPolicy", "a", "1")
    with pytest.raises(NotExact, match="a/1 denies"):
        passage(cluster(), cluster(deny), {"a": [[key]]})


def test_two_tiers_are_refused_with_the_reason() -> None:
    made = calico(random.Random(1), "a/1")  # noqa: S311 - no secret
    mixed = cluster(TIER, made, profile=Profile("calico", ip_blocks_match_pods=True))
    plain = cluster(TIER, policy("a/2", policyTypes=["Ingress"]), profile=Profile("calico", ip_blocks_match_pods=True))
    keys = [*objects(mixed), *objects(plain)]
    with pytest.raises(NotExact, match="several tiers"):
        passage(plain, mixed, {"a": [keys]})


def above(plugin: str, random_: random.Random, *, second: bool = False) -> list[Object]:
    """Policies above those of namespaces that only deny, as this tool renders guardrails, with random contents."""
    here, there = random_.choice("xy"), random_.choice("xy")
    way = random_.choice(["ingress", "egress"])
    name = "more" if second else "deny"
    if plugin == "cilium":
        ports = [{"ports": [{"port": "80", "protocol": "TCP"}]}]
        peers = {f"{'from' if way == 'ingress' else 'to'}Endpoints": [app(there)], "toPorts": ports}
        closes = dict.fromkeys(("ingress", "egress"), False)
        spec: Object = {"endpointSelector": app(here), "enableDefaultDeny": closes, f"{way}Deny": [peers]}
        head = {"apiVersion": "cilium.io/v2", "kind": "CiliumClusterwideNetworkPolicy"}
    elif plugin == "calico":
        peer = {"selector": f"app == '{there}'", "namespaceSelector": "all()"}
        rule = {"action": "Deny", "source" if way == "ingress" else "destination": peer}
        spec = {"tier": "g", "selector": f"app == '{here}'", "namespaceSelector": "all()", "types": [way.capitalize()]}
        spec[way] = [rule]
        head = {"apiVersion": "projectcalico.org/v3", "kind": "GlobalNetworkPolicy"}
        name = f"g.{name}"
    else:
        peer = {"pods": {"namespaceSelector": {}, "podSelector": app(there)}}
        rule = {"action": "Deny", "from" if way == "ingress" else "to": [peer]}
        subject = {"pods": {"namespaceSelector": {}, "podSelector": app(here)}}
        spec = {"priority": 100, "subject": subject, way: [rule]}
        head = {"apiVersion": "policy.networking.k8s.io/v1alpha1", "kind": "AdminNetworkPolicy"}
    made = [{**head, "metadata": {"name": name}, "spec": spec}]
    tier = {**TIER, "metadata": {"name": "g"}, "spec": {"order": 50, "defaultAction": "Pass"}}
    return [tier, *made] if plugin == "calico" and not second else made


@pytest.mark.parametrize(("plugin", "made"), [("cilium", cilium), ("calico", calico), ("unknown", random_policy)])
def test_what_is_denied_above_all_is_taken_from_every_mixture(plugin: str, made: Any) -> None:
    profile = Profile(plugin, ip_blocks_match_pods=plugin == "calico") if plugin != "unknown" else EXTERNAL
    less = closed = 0
    for seed in range(16):
        random_ = random.Random(seed)  # noqa: S311 - no secret
        sides: list[list[Object]] = [[], []]
        for id_ in ("a/1", "a/2", "b/1"):
            kind = random_.choice(["create", "update", "prune"])
            sides[0] += [made(random_, id_)] if kind != "create" else []
            sides[1] += [made(random_, id_)] if kind != "prune" else []
        guards = [*above(plugin, random_), *above(plugin, random_, second=True)]
        tier = [TIER] if plugin == "calico" else []
        counts = []
        for whole in (guards, []):
            before, after = (cluster(*tier, *whole, *side, profile=profile) for side in sides)
            waves: dict[str, list[list[Key]]] = {}
            for key in sorted({**objects(before), **objects(after)}):
                if key[2]:
                    waves.setdefault(key[2], [[]])[0].append(key)
            counts.append(compare(before, after, waves))
        closed += counts[0][0] > 0
        less += counts[0] != counts[1]
    assert closed > 1, closed
    assert less > 1, less


@pytest.mark.parametrize("plugin", ["calico", "unknown"])
def test_policies_above_that_change_or_allow_are_refused(plugin: str) -> None:
    profile = Profile(plugin, ip_blocks_match_pods=True) if plugin != "unknown" else EXTERNAL
    old, new = (above(plugin, random.Random(seed)) for seed in (1, 2))  # noqa: S311 - no secret
    team = policy("a/1", policyTypes=["Ingress"])
    key = ("networking.k8s.io", "NetworkPolicy", "a", "1")
    moving = [item for item in objects(cluster(*new, profile=profile)) if not item[2]]
    with pytest.raises(NotExact, match="of the whole cluster"):
        passage(cluster(*old, profile=profile), cluster(*new, team, profile=profile), {"a": [[key]], "": [moving]})
    passes = [{**item, "spec": {**item["spec"]}} for item in old]
    way = next(way for way in ("ingress", "egress") if way in passes[-1]["spec"])
    passes[-1]["spec"][way] = [{**passes[-1]["spec"][way][0], "action": "Pass"}]
    with pytest.raises(NotExact):
        passage(cluster(*passes, profile=profile), cluster(*passes, team, profile=profile), {"a": [[key]]})
