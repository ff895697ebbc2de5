"""Why rendered files differ: each with the step that makes it another, and no file with a step that does not."""

from __future__ import annotations

import pytest

from rendered_repository import Files, edited, rendered
from ringfence import model, render
from ringfence.findings import Location
from ringfence.impact.origins import causes, origins
from ringfence.impact.types import Cause, Origin
from ringfence.model.types import Model
from ringfence.render.templates import packaged
from small_repository import MemoryTree, small

BASE, OVERLAYS = "policies/rendered/base", "policies/rendered/overlays"
CHECKOUT, FRONTEND = f"{BASE}/checkout/shop/checkout.yaml", f"{BASE}/checkout/shop/frontend.yaml"
KUSTOMIZATION = f"{OVERLAYS}/prod/checkout/shop/kustomization.yaml"
FLOWS = "teams/checkout/shop/flows.yaml"
OTHER_PORT = {FLOWS: small()[FLOWS].replace("ports: [grpc]", "ports: [metrics]")}
TEMPLATE = "policies/templates/kubernetes/policy.yaml.j2"
OWN: dict[str, str | None] = {TEMPLATE: packaged("kubernetes/policy.yaml.j2") + "# Ask us\n"}
POLICIES = tuple(
    f"{BASE}/{place}.yaml"
    for place in (
        "checkout/shop/baseline",
        "checkout/shop/checkout",
        "checkout/shop/frontend",
        "payments/payments/api",
        "payments/payments/baseline",
    )
)


@pytest.fixture(scope="module")
def start() -> Files:
    return rendered()[0]


@pytest.fixture(scope="module")
def other_port() -> Files:
    return rendered(OTHER_PORT)[0]


def with_template() -> Files:
    """The small repository with a template of its own, as that renders it."""
    return again({**small(), **OWN})


def again(files: Files) -> Files:
    """The files as they are when they are rendered by their own templates."""
    tree = MemoryTree(files)
    return {**files, **render.tree(loaded(files), render.own_templates(tree))}


def loaded(files: Files) -> Model:
    found, findings = model.load(MemoryTree(files))
    assert found, findings
    return found


def reasons(base: Files, head: Files, **options: object) -> tuple[Origin, ...]:
    options = {"base_model": loaded(base), "head_model": loaded(head), **options}
    return origins(MemoryTree(base), MemoryTree(head), **options)  # type: ignore[arg-type]


def test_nothing_differs(start: Files) -> None:
    assert reasons(start, start) == ()
    gitops = "policies/rendered/gitops/flux/dev/root.yaml"
    assert reasons(start, {**start, gitops: "other", "policies/rendered/notes": "x"}) == ()


def test_the_declarations(start: Files, other_port: Files) -> None:
    assert reasons(start, other_port) == (Origin("declarations", (CHECKOUT, FRONTEND)),)


def test_a_hand(start: Files) -> None:
    new = f"{BASE}/checkout/shop/new.yaml"
    head = edited(start, CHECKOUT, "port: 5050", "port: 5051")
    head = {path: raw for path, raw in {**head, new: "x"}.items() if path != KUSTOMIZATION}
    assert reasons(start, head) == (Origin("hand", tuple(sorted((CHECKOUT, new, KUSTOMIZATION)))),)
    assert reasons(head, head) == ()


def test_another_version_of_the_tool(start: Files) -> None:
    old = f"{BASE}/checkout/shop/old.yaml"
    base = edited(start, CHECKOUT, "port: 5050", "port: 5051")
    base = {path: raw for path, raw in {**base, old: "x"}.items() if path != KUSTOMIZATION}
    assert reasons(base, start) == (Origin("tool", tuple(sorted((CHECKOUT, old, KUSTOMIZATION)))),)


def test_a_template(start: Files) -> None:
    head = with_template()
    assert reasons(start, head) == (Origin("template", POLICIES, (TEMPLATE,)),)
    assert reasons(head, start) == (Origin("template", POLICIES, (TEMPLATE,)),)
    assert reasons(head, head) == ()


