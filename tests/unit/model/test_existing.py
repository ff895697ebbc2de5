"""What exists is found out once for trees that say it alike; each tree is as it would be alone."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ringfence import model
from ringfence.findings import Finding
from ringfence.model.remembered import Remembered
from ringfence.model.types import Model
from small_repository import HEADER, MemoryTree, flows, over, small

SHOP, PAYMENTS, CATALOG = "teams/checkout/shop", "teams/payments/payments", "policies/catalog/platform.yaml"
BASELINE, GUARDRAILS = "policies/baseline/platform.yaml", "policies/guardrails/platform.yaml"

EDITS = {
    "a port of a flow": (f"{SHOP}/flows.yaml", "[grpc]", "[metrics]"),
    "a place": (f"{SHOP}/flows.yaml", "flows:", "# moved\nflows:"),
    "an unknown end": (f"{SHOP}/flows.yaml", "from: frontend", "from: backend"),
    "a name twice": (f"{SHOP}/flows.yaml", "name: authorise-card", "name: place-order"),
    "no flows": (f"{SHOP}/flows.yaml", None, None),
    "a file that is lost": (f"{PAYMENTS}/flows.yaml", "kind:", "kind: ["),
    "a workload": (f"{SHOP}/namespace.yaml", "  checkout:", "  more:\n    labels: {app: more}\n  checkout:"),
    "a workload gone": (f"{SHOP}/namespace.yaml", "  frontend:", "  other:"),
    "labels that overlap": (f"{SHOP}/namespace.yaml", "{app: checkout}", "{app: frontend, more: b}"),
    "a namespace gone": (f"{PAYMENTS}/namespace.yaml", None, None),
    "a peer gone": (CATALOG, "  stripe:", "  strike:"),
    "a peer with another port": (CATALOG, "kind:", "# moved\nkind:"),
    "a stage": ("policies/clusters/dev.yaml", "cni:", "stage: permissive\ncni:"),
    "a cluster that is lost": ("policies/clusters/prod.yaml", "environment:", "environments:"),
    "no settings": ("policies/ringfence.yaml", None, None),
    "a team": ("teams/checkout/team.yaml", "kind:", "# moved\nkind:"),
    "a grant": (BASELINE, "reason: Every", "reason: Each"),
    "a grant that is broken": (BASELINE, "to: kube-dns", "to: cube-dns"),
    "a guardrail": (GUARDRAILS, "reason: Tests", "reason: Trials"),
    "a guardrail that is broken": (GUARDRAILS, "environments: [dev]", "environments: [dav]"),
}
WAIVERS = "policies/waivers/platform.yaml"
NEW = {
    "more flows": (
        f"{SHOP}/more.yaml",
        flows("name: more, from: checkout, to: payments/api, ports: [8443]"),
    ),
    "a waiver": (
        WAIVERS,
        HEADER.format("Waivers")
        + "waivers:\n  - {check: RF203, subject: shop/place-order, reason: R, approver: '@a/b', expires: 2027-01-01}\n",
    ),
    "a waiver of nothing": (
        WAIVERS,
        HEADER.format("Waivers")
        + "waivers:\n  - {check: RF203, subject: shop/gone, reason: R, approver: '@a/b', expires: 2027-01-01}\n",
    ),
    "waivers of what may be broken": (
        WAIVERS,
        HEADER.format("Waivers") + "waivers:\n"
        "  - {check: RF203, subject: baseline/dns, reason: R, approver: '@a/b', expires: 2027-01-01}\n"
        "  - {guardrail: nothing-from-dev-reaches-prod, subject: shop/place-order, reason: R, approver: '@a/b', "
        "expires: 2027-01-01}\n",
    ),
    "a team after all others": (
        "teams/zeta/team.yaml",
        HEADER.format("Team") + 'contact: "#zeta"\nowners: ["@example/zeta"]\nnamespaces: [zeta]\n',
    ),
    "a profile": ("policies/profiles/calico.yaml", HEADER.format("CniProfile") + "title: Ours\nextends: calico@3.32\n"),
    "an adopted policy": (
        "policies/adopted/dev/shop/old.yaml",
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: old, namespace: shop}\nspec: {}\n",
    ),
}
Said = tuple[Model | None, list[Finding]]


def tree(names: frozenset[str]) -> MemoryTree:
    """The small repository with some edits."""
    files: dict[str, str | None] = {}
    for name in sorted(names):
        if name in NEW:
            path, content = NEW[name]
            files[path] = content
            continue
        path, old, new = EDITS[name]
        text = files.get(path, small()[path])
        files[path] = None if old is None or text is None else text.replace(old, new or "")
    return MemoryTree(over(files))


def plainly(names: frozenset[str], absent: frozenset[str] = frozenset()) -> Said:
    return model.load(tree(names), absent)


some = st.frozensets(st.sampled_from([*EDITS, *NEW]), max_size=3)
folders = st.sampled_from([frozenset[str](), frozenset({PAYMENTS})])


@example(
    [(frozenset(), frozenset()), (frozenset({"no flows"}), frozenset()), (frozenset({"a name twice"}), frozenset())]
)
@given(st.lists(st.tuples(some, folders), min_size=2, max_size=4))
@settings(deadline=None)
def test_trees_that_share_are_what_each_is_alone(sides: list[tuple[frozenset[str], frozenset[str]]]) -> None:
    shared = Remembered()
    for names, absent in sides:
        found = model.load(tree(names), absent, shared)
        alone = plainly(names, absent)
        assert found == alone
        assert repr(found) == repr(alone)


@pytest.mark.parametrize("name", [*EDITS, *NEW])
def test_what_exists_is_the_same_where_flows_and_waivers_alone_differ(name: str) -> None:
    shared = Remembered()
    one, _ = model.load(tree(frozenset()), shared=shared)
    other, _ = model.load(tree(frozenset({name})), shared=shared)
    path = NEW[name][0] if name in NEW else EDITS[name][0]
    alike = path == WAIVERS or (path.startswith("teams/") and path.endswith(("/flows.yaml", "/more.yaml")))
    alike = alike and name != "a file that is lost"
    assert one is not None
    assert (other is not None and other.workloads is one.workloads and other.peers is one.peers) == alike


def test_flows_of_documents_that_are_the_same_are_the_same() -> None:
    shared = Remembered()
    sides = [model.load(tree(frozenset(names)), shared=shared)[0] for names in ((), ("a port of a flow",))]
    one, other = ({flow.id: flow for flow in side.flows} for side in sides if side)
    assert [name for name, flow in other.items() if flow is not one[name]] == [
        "shop/authorise-card",
        "shop/place-order",
    ]


@pytest.mark.parametrize("name", ["a grant that is broken", "a guardrail that is broken"])
def test_a_waiver_of_what_is_broken_is_no_second_finding(name: str) -> None:
    _, findings = plainly(frozenset({name}))
    assert len(findings) == 1
    assert plainly(frozenset({name, "waivers of what may be broken"}))[1] == findings


def test_a_flow_to_a_peer_that_is_broken_is_no_second_finding() -> None:
    broken = over({CATALOG: small()[CATALOG].replace("192.0.2.0/24", "192.0.2.1/24")})
    _, findings = model.load(MemoryTree(broken))
    assert [item.where.path for item in findings] == [CATALOG]


def test_what_is_in_error_is_found_out_again() -> None:
    shared = Remembered()
    found = [model.load(tree(frozenset({"labels that overlap"})), shared=shared) for _ in range(2)]
    assert found[0] == found[1]
    assert found[0][1]
