"""`ringfence import` into a repository that declares the same namespaces for other clusters already."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from test_import import APPS, GET, PLAIN, Ran, accepted, deployment, needs_apps, policy, put

from ringfence import cli, model, sources
from ringfence.adopt.existing.neighbours import Side, refuse_changes
from ringfence.errors import UsageError
from ringfence.sources import Overlay

DENY = policy("deny", "{podSelector: {}, policyTypes: [Ingress, Egress]}")


def between(source: str, destination: str, port: int) -> tuple[str, str]:
    """The policies of both ends that let one call the other."""
    inside = f"ports: [{{port: {port}}}]"
    return (
        policy(
            f"{destination}-from-{source}",
            f"{{podSelector: {{matchLabels: {{app: {destination}}}}}, "
            f"ingress: [{{from: [{{podSelector: {{matchLabels: {{app: {source}}}}}}}], {inside}}}]}}",
        ),
        policy(
            f"{source}-to-{destination}",
            f"{{podSelector: {{matchLabels: {{app: {source}}}}}, policyTypes: [Egress], "
            f"egress: [{{to: [{{podSelector: {{matchLabels: {{app: {destination}}}}}}}], {inside}}}]}}",
        ),
    )


def out(source: str, cidr: str, port: int = 443) -> str:
    rule = f"{{to: [{{ipBlock: {{cidr: {cidr}}}}}], ports: [{{port: {port}}}]}}"
    return policy(
        f"{source}-out", f"{{podSelector: {{matchLabels: {{app: {source}}}}}, egress: [{rule}], policyTypes: [Egress]}}"
    )


SHOP = [DENY, deployment("web"), deployment("api"), deployment("db")]
ONE = [*SHOP, *between("web", "api", 80), *between("api", "db", 5432), out("web", "198.51.100.0/24")]


@pytest.fixture
def first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A repository with the shop of one cluster."""
    ran = Ran(capsys, put(tmp_path / "one", *ONE), tmp_path / "new", "--cluster", "one", "--cni", "cilium")
    assert (ran.code, ran.data["rules"]["flows"], len(ran.data["flows"])) == (0, 5, 3)
    return ran.into


def again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], into: Path, *documents: str, more: tuple[str, ...] = ()
) -> Ran:
    """The import of a second cluster."""
    return Ran(capsys, put(tmp_path / "two", *documents), into, "--cluster", "two", "--cni", "cilium", *more)


