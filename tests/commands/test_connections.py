from __future__ import annotations

from pathlib import Path

import pytest
from command_kit import Cli, edit

from git_repository import GitRepository

MANIFESTS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, ports: [{containerPort: 8080}]}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: db, namespace: shop}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress]
  ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}]
"""


def rows(ringfence: Cli, *arguments: str) -> set[tuple[str, str, str]]:
    done = ringfence("connections", "--format", "json", *arguments)
    assert done.code == 0
    return {(row["cluster"], row["source"], row["destination"]) for row in done.json["connections"]}


def test_every_connection_with_its_cause(small: GitRepository, ringfence: Cli) -> None:
    done = ringfence("connections")
    assert done.code == 0
    assert done.err == "20 connections: 2 Kubernetes clusters, 3 workloads declared; no findings\n"
    lines = [line.split() for line in done.out.splitlines()]
    assert lines[0] == ["CLUSTER", "FROM", "TO", "PORTS", "BECAUSE", "OF"]
    assert ["prod", "shop/frontend", "shop/checkout", "5050/TCP", "shop/place-order"] in lines
    assert len(lines) == 21


def test_json(small: GitRepository, ringfence: Cli) -> None:
    done = ringfence("connections", "--cluster", "dev", "--from", "payments/api", "--to", "stripe", "--format", "json")
    (row,) = done.json["connections"]
    assert (row["cluster"], row["source"], row["destination"], row["because"]) == (
        "dev",
        "payments/api",
        "stripe",
        ["payments/charge"],
    )
    assert done.json["findings"] == []


def test_one_end(small: GitRepository, ringfence: Cli) -> None:
    assert rows(ringfence, "--cluster", "dev", "--from", "shop/frontend") == {
        ("dev", "shop/frontend", "kube-dns"),
        ("dev", "shop/frontend", "shop/checkout"),
    }
    assert rows(ringfence, "--cluster", "prod", "--to", "payments/*") == {("prod", "shop/checkout", "payments/api")}
    assert rows(ringfence, "--from", "prometheus", "--to", "shop/frontend") == {
        ("dev", "prometheus", "shop/frontend"),
        ("prod", "prometheus", "shop/frontend"),
    }
    assert rows(ringfence, "--to", "192.0.2.7") == {(name, "payments/api", "stripe") for name in ("dev", "prod")}
    assert rows(ringfence, "--to", "2001:db8::1") == set()
    assert len(rows(ringfence, "--cluster", "dev")) == 10


@pytest.mark.parametrize(
    ("option", "text", "near"), [("--from", "shop/frontnd", "shop/frontend"), ("--to", "strip", "stripe")]
)
def test_an_unknown_end(small: GitRepository, ringfence: Cli, option: str, text: str, near: str) -> None:
    done = ringfence("connections", option, text)
    assert (done.code, done.out) == (2, "")
    assert f"there is no end '{text}'" in done.err
    assert f"did you mean {near}?" in done.err


@pytest.mark.parametrize(
    "text", ["1.2.3.4.5", "300.0.0.1", "::g", "10.0.0.0/99", "", "*", "/", "shop/", "a" * 5000, "\x1b[31m"]
)
def test_odd_ends(small: GitRepository, ringfence: Cli, text: str) -> None:
    for command in (
        ["connections", "--from", text],
        ["explain", text, "shop/frontend"],
        ["explain", "shop/frontend", text],
    ):
        assert ringfence(*command).code == 2


def test_plain_manifests_need_no_repository(ringfence: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy/all.yaml").write_text(MANIFESTS)
    done = ringfence("connections", "--manifests", "deploy", "--from", "shop/web[Deployment]")
    assert done.code == 0
    assert "shop/web[Deployment]  shop/db[Deployment]  5432/TCP" in done.out
    assert "2 workloads, 1 policy, 0 objects of other kinds skipped; no findings\n" in done.err
    whole = ringfence("connections", "--manifests", "deploy", "--format", "json")
    assert whole.json["findings"] == []
    answer = ringfence("explain", "--manifests", "deploy", "shop/web", "shop/db:5432")
    assert answer.code == 0
    assert "allowed on 5432/TCP" in answer.out
    assert "deploy" not in answer.out or "all.yaml:" in answer.out
    assert answer.err == "1 cluster: 1 allowed; no findings\n"


def test_plain_manifests_that_are_broken(ringfence: Cli, tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(MANIFESTS)
    (tmp_path / "bad.yaml").write_text("kind: [")
    for command in (["connections"], ["explain", "shop/web", "shop/db"]):
        done = ringfence(*command, "--manifests", tmp_path)
        assert done.code == 1
        assert "bad.yaml:1:8: error RF007" in done.err


def test_what_cannot_be_read_among_manifests_is_said(ringfence: Cli, tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy/all.yaml").write_text(MANIFESTS)
    assert ringfence("connections", "--manifests", tmp_path / "deploy").code == 0
    (tmp_path / "deploy/README").symlink_to("/nowhere")
    assert ringfence("connections", "--manifests", tmp_path / "deploy").code == 0
    (tmp_path / "deploy/more.yaml").symlink_to(tmp_path / "deploy/all.yaml")
    (tmp_path / "deploy/others").symlink_to(tmp_path)
    (tmp_path / "deploy/huge.yaml").write_bytes(b"#" * 17_000_000)
    done = ringfence("connections", "--manifests", tmp_path / "deploy", "--format", "json")
    assert done.code == 1
    assert [(item["code"], item["path"]) for item in done.json["findings"]] == [
        ("RF041", "huge.yaml"),
        ("RF040", "more.yaml"),
        ("RF040", "others"),
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--manifests", "nowhere"], "nowhere is not a folder"),
        (["--manifests", "README.md"], "README.md is not a folder, and by its name no manifest"),
        (["--manifests", "x" * 400], "is not a folder"),
        (["--manifests", "empty"], "holds no manifest"),
        (["--manifests", "policies", "--cni", "calicoo"], "did you mean `calico`?"),
    ],
)
def test_bad_folders_and_plugins(small: GitRepository, ringfence: Cli, options: list[str], said: str) -> None:
    (small.path / "empty").mkdir()
    done = ringfence("connections", *options)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_explain_allowed_with_the_rules_of_both_sides(small: GitRepository, ringfence: Cli) -> None:
    done = ringfence("explain", "shop/frontend", "shop/checkout:5050", "--cluster", "prod")
    folder = "policies/rendered/base/checkout/shop"
    assert done.out == (
        "prod: shop/frontend → shop/checkout: allowed on 5050/TCP\n"
        "  egress of shop/frontend:\n"
        f"    shop/ringfence-frontend rule 1 allows 5050/TCP  ({folder}/frontend.yaml:33:7)\n"
        "  ingress of shop/checkout:\n"
        f"    shop/ringfence-checkout rule 2 allows 5050/TCP  ({folder}/checkout.yaml:32:7)\n"
    )
    assert (done.code, done.err) == (0, "1 cluster: 1 allowed; no findings\n")


def test_explain_denied_says_what_isolates(small: GitRepository, ringfence: Cli) -> None:
    for target in ("shop/checkout:5051", "shop/checkout:5050/UDP", "payments/api:8443"):
        done = ringfence("explain", "shop/frontend", target)
        assert done.code == 0
        assert "denied\n" in done.out
        assert "shop/ringfence-frontend isolates it, and no rule matches" in done.out
        assert done.err == "2 clusters: 2 denied; no findings\n"


@pytest.mark.parametrize(
    ("target", "shown", "verdict"),
    [
        ("192.0.2.7:443", "192.0.2.7", "allowed on 443/TCP"),
        ("192.0.2.7:80", "192.0.2.7", "denied"),
        ("stripe:443", "stripe", "allowed on 443/TCP"),
        ("2001:db8::1", "2001:db8::1", "denied"),
        ("[2001:db8::1]:443", "2001:db8::1", "denied"),
        ("::", "::", "denied"),
        ("kube-dns:53/UDP", "kube-system/kube-dns", "allowed on 53/UDP"),
        ("kube-dns:53/udp", "kube-system/kube-dns", "allowed on 53/UDP"),
    ],
)
def test_explain_addresses_and_peers(
    small: GitRepository, ringfence: Cli, target: str, shown: str, verdict: str
) -> None:
    done = ringfence("explain", "payments/api", target, "--cluster", "dev")
    assert done.out.splitlines()[0] == f"dev: payments/api → {shown}: {verdict}"


def test_explain_undefined(small: GitRepository, ringfence: Cli) -> None:
    folder = "policies/rendered/base/checkout/shop"
    small.write(
        f"{folder}/more.yaml",
        "apiVersion: networking.gke.io/v1alpha1\nkind: FQDNNetworkPolicy\nmetadata: {name: more, namespace: shop}\n",
    )
    edit(small, f"{folder}/kustomization.yaml", "resources:\n", "resources:\n  - more.yaml\n")
    done = ringfence("explain", "shop/frontend", "shop/checkout:5050")
    assert "undefined on 5050/TCP, 5050/UDP, 5050/SCTP: FQDNNetworkPolicy.networking.gke.io shop/more " in done.out
    assert done.err.startswith(f"{folder}/more.yaml:1:1: error RF703 ")
    assert "2 clusters: 2 undefined; " in done.err
    assert done.code == 1


def test_explain_json(small: GitRepository, ringfence: Cli) -> None:
    done = ringfence("explain", "shop/frontend", "shop/checkout", "--cluster", "dev", "--format", "json")
    (answer,) = done.json["explanations"]
    assert answer["cluster"] == "dev"
    assert done.json["findings"] == []


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        (("shop/frontnd", "shop/checkout"), "did you mean shop/frontend?"),
        (("shop/frontend", "shop/chekout:5050"), "did you mean shop/checkout?"),
        (("shop/frontend", "shop/checkout:grpc"), "'grpc' is the name of a port, and policies see numbers"),
        (("shop/frontend", "shop/checkout:0"), "port 0 is not between 1 and 65535"),
        (("shop/frontend", "shop/checkout:65536"), "port 65536 is not between"),
        (("shop/frontend", "shop/checkout:53/QUIC"), "protocol QUIC is not one of TCP, UDP, SCTP"),
        (("1.2.3.4", "192.0.2.1"), "both ends lie outside the cluster"),
        (("shop/frontend", "10.0.0.1"), "lies in the pod or service addresses of the cluster"),
    ],
)
def test_explain_what_is_not_there(small: GitRepository, ringfence: Cli, ends: tuple[str, str], said: str) -> None:
    done = ringfence("explain", *ends, "--cluster", "dev")
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_explain_a_workload_that_is_not_in_the_cluster(small: GitRepository, ringfence: Cli) -> None:
    edit(small, "teams/payments/payments/namespace.yaml", "  api:\n", "  api:\n    environments: [prod]\n")
    assert ringfence("render").code == 0
    assert ringfence("explain", "shop/checkout", "payments/api").out.startswith("prod: ")
    done = ringfence("explain", "shop/checkout", "payments/api", "--cluster", "dev")
    assert done.code == 2
    assert "no cluster has both ends" in done.err


def test_places_that_no_policy_names_are_answered_for_as_by_explain(tmp_path: Path, ringfence: Cli) -> None:
    (tmp_path / "all.yaml").write_text(MANIFESTS)
    files = ("--manifests", str(tmp_path / "all.yaml"))
    for end in ("entity:host", "dns:api.example.com"):
        done = ringfence("connections", *files, "--from", "shop/web", "--to", end)
        assert done.out.splitlines()[1:] == [f"shop/web[Deployment]  {end}  all ports"]
        assert "allowed on all ports" in ringfence("explain", *files, "shop/web", end).out
    shown = ringfence("connections", *files, "--from", "entity:host", "--to", "shop/db")
    told = ringfence("explain", *files, "entity:host", "shop/db")
    assert ("undefined" in shown.out) == ("undefined" in told.out)
    assert ringfence("connections", *files, "--to", "entity:hots").code == 2
