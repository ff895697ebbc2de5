"""Two revisions that share what they declare alike are what each of them is alone, whatever is edited."""

from __future__ import annotations

import pytest

from rendered_repository import TODAY, rendered
from rendered_repository import edited as edited_files
from ringfence import model, verify
from ringfence.impact import Report, Side, assess
from ringfence.model.types import Model
from small_repository import MemoryTree, small

SHOP, PAYMENTS, POLICIES = "teams/checkout/shop", "teams/payments/payments", "policies"

EDITS = {
    "a label": (f"{SHOP}/namespace.yaml", "{app: checkout}", "{app: till}"),
    "a port": (f"{SHOP}/namespace.yaml", "grpc: 5050", "grpc: 5051"),
    "a port for metrics": (f"{PAYMENTS}/namespace.yaml", "{https: 8443}", "{https: 8443, metrics: 9090}"),
    "a workload": (f"{SHOP}/namespace.yaml", "  checkout:", "  more:\n    labels: {app: more}\n  checkout:"),
    "an account": (f"{PAYMENTS}/namespace.yaml", "{app: api}", "{app: api}\n    serviceAccount: api"),
    "the labels of a namespace": (
        f"{PAYMENTS}/namespace.yaml",
        "accepts: [shop/checkout]",
        "accepts: [shop/checkout]\nlabels: {zone: inner}",
    ),
    "the environments of a workload": (
        f"{SHOP}/namespace.yaml",
        "{app: frontend}",
        "{app: frontend}\n    environments: [dev, prod]",
    ),
    "the ports of a flow": (f"{SHOP}/flows.yaml", "[grpc]", "[grpc, 5051]"),
    "the reason of a flow": (f"{SHOP}/flows.yaml", "The basket page", "The page of the basket"),
    "the name of a flow": (f"{SHOP}/flows.yaml", "place-order", "zz-order"),
    "the environments of a flow": (f"{PAYMENTS}/flows.yaml", "to: stripe", "to: stripe\n    environments: [prod]"),
    "a comment above flows": (f"{SHOP}/flows.yaml", "flows:", "# what the basket page does\nflows:"),
    "a comment above workloads": (f"{SHOP}/namespace.yaml", "workloads:", "# those of the shop\nworkloads:"),
    "the addresses of a peer": (f"{POLICIES}/catalog/platform.yaml", "192.0.2.0/24", "192.0.2.0/25"),
    "the labels of a peer": (f"{POLICIES}/catalog/platform.yaml", "{app: prometheus}", "{app: scraper}"),
    "the ports of a peer": (f"{POLICIES}/catalog/platform.yaml", "[53/UDP, 53/TCP]", "[53/UDP]"),
    "a peer": (
        f"{POLICIES}/catalog/platform.yaml",
        "peers:",
        "peers:\n  vault: {description: Secrets, owner: platform, namespace: vault, labels: {app: vault}}",
    ),
    "the ports of a grant": (f"{POLICIES}/baseline/platform.yaml", "[dns]", "[dns, 5353/UDP]"),
    "a comment above grants": (f"{POLICIES}/baseline/platform.yaml", "grants:", "# for all\ngrants:"),
    "a guardrail": (f"{POLICIES}/guardrails/platform.yaml", "except: [shop/checkout, ", "except: ["),
    "the networks of a cluster": (f"{POLICIES}/clusters/dev.yaml", "10.100.0.0/16", "10.101.0.0/16"),
    "the plugin of a cluster": (f"{POLICIES}/clusters/dev.yaml", "calico", "antrea"),
    "the dialect of a cluster": (f"{POLICIES}/clusters/dev.yaml", "kind: Cluster", "kind: Cluster\ndialect: calico"),
    "stages": (f"{POLICIES}/clusters/prod.yaml", "cni:", "stage: permissive\ncni:"),
    "a comment above a stage": (f"{POLICIES}/clusters/prod.yaml", "kind:", "# in two steps\nkind:"),
}
FIRST = {"a comment above a stage": ("stages",)}
"""What both sides have beside an edit."""


def edited(*names: str) -> dict[str, str | None]:
    """The files of the small repository that some edits change."""
    files: dict[str, str | None] = {}
    for name in names:
        path, old, new = EDITS[name]
        text = files.get(path) or small()[path]
        assert text.count(old) == 1
        files[path] = text.replace(old, new)
    return files


def said(state: verify.State, whose: Model) -> str:
    """All that a state holds and that is found of it, with the places that equality of some values passes over."""
    cluster = state.connectivity.cluster
    judged = [*verify.compare(state), *verify.violations(state, whose, TODAY)]
    ends = (cluster.endpoints, sorted(cluster.namespaces.items()), cluster.profile)
    return repr((state.declared, state.clusters, ends, state.findings, judged, list(state.connectivity.rows())))


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("is_rendered", [True, False], ids=["rendered", "stale"])
def test_a_side_that_shares_declarations_is_what_it_is_alone(name: str, *, is_rendered: bool) -> None:
    first = FIRST.get(name, ())
    files = [rendered(edited(*first))[0], rendered(edited(*first, name))[0]]
    if not is_rendered:  # the files of one side below the declarations of the other
        files[1] = {**files[0], **{path: content for path, content in files[1].items() if path in small()}}
    for number in (0, 1):
        trees = [MemoryTree(files[number]), MemoryTree(files[1 - number])]
        one, alone = (model.load(tree)[0] for tree in trees)
        other, _ = model.load(trees[1], like=one)
        assert one is not None
        assert other is not None
        assert alone is not None
        assert repr(other) == repr(alone)
        before = verify.States(one, trees[0])
        after, expected = verify.States(other, trees[1], like=before), verify.States(alone, trees[1])
        for cluster in expected.names:
            found = after.of(cluster, before.of(cluster))
            assert said(found, other) == said(expected.of(cluster), alone)


@pytest.mark.parametrize("name", EDITS)
def test_the_impact_is_the_same(name: str) -> None:
    def impact(*, shares: bool) -> Report:
        first = FIRST.get(name, ())
        trees = [MemoryTree(rendered(edited(*names))[0]) for names in (first, (*first, name))]
        head, _ = model.load(trees[1])
        base, _ = model.load(trees[0], like=head if shares else None)
        assert head is not None
        return assess(Side(trees[0], "base", base), Side(trees[1], "head", head), head, TODAY)

    assert repr(impact(shares=True)) == repr(impact(shares=False))


def test_what_only_policies_speak_of_is_in_their_side_alone() -> None:
    files, whole = rendered()
    path = "policies/rendered/base/payments/payments/api.yaml"
    other = edited_files(files, path, "namespace: payments\n", "namespace: elsewhere\n")
    before = verify.States(whole, MemoryTree(other))
    after = verify.States(whole, MemoryTree(files), like=before)
    one = before.of("dev")
    two = after.of("dev", one)
    assert one.declared.pods.keys() - two.declared.pods.keys() == {"elsewhere/*"}


def test_what_is_equal_is_one_object() -> None:
    one, _ = model.load(MemoryTree(rendered()[0]))
    assert one is not None
    other, _ = model.load(MemoryTree(rendered(edited("the ports of a flow"))[0]), like=one)
    assert other is not None
    assert other.workloads is one.workloads
    assert [new.name for new, old in zip(other.flows, one.flows, strict=True) if new is not old] == ["place-order"]
    again, _ = model.load(MemoryTree(rendered()[0]), like=one)
    assert again is not None
    assert again.flows is one.flows
    assert again.clusters is one.clusters