def current(into: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """After what the output says is next, every gate passes, and each cluster is as it was."""
    for command in ("render", "owners"):
        assert cli.main([command, "-C", str(into)]) == 0
    capsys.readouterr()
    accepted(into, capsys)


def connections(into: Path, cluster: str, capsys: pytest.CaptureFixture[str]) -> set[str]:
    assert cli.main(["connections", "-C", str(into), "--cluster", cluster]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    return {" ".join(row[1:4]) for row in rows if row and row[0] == cluster}


@needs_apps
def test_the_same_application_is_recognised_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--namespace", "shop", "--cni", "calico")
    one = Ran(capsys, APPS / "online-boutique", tmp_path / "new", "--cluster", "one", *options)
    before = {path: path.read_bytes() for path in one.into.rglob("*") if path.is_file()}
    two = Ran(capsys, APPS / "online-boutique", one.into, "--cluster", "two", *options)
    assert (two.code, two.data["proof"]["equal"]) == (0, True)
    rules = two.data["rules"]
    assert (rules["flows"], rules["declared"], rules["total"]) == (0, 10, 23)
    assert (two.data["teams"], two.data["limited"], two.data["edited"]) == ({}, [], [])
    assert two.kinds() == one.kinds()
    assert {path: path.read_bytes() for path in before} == before
    current(one.into, capsys)


def test_what_differs_holds_in_one_cluster_only(
    first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second cluster lacks a flow, has a port less and a port more, and a workload of its own."""
    second = [
        *SHOP,
        deployment("job"),
        *between("web", "api", 80),
        *between("web", "db", 5432),
        *between("job", "db", 5432),
        out("web", "198.51.100.0/24", 8443),
    ]
    before = connections(first, "one", capsys)
    ran = again(tmp_path, capsys, first, *second)
    assert (ran.code, ran.data["proof"]["equal"], ran.kinds()) == (0, True, [])
    assert (ran.data["rules"]["flows"], ran.data["rules"]["declared"]) == (5, 2)
    assert [item["id"] for item in ran.data["limited"]] == ["shop/api-to-db", "shop/web-to-net-198-51-100-0-24"]
    assert ran.data["edited"] == ["teams/shop/shop/flows.yaml", "teams/shop/shop/namespace.yaml"]
    assert ran.file("teams/shop/shop/flows.yaml").count("    environments: [one]\n") == 2
    assert "environments: [two]" in ran.file("teams/shop/shop/namespace.yaml")
    new = ran.file("teams/shop/shop/imported-two.yaml")
    assert new.count("environments:\n      - two\n") == 2
    current(first, capsys)
    assert connections(first, "one", capsys) == before
    ours = connections(first, "two", capsys)
    assert {"shop/web shop/api 80/TCP", "shop/web shop/db 5432/TCP", "shop/job shop/db 5432/TCP"} <= ours
    assert "shop/api shop/db 5432/TCP" not in ours


def test_a_cluster_of_the_same_environment_gets_no_flow_that_the_other_would_get_too(
    first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in first.rglob("*") if path.is_file()}
    second = [*ONE, *between("web", "db", 5432)]
    ran = again(tmp_path, capsys, first, *second, more=("--environment", "one"))
    assert (ran.code, ran.data["proof"]["equal"], ran.data["flows"]) == (0, True, [])
    assert (ran.data["rules"]["declared"], ran.kinds()) == (5, ["shared-environment"] * 2)
    (why,) = {rule["why"] for rule in ran.data["rules"]["kept"]}
    assert why == "the environment one is that of one too, and a flow would open it there as well"
    assert {path: path.read_bytes() for path in before} == before
    current(first, capsys)


def test_what_a_shared_environment_opens_is_listed(
    first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = again(tmp_path, capsys, first, *SHOP, *between("web", "api", 80), more=("--environment", "one"))
    assert (ran.code, ran.data["proof"]["equal"], ran.data["limited"]) == (1, False, [])
    assert {(item["source"], item["destination"]) for item in ran.data["proof"]["differences"]} == {
        ("shop/api[Deployment]", "shop/db[Deployment]"),
        ("shop/web[Deployment]", "198.51.100.0/24"),
    }
    put(tmp_path / "two", *SHOP)
    options = ["--cluster", "three", "--environment", "one", "--cni", "cilium", "--dry-run"]
    assert cli.main(["import", "--manifests", str(tmp_path / "two"), "--into", str(first), *options]) == 1
    said = "the environment one is that of one, two too; with its own, --environment NAME, flows can differ\n"
    assert said in capsys.readouterr().err


def test_no_flow_is_limited_that_the_other_cluster_of_the_environment_would_lose(
    first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The flows hold in the environment of a third cluster too, to which they could be limited."""
    put(tmp_path / "three", *ONE)
    options = ["--manifests", str(tmp_path / "three"), "--into", str(first), "--cluster", "three", "--cni", "cilium"]
    assert cli.main(["import", *options]) == 0
    before = {path: path.read_bytes() for path in first.rglob("*") if path.is_file()}
    capsys.readouterr()
    lacking = [*SHOP, *between("web", "api", 80), out("web", "198.51.100.0/24")]
    ran = again(tmp_path, capsys, first, *lacking, more=("--environment", "one"))
    assert (ran.code, ran.data["proof"]["equal"], ran.data["limited"]) == (1, False, [])
    assert [(item["source"], item["destination"]) for item in ran.data["proof"]["differences"]] == [
        ("shop/api[Deployment]", "shop/db[Deployment]")
    ]
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("others", [(), ("web",)])
def test_a_flow_that_would_hold_nowhere_is_a_difference(
    others: tuple[str, ...], first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`job` is in the second cluster only, which does not let it call any more; with other sources, or alone."""
    second = [*ONE, deployment("job"), *between("job", "db", 5432)]
    assert again(tmp_path, capsys, first, *second).code == 0
    shop = first / "teams/shop/shop"
    (shop / "imported-two.yaml").unlink()
    sources_ = f"[{', '.join(('job', *others))}]"
    (shop / "jobs.yaml").write_text(
        "apiVersion: ringfence.dev/v1alpha1\nkind: Flows\nflows:\n"
        f"  - {{name: job-to-db, from: {sources_}, to: db, ports: [5432], reason: Jobs}}\n"
    )
    assert cli.main(["fmt", "-C", str(first)]) == 0
    before = {path: path.read_bytes() for path in shop.iterdir()}
    capsys.readouterr()
    ran = Ran(capsys, put(tmp_path / "two", *ONE, deployment("job")), first, "--cluster", "two")
    assert (ran.code, ran.data["findings"], ran.data["limited"]) == (1, [], [])
    assert [(item["source"], item["destination"]) for item in ran.data["proof"]["differences"]] == [
        (f"shop/{name}[Deployment]", "shop/db[Deployment]") for name in ("job", *others)
    ]
    assert {path: path.read_bytes() for path in before} == before


def test_a_namespace_of_other_environments_gets_this_one_too(
    first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = first / "teams/shop/shop/namespace.yaml"
    text = path.read_text().replace("kind: Namespace\n", "kind: Namespace\nenvironments: [one]\n")
    path.write_text(text.replace("  web:\n", "  web:\n    environments: [one]\n"))
    ran = again(tmp_path, capsys, first, *ONE)
    assert (ran.code, ran.data["rules"]["declared"], ran.data["edited"]) == (0, 5, ["teams/shop/shop/namespace.yaml"])
    assert path.read_text().count("environments: [one, two]\n") == 2
    current(first, capsys)


def test_a_namespace_that_would_not_stay_as_it_is_stays_out(
    first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A grant of the platform holds in every cluster, and this one never allowed it."""
    (first / "policies/catalog/dns.yaml").write_text(
        "apiVersion: ringfence.dev/v1alpha1\nkind: Catalog\npeers:\n  resolver:\n    description: Resolves names\n"
        "    owner: platform\n    world: false\n    cidrs: [203.0.113.53/32]\n"
    )
    (first / "policies/baseline").mkdir()
    (first / "policies/baseline/dns.yaml").write_text(
        "apiVersion: ringfence.dev/v1alpha1\nkind: Baseline\ngrants:\n"
        "  - {name: dns, to: resolver, ports: [53/UDP], reason: Names}\n"
    )
    assert cli.main(["fmt", "-C", str(first)]) == 0
    capsys.readouterr()
    ran = again(tmp_path, capsys, first, *ONE)
    assert (ran.code, ran.data["proof"]["equal"], set(ran.kinds())) == (0, True, {"no-team"})
    assert "environments: [one]\n" in ran.file("teams/shop/shop/namespace.yaml")
    current(first, capsys)


def test_the_same_cluster_again(first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    second = put(tmp_path / "two", *ONE, *between("web", "db", 5432))
    ran = Ran(capsys, second, first, "--cluster", "one")
    assert (ran.code, ran.data["proof"]["equal"]) == (0, True)
    assert (ran.data["rules"]["flows"], ran.data["rules"]["declared"]) == (2, 5)
    assert (ran.data["edited"], list(ran.flows())) == ([], ["shop/web-to-db"])
    current(first, capsys)


def test_a_new_namespace_of_a_team_that_exists(first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spaces = "apiVersion: v1\nkind: Namespace\nmetadata: {name: till, labels: {team: shop}}\n"
    till = deployment("desk", "till")
    ran = again(tmp_path, capsys, first, *ONE, spaces, till, more=("--team-label", "team"))
    assert (ran.code, ran.data["teams"], ran.data["edited"]) == (0, {"shop": ["till"]}, ["teams/shop/team.yaml"])
    current(first, capsys)


def test_names_that_mean_something_else_here(first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The second cluster has another `api`, by another label, that calls the database."""
    other = deployment("api", labels="app: backend").replace("matchLabels: {app: api}", "matchLabels: {app: backend}")
    second = [DENY, deployment("web"), deployment("db"), other, *between("backend", "db", 5432)]
    ran = again(tmp_path, capsys, first, *second)
    assert (ran.code, ran.data["proof"]["equal"], ran.kinds()) == (0, True, [])
    assert list(ran.flows()) == ["shop/api-two-to-db"]
    assert "  api-two:\n    labels:\n      app: backend\n" in ran.file("teams/shop/shop/namespace.yaml")
    current(first, capsys)


def test_a_dry_run_edits_nothing_and_the_text_says_what_it_would(
    first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in first.rglob("*") if path.is_file()}
    manifests = put(tmp_path / "two", *SHOP, deployment("job"), *between("web", "api", 80), *between("job", "db", 5432))
    options = ["--cluster", "two", "--cni", "cilium", "--dry-run"]
    assert cli.main(["import", "--manifests", str(manifests), "--into", str(first), *options]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(
        "0 teams, 1 namespace, 4 workloads, 0 peers, 1 flow\n"
        "declared already: 1 namespace, 3 workloads\n"
        "2 of 4 rules became flows, 2 are flows already (100 %)\n"
    )
    where = "teams/shop/shop/flows.yaml"
    assert (
        f"limited to other environments, since two never allowed all of it: shop/api-to-db ({where}:5:5)\n" in printed
    )
    assert "declared for two alone: shop/job\n" in printed
    assert f"edited: {where}\nedited: teams/shop/shop/namespace.yaml\n" in printed
    assert "\n4 files would be written in" in printed
    assert {path: path.read_bytes() for path in before} == before


def test_what_does_not_fit_a_cluster_teaches_the_options(
    first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (first / "policies/catalog/world.yaml").write_text(
        "apiVersion: ringfence.dev/v1alpha1\nkind: Catalog\npeers:\n"
        "  internet: {description: All, owner: platform, cidrs: [0.0.0.0/0], except: [10.0.0.0/8]}\n"
    )
    cluster = first / "policies/clusters/one.yaml"
    cluster.write_text(cluster.read_text().replace("192.0.2.0/24", "10.8.0.0/14"))
    options = ["--manifests", str(put(tmp_path / "two", *ONE)), "--into", str(first), "--cluster", "two"]
    assert cli.main(["import", *options, "--dry-run"]) == 1
    said = capsys.readouterr().err
    assert "error: policies/catalog/world.yaml:4:3: RF133 peer internet holds pods of cluster two" in said
    assert "    fix: " in said
    assert (
        "what the repository declares does not fit the cluster two, which is taken for kubernetes-generic in the "
        "environment two: say what it is with --cni, --pods, --services, --nodes and --environment\n"
    ) in said
    assert cli.main(["import", *options, "--dry-run", "--pods", "10.16.0.0/14"]) == 0


NAMES = ("web", "api", "db", "job")


def drawn(chance: random.Random) -> list[str]:
    """A shop drawn at random."""
    found = [deployment(name) for name in NAMES if chance.random() < 0.8] or [deployment("web")]
    found += [DENY] if chance.random() < 0.7 else []
    for source in NAMES:
        for destination in NAMES:
            if source != destination and chance.random() < 0.35:
                found += between(source, destination, chance.choice((80, 443)))
        found += [out(source, "198.51.100.0/24")] if chance.random() < 0.3 else []
    chance.shuffle(found)
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("seed", range(6))
def test_clusters_drawn_at_random(seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(seed)  # noqa: S311 - a test that is the same each time
    one = Ran(capsys, put(tmp_path / "one", *drawn(chance)), tmp_path / "new", "--cluster", "one", "--cni", "cilium")
    assert one.data["findings"] == []
    before = connections(one.into, "one", capsys)
    two = again(tmp_path, capsys, one.into, *drawn(chance))
    assert (two.data["findings"], two.data["proof"]["equal"]) == ([], True)
    current(one.into, capsys)
    assert connections(one.into, "one", capsys) == before


LEGACY = """\
apiVersion: v1
kind: Namespace
metadata: {name: till}
---
apiVersion: v1
kind: Pod
metadata: {name: legacy, namespace: till}
spec: {containers: [{name: main, image: x}]}
"""
TILL = [deployment("desk", "till"), policy("deny", "{podSelector: {}, policyTypes: [Ingress, Egress]}", "till")]


def test_nothing_is_closed_in_another_cluster_of_the_environment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is new in the second cluster is there in the first too, without labels and without a policy."""
    shared = ("--environment", "prod", "--cni", "cilium")
    one = Ran(capsys, put(tmp_path / "one", *ONE, LEGACY), tmp_path / "new", "--cluster", "one", *shared)
    two = Ran(capsys, put(tmp_path / "two", *ONE, *TILL), one.into, "--cluster", "two", *shared)
    assert (two.code, two.data["proof"]["equal"], two.data["teams"]) == (0, True, {})
    assert two.data["files"] == ["policies/adopted/two/till/deny.yaml", "policies/clusters/two.yaml"]
    assert two.data["undeclared"] == [
        {
            "workload": "till/desk[Deployment]",
            "why": "namespace till is new, and the environment prod is that of one too",
        }
    ]
    current(one.into, capsys)
    assert not list((one.into / "policies/rendered/overlays/one").glob("till*"))


def test_a_rule_of_a_new_namespace_says_why_it_is_no_flow_in_a_shared_environment(
    first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rule = policy("open", "{podSelector: {matchLabels: {app: desk}}, egress: [{}], policyTypes: [Egress]}", "till")
    job = policy("job", "{podSelector: {matchLabels: {app: job}}, ingress: [{ports: [{port: 80}]}]}")
    ran = again(tmp_path, capsys, first, *ONE, *TILL, rule, deployment("job"), job, more=("--environment", "one"))
    kept = {item["policy"]: (item["kind"], item["why"]) for item in ran.data["rules"]["kept"]}
    new = "namespace till is new, and the environment one is that of one too"
    assert kept["till/open"] == ("shared-environment", new)
    assert kept["shop/job"] == (
        "no-workload",
        (
            "the policy is for shop/job[Deployment], which is no workload: "
            "teams/shop/shop/namespace.yaml declares no workload with its labels"
        ),
    )


def test_an_import_that_would_close_another_cluster_is_refused(first: Path) -> None:
    """Whatever an import would come to write: what is rendered for the others is compared."""
    tree = sources.working_tree(first)
    head = b"apiVersion: ringfence.dev/v1alpha1\nkind: "
    files = {
        "policies/clusters/two.yaml": tree.read("policies/clusters/one.yaml").replace(b"one.example", b"two.example"),
        "teams/till/team.yaml": tree.read("teams/shop/team.yaml").replace(b"shop", b"till"),
        "teams/till/till/namespace.yaml": head + b"Namespace\nworkloads:\n  desk: {labels: {app: desk}}\n",
    }
    whole = Overlay(tree, files, "the import")
    before, after = model.load(tree)[0], model.load(whole)[0]
    assert before is not None
    assert after is not None
    with pytest.raises(UsageError) as caught:
        refuse_changes(Side(before, tree), Side(after, whole), "two")
    assert str(caught.value).startswith(
        "importing two would change what cluster one allows, and nothing is written: the environment one is that of "
        "both, and what is declared for it holds in both\n"
    )
    assert "  ≠ */*[Any] → till/*[Any]  before: all ports · after: nothing\n" in str(caught.value)
    assert "with an environment of its own (--environment two)" in caught.value.hint
    refuse_changes(Side(before, tree), Side(before, tree), "two")
    refuse_changes(Side(before, tree), Side(after, whole), "one")


def test_a_repository_with_a_finding_of_its_own_is_said_to_have_it(
    first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flows = first / "teams/shop/shop/flows.yaml"
    flows.write_text(flows.read_text().replace("    reason:", "    expires: 2020-01-01\n    reason:", 1))
    put(tmp_path / "two", *ONE)
    assert cli.main(["import", "--manifests", str(tmp_path / "two"), "--into", str(first), "--cluster", "two"]) == 2
    said = capsys.readouterr().err
    assert f"{first} is a repository that is not valid" in said
    assert f"ringfence validate -C {first}" in said
    assert "does not fit the cluster" not in said


def test_files_that_exist_are_never_overwritten(
    first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second import of a cluster replaced the flows of the first one, and what people wrote since."""
    second = [*ONE, *between("web", "db", 5432), policy("kept", "{podSelector: {}, egress: [{}]}")]
    assert again(tmp_path, capsys, first, *second).code == 0
    before = {path: path.read_bytes() for path in first.rglob("*") if path.is_file()}
    same = Ran(capsys, tmp_path / "two", first, "--cluster", "two")
    assert (same.code, same.data["files"], same.data["edited"]) == (0, [], [])
    put(tmp_path / "two", *second, *between("db", "web", 80))
    options = ["import", "--manifests", str(tmp_path / "two"), "--into", str(first), "--cluster", "two"]
    flows = first / "teams/shop/shop/imported-two.yaml"
    for more in (["--dry-run"], []):
        assert cli.main([*options, *more]) == 2
        said = capsys.readouterr().err
        assert f"{flows} exists already and says something else, and nothing that exists is overwritten\n" in said
        assert "rename it, or move it away" in said
    assert {path: path.read_bytes() for path in first.rglob("*") if path.is_file()} == before
    flows.rename(flows.with_name("web.yaml"))
    adopted = first / "policies/adopted/two/shop/kept.yaml"
    adopted.write_text("# Ask the shop first.\n" + adopted.read_text())
    assert cli.main(options) == 2
    assert f"{adopted} exists already and says something else" in capsys.readouterr().err
    adopted.rename(tmp_path / "kept.yaml")
    assert cli.main(options) == 0
    current(first, capsys)


def test_a_flow_that_would_lift_what_is_restricted_is_limited(
    first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first cluster lets the shop's web send every request; the second one only some."""
    second = [deployment("web"), deployment("api"), GET, PLAIN]
    shared = again(tmp_path, capsys, first, *second, more=("--environment", "one", "--dry-run"))
    assert (shared.code, shared.data["proof"]["equal"]) == (1, False)
    above = shared.data["proof"]["above"]
    assert [(item["source"], item["destination"], item["free"]) for item in above] == [
        ("shop/web[Deployment]", "shop/api[Deployment]", [{}, {"TCP": [[80, 80]]}])
    ]
    own = again(tmp_path, capsys, first, *second)
    assert (own.code, own.data["proof"]["equal"]) == (0, True)
    assert "shop/web-to-api" in [item["id"] for item in own.data["limited"]]
    current(first, capsys)
