"""Laws that hold for any cluster: of differences, of order, of adding rules."""

from __future__ import annotations

import copy
from typing import Any

from clusters import NAMESPACES, clusters, files, names, policies, rules
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ringfence.connectivity import Change, Connectivity, Profile, diff, evaluate, from_directory, to_json
from ringfence.connectivity import names as names_of
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import NO_PORTS, PortSet

Object = dict[str, Any]

SETTINGS = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
readings = st.sampled_from([True, False, None])


def result(objects: list[Object], match_pods: bool | None = True, representatives: bool = False) -> Connectivity:
    return evaluate(from_directory(files(objects), Profile("p", ip_blocks_match_pods=match_pods)), representatives)


def edited(objects: list[Object], data: st.DataObject) -> list[Object]:
    """The same cluster with some objects gone, some policies replaced, some labels changed."""
    kept = [item for item in copy.deepcopy(objects) if data.draw(st.integers(0, 5))]
    for item in kept:
        if item["kind"] == "NetworkPolicy" and data.draw(st.booleans()):
            item["spec"] = data.draw(policies("x"))["spec"]
        elif item["kind"] == "Pod" and data.draw(st.integers(0, 3)) == 0:
            item["metadata"]["labels"] = {"app": "x"}
    return kept


@SETTINGS
@given(clusters(), readings, st.booleans())
def test_a_cluster_does_not_differ_from_itself(objects: list[Object], reading: bool | None, representatives: bool):
    assert diff(result(objects, reading, representatives), result(objects, reading, representatives)) == []


@SETTINGS
@given(clusters(), readings, st.data())
def test_the_other_way_round_a_difference_mirrors(objects: list[Object], reading: bool | None, data: st.DataObject):
    a, b = result(objects, reading), result(edited(objects, data), reading)
    mirror = {"added": "removed", "removed": "added", "changed": "changed", "undefined": "undefined"}
    there = [(item.kind, *ends(item), *sides(item)) for item in diff(a, b)]
    back = [(mirror[item.kind], *ends(item), *sides(item)[::-1]) for item in diff(b, a)]
    assert sorted(map(str, there)) == sorted(map(str, back))


def ends(item: Change) -> list[list[str]]:
    return [names_of(item.source), names_of(item.destination)]


def sides(item: Change) -> list[tuple[PortSet, PortSet]]:
    return [(item.before, item.undefined_before), (item.after, item.undefined_after)]


@SETTINGS
@given(clusters(), readings, st.data())
def test_a_difference_is_exactly_what_lookups_say(objects: list[Object], reading: bool | None, data: st.DataObject):
    a, b = result(objects, reading), result(edited(objects, data), reading)
    changes = diff(a, b)
    told = {(str(item.source), str(item.destination)): item for item in changes}
    pods = sorted({item.id for side in (a, b) for item in side.endpoints})
    for source in pods:
        for destination in pods:
            if source != destination:
                before, after = (pair(side, source, destination) for side in (a, b))
                item = told.get((f"{source}[Pod]", f"{destination}[Pod]"))
                assert (item is None) == (before == after)
                if item:
                    assert ((item.before, item.undefined_before), (item.after, item.undefined_after)) == (before, after)
    for name in pods:
        for cell in cells(a, b):
            before, after = (pair(side, name, cell) for side in (a, b))
            found = [item for item in changes if str(item.source) == f"{name}[Pod]" and touches(item.destination, cell)]
            assert [((item.before, item.undefined_before), (item.after, item.undefined_after)) for item in found] == (
                [(before, after)] if before != after else []
            )


def pair(side: Connectivity, source: str, destination: str | AddressSet) -> tuple[PortSet, PortSet]:
    known = {item.id for item in side.endpoints}
    if source not in known or (isinstance(destination, str) and destination not in known):
        return NO_PORTS, NO_PORTS
    return side.ports(source, destination), side.undefined(source, destination)


def cells(a: Connectivity, b: Connectivity) -> list[AddressSet]:
    return [both for one in a.space.cells for other in b.space.cells if (both := one & other)]


