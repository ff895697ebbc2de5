"""`ringfence rollout` on real repositories: what is proven, what happens for a moment, and what is refused."""

from __future__ import annotations

import shutil

import pytest
from command_kit import CALL_BACK, CATALOG, CHECKOUT, Cli, add_flow, edit

from git_repository import GitRepository

DEV = "policies/clusters/dev.yaml"
ONLY_CHECKOUT = """\
apiVersion: ringfence.dev/v1alpha1
kind: Guardrails
guardrails:
  - name: cards
    never: {from: {namespaces: [shop], except: [shop/checkout]}, to: {namespaces: [payments]}}
    reason: Only the checkout pays
"""
BASE = "policies/rendered/base/"
PLUGINS = {"kubernetes": "calico", "calico": "calico", "cilium": "cilium"}


def cluster(small: GitRepository, dialect: str, stage: str) -> None:
    small.write(
        DEV,
        "apiVersion: ringfence.dev/v1alpha1\nkind: Cluster\nenvironment: dev\nserver: https://dev.example.com:6443\n"
        f"dialect: {dialect}\nstage: {stage}\ncni: {{name: {PLUGINS[dialect]}}}\n"
        "networks: {pods: [10.0.0.0/14], services: [10.4.0.0/20], nodes: [10.100.0.0/16]}\n",
    )


def rendered(small: GitRepository, ringfence: Cli, dialect: str, stage: str) -> None:
    """What another stage or dialect renders, committed."""
    cluster(small, dialect, stage)
    assert ringfence("render").code == 0
    small.commit()


@pytest.fixture
def bare(small: GitRepository) -> GitRepository:
    """The repository before its first rendering, without the guardrails of stages."""
    (small.path / "policies/guardrails/platform.yaml").unlink()
    shutil.rmtree(small.path / "policies/rendered")
    small.commit()
    return small


@pytest.mark.parametrize("dialect", PLUGINS)
def test_a_first_roll_out_closes_for_moments_and_says_the_way_out(
    bare: GitRepository, ringfence: Cli, dialect: str
) -> None:
    cluster(bare, dialect, "enforce")
    bare.commit()
    assert ringfence("render").code == 0
    done = ringfence("rollout", "--base", "HEAD", "--cluster", "dev")
    assert done.code == 1, done
    assert "shop/checkout → payments/api  8443/TCP  closed for a moment" in done.out
    assert "ringfence promote shop --cluster dev --to permissive" in done.out
    found = ringfence("rollout", "--base", "HEAD", "--cluster", "dev", "--format", "json").json
    assert found["counts"]["opened"] == 0
    assert found["counts"]["closed"] == len(found["moments"]) > 0
    assert {item["tool"] for item in found["steps"]} == {"argocd", "flux"}
    prefix = "ringfence." if dialect == "calico" else "ringfence-"
    pay = [m for m in found["moments"] if (m["source"], m["destination"]) == ("shop/checkout", "payments/api")]
    argo = [(m["at"], m["objects"]) for m in pay if m["tool"] == "argocd"]
    assert (
        [{"namespace": "payments", "steps": ["wave 0"]}],
        [f"payments/{prefix}api", f"payments/{prefix}baseline"],
    ) in argo


@pytest.mark.parametrize("dialect", PLUGINS)
def test_by_way_of_permissive_nothing_closes_at_any_moment(bare: GitRepository, ringfence: Cli, dialect: str) -> None:
    cluster(bare, dialect, "permissive")
    bare.commit()
    assert ringfence("render").code == 0
    bare.commit()
    first = ringfence("rollout", "--base", "HEAD~1", "--head", "HEAD", "--cluster", "dev")
    assert first.code == 0, first.out
    assert first.out.startswith("Proven: ")
    assert "wave -10: create " in first.out
    rendered(bare, ringfence, dialect, "enforce")
    second = ringfence("rollout", "--base", "HEAD~1", "--head", "HEAD", "--cluster", "dev")
    assert second.code == 0, second.out
    assert "prune: prune " in second.out
    back = ringfence("rollout", "--base", "HEAD", "--head", "HEAD~1", "--cluster", "dev")
    assert back.code == 0, back.out


