"""What is counted and not listed: as much as a look at each pair finds, on repositories edited by hand."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from observed_kit import observed, pod, seen
from rendered_repository import TODAY, Files, impact_of, rendered
from ringfence import verify
from ringfence.connectivity import diff, scattered
from ringfence.connectivity.listing import end_of
from ringfence.impact import LeftOut, assess, bulk
from ringfence.impact.assemble import Side
from ringfence.impact.causes import covering
from ringfence.impact.gates import mass_change
from ringfence.impact.measures import connections, counted, justified
from ringfence.report import impact_html, impact_json, impact_markdown, impact_text
from ringfence.values.addresses import NOWHERE, AddressSet
from ringfence.values.ports import ALL_PORTS, NO_PORTS
from ringfence.verify import rows
from ringfence.verify.ends import End, is_other
from ringfence.verify.state import State
from small_repository import MemoryTree, small

RENDERED = "policies/rendered/"
CLUSTER = "policies/clusters/prod.yaml"
DEV = "policies/clusters/dev.yaml"
STAGING = "policies/clusters/staging.yaml"
TEXTS = (
    ("8443", "8444"),
    ("TCP", "UDP"),
    ("- Egress", ""),
    ("- Ingress", ""),
    ("ipBlock", "podSelector"),
    ("app:", "x:"),
)


def by_hand(files: Files, chance: random.Random) -> Files:
    """Some rendered files edited, gone, or all of them."""
    paths = [path for path in files if path.startswith(f"{RENDERED}base")]
    gone = chance.choice((0, 0, 1, 3, len(paths)))
    result = {path: text for path, text in files.items() if gone < len(paths) or not path.startswith(RENDERED)}
    for path in chance.sample(paths, gone) if gone < len(paths) else ():
        del result[path]
    for path in (path for path in paths if path in result and chance.random() < 0.4):
        text = result[path]
        old, new = chance.choice(TEXTS)
        result[path] = (text if isinstance(text, str) else text.decode()).replace(old, new, chance.choice((1, 9)))
    return result


def sides(seed: int) -> Iterator[tuple[State, State]]:
    """The states of two such repositories, cluster by cluster; in some, a stage leaves everything open."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    stage = chance.choice(("", "stage: permissive\n", "stage: {ingress: permissive, egress: enforce}\n"))
    pairs = []
    for more in (stage, chance.choice(("", stage))):
        files, model = rendered({CLUSTER: small()[CLUSTER] + more})
        pairs.append(verify.States(model, MemoryTree(by_hand(files, chance))))
    for name in pairs[0].names:
        one = pairs[0].of(name)
        yield one, pairs[1].of(name, one)


def pair_by_pair(one: State, other: State) -> tuple[int, int]:
    """How many connections that were open on every port close, and how many keep some ports."""
    nodes = one.connectivity.cluster.profile.nodes
    found: list[set[tuple[object, object]]] = [set(), set()]
    for item in diff(one.connectivity, other.connectivity):
        source, destination = end_of(item.source), end_of(item.destination)
        known = [one.declared.pods.get(end) for end in (source, destination) if isinstance(end, str)]
        told = is_other(source) or is_other(destination) or (isinstance(source, AddressSet) and source <= nodes)
        certain = told or item.undefined_after == NO_PORTS
        if item.before == ALL_PORTS != item.after and certain and any(pod and pod.namespace for pod in known):
            ends = ("" if isinstance(end, AddressSet) else end for end in (source, destination))
            found[item.after != NO_PORTS].add((next(ends), next(ends)))
    return len(found[0]), len(found[1])


def one_by_one(state: State) -> tuple[int, int]:
    """How many connections are all declared, of how many."""
    number = total = 0
    said = replace(state.declared, opened={})
    for row, ends in connections(state):
        unsaid = covering(said, *ends, row.allowed)[1]
        if not unsaid or covering(state.declared, *ends, row.allowed)[1]:
            total += 1
            number += not unsaid
    return number, total


def closing(before: State, after: State) -> list[tuple[str, str, int, int]]:
    """How many connections of each namespace close, of how many."""
    still: set[tuple[End, End]] = set()
    outside: dict[tuple[bool, End], AddressSet] = {}
    for _, ends in connections(after, possible=True):
        for way, end in enumerate(ends):
            if isinstance(end, AddressSet):
                key = bool(way), ends[1 - way]
                outside[key] = outside.get(key, NOWHERE) | end
        still.add(ends)
    closed: Counter[tuple[str, str]] = Counter()
    total: Counter[tuple[str, str]] = Counter()
    for _, ends in connections(before):
        pods = [before.declared.pods[end] for end in ends if isinstance(end, str)]
        places = {(pod.cluster.name, pod.namespace.name) for pod in pods if pod.cluster and pod.namespace}
        total.update(places)
        left = [
            outside.get((bool(way), ends[1 - way]), NOWHERE) & end
            for way, end in enumerate(ends)
            if not isinstance(end, str)
        ]
        if all(pod.id in after.declared.pods for pod in pods) and not (any(left) if left else ends in still):
            closed.update(places)
    return [(*place, closed[place], total[place]) for place in sorted(closed)]


