from __future__ import annotations

import json
import shutil

import pytest
from command_kit import NAMESPACE, Cli, edit, snapshot

from git_repository import GitRepository

DEV = "policies/clusters/dev.yaml"
HEAD = """\
# yaml-language-server: $schema=cluster.schema.json
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: dev
server: https://dev.example.com:6443
"""
NETWORKS = "networks: {pods: [10.0.0.0/14], services: [10.4.0.0/20], nodes: [10.100.0.0/16]}\n"
STAGES = """\
stage: permissive   # since May
stages: # exceptions
  # the first that was ready
  payments: {ingress: enforce}
"""


def prepare(small: GitRepository, ringfence: Cli, stages: str = STAGES, dialect: str = "calico") -> None:
    small.write(DEV, f"{HEAD}dialect: {dialect}\n{stages}cni: {{name: calico}}\n{NETWORKS}")
    (small.path / "policies/guardrails/platform.yaml").unlink()
    assert ringfence("render").code == 0
    small.commit()


def stages_of(small: GitRepository) -> str:
    text = (small.path / DEV).read_text()
    return text[text.index("stage:") : text.index("cni:")] if "stage:" in text else ""


def test_a_namespace_is_taken_to_enforce_and_what_closes_is_said(small: GitRepository, ringfence: Cli) -> None:
    prepare(small, ringfence)
    before = snapshot(small.path)
    done = ringfence("promote", "shop", "--cluster", "dev")
    assert done.code == 0, done
    after = snapshot(small.path)
    assert {path for path in before if before[path] != after.get(path)} == {DEV}
    assert stages_of(small) == f"{STAGES}  shop: enforce\n"
    assert "+  shop: enforce" in done.out
    assert "0 open, " in done.out
    assert "stage permissive leaves ingress open" in done.out
    assert "1 namespace of dev taken to stage enforce; 1 warning\n" in done.err
    assert "ringfence render" in done.err
    assert ringfence("render").code == 0
    assert ringfence("verify").code == 0


def test_one_direction_leaves_the_other(small: GitRepository, ringfence: Cli) -> None:
    prepare(small, ringfence)
    assert ringfence("promote", "payments", "--cluster", "dev", "--direction", "egress", "--to", "audit").code == 0
    assert stages_of(small) == STAGES.replace("{ingress: enforce}", "{ingress: enforce, egress: audit}")
    assert ringfence("promote", "shop", "--cluster", "dev", "--direction", "egress", "--to", "audit").code == 0
    assert stages_of(small).endswith("  shop:\n    ingress: permissive\n    egress: audit\n")


def test_the_cause_is_the_stage_that_changes(small: GitRepository, ringfence: Cli) -> None:
    prepare(small, ringfence, "stage: permissive\n")
    done = ringfence("promote", "payments", "--cluster", "dev", "--direction", "ingress")
    assert done.code == 0, done
    assert "stage permissive leaves ingress open" in done.out
    assert "stage permissive leaves egress open" not in done.out


def test_all_namespaces_of_a_cluster(small: GitRepository, ringfence: Cli) -> None:
    prepare(small, ringfence)
    assert ringfence("promote", "--all", "--cluster", "dev").code == 0
    expected = STAGES.replace("permissive ", "enforce ").replace(
        "{ingress: enforce}", "{ingress: enforce, egress: enforce}"
    )
    assert stages_of(small) == expected
    again = ringfence("promote", "--all", "--cluster", "dev")
    assert (again.code, again.out) == (0, "")
    assert "2 namespaces of dev at stage enforce already" in again.err


def test_a_dry_run_as_json_writes_nothing(small: GitRepository, ringfence: Cli) -> None:
    prepare(small, ringfence)
    before = snapshot(small.path)
    done = ringfence("promote", "shop", "--cluster", "dev", "--dry-run", "--format", "json")
    assert snapshot(small.path) == before
    data = json.loads(done.out)
    assert (data["cluster"], data["stage"], data["namespaces"]) == ("dev", "enforce", ["shop"])
    assert (data["written"], data["files"], data["findings"]) == (False, [DEV], [])
    assert "+  shop: enforce" in data["diff"]
    assert {change["effect"] for change in data["impact"]["changes"]} <= {"closed", "changed"}
    assert data["impact"]["changes"]


def test_from_open_to_audit_nothing_changes_and_no_wave_closes_anything(small: GitRepository, ringfence: Cli) -> None:
    prepare(small, ringfence)
    done = ringfence("promote", "shop", "--cluster", "dev", "--to", "audit", "--dry-run", "--format", "json")
    impact = json.loads(done.out)["impact"]
    assert impact["changes"] == []
    assert [item["code"] for item in impact["findings"]] == []


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["shpo", "--cluster", "dev"], 2, "did you mean shop?"),
        (["shop", "--cluster", "de"], 2, "did you mean dev?"),
        (["--cluster", "dev"], 2, "one of the arguments NAMESPACE --all is required"),
        (["shop", "--all", "--cluster", "dev"], 2, "not allowed with"),
        (["shop", "--cluster", "dev", "--to", "enforced"], 2, "invalid choice: 'enforced'"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    small: GitRepository, ringfence: Cli, arguments: list[str], code: int, said: str
) -> None:
    prepare(small, ringfence)
    done = ringfence("promote", *arguments)
    assert done.code == code
    assert said in done.err