def test_permissive_in_one_wave_with_the_rest_is_no_way_out(bare: GitRepository, ringfence: Cli) -> None:
    """The wave of what keeps a namespace open is what makes it safe."""
    cluster(bare, "kubernetes", "permissive")
    bare.commit()
    assert ringfence("render").code == 0
    for path in (bare.path / "policies/rendered").rglob("*permissive*.yaml"):
        path.write_text(path.read_text().replace("-10", "0"))
    argo = ringfence("rollout", "--base", "HEAD", "--cluster", "dev", "--tool", "argocd")
    assert argo.code == 1, argo.out
    assert ringfence("rollout", "--base", "HEAD", "--cluster", "dev", "--tool", "flux").code == 0


def test_from_audit_calico_gets_its_policies_one_by_one(bare: GitRepository, ringfence: Cli) -> None:
    rendered(bare, ringfence, "calico", "audit")
    rendered(bare, ringfence, "calico", "enforce")
    straight = ringfence("rollout", "--base", "HEAD~1", "--cluster", "dev")
    assert straight.code == 1
    assert "--to permissive" in straight.out
    rendered(bare, ringfence, "calico", "permissive")
    assert ringfence("rollout", "--base", "HEAD~2", "--cluster", "dev").code == 0


def test_from_audit_cilium_closes_nothing_on_the_way(bare: GitRepository, ringfence: Cli) -> None:
    rendered(bare, ringfence, "cilium", "audit")
    rendered(bare, ringfence, "cilium", "enforce")
    done = ringfence("rollout", "--base", "HEAD~1", "--cluster", "dev")
    assert done.code == 0, done.out


def test_a_new_flow_is_proven(small: GitRepository, ringfence: Cli) -> None:
    add_flow(small, "name: call-back", "from: checkout", "to: frontend", "ports: [http]", "reason: The basket")
    assert ringfence("render").code == 0
    done = ringfence("rollout", "--base", "HEAD")
    assert done.code == 0, done
    assert "wave 0: update ringfence-checkout, update ringfence-frontend; 0 closed, 0 open" in done.out
    assert done.out.endswith("0 closed for a moment, 0 open for a moment\n")


INGRESS = """\
    - from:
        - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}
      ports: [{protocol: TCP, port: 9999}]
"""


def test_two_namespaces_open_what_neither_end_allows(small: GitRepository, ringfence: Cli) -> None:
    """The source's egress comes before the destination's ingress goes: nothing orders two namespaces."""
    api = f"{BASE}payments/payments/api.yaml"
    text = (small.path / api).read_text()
    small.write(api, text.replace("  ingress:\n", f"  ingress:\n{INGRESS}"))
    small.commit()
    small.write(api, text)
    out = INGRESS.replace("from:", "to:").replace("shop", "payments")
    edit(small, CHECKOUT, "  egress:\n", f"  egress:\n{out}")
    done = ringfence("rollout", "--base", "HEAD", "--cluster", "dev", "--tool", "argocd")
    assert done.code == 1
    assert "+ shop/checkout → payments/api  9999/TCP  open for a moment, at " in done.out
    assert "by payments/ringfence-api, shop/ringfence-checkout" in done.out
    assert "way out: take away first: " in done.out


def test_what_moves_from_one_object_to_another_closes_for_a_moment(small: GitRepository, ringfence: Cli) -> None:
    rule = INGRESS.replace("shop", "monitoring")
    api, baseline = (f"{BASE}payments/payments/{name}.yaml" for name in ("api", "baseline"))
    clean = (small.path / api).read_text()
    small.write(api, clean.replace("  ingress:\n", f"  ingress:\n{rule}"))
    small.commit()
    small.write(api, clean)
    text = (small.path / baseline).read_text()
    ingress = "  ingress: []\n" if "  ingress: []\n" in text else "  ingress:\n"
    small.write(baseline, text.replace(ingress, f"  ingress:\n{rule}"))
    done = ringfence("rollout", "--base", "HEAD", "--cluster", "dev", "--tool", "argocd", "--format", "json")
    assert done.code == 1
    [moment] = [item for item in done.json["moments"] if item["source"] == "monitoring/prometheus"]
    assert moment["effect"] == "closed"
    assert moment["ports"] == {"TCP": [[9999, 9999]]}
    assert moment["objects"] == ["payments/ringfence-api", "payments/ringfence-baseline"]
    assert "one change that only adds" in moment["wayOut"]


