"""Guardrails on what must be reachable: a part of the repository is judged as the whole is."""

from __future__ import annotations

import pytest
from command_kit import Cli, add_flow, edit

from git_repository import GitRepository
from small_repository import HEADER, flows

GUARDRAILS = "policies/guardrails/platform.yaml"
MUST = """\
  - name: asked-for
    must: {{from: {}, to: {}, ports: [{}]}}
    reason: It is asked for
"""
DEPOT = "teams/checkout/depot"
SPACE = HEADER.format("Namespace") + "workloads:\n"
WORKLOAD = "  {0}:\n    labels: {{app: {0}}}\n    ports: {{http: 8080}}\n"


@pytest.fixture
def depot(small: GitRepository) -> GitRepository:
    """With a second namespace of the checkout team, which both workloads of the first call."""
    edit(small, "teams/checkout/team.yaml", "[shop]", "[shop, depot, empty]")
    small.write(f"{DEPOT}/namespace.yaml", SPACE + WORKLOAD.format("store") + WORKLOAD.format("other"))
    small.write("teams/checkout/empty/namespace.yaml", HEADER.format("Namespace") + "workloads: {}\n")
    for name in ("frontend", "checkout"):
        add_flow(small, f"name: fetch-{name}", f"from: {name}", "to: depot/store", "ports: [http]", "reason: A test")
    return small


def ask(repository: GitRepository, ringfence: Cli, *sides: str) -> None:
    """Add a guardrail, render, and commit."""
    path = repository.path / GUARDRAILS
    path.write_text(path.read_text() + MUST.format(*sides))
    assert ringfence("render").code == 0
    repository.commit()
    assert ringfence("validate").code == 0


TO_ALL = "{workloads: [shop/checkout]}", "{teams: [checkout], except: [shop/*, depot/other]}", "8080"


def test_whom_a_new_workload_must_be_reached_by(depot: GitRepository, ringfence: Cli) -> None:
    """No flow names both; the namespace was empty, so none brings in the other end."""
    ask(depot, ringfence, *TO_ALL)
    depot.write("teams/checkout/empty/namespace.yaml", SPACE + WORKLOAD.format("first"))
    said = ringfence("validate", "--format", "json")
    assert [item["code"] for item in said.json["findings"] if item["severity"] == "error"] == ["RF302"]
    assert "shop/checkout → empty/first" in said.out
    unaided = ringfence("validate", "--format", "json", "--no-cache")
    assert (said.code, said.json["findings"]) == (1, unaided.json["findings"])
    assert ringfence("render").code == 1
    done = ringfence("impact", "--format", "json")
    assert (done.code, done.out) == (1, ringfence("impact", "--format", "json", "--whole").out)


def test_what_is_reached_beside_a_change_is_not_missed(depot: GitRepository, ringfence: Cli) -> None:
    """Both ends are in the part, as ends of other flows; what joins them is not."""
    ask(depot, ringfence, "{workloads: [shop/frontend]}", "{workloads: [shop/checkout]}", "5050/TCP")
    depot.write(f"{DEPOT}/flows.yaml", flows("name: pass-on, from: store, to: other, ports: [http]"))
    assert ringfence("render").code == 0
    done, whole = (ringfence("impact", "--format", "json", *words) for words in ([], ["--whole"]))
    assert done.code == whole.code == 0
    assert [item["verdict"] for item in done.json["gates"]] == [item["verdict"] for item in whole.json["gates"]]
    for key in ("changes", "objects", "approvals", "findings", "autoApprovable"):
        assert done.json[key] == whole.json[key]
    assert done.json["scope"] == ["depot"]


def test_what_is_in_error_is_told_before_a_template_that_fails(small: GitRepository, ringfence: Cli) -> None:
    small.write("policies/templates/kubernetes/why.yaml.j2", "{{ nosuch.x }}\n")
    small.commit()
    add_flow(small, "name: stray", "from: payments/api", "to: checkout", "ports: [grpc]", "reason: A test")
    done, whole = (ringfence("impact", "--format", "json", *words) for words in ([], ["--whole"]))
    assert "RF203" in [item["code"] for item in done.json["findings"]]
    assert (done.code, done.out, done.err) == (whole.code, whole.out, whole.err)