def test_a_stage_that_the_dialect_lacks_is_not_written(small: GitRepository, ringfence: Cli) -> None:
    prepare(small, ringfence, "stage: permissive\n", "kubernetes")
    before = snapshot(small.path)
    done = ringfence("promote", "shop", "--cluster", "dev", "--to", "audit")
    assert done.code == 1
    assert "RF339" in done.out
    assert "Nothing was written" in done.err
    assert snapshot(small.path) == before


def test_a_stage_of_a_namespace_that_does_not_exist_is_found(small: GitRepository, ringfence: Cli) -> None:
    prepare(small, ringfence)
    small.write(DEV, (small.path / DEV).read_text().replace("  payments:", "  paymets:"))
    done = ringfence("validate")
    assert done.code == 1
    assert "gives a stage to `paymets`" in done.out
    assert "did you mean `payments`?" in done.out


def test_a_step_back_fails_the_one_gate_that_is_for_it(small: GitRepository, ringfence: Cli) -> None:
    (small.path / "policies/clusters/prod.yaml").unlink()
    prepare(small, ringfence, "")
    done = ringfence("promote", "shop", "--cluster", "dev", "--to", "audit", "--dry-run", "--format", "json")
    assert done.code == 1
    impact = json.loads(done.out)["impact"]
    gates = {gate["name"]: gate for gate in impact["gates"]}
    assert [name for name, gate in gates.items() if gate["verdict"] == "failed"] == ["isolation-ratchet"]
    assert "dev/shop egress audit, dev/shop ingress audit" in gates["default-deny"]["reason"]
    fallen = [item for item in impact["findings"] if item["code"] == "RF615"]
    assert {item["path"] for item in fallen} == {DEV}
    assert all("ringfence promote shop --cluster dev" in item["hint"] for item in fallen)
    # what is open by a stage alone is not justified, and not counted
    assert gates["justification-ratchet"]["reason"].endswith("8 of 8 → 3 of 3")
    text = ringfence("promote", "shop", "--cluster", "dev", "--to", "audit", "--dry-run")
    assert text.code == 1
    assert "; 1 gate will fail: isolation-ratchet; 2 errors" in text.err
    assert "no findings" not in text.err


def test_a_namespace_that_begins_open_lowers_no_share(small: GitRepository, ringfence: Cli) -> None:
    prepare(small, ringfence, "")
    edit(small, DEV, "cni:", "stages: {late: permissive}\ncni:")
    edit(small, "teams/checkout/team.yaml", "[shop]", "[shop, late]")
    small.write("teams/checkout/late/namespace.yaml", (small.path / NAMESPACE).read_text())
    assert ringfence("render").code == 0
    done = ringfence("impact", "--base", "HEAD", "--format", "json")
    gates = {gate["name"]: gate["verdict"] for gate in done.json["gates"]}
    assert (gates["isolation-ratchet"], gates["justification-ratchet"], gates["default-deny"]) == ("passed",) * 3


def begin(small: GitRepository, ringfence: Cli) -> None:
    """Nothing of dev is rendered in the base: no policy closes anything there yet."""
    (small.path / "policies/clusters/prod.yaml").unlink()
    prepare(small, ringfence, "")
    small.git("rm", "--quiet", "-r", "policies/rendered/overlays/dev")
    small.commit("Not yet")


@pytest.mark.parametrize("stage", ["permissive", "audit"])
def test_a_first_stage_is_no_step_back(small: GitRepository, ringfence: Cli, stage: str) -> None:
    begin(small, ringfence)
    done = ringfence("promote", "--all", "--cluster", "dev", "--to", stage)
    assert done.code == 0, done
    assert "\nNo connection opens, closes or changes — dev\n" in done.out
    assert "2 namespaces of dev taken to stage" in done.err
    assert (small.path / DEV).read_text().endswith(f"\nstage: {stage}\n")


def test_a_namespace_that_no_other_branch_has_takes_no_step_back(small: GitRepository, ringfence: Cli) -> None:
    prepare(small, ringfence, "")
    small.git("switch", "--quiet", "--create", "late")
    edit(small, "teams/checkout/team.yaml", "[shop]", "[shop, late]")
    small.write("teams/checkout/late/namespace.yaml", (small.path / NAMESPACE).read_text())
    assert ringfence("render").code == 0
    small.commit("Late")
    assert ringfence("promote", "late", "--cluster", "dev", "--to", "permissive", "--dry-run").code == 0
    done = ringfence("promote", "shop", "--cluster", "dev", "--to", "permissive", "--dry-run")
    assert done.code == 1
    assert "gates will fail: cross-environment, isolation-ratchet" in done.err


def test_a_step_that_was_never_committed_may_be_taken_back(small: GitRepository, ringfence: Cli) -> None:
    prepare(small, ringfence, "stage: permissive\n")
    assert ringfence("promote", "shop", "--cluster", "dev").code == 0
    assert ringfence("render").code == 0
    done = ringfence("promote", "shop", "--cluster", "dev", "--to", "permissive")
    assert done.code == 0, done
    assert (small.path / DEV).read_text().endswith("\nstages:\n  shop: permissive\n")


def test_outside_of_git_what_is_rendered_here_counts(plain: GitRepository, ringfence: Cli) -> None:
    (plain.path / "policies/guardrails/platform.yaml").unlink()
    assert ringfence("render").code == 0
    assert ringfence("promote", "--all", "--cluster", "dev", "--to", "permissive", "--dry-run").code == 1
    shutil.rmtree(plain.path / "policies/rendered")
    assert ringfence("promote", "--all", "--cluster", "dev", "--to", "permissive", "--dry-run").code == 0