@pytest.mark.parametrize("seed", range(40))
def test_whole_rows_say_what_each_pair_says(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "FEW", (256, 3, 0)[seed % 3])
    monkeypatch.setattr(scattered, "FROM", (0, 4_000)[seed % 2])
    monkeypatch.setattr(scattered, "PAIRS", (256, 3, 0)[seed // 2 % 3])
    for one, other in sides(seed):
        all_ = bulk.bulk(one, other, 0)
        closed, narrowed = pair_by_pair(one, other)
        assert all_.left_out == ((LeftOut((one.name,), closed, narrowed),) if closed + narrowed else ())
        listed = list(all_.laid.changes(but=all_.but))
        whole = diff(one.connectivity, other.connectivity)
        ends = {(str(item.source), str(item.destination)) for item in listed}
        assert [
            item for item in whole if (str(item.source), str(item.destination)) in ends and item in listed
        ] == listed
        assert all(item.before == ALL_PORTS for item in whole if item not in listed)
        assert all(not item.opened for item in whole if item not in listed)
        assert [justified(state) for state in (one, other)] == [one_by_one(state) for state in (one, other)]
        for much in (all_, bulk.bulk(one, other)):
            assert list(mass_change.closing(one, other, much)) == closing(one, other)


@pytest.mark.parametrize("few", [0, 3, 100])
def test_parts_of_rows_that_overlap_are_counted_once(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "FEW", few)
    sure = rows.Scattered({0b01: 0b0111, 0b11: 0b1000}, {1: 0b10, 3: 0b01, 4: 0b10, 5: 0b10})
    said = rows.Scattered({0b01: 0b0001}, {1: 0b10, 3: 0b10, 4: 0b11, 6: 0b11})
    # by destination: sure 01 11 01 11 10 10 -, said 01 10 - 10 11 - 11
    assert counted(sure, said, 0b1111111, 0) == (2, 6)
    assert counted(sure, said, 0b1111111, 0b0001101) == (2, 4)
    assert counted(sure, said, 0b1110110, 0b1111111) == (1, 1)
    assert counted(sure, rows.NOTHING, 0b1111111, 0b0100001) == (0, 4)


def test_a_list_that_nobody_can_read_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "LISTED", 20)
    files, model = rendered()
    nothing = {path: text for path, text in files.items() if not path.startswith(RENDERED)}
    report = impact_of(nothing, files)
    assert [item.clusters for item in report.left_out] == [("dev",), ("prod",)]
    assert not any(change.before == ALL_PORTS for change in report.changes)
    assert report.quiet_clusters == ()
    assert not report.automatic.approvable
    number = f"{sum(item.closed + item.narrowed for item in report.left_out):,}"
    for text in (
        impact_text.render(report, colour=False),
        impact_markdown.render(report),
        impact_html.render(report),
        impact_json.render(report),
    ):
        assert f"and {number} that were open on every port close, not listed" in text
        assert "--all" in text or '"leftOut"' in text
    trees = [Side(MemoryTree(tree), "", model) for tree in (nothing, files)]
    complete = assess(*trees, model, TODAY, complete=True)
    assert complete.left_out == ()
    assert [gate for gate in complete.gates if gate.name != "used-connections"] == list(report.gates)
    assert complete.measures == report.measures
    assert {item for item in complete.changes if item.before != ALL_PORTS} <= set(report.changes)
    assert len(complete.changes) > len(report.changes)


def test_clusters_that_share_a_kubernetes_cluster_are_counted_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "LISTED", 20)
    pattern = "{namespace}-{environment}"
    more = f'kubernetesCluster: nonprod\nnamespacePattern: "{pattern}"\n'
    dev = small()[DEV].replace("https://dev.", "https://nonprod.") + more
    files, model = rendered({DEV: dev, STAGING: dev.replace("environment: dev\n", "environment: staging\n")})
    nothing = {path: text for path, text in files.items() if not path.startswith(RENDERED)}
    trees = [Side(MemoryTree(tree), "", model) for tree in (nothing, files)]
    everything = {item.clusters: item for item in assess(*trees, model, TODAY).left_out}
    assert list(everything) == [("dev",), ("dev", "staging"), ("prod",), ("staging",)]
    for only in ("dev", "staging", "prod"):
        report = assess(*trees, model, TODAY, only)
        assert report.left_out == tuple(item for clusters, item in everything.items() if only in clusters)
        lists = assess(*trees, model, TODAY, only, complete=True).changes
        before = [change for change in lists if change.before == ALL_PORTS]
        for clusters in {change.clusters for change in before} | {item.clusters for item in report.left_out}:
            here = [change for change in before if change.clusters == clusters]
            kept = sum(change.after != NO_PORTS for change in here)
            assert everything[clusters] == LeftOut(clusters, len(here) - kept, kept)
    words = impact_text.render(assess(*trees, model, TODAY), colour=False)
    assert f"Between dev and staging, {everything['dev', 'staging'].closed:,} connections that were open" in words


def test_with_a_log_the_pairs_of_its_cluster_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each pair is asked for its traffic, in the cluster that the log is of and in no other."""
    monkeypatch.setattr(bulk, "LISTED", 20)
    files, model = rendered()
    nothing = {path: text for path, text in files.items() if not path.startswith(RENDERED)}
    trees = [Side(MemoryTree(tree), "", model) for tree in (nothing, files)]
    report = assess(*trees, model, TODAY, logs={"dev": observed(seen(pod("shop/frontend"), pod("shop/checkout"), "1"))})
    assert [item.clusters for item in report.left_out] == [("prod",)]
    assert {change.clusters for change in report.changes if change.before == ALL_PORTS} == {("dev",)}


def test_a_change_that_opens_everything_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "LISTED", 0)
    files, _ = rendered()
    nothing = {path: text for path, text in files.items() if not path.startswith(RENDERED)}
    monkeypatch.setattr(bulk, "LISTED", 0)
    report = impact_of(files, nothing)
    assert report.left_out == ()
    assert all(change.opened for change in report.changes)