def test_several_reasons_each_with_its_files(start: Files) -> None:
    base = edited(start, CHECKOUT, "port: 5050", "port: 5051")
    head = edited(again({**small(), **OTHER_PORT, **OWN}), POLICIES[3], "port: 8443", "port: 8444")
    assert reasons(base, head) == (
        Origin("declarations", (CHECKOUT, FRONTEND)),
        Origin("template", POLICIES, (TEMPLATE,)),
        Origin("tool", (CHECKOUT,)),
        Origin("hand", (POLICIES[3],)),
    )


def test_a_base_that_cannot_be_rendered_has_no_reasons_but_declarations(start: Files, other_port: Files) -> None:
    base = edited(start, CHECKOUT, "port: 5050", "port: 5051")
    expected = (Origin("declarations", (CHECKOUT, FRONTEND)),)
    assert reasons(base, other_port, base_model=None) == expected
    broken: Files = {**base, TEMPLATE: "{{ nothing.of.this }}\n"}
    assert reasons(broken, other_port) == expected


def test_a_part_of_the_namespaces(start: Files, other_port: Files) -> None:
    """The others are in neither tree, and nobody takes them for files that a hand removed."""
    sides = [
        {path: raw for path, raw in files.items() if not path.startswith("policies/rendered/") or "/shop/" in path}
        for files in (start, other_port)
    ]
    assert reasons(*sides, within={"shop"}) == (Origin("declarations", (CHECKOUT, FRONTEND)),)


def test_what_is_known_is_not_rendered(start: Files, other_port: Files) -> None:
    expected = (Origin("declarations", (CHECKOUT, FRONTEND)),)
    told = [{path: raw for path, raw in files.items() if isinstance(raw, bytes)} for files in (start, other_port)]
    assert reasons(start, other_port, known=tuple(told)) == expected
    assert reasons(start, other_port, known=(told[0], None)) == reasons(start, other_port, known=(None, told[1]))
    older = {**told[0], CHECKOUT: b"older"}
    later = {**told[1], FRONTEND: b"later", "policies/rendered/gitops/x": b"x"}
    assert reasons(start, other_port, known=(older, later)) == (
        *expected,
        Origin("tool", (CHECKOUT,)),
        Origin("hand", (FRONTEND,)),
    )


def cause(kind: str, path: str, reason: str, side: str) -> Cause:
    return Cause(kind, path, Location(path), "platform", reason, "", "", side, "edited")


def test_a_hand_and_the_tool_are_causes_between_the_ends_whose_files_they_wrote() -> None:
    overlay = f"{OVERLAYS}/dev/payments/payments/kustomization.yaml"
    wide = f"{OVERLAYS}/dev/_cluster/guardrails.yaml"
    found = (
        Origin("declarations", (CHECKOUT,)),
        Origin("template", (CHECKOUT,), (TEMPLATE,)),
        Origin("tool", (CHECKOUT, FRONTEND, f"{BASE}/kustomization.yaml", overlay)),
        Origin("hand", (KUSTOMIZATION, FRONTEND, CHECKOUT, wide)),
    )
    shop, payments = ("checkout", "shop"), ("payments", "payments")
    tool = "this version writes another file from the base's declarations: another version wrote it, or a hand"
    hand = "the rendered file is not what the declarations say: edited by hand, or not rendered again"
    assert causes(found, frozenset({shop})) == [
        cause("tool", CHECKOUT, f"{tool} (and 1 more files)", "base"),
        cause("hand", CHECKOUT, f"{hand} (and 2 more files)", "head"),
    ]
    assert causes(found, frozenset({payments})) == [cause("tool", overlay, tool, "base")]
    assert causes(found, frozenset({payments, shop}))[0].reason == f"{tool} (and 2 more files)"
    assert causes(found, frozenset({("_cluster", "guardrails.yaml"), ("checkout", "payments")})) == []
    assert causes(found, frozenset()) == causes((), frozenset({shop})) == []