def test_rendered_files_in_error_prove_nothing(small: GitRepository, ringfence: Cli) -> None:
    edit(small, CHECKOUT, "  egress:\n", "  egress: [\n")
    done = ringfence("rollout", "--base", "HEAD", "--cluster", "dev")
    assert done.code == 1
    assert f"not analysed, because the rendered policies of the head are in error: {CHECKOUT}" in done.out


def test_another_dialect_is_not_analysed_and_says_why(bare: GitRepository, ringfence: Cli) -> None:
    rendered(bare, ringfence, "kubernetes", "enforce")
    rendered(bare, ringfence, "calico", "enforce")
    done = ringfence("rollout", "--base", "HEAD~1", "--cluster", "dev")
    assert done.code == 1
    assert "dev: undefined: not analysed, because policies stand in several tiers" in done.out


@pytest.mark.parametrize(
    ("kind", "dialect", "plugin"),
    [
        ("ClusterNetworkPolicy", "kubernetes", "{name: calico, version: '3.32'}"),
        ("AdminNetworkPolicy", "kubernetes", "{name: ovn-kubernetes}"),
        ("calico", "calico", "{name: calico}"),
        ("cilium", "cilium", "{name: cilium}"),
    ],
)
def test_guardrails_as_policies_are_part_of_every_moment(
    small: GitRepository, ringfence: Cli, kind: str, dialect: str, plugin: str
) -> None:
    """The whole policy of the checkout is replaced: what guardrails deny is no moment, what they do not is one."""
    cluster(small, dialect, "enforce")
    text = (small.path / DEV).read_text().replace(f"{{name: {PLUGINS[dialect]}}}", plugin)
    small.write(DEV, text.replace("stage:", f"guardrails: {kind}\nstage:"))
    small.write("policies/guardrails/platform.yaml", ONLY_CHECKOUT)
    assert ringfence("render").code == 0
    small.commit()
    add_flow(small, *CALL_BACK)
    assert ringfence("render").code == 0
    assert ringfence("verify", "--cluster", "dev").code == 0
    done = ringfence("rollout", "--base", "HEAD", "--cluster", "dev")
    assert done.code == 0, done
    assert "not analysed" not in done.out
    small.write(
        "policies/guardrails/platform.yaml",
        ONLY_CHECKOUT.replace("except: [shop/checkout]", "except: [shop/checkout, shop/frontend]"),
    )
    assert ringfence("render").code == 0
    done = ringfence("rollout", "--base", "HEAD", "--cluster", "dev")
    assert done.code == 1
    assert "of the whole cluster" in done.out


def test_no_default_branch_names_the_setting(small: GitRepository, ringfence: Cli) -> None:
    edit(small, "policies/ringfence.yaml", "defaultBranch: main", "defaultBranch: trunk")
    done = ringfence("rollout")
    assert done.code == 2
    assert "the default branch is trunk: `repository.defaultBranch` in policies/ringfence.yaml" in done.err


def test_nothing_to_analyse(small: GitRepository, ringfence: Cli) -> None:
    done = ringfence("rollout", "--base", "HEAD")
    assert done.code == 2
    assert "no rendered policy differs" in done.err
    assert ringfence("rollout", "--base", "HEAD", "--cluster", "prdo").code == 2
    assert ringfence("rollout", "--base", "nowhere").code == 2


def test_a_head_in_error_is_told(small: GitRepository, ringfence: Cli) -> None:
    small.write(CATALOG, "kind: Nothing\n")
    done = ringfence("rollout", "--base", "HEAD")
    assert done.code == 1
    assert "The declarations of the head are in error" in done.err