def touches(end: object, cell: AddressSet) -> bool:
    return isinstance(end, AddressSet) and bool(end & cell)


@SETTINGS
@given(clusters(max_policies=5), st.data())
def test_adding_an_allow_rule_never_closes(objects: list[Object], data: st.DataObject):
    targets = [item for item in objects if item["kind"] == "NetworkPolicy"]
    assume(targets)
    more = copy.deepcopy(objects)
    number = data.draw(st.integers(0, len(targets) - 1))
    spec = [item for item in more if item["kind"] == "NetworkPolicy"][number]["spec"]
    isolates = {"Ingress", *(["Egress"] if spec.get("egress") else [])}
    spec.setdefault("policyTypes", sorted(isolates))
    section, key = data.draw(st.sampled_from([("ingress", "from"), ("egress", "to")]))
    spec.setdefault(section, []).insert(0, data.draw(rules(key)))
    assert [item for item in diff(result(objects), result(more)) if item.closed] == []


@SETTINGS
@given(clusters(), st.data())
def test_adding_a_policy_that_selects_nothing_changes_nothing(objects: list[Object], data: st.DataObject):
    extra = data.draw(policies("extra"))
    extra["spec"]["podSelector"] = {"matchLabels": {"no-pod": "has-this"}}
    assert diff(result(objects), result([*objects, extra])) == []


@SETTINGS
@given(clusters(), readings, st.randoms(use_true_random=False))
def test_the_order_of_objects_and_rules_never_matters(objects: list[Object], reading: bool | None, random: Any):
    shuffled = copy.deepcopy(objects)
    random.shuffle(shuffled)
    for item in shuffled:
        if item["kind"] == "NetworkPolicy":
            for section, key in (("ingress", "from"), ("egress", "to")):
                listed = item["spec"].get(section) or []
                random.shuffle(listed)
                for rule in listed:
                    random.shuffle(rule.get(key) or [])
                    random.shuffle(rule.get("ports") or [])
    a, b = to_json(result(objects, reading)), to_json(result(shuffled, reading))
    assert a["connections"] == b["connections"]
    assert [row[:3] for row in a["undefined"]] == [row[:3] for row in b["undefined"]]


@SETTINGS
@given(clusters(), readings)
def test_files_can_be_cut_anywhere(objects: list[Object], reading: bool | None):
    parts = {f"{number}.yaml": files([item])["all.yaml"] for number, item in enumerate(objects)}
    cut = evaluate(from_directory(parts, Profile("p", ip_blocks_match_pods=reading)))
    assert diff(result(objects, reading), cut) == []


@SETTINGS
@given(clusters())
def test_representatives_change_nothing_between_the_pods_that_exist(objects: list[Object]):
    plain, more = result(objects), result(objects, representatives=True)
    for source in names(objects):
        for destination in names(objects):
            assert pair(plain, source, destination) == pair(more, source, destination)


@SETTINGS
@given(clusters(), st.data())
def test_a_new_pod_stays_within_what_its_representative_says(objects: list[Object], data: st.DataObject):
    """What is denied for `namespace/*` is denied for every pod to come; what is certain for it holds for each."""
    namespace = data.draw(st.sampled_from(NAMESPACES))
    new = copy.deepcopy(next(item for item in objects if item["kind"] == "Pod"))
    new["metadata"] |= {
        "name": "new",
        "namespace": namespace,
        "labels": data.draw(st.dictionaries(st.sampled_from("ka"), st.just("x"))),
    }
    new.pop("status")
    before, after = result(objects, False, representatives=True), result([*objects, new], False)
    exists = {item.namespace for item in before.endpoints}
    stand_in = f"{namespace}/*" if namespace in exists else "*/*"
    for other in names(objects):
        for ends, likely in (
            ((f"{namespace}/new", other), (stand_in, other)),
            ((other, f"{namespace}/new"), (other, stand_in)),
        ):
            now = after.ports(*ends)
            assert before.ports(*likely) <= now <= before.ports(*likely) | before.undefined(*likely)
